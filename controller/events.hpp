// What the room tells whoever watches: the node's owner, a screen, a script.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "message/address.hpp"
#include "message/entry.hpp"
#include "message/time.hpp"

namespace lanchat::controller {

// What this node's person thinks of a key.
enum class Trust { unverified, verified, blocked };

// The word that programs read.
constexpr std::string_view to_word(Trust trust) {
    switch (trust) {
        case Trust::unverified:
            return "unverified";
        case Trust::verified:
            return "verified";
        case Trust::blocked:
            return "blocked";
    }
    return "unverified";
}

// A peer as others may see it. `id` is empty for a legacy peer, whose name is its address.
struct PeerInfo {
    Endpoint address;
    std::string id;
    std::string name;
    bool legacy = false;
    bool encrypted = false;  // the link with it
    Trust trust = Trust::unverified;
    std::string mark{};  // the beginning of its id, if the name alone may be taken for another's

    bool operator==(const PeerInfo&) const = default;
};

enum class DownReason { left, lost, replaced, blocked };
enum class UndeliveredReason { slow, gone, too_long };

// The words that programs read.
constexpr std::string_view to_word(DownReason reason) {
    switch (reason) {
        case DownReason::left:
            return "left";
        case DownReason::lost:
            return "lost";
        case DownReason::replaced:
            return "replaced";
        case DownReason::blocked:
            return "blocked";
    }
    return "lost";
}
constexpr std::string_view to_word(UndeliveredReason reason) {
    switch (reason) {
        case UndeliveredReason::slow:
            return "slow";
        case UndeliveredReason::gone:
            return "gone";
        case UndeliveredReason::too_long:
            return "too_long";
    }
    return "slow";
}

struct PeerUp {
    PeerInfo peer;
};

struct PeerDown {
    PeerInfo peer;
    DownReason reason;
};

// A peer that is still here is met at another address from now on.
struct PeerMoved {
    PeerInfo peer;
    Endpoint before;
};

// A line said by someone else, or (own) by this node. Exact text: sanitise before drawing it.
// Shown once per data directory. `from.address` is empty when its author is not linked to us, and
// so is `to.address`; `to.name` is when it is not known here.
struct Message {
    std::string id;
    std::string room;
    PeerInfo from;
    WallTime said;
    std::string text;
    bool own = false;
    bool history = false;  // it was said while this node was away

    // Its place in the order of all lines (log.md 12); a legacy peer's line is in no log.
    Clock clock{};
    LineId line{};
    bool late = false;         // lines that come after it have been shown already
    bool clock_ahead = false;  // it is dated more than 10 minutes later than we believe it is now
    std::optional<PeerInfo> to = {};  // for this one alone; none: for everybody
    std::optional<Via> via = {};      // on behalf of whom; none: for itself
    std::string reply_to = {};        // the id of the line that it replies to; empty: to none
    bool urgent = false;
    bool action = false;               // the text is what the author does, in the third person
    BodyState body = BodyState::here;  // else there is no text
};

inline void put_marks(const Marks& marks, Message& message) {
    message.via = marks.via;
    if (marks.reply_to) message.reply_to = message_id(*marks.reply_to);
    message.urgent = marks.urgent;
    message.action = marks.action;
}

// A line as the link of its author has just brought it, before anybody has looked whether that has
// signed it: for whoever cannot wait for 50 us. A Message with the same id follows once it is
// proven, or a Withdrawn.
struct Glimpse {
    Message message;
};

// It was not proven: nobody has said that line, as far as anybody knows.
struct Withdrawn {
    std::string id;  // of its message
    LineId line;
    PeerInfo by;
};

// An author has taken back a line: its text is nowhere any more where this is known.
struct TakenBack {
    std::string id;  // of its message
    LineId line;
    PeerInfo by;
};

// An author has signed two different lines for one place: its log ends here (log.md 6).
struct Forked {
    PeerInfo author;
};

// A node of another network listens at `where`. Told once of each.
struct OtherNetwork {
    Endpoint where;
};

// A node of another version of lanchat is at `where`, and cannot be linked. Told once of each. The
// port is 0 if that node dialled us: where it listens is not known then.
struct OtherVersion {
    Endpoint where;

    // The address that people and programs are told: without a port that is not known.
    std::string address() const { return where.port == 0 ? to_string(where.ip) : to_string(where); }
};

// Lines of ours that `peer` will not get from us; or, too_long, lines of `peer`, a legacy one, that
// are longer than a line may be and were not taken.
struct Undelivered {
    PeerInfo peer;
    std::uint64_t lines = 0;
    UndeliveredReason reason = UndeliveredReason::slow;
};

// How far a line has come: `delivered` of `of` devices have it, `gone` have left without it.
struct DeliveryCount {
    std::uint32_t delivered = 0;
    std::uint32_t of = 0;
    std::uint32_t gone = 0;

    bool operator==(const DeliveryCount&) const = default;
};

// Where an own line that somebody watches has arrived. `id` is that of its message.
struct Delivery {
    std::string id;
    LineId line;
    DeliveryCount count;
};

// Another key uses a name that looks like that of one that was verified or written to directly.
struct KeyChanged {
    PeerInfo now;
    PeerInfo known;
};

// How far comparing keys with a peer has come. `code` is what both people see.
struct Verification {
    enum class Stage { shown, verified, refused, timed_out, lost, failed };  // failed: not kept
    PeerInfo peer;
    Stage stage = Stage::shown;
    std::string code;
    std::string why = {};  // of `failed`
};
constexpr std::string_view to_word(Verification::Stage stage) {
    switch (stage) {
        case Verification::Stage::shown:
            return "shown";
        case Verification::Stage::verified:
            return "verified";
        case Verification::Stage::refused:
            return "refused";
        case Verification::Stage::timed_out:
            return "timed_out";
        case Verification::Stage::lost:
            return "lost";
        case Verification::Stage::failed:
            return "failed";
    }
    return "lost";
}

using Event =
    std::variant<PeerUp, PeerDown, PeerMoved, Message, Glimpse, Withdrawn, TakenBack, Forked,
                 OtherNetwork, OtherVersion, Undelivered, Delivery, KeyChanged, Verification>;

}  // namespace lanchat::controller
