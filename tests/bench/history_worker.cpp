// Opens the history of a node that is gone, as its next start would.
//   bench_history data=FOLDER              lists the lines in it
//   bench_history data=FOLDER join=1       joins their runs, as a node does an hour later
#include <limits>

#include "message/limits.hpp"
#include "node/store/sqlite_store.hpp"
#include "worker.hpp"

namespace lanchat::bench {
namespace {

constexpr std::size_t page_lines = 4'096;

Result<Numbers> numbers_in(store::Store& history) {
    Numbers numbers;
    store::Arrival after = 0;
    while (true) {
        const auto lines = history.arrived(after, {}, page_lines);
        if (!lines) return Failure{lines.why()};
        if (lines->empty()) return numbers;
        for (const auto& line : *lines) numbers.add(number_of(line.entry.text));
        after = lines->back().arrival;
    }
}

int join(store::Store& history) {
    const auto began = now_ns();
    while (true) {
        const auto more =
            history.join_runs({std::numeric_limits<std::int64_t>::max()}, limits::rest_runs_max);
        if (!more) return failed(more.why());
        if (!*more) break;
    }
    report({{"event", "joined"}, {"ns", now_ns() - began}});
    return 0;
}

int look_at(const std::string& folder, bool joins) {
    const auto opened = store::open_or_recover(folder + "/history.db");
    if (!opened) return failed(opened.why());
    if (joins) return join(*opened->store);
    const auto numbers = numbers_in(*opened->store);
    if (!numbers) return failed(numbers.why());
    report({{"event", "kept"}, {"numbers", numbers->ranges()}, {"mended", opened->report}});
    return 0;
}

}  // namespace
}  // namespace lanchat::bench

int main(int argc, char** argv) {
    using namespace lanchat::bench;
    become_worker();
    const auto options = parse_options(argc, argv);
    return look_at(option(options, "data", "."), option(options, "join", "0") == "1");
}
