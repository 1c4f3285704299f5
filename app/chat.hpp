// What a face (plain or JSON) may ask of the node, so that a test can stand in for it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/events.hpp"
#include "message/result.hpp"

namespace lanchat::app {

struct Chat {
    // Node::say: the message id, or why the line was not said.
    std::function<Result<std::string>(std::string text, std::string room)> say;
    // Says a line that somebody asks after: `stored` gets the id later, once the line is on our
    // disk; Delivery events follow.
    using Stored = std::function<void(const Result<std::string>&)>;
    std::function<void(std::string text, std::string room, Stored stored)> say_and_tell;
    std::function<std::vector<controller::PeerInfo>()> peers;
    std::function<void()> leave;
    // To one peer alone, named as in commands; `told` may be called before this returns.
    struct Told {
        Result<std::string> id;
        std::string waits_for = {};  // its reader, if that is away
    };
    std::function<void(std::string peer, std::string text, std::function<void(const Told&)> told)>
        tell = {};

    // The members of Node with these names.
    std::function<Result<DeviceId>(const std::string& word, bool blocked)> find_person = {};
    std::function<controller::PeerInfo(const DeviceId&)> about = {};
    std::function<std::vector<controller::PeerInfo>()> blocked = {};
    using Decided = std::function<void(const std::optional<Failure>&)>;
    std::function<void(const DeviceId&, bool on, Decided done)> block = {};
    std::function<std::optional<Failure>(const DeviceId&)> verify = {};
    std::function<std::optional<Failure>(const DeviceId&)> pin = {};
    std::function<void(const DeviceId&, const std::string& code, bool same)> judge = {};
    std::function<bool(const std::string& word)> means_somebody = {};
};

// Takes whole lines, newline included.
using Sink = std::function<void(std::string_view)>;

}  // namespace lanchat::app
