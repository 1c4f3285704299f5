// One line a person: id, first and last seen, verified, marks, names. Names are percent-encoded.
#include "node/keep/book_of_people.hpp"

#include <spdlog/spdlog.h>

#include <asio/post.hpp>
#include <charconv>
#include <chrono>
#include <optional>
#include <utility>

#include "message/hash.hpp"
#include "message/limits.hpp"
#include "message/text.hpp"
#include "node/keep/kept_file.hpp"

namespace lanchat {
namespace {

using controller::Person;

constexpr std::string_view first_line = "lanchat people 1\n";
constexpr std::string_view last_word = "end ";
constexpr std::chrono::seconds calm{3};

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
    const auto text = read_kept_file(file_, limits::people_file_bytes_max);
    if (text && !*text) return {};  // there is none yet
    auto people = text ? parse_people(**text) : Result<std::vector<Person>>(Failure{text.why()});
    if (!people) {
        const auto aside = move_aside(file_);
        spdlog::warn("who was verified or blocked is forgotten: {}: {}{}", file_, people.why(),
                     aside.empty() ? "" : "; it is kept as " + aside);
        return {};
    }
    for (const Person& one : *people)
        if (one.verified) verified_[one.device] = *one.verified;
    return std::move(*people);
}

void BookOfPeople::save(Everybody people, bool at_once) {
    if (file_.empty()) return;
    people_ = std::move(people);
    const bool waits = std::exchange(unsaved_, true);
    if (at_once) {
        timer_.cancel();
        return write();
    }
    if (!waits) write_soon();
}

void BookOfPeople::write_soon() {
    timer_.expires_after(calm);
    timer_.async_wait([this, here = here_](const asio::error_code& error) {
        if (!error && *here) write();
    });
}

// Behind the write: that tells the loop what came of it first.
void BookOfPeople::when_saved(Saved done) {
    asio::post(disk_, [this, here = here_, done = std::move(done)] {
        asio::post(loop_, [this, here, done] {
            if (*here) done(failure_);
        });
    });
}

std::optional<WallTime> BookOfPeople::verified(const DeviceId& device) const {
    const auto known = verified_.find(device);
    return known == verified_.end() ? std::nullopt : std::optional(known->second);
}

void BookOfPeople::write() {
    if (!std::exchange(unsaved_, false)) return;
    const auto all = people_();
    Verified verified;
    for (const auto& [device, one] : all)
        if (one.verified) verified[device] = *one.verified;
    ++under_way_;
    asio::post(disk_, [this, here = here_, file = file_, text = people_text(all),
                       verified = std::move(verified)]() mutable {
        asio::post(loop_, [this, here, failure = replace_file(file, text),
                           verified = std::move(verified)]() mutable {
            if (*here) written(failure, std::move(verified));
        });
    });
}

void BookOfPeople::written(const std::optional<Failure>& failure, Verified verified) {
    --under_way_;
    const bool failed_before = failure_.has_value();
    failure_ = failure;
    if (!failure) {
        verified_ = std::move(verified);
        if (failed_before) spdlog::warn("who is known can be kept again");
        return;
    }
    if (!failed_before) spdlog::error("who is known is not kept: {}", failure->why);
    if (!std::exchange(unsaved_, true)) write_soon();
}

// Of a write that is under way nobody will hear whether it failed: it is made again.
void BookOfPeople::stop() {
    if (!std::exchange(*here_, false)) return;
    timer_.cancel();
    unsaved_ = unsaved_ || under_way_ > 0;
    write();
    disk_.join();
}

}  // namespace lanchat
