// Opens the history of a node that is gone, as its next start would, and lists the lines in it.
//   bench_history data=FOLDER
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

int list(const std::string& folder) {
    const auto opened = store::open_or_recover(folder + "/history.db");
    if (!opened) return failed(opened.why());
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
    return list(option(parse_options(argc, argv), "data", "."));
}
