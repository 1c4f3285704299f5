// Plain mode: lines in, lines out, for pipes and for a person at a terminal.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "app/chat.hpp"
#include "app/json_output.hpp"
#include "app/plain_text.hpp"
#include "controller/events.hpp"

namespace lanchat::app {

struct PlainOptions {
    bool quiet = false;     // no notes about comings and goings
    bool commands = false;  // lines that begin with '/' are commands
    LineStyle lines{};
    bool color_notes = false;
};

// Used on the loop's thread.
class PlainFace {
  public:
    // Messages of others go to `out`, everything else to `notes`.
    PlainFace(Chat chat, Sink out, Sink notes, PlainOptions options);

    void ready(const Readiness& node);
    void hear(const controller::Event& event);
    // Whether a line is better looked at again than said or obeyed, as a note tells: it may be a
    // command, with something in it that is not for everybody. What was pasted is no command.
    bool keeps(std::string_view line, bool pasted);
    // A line that is to be kept is neither said nor obeyed.
    void take_line(std::string_view line) { take(line, false); }
    void take_pasted(std::string_view line) { take(line, true); }
    void refuse_too_long();
    // "-- TEXT" among what is not chat.
    void note(std::string_view text);
    void bye(std::string_view);

    // What was said while we were away comes in no order, the newest first as a rule, and may be
    // much. This shows the newest lines of what has come, once some have gathered,
    void show_missed();
    // and this tells how many were not shown, once no more come.
    void tell_missed();

    // Where what is typed goes.
    const std::string& room() const { return room_; }

  private:
    void miss(const controller::Message& message);
    void take(std::string_view line, bool pasted);
    void say(std::string_view text);
    bool may_be_for_one(std::string_view text) const;
    std::string why_unknown(const std::string& word) const;
    void obey(std::string_view line);
    void show_peers();
    void show_verification(const controller::Verification& verification);
    std::optional<DeviceId> find(const std::string& word, bool blocked);
    void verify(const std::string& words);
    void block(const std::string& word, bool on);
    void show_help();
    void join(const std::string& room);
    std::size_t end_of_peer(const std::string& words) const;
    std::string shown_as(const std::string& peer) const;
    void tell(const std::string& peer_and_text);
    bool is_muted(const controller::PeerInfo& author) const;
    void mute(const std::string& word, bool on);

    Chat chat_;
    Sink out_;
    Sink notes_;
    PlainOptions options_;
    std::string room_;
    using Age = std::pair<WallTime, std::string>;  // time, author
    std::multimap<Age, controller::Message> missed_;
    Age shown_;          // the newest that was shown
    std::string asked_;  // the line that was kept and is said if it comes again
    std::string own_id_;
    std::map<std::string, std::string> codes_;  // that are compared now, by id of the peer
    std::set<std::string> muted_;               // ids, of legacy peers addresses
    std::uint64_t missed_more_ = 0;             // older ones, not shown
    std::string line_;                          // reused: messages come by the million
};

}  // namespace lanchat::app
