// What a person or a program sees of a node, and how either is heard. A run has one face; what
// differs between faces they answer themselves, so that nobody asks which one it is.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "app/streams/sink.hpp"
#include "node/port.hpp"

namespace asio {
class io_context;
}

namespace lanchat::app {

// What a face works with. All of it outlives the face.
struct Surface {
    asio::io_context& loop;
    NodePort& node;
    Sink out;                     // standard output: what a program or a person reads
    Sink notes;                   // standard error: what is told to a person beside that
    std::function<void()> leave;  // to be called when somebody wants to end the run
};

// A node that has started.
struct Readiness {
    std::string_view id;
    std::string_view name;
    Endpoint address;
    std::string_view cursor = {};  // resumes with the next line that comes
};

// For a face whose lines are typed and edited on a terminal.
class Typing {
  public:
    virtual ~Typing() = default;

    // What stands before the line that is typed.
    virtual std::string prompt() const = 0;
    // Whether a line is better looked at again than taken, as a note tells. What was pasted is no
    // command.
    virtual bool keeps(std::string_view line, bool pasted) = 0;
    virtual void take_typed(std::string_view line) = 0;
    virtual void take_pasted(std::string_view line) = 0;
    // Tells the person something about its typing.
    virtual void note(std::string_view text) = 0;
};

// Used on the loop's thread.
class Face {
  public:
    virtual ~Face() = default;

    // First and once.
    virtual void ready(const Readiness& node) = 0;
    // Every event of the node.
    virtual void hear(const Event& event) = 0;
    // Whether it wants to hear of lines that are not proven yet (Glimpse, Withdrawn), too.
    virtual bool wants_glimpses() const { return false; }
    // More lines are on the disk, or it refuses lines.
    virtual void disk_has_news() {}
    // Whether placed() is to be called: with each line, before disk_has_news().
    virtual bool wants_places() const { return false; }
    virtual void placed(const std::string& /*id*/, store::Arrival /*arrival*/) {}
    // Last: why the node leaves.
    virtual void bye(std::string_view reason) = 0;

    // Standard input, where it is not typed on a terminal: whole lines without their newline, of at
    // most so many bytes; of longer ones it is told that they came.
    virtual std::size_t line_bytes_max() const = 0;
    virtual void take_line(std::string_view line) = 0;
    virtual void refuse_too_long() = 0;
    // Whether what was read comes back on the output: then reading pauses while that is not read.
    virtual bool echoes() const = 0;

    // None: it is for no terminal.
    virtual Typing* typing() { return nullptr; }
};

}  // namespace lanchat::app
