// What plain mode shows of an event: a line for standard output, or a note for standard error.
#pragma once

#include <string>
#include <string_view>

#include "controller/events.hpp"

namespace lanchat::app {

// For whom a line is: marks tell people of names that look alike and of wrong clocks, scripts want
// names alone.
struct LineStyle {
    bool marks = true;
    bool color = false;
};

// Appends "NAME: TEXT" and a newline ("NAME@ROOM: TEXT" outside general), fit for a terminal. With
// marks, "(clock?) " comes before it if the line is dated later than can be.
void append_message(std::string& out, const controller::Message& message, LineStyle style);

// "alice (127.0.0.1:4566)"; a legacy peer is "127.0.0.1:4566 (legacy)".
std::string describe(const controller::PeerInfo& peer);

// "alice (127.0.0.1:4566) joined" and the like; empty where a person is told nothing, or, of a
// message, a line of its own.
std::string describe(const controller::Event& event);

// Appends "-- NOTE" and a newline; dim where there are colours.
void append_note(std::string& out, std::string_view note, bool color);

}  // namespace lanchat::app
