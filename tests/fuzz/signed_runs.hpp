// All that is signed in a life of the sync engine: logs of five devices, forks, gaps and far
// claims.
#pragma once

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "controller/sync/logs.hpp"
#include "message/fork.hpp"
#include "message/limits.hpp"
#include "message/run.hpp"
#include "tests/unit/log_voice.hpp"

namespace lanchat::fuzz {

inline constexpr InstanceId self{500};
inline constexpr std::array others{InstanceId{10}, InstanceId{20}, InstanceId{900},
                                   InstanceId{1000}};
inline constexpr Seq far = limits::seq_max - 9;  // what can be signed
inline constexpr Seq great = Seq{1} << 63;       // what can be claimed
inline constexpr Seq greatest = std::numeric_limits<Seq>::max();

inline const std::shared_ptr<const DeviceKey>& key_of(InstanceId instance) {
    static std::map<InstanceId, std::shared_ptr<const DeviceKey>> keys;
    auto& key = keys[instance];
    if (key == nullptr) key = shared_key_of(static_cast<std::uint64_t>(instance));
    return key;
}

inline LogId log_of(InstanceId instance, std::uint64_t epoch) {
    return {key_of(instance)->id(), Epoch{epoch}};
}

// All that is signed in the lives of this target, made once: the same at every start.
class Signed {
  public:
    struct Log {
        LogId id;
        std::vector<RunPtr> runs;
    };

    Signed() {
        for (const InstanceId instance : others) add_log(instance, epoch(instance), 12);
        const InstanceId some = others[1];
        add_log(some, 77, 700);
        add_log(self, 499, 6);
        add_log(self, epoch(self), 4);  // by a thief of our key
        Log ahead{log_of(some, 78), {}};
        for (const Seq seq : {far, far + 1, far + 2})
            ahead.runs.push_back(run(ahead.id, {entry(ahead.id, seq, "far")}, heads_[ahead.id]));
        hold(ahead.id, *ahead.runs[0]);
        logs_.push_back(std::move(ahead));
        Log end{log_of(some, 79), {}};
        end.runs.push_back(
            run(end.id, {entry(end.id, limits::seq_max, "last")}, hash_of("before")));
        hold(end.id, *end.runs[0]);
        logs_.push_back(end);
        Log late{log_of(some, 80), {}};
        Entry doomsday = entry(late.id, 1, "doomsday");
        doomsday.clock = Clock{greatest};
        late.runs.push_back(run(late.id, {doomsday}, {}));
        logs_.push_back(std::move(late));
        const LogId old = log_of(self, 499);
        hold(old, 3);
        hold(log_of(others[0], epoch(others[0])), 5);
        for (const Log& log : logs_) add_forks(log);
        ended_ = Ended{old.epoch, 3, known_[old].here.head()};
    }

    const std::vector<Log>& logs() const { return logs_; }
    const std::vector<Fork>& forks() const { return forks_; }
    const controller::Logs::Map& known() const { return known_; }
    const Ended& ended() const { return ended_; }

  private:
    static std::uint64_t epoch(InstanceId instance) { return static_cast<std::uint64_t>(instance); }

    static Entry entry(const LogId& log, Seq seq, const std::string& word) {
        Entry entry;
        entry.log = log;
        entry.seq = seq;
        entry.clock = Clock{Clock::at(WallTime{1'600'000'000'000}).packed + seq % 100'000};
        entry.room = general_room;
        entry.name = "you";
        entry.text = word + " " + std::to_string(seq);
        return entry;
    }

    static const DeviceKey& signer(const DeviceId& device) {
        for (const InstanceId instance : others)
            if (key_of(instance)->id() == device) return *key_of(instance);
        return *key_of(self);
    }

    RunPtr run(const LogId& log, std::vector<Entry> entries, const Hash& before) {
        entries.front().before = before;
        if (entries.front().seq > 1 && before == Hash{}) entries.front().before = hash_of("before");
        RunPtr made = sign(std::move(entries), signer(log.device));
        heads_[log] = made->head();
        return made;
    }

    // Its lines one by one, in other cuts, and a part of them as another history has it.
    void add_log(InstanceId instance, std::uint64_t epoch, Seq lines) {
        Log log{log_of(instance, epoch), {}};
        std::vector<Hash> heads{Hash{}};
        const auto cut = [&](Seq first, Seq last, const std::string& word) {
            std::vector<Entry> entries;
            for (Seq seq = first; seq <= last; ++seq) entries.push_back(entry(log.id, seq, word));
            return run(log.id, std::move(entries), heads[first - 1]);
        };
        for (Seq first = 1; first <= lines; first += 256) {
            const RunPtr whole = cut(first, std::min(lines, first + 255), "line");
            for (const auto& item : whole->items()) heads.push_back(item.head);
            log.runs.push_back(whole);
        }
        for (Seq seq = 1; seq <= std::min<Seq>(lines, 6); ++seq)
            log.runs.push_back(cut(seq, seq, "line"));
        for (const auto& [first, last] : {std::pair<Seq, Seq>{1, 3}, {2, 5}, {4, 9}, {10, 12}})
            if (last <= lines) log.runs.push_back(cut(first, last, "line"));
        log.runs.push_back(cut(lines / 2, lines / 2 + 2, "other"));
        log.runs.push_back(cut(1, 2, "another"));
        logs_.push_back(std::move(log));
    }

    void add_forks(const Log& log) {
        for (const RunPtr& a : log.runs)
            for (const RunPtr& b : log.runs)
                if (const auto fork = fork_between(a, b)) forks_.push_back(*fork);
    }

    void hold(const LogId& id, Seq seq) {
        const auto log = std::ranges::find(logs_, id, &Log::id);
        Extent extent;
        extent.base = {0, {}, seq, log->runs.front()->items()[seq - 1].head};
        known_[id] = {extent, extent, false};
    }
    // What is before the run was trimmed.
    void hold(const LogId& id, const VerifiedRun& run) {
        Extent extent;
        extent.base = {run.first() - 1, run.before(), run.last(), run.head()};
        extent.floor = run.first() - 1;
        known_[id] = {extent, extent, false};
    }

    std::vector<Log> logs_;
    std::vector<Fork> forks_;
    std::map<LogId, Hash> heads_;
    controller::Logs::Map known_;
    Ended ended_;
};

inline const Signed& made() {
    static const Signed once;
    return once;
}

}  // namespace lanchat::fuzz
