// `lanchat verify`, `block` and `unblock`: what somebody decides about a key.
#pragma once

#include <string>

#include "app/commands/command.hpp"

namespace lanchat::app {

struct Verify {
    std::string peer;
    std::string code;     // that the other side showed; empty: a person compares
    std::string id = {};  // its whole id, known by other means: no code is compared

    int operator()(api::Client& node, const Streams& streams) const;
};

struct Block {
    std::string peer;
    bool on = true;

    int operator()(api::Client& node, const Streams& streams) const;
};

}  // namespace lanchat::app
