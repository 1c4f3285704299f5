// What sync keeps of a peer: what this node and the peer tell each other of all logs.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "controller/sync/bodies.hpp"
#include "controller/sync/claims.hpp"
#include "controller/sync/comparison.hpp"
#include "controller/sync/fork_news.hpp"
#include "controller/sync/inquiries.hpp"
#include "controller/sync/neighbours.hpp"
#include "message/frame.hpp"

namespace lanchat::controller::sync {

struct Peer {
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
    std::vector<Want> wants_owed;

    // Its questions.
    std::deque<Want> asked;
    std::deque<RunPtr> served;       // the part of the first answer that is at hand
    std::optional<LinkId> fetching;  // over which link it will go

    Bodies::Peer bodies;

    // Forks.
    Inquiries inquiries;            // into branches that it holds
    std::size_t examining = 0;      // of its runs that are compared with ours
    ForkNews fork_news;             // ours to it
    std::optional<LinkId> proving;  // proofs are read, to go over this link
    std::vector<Fork> proofs;       // that are at hand
};

}  // namespace lanchat::controller::sync
