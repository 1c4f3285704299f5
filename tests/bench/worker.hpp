// What all workers of the benchmark share: the clock, lines that can be counted, results in JSON.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace lanchat::bench {

inline constexpr std::size_t line_bytes = 100;
inline constexpr std::size_t batch_lines = 655;  // the most that fit into 64 KiB

// The monotonic clock, which all processes of a machine share.
std::int64_t now_ns();

// First thing in main: a worker must not outlive the one who started it.
void become_worker();

// One JSON object a line on stdout, or on `descriptor`.
void report(const nlohmann::json& what);
void report_to(int descriptor, const nlohmann::json& what);
// Reports that nothing can be measured, and why; the exit code.
int failed(const std::string& why);

// "key=value" arguments.
using Options = std::map<std::string, std::string>;
Options parse_options(int argc, char** argv);
std::string option(const Options& options, const std::string& key, const std::string& otherwise);

// A line of line_bytes that carries its number and whether it is the last of a run.
void write_line(char* to, std::uint64_t number, bool last);
std::string numbered_line(std::uint64_t number, bool last);
std::uint64_t number_of(std::string_view line);

// Counts the lines of a run at the receiver. Not one may be missing, twice or out of order.
class Tally {
  public:
    // True when the run is over.
    bool take(std::string_view line);
    // What came; the next line begins a new run.
    nlohmann::json result();
    std::uint64_t count() const { return count_; }

  private:
    std::uint64_t count_ = 0;
    std::uint64_t misplaced_ = 0;
    std::int64_t first_ = 0;
};

// Which lines there are. Cheap while numbers rise.
class Numbers {
  public:
    void add(std::uint64_t number);
    // [[first, last], …], in the order in which they came.
    nlohmann::json ranges() const;

  private:
    struct Range {
        std::uint64_t first = 0;
        std::uint64_t last = 0;
    };
    std::vector<Range> ranges_;
};

// How an echo is measured: so many round trips one after another, each after a pause by chance.
struct EchoPlan {
    std::size_t count = 0;
    std::size_t warmup = 0;
    int pause_ms_min = 0;
    int pause_ms_max = 0;

    std::size_t total() const { return count + warmup; }
};

class EchoSamples {
  public:
    explicit EchoSamples(EchoPlan plan) : plan_(plan), chance_(std::random_device{}()) {}

    bool done() const { return taken_ == plan_.total(); }
    int pause_ms() { return between_(chance_, Between(plan_.pause_ms_min, plan_.pause_ms_max)); }
    void began() { began_ = now_ns(); }
    void ended();
    nlohmann::json result() const { return {{"event", "echoed"}, {"ns", samples_}}; }

  private:
    using Distribution = std::uniform_int_distribution<int>;
    using Between = Distribution::param_type;

    EchoPlan plan_;
    std::mt19937 chance_;
    Distribution between_;
    std::int64_t began_ = 0;
    std::size_t taken_ = 0;
    std::vector<std::int64_t> samples_;
};

}  // namespace lanchat::bench
