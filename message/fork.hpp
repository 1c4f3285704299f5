// A fork: one device signed two different entries for one place of one log. Two runs prove it.
#pragma once

#include <optional>

#include "message/run.hpp"

namespace lanchat {

struct Fork {
    LogId log;
    Seq seq = 0;  // lowest place that both runs hold and where they differ
    RunPtr a;
    RunPtr b;

    // Whether both agree on all before that place; else their branches part somewhere lower.
    bool is_tight() const;
};

// Nothing if the runs agree where they overlap, or do not overlap.
std::optional<Fork> fork_between(const RunPtr& a, const RunPtr& b);

}  // namespace lanchat
