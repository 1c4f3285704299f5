// What the roster keeps of a link, and of a peer: its links, and the comparing of keys with it.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "controller/facts.hpp"
#include "controller/roster/peer_map.hpp"
#include "controller/roster/verification.hpp"
#include "message/frame.hpp"

namespace lanchat::controller::roster {

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

    bool renews = false;       // the peer doubts its links of before it
    bool seeks_owed = false;   // it is to tell where others are
    bool sought = false;       // and has not yet
    bool places_owed = false;  // we are to tell it
    bool doubted = false;      // it may be dead, and nothing was heard over it since that may be

    std::optional<Instant> surplus_since;  // lost the tie-break then: its dialler ends it

    // Outgoing: what the next frame must carry besides what the other parts have to say.
    bool busy = false;
    bool ok_owed = false;
    bool hello_owed = false;
    bool ack_owed = false;
    bool ok_expected = false;  // a legacy peer published to us before it said `ok`
    bool finish_owed = false;
    bool finished = false;  // nothing may be sent after that
    bool dropped = false;
    std::optional<Now> wall_told;  // what our clocks showed when that was told
    std::optional<Ping> ping_owed;
    std::optional<Bye> bye_owed;

    Instant heard{};
    std::optional<Instant> pinged;

    bool may_send() const { return !busy && !dropped && !finished; }
};

struct Peer : Member {
    std::vector<LinkId> links;  // joining or open
    Instant down_since{};       // while not up: how long it has been gone

    // Comparing keys with it.
    std::optional<Verifying> verifying;
    Instant verify_until{};
    std::deque<VerifyStep> verify_owed;  // one a frame
};

}  // namespace lanchat::controller::roster
