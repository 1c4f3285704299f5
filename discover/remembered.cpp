// The file is read by a strict parser of our own: its grammar is one array of plain strings.
#include "discover/remembered.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <string_view>
#include <system_error>
#include <utility>

#include "message/limits.hpp"

namespace lanchat::discover {

namespace {

constexpr std::size_t file_bytes_max = 64 * limits::remembered_peers_max;

class Descriptor {
  public:
    explicit Descriptor(int number) : number_(number) {}
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int operator*() const { return number_; }
    explicit operator bool() const { return number_ >= 0; }

  private:
    int number_;
};

Failure failed(std::string_view deed, const std::string& file) {
    return Failure{"cannot " + std::string(deed) + " " + file + ": " +
                   std::generic_category().message(errno)};
}

// O_NONBLOCK keeps a FIFO in the file's place from holding us up.
Result<std::string> read_all(const std::string& file) {
    const Descriptor in(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!in && errno == ENOENT) return std::string(R"({"peers": []})");
    if (!in) return failed("read", file);
    struct stat status {};
    if (::fstat(*in, &status) != 0) return failed("read", file);
    if (!S_ISREG(status.st_mode)) return Failure{file + " is not a regular file"};
    std::string text(file_bytes_max + 1, '\0');
    std::size_t size = 0;
    while (size < text.size()) {
        const auto got = ::read(*in, text.data() + size, text.size() - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return failed("read", file);
        if (got == 0) break;
        size += static_cast<std::size_t>(got);
    }
    if (size > file_bytes_max) return Failure{file + " is too large to be a list of peers"};
    text.resize(size);
    return text;
}

// Takes tokens off the front of JSON text.
class Reader {
  public:
    explicit Reader(std::string_view text) : rest_(text) { skip_space(); }

    bool take(std::string_view token) {
        if (!rest_.starts_with(token)) return false;
        rest_.remove_prefix(token.size());
        skip_space();
        return true;
    }
    // The inside of a string; addresses need no escapes, so parsing them fails on a backslash.
    std::optional<std::string_view> take_string() {
        if (!rest_.starts_with('"')) return std::nullopt;
        const auto end = rest_.find('"', 1);
        if (end == std::string_view::npos) return std::nullopt;
        const auto inside = rest_.substr(1, end - 1);
        rest_.remove_prefix(end + 1);
        skip_space();
        return inside;
    }
    bool at_end() const { return rest_.empty(); }

  private:
    void skip_space() {
        rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size()));
    }

    std::string_view rest_;
};

Result<std::deque<Endpoint>> parse(std::string_view text) {
    const Failure not_a_list{"it is not a list of peers"};
    std::deque<Endpoint> peers;
    Reader reader(text);
    if (!reader.take("{") || reader.take_string() != "peers" || !reader.take(":") ||
        !reader.take("[")) {
        return not_a_list;
    }
    bool more = !reader.take("]");
    while (more) {
        const auto word = reader.take_string();
        if (!word) return not_a_list;
        const auto endpoint = parse_endpoint(*word);
        if (!endpoint) return Failure{endpoint.why()};
        if (peers.size() == limits::remembered_peers_max) return Failure{"it has too many peers"};
        if (std::ranges::find(peers, *endpoint) == peers.end()) peers.push_back(*endpoint);
        more = reader.take(",");
        if (!more && !reader.take("]")) return not_a_list;
    }
    if (!reader.take("}") || !reader.at_end()) return not_a_list;
    return peers;
}

std::string to_json(const std::deque<Endpoint>& peers) {
    std::string text = "{\"peers\": [";
    for (const Endpoint& peer : peers) {
        text += &peer == &peers.front() ? "\n  \"" : ",\n  \"";
        text += to_string(peer) + "\"";
    }
    return text + "\n]}\n";
}

bool write_all(int descriptor, std::string_view text) {
    while (!text.empty()) {
        const auto written = ::write(descriptor, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

// Makes the rename durable. Some file systems cannot do it, and nothing is lost but the newest
// list.
void flush_directory_of(const std::string& file) {
    const auto slash = file.rfind('/');
    const auto directory = slash == std::string::npos ? "." : file.substr(0, slash + 1);
    const Descriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (opened) ::fsync(*opened);
}

}  // namespace

Remembered::Remembered(std::string file) : file_(std::move(file)) {}

std::optional<Failure> Remembered::load() {
    peers_.clear();
    const auto text = read_all(file_);
    if (!text) return Failure{text.why()};
    auto peers = parse(*text);
    if (!peers) return Failure{"ignoring " + file_ + ": " + peers.why()};
    peers_ = *std::move(peers);
    return std::nullopt;
}

std::optional<Failure> Remembered::save() const {
    const auto draft = file_ + ".new";
    // A leftover of a crash, or a trap somebody laid, is removed rather than written through.
    ::unlink(draft.c_str());
    const Descriptor out(
        ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!out) return failed("write", draft);
    if (!write_all(*out, to_json(peers_)) || ::fsync(*out) != 0 ||
        ::rename(draft.c_str(), file_.c_str()) != 0) {
        const auto failure = failed("write", file_);
        ::unlink(draft.c_str());
        return failure;
    }
    flush_directory_of(file_);
    return std::nullopt;
}

void Remembered::met(const Endpoint& endpoint) {
    std::erase(peers_, endpoint);
    peers_.push_front(endpoint);
    if (peers_.size() > limits::remembered_peers_max) peers_.pop_back();
}

std::vector<Endpoint> Remembered::dialable(const std::vector<Cidr>& cidrs, PortRange ports,
                                           const std::vector<Endpoint>& given) const {
    std::vector<Endpoint> allowed;
    std::ranges::copy_if(peers_, std::back_inserter(allowed), [&](const Endpoint& peer) {
        const bool in_range =
            ports.contains(peer.port) &&
            std::ranges::any_of(cidrs, [&](const Cidr& cidr) { return cidr.contains(peer.ip); });
        return in_range || std::ranges::find(given, peer) != given.end();
    });
    return allowed;
}

}  // namespace lanchat::discover
