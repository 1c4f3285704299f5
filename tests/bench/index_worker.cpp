// How fast the index of words follows when the disk has nothing else to do.
//   bench_index data=FOLDER lines=N words=FILE     the words of lines, one behind the other
#include <time.h>

#include <fstream>
#include <iterator>
#include <limits>

#include "entry.hpp"
#include "message/limits.hpp"
#include "node/store/sqlite_store.hpp"
#include "worker.hpp"

namespace lanchat::bench {
namespace {

constexpr std::size_t words_a_line = 15;
constexpr std::size_t runs_a_commit = 4;

// The index waits for whoever has time, however far behind it is.
constexpr store::SqliteOptions far_behind{
    .indexing = {0, 1'024, std::numeric_limits<std::uint64_t>::max()}};

std::int64_t processor_ns() {
    timespec used{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return std::int64_t{used.tv_sec} * 1'000'000'000 + used.tv_nsec;
}

class Author {
  public:
    explicit Author(std::vector<std::string> words) : words_(std::move(words)) {}

    RunPtr next_run() {
        RunMaker maker;
        for (std::size_t n = 0; n < limits::run_entries_max; ++n) maker.add(next());
        const RunPtr run = maker.sign(key_);
        before_ = run->head();
        return run;
    }

  private:
    Entry next() {
        std::string text;
        for (std::size_t n = 0; n < words_a_line; ++n) text += words_[at_++ % words_.size()] + ' ';
        ++seq_;
        Entry entry = entry_of(key_, seq_, text + std::to_string(seq_));
        entry.before = before_;
        return entry;
    }

    DeviceKey key_{{1, 2, 3}};
    std::vector<std::string> words_;
    std::size_t at_ = 0;
    Seq seq_ = 0;
    Hash before_;
};

int index(const std::string& folder, std::size_t lines, std::vector<std::string> words) {
    const auto store = store::open_sqlite(folder + "/history.db", far_behind);
    if (!store) return failed(store.why());
    Author author(std::move(words));
    std::size_t stored = 0;
    while (stored < lines) {
        std::vector<RunPtr> runs;
        for (std::size_t n = 0; n < runs_a_commit; ++n) runs.push_back(author.next_run());
        const auto added = (*store)->append(runs, WallTime{1});
        if (!added) return failed(added.why());
        stored += runs_a_commit * limits::run_entries_max;
    }
    const auto began = now_ns();
    const auto used = processor_ns();
    while ((*store)->catch_up()) continue;
    report({{"event", "indexed"},
            {"lines", stored},
            {"ns", now_ns() - began},
            {"cpu", processor_ns() - used}});
    return 0;
}

}  // namespace
}  // namespace lanchat::bench

int main(int argc, char** argv) {
    using namespace lanchat::bench;
    become_worker();
    const auto options = parse_options(argc, argv);
    std::ifstream file(option(options, "words", ""));
    std::vector<std::string> words{std::istream_iterator<std::string>(file), {}};
    if (words.empty()) return failed("no words");
    return index(option(options, "data", "."), std::stoull(option(options, "lines", "1024")),
                 std::move(words));
}
