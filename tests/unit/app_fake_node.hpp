// The node behind every face and service that is tested: keeps lines in memory, answers by the
// loop.
#pragma once

#include <algorithm>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "message/limits.hpp"
#include "node/port.hpp"
#include "node/store/rules.hpp"

namespace lanchat::app {

class FakeNode : public NodePort {
  public:
    explicit FakeNode(asio::io_context& loop)
        : loop_(loop), key_(seed(1)), other_(seed(2)), away_(seed(3)) {}

    // On the loop or before it runs.
    void hear(const std::string& text, const std::string& room = "general",
              std::int64_t said_ms = 0) {
        add(other_, "alice", {text, room}, said_ms);
    }
    void hear_legacy(const std::string& text) {
        store::Line line;
        line.arrival = lines.size() + 1;
        line.legacy = true;
        line.entry.clock = Clock::at({++clock_ms_});
        line.entry.room = "general";
        line.entry.name = "127.0.0.1:4569";
        line.entry.text = text;
        keep(line);
    }
    void happen(const Event& event) {
        const auto listeners = listeners_;
        for (const auto& [token, listener] : listeners) listener.event(event);
    }
    void deliver(DeliveryCount delivery) {
        delivery_ = delivery;
        const auto watches = watches_;
        for (const auto& [token, changed] : watches) changed(delivery);
    }
    // The message id of the line that is n-th in `lines`.
    std::string id_of(std::size_t n) const {
        return message_id({lines.at(n).entry.log, lines.at(n).entry.seq});
    }
    std::size_t watch_count() const { return watches_.size(); }
    std::size_t owed() const { return owed_.size(); }
    void pay() {
        for (const auto& answer : std::exchange(owed_, {})) answer();
    }
    std::size_t listener_count() const { return listeners_.size(); }
    DeviceId self() const { return key_.id(); }
    DeviceId other() const { return other_.id(); }
    DeviceId away() const { return away_.id(); }

    Status status() override {
        return {key_.id(), "me", {{0x7F000001}, 4565}, {store_id, lines.size()}, {}, warnings};
    }
    const std::string& disk_trouble() const override { return trouble; }
    std::vector<PeerInfo> peers() override {
        PeerInfo alice{{{0x7F000001}, 4566}, to_string(other_.id()), alice_name, false};
        alice.trust = alice_trust;
        alice.mark = alice_mark;
        std::vector<PeerInfo> all{alice};
        if (has_legacy_peer) all.push_back({{{0x7F000001}, 4570}, {}, "127.0.0.1:4570", true});
        return all;
    }
    Result<DeviceId> find_person(const std::string& word, bool blocked) override {
        if (several.contains(word)) return Failure{"several are called \"" + word + "\""};
        if (const auto id = parse_device_id(word)) return *id;
        const bool is_alice = word == alice_name || word == "127.0.0.1:4566" ||
                              (!word.empty() && to_string(other_.id()).starts_with(word));
        if (is_alice && blocked == !blocked_people.empty()) return other_.id();
        if (word == "bob" && !blocked) return away_.id();
        return Failure{"nobody called \"" + word + "\" is known here", Failure::Kind::not_found};
    }
    bool means_somebody(const std::string& word) override {
        return several.contains(word) || find_person(word, false);
    }
    PeerInfo about(const DeviceId& device) override {
        if (device == other_.id()) return peers().front();
        return {{}, to_string(device), device == away_.id() ? "bob" : "", false};
    }
    std::vector<PeerInfo> blocked() override { return blocked_people; }
    std::string mark(const DeviceId& device, const std::string&) override {
        return device == other_.id() ? alice_mark : "";
    }
    void block(const DeviceId&, bool on, Decided done) override {
        if (book_trouble) return asio::post(loop_, [this, done] { done(book_trouble); });
        blocked_people.clear();
        if (on) {
            auto peer = peers().front();
            peer.trust = controller::Trust::blocked;
            blocked_people.push_back(peer);
        }
        asio::post(loop_, [done = std::move(done)] { done(std::nullopt); });
    }
    std::optional<Failure> verify(const DeviceId&) override {
        if (is_away) return Failure{"not linked"};
        decided.emplace_back("verify");
        compare(controller::Verification::Stage::shown);
        return std::nullopt;
    }
    std::optional<Failure> pin(const DeviceId&) override {
        decided.emplace_back("pin");
        code.clear();
        compare(controller::Verification::Stage::verified);
        return std::nullopt;
    }
    void judge(const DeviceId&, const std::string& of, bool same) override {
        decided.push_back(of + (same ? " yes" : " no"));
        if (of != code) return;
        compare(same ? controller::Verification::Stage::verified
                     : controller::Verification::Stage::refused);
    }
    void compare(controller::Verification::Stage stage) {
        asio::post(loop_, [this, stage] {
            const bool kept = stage != controller::Verification::Stage::verified || !book_trouble;
            happen(controller::Verification{peers().front(),
                                            kept ? stage : controller::Verification::Stage::failed,
                                            code, kept ? "" : book_trouble->why});
        });
    }
    void legacy_authors(Done<std::vector<std::string>> done) override {
        std::vector<std::string> all;
        for (const auto& line : lines)
            if (line.legacy) all.push_back(line.entry.name);
        asio::post(loop_, [done, all] { done(all); });
    }
    void rooms(Done<std::vector<std::string>> done) override {
        answer(std::move(done), std::vector<std::string>{"builds", "general"});
    }
    void known(Done<std::vector<Known>> done) override {
        answer(
            std::move(done),
            std::vector<Known>{{key_.id(), "me"}, {other_.id(), alice_name}, {away_.id(), "bob"}});
    }
    Result<std::string> say(std::string text, std::string room) override {
        if (!refusal.empty()) return Failure{refusal, refusal_kind};
        return message_id(add(key_, "me", {std::move(text), std::move(room)}, 0));
    }
    void say(Saying saying, WhenSaid done) override {
        if (!refusal.empty())
            return answer<LineId>(std::move(done), Failure{refusal, refusal_kind});
        for (const auto& line : lines) {
            if (!saying.said_id.empty() && line.entry.said_id == saying.said_id) {
                if (line.entry.text != saying.text)
                    return answer<LineId>(
                        std::move(done),
                        Failure{"the id \"" + saying.said_id + "\" was used for another line",
                                Failure::Kind::already_exists});
                return answer<LineId>(std::move(done), LineId{line.entry.log, line.entry.seq});
            }
        }
        answer<LineId>(std::move(done), add(key_, "me", std::move(saying), 0));
    }
    Token watch(const LineId&, std::function<void(DeliveryCount)> changed) override {
        changed(delivery_);
        watches_[++tokens_] = std::move(changed);
        return tokens_;
    }
    void unwatch(Token token) override { watches_.erase(token); }

    void newest(store::Filter filter, std::size_t count, Done<Lines> done) override {
        answer(std::move(done), last_in_order(passing(filter, {}), count));
    }
    void search(std::string query, store::Filter filter, std::size_t count,
                Done<Lines> done) override {
        answer(std::move(done), last_in_order(passing(filter, query), count));
    }
    void arrived(store::Arrival after, store::Filter filter, std::size_t count,
                 Done<Lines> done) override {
        ++pages_read;
        auto found = passing(filter, {});
        std::erase_if(found, [after](const auto& line) { return line.arrival <= after; });
        if (found.size() > count) found.resize(count);
        answer(std::move(done), std::move(found));
    }
    store::Position position_at(store::Arrival arrival) override { return {store_id, arrival}; }
    void proves(const store::Position& place, Done<bool> done) override {
        answer(std::move(done),
               place.arrival == 0 || (place.era == store_id && place.arrival <= lines.size()));
    }
    bool is_history(store::Arrival arrival) override { return arrival == late_arrival; }
    Token subscribe(Listener listener) override {
        listeners_[++tokens_] = std::move(listener);
        return tokens_;
    }
    void unsubscribe(Token token) override { listeners_.erase(token); }

    void tally(Done<store::Tally> done) override {
        if (!damage.empty()) return answer<store::Tally>(std::move(done), Failure{damage});
        store::Tally tally{lines.size(), runs_.size(), 5, 4'096};
        if (!lines.empty()) tally.oldest = lines.front().entry.clock.time();
        answer(std::move(done), tally);
    }
    void holdings(Done<std::vector<store::Holding>> done) override {
        std::vector<store::Holding> logs;
        for (const auto& [log, runs] : runs_) logs.push_back({log, {}});
        answer(std::move(done), std::move(logs));
    }
    void runs(LogId log, Seq after, Done<std::vector<RunPtr>> done) override {
        std::vector<RunPtr> found;
        for (const auto& run : runs_[log]) {
            if (run->last() > after && found.size() < 2) found.push_back(run);
        }
        answer(std::move(done), std::move(found));
    }
    void import_runs(std::vector<Run> runs, Done<Imported> done) override {
        Imported imported;
        for (auto& run : runs) {
            const auto sound = lanchat::verify(std::move(run));
            if (!sound) {
                ++imported.runs_refused;
                imported.why = sound.why();
                continue;
            }
            auto& held = runs_[(*sound)->log()];
            if ((*sound)->last() <= held.size()) continue;
            take(*sound);
            ++imported.lines_new;
        }
        answer(std::move(done), std::move(imported));
    }

    std::vector<std::string> said;     // "ROOM|TEXT", "PEER<-TEXT"
    std::vector<std::string> decided;  // "verify", "pin", "CODE yes", "CODE no"
    std::string trouble;               // of the disk
    std::vector<store::Line> lines;
    std::uint64_t store_id = 0xABCDEF;
    std::string refusal;  // of everything that is said
    Failure::Kind refusal_kind = Failure::Kind::other;
    std::vector<std::string> warnings;
    std::string damage;  // of the store
    std::optional<Failure> book_trouble;
    store::Arrival late_arrival = 0;  // said while the node was away
    std::size_t pages_read = 0;
    bool silent = false;  // owes its answers
    std::string alice_name = "alice";
    std::string alice_mark;
    controller::Trust alice_trust = controller::Trust::unverified;
    bool is_away = false;           // alice
    std::set<std::string> several;  // words that mean more than one
    std::string code = "lemon tiger cello piano 0417";
    std::vector<PeerInfo> blocked_people;
    bool has_legacy_peer = false;

  private:
    static DeviceKey::Seed seed(std::uint8_t first) { return {first}; }

    template <class T>
    void answer(Done<T> done, Result<T> result) {
        if (silent) return owed_.push_back([done, result] { done(result); });
        asio::post(loop_, [done = std::move(done), result = std::move(result)] { done(result); });
    }
    template <class T>
    void answer(Done<T> done, T value) {
        answer<T>(std::move(done), Result<T>(std::move(value)));
    }

    std::string heard_as(const Saying& saying) {
        if (saying.to == DeviceId{}) return saying.room + "|" + saying.text;
        return about(saying.to).name + "<-" + saying.text;
    }
    LineId add(const DeviceKey& key, const std::string& name, Saying saying, std::int64_t said_ms) {
        if (key.id() == key_.id()) said.push_back(heard_as(saying));
        Entry entry;
        entry.log = {key.id(), Epoch{7}, saying.to};
        auto& runs = runs_[entry.log];
        entry.seq = runs.size() + 1;
        if (!runs.empty()) entry.before = runs.back()->head();
        entry.clock = Clock::at({said_ms != 0 ? said_ms : ++clock_ms_});
        entry.room = saying.room;
        entry.name = name;
        entry.text = saying.text;
        entry.said_id = saying.said_id;
        const auto run = sign({entry}, key);
        take(run);
        return {run->log(), run->last()};
    }
    void take(const RunPtr& run) {
        runs_[run->log()].push_back(run);
        const auto& item = run->items().front();
        keep({lines.size() + 1, item.entry()});
    }
    void keep(const store::Line& line) {
        lines.push_back(line);
        const auto listeners = listeners_;
        for (const auto& [token, listener] : listeners) listener.lines();
    }

    Lines passing(const store::Filter& filter, const std::string& word) const {
        Lines found;
        for (const auto& line : lines) {
            if (!store::passes(filter, line.entry, line.legacy)) continue;
            if (line.entry.text.find(word) == std::string::npos) continue;
            found.push_back(line);
        }
        return found;
    }
    static Lines last_in_order(Lines found, std::size_t count) {
        std::ranges::stable_sort(
            found, [](const auto& a, const auto& b) { return comes_before(a.entry, b.entry); });
        if (found.size() > count) {
            found.erase(found.begin(), found.end() - static_cast<std::ptrdiff_t>(count));
        }
        return found;
    }

    asio::io_context& loop_;
    DeviceKey key_;
    DeviceKey other_;
    DeviceKey away_;
    std::int64_t clock_ms_ = 1'000;
    std::map<LogId, std::vector<RunPtr>> runs_;  // one entry each
    std::map<Token, std::function<void(DeliveryCount)>> watches_;
    std::map<Token, Listener> listeners_;
    std::vector<std::function<void()>> owed_;
    DeliveryCount delivery_;
    Token tokens_ = 0;
};

}  // namespace lanchat::app
