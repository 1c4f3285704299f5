// What it costs to sign and to verify a line, in runs of several lengths.
//   bench_run [seconds=S]
#include <memory>

#include "entry.hpp"
#include "message/run.hpp"
#include "worker.hpp"

namespace lanchat::bench {
namespace {

std::vector<Entry> entries_of(const DeviceKey& key, std::size_t count) {
    std::vector<Entry> entries;
    for (std::size_t n = 0; n < count; ++n)
        entries.push_back(entry_of(key, n + 1, numbered_line(n, false)));
    return entries;
}

// Nanoseconds a line; `work` does all of a run and says whether it was good.
template <class Work>
double cost(std::size_t lines, double seconds, const Work& work) {
    const auto began = now_ns();
    const auto until = began + static_cast<std::int64_t>(seconds * 1e9);
    std::size_t done = 0;
    while (now_ns() < until) {
        if (!work()) return -1;
        done += lines;
    }
    return static_cast<double>(now_ns() - began) / static_cast<double>(done);
}

void measure(std::size_t lines, double seconds) {
    const DeviceKey key({1, 2, 3});
    const auto entries = entries_of(key, lines);
    const Run travelling = unverified(*sign(entries, key));
    const double signing =
        cost(lines, seconds, [&] { return sign(entries, key)->size() == lines; });
    const double verifying =
        cost(lines, seconds, [&] { return verify(travelling).operator bool(); });
    report({{"event", "run"}, {"lines", lines}, {"sign", signing}, {"verify", verifying}});
}

}  // namespace
}  // namespace lanchat::bench

int main(int argc, char** argv) {
    using namespace lanchat::bench;
    become_worker();
    const double seconds = std::stod(option(parse_options(argc, argv), "seconds", "1"));
    for (const std::size_t lines : {1U, 16U, 256U}) measure(lines, seconds);
    return 0;
}
