// Plain mode: lines in, lines out, for pipes and for a person at a terminal.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include <asio/steady_timer.hpp>

#include "app/faces/face.hpp"
#include "app/faces/plain_text.hpp"
#include "app/faces/slash.hpp"

namespace lanchat::app {

struct PlainOptions {
    bool quiet = false;     // no notes about comings and goings
    bool commands = false;  // lines that begin with '/' are commands
    LineStyle lines{};
    bool color_notes = false;
    bool glimpses = false;  // a line is shown before it is proven: for people, not for programs
};

class PlainFace : public Face, public Typing {
  public:
    // Messages of others go to the output, everything else to the notes.
    PlainFace(Surface surface, PlainOptions options);

    void ready(const Readiness& node) override;
    void hear(const Event& event) override;
    bool wants_glimpses() const override { return options_.glimpses; }
    void bye(std::string_view reason) override;

    std::size_t line_bytes_max() const override;
    // A line that is to be kept is neither said nor obeyed.
    void take_line(std::string_view line) override { take(line, false); }
    void refuse_too_long() override;
    bool echoes() const override { return false; }

    Typing* typing() override { return this; }
    std::string prompt() const override;
    // A line is kept that may be a command, with something in it that is not for everybody.
    bool keeps(std::string_view line, bool pasted) override;
    void take_typed(std::string_view line) override { take(line, false); }
    void take_pasted(std::string_view line) override { take(line, true); }
    // "-- TEXT" among what is not chat.
    void note(std::string_view text) override;

    // What was said while we were away comes in no order, the newest first as a rule, and may be
    // much. This shows the newest lines of what has come, once some have gathered,
    void show_missed();
    // and this tells how many were not shown, once no more come.
    void tell_missed();

    // Where what is typed goes.
    const std::string& room() const { return room_; }

  private:
    friend std::span<const SlashCommand> slash_commands();

    void hear_message(const controller::Message& message);
    void withdraw(const controller::Withdrawn& withdrawn);
    void miss(const controller::Message& message);
    void show_missed_soon();
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

    Surface surface_;
    PlainOptions options_;
    std::string room_;
    using Age = std::pair<WallTime, std::string>;  // time, author
    std::multimap<Age, controller::Message> missed_;
    Age shown_;                       // the newest that was shown
    std::set<std::string> unproven_;  // ids of lines that were shown
    std::string asked_;               // the line that was kept and is said if it comes again
    std::string own_id_;
    std::map<std::string, std::string> codes_;  // that are compared now, by id of the peer
    std::set<std::string> muted_;               // ids, of legacy peers addresses
    std::uint64_t missed_more_ = 0;             // older ones, not shown
    asio::steady_timer missed_timer_;           // runs while missed lines gather
    asio::steady_timer missed_end_;
    bool missed_gather_ = false;
    std::string line_;  // reused: messages come by the million
};

}  // namespace lanchat::app
