// The JSON lines a node reads: every line becomes something to say or a clear refusal.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "app/faces/json_output.hpp"

namespace lanchat::app {

struct SendRequest {
    std::string text;
    std::string room;
    std::string ref;
    bool has_ref = false;
    std::string to = {};  // for this peer alone; empty: for everybody in the room
};

// Takes any bytes; invalid UTF-8 is replaced first. Strict: a key that no request has, one that
// comes twice, or a value of a wrong type is an error that names the key. An error has the ref
// whenever one can be read. Never throws; work and memory are bounded by the length of the line.
std::variant<SendRequest, JsonError> parse_json_line(std::string_view line);

}  // namespace lanchat::app
