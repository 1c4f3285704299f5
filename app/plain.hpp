// Plain mode: lines in, lines out, for pipes and for a person at a terminal.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "app/chat.hpp"
#include "app/json_output.hpp"
#include "controller/events.hpp"

namespace lanchat::app {

struct PlainOptions {
    bool quiet = false;     // no notes about comings and goings
    bool commands = false;  // lines that begin with '/' are commands
    bool color_out = false;
    bool color_notes = false;
};

// Used on the loop's thread.
class PlainFace {
  public:
    // Messages of others go to `out`, everything else to `notes`.
    PlainFace(Chat chat, Sink out, Sink notes, PlainOptions options);

    void ready(const Readiness& node);
    void hear(const controller::Event& event);
    void take_line(std::string_view line);
    // Says `text` whatever it begins with.
    void take_text(std::string_view text);
    void refuse_too_long();
    void bye(std::string_view) { show_missed(); }

    // Shows what was said while we were away: it comes in no order and may be much, so that only
    // the newest lines of it are shown, once nothing more of it comes.
    void show_missed();

    // Where what is typed goes.
    const std::string& room() const { return room_; }

  private:
    void miss(const controller::Message& message);
    void note(std::string_view text);
    void obey(std::string_view line);
    void show_peers();
    void show_help();
    void join(const std::string& room);

    Chat chat_;
    Sink out_;
    Sink notes_;
    PlainOptions options_;
    std::string room_;
    std::multimap<std::pair<WallTime, std::string>, controller::Message>
        missed_;                     // by time, author
    std::uint64_t missed_more_ = 0;  // older ones, not shown
    std::string line_;               // reused: messages come by the million
};

}  // namespace lanchat::app
