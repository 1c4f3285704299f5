// Where a node listens and looks: the configuration applied to this machine's interfaces.
#pragma once

#include <string>
#include <vector>

#include "config/config.hpp"
#include "discover/beacon.hpp"
#include "discover/interfaces.hpp"
#include "message/address.hpp"
#include "message/result.hpp"

namespace lanchat {

struct Places {
    std::vector<Ipv4> listen;           // at least one
    std::vector<Cidr> cidrs;            // what is scanned
    std::vector<Endpoint> given;        // named by the user
    std::vector<discover::Card> cards;  // where a beacon may call
    std::vector<std::string> narrowed;  // for people: which subnets are scanned in part only
};

Result<Places> find_places(const Config& config,
                           const std::vector<discover::Interface>& interfaces);

}  // namespace lanchat
