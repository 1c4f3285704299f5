// Lines, samples and reports.
#include "worker.hpp"

#include <sys/prctl.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <csignal>
#include <cstring>

namespace lanchat::bench {
namespace {

constexpr std::size_t number_digits = 10;

}  // namespace

std::int64_t now_ns() {
    using namespace std::chrono;
    return duration_cast<nanoseconds>(steady_clock::now().time_since_epoch()).count();
}

void become_worker() {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    std::signal(SIGPIPE, SIG_IGN);
}

void report_to(int descriptor, const nlohmann::json& what) {
    const std::string line = what.dump() + '\n';
    std::string_view left = line;
    while (!left.empty()) {
        const auto written = ::write(descriptor, left.data(), left.size());
        if (written <= 0) return;  // nobody listens any more
        left.remove_prefix(static_cast<std::size_t>(written));
    }
}

void report(const nlohmann::json& what) { report_to(STDOUT_FILENO, what); }

int failed(const std::string& why) {
    report({{"event", "failed"}, {"why", why}});
    return 1;
}

Options parse_options(int argc, char** argv) {
    Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string argument = argv[i];
        const auto equals = argument.find('=');
        if (equals != std::string::npos)
            options[argument.substr(0, equals)] = argument.substr(equals + 1);
    }
    return options;
}

std::string option(const Options& options, const std::string& key, const std::string& otherwise) {
    const auto it = options.find(key);
    return it == options.end() ? otherwise : it->second;
}

void write_line(char* to, std::uint64_t number, bool last) {
    std::memset(to, 'x', line_bytes);
    char digits[20];
    const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    const auto size = static_cast<std::size_t>(end - digits);
    std::memset(to, '0', number_digits);
    std::memcpy(to + number_digits - size, digits, size);
    to[number_digits] = last ? 'L' : ' ';
}

std::string numbered_line(std::uint64_t number, bool last) {
    std::string line(line_bytes, 'x');
    write_line(line.data(), number, last);
    return line;
}

std::uint64_t number_of(std::string_view line) {
    std::uint64_t number = 0;
    std::from_chars(line.data(), line.data() + std::min(number_digits, line.size()), number);
    return number;
}

bool Tally::take(std::string_view line) {
    if (count_ == 0) first_ = now_ns();
    if (number_of(line) != count_ || line.size() != line_bytes) ++misplaced_;
    ++count_;
    return line.size() == line_bytes && line[number_digits] == 'L';
}

nlohmann::json Tally::result() {
    nlohmann::json result{{"event", "heard"},
                          {"count", count_},
                          {"misplaced", misplaced_},
                          {"first", first_},
                          {"t", now_ns()}};
    *this = {};
    return result;
}

void Numbers::add(std::uint64_t number) {
    if (!ranges_.empty() && ranges_.back().last + 1 == number)
        ranges_.back().last = number;
    else
        ranges_.push_back({number, number});
}

nlohmann::json Numbers::ranges() const {
    auto pairs = nlohmann::json::array();
    for (const auto& [first, last] : ranges_) pairs.push_back({first, last});
    return pairs;
}

void EchoSamples::ended() {
    if (taken_++ >= plan_.warmup) samples_.push_back(now_ns() - began_);
}

}  // namespace lanchat::bench
