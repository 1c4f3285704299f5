// Who is meant by the PEER of a direct message, and saying something to it alone.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <variant>

#include "node/port.hpp"

namespace lanchat::app {

struct NoRecipient {
    Failure failure;
    bool never = false;  // whoever is meant cannot be one
};

// Among those who are here and those who are remembered.
std::variant<DeviceId, NoRecipient> find_recipient(NodePort& node, const std::string& peer);

struct Published {
    Result<LineId> line;
    std::string waits_for = {};  // the name of its reader, if that is away
    bool never = false;          // not said, since its reader cannot be one
};

// As NodePort::say; what is for a `peer` (empty: everybody) goes to it alone. May call `done`
// before it returns.
void publish_to(NodePort& node, const std::string& peer, Saying saying,
                const std::function<void(const Published&)>& done);

}  // namespace lanchat::app
