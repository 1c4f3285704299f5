// What the room knows of each link and each peer. Used by the room only.
#pragma once

#include <compare>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "controller/claims.hpp"
#include "controller/comparison.hpp"
#include "controller/fork_news.hpp"
#include "controller/inquiries.hpp"
#include "controller/ledger.hpp"
#include "controller/logs.hpp"
#include "controller/neighbours.hpp"
#include "controller/peer_map.hpp"
#include "controller/receipts.hpp"
#include "controller/verification.hpp"
#include "controller/wall_time.hpp"
#include "message/frame.hpp"

namespace lanchat::controller {

// Who somebody is: a lanchat node by its key and, as a key may run several processes, its instance;
// a legacy peer by its address alone.
struct PersonKey {
    bool legacy = false;
    NodeId node{};
    Endpoint address;

    static PersonKey of(const NodeId& node) { return {false, node, {}}; }
    static PersonKey original_at(const Endpoint& address) { return {true, {}, address}; }
    auto operator<=>(const PersonKey&) const = default;
};

// dialled:  greeting ──ok+hello──────────────────────────────> open
// accepted: greeting ──hello──> [challenging ──old is dead──>] joining ──received──> open
// any:      ──Finish/Drop──> closing ──Lost──> (gone)
// A link to a legacy peer is open once `ok` went either way.
enum class Stage { greeting, challenging, joining, open, closing };

struct Link {
    LinkId id{};
    Direction direction = Direction::accepted;
    bool encrypted = false;
    Endpoint remote;  // the address dialled, or the TCP source
    Stage stage = Stage::greeting;
    Instant since{};                  // of the stage
    std::uint64_t nonce = 0;          // of the dial that made it
    std::optional<PersonKey> person;  // known from joining (challenging: the newcomer) on
    Endpoint claimed;                 // listening address the dialler announced
    Hello hello;                      // theirs; legacy: empty
    Ack received_there;               // dialled: what they had of ours when they greeted

    std::optional<Instant> surplus_since;  // lost the tie-break then: its dialler ends it

    // Outgoing: what the next frame must carry besides lines.
    bool busy = false;
    bool ok_owed = false;
    bool hello_owed = false;
    bool ack_owed = false;
    bool ok_expected = false;  // a legacy peer published to us before it said `ok`
    std::string rest;          // a line of several, on its way to a legacy peer
    std::size_t rest_from = 0; // what of it is still to go
    bool finish_owed = false;
    bool finished = false;  // nothing may be sent after that
    bool dropped = false;
    std::optional<Now> wall_told;  // what our clocks showed when that was told
    std::optional<Ping> ping_owed;
    std::optional<Bye> bye_owed;
    Place sent = 0;  // newest own line given to this link

    Instant heard{};
    std::optional<Instant> pinged;

    bool is_between_lines() const { return rest_from >= rest.size(); }
};

// What a lanchat peer and this node tell each other of all logs.
struct Exchange {
    Comparison compare;
    Claims there;                  // what it has stored of logs of which we lack something
    std::map<LogId, Seq> backlog;  // what it had when it came, of logs that we lacked a part of
    std::map<LogId, Seq> unmet;    // what it told of authors who were not accepted here
    std::map<LogId, Claim> ours;   // what it has stored of the logs of our device before this one
    Neighbours linked;             // who of them said it: it needs no news of that from us

    // Ours to it.
    NeighbourNews links;
    std::set<LogId> news;  // logs that grew
    std::optional<Instant> news_from;
    std::set<LogId> letters_unlisted;  // logs of the two of us that it is still to be told of
    std::deque<RunPtr> letters;        // ours to it alone, on their way
    std::size_t letters_bytes = 0;
    std::vector<Want> wants_owed;

    ReceiptQueue receipts;  // of others for it, and ours for those it is linked with

    // Its questions.
    std::deque<Want> asked;
    std::deque<RunPtr> served;       // the part of the first answer that is at hand
    std::optional<LinkId> fetching;  // over which link it will go

    // Forks.
    Inquiries inquiries;            // into branches that it holds
    std::size_t examining = 0;      // of its runs that are compared with ours
    ForkNews fork_news;             // ours to it
    std::optional<LinkId> proving;  // proofs are read, to go over this link
    std::vector<Fork> proofs;       // that are at hand
};

// A stretch of own lines: those after `after`, up to `to`.
struct Gap {
    Place after = 0;
    Place to = 0;
};

struct Peer;

// The place of a line in the order of all lines (log.md 12).
using Order = std::pair<Clock, LineId>;

// What is known of a run as it comes, besides what is in it.
struct Arriving {
    const Peer* bringer;   // none: it was imported
    const Extent& before;  // what was held of its log
    Seq missed;            // what its bringer or its author had of that log when it came
    Believed now;
    Now moment;
    WallTime began;  // when this process began
};

struct Peer {
    PersonKey key;
    Endpoint address;  // its key in the peer map
    LogId log;         // it says its lines in
    DeviceId device;
    std::string name;
    bool up = false;               // announced as PeerUp
    std::vector<LinkId> links;     // joining or open
    std::optional<LinkId> active;  // the open link that carries lines
    Instant down_since{};          // while not up: how long it has been gone

    // Own lines, by their places in the ledger. Everything up to `acked` is there (legacy: has left
    // for there). It may have newer ones up to `reached`: what lies between it asks for.
    bool welcomed = false;  // it has a place in the ledger
    Place acked = 0;
    Place reached = 0;
    Place said = 0;                     // while down: newest line it should have got
    Instant progress{};                 // when `reached` last grew, or began to lag
    std::optional<Instant> stall_seen;  // when it was last found stalled
    std::uint64_t missed = 0;           // lines it fell behind for and that are not reported yet
    Instant missed_since{};
    std::vector<Gap> gaps;     // what it fell behind for and that lies above `acked`
    std::vector<Gap> islands;  // what it has and that lies above a place after `acked`

    Exchange logs;

    // A legacy peer's lines that were too long.
    std::uint64_t too_long = 0;             // that are not reported yet
    std::optional<Instant> too_long_told;  // the last time

    // Comparing keys with it.
    std::optional<Verifying> verifying;
    Instant verify_until{};
    std::deque<VerifyStep> verify_owed;  // one a frame

    // Its lines here, waiting to be acknowledged.
    std::size_t unacked = 0;  // lines, long ones counted several times
    std::optional<Instant> ack_due;
};
}  // namespace lanchat::controller
