// A voice: somebody who says and signs lines in a log of their own, for all tests that need some.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "message/limits.hpp"
#include "message/run.hpp"

namespace lanchat {

inline DeviceKey key_of(std::uint64_t number) {
    DeviceKey::Seed seed{};
    for (std::size_t i = 0; i < 8; ++i)
        seed[i] = static_cast<std::uint8_t>(number >> (8 * i) & 0xFF);
    return DeviceKey(std::move(seed));
}
inline std::shared_ptr<const DeviceKey> shared_key_of(std::uint64_t number) {
    return std::make_shared<const DeviceKey>(key_of(number));
}

class Voice {
  public:
    // The log of process `instance`, which has a device of its own. Lines are "WORD N" where they
    // were not said otherwise.
    explicit Voice(InstanceId instance, std::string word = "line")
        : Voice(static_cast<std::uint64_t>(instance), instance, WallTime{1'600'000'000'000}) {
        word_ = std::move(word);
    }
    // That of a process of device `number`; line N is said N ms after `began`.
    Voice(std::uint64_t number, InstanceId instance, WallTime began)
        : key_(shared_key_of(number)), log_(log_of(key_->id(), instance)), began_(began) {}

    // What is said to `to` alone. Precondition: nothing was said.
    Voice&& to(const DeviceId& to) && {
        log_.to = to;
        return std::move(*this);
    }

    const LogId& log() const { return log_; }
    const DeviceId& device() const { return log_.device; }
    NodeId node() const { return node_of(log_); }

    // Says the next lines, as one run.
    RunPtr say(const std::vector<std::string>& texts, const std::string& room = general_room,
               const std::string& said_id = {}) {
        const Seq before = said_.size();
        for (const auto& text : texts) say_one(text, room, said_id);
        return run(before + 1, said_.size());
    }
    // The next entry says that it met `who`.
    RunPtr meet(const DeviceId& who) {
        say_one({}, general_room, {}, who);
        return run(said_.size(), said_.size());
    }
    // The lines numbered first to last in runs as large as may be.
    std::vector<RunPtr> runs(Seq first, Seq last) {
        std::vector<RunPtr> runs;
        for (; first <= last; first += limits::run_entries_max)
            runs.push_back(run(first, std::min<Seq>(last, first + limits::run_entries_max - 1)));
        return runs;
    }
    RunPtr run(Seq first, Seq last) {
        say_until(last);
        const auto begin = said_.begin() + static_cast<std::ptrdiff_t>(first - 1);
        return sign(std::vector<Entry>(begin, said_.begin() + static_cast<std::ptrdiff_t>(last)),
                    *key_);
    }
    // The head of the log after the line numbered `seq`.
    Hash head(Seq seq) {
        say_until(seq);
        return heads_[seq];
    }

  private:
    void say_until(Seq seq) {
        while (said_.size() < seq)
            say_one(word_ + " " + std::to_string(said_.size() + 1), general_room, {});
    }

    void say_one(const std::string& text, const std::string& room, const std::string& said_id,
                 const DeviceId& met = {}) {
        Entry entry;
        entry.log = log_;
        entry.seq = said_.size() + 1;
        entry.before = heads_.back();
        entry.clock = Clock::at({began_.ms + static_cast<std::int64_t>(entry.seq)});
        entry.room = room;
        entry.name = "you";
        entry.text = text;
        entry.said_id = said_id;
        entry.met = met;
        heads_.push_back(chained(heads_.back(), encode(entry)));
        said_.push_back(std::move(entry));
    }

    std::shared_ptr<const DeviceKey> key_;
    LogId log_;
    WallTime began_;
    std::string word_;
    std::vector<Entry> said_;
    std::vector<Hash> heads_{Hash{}};
};

}  // namespace lanchat
