// Runs the simulation for many seeds, or one with a trace.
#include <algorithm>
#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/sim/world.hpp"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

namespace {

using namespace lanchat::sim;

constexpr const char* usage =
    "usage: sim [--seeds N] [--first S] [--nodes MIN-MAX] [--sync-only] [--by-instance]\n"
    "           [--jobs N] [--seed S]\n"
    "  --seeds N       run N seeds (1000) and check the coverage marks\n"
    "  --first S       begin with seed S (1)\n"
    "  --nodes MIN-MAX how many nodes a seed may draw (2-50); 100 and more: a shorter course\n"
    "  --sync-only     nobody sends a line unasked: what is said goes by have and want alone\n"
    "  --by-instance   a fault is planted: nodes take whoever shows an instance for its owner; "
    "good\n"
    "                  if the judge finds it\n"
    "  --jobs N        threads (all processors)\n"
    "  --seed S        run this seed alone and print what happens\n";

struct Options {
    std::uint64_t seeds = 1000;
    std::uint64_t first = 1;
    std::size_t nodes_min = 2;
    std::size_t nodes_max = 50;
    bool sync_only = false;
    bool by_instance = false;
    bool help = false;
    std::size_t jobs = std::max(1U, std::thread::hardware_concurrency());
    std::optional<std::uint64_t> only;
};

template <class Number>
bool parse(std::string_view text, Number& out) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc{} && end == text.data() + text.size();
}

std::optional<Options> parse(const std::vector<std::string_view>& words) {
    Options options;
    for (std::size_t i = 0; i < words.size(); ++i) {
        options.help |= words[i] == "--help";
        options.sync_only |= words[i] == "--sync-only";
        options.by_instance |= words[i] == "--by-instance";
        if (words[i] == "--help" || words[i] == "--sync-only" || words[i] == "--by-instance")
            continue;
        if (i + 1 == words.size()) return std::nullopt;
        const std::string_view value = words[i + 1];
        bool good = false;
        if (words[i] == "--seeds") good = parse(value, options.seeds);
        if (words[i] == "--first") good = parse(value, options.first);
        if (words[i] == "--jobs") good = parse(value, options.jobs);
        if (words[i] == "--seed") good = parse(value, options.only.emplace());
        if (words[i] == "--nodes") {
            const auto dash = value.find('-');
            good = dash != std::string_view::npos &&
                   parse(value.substr(0, dash), options.nodes_min) &&
                   parse(value.substr(dash + 1), options.nodes_max);
        }
        if (!good) return std::nullopt;
        ++i;
    }
    const bool sane = options.nodes_min >= 2 && options.nodes_min <= options.nodes_max;
    return sane && options.jobs > 0 ? std::optional{options} : std::nullopt;
}

// The command that replays what this thread is doing, for the case that it crashes.
const char* program = "sim";
thread_local char replay[512];

void tell_replay() { std::fputs(replay, stderr); }

void on_abort(int) { tell_replay(); }

void remember(const Options& options, std::uint64_t seed) {
    std::snprintf(replay, sizeof replay, "replay: %s --nodes %zu-%zu%s%s --seed %llu\n", program,
                  options.nodes_min, options.nodes_max, options.sync_only ? " --sync-only" : "",
                  options.by_instance ? " --by-instance" : "",
                  static_cast<unsigned long long>(seed));
}

// The marks of the seed, or nothing when it failed.
std::optional<Marks> run_seed(const Options& options, std::uint64_t seed, bool trace) {
    remember(options, seed);
    World world({seed, options.nodes_min, options.nodes_max, options.sync_only, trace,
                 options.by_instance});
    try {
        world.run();
        return world.marks();
    } catch (const Broken& broken) {
        std::fflush(stdout);
        std::fprintf(stderr, "seed %llu failed: %s\n%s", static_cast<unsigned long long>(seed),
                     broken.what(), replay);
        return std::nullopt;
    }
}

class Tally {
  public:
    explicit Tally(const Options& options) : options_(options) {}

    void work() {
        while (failures_ < (options_.by_instance ? 1 : failures_max)) {
            const std::uint64_t done = next_++;
            if (done >= options_.seeds) return;
            const auto marks = run_seed(options_, options_.first + done, false);
            const std::lock_guard lock(mutex_);
            if (!marks) ++failures_;
            for (std::size_t mark = 0; marks && mark < mark_names.size(); ++mark)
                if (marks->has(mark)) ++counts_[mark];
        }
    }

    // A few seeds cannot be expected to meet everything.
    bool verdict() const {
        if (options_.by_instance) return failures_ > 0;
        bool covered = true;
        for (std::size_t mark = 0; mark < mark_names.size(); ++mark) {
            const bool rare = options_.seeds >= 500 && counts_[mark] * 100 < options_.seeds;
            covered &= !rare;
            std::printf("%s%6llu  %s\n", rare ? "TOO RARE " : "         ",
                        static_cast<unsigned long long>(counts_[mark]),
                        std::string(mark_names[mark]).c_str());
        }
        std::printf("%llu seeds, %llu failed\n", static_cast<unsigned long long>(options_.seeds),
                    static_cast<unsigned long long>(failures_.load()));
        return failures_ == 0 && covered;
    }

  private:
    static constexpr std::uint64_t failures_max = 10;

    const Options& options_;
    std::atomic<std::uint64_t> next_{0};
    std::atomic<std::uint64_t> failures_{0};
    std::mutex mutex_;  // guards counts_, which every worker adds to
    std::array<std::uint64_t, mark_names.size()> counts_{};
};

}  // namespace

int main(int count, char** words) {
    const auto options = parse(std::vector<std::string_view>(words + 1, words + count));
    if (!options) {
        std::fputs(usage, stderr);
        return 2;
    }
    if (options->help) {
        std::fputs(usage, stdout);
        return 0;
    }
    program = words[0];
    std::signal(SIGABRT, on_abort);
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_set_death_callback(tell_replay);
#endif
    if (options->only) return run_seed(*options, *options->only, true) ? 0 : 1;

    Tally tally(*options);
    std::vector<std::jthread> workers;
    for (std::size_t i = 0; i < options->jobs; ++i) workers.emplace_back([&] { tally.work(); });
    workers.clear();
    return tally.verdict() ? 0 : 1;
}
