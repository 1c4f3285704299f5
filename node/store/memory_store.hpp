// A store that forgets: for ephemeral nodes, and the model that tests hold the other one against.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "node/store/retention.hpp"
#include "node/store/rules.hpp"
#include "node/store/store.hpp"

namespace lanchat::store {

class MemoryStore : public Store {
  public:
    explicit MemoryStore(std::uint64_t id) : id_(id) {}

    std::uint64_t id() const override { return id_; }
    Eras eras() const override { return {id_, id_, 0}; }
    Result<bool> proves(const Position& place) override {
        return place.arrival == 0 || (place.era == id_ && place.arrival <= last_);
    }
    Arrival last() const override { return last_; }
    bool is_quick() const override { return true; }
    Result<std::vector<Added>> append(const std::vector<RunPtr>& runs, WallTime arrived) override;
    std::vector<BodyNews> take_body_news() override { return std::exchange(body_news_, {}); }
    Result<std::vector<Line>> fill(const LogId& log, const std::vector<Body>& bodies) override;
    Result<std::vector<Body>> bodies(const LogId& log, const std::vector<Seq>& entries,
                                     std::size_t bytes_max) override;
    Result<std::vector<LineId>> lacking() override;
    Result<std::vector<Dropped>> dropped(std::size_t count) override;
    Result<Arrival> append_legacy(const std::vector<Heard>& heard) override;
    Result<Extent> freeze(const Fork& proof) override;
    Result<std::optional<Fork>> proof_of(const LogId& log) override;
    Result<std::vector<Holding>> holdings() override;
    Result<std::vector<Met>> met() override;
    Result<Tally> tally() override;
    Result<std::vector<RunPtr>> runs(const LogId& log, Seq after, std::size_t entries_max,
                                     std::size_t bytes_max) override;
    Result<std::vector<RunPtr>> runs_back_from(const LogId& log, Seq seq, std::size_t entries_max,
                                               std::size_t bytes_max) override;
    Result<std::vector<Line>> newest(const Filter& filter, std::size_t count) override;
    Result<std::vector<Line>> arrived(Arrival after, const Filter& filter,
                                      std::size_t count) override;
    Result<std::vector<Line>> search(std::string_view query, const Filter& filter,
                                     std::size_t count) override;
    Result<std::optional<Line>> said(const DeviceId& author, std::string_view said_id) override;
    Result<std::vector<std::string>> legacy_authors() override;
    Result<std::vector<std::string>> rooms() override;
    Result<Trimmed> trim(std::uint64_t bytes_max, std::optional<WallTime> oldest,
                         std::size_t runs_max) override;
    Result<bool> join_runs(WallTime before, std::size_t runs_max) override;

  private:
    struct Kept {
        RunPtr run;
        WallTime arrived;
        Arrival first;  // of its lines that were new
        Arrival end;    // behind the last of them; others may have come between
    };
    struct Log {
        Extent extent;
        std::vector<Kept> runs;  // by their last entry, then by age and size
        std::optional<Fork> proof = {};
    };
    // What arrived one after another: items of a run, or lines of legacy peers, which are given up
    // together.
    struct Stretch {
        RunPtr run = {};
        std::size_t first = 0;  // of its items
        std::size_t count = 0;
        std::size_t silent = 0;    // of them are no lines
        std::size_t with_ids = 0;  // were said with an id
        std::vector<Line> heard = {};

        std::size_t size() const { return run ? count : heard.size(); }
        Entry entry(std::size_t n) const {
            return run ? run->items()[first + n].entry() : heard[n].entry;
        }
        Clock clock(std::size_t n) const {
            return run ? run->items()[first + n].clock : heard[n].entry.clock;
        }
    };
    struct Spelling {
        bool legacy = false;  // heard here only: anybody else's comes first
        Entry first;
    };
    void spell(const Entry& entry, bool legacy);
    // The line at a place in the stretch that begins with that arrival.
    Line line(Arrival first, const Stretch& stretch, std::size_t n) const;
    // If it passes.
    std::optional<Line> passing(Arrival first, const Stretch& stretch, std::size_t n,
                                const Filter& filter) const;
    void keep(const Added& added);
    static std::optional<VerifiedRun::Item> item_at(const Log& log, Seq seq);
    void keep_bodies(const Added& added);
    void take_back(const Dropped& what, bool is_news);
    void replace(const RunPtr& run, const RunPtr& changed);
    void note(const Entry& entry, Arrival arrival, Stretch& stretch);
    void forget_ids(Arrival first, const Stretch& stretch);
    void look_for_body(Line& line) const;
    void keep(const RunPtr& run, WallTime arrived, std::vector<Added>& added);
    std::vector<HeldLog> held_runs() const;
    std::size_t drop_runs(Log& log, std::size_t count);
    void insert(Log& log, Kept kept);
    void join(Log& log, Group group);

    std::uint64_t id_;
    Arrival last_ = 0;
    std::uint64_t bytes_ = 0;
    std::map<LogId, Log> logs_;
    std::map<Arrival, Stretch> stretches_;   // by their first arrivals
    std::map<std::string, Spelling> rooms_;  // by key
    std::set<std::string> legacy_authors_;
    std::set<std::tuple<DeviceId, std::string, Arrival>> said_;  // lines said with an id
    Retention retention_;
    Arrival joined_ = 0;         // the first arrival of the last run that was looked at
    std::set<Dropped> dropped_;  // what authors have taken back
    std::set<LineId> gone_;      // of them what was here, or would be
    std::set<LineId> lacking_;
    std::vector<BodyNews> body_news_;
};

}  // namespace lanchat::store
