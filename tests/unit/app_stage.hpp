// What a face that is tested stands on: a node, and what the face wrote.
#pragma once

#include <asio/io_context.hpp>
#include <string>
#include <string_view>

#include "app/faces/face.hpp"
#include "tests/unit/app_fake_node.hpp"

namespace lanchat::app {

inline const PeerInfo alice{{{0x7F000001}, 4566}, "a1b2", "alice", false};
inline const PeerInfo old_one{{{0xC0A80107}, 4569}, "", "192.168.1.7:4569", true};

// Outlives the face that got its surface.
struct Stage {
    Surface surface() {
        return {loop, node, [this](std::string_view lines) { out += lines; },
                [this](std::string_view lines) { notes += lines; }, [this] { ++left; }};
    }
    // Lets the node answer.
    void settle() {
        loop.restart();
        loop.poll();
    }

    asio::io_context loop;
    FakeNode node{loop};
    std::string out;
    std::string notes;
    int left = 0;
};

}  // namespace lanchat::app
