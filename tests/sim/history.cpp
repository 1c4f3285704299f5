// The rules that every history is held to.
#include "tests/sim/history.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace lanchat::sim {
namespace {

using Pair = std::pair<std::size_t, std::size_t>;  // node, peer

class Judge {
  public:
    explicit Judge(const History& history) : history_(history) {}

    std::vector<std::string> verdict() {
        for (const auto& record : history_.records) follow(record);
        check_losses();
        check_quiet_lines();
        check_presence();
        return std::move(faults_);
    }

  private:
    // One line to one reader who was linked when it was said.
    struct Owed {
        std::uint64_t number;
        bool quiet;
    };

    void follow(const Record& record) {
        const Pair pair{record.node, record.peer};
        if (record.when >= history_.quiet_from &&
            (record.what == What::up || record.what == What::down))
            fault("flap", record);
        switch (record.what) {
            case What::up:
                if (!up_.insert(pair).second) fault("up twice", record);
                return;
            case What::down:
                if (up_.erase(pair) == 0) fault("down without up", record);
                return;
            case What::said:
                return said(record);
            case What::shown:
                return shown(record);
            case What::undelivered:
                reported_[pair] += record.number;
                return;
        }
    }

    void said(const Record& record) {
        if (kind(record.node) == Kind::legacy) {
            legacy_said_[record.node].insert(record.text);
        } else if (!said_.emplace(Pair{record.node, record.number}, record.text).second) {
            fault("number said twice", record);
        }
        const bool quiet = record.when >= history_.quiet_from;
        for (auto it = up_.lower_bound({record.node, 0}); it != up_.end(); ++it) {
            if (it->first != record.node) break;
            if (kind(it->second) == Kind::lanchat)
                owed_[{it->second, record.node}].push_back({record.number, quiet});
        }
        if (quiet) quiet_said_.push_back(record);
    }

    void shown(const Record& record) {
        const Pair pair{record.node, record.peer};
        if (kind(record.peer) == Kind::stranger) return;
        ++copies_[{pair, record.text}];
        const bool reader_is_legacy = kind(record.node) == Kind::legacy;
        if (kind(record.peer) == Kind::legacy || reader_is_legacy) return legacy_shown(record);
        if (!up_.contains(pair)) fault("line from who is not up", record);
        const auto author = said_.find({record.peer, record.number});
        if (author == said_.end() || author->second != record.text) return fault("phantom", record);
        if (!seen_[pair].insert(record.number).second) return fault("duplicate", record);
        auto& newest = newest_[pair];
        if (record.number < newest) fault("inversion", record);
        newest = std::max(newest, record.number);
    }

    void legacy_shown(const Record& record) {
        if (kind(record.node) == Kind::legacy || kind(record.peer) != Kind::legacy) return;
        if (!legacy_said_[record.peer].contains(record.text)) fault("phantom", record);
        if (copies_[{{record.node, record.peer}, record.text}] > 1) fault("duplicate", record);
    }

    // Every line said to a linked peer is there, or its author has reported at least so many.
    void check_losses() {
        for (const auto& [pair, lines] : owed_) {
            const auto& seen = seen_[pair];
            const Pair report{pair.second, pair.first};
            std::uint64_t lost = 0;
            for (const Owed& line : lines) {
                if (seen.contains(line.number)) continue;
                ++lost;
                if (line.quiet && person(pair.first).alive && person(pair.second).alive)
                    fault("lost in the quiet time", pair, line.number);
            }
            if (person(pair.second).ever_killed) continue;
            if (lost > reported_[report]) fault("lost and not reported", pair, lost);
        }
        for (const auto& [pair, lines] : reported_)
            if (lines > said_by(pair.first)) fault("reported more than was said", pair, lines);
    }

    void check_quiet_lines() {
        for (const auto& line : quiet_said_)
            for (std::size_t reader = 0; reader < history_.people.size(); ++reader) {
                if (reader == line.node || !should_meet(reader, line.node)) continue;
                if (!person(reader).alive || !person(line.node).alive) continue;
                const auto copies = copies_[{{reader, line.node}, line.text}];
                if (copies == 1) continue;
                fault(copies == 0 ? "lost in the quiet time" : "duplicate", {reader, line.node},
                      line.number);
            }
    }

    void check_presence() {
        for (std::size_t node = 0; node < history_.people.size(); ++node) {
            if (kind(node) != Kind::lanchat || !person(node).alive) continue;
            for (std::size_t peer = 0; peer < history_.people.size(); ++peer) {
                if (peer == node) continue;
                const bool up = up_.contains({node, peer});
                const bool there = person(peer).alive && should_meet(node, peer);
                if (up && !there) fault("ghost", {node, peer}, 0);
                if (!up && there) fault("missing", {node, peer}, 0);
            }
        }
    }

    bool should_meet(std::size_t a, std::size_t b) const {
        if (kind(a) == Kind::stranger || kind(b) == Kind::stranger) return false;
        if (kind(a) == Kind::legacy && kind(b) == Kind::legacy) return false;  // their own affair
        if (kind(a) == Kind::legacy) return person(b).takes_legacy;
        return kind(b) != Kind::legacy || person(a).takes_legacy;
    }

    std::uint64_t said_by(std::size_t author) const {
        std::uint64_t lines = 0;
        for (auto it = said_.lower_bound({author, 0}); it != said_.end(); ++it) {
            if (it->first.first != author) break;
            ++lines;
        }
        return lines;
    }

    const Person& person(std::size_t who) const { return history_.people[who]; }
    Kind kind(std::size_t who) const { return person(who).kind; }

    void fault(const std::string& what, const Record& record) {
        fault(what, Pair{record.node, record.peer}, record.number, record.when);
    }
    void fault(const std::string& what, Pair pair, std::uint64_t number,
               Instant when = Instant::max()) {
        std::string words = what + ": at " + person(pair.first).name + ", about " +
                            person(pair.second).name + ", " + std::to_string(number);
        if (when != Instant::max())
            words += ", at " + std::to_string(when.time_since_epoch().count()) + " us";
        faults_.push_back(std::move(words));
    }

    const History& history_;
    std::vector<std::string> faults_;
    std::set<Pair> up_;
    std::map<std::pair<std::size_t, std::uint64_t>, std::uint64_t> said_;  // author, number: text
    std::map<std::size_t, std::set<std::uint64_t>> legacy_said_;
    std::map<Pair, std::vector<Owed>> owed_;                          // reader, author
    std::map<Pair, std::set<std::uint64_t>> seen_;                    // reader, author
    std::map<Pair, std::uint64_t> newest_;                            // reader, author
    std::map<Pair, std::uint64_t> reported_;                          // author, reader
    std::map<std::pair<Pair, std::uint64_t>, std::uint64_t> copies_;  // reader+author, text
    std::vector<Record> quiet_said_;
};

}  // namespace

std::uint64_t fingerprint(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    return hash;
}

std::vector<std::string> judge(const History& history) { return Judge(history).verdict(); }

}  // namespace lanchat::sim
