// Stands in for the node behind a face: notes what it is asked to say, and knows two peers.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "app/chat.hpp"

namespace lanchat::app {

inline const controller::PeerInfo alice{{{0x7F000001}, 4566}, "a1b2", "alice", false};
inline const controller::PeerInfo old_one{{{0xC0A80107}, 4569}, "", "192.168.1.7:4569", true};

// Outlives the face that got its chat. Refuses to say "no", with a reason that needs escaping.
struct StandIn {
    Chat chat() {
        return {[this](const std::string& text, const std::string& room) -> Result<std::string> {
                    if (text == "no") return Failure{"be\033cause"};
                    said.push_back(room + "|" + text);
                    return std::string("id");
                },
                [](const std::string& text, const std::string&, const Chat::Stored& stored) {
                    if (text == "no") return stored(Failure{"be\033cause"});
                    stored(std::string("id"));
                },
                [] {
                    return std::vector<controller::PeerInfo>{alice, old_one};
                },
                [this] { ++left; },
                [this](const std::string& peer, const std::string& text,
                       const std::function<void(const Chat::Told&)>& told) {
                    if (peer == "nobody") return told({Failure{"be\033cause"}});
                    said.push_back(peer + "<-" + text);
                    told({std::string("id"), peer == "bob" ? "bob" : ""});
                }};
    }

    std::vector<std::string> said;  // "ROOM|TEXT", "PEER<-TEXT"
    int left = 0;
};

}  // namespace lanchat::app
