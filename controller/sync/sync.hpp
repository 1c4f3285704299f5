// What everybody holds of all logs: told, asked for, answered, compared, and proven where it forks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "controller/facts.hpp"
#include "controller/peers.hpp"
#include "controller/room_io.hpp"
#include "controller/sync/authors.hpp"
#include "controller/sync/logs.hpp"
#include "controller/sync/needs.hpp"
#include "controller/sync/openings.hpp"
#include "controller/sync/peer.hpp"
#include "controller/sync/pulls.hpp"
#include "controller/timers.hpp"
#include "message/limits.hpp"
#include "message/rng.hpp"

namespace lanchat::controller::sync {

struct Settings {
    Logs::Map held;    // what the store has
    Leaves resting{};  // more of that: logs that may rest
    std::size_t logs_at_hand = limits::logs_at_hand;
    Haste haste{};
    bool closed = false;             // who is linked knows the passphrase
    std::vector<Met> met{};          // what the entries in `held` tell of that
    std::vector<LineId> lacking{};   // entries whose bodies the store lacks
    std::vector<Dropped> dropped{};  // what authors have taken back
};

// Of lanchat peers only: a legacy peer has no log. Thread: the loop.
class Sync {
  public:
    Sync(const Self&, const Course&, Settings, Rng&, Needs&, Peers<Peer>&);

    const Logs& logs() const { return logs_; }
    const Bodies& bodies() const { return bodies_; }
    // Some of the runs that were heard are not on the disk yet, but not too many.
    bool disk_keeps_up() const { return unstored_bytes_ < limits::unstored_bytes_max / 2; }

    // --- frames: what comes with one, what one carries, and when one has to go for that
    void take(const Member&, Peer&, const Frame&, Now, Effects&);
    // Whoever has what is missing is asked. Once all of a frame is taken, and when it is time.
    void ask_for_missing(Now, Effects&);
    void fill(const Member&, Peer&, LinkId, Frame&, Instant now, Effects&);
    // Proofs are large, so they go alone.
    void fill_proofs(Peer&, LinkId, Frame&, Instant now, Effects&);
    // With whatever goes anyway.
    void fill_linked(const Member&, Peer&, Frame&, Instant now);
    static std::optional<Instant> fill_due(const Peer&);

    // --- peers that come and go
    void began(const Member&, Peer&, Instant now);  // over another link
    void went(const Member&, Peer&, Instant now);
    // Others are told that this one was linked, or is no longer.
    void links_changed(const Member&, Instant now);
    // Neighbours that lead to `who`, if we are not linked with it; and whether there are any.
    std::vector<PersonKey> ways_to(const NodeId& who) const;
    bool is_beyond(const NodeId& who) const;

    // Whether that run, of the log of `peer`, is new here, follows what is held, and will be kept
    // if it is proven now.
    bool is_next(const Peer& peer, const UnprovenRun&) const;

    // --- logs that change here
    void keep(const RunPtr&, bool history, Effects&);  // it is on its way to the disk
    void keep_own(const RunPtr&, Effects&);            // just signed
    void stored(const VerifiedRun&);                   // it is on the disk
    void spread(const VerifiedRun&, Instant now);      // so others may hear of it
    void tell_of(const Member&, Peer&, const LogId&, Instant now);
    void changed(Instant now);  // after each step: all may be compared again
    void tidy() { logs_.tidy(); }

    // --- bodies of entries
    void dropped(const Dropped& what) { bodies_.drop(what); }
    void body_is(const LineId&, BodyState, Instant now);  // the store has found that out
    static void found(Peer&, const Found&);

    // --- the body's answers
    void fetched(Peer&, const Fetched&) const;
    void examined(const Examined&, Peer*, Instant now, Effects&);
    void frozen(const Frozen&, Instant now);
    void proven(Peer&, const Proven&);
    void trimmed(const Trimmed&, Instant now);
    void imported(const Imported&, Now, Effects&);

    // --- who may author
    // Its handshake succeeded here, or its lines were imported.
    void accept(const DeviceId&, Instant now);
    void met(const Entry&, Instant now);  // an entry names somebody

    // --- questions
    // Where the newest log of this device to that one ends that is known here.
    std::optional<Ended> end_of_log_to(const DeviceId& to) const;
    // What is held of direct logs with that device.
    std::set<LogId> logs_with(const DeviceId&) const;
    // Tells talk which entries of a log of ours the peer has, as far as that is known.
    void count_ours(const Member&, const Peer&, const LogId&);
    // Whether the peer told that it has stored all up to that line of ours.
    static bool is_stored_there(const Peer&, const LineId&);

    // What is due of sync as a whole, in the order in which it is done.
    static const Timer<Sync> naming[1];
    static const Timer<Sync> pulling[1];
    static const Timer<Sync> comparing[1];

  private:
    // sync.cpp: frames, peers, runs
    void take_runs(const Member&, Peer&, const Frame&, Now, Effects&);
    void take_run(const Member&, Peer&, const RunPtr&, Now, Effects&);
    bool must_wait(const Member&, const VerifiedRun&, Instant now) const;
    void put_aside(Peer&, const VerifiedRun&, Instant now);
    static std::size_t memory_of(const VerifiedRun&);
    Seq missed_by(const Peer*, const LogId&) const;
    void take_linked(const Member&, Peer&, const Frame&, Instant now);
    bool is_linked(const NodeId&) const;
    std::vector<NodeId> linked_besides(const Member&) const;

    // heads.cpp: what is told of logs, and what follows from it
    void take_heads(const Member&, Peer&, const Frame&, Instant now);
    void take_head(const Member&, Peer&, const Head&, bool listing, Instant now);
    void note_claim(const Member&, Peer&, const Head&, bool listing, Instant now);
    static void take_first_words(const Member&, Peer&, const Frame&);
    static void had_when_it_came(Peer&, const LogId&, Seq last);
    void told_of_ours(const Member&, const LogId&, const Claim&);
    void told_less(const Member&, Peer&, const Head&, Instant now);
    void fill_heads(Peer&, Frame&, Instant now);
    static std::optional<Instant> news_due(const Peer&);

    // comparing.cpp: what is compared with whom, and when
    void take_comparison(const Member&, Peer&, const Frame&, Instant now);
    bool fill_comparison(const Member&, Peer&, Frame&, Instant now);
    void tell_own_log(Frame&) const;
    void count_watched(const Member&, const Peer&);
    std::optional<Instant> compare_due() const;
    void compare_with_next(Now, Effects&);
    std::optional<PersonKey> next_to_compare(Instant now);

    // pulling.cpp: what is missing, and the answers to whoever misses something
    std::optional<Instant> pulls_due() const;
    void ask_for(const LogId&, Now, Effects&);
    std::optional<PersonKey> source_of(const LogId&, Instant now);
    std::optional<Want> next_want(const LogId&, const Peer&) const;
    void take_wants(const Member&, Peer&, const Frame&, Instant now);
    void fill_answers(Peer&, LinkId, Frame&, Effects&) const;

    // pulling.cpp, too: bodies that did not come with their entries
    void take_bodies(const Member&, Peer&, const Frame&, Effects&);
    void fill_bodies(Peer&, LinkId, Frame&, Instant now, Effects&) const;

    // forks.cpp: who signs two entries for one place
    void doubt(Peer&, const Head&, const Extent& held, Instant now);
    void inquire(Peer&, const LogId&, Seq, Instant now);
    void examine(const Member&, Peer&, const RunPtr&, Effects&);
    void contradicted(Peer&, const LogId&, Instant now);
    void look_further(Peer&, const VerifiedRun&, Seq same, const std::optional<Fork>&, Instant now);
    void take_proofs(Peer&, const Frame&, Instant now, Effects&);
    static void ask_for_proof(Peer&, const Head&, const Extent& held);
    void asks_for_proof(const Member&, Peer&, const Want&, Instant now) const;
    void freeze(const Fork&, Instant now, Effects&);

    // authoring.cpp: whose logs are taken
    bool may_hold(const LogId& log) const { return authors_.accepts(log.device); }
    static void note_unmet(Peer&, const LogId&, const Claim&);
    void accepted(const DeviceId&, Instant now);
    std::optional<Instant> naming_due() const;
    void name_next(Now, Effects&);

    const Self& self_;
    const Course& course_;
    Rng& rng_;
    Needs& needs_;
    Peers<Peer>& peers_;
    Haste haste_;
    Authors authors_;
    Logs logs_;
    Openings openings_;
    Pulls pulls_;
    Bodies bodies_;
    std::size_t unstored_bytes_ = 0;      // that were appended and are not on the disk yet
    std::optional<Instant> compare_due_;  // with whoever is not known to be equal
    std::optional<Instant> changed_since_;
    std::uint64_t compared_version_;
    PersonKey compared_last_;
    std::uint64_t rounds_ = 0;  // begun exchanges
    bool own_forked_ = false;   // somebody else signs in the log of this process
};

}  // namespace lanchat::controller::sync
