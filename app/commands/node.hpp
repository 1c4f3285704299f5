// The commands that ask a running node. All return the exit code: 0 done, 1 failed, 2 usage, 3 no
// running node, 4 not delivered in time, 5 refused.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <ostream>
#include <string>
#include <variant>

#include "app/api/client.hpp"
#include "controller/events.hpp"

namespace lanchat::app {

struct Send {
    std::string room;
    std::string text;
    bool from_input = false;  // each line of standard input instead
    std::string said_id;
    api::Wait wait;
    std::string to = {};  // for this peer alone
};

struct History {
    api::Query query;
};

struct Verify {
    std::string peer;
    std::string code;     // that the other side showed; empty: a person compares
    std::string id = {};  // its whole id, known by other means: no code is compared
};

struct Block {
    std::string peer;
    bool on = true;
};

struct ListPeers {};
struct ListRooms {};
struct ShowStatus {};

struct Export {
    enum class Format { jsonl, md };
    Format format = Format::jsonl;
    std::string file;  // empty: standard output
};

struct Import {
    std::string file;
};

struct Tail {
    api::Tail tail;
    std::optional<std::uint64_t> count_max;  // ends after so many
};

struct NodeCommand {
    std::filesystem::path data_dir;
    bool json = false;
    std::variant<Send, Tail, History, Verify, Block, ListPeers, ListRooms, ShowStatus, Export,
                 Import>
        what;
};

// What a command reads and writes.
struct Streams {
    int in = 0;
    std::ostream& out;
    std::ostream& err;
    bool json = false;
};

int run_command(const NodeCommand& command, int in, std::ostream& out, std::ostream& err);

int send(api::Client& node, const Send& command, const Streams& streams);
int tail(api::Client& node, const Tail& command, const Streams& streams);
int history(api::Client& node, const History& command, const Streams& streams);
int verify(api::Client& node, const Verify& command, const Streams& streams);
int block(api::Client& node, const Block& command, const Streams& streams);
int list_peers(api::Client& node, const Streams& streams);
int list_rooms(api::Client& node, const Streams& streams);
int show_status(api::Client& node, const Streams& streams);
int export_lines(api::Client& node, const Export& command, const Streams& streams);
int import_lines(api::Client& node, const Import& command, const Streams& streams);

// Tells why on standard error; returns the exit code.
int report(const api::Problem& problem, const Streams& streams);

// As a peer of events.
controller::PeerInfo peer_of(const api::Author& author);

// One line as people or programs read it.
void append_line(std::string& out, const api::Line& line, bool json);

}  // namespace lanchat::app
