// What is lacking is told as ranges of entries; what is given goes in frames of its own.
#include "controller/sync/bodies.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "message/limits.hpp"

namespace lanchat::controller {
namespace {

// Of the entries that a peer names so many are looked at: it may name what nobody has.
constexpr std::size_t looked_at_max = 4 * limits::frame_bodies_max;

// Where the list is full it may lack more, of which it tells when it has some of this.
Seq told_of_up_to(const std::vector<EntryRange>& lacking) {
    return lacking.size() < limits::lack_ranges_max ? limits::seq_max : lacking.back().last;
}

}  // namespace

bool Bodies::Peer::lacks(const LineId& line) const {
    const auto log = lacking.find(line.log);
    if (log == lacking.end()) return false;
    return line.seq > told_of_up_to(log->second) ||
           std::ranges::any_of(log->second,
                               [&](const EntryRange& range) { return range.holds(line.seq); });
}

std::vector<EntryRange> Bodies::Peer::with_bodies(const LogId& log, EntryRange range) const {
    std::vector<EntryRange> parts;
    const auto known = lacking.find(log);
    if (known != lacking.end()) {
        range.last = std::min(range.last, told_of_up_to(known->second));
        for (const EntryRange& without : known->second) {
            if (without.after > range.after && without.after <= range.last)
                parts.push_back({range.after, without.after});
            range.after = std::max(range.after, without.last);
        }
    }
    if (range.after < range.last) parts.push_back(range);
    return parts;
}

Bodies::Bodies(const std::vector<LineId>& lacking, const std::vector<Dropped>& dropped) {
    for (const LineId& line : lacking) lacks(line);
    for (const Dropped& what : dropped) drop(what);
}

void Bodies::drop(const Dropped& what) {
    if (!dropped_.insert(what).second) return;
    dropped_in_order_.push_back(what);
    if (dropped_.size() <= limits::drops_remembered) return;
    dropped_.erase(dropped_in_order_.front());
    dropped_in_order_.pop_front();
}

void Bodies::lacks(const LineId& line) {
    if (count_ < limits::lacks_max && lacking_[line.log].insert(line.seq).second) ++count_;
}

void Bodies::has(const LineId& line) {
    const auto log = lacking_.find(line.log);
    if (log == lacking_.end() || log->second.erase(line.seq) == 0) return;
    --count_;
    if (log->second.empty()) lacking_.erase(log);
}

bool Bodies::is_lacking(const LineId& line) const {
    const auto log = lacking_.find(line.log);
    return log != lacking_.end() && log->second.contains(line.seq);
}

Seq Bodies::last_lacking(const LogId& log, Seq seq) const {
    const auto known = lacking_.find(log);
    if (known == lacking_.end()) return 0;
    const auto above = known->second.upper_bound(seq);
    return above == known->second.begin() ? 0 : *std::prev(above);
}

void Bodies::begin(Peer& peer, const MayTell& may_tell, Instant now) const {
    peer = {};
    for (const auto& [log, entries] : lacking_)
        if (may_tell(log)) changed(peer, log, now);
}

void Bodies::changed(Peer& peer, const LogId& log, Instant now) {
    peer.untold.insert(log);
    if (!peer.untold_since) peer.untold_since = now;
}

void Bodies::came(Peer& peer, const LineId& line) {
    if (peer.lacks(line)) peer.owed.insert(line.log);
}

void Bodies::take(Peer& peer, const Frame& frame) {
    for (const Lack& lack : frame.lacks) {
        peer.owed.erase(lack.log);
        if (lack.entries.empty()) {
            peer.lacking.erase(lack.log);
            continue;
        }
        const bool is_known = peer.lacking.contains(lack.log);
        if (!is_known && peer.lacking.size() >= limits::lacking_logs_max) continue;
        peer.lacking[lack.log] = lack.entries;
        peer.owed.insert(lack.log);
    }
}

std::optional<Bodies::Wanted> Bodies::next_wanted(Peer& peer, const Holds& holds) const {
    while (!peer.reading && !peer.owed.empty()) {
        Wanted wanted{*peer.owed.begin(), {}};
        peer.owed.erase(peer.owed.begin());
        std::size_t left = looked_at_max;
        for (const EntryRange& range : peer.lacking[wanted.log])
            for (Seq seq = range.after + 1; seq <= range.last && left > 0; ++seq, --left)
                if (holds({wanted.log, seq}) && !is_lacking({wanted.log, seq}) &&
                    wanted.entries.size() < limits::frame_bodies_max)
                    wanted.entries.push_back(seq);
        if (wanted.entries.empty()) continue;
        peer.reading = true;
        return wanted;
    }
    return std::nullopt;
}

void Bodies::found(Peer& peer, const LogId& log, std::vector<Body> bodies) {
    peer.reading = false;
    if (!bodies.empty()) peer.given.push_back({log, std::move(bodies)});
}

void Bodies::fill(Peer& peer, Frame& frame, Instant now) const {
    // What is said to be stored must not count where its body is lacking.
    const bool tells_of_logs = frame.digest || !frame.have.empty();
    if (peer.untold_since && (tells_of_logs || *peer.untold_since + limits::news_delay <= now)) {
        while (!peer.untold.empty() && frame.lacks.size() < limits::frame_lacks_max) {
            const LogId log = *peer.untold.begin();
            peer.untold.erase(peer.untold.begin());
            frame.lacks.push_back({log, ranges_in(log)});
        }
        if (peer.untold.empty()) peer.untold_since.reset();
    }
    if (!peer.given.empty()) {
        frame.bodies.push_back(std::move(peer.given.front()));
        peer.given.pop_front();
    }
}

std::optional<Instant> Bodies::due(const Peer& peer) {
    const bool must_look = !peer.owed.empty() && !peer.reading;
    if (must_look || !peer.given.empty()) return Instant{};
    if (!peer.untold_since) return std::nullopt;
    return *peer.untold_since + limits::news_delay;
}

// The first of them.
std::vector<EntryRange> Bodies::ranges_in(const LogId& log) const {
    std::vector<EntryRange> all;
    const auto known = lacking_.find(log);
    if (known == lacking_.end()) return all;
    for (const Seq seq : known->second) {
        if (!all.empty() && all.back().last + 1 == seq) {
            all.back().last = seq;
        } else if (all.size() == limits::lack_ranges_max) {
            break;
        } else {
            all.push_back({seq - 1, seq});
        }
    }
    return all;
}

}  // namespace lanchat::controller
