// Which network a node belongs to: the open one, or that of a passphrase.
#pragma once

#include <string>

#include "message/result.hpp"

namespace lanchat {

// What a passphrase in its normal form (passphrase.hpp) is stretched to (Argon2id, RFC 9106), the
// same on every node. Takes a tenth of a second and 64 MiB. A Failure if it is weak.
Result<std::string> network_secret(std::string passphrase);

// A data directory belongs to the network that it was first used with: yesterday's closed history
// must not get into today's open network (log.md 11). A Failure if it is another one; an empty
// directory belongs to none.
Result<bool> bind_to_network(const std::string& data_dir, const std::string& secret);

}  // namespace lanchat
