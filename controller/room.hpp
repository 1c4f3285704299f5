// The room: the brain of a node. Decides who is admitted, over which link, and who gets which line.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controller/authors.hpp"
#include "controller/contacts.hpp"
#include "controller/delivery.hpp"
#include "controller/ledger.hpp"
#include "controller/letters.hpp"
#include "controller/logs.hpp"
#include "controller/openings.hpp"
#include "controller/peer_map.hpp"
#include "controller/people.hpp"
#include "controller/pulls.hpp"
#include "controller/receipts.hpp"
#include "controller/room_io.hpp"
#include "controller/room_state.hpp"
#include "controller/timed_map.hpp"
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

    std::shared_ptr<const DeviceKey> key;
    Logs::Map held;                 // what the store has
    Clock newest;                   // of all stored lines whose dates can be believed
    std::optional<Ended> previous;  // this device's log before this process

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
class Room {
  public:
    Room(RoomSettings settings, Now now);

    // Appends what must be done to `out`, in order. Never throws, never blocks.
    void step(const Input& input, Now now, std::vector<Effect>& out);

    // When the next Wake is due, if nothing else happens before.
    std::optional<Instant> next_wakeup() const;

    // Whether a connection to `where` is worth making now.
    bool wants(const Endpoint& where, Instant now) const;

    // False while peers that keep up still have to fetch much of what was said.
    bool has_room(Instant now) const;

    // Where a watched line has arrived. None: it is not watched.
    std::optional<DeliveryCount> delivery(const LineId& line) const {
        return deliveries_.find(line);
    }

    // The place that the next own line will get. Besides saying it, only Received, Lost and Wake
    // change it.
    LineId next_line() const { return ledger_.next_line(); }
    // The place that the next direct line to `to` will get.
    LineId next_line_to(const DeviceId& to) const { return letters_.next_line(to); }

    // The entries that are held of `log`.
    Extent held(const LogId& log) const { return logs_.extent(log); }

    const PeerMap& peers() const { return peer_map_; }
    const People& people() const { return people_; }
    // The device under its last known name; the address is 0 unless it is linked.
    PeerInfo about(const DeviceId&) const;

    // The people whom a typed name may mean: those who are blocked, or all others.
    std::vector<Candidate> candidates(bool blocked) const;

    // Why keys cannot be compared with that device now. None: they can.
    std::optional<Failure> refuse_verify(const DeviceId& device, Instant now) const;

  private:
    using Effects = std::vector<Effect>;

    // room.cpp: what happens
    void on(const Sighted&, Now, Effects&);
    void on(const Unreachable&, Now, Effects&);
    void on(const Swept&, Now, Effects&);
    void on(const Accepted&, Now, Effects&);
    void on(const Received&, Now, Effects&);
    void on(const Drained&, Now, Effects&);
    void on(const Lost&, Now, Effects&);
    void on(const Probed&, Now, Effects&);
    void on(const Say&, Now, Effects&);
    void on(const Watch&, Now, Effects&);
    void on(const Stored&, Now, Effects&);
    void on(const Fetched&, Now, Effects&);
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

    // room_admission.cpp: who gets in
    bool is_downgraded(const Link&, const Frame&) const;
    bool is_outdated(const Link&, const Frame&, Effects&);
    void dialled_greeting(Link&, const Frame&, Now, Effects&);
    void accepted_greeting(Link&, const Frame&, Now, Effects&);
    void seek_admission(Link&, Now, Effects&);
    void challenge(Link& newcomer, const Peer& holder, Now, Effects&);
    void holder_is_alive(const Peer& holder, Now, Effects&);
    void holder_is_silent(Link& newcomer, Now, Effects&);
    void admit(Link&, Endpoint address, Now, Effects&);
    bool is_for_others(const PersonKey&, const DeviceId&) const;
    void refuse(Link&, Bye, Now, Effects&);

    // room_links.cpp: which link carries a peer, and how links end
    void join(Link&, Peer&, Now, Effects&);
    void opened(Link&, Peer&, Ack received_there, Now, Effects&);
    void choose_active(Peer&, Now, Effects&);
    bool beats(const Link& a, const Link& b) const;
    void end_surplus(Peer&, Now, Effects&);
    void close(Link&, Now, Effects&);
    void drop(Link&, Now, Effects&);
    void lost_while_greeting(const Link&, End, Now, Effects&);
    void crossed_call_is_over(const Link&, Now, Effects&);
    void detach(const Link&, End, Peer&, Now, Effects&);
    void take_down(Peer&, DownReason, Now, Effects&);
    void forget(PersonKey, Effects&);

    // room_delivery.cpp: lines out and in
    void pump(Link&, Now, Effects&);
    void pump_peer(Peer&, Now, Effects&);
    bool add_control(Link&, Frame&);
    bool add_lines(Link&, Peer&, Frame&, Now, Effects&);
    void add_own_runs(Link&, const Peer&, Frame&, Effects&);
    bool add_legacy_line(Link&, Peer&, Frame&);
    bool may_publish_to(const Peer&) const;
    Place welcome_from(Instant now) const;
    void seal(Effects&);
    void said(Now, Effects&);
    Place sendable() const;
    std::vector<DeviceId> audience(bool with_far_members) const;
    void tell_deliveries(Effects&);
    void take_legacy_line(Peer&, const Frame&, Now, Effects&);
    static std::optional<Instant> too_long_due(const Peer&);
    void report_too_long(Peer&, Instant now, Effects&);
    void acknowledged(Peer&, const Ack&, Instant now);
    void has_up_to(Peer&, Gap stretch, Instant now);
    static Ack ack_of(const Peer&, Ack stored);
    void fell_behind(Peer&, Gap, Instant now);
    void report_missed(Peer&, UndeliveredReason, Effects&);
    void give_up_on(Peer&, Effects&);
    bool stalled(const Peer&, Instant now) const;

    // room_wall.cpp: what time it is
    void take_wall(const Peer&, const Frame&, Instant now);
    static void add_wall(Link&, Frame&, Now);
    Arriving arriving(const Peer* bringer, const Extent& before, const LogId& log, Now) const;
    bool is_late(const Entry&, const Believed&);

    // room_pages.cpp: a log that a wrong clock has spoilt, and the one after it
    void turn_page_if_ahead(Now, Effects&);
    void has_of_older_page(Peer&, const Head&, Instant now);
    void take_turned_page(Link&, Peer&, const Hello&, Now);
    void speaks_in(Peer&, const LogId&, Instant now);
    bool is_own(const LogId& log) const {
        return ledger_.place_of(log, 0).has_value() || letters_.is_own(log);
    }
    const Peer* speaker_of(const LogId&) const;
    const Peer* linked_with(const DeviceId&) const;
    NodeId author_of(const LogId&) const;

    // room_people.cpp: whom we know
    PeerInfo regarded(PeerInfo info, const DeviceId& device) const;
    void meet(const Peer&, Now, Effects&);
    void hear_of(const PeerInfo& who, const DeviceId& device, Now, Effects&);
    void warn_of(const PeerInfo& who, const DeviceId& device, Now, Effects&);
    void regard(const Peer&);
    void regard_peers(Effects&);
    void remember_blocked(const Endpoint& where, const DeviceId& who);
    void turn_away(Link&, Now, Effects&);
    Peer* peer_with(const DeviceId&);
    const Peer* peer_with(const DeviceId&) const;
    bool may_verify(const DeviceId&, Instant now) const;
    void begin_verifying(Peer&, Verifying, Instant now, Effects&);
    void take_verify(Peer&, const VerifyStep&, Now, Effects&);
    void go_on_verifying(Peer&, Verifying::Next, Now, Effects&);
    void end_verifying(Peer&, Verification::Stage how, Effects&);
    void break_off_verifying(Peer&, Verification::Stage how, Effects&);
    bool may_hold(const LogId& log) const;
    static void note_unmet(Peer&, const LogId&, const Claim&);
    void take_met(const Entry&, Instant now);
    void accept(const DeviceId&, Instant now);
    void accepted(const DeviceId&, Instant now);
    void name_met(Now, Effects&);

    // room_letters.cpp: what is said to one device alone
    bool is_private(const Peer&) const;
    bool is_between_us(const Peer&, const LogId&) const;
    bool may_tell(const Peer& peer, const LogId& log) const {
        return !log.is_direct() || is_between_us(peer, log);
    }
    bool is_ours_to_share(const Peer&, const Frame&) const;
    void say_directly(const Say&, Now, Effects&);
    std::optional<Ended> last_log_to(const DeviceId& to) const;
    std::optional<PeerInfo> recipient_of(const LogId&) const;
    void spread_letters(const RunPtr&, Instant now);
    void push_letters(Peer&, const RunPtr&, Instant now);
    static void add_letters(Peer&, Frame&);
    void list_letters(Peer&) const;
    bool add_letter_heads(Peer&, Frame&) const;
    bool letters_delivered() const;

    // room_receipts.cpp: delivery to those who are linked with a neighbour
    bool is_linked(const NodeId&) const;
    std::vector<const Peer*> ways_to(const NodeId&) const;
    bool is_beyond(const NodeId&) const;
    void owe_receipt(const LogId&, Instant now);
    void owe_receipts_to(const std::vector<NodeId>& came, Instant now);
    void make_receipts(Now, Effects&);
    void take_receipts(const Frame&, Now, Effects&);
    static bool add_receipts(Peer&, Frame&, Instant now);
    void look_for_far_members();
    void now_far(const Peer&, const std::vector<NodeId>& beyond, Instant now);

    // room_sync.cpp: what everybody holds of all logs
    void begin_exchange(Peer&, Instant now);
    void take_exchange(Peer&, const Frame&, Now, Effects&);
    void take_runs(Peer&, const Frame&, Now, Effects&);
    void take_run(Peer&, const RunPtr&, Now, Effects&);
    bool must_wait(const Peer&, const VerifiedRun&, Instant now) const;
    void put_aside(Peer&, const VerifiedRun&, Instant now);
    static std::size_t memory_of(const VerifiedRun&);
    void keep(const RunPtr&, bool history, Effects&);
    bool disk_keeps_up() const { return unstored_bytes_ < limits::unstored_bytes_max / 2; }
    bool show_new(const VerifiedRun&, const Arriving&, Effects&);
    PeerInfo author(const Entry&) const;
    bool is_history(const Entry&, const Arriving&) const;
    static void take_first_words(Peer&, const Frame&);
    static void had_when_it_came(Peer&, const LogId&, Seq last);
    void take_heads(Peer&, const Frame&, Instant now);
    void told_of_ours(const Peer&, const LogId&, const Claim&);
    void take_wants(Peer&, const Frame&, Instant now);
    void take_linked(Peer&, const Frame&, Instant now);
    void count_unacked(Peer&, const VerifiedRun&, Instant now);
    void spread(const RunPtr&, Instant now);
    bool must_ask(const Peer&) const;
    void tell_of(Peer&, const LogId&, Instant now);
    void who_is_linked_changed(const Peer&, Instant now);
    std::vector<NodeId> linked_besides(const Peer&) const;
    bool add_linked(Peer&, Frame&, bool goes_anyway, Instant now);
    void ask_for_missing(Now, Effects&);
    Peer* source_of(const LogId&, Instant now);
    std::optional<Want> next_want(const LogId&, const Peer&) const;
    void answer(Peer&, const Fetched&);
    void add_exchange(Link&, Peer&, Frame&, Instant now, Effects&);
    void add_heads(Peer&, Frame&, Instant now);
    void add_answers(Link&, Peer&, Frame&, Effects&);

    // room_compare.cpp: what is compared with whom, and what follows from it
    void begin_comparison(Peer&, Instant now);
    void take_comparison(Peer&, const Frame&, Instant now);
    void tell_own_log(Frame&) const;
    bool add_comparison(Peer&, Frame&, Instant now);
    void logs_changed(Instant now);
    void compare_with_next(Now, Effects&);
    const Peer* next_to_compare(Instant now);
    void told_less(Peer&, const Head&, Instant now);
    void count_ours(const Peer&, const LogId&);
    static std::optional<Instant> news_due(const Exchange&);

    // room_forks.cpp: who signs two entries for one place
    void doubt(Peer&, const Head&, const Extent& held, Instant now);
    void inquire(Peer&, const LogId&, Seq, Instant now);
    void examine(Peer&, const RunPtr&, Effects&);
    void contradicted(Peer&, const LogId&, Instant now);
    void look_further(Peer&, const VerifiedRun&, Seq same, const std::optional<Fork>&, Instant now);
    void take_proofs(Peer&, const Frame&, Instant now, Effects&);
    void ask_for_proof(Peer&, const Head&, const Extent& held) const;
    void asks_for_proof(Peer&, const Want&, Instant now) const;
    void freeze(const Fork&, Instant now, Effects&);
    static bool add_proofs(Link&, Peer&, Frame&, Instant now, Effects&);

    // room_timers.cpp: what time brings, and leaving
    static bool is_asked(const Link&);
    void ask_for_life(Link&, Now, Effects&);
    bool silent_for(const Link&, Duration, Instant now) const;
    void ping_silent_links(const std::vector<LinkId>& due, Now, Effects&);
    void watch(Link&, Now, Effects&);
    void watch(Peer&, Now, Effects&);
    std::optional<Instant> due(const Link&) const;
    std::optional<Instant> due(const Peer&) const;
    void retime();
    void forgive_own_stall(Instant now);
    void settle(Now, Effects&);
    bool everything_delivered() const;
    void begin_leaving(Now, Effects&);

    Link* link(LinkId);
    const Link* link(LinkId) const;
    Peer* peer_of(const Link&);
    Peer* peer_at(const Endpoint&);
    const Peer* peer_at(const Endpoint&) const;
    PeerInfo info(const Peer&) const;
    NodeId own_node() const { return {settings_.key->id(), settings_.instance}; }
    Hello hello(std::uint64_t nonce) const;
    bool is_own(const Endpoint&) const;
    bool dialling(const Endpoint&) const;
    bool leaving() const { return leave_by_.has_value(); }

    RoomSettings settings_;
    Rng rng_;
    Contacts contacts_;
    WallTimes walls_;
    Ledger ledger_;
    Letters letters_;
    Deliveries deliveries_;
    Receipts receipts_;
    FarMembers far_;
    std::deque<Place> stored_first_;  // said with an id and not flushed yet
    Place stored_ = 0;                // of own lines
    std::optional<Instant> page_turned_;
    std::optional<Instant> page_due_;  // it was too early for another
    PeerMap peer_map_;
    People people_;
    Authors authors_;
    std::set<DeviceId> warned_;                               // of, by KeyChanged
    std::map<DeviceId, Instant> warnings_;                    // the last one about each name
    std::map<Endpoint, DeviceId> blocked_at_;                 // where they were met last
    std::deque<std::pair<Instant, DeviceId>> verifications_;  // begun a while ago
    TimedMap<LinkId, Link> links_;
    TimedMap<PersonKey, Peer> peers_;
    std::map<Endpoint, LinkId> dials_;  // of each address the newest, until it is lost
    std::set<LinkId> challengers_;      // and some that were
    std::set<NodeId> outdated_;         // of another version, and told of
    Logs logs_;
    Openings openings_;
    Pulls pulls_;
    std::size_t unstored_bytes_ = 0;      // that were appended and are not on the disk yet
    std::optional<Instant> compare_due_;  // with whoever is not known to be equal
    std::optional<Instant> changed_since_;
    std::uint64_t compared_version_ = 0;
    PersonKey compared_last_;
    std::optional<Instant> seal_due_;
    std::string own_log_name_;
    PeerInfo self_;
    std::uint64_t dialled_ = 0;
    std::uint64_t rounds_ = 0;  // begun exchanges
    std::uint64_t legacy_lines_ = 0;
    bool own_forked_ = false;  // somebody else signs in the log of this process

    std::optional<Order> newest_shown_;

    Instant started_;
    bool grace_over_ = false;  // nobody is waited for any longer, whether somebody came or not
    bool receiving_ = true;
    bool swept_ = false;
    bool settled_ = false;               // the first sweep and its dials are over
    std::optional<Instant> first_peer_;  // when somebody was linked for the first time
    Place early_head_ = 0;               // newest line said before that, or before settling
    bool finishing_ = false;             // no more input will come
    bool hurry_ = false;                 // told to leave: wait only for who is here
    std::optional<Instant> finish_by_;
    std::optional<Instant> leave_by_;  // leaving: links end by then
    bool stopped_ = false;
};

// Links we dial have even ids, given by the room; the body numbers accepted ones with odd ids.
constexpr bool is_dialled(LinkId id) { return static_cast<std::uint64_t>(id) % 2 == 0; }

}  // namespace lanchat::controller
