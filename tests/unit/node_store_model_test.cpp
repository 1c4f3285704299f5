// Random deeds give the same answers on disk as in memory, before and after reopening.
#include <doctest/doctest.h>

#include <random>

#include "node_stores.hpp"

namespace node_store_model_test {

using namespace lanchat;

namespace {

using test::places;

class Pair {
  public:
    Pair(std::uint64_t seed, const store::Indexing& indexing)
        : options_{.indexing = indexing}, rng_(seed) {
        for (std::uint8_t n = 0; n < 4; ++n)
            authors_.push_back(
                of_either_version(Voice(1u + n / 2, InstanceId{1u + n}, WallTime{1'000 + n * 7})));
        const DeviceId one = authors_.front().device();
        const DeviceId other = authors_.back().device();
        authors_.push_back(Voice(1, InstanceId{9}, WallTime{1'020}).to(other));
        authors_.push_back(of_either_version(Voice(2, InstanceId{10}, WallTime{1'030}).to(one)));
        conversation_ = store::conversation_of(one, other);
    }

    void act() {
        switch (below(13)) {
            case 0:
                return legacy();
            case 1:
                return trim();
            case 2:
                return reopen();
            case 3:
                (void)disk_->catch_up();
                return;
            case 4:
                return fork();
            case 5:
                return join();
            default:
                return append();
        }
    }

    void compare() {
        CHECK(*disk_->holdings() == *memory_.holdings());
        CHECK(met(*disk_) == met(memory_));
        CHECK(*disk_->rooms() == *memory_.rooms());
        const auto on_disk_now = disk_->tally();
        const auto in_memory_now = memory_.tally();
        CHECK(on_disk_now->lines == in_memory_now->lines);
        CHECK(on_disk_now->logs == in_memory_now->logs);
        CHECK(on_disk_now->trimmed == in_memory_now->trimmed);
        CHECK(on_disk_now->oldest == in_memory_now->oldest);
        const auto filter = some_filter();
        const auto count = below(30);
        const auto after = below(60);
        CHECK(places(disk_->newest(filter, count)) == places(memory_.newest(filter, count)));
        CHECK(places(disk_->arrived(after, filter, count)) ==
              places(memory_.arrived(after, filter, count)));
        const auto lines_on_disk = disk_->newest({}, 999);
        const auto lines_in_memory = memory_.newest({}, 999);
        for (std::size_t n = 0; n < lines_on_disk->size(); ++n)
            CHECK((*lines_on_disk)[n].disputed == (*lines_in_memory)[n].disputed);
        const auto word = some_text();
        CHECK(places(disk_->search(word, filter, count)) ==
              places(memory_.search(word, filter, count)));
        const auto& author = authors_[below(authors_.size())];
        const auto id = std::to_string(below(20));
        CHECK((*disk_->said(author.device(), id)).has_value() ==
              (*memory_.said(author.device(), id)).has_value());
        const auto entries = below(20);
        const auto on_disk = disk_->runs(author.log(), after, entries, 2'000);
        const auto in_memory = memory_.runs(author.log(), after, entries, 2'000);
        REQUIRE(on_disk->size() == in_memory->size());
        for (std::size_t n = 0; n < on_disk->size(); ++n)
            CHECK((*on_disk)[n]->head() == (*in_memory)[n]->head());
        const auto back_on_disk = disk_->runs_back_from(author.log(), after, entries, 2'000);
        const auto back_in_memory = memory_.runs_back_from(author.log(), after, entries, 2'000);
        REQUIRE(back_on_disk->size() == back_in_memory->size());
        for (std::size_t n = 0; n < back_on_disk->size(); ++n)
            CHECK((*back_on_disk)[n]->head() == (*back_in_memory)[n]->head());
    }

  private:
    static std::set<Met> met(store::Store& store) {
        const auto all = *store.met();
        return {all.begin(), all.end()};
    }

    Voice of_either_version(Voice&& voice) {
        return below(2) ? std::move(voice) : std::move(voice).of_version_1();
    }

    std::size_t below(std::size_t limit) { return rng_() % limit; }
    std::string some_text() {
        static const std::vector<std::string> words{"tea",  "Tea time", "münchen", "MUNCHEN 7",
                                                    "東京", "?!",       "time"};
        return words[below(words.size())];
    }
    std::string some_room() { return below(3) ? "general" : "den"; }

    store::Filter some_filter() {
        store::Filter filter;
        if (below(3) == 0) filter.room = some_room();
        if (below(4) == 0) filter.conversation = conversation_;
        filter.direct_too = below(2) == 0;
        filter.met_too = below(2) == 0;
        if (below(3) == 0) filter.author = authors_[below(authors_.size())].device();
        if (below(4) == 0) filter.since = WallTime{static_cast<std::int64_t>(1'000 + below(60))};
        if (below(4) == 0) filter.until = WallTime{static_cast<std::int64_t>(1'000 + below(60))};
        return filter;
    }

    // New runs, old ones again, other cuts, and some that wait for what was not told.
    void append() {
        std::vector<RunPtr> runs;
        auto& author = authors_[below(authors_.size())];
        auto& said = said_[author.log()];
        for (auto n = below(3); n > 0; --n) {
            std::vector<std::string> texts;
            for (auto line = 1 + below(below(6) ? 3 : 40); line > 0; --line)
                texts.push_back(some_text());
            const auto id = below(2) ? std::to_string(below(20)) : std::string();
            const bool meets = !author.log().is_direct() && below(4) == 0;
            if (below(20) == 0) author.learn_newest();
            if (author.speaks_newest() && below(5) == 0)
                said.push_back(utter(author));
            else
                said.push_back(meets ? author.meet(key_of(below(9) + 10).id())
                                     : author.say(texts, some_room(), id));
            if (below(5)) runs.push_back(said.back());
        }
        if (said.size() > 2 && below(2)) {
            const auto from = below(said.size() - 1);
            const auto to =
                std::min<std::size_t>(from + below(said.size() - from), said.size() - 1);
            if (said[from]->is_of_version_1() == said[to]->is_of_version_1())
                runs.push_back(author.run(said[from]->first(), said[to]->last()));
        }
        ++now_;
        CHECK(places(disk_->append(runs, {now_})) == places(memory_.append(runs, {now_})));
    }

    // What says nothing to us.
    RunPtr utter(Voice& author) {
        const std::string salt(16, 's');
        switch (below(3)) {
            case 0:
                return author.utter(test::varint_field(2, 7) + test::field(16, "later"), "what?");
            case 1:
                return author.utter("", salt);
            default:
                return author.utter("", salt + test::field(1, "tea \xff"));
        }
    }

    // Somebody proves that a line was said otherwise to others. Now and then: else little is held.
    void fork() {
        const auto& author = authors_[below(authors_.size())];
        const auto& said = said_[author.log()];
        if (below(4) > 0 || said.empty()) return;
        const RunPtr& run = said[below(said.size())];
        std::vector<Entry> entries;
        for (const auto& item : run->items()) entries.push_back(item.entry());
        if (entries.back().kind == EntryKind::met)
            entries.back().met = key_of(20).id();
        else
            entries.back().text += " otherwise";
        entries.back().kind = entries.back().met == DeviceId{} ? EntryKind::text : EntryKind::met;
        const std::uint64_t number = author.device() == authors_.front().device() ? 1 : 2;
        const auto proof = fork_between(run, sign(std::move(entries), key_of(number)));
        REQUIRE(proof);
        CHECK(*disk_->freeze(*proof) == *memory_.freeze(*proof));
        CHECK((*disk_->proof_of(author.log()))->seq == (*memory_.proof_of(author.log()))->seq);
    }

    void legacy() {
        std::vector<store::Heard> lines;
        const auto from = static_cast<std::int64_t>(1'000 + below(60));
        const auto room = some_room();
        for (auto count = 1 + below(4); count > 0; --count)
            lines.push_back({below(2) ? "an id" : "", WallTime{from + static_cast<int>(below(20))},
                             below(4) ? room : some_room(), below(4) ? "10.0.0.1:1" : "10.0.0.2:1",
                             some_text()});
        CHECK(*disk_->append_legacy(lines) == *memory_.append_legacy(lines));
    }

    void trim() {
        const auto bytes = 500 + below(5'000);
        std::optional<WallTime> oldest;
        if (below(2)) oldest = WallTime{now_ - static_cast<std::int64_t>(below(20))};
        const auto from_disk = disk_->trim(bytes, oldest, store::all_runs);
        const auto from_memory = memory_.trim(bytes, oldest, store::all_runs);
        CHECK(from_disk->lines == from_memory->lines);
        CHECK(from_disk->raised == from_memory->raised);
    }

    void join() {
        const WallTime before{now_ - static_cast<std::int64_t>(below(5))};
        const auto runs = below(2) ? 1 + below(9) : store::all_runs;
        CHECK(*disk_->join_runs(before, runs) == *memory_.join_runs(before, runs));
    }

    void reopen() {
        const auto id = disk_->id();
        disk_.reset();
        disk_ = test::opened(folder_.file(), options_);
        CHECK(disk_->id() == id);
    }

    store::SqliteOptions options_;
    std::mt19937_64 rng_;
    test::Folder folder_;
    std::unique_ptr<store::Store> disk_ = test::opened(folder_.file(), options_);
    store::MemoryStore memory_{1};
    std::vector<Voice> authors_;
    std::string conversation_;
    std::map<LogId, std::vector<RunPtr>> said_;
    std::int64_t now_ = 0;
};

}  // namespace

TEST_CASE("the store on disk does what the one in memory does") {
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
        CAPTURE(seed);
        Pair stores(seed, seed % 2 ? test::slow_index : store::Indexing{});
        for (int n = 0; n < 60; ++n) {
            stores.act();
            stores.compare();
        }
    }
}

}  // namespace node_store_model_test
