// One line a person: id, first and last seen, verified, marks, names. Names are percent-encoded.
#include "node/book_of_people.hpp"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <asio/post.hpp>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <optional>
#include <utility>

#include "message/hash.hpp"
#include "message/limits.hpp"
#include "message/text.hpp"
#include "node/kept_file.hpp"
#include "node/link/unique_fd.hpp"

namespace lanchat {
namespace {

using controller::Person;
using link::UniqueFd;

constexpr std::string_view first_line = "lanchat people 1\n";
constexpr std::string_view last_word = "end ";
constexpr std::chrono::seconds calm{3};
constexpr int broken_max = 1000;

void append_encoded(std::string& out, std::string_view text) {
    static constexpr char digits[] = "0123456789ABCDEF";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte > 0x20 && byte != 0x7F && byte != '%') {
            out += c;
        } else {
            out += {'%', digits[byte >> 4], digits[byte & 15]};
        }
    }
}

int hex_digit(char c) {
    if ('0' <= c && c <= '9') return c - '0';
    return 'A' <= c && c <= 'F' ? c - 'A' + 10 : -1;
}

std::optional<std::string> decoded(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '%') {
            out += text[at];
            continue;
        }
        if (at + 2 >= text.size()) return std::nullopt;
        const int high = hex_digit(text[at + 1]), low = hex_digit(text[at + 2]);
        if (high < 0 || low < 0) return std::nullopt;
        out += static_cast<char>(high << 4 | low);
        at += 2;
    }
    return out;
}

std::string_view take_word(std::string_view& line) {
    const auto end = std::min(line.find(' '), line.size());
    const auto word = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
    return word;
}

std::optional<WallTime> take_time(std::string_view word) {
    WallTime time;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), time.ms);
    if (error != std::errc{} || end != word.data() + word.size()) return std::nullopt;
    return time;
}

std::optional<Person> parse_person(std::string_view line) {
    Person one;
    const auto device = parse_device_id(take_word(line));
    const auto first = take_time(take_word(line));
    const auto last = take_time(take_word(line));
    const auto verified = take_word(line);
    const auto decided = take_word(line);
    if (!device || !first || !last) return std::nullopt;
    one.device = *device;
    one.first_seen = *first;
    one.last_seen = *last;
    if (verified != "-") {
        one.verified = take_time(verified);
        if (!one.verified) return std::nullopt;
    }
    one.blocked = decided.find('b') != decided.npos;
    one.messaged = decided.find('m') != decided.npos;
    while (!line.empty()) {
        const auto name = decoded(take_word(line));
        if (!name || !is_name(*name) || one.names.size() == limits::names_per_person_max)
            return std::nullopt;
        one.names.push_back(*name);
    }
    return one;
}

std::string seal_of(std::string_view text) { return base32(hash_of(text).view().substr(0, 10)); }

// O_NONBLOCK keeps a FIFO in the file's place from holding us up.
Result<std::string> read_all(const std::string& path) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
    if (!file && errno == ENOENT) return std::string{};
    if (!file) return trouble(path, "read");
    struct stat about {};
    if (::fstat(file.get(), &about) != 0) return trouble(path, "read");
    const auto size = static_cast<std::size_t>(about.st_size);
    if (!S_ISREG(about.st_mode) || size > limits::people_file_bytes_max)
        return Failure{path + " is no book of people"};
    std::string text(size, '\0');
    std::size_t have = 0;
    while (have < size) {
        const auto got = ::read(file.get(), text.data() + have, size - have);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return trouble(path, "read");
        if (got == 0) break;
        have += static_cast<std::size_t>(got);
    }
    text.resize(have);
    return text;
}

std::string moved_aside(const std::string& path) {
    for (int n = 1; n < broken_max; ++n) {
        const auto aside = path + ".broken-" + std::to_string(n);
        if (::access(aside.c_str(), F_OK) == 0) continue;
        return ::rename(path.c_str(), aside.c_str()) == 0 ? aside : std::string{};
    }
    return {};
}

}  // namespace

std::string people_text(const std::map<DeviceId, Person>& people) {
    std::string text(first_line);
    for (const auto& [device, one] : people) {
        text += to_string(device) + ' ' + std::to_string(one.first_seen.ms) + ' ' +
                std::to_string(one.last_seen.ms) + ' ' +
                (one.verified ? std::to_string(one.verified->ms) : "-") + ' ';
        if (one.blocked) text += 'b';
        if (one.messaged) text += 'm';
        if (!one.blocked && !one.messaged) text += '-';
        for (const auto& name : one.names) append_encoded(text += ' ', name);
        text += '\n';
    }
    return text + std::string(last_word) + seal_of(text) + '\n';
}

Result<std::vector<Person>> parse_people(std::string_view text) {
    std::vector<Person> people;
    const auto end = text.rfind(last_word);
    if (!text.starts_with(first_line) || end == text.npos || end < first_line.size() ||
        text.substr(end) != std::string(last_word) + seal_of(text.substr(0, end)) + '\n')
        return Failure{"it is damaged"};
    auto rest = text.substr(first_line.size(), end - first_line.size());
    while (!rest.empty()) {
        const auto line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
        auto one = parse_person(line);
        if (!one) return Failure{"a line of it cannot be read"};
        people.push_back(std::move(*one));
    }
    return people;
}

BookOfPeople::BookOfPeople(asio::io_context& loop, const std::string& data_dir)
    : loop_(loop), file_(data_dir.empty() ? "" : data_dir + "/people"), timer_(loop) {}

std::vector<Person> BookOfPeople::load() {
    if (file_.empty()) return {};
    const auto text = read_all(file_);
    if (text && text->empty()) return {};  // there is none yet
    auto people = text ? parse_people(*text) : Result<std::vector<Person>>(Failure{text.why()});
    if (people) return std::move(*people);
    const auto aside = moved_aside(file_);
    spdlog::warn("who was verified or blocked is forgotten: {}: {}{}", file_, people.why(),
                 aside.empty() ? "" : "; it is kept as " + aside);
    return {};
}

void BookOfPeople::save(std::function<std::string()> people, bool at_once) {
    if (file_.empty()) return;
    const bool waits = unsaved_ != nullptr;
    unsaved_ = std::move(people);
    if (at_once) {
        timer_.cancel();
        return write();
    }
    if (waits) return;
    timer_.expires_after(calm);
    timer_.async_wait([this](const asio::error_code& error) {
        if (!error) write();
    });
}

void BookOfPeople::when_saved(std::function<void()> done) {
    asio::post(disk_, [&loop = loop_, done = std::move(done)] { asio::post(loop, done); });
}

void BookOfPeople::write() {
    if (unsaved_ == nullptr) return;
    asio::post(disk_, [file = file_, text = std::exchange(unsaved_, nullptr)()] {
        if (const auto problem = replace_file(file, text))
            spdlog::warn("who is known is not kept: {}", problem->why);
    });
}

void BookOfPeople::stop() {
    timer_.cancel();
    write();
    disk_.join();
}

}  // namespace lanchat
