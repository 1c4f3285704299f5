// What talk keeps of a peer: how far our lines have come there, and what of its own is to be
// acknowledged.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "controller/talk/ledger.hpp"
#include "controller/talk/receipts.hpp"
#include "message/ids.hpp"
#include "message/time.hpp"

namespace lanchat::controller::talk {

// Our lines over one open link.
struct Flow {
    LinkId link{};
    Place sent = 0;             // the newest one given to this link
    std::string rest;           // a line of several, on its way to a legacy peer
    std::size_t rest_from = 0;  // what of it is still to go

    bool is_between_lines() const { return rest_from >= rest.size(); }
};

// A stretch of own lines: those after `after`, up to `to`.
struct Gap {
    Place after = 0;
    Place to = 0;
};

struct Peer {
    std::vector<Flow> flows;  // over each open link: one, as a rule

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

    // A legacy peer's lines that were too long.
    std::uint64_t too_long = 0;            // that are not reported yet
    std::optional<Instant> too_long_told;  // the last time

    // Its lines here, waiting to be acknowledged.
    std::size_t unacked = 0;  // lines, long ones counted several times
    std::optional<Instant> ack_due;

    ReceiptQueue receipts;  // of others for it, and ours for those it is linked with

    // Null: that link is not open.
    const Flow* flow(LinkId link) const {
        const auto it = std::ranges::find(flows, link, &Flow::link);
        return it == flows.end() ? nullptr : &*it;
    }
    Flow* flow(LinkId link) {
        const auto it = std::ranges::find(flows, link, &Flow::link);
        return it == flows.end() ? nullptr : &*it;
    }
};

}  // namespace lanchat::controller::talk
