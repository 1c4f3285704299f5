// The room: the brain of a node. Decides who is admitted, over which link, and who gets which line.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "controller/letters/mail.hpp"
#include "controller/peer_table.hpp"
#include "controller/people.hpp"
#include "controller/room_io.hpp"
#include "controller/roster/roster.hpp"
#include "controller/sync/sync.hpp"
#include "controller/talk/talk.hpp"
#include "controller/timers.hpp"
#include "controller/wall_time.hpp"
#include "message/limits.hpp"
#include "message/rng.hpp"

namespace lanchat::controller {

struct RoomSettings {
    InstanceId instance{};  // random, not 0
    std::string name;
    std::vector<Endpoint> own;  // where this node listens
    bool legacy_peers = true;
    std::uint64_t seed = 0;
    Salts::Secret salts{};  // random, and of this process alone

    std::shared_ptr<const DeviceKey> key;
    Logs::Map held;                  // what the store has
    Clock newest;                    // of all stored lines whose dates can be believed
    std::optional<Ended> previous;   // this device's log before this process
    std::vector<LineId> lacking{};   // entries in `held` whose bodies the store lacks
    std::vector<Dropped> dropped{};  // what authors have taken back, as far as that is remembered
    bool heeds_drops =
        true;  // else nothing is: as in a build that does not know that kind of entry

    bool push = true;  // own lines go unasked to whom we are linked with; else all have to ask
    Haste haste;
    bool tls = false;              // links with lanchat peers are encrypted, or are none
    std::vector<Person> people{};  // the book, as it was written down
    bool closed = false;           // who is linked knows the passphrase
    std::vector<Met> met{};        // what the entries in `held` tell of that
    Leaves resting{};              // more that the store has: logs that may rest
    std::size_t logs_at_hand = limits::logs_at_hand;
};

// Pure: no I/O, clock, thread or randomness of its own; the same inputs give the same effects.
// Every input is acceptable at any time. Thread: the loop. Only PeerMap may be read elsewhere.
//
// Between lanchat nodes a line is delivered exactly once because it has a number in its author's
// log and a log only ever grows, by runs that chain to what is held, whichever link they come over.
// An author sends its lines to whom it is linked with; all else is asked for by whoever lacks it.
//
// The room itself is the wiring: each of its parts has its own state, of itself and of each peer,
// and asks the others for no more than its `Needs` name; the room hands every input and every frame
// to the parts that they are for, and answers what a part needs.
class Room final : private roster::Needs,
                   private talk::Needs,
                   private sync::Needs,
                   private letters::Needs {
  public:
    Room(RoomSettings settings, Now now);

    // Takes what happened at one moment, in order, and appends what must be done to `out`, in
    // order. Never throws, never blocks.
    void step(std::span<const Input> inputs, Now now, std::vector<Effect>& out);
    void step(const Input& input, Now now, std::vector<Effect>& out) {
        step(std::span(&input, 1), now, out);
    }

    // When the next Wake is due, if nothing else happens before.
    std::optional<Instant> next_wakeup() const;

    // Whether a connection to `where` is worth making now.
    bool wants(const Endpoint& where, Instant now) const;

    // False while peers that keep up still have to fetch much of what was said.
    bool has_room(Instant now) const;

    // Where a watched line has arrived. None: it is not watched.
    std::optional<DeliveryCount> delivery(const LineId& line) const {
        return talk_.deliveries().find(line);
    }

    // The place that the next own line will get. Besides saying it, only Received, Lost and Wake
    // change it.
    LineId next_line() const { return talk_.ledger().next_line(); }
    // The place that the next direct line to `to` will get.
    LineId next_line_to(const DeviceId& to) const { return mail_.next_line(to); }

    // The entries that are held of `log`.
    Extent held(const LogId& log) const { return sync_.logs().extent(log); }

    const PeerMap& peers() const { return roster_.peers(); }
    const People& people() const { return roster_.people(); }
    // The device under its last known name; the address is 0 unless it is linked.
    PeerInfo about(const DeviceId&) const override;

    // How far our wall clock is ahead of what most say; none: nobody has said.
    std::optional<std::int64_t> clock_ahead_ms(Now now) const;

    // The people whom a typed name may mean: those who are blocked, or all others.
    std::vector<Candidate> candidates(bool blocked) const;

    // Why keys cannot be compared with that device now. None: they can.
    std::optional<Failure> refuse_verify(const DeviceId& device, Instant now) const;

  private:
    // room.cpp: what happens
    void on(const Sighted&, Now, Effects&);
    void on(const Unreachable&, Now, Effects&);
    void on(const Swept&, Now, Effects&);
    void on(const Moved&, Now, Effects&);
    void on(const Accepted&, Now, Effects&);
    void on(const Glimpsed&, Now, Effects&);
    void on(const Received&, Now, Effects&);
    void on(const Drained&, Now, Effects&);
    void on(const Lost&, Now, Effects&);
    void on(const Probed&, Now, Effects&);
    void on(const Say&, Now, Effects&);
    void on(const TakeBack&, Now, Effects&);
    void on(const Watch&, Now, Effects&);
    void on(const Stored&, Now, Effects&);
    void on(const Fetched&, Now, Effects&);
    void on(const BodiesChanged&, Now, Effects&);
    void on(const Found&, Now, Effects&);
    void on(const Filled&, Now, Effects&);
    void on(const Examined&, Now, Effects&);
    void on(const Frozen&, Now, Effects&);
    void on(const Proven&, Now, Effects&);
    void on(const Trimmed&, Now, Effects&);
    void on(const Imported&, Now, Effects&);
    void on(const Receive&, Now, Effects&);
    void on(const Block&, Now, Effects&);
    void on(const Verify&, Now, Effects&);
    void on(const Pin&, Now, Effects&);
    void on(const Doubt&, Now, Effects&);
    void on(const Judge&, Now, Effects&);
    void on(const Rolled&, Now, Effects&);
    void on(const EndOfInput&, Now, Effects&);
    void on(const Leave&, Now, Effects&);
    void on(const Wake&, Now, Effects&);

    // room_frames.cpp: which part takes and fills which field
    struct Taking;
    struct Filling;
    void take_frame(const Received&, Now, Effects&);
    void take(roster::Link&, Peer&, const Frame&, Now, Effects&);
    void pump(roster::Link&, Peer*, Now, Effects&);

    // room_timers.cpp: what time brings
    template <class Brain, class Act>
    static void each_timer(Brain& room, const Act& act);
    template <class Brain, class Whole, class Act>
    static void each_timer_of(Whole& peer, Brain& room, const Act& act);
    static const Timer<Room> own[2];
    static const Timer<Room> of_peers[1];
    static const Timer<Room, Peer> of_peer[1];
    std::optional<Instant> page_due() const { return talk_.page_due(); }
    void turn_page_if_ahead(Now, Effects&);
    std::optional<Instant> seal_due() const { return seal_due_; }
    void seal_now(Now, Effects& out) { seal(out); }
    std::optional<Instant> settle_due() const;
    void settle(Now, Effects&);
    std::optional<Instant> peers_due() const { return peers_.next(); }
    void ring_peers(Now, Effects&);
    std::optional<Instant> fill_due(const Peer&) const;
    void pump_peer(Peer&, Now, Effects&);
    void forgive_own_stall(Instant now);
    bool everything_delivered() const;
    void begin_leaving(Now, Effects&);
    void retime();

    // room_needs.cpp: what the parts need of each other
    void pump(roster::Link&, Now, Effects&) override;
    void pump(const PersonKey&, Now, Effects&) override;
    // of the roster
    roster::Peer& place_of(const PersonKey&) override;
    void forget(PersonKey, Effects&) override;
    void joined(const roster::Peer&, Instant now) override;
    void opened(const roster::Peer&, LinkId, const Ack& received_there, Instant now) override;
    void came(const roster::Peer&, Instant now) override;
    void carries(roster::Peer&, const roster::Link&, Instant now) override;
    void closed(const roster::Peer&, LinkId) override;
    void went(const roster::Peer&, bool was_up, Now, Effects&) override;
    void greeted(roster::Link&, const Frame&, Now, Effects&) override;
    void speaks_in(roster::Peer&, const LogId&, Instant now) override;
    std::optional<Epoch> page() const override;
    // of talk and letters
    void seal(Effects&) override;
    void seal_soon(Instant now) override;
    Ack stored_of(const LogId&) const override;
    Seq floor_of(const LogId&) const override;
    bool holds(const LogId&) const override;
    PeerInfo info(const Member&) const override;
    PeerInfo author(const Entry&) const override;
    PeerInfo regarded(PeerInfo, const DeviceId&) const override;
    bool is_next(const PersonKey&, const UnprovenRun&) const override;
    Seq last_of(const LogId&) const override;
    bool has_link(LinkId) const override;
    bool is_blocked(const DeviceId&) const override;
    void hear_of(const PeerInfo&, const DeviceId&, Now, Effects&) override;
    void met(const Entry&, Instant now) override;
    void dropped(const Dropped&) override;
    bool is_dropped(const Dropped&) const override;
    std::vector<EntryRange> with_bodies(const PersonKey&, const LogId&, EntryRange) const override;
    bool dialling(const Endpoint&) const override;
    std::vector<PersonKey> ways_to(const NodeId&) const override;
    bool is_beyond(const NodeId&) const override;
    Clock next_clock(const Believed&) override;
    void said_directly(const controller::Say&, Entry, const Believed&, Now, Effects&) override;
    std::optional<Ended> end_of_log_to(const DeviceId&) const override;
    std::set<LogId> logs_with(const DeviceId&) const override;
    bool is_stored(const LineId&) const override;
    bool is_stored_there(const PersonKey&, const LineId&) const override;
    void add_head(Frame&, const LogId&) const override;
    void tell_of(const PersonKey&, const LogId&, Instant now) override;
    // of sync
    bool show(const VerifiedRun&, const Arriving&, Effects&) override;
    bool is_own(const LogId&) const override;
    LogId own_log() const override;
    std::vector<Said> said() const override;
    LineId say_met(const DeviceId&, Now, Effects&) override;
    std::set<LogId> watched_logs() const override;
    void has_stored(const Member& who, const LogId&, EntryRange) override;
    void acknowledged(const PersonKey&, const Ack&, Instant now) override;
    void owe_ack(const PersonKey&, const VerifiedRun&, Instant now) override;
    bool must_ask(const PersonKey&) const override;
    bool may_tell(const Member&, const LogId&) const override;
    void list_letters(const PersonKey&) override;
    void neighbours_changed(const std::vector<NodeId>& came, Instant now) override;

    // Null: there is no such link, or it has no peer.
    Peer* peer_of(const roster::Link* link);

    Self self_;
    Course course_;
    Rng rng_;
    WallTimes walls_;
    PeerTable peers_;
    roster::Roster roster_;
    talk::Talk talk_;
    letters::Mail mail_;
    sync::Sync sync_;
    std::optional<Instant> seal_due_;
    bool grace_over_ = false;  // nobody is waited for any longer, whether somebody came or not
    bool swept_ = false;
    bool hurry_ = false;  // told to leave: wait only for who is here
    std::optional<Instant> finish_by_;
    bool stopped_ = false;
};

}  // namespace lanchat::controller
