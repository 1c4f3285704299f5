// The JSON lines a node writes: one object a line, exactly as the interface promises.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/faces/face.hpp"
#include "message/run.hpp"
#include "node/values.hpp"

namespace lanchat::app {

// Appends `text`, which is UTF-8, as a JSON string. Written by hand because every line of chat
// goes through here. DEL and C1 are escaped too: JSON on a terminal must not steer it.
void append_json_string(std::string& out, std::string_view text);

// Appends "2026-11-20T10:03:11.120Z". A time outside the years 0 to 9999 becomes the nearest
// inside.
void append_utc(std::string& out, WallTime time);

// Each appends one object and a newline.
void append_ready(std::string& out, const Readiness& node);
// `cursor`: of a message that is on the disk.
void append_event(std::string& out, const controller::Event& event, std::string_view cursor = {});

// A message with its place among all lines, as far as that is known. An address with port 0 is
// none.
struct Place {
    std::string_view cursor;
    std::string_view order;
    bool history = false;
    bool disputed = false;
};
void append_message(std::string& out, const controller::Message& message, const Place& place);

// A line of ours is on this node's disk; and how many of its audience have it on theirs.
void append_ack(std::string& out, std::string_view ref, std::string_view id);
void append_delivery(std::string& out, std::string_view id, DeliveryCount count);

void append_peer(std::string& out, const controller::PeerInfo& peer);

void append_room(std::string& out, std::string_view name);

// A node as it answers for itself.
struct NodeStatus {
    std::string_view id;
    std::string_view name;
    std::string_view address;
    std::string_view version;
    std::string_view cursor;
    std::uint32_t peers = 0;
    std::string_view problem;
    std::optional<store::Tally> held;  // what it holds
    std::string_view socket = {};
    std::vector<std::string> warnings = {};
    std::vector<std::string> addresses = {};
    Standing standing = {};
};
void append_status(std::string& out, const NodeStatus& status);

// What a check of the doctor found; no `do`: nothing is to be done.
void append_finding(std::string& out, std::string_view check, std::string_view result,
                    std::string_view cause, std::string_view remedy);

// All that a run is made of, in base64 (RFC 4648).
void append_run(std::string& out, const Run& run);
void append_bye(std::string& out, std::string_view reason);

// Why an input line was not taken. `ref` is the sender's own mark, if there was one.
struct JsonError {
    std::string ref;
    bool has_ref = false;
    std::string code;
    std::string message;
};
void append_error(std::string& out, const JsonError& error);

}  // namespace lanchat::app
