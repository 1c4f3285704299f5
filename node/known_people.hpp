// Whom this node knows: what its person asks of the book of people, and what is written of it.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "controller/find_person.hpp"
#include "controller/room.hpp"
#include "node/keep/book_of_people.hpp"
#include "node/node.hpp"
#include "node/node_loop.hpp"

namespace lanchat {

namespace brain = controller;

// Loop thread only; Node's members of these names say what they mean. Keeps references to the loop,
// the room and the book.
class KnownPeople {
  public:
    struct Settings {
        DeviceId self;
        brain::OnKeyChange on_key_change = brain::OnKeyChange::warn;
    };

    KnownPeople(NodeLoop& loop, const brain::Room& room, BookOfPeople& book, Settings settings,
                std::function<void(brain::Input)> feed);
    KnownPeople(const KnownPeople&) = delete;
    KnownPeople& operator=(const KnownPeople&) = delete;

    Result<DeviceId> find(std::string_view word, bool blocked) const;
    bool means_somebody(std::string_view word) const;
    std::vector<PeerInfo> blocked() const;
    std::set<DeviceId> hidden() const;

    void block(const DeviceId& device, bool on, Decided done);
    std::optional<Failure> verify(const DeviceId& device);
    std::optional<Failure> pin(const DeviceId& device);

    // Writes the book.
    void save(bool at_once);
    // Tells that somebody is verified once it is on the disk, or why it is not.
    void tell_kept(const brain::Verification& verification, std::function<void(const Event&)> tell);

  private:
    NodeLoop& loop_;
    const brain::Room& room_;
    BookOfPeople& book_;
    const Settings settings_;
    std::function<void(brain::Input)> feed_;
};

}  // namespace lanchat
