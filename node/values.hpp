// What is handed to a node and comes back from it: the same values for whoever embeds a node and
// for everything that speaks to one through its port.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "controller/events.hpp"
#include "message/entry.hpp"
#include "message/result.hpp"
#include "node/store/store.hpp"

namespace lanchat {

using controller::DeliveryCount;
using controller::Event;
using controller::PeerInfo;

// A line to be said.
struct Saying {
    std::string text;
    std::string room = "general";
    // The caller's name for this line, empty: none. A request with a name that this device has
    // used before says nothing: the answer is the line that was said with it.
    std::string said_id = {};
    DeviceId to = {};  // for this device alone; none: for everybody in the room
    Marks marks = {};  // what stands beside the text
};
// Called with the place of the line once it survives a power cut here, or with why it was not said.
using WhenSaid = std::function<void(const Result<LineId>&)>;

// Nothing: what was decided about a device is on the disk.
using Decided = std::function<void(const std::optional<Failure>&)>;

struct Imported {
    std::uint64_t lines_new = 0;
    std::uint64_t runs_refused = 0;
    std::string why;  // of the first refused run
};

// How a node stands in its network.
struct Standing {
    std::vector<Endpoint> addresses;    // where it can be reached
    std::vector<std::string> networks;  // that it looks for others in
    std::uint64_t scan_passed = 0;      // of `scan_targets`, in this sweep
    std::uint64_t scan_targets = 0;
    std::uint64_t sweeps = 0;  // that are over
    bool sweeping = false;
    bool beacon = false;  // it calls somewhere
    std::uint64_t calls_sent = 0;
    std::uint64_t calls_heard = 0;               // of others
    std::uint64_t links_accepted = 0;            // that other machines have dialled
    std::optional<std::int64_t> clock_ahead_ms;  // of the clocks of peers; none: there are none
    std::vector<std::string> other_networks =
        {};  // who does not know our passphrase, or we not theirs
    std::vector<std::string> other_versions = {};  // and whom no link is possible with
};

// Tells where a line was stored; `id` is that of the line's message. An arrival of 0: the line gets
// no place, or its place was told already.
using Placed = std::function<void(const std::string& id, store::Arrival arrival)>;

}  // namespace lanchat
