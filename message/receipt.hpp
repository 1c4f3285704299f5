// A receipt: a member's signed word that it has lines of somebody whom it cannot reach itself.
#pragma once

#include <cstdint>

#include "message/ids.hpp"
#include "message/keys.hpp"

namespace lanchat {

// `member`, as the process `instance`, has flushed all after `after` up to `last` of `log`. Others
// carry it to the log's author. Those in a frame were verified as it was decoded.
struct Receipt {
    DeviceId member;
    InstanceId instance{};
    LogId log;
    Seq after = 0;
    Seq last = 0;
    std::uint64_t count = 0;  // of this process's receipts for this log; a later one is greater
    Signature signature;

    NodeId node() const { return {member, instance}; }

    bool operator==(const Receipt&) const = default;
};

// Precondition: `key` is of `receipt.member`.
void sign(Receipt& receipt, const DeviceKey& key);

bool verify(const Receipt& receipt);

}  // namespace lanchat
