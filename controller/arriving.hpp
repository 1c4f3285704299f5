// What is known of a run as it comes, besides what is in it.
#pragma once

#include "message/extent.hpp"
#include "message/ids.hpp"
#include "message/time.hpp"

namespace lanchat::controller {

struct Arriving {
    bool imported;         // no peer brought it
    const Extent& before;  // what was held of its log
    bool was_stored;       // something of its log was on the disk
    Seq missed;            // what its bringer or its author had of that log when it came
    Now now;
};

}  // namespace lanchat::controller
