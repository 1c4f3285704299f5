// Who is here: links, who is admitted over them and under which address, and whom we know.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "controller/facts.hpp"
#include "controller/find_person.hpp"
#include "controller/peers.hpp"
#include "controller/people.hpp"
#include "controller/room_io.hpp"
#include "controller/roster/contacts.hpp"
#include "controller/roster/needs.hpp"
#include "controller/roster/peer.hpp"
#include "controller/roster/peer_map.hpp"
#include "controller/timed_map.hpp"
#include "controller/timers.hpp"
#include "message/rng.hpp"

namespace lanchat::controller::roster {

struct Settings {
    std::vector<Endpoint> own{};  // where this node listens
    bool legacy_peers = true;
    std::vector<Person> people{};  // the book, as it was written down
};

// Thread: the loop. Only the peer map may be read elsewhere.
class Roster {
  public:
    Roster(const Self&, const Course&, Settings, Rng&, Needs&, Peers<Peer>&);

    // --- what the body tells of links
    bool wants(const Endpoint& where, Instant now) const;  // Room::wants
    void on(const Sighted&, Now, Effects&);
    void on(const Moved&, Now, Effects&);
    void on(const Unreachable&, Now, Effects&);
    void on(const Accepted&, Now, Effects&);
    void on(const Probed&, Now, Effects&);
    void on(const Block&, Now, Effects&);
    void on(const Verify&, Now, Effects&);
    void on(const Pin&, Now, Effects&);
    void on(const Doubt&, Now, Effects&);
    void on(const Judge&, Now, Effects&);
    void on(const Rolled&, Now, Effects&);
    // Ends what is left of that link. The answer is its peer, if it is linked still.
    void on(const Lost&, Now, Effects&);

    // --- frames. What comes with one:
    // Whoever sent it is heard. Null: nothing more is taken from that link.
    Link* heard(LinkId, Instant now);
    // The first frame, or what comes while it is not clear whether the link's peer is admitted.
    // False: the link has a peer, whose frame is to be taken.
    bool take_greeting(Link&, const Frame&, Now, Effects&);
    // What all peers say without a word: they live.
    void is_alive(const Member&, Now, Effects&);
    // False: the link is ended, since a frame over a joining link says first what was received.
    bool take_joining(Link&, Peer&, const Frame&, Now, Effects&);
    // True: it was the `ok` of an original that had published something before.
    static bool take_late_ok(Link&, const Frame&);
    void take_hello(Link&, Peer&, const Frame&, Instant now);
    static void take_ping(Link&, const Frame&);
    void take_places(Link&, const Frame&, Now, Effects&);
    void take_verify(Peer&, const Frame&, Now, Effects&);
    // True: the peer has left.
    bool take_bye(Peer&, const Frame&, Now, Effects&);
    // What one carries. Whether an acknowledgement of the greeting is owed besides.
    bool fill(Link&, Frame&);
    static void fill_verify(Peer&, Frame&);
    void fill_places(Link&, const Peer*, Frame&, Now);  // after the ping
    static void fill_wall(Link&, Frame&, Now);          // with whatever goes anyway, so it is last
    // `frame` leaves over the link, if it says something.
    static void send(Link&, Frame, Effects&);

    // --- links
    Link* link(LinkId id) { return links_.touch(id); }
    const Link* link(LinkId id) const { return links_.find(id); }
    bool no_links() const { return links_.empty(); }
    // Whether a link may still become one with a peer: dials, and those that join.
    bool is_expecting() const;
    // Whether a frame would leave at once over the link that carries the peer.
    bool is_free(const Member&) const;
    bool dialling(const Endpoint&) const;
    void drop(Link&, Now, Effects&);
    void leave(Now, Effects&);                // says goodbye on all links
    void drop_all(Now, Effects&);             // and who has not gone by now is cut off
    void page_turned();                       // all are to be told of the new log
    void forgive_silence(Instant now);        // it was we who slept
    void touch_all() { links_.touch_all(); }  // for what all their due times depend on

    // --- people
    const PeerMap& peers() const { return peer_map_; }
    const People& people() const { return people_; }
    People& people() { return people_; }
    PeerInfo info(const Member&) const;
    PeerInfo about(const DeviceId&) const;
    PeerInfo author(const Entry&) const;
    PeerInfo regarded(PeerInfo info, const DeviceId& device) const;
    void hear_of(const PeerInfo& who, const DeviceId& device, Now, Effects&);
    void regard_peers(Effects&);
    std::vector<Candidate> candidates(bool blocked) const;
    std::optional<Failure> refuse_verify(const DeviceId& device, Instant now) const;

    // --- time
    void retime();  // after each step
    // Of links, and of addresses.
    static const Timer<Roster> pinging[1];
    static const Timer<Roster> watching[1];
    static const Timer<Roster> dialling_again[1];
    // Of a peer without links, and of one with some.
    static const Timer<Roster, Peer> of_absent[1];
    static const Timer<Roster, Peer> of_peer[1];

  private:
    // admission.cpp: who gets in
    bool is_downgraded(const Link&, const Frame&) const;
    bool is_outdated(const Link&, const Frame&, Effects&);
    void dialled_greeting(Link&, const Frame&, Now, Effects&);
    void accepted_greeting(Link&, const Frame&, Now, Effects&);
    void seek_admission(Link&, Now, Effects&);
    void challenge(Link& newcomer, const Peer& holder, Now, Effects&);
    void holder_is_silent(Link& newcomer, Now, Effects&);
    void admit(Link&, Endpoint address, Now, Effects&);
    bool is_for_others(const PersonKey&, const DeviceId&) const;
    void refuse(Link&, Bye, Now, Effects&);

    // links.cpp: which link carries a peer, and how links end
    void join(Link&, Peer&, Now, Effects&);
    void opened(Link&, Peer&, Ack received_there, Now, Effects&);
    void choose_active(Peer&, Now, Effects&);
    void carry(Link&, Peer&, Now, Effects&);
    bool beats(const Link& a, const Link& b) const;
    void end_surplus(Peer&, Now, Effects&);
    void close(Link&, Now, Effects&);
    void lost_while_greeting(const Link&, End, Now, Effects&);
    void crossed_call_is_over(const Link&, Now, Effects&);
    void detach(const Link&, End, Peer&, Now, Effects&);
    void take_down(Peer&, DownReason, Now, Effects&);

    // exchange.cpp: where others are
    void seek(Link&);

    // moving.cpp: links that may be dead
    void trust_again(Link&);
    bool may_be_dead(const Peer&) const;
    bool has_doubted(const Link&) const;  // beside it, with the same peer
    bool is_missed_at(const Endpoint& where) const;
    void peer_moved(Peer&, const Endpoint& to, Effects&);

    // silence.cpp: links of which nothing is heard
    std::optional<Instant> links_due() const { return links_.next(); }
    void ping_silent_links(Now, Effects&);
    void ring_links(Now, Effects&);
    std::optional<Instant> missed_due() const { return contacts_.next_due(); }
    void dial_missed(Now, Effects&);
    static const Timer<Roster, Link> of_link[1];
    std::optional<Instant> link_due(const Link&) const;
    void link_is_late(Link&, Now, Effects&);
    std::optional<Instant> absence_due(const Peer&) const;
    void is_absent(Peer&, Now, Effects&);
    static bool is_asked(const Link&);
    void ask_for_life(Link&, Now, Effects&);
    bool silent_for(const Link&, Duration, Instant now) const;

    // acquaintances.cpp: names and keys, who is blocked
    void meet(const Peer&, Now, Effects&);
    void warn_of(const PeerInfo& who, const DeviceId& device, Now, Effects&);
    void regard(const Peer&);
    void remember_blocked(const Endpoint& where, const DeviceId& who);
    void turn_away(Link&, Now, Effects&);

    // verifying.cpp: the comparing of keys
    std::optional<PersonKey> key_with(const DeviceId&) const;
    Peer* peer_with(const DeviceId&);
    bool may_verify(const DeviceId&, Instant now) const;
    void begin_verifying(Peer&, Verifying, Instant now, Effects&);
    void go_on_verifying(Peer&, Verifying::Next, Now, Effects&);
    void end_verifying(Peer&, Verification::Stage how, Effects&);
    void break_off_verifying(Peer&, Verification::Stage how, Effects&);
    std::optional<Instant> verify_due(const Peer&) const;
    void verify_timed_out(Peer&, Now, Effects&);

    Peer* peer(const PersonKey&);
    Peer* peer_of(const Link&);
    Peer* peer_at(const Endpoint&);
    const Peer* peer_at(const Endpoint&) const;
    Hello hello(std::uint64_t nonce) const;
    bool is_own(const Endpoint&) const;

    const Self& self_;
    const Course& course_;
    Rng& rng_;
    Needs& needs_;
    Peers<Peer>& peers_;
    std::vector<Endpoint> own_;
    bool legacy_peers_;
    Contacts contacts_;
    PeerMap peer_map_;
    People people_;
    std::set<DeviceId> warned_;                               // of, by KeyChanged
    std::map<DeviceId, Instant> warnings_;                    // the last one about each name
    std::map<Endpoint, DeviceId> blocked_at_;                 // where they were met last
    std::deque<std::pair<Instant, DeviceId>> verifications_;  // begun a while ago
    TimedMap<LinkId, Link> links_;
    std::map<Endpoint, LinkId> dials_;  // of each address the newest, until it is lost
    std::set<LinkId> challengers_;      // and some that were
    std::set<NodeId> outdated_;         // of another version, and told of
    std::uint64_t dialled_ = 0;
    Instant sought_{};  // when somebody was asked last where others are
};

}  // namespace lanchat::controller::roster
