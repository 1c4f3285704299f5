// A voice: somebody who says and signs lines in a log of their own, for all tests that need some.
#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "message/assert.hpp"
#include "message/limits.hpp"
#include "message/run.hpp"
#include "tests/unit/message_signing.hpp"
#include "tests/unit/message_v1.hpp"

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

    // What it says is of version 1, as long as it does not learn the next one.
    Voice&& of_version_1() && {
        is_of_version_1_ = true;
        return std::move(*this);
    }
    void learn_newest() { is_of_version_1_ = false; }
    bool speaks_newest() const { return !is_of_version_1_; }

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
    // The next entry ends with the bytes `more` and has the bytes `body` for a body, whatever is in
    // them.
    RunPtr utter(const std::string& more, const std::string& body) {
        say_one("?", general_room, {});
        Said& said = said_.back();
        said.bytes += more;
        said.body = body;
        said.is_ours = false;
        heads_.back() =
            test::head_by_hand({log_, said.entry.seq, said.entry.before}, said.bytes, said.body);
        return run(said_.size(), said_.size());
    }
    // The lines numbered first to last in runs as large as may be.
    std::vector<RunPtr> runs(Seq first, Seq last) {
        std::vector<RunPtr> runs;
        for (; first <= last; first += limits::run_entries_max)
            runs.push_back(run(first, std::min<Seq>(last, first + limits::run_entries_max - 1)));
        return runs;
    }
    // Precondition: they are of one version.
    RunPtr run(Seq first, Seq last) {
        say_until(last);
        LANCHAT_ASSERT(last <= last_of_version_1_ || first > last_of_version_1_);
        const auto said = std::span(said_).subspan(first - 1, last - first + 1);
        std::vector<Entry> entries;
        for (const Said& each : said) entries.push_back(each.entry);
        if (last <= last_of_version_1_) return test::sign_v1(std::move(entries), *key_);
        if (std::ranges::all_of(said, &Said::is_ours)) return sign(std::move(entries), *key_);
        std::vector<std::string> bytes;
        std::vector<std::string> bodies;
        for (const Said& each : said) {
            bytes.push_back(each.bytes);
            bodies.push_back(each.body);
        }
        auto run = verify(test::signed_blindly(std::move(bytes), std::move(bodies),
                                               test::place_of(entries.front()), *key_));
        LANCHAT_ASSERT(run);
        return *run;
    }
    // The head of the log after the line numbered `seq`.
    Hash head(Seq seq) {
        say_until(seq);
        return heads_[seq];
    }

  private:
    struct Said {
        Entry entry;
        std::string bytes;
        std::string body;
        bool is_ours = true;  // the bytes are those that we make of the entry
    };

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
        if (met != DeviceId{}) entry.kind = EntryKind::met;
        entry.met = met;
        if (is_of_version_1_) last_of_version_1_ = entry.seq;
        heads_.push_back(is_of_version_1_ ? test::head_after_v1(entry) : head_after(entry));
        std::string bytes = encode(entry);
        std::string body = encode_body(entry);
        said_.push_back({std::move(entry), std::move(bytes), std::move(body)});
    }

    std::shared_ptr<const DeviceKey> key_;
    LogId log_;
    WallTime began_;
    std::string word_;
    bool is_of_version_1_ = false;
    Seq last_of_version_1_ = 0;
    std::vector<Said> said_;
    std::vector<Hash> heads_{Hash{}};
};

}  // namespace lanchat
