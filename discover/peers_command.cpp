// posix_spawn, a pipe with a deadline, and getaddrinfo, on a thread that nobody waits for.
#include "discover/peers_command.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <mutex>
#include <optional>
#include <sstream>
#include <system_error>
#include <thread>
#include <utility>

#include <asio/post.hpp>

#include "discover/steady.hpp"
#include "message/limits.hpp"

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX declares it nowhere

namespace lanchat::discover {

namespace {

constexpr auto again_after = std::chrono::minutes{5};
constexpr int look_ms = 200;  // whether anybody still wants to know
constexpr int reap_ms = 5;

std::string_view trimmed(std::string_view text) {
    const auto is_blank = [](char byte) { return byte == ' ' || byte == '\t' || byte == '\r'; };
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

bool is_host(std::string_view text) {
    constexpr std::size_t name_max = 253;  // RFC 1035 2.3.4, as it is written
    return !text.empty() && text.size() <= name_max && text.front() != '-' &&
           std::ranges::all_of(text, [](char byte) {
               return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                      (byte >= '0' && byte <= '9') || byte == '.' || byte == '-' || byte == '_';
           });
}

std::optional<PrintedPeers::Place> place_from(std::string_view line) {
    PrintedPeers::Place place;
    const auto colon = line.find(':');
    if (colon != std::string_view::npos) {
        const auto digits = line.substr(colon + 1);
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), place.port);
        if (error != std::errc{} || end != digits.data() + digits.size() || place.port == 0)
            return std::nullopt;
        line = line.substr(0, colon);
    }
    if (!is_host(line)) return std::nullopt;
    place.host = line;
    return place;
}

// The first address; a name that has none is none.
std::optional<Ipv4> address_of(const std::string& host) {
    if (const auto ip = parse_ipv4(host)) return *ip;
    addrinfo wanted{};
    wanted.ai_family = AF_INET;
    wanted.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (getaddrinfo(host.c_str(), nullptr, &wanted, &found) != 0) return std::nullopt;
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, &freeaddrinfo);
    sockaddr_in in{};
    std::memcpy(&in, found->ai_addr, sizeof in);
    return Ipv4{ntohl(in.sin_addr.s_addr)};
}

std::string said(int error) { return std::generic_category().message(error); }

// A child that reads nothing, whose complaints go nowhere, and that is the first of its group.
// Returns 0 or an errno.
int spawn(const std::vector<std::string>& words, int output, pid_t& child) {
    std::vector<char*> arguments;
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t files{};
    posix_spawnattr_t how{};
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&how);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    sigset_t none{};
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&how, &none);
    sigset_t usual{};  // what we take no notice of it should
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    posix_spawnattr_setsigdefault(&how, &usual);
    posix_spawnattr_setpgroup(&how, 0);
    posix_spawnattr_setflags(
        &how, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    const int error =
        posix_spawnp(&child, words.front().c_str(), &files, &how, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&how);
    return error;
}

}  // namespace

PrintedPeers read_printed(std::string_view text) {
    PrintedPeers printed;
    std::size_t lines = 0;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        const auto line = trimmed(text.substr(0, std::min(end, text.find('#'))));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.empty()) continue;
        if (++lines > limits::printed_lines_max) {
            printed.trouble = "more than " + std::to_string(limits::printed_lines_max) + " lines";
            break;
        }
        if (auto place = place_from(line))
            printed.places.push_back(std::move(*place));
        else if (printed.trouble.empty())
            printed.trouble = "\"" + std::string(line.substr(0, 64)) + "\" is no HOST or HOST:PORT";
    }
    return printed;
}

struct PeersCommand::Run {
    std::mutex mutex;
    bool over = false;  // under mutex: the loop may be gone
    pid_t child = 0;    // under mutex; 0: none, or it has been waited for

    const Instant deadline = steady_now() + limits::peers_command_time;
    std::string output;
    std::string trouble;

    bool is_late();
    bool is_over() {
        const std::lock_guard lock(mutex);
        return over;
    }
    void kill_child() {
        const std::lock_guard lock(mutex);
        if (child > 0) ::kill(-child, SIGKILL);
    }
    void run(const std::vector<std::string>& words);
    void read(int from);
    void reap();
};

void PeersCommand::Run::run(const std::vector<std::string>& words) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
        trouble = said(errno);
        return;
    }
    // The child's end blocks, as programs expect it.
    ::fcntl(ends[1], F_SETFL, 0);
    pid_t started = 0;
    const int error = spawn(words, ends[1], started);
    ::close(ends[1]);
    if (error != 0) {
        trouble = words.front() + ": " + said(error);
    } else {
        {
            const std::lock_guard lock(mutex);
            child = started;
        }
        read(ends[0]);
        reap();
    }
    ::close(ends[0]);
}

// Until it ends, is too slow, says too much, or nobody wants to know any more.
void PeersCommand::Run::read(int from) {
    std::array<char, 4'096> part{};
    while (!is_over()) {
        pollfd waits{from, POLLIN, 0};
        if (is_late()) return;
        if (::poll(&waits, 1, look_ms) <= 0) continue;
        const auto got = ::read(from, part.data(), part.size());
        if (got == 0) return;
        if (got < 0) {
            if (errno == EAGAIN || errno == EINTR) continue;
            trouble = said(errno);
            return;
        }
        output.append(part.data(), static_cast<std::size_t>(got));
        if (output.size() <= limits::peers_command_bytes_max) continue;
        output.resize(output.rfind('\n', limits::peers_command_bytes_max) + 1);
        trouble = "it says more than " + std::to_string(limits::peers_command_bytes_max) + " bytes";
        return;
    }
}

bool PeersCommand::Run::is_late() {
    if (steady_now() < deadline) return false;
    trouble = "it has not ended after " +
              std::to_string(std::chrono::seconds{limits::peers_command_time}.count()) + " s";
    return true;
}

// What it has begun besides goes too. As long as it is not waited for, its number is its own.
void PeersCommand::Run::reap() {
    siginfo_t end{};
    while (::waitid(P_PID, static_cast<id_t>(child), &end, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           end.si_pid == 0) {
        if (!trouble.empty() || is_over() || is_late()) kill_child();
        std::this_thread::sleep_for(std::chrono::milliseconds(reap_ms));
    }
    const std::lock_guard lock(mutex);
    ::kill(-child, SIGKILL);
    int status = 0;
    ::waitpid(std::exchange(child, 0), &status, 0);
    if (!trouble.empty()) return;
    if (WIFSIGNALED(status)) trouble = "it was ended by signal " + std::to_string(WTERMSIG(status));
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
        trouble = "it ended with exit code " + std::to_string(WEXITSTATUS(status));
}

PeersCommand::PeersCommand(asio::io_context& loop, const std::string& command, PortRange ports,
                           Hooks hooks)
    : loop_(loop), ports_(ports), hooks_(std::move(hooks)), timer_(loop) {
    std::istringstream words(command);
    for (std::string word; words >> word;) words_.push_back(word);
}

void PeersCommand::begin() {
    if (words_.empty() || run_ || !*here_) return;
    timer_.cancel();
    run_ = std::make_shared<Run>();
    std::thread([this, run = run_, words = words_, ports = ports_, here = here_] {
        auto outcome = carry_out(*run, words, ports);
        const std::lock_guard lock(run->mutex);
        if (run->over) return;
        asio::post(loop_, [this, here, outcome = std::move(outcome)] {
            if (*here) ended(outcome);
        });
    }).detach();
}

PeersCommand::Outcome PeersCommand::carry_out(Run& run, const std::vector<std::string>& words,
                                              PortRange ports) {
    run.run(words);
    auto printed = read_printed(run.output);
    Outcome outcome{{}, run.trouble.empty() ? printed.trouble : run.trouble};
    for (const auto& [host, port] : printed.places) {
        if (run.is_over()) break;
        const auto ip = address_of(host);
        if (!ip && outcome.trouble.empty()) outcome.trouble = host + " is not known";
        if (!ip) continue;
        if (port != 0) {
            outcome.places.push_back({*ip, port});
            continue;
        }
        for (std::uint32_t each = ports.min; each <= ports.max; ++each)
            outcome.places.push_back({*ip, static_cast<std::uint16_t>(each)});
    }
    if (outcome.places.empty() && outcome.trouble.empty()) outcome.trouble = "it names nobody";
    return outcome;
}

void PeersCommand::ended(const Outcome& outcome) {
    run_.reset();
    const bool is_news = std::exchange(told_trouble_, outcome.trouble) != outcome.trouble;
    if (is_news && !outcome.trouble.empty()) hooks_.trouble(outcome.trouble);
    timer_.expires_after(again_after);
    timer_.async_wait([this, here = here_](const asio::error_code& error) {
        if (!error && *here) begin();
    });
    hooks_.told(outcome.places);
}

void PeersCommand::stop() {
    *here_ = false;
    timer_.cancel();
    const auto run = std::exchange(run_, nullptr);
    if (!run) return;
    const std::lock_guard lock(run->mutex);
    run->over = true;
    if (run->child > 0) ::kill(-run->child, SIGKILL);
}

}  // namespace lanchat::discover
