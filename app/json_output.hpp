// The JSON lines a node writes: one object a line, exactly as the interface promises.
#pragma once

#include <string>
#include <string_view>

#include "controller/events.hpp"

namespace lanchat::app {

// Appends `text`, which is UTF-8, as a JSON string. Written by hand because every line of chat
// goes through here. DEL and C1 are escaped too: JSON on a terminal must not steer it.
void append_json_string(std::string& out, std::string_view text);

// Appends "2026-11-20T10:03:11.120Z". A time outside the years 0 to 9999 becomes the nearest
// inside.
void append_utc(std::string& out, WallTime time);

// Each appends one object and a newline.
struct Readiness {
    std::string_view id;
    std::string_view name;
    Endpoint address;
};
void append_ready(std::string& out, const Readiness& node);
void append_event(std::string& out, const controller::Event& event);
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
