// Which part takes which field of a frame that came, and which fills it in one that goes. A field
// that nobody takes, or that nobody fills, does not compile.
#include <utility>

#include "controller/room.hpp"
#include "message/assert.hpp"

namespace lanchat::controller {
namespace {

// What one part does with these fields of a frame.
template <auto act, auto... fields>
struct Step {
    static constexpr auto does = act;
    template <auto field>
    static constexpr bool has = Fields<fields...>::template has<field>;
};

// All of it, in this order.
template <class... Each>
struct Steps {
    // Whether each field of a frame is somebody's.
    static constexpr bool are_complete =
        FrameFields::all([]<auto field>() { return (Each::template has<field> || ...); });

    // Until one of them says (false) that nothing more is to be done.
    template <class Of>
    static bool run(Of& of) {
        return ((of.*Each::does)() && ...);
    }
};

}  // namespace

// --- a frame that came ---------------------------------------------------------------------------

// From a lanchat peer, over a link that is open.
struct Room::Taking {
    Room& room;
    roster::Link& link;
    Peer& peer;
    const Frame& frame;
    Now now;
    Effects& out;

    bool time() {
        if (!frame.wall) return true;
        if (peer.roster.up) room.walls_.told(peer.roster.key.node, *frame.wall, now.steady);
        room.turn_page_if_ahead(now, out);
        return true;
    }
    bool greeting() {
        room.roster_.take_hello(link, peer.roster, frame, now.steady);
        return true;
    }
    bool acknowledgement() {
        room.talk_.take(peer.roster, peer.talk, frame, now.steady);
        return true;
    }
    bool ping() {
        roster::Roster::take_ping(link, frame);
        return true;
    }
    bool places() {
        room.roster_.take_places(link, frame, now, out);
        return true;
    }
    bool logs() {
        room.sync_.take(peer.roster, peer.sync, frame, now, out);
        return true;
    }
    bool receipts() {
        room.talk_.take_receipts(frame, now, out);
        return true;
    }
    bool questions() {
        room.sync_.ask_for_missing(now, out);
        return true;
    }
    bool verification() {
        room.roster_.take_verify(peer.roster, frame, now, out);
        return true;
    }
    bool goodbye() { return !room.roster_.take_bye(peer.roster, frame, now, out); }

    using All =
        Steps<Step<&Taking::time, &Frame::wall>,                 // what is dated next goes by it
              Step<&Taking::greeting, &Frame::hello>,            // again, when another log begins
              Step<&Taking::acknowledgement, &Frame::received>,  // of lines of ours
              Step<&Taking::ping, &Frame::ping>,
              Step<&Taking::places, &Frame::seeks, &Frame::places>,
              Step<&Taking::logs, &Frame::linked, &Frame::proofs, &Frame::have, &Frame::listing,
                   &Frame::said, &Frame::digest, &Frame::differ, &Frame::listed, &Frame::runs,
                   &Frame::want, &Frame::lacks, &Frame::bodies>,
              Step<&Taking::receipts, &Frame::receipts>,  // once it is known what logs there are
              Step<&Taking::questions>,                   // about what all of that says is missing
              Step<&Taking::verification, &Frame::verify>,  // of two keys
              Step<&Taking::goodbye, &Frame::bye>>;
};

void Room::take(roster::Link& link, Peer& peer, const Frame& frame, Now now, Effects& out) {
    static_assert(Taking::All::are_complete);
    Taking taking{*this, link, peer, frame, now, out};
    if (!Taking::All::run(taking)) return;
    pump(link, &peer, now, out);
    pump_peer(peer, now, out);
}

// --- a frame that goes ---------------------------------------------------------------------------

// Over a link that is free. `carries`: it carries the lines of its peer, a lanchat one.
struct Room::Filling {
    Room& room;
    roster::Link& link;
    Peer* peer;
    bool carries;
    bool greets = false;  // an acknowledgement is owed with the greeting
    Frame& frame;
    Now now;
    Effects& out;

    bool control() {
        greets = room.roster_.fill(link, frame);
        return true;
    }
    bool proofs() {
        if (carries) room.sync_.fill_proofs(peer->sync, link.id, frame, now.steady, out);
        return true;
    }
    bool lines() {
        if (peer != nullptr && peer->roster.active == link.id && link.stage == roster::Stage::open)
            room.talk_.fill(peer->roster, peer->talk, link.id, frame, now, out);
        return true;
    }
    bool letters() {
        if (carries && frame.proofs.empty()) room.mail_.fill(peer->letters, frame);
        return true;
    }
    bool logs() {
        if (carries && frame.proofs.empty())
            room.sync_.fill(peer->roster, peer->sync, link.id, frame, now.steady, out);
        return true;
    }
    bool acknowledgement() {
        if (peer != nullptr && !peer->roster.key.legacy)
            room.talk_.fill_ack(peer->roster, peer->talk, greets, carries, frame, now.steady);
        return true;
    }
    bool receipts() {
        if (carries) talk::Talk::fill_receipts(peer->talk, frame, now.steady);
        return true;
    }
    bool verification() {
        if (carries) roster::Roster::fill_verify(peer->roster, frame);
        return true;
    }
    bool links() {
        if (carries) room.sync_.fill_linked(peer->roster, peer->sync, frame, now.steady);
        return true;
    }
    bool places() {
        room.roster_.fill_places(link, peer ? &peer->roster : nullptr, frame, now);
        return true;
    }
    bool time() {
        roster::Roster::fill_wall(link, frame, now);
        return true;
    }

    using All =
        Steps<Step<&Filling::control, &Frame::hello, &Frame::ping, &Frame::bye>,
              Step<&Filling::proofs, &Frame::proofs>,  // they are large, and keep lines and logs
                                                       // out
              Step<&Filling::lines, &Frame::runs>,     // our own first
              Step<&Filling::letters, &Frame::runs, &Frame::have, &Frame::listing>,
              Step<&Filling::logs, &Frame::have, &Frame::listing, &Frame::listed, &Frame::said,
                   &Frame::digest, &Frame::differ, &Frame::want, &Frame::runs, &Frame::lacks,
                   &Frame::bodies>,
              Step<&Filling::acknowledgement, &Frame::received>,  // rather with lines than alone
              Step<&Filling::receipts, &Frame::receipts>,         // those that are due
              Step<&Filling::verification, &Frame::verify>,       // a step of it
              Step<&Filling::places, &Frame::seeks, &Frame::places>,
              Step<&Filling::links, &Frame::linked>,  // with what goes anyway
              Step<&Filling::time, &Frame::wall>>;    // so does that
};

// The one place that sends. A link that is free gets everything that waits for it in one frame, so
// lines travel alone when it is quiet and in batches when it is not.
void Room::pump(roster::Link& link, Peer* peer, Now now, Effects& out) {
    static_assert(Filling::All::are_complete);
    if (!link.may_send()) return;
    const bool carries = peer != nullptr && !peer->roster.key.legacy &&
                         peer->roster.active == link.id && link.stage == roster::Stage::open;
    Frame frame;
    Filling filling{*this, link, peer, carries, false, frame, now, out};
    Filling::All::run(filling);
    LANCHAT_ASSERT(peer == nullptr || mail_.may_take(peer->roster, frame));
    roster::Roster::send(link, std::move(frame), out);
}

}  // namespace lanchat::controller
