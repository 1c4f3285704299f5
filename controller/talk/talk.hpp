// What is said: our lines and how far they have come, the lines of others as they are shown, and
// who acknowledges what.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "controller/arriving.hpp"
#include "controller/facts.hpp"
#include "controller/peers.hpp"
#include "controller/room_io.hpp"
#include "controller/talk/delivery.hpp"
#include "controller/talk/ledger.hpp"
#include "controller/talk/needs.hpp"
#include "controller/talk/peer.hpp"
#include "controller/talk/receipts.hpp"
#include "controller/timers.hpp"
#include "controller/wall_time.hpp"
#include "message/rng.hpp"

namespace lanchat::controller::talk {

struct Settings {
    Clock newest{};                   // of all stored lines whose dates can be believed
    std::optional<Ended> previous{};  // this device's log before this process
    bool push = true;  // own lines go unasked to whom we are linked with; else all have to ask
    bool heeds_drops = true;  // what an author takes back is shown no more
};

// Thread: the loop.
class Talk {
  public:
    Talk(const Self&, const Course&, const WallTimes&, Settings, Rng&, Needs&, Peers<Peer>&);

    // --- frames: what comes with one, what one carries, and when one has to go for that
    void take(const Member&, Peer&, const Frame&, Instant now);
    void take_receipts(const Frame&, Now, Effects&);
    void take_legacy_line(const Member&, Peer&, const Frame&, Now, Effects&);
    // `link` is open and carries lines.
    void fill(const Member&, Peer&, LinkId link, Frame&, Now, Effects&);
    static void fill_receipts(Peer&, Frame&, Instant now);
    // An acknowledgement: the one that is owed, or the first over a link (`greets`).
    void fill_ack(const Member&, Peer&, bool greets, bool carries, Frame&, Instant now) const;
    std::optional<Instant> fill_due(const Peer&) const;

    // --- peers that come and go
    void joined(const Member&, Peer&, Instant now);
    void opened(const Member&, Peer&, LinkId, const Ack& received_there, Instant now);
    void came(const Member&);
    static void carries(Peer&, LinkId);  // that link carries lines from now on
    void drained(const Member&, Peer&, LinkId, Instant now);
    static void closed(Peer&, LinkId);
    void went(const Member&, Peer&);
    // Whom that peer was linked with is told on other ways.
    void far_from(const Member&, const std::vector<NodeId>& beyond, Instant now);
    void look_for_far_members();
    // It will not come back for its lines.
    void give_up_on(const Member&, Peer&, Effects&);
    void report_too_long(const Member&, Peer&, Now, Effects&);

    // --- own lines
    void say(const Say&, Now, Effects&);
    LineId say_met(const DeviceId&, Now, Effects&);
    void take_back(const Dropped&, Now, Effects&);
    // What was said in this step goes to whoever can take it, all of it together.
    void let_out(Now, Effects&);
    // Tells of a line that this node has just said; `audience` is watched, if it is somebody.
    void show_own(Entry, const Believed&, const std::optional<PeerInfo>& to, Effects&);
    RunPtr seal_next() { return ledger_.seal(); }             // null: there is nothing left to sign
    void stored(const LogId&, Seq last, bool is_own_direct);  // flushed up to there
    void go_on(Now, Effects&);           // with what waited for that, and with acknowledgements
    void received_again(Now, Effects&);  // lines of others can be taken in again
    void leaving(Now, Effects&);         // last lines and acknowledgements go
    // What was said so far, before anybody came, goes to whoever comes first.
    void nobody_was_here() { early_head_ = ledger_.head(); }
    const Ledger& ledger() const { return ledger_; }
    Clock next_clock(const Believed& now) { return ledger_.clock().next(now); }
    bool has_room(Instant now) const;
    // All is with those who are here, and (unless in a hurry) with those who were.
    bool all_delivered(bool hurry) const;

    // --- pages: the log after one that a wrong clock has spoilt
    bool must_turn_page(Now);
    void turn_page(Epoch, Instant now);
    bool has_turned_page() const { return page_turned_.has_value(); }
    std::optional<Instant> page_due() const { return page_due_; }

    // --- lines of others
    bool show(const VerifiedRun&, const Arriving&, Effects&);
    // A run over the link that carries its author's lines, which is not proven yet: shows what will
    // be shown once it is. Then that frame has come, or its link was lost.
    void glimpse(const Member&, LinkId, const UnprovenRun&, Now, Effects&);
    void proven(LinkId, Effects&);
    void withdraw_lost(Effects&);
    // A line whose body has come after it.
    void show_late(const Entry&, Now, Effects&);
    static void owe_ack(Peer&, const VerifiedRun&, Instant now);
    static void owe_ack(Peer&, Instant now);  // of what others brought of its log
    void owe_receipt(const LogId&, Instant now);
    void owe_receipts_to(const std::vector<NodeId>& came, Instant now);

    // --- delivery
    bool must_ask(const Member&, const Peer&) const;
    void acknowledged(const Member&, Peer&, const Ack&, Instant now);
    // Tells what of that log, one of ours, the peer has acknowledged.
    void count_acked(const Member&, const Peer&, const LogId&);
    // Of what we say, or said before, those entries are on that peer's disk, whether or not with
    // their bodies.
    void has_stored(const Member&, const LogId&, EntryRange);
    Deliveries& deliveries() { return deliveries_; }
    const Deliveries& deliveries() const { return deliveries_; }
    std::vector<DeviceId> audience(bool with_far_members) const;
    void tell_deliveries(Effects&);

    static const Timer<Talk> receipting[1];
    // Of a peer, in the order in which it is done.
    static const Timer<Talk, const Member, Peer> of_peer[3];

  private:
    // talk.cpp: our lines out
    LineId say_silently(Entry, Now, Effects&);
    void said();
    void fill_own_runs(Peer&, Flow&, Frame&, Effects&);
    void fill_legacy_line(const Member&, Peer&, Flow&, Frame&);
    Place welcome_from(Instant now) const;
    Place sendable() const;

    // places.cpp: how far each peer is
    void has_up_to(Peer&, Gap stretch, Instant now);
    void fell_behind(Peer&, Gap, Instant now) const;
    std::optional<Instant> missed_due(const Member&, const Peer&) const;
    void report_slow(const Member&, Peer&, Now, Effects&);
    void report_missed(const Member&, Peer&, UndeliveredReason, Effects&);
    std::optional<Instant> too_long_due(const Member&, const Peer&) const;
    std::optional<Instant> stall_due(const Member&, const Peer&) const;
    void note_stall(const Member&, Peer&, Now, Effects&);
    bool is_stalled(const Peer&, Instant now) const;
    std::optional<Instant> ack_due(const Peer&) const;

    // glimpses.cpp: lines that are not proven yet
    struct Glimpses {
        PeerInfo by;
        std::vector<LineId> lines;  // of one log; at least one
    };
    static void withdraw(const Glimpses&, Effects&);

    // showing.cpp: lines as they are shown
    void learn_of(const Entry&, Instant now);
    bool is_history(const Entry&, const Arriving&, WallTime began) const;
    bool is_late(const Entry&, const Believed&) const;
    Message message_of(Entry, std::string id, PeerInfo from, std::optional<PeerInfo> to,
                       const Believed&) const;
    // The same, and what comes before it is late from now on.
    Message shown(Entry, std::string id, PeerInfo from, std::optional<PeerInfo> to,
                  const Believed&);

    // carrying.cpp: receipts, for those with whom a neighbour is linked
    bool is_linked(const NodeId&) const;
    std::optional<Instant> receipts_due() const;
    void make_receipts(Now, Effects&);

    const Self& self_;
    const Course& course_;
    const WallTimes& walls_;
    Rng& rng_;
    Needs& needs_;
    Peers<Peer>& peers_;
    bool push_;
    bool heeds_drops_;
    Ledger ledger_;
    MessageIds own_ids_;
    Deliveries deliveries_;
    Receipts receipts_;
    FarMembers far_;
    std::deque<Place> stored_first_;   // said with an id and not flushed yet
    std::optional<Place> said_after_;  // in this step: where our lines ended before it
    Place stored_ = 0;                 // of own lines
    Place early_head_ = 0;             // newest line said before anybody came, or before settling
    std::optional<Instant> page_turned_;
    std::optional<Instant> page_due_;  // it was too early for another
    std::uint64_t legacy_lines_ = 0;

    std::map<LinkId, Glimpses> glimpses_;  // at most one frame of each link
    std::set<DeviceId> doubted_;           // had a line withdrawn: theirs are proven first

    // The place of the last line shown, in the order of all lines (log.md 12).
    std::optional<std::pair<Clock, LineId>> newest_shown_;
};

}  // namespace lanchat::controller::talk
