// Who is meant by the PEER of a direct message, and saying something to it alone.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <variant>

#include "app/api/backend.hpp"

namespace lanchat::app::api {

struct Recipient {
    DeviceId id;
    std::string name;   // empty: not known
    bool here = false;  // linked now; else what is said waits
};

struct NoRecipient {
    std::string why;
    bool never = false;  // whoever is meant cannot be one
};

// `done` is called later. Who is away is found by what it said, and by what was said to it.
void find_recipient(Backend& backend, const std::string& peer,
                    const std::function<void(const std::variant<Recipient, NoRecipient>&)>& done);

struct Published {
    Result<LineId> line;
    std::optional<Recipient> to;
    bool never = false;  // not said, since its reader cannot be one
};

// As Backend::publish; what is for a `peer` (empty: everybody) goes to it alone.
void publish_to(Backend& backend, const std::string& peer, Backend::Saying saying,
                const std::function<void(const Published&)>& done);

}  // namespace lanchat::app::api
