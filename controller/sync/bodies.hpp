// Bodies that are not here (log.md 28): whose they are, who else lacks them, and who gives them.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "message/frame.hpp"
#include "message/time.hpp"

namespace lanchat::controller {

// As a rule a body comes with its entry, and nothing here has anything to do. A body that was not
// with its entry is asked of everybody: over each new link, and whenever it changes, we tell what
// we lack, and whoever hears that gives what it has. What its author has taken back nobody lacks.
class Bodies {
  public:
    // What a peer lacks, and what it is owed.
    struct Peer {
        // Whether it has not got the body of an entry that it has.
        bool lacks(const LineId& line) const;
        bool lacks_some_of(const LogId& log) const { return lacking.contains(log); }
        // The parts of `range`, all of which it has, of which it has the bodies as well.
        std::vector<EntryRange> with_bodies(const LogId& log, EntryRange range) const;

      private:
        friend class Bodies;
        std::set<LogId> untold;  // it is to hear what we lack of them
        std::optional<Instant> untold_since;
        std::map<LogId, std::vector<EntryRange>> lacking;
        std::set<LogId> owed;  // of which we may have what it lacks
        bool reading = false;  // the store looks for some of it
        std::deque<GivenBodies> given;
    };
    using MayTell = std::function<bool(const LogId&)>;
    using Holds = std::function<bool(const LineId&)>;

    // What the store lacks, and what authors have taken back, as this process begins.
    Bodies(const std::vector<LineId>& lacking, const std::vector<Dropped>& dropped);

    // An author takes something back. Of more than limits::drops_remembered the oldest is
    // forgotten: if it then comes again it is seen once more, until the store has it.
    void drop(const Dropped& what);
    bool is_dropped(const Dropped& what) const { return dropped_.contains(what); }

    // The store has found that it lacks a body, or that it lacks it no longer.
    void lacks(const LineId& line);
    void has(const LineId& line);
    bool is_lacking(const LineId& line) const;
    // The last entry of `log` up to `seq` whose body is lacking; 0: there is none.
    Seq last_lacking(const LogId& log, Seq seq) const;

    // Over a new link all is told again, but of logs that it may not hear of.
    void begin(Peer& peer, const MayTell& may_tell, Instant now) const;
    // What we lack of `log` has changed.
    static void changed(Peer& peer, const LogId& log, Instant now);
    // A body is here: if it lacks that too, it is owed it.
    static void came(Peer& peer, const LineId& line);
    // So may be others of `log`: more of that is on the disk.
    static void grew(Peer& peer, const LogId& log) { peer.owed.insert(log); }

    // What it says that it lacks. Of more than limits::lacking_logs_max logs nothing is heard.
    static void take(Peer& peer, const Frame& frame);

    // What the store is to look for: entries that it lacks and we have. Nothing: there is none, or
    // the last question is not answered. `holds`: whether an entry is here.
    struct Wanted {
        LogId log;
        std::vector<Seq> entries;
    };
    std::optional<Wanted> next_wanted(Peer& peer, const Holds& holds) const;
    // The answer.
    static void found(Peer& peer, const LogId& log, std::vector<Body> bodies);

    // Into `frame` goes what is due, and at once with what tells which logs are stored here: nobody
    // must count as stored what is here without its body.
    void fill(Peer& peer, Frame& frame, Instant now) const;
    // When `fill` has something.
    static std::optional<Instant> due(const Peer& peer);

  private:
    std::vector<EntryRange> ranges_in(const LogId& log) const;

    std::map<LogId, std::set<Seq>> lacking_;
    std::size_t count_ = 0;
    std::set<Dropped> dropped_;
    std::deque<Dropped> dropped_in_order_;
};

}  // namespace lanchat::controller
