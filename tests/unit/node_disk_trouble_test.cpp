// A node on a disk that refuses: nothing it did not keep is acknowledged, and it recovers by
// itself.
#include <doctest/doctest.h>

#include <algorithm>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <set>

#include "node/node.hpp"
#include "node_power_disk.hpp"
#include "node_stores.hpp"

namespace node_disk_trouble_test {

using namespace lanchat;
using namespace std::chrono_literals;
using test::PowerDisk;
using Fault = PowerDisk::Fault;

namespace {

// What the disk thread meets, and what it could keep. Shared with the loop, hence the lock.
class Fate {
  public:
    void hold() { set_held(true); }
    void let_go() { set_held(false); }
    void plan(const std::vector<Fault>& faults) {
        const std::lock_guard lock(mutex_);
        faults_.assign(faults.begin(), faults.end());
    }

    // Called by the disk thread.
    Fault next() {
        std::unique_lock lock(mutex_);
        gate_.wait(lock, [this] { return !held_; });
        if (faults_.empty()) return Fault::none;
        const Fault fault = faults_.front();
        faults_.pop_front();
        return fault;
    }
    void kept(const std::vector<store::Added>& added) {
        const std::lock_guard lock(mutex_);
        for (const auto& one : added)
            for (auto n = one.first; n < one.first + one.count; ++n)
                kept_.push_back({one.run->log(), one.run->items()[n].seq});
    }

    std::vector<LineId> all_kept() const {
        const std::lock_guard lock(mutex_);
        return kept_;
    }
    bool has(const LineId& line) const {
        const auto kept = all_kept();
        return std::ranges::find(kept, line) != kept.end();
    }

  private:
    void set_held(bool held) {
        {
            const std::lock_guard lock(mutex_);
            held_ = held;
        }
        gate_.notify_one();
    }

    mutable std::mutex mutex_;
    std::condition_variable gate_;
    bool held_ = false;
    std::deque<Fault> faults_;
    std::vector<LineId> kept_;
};

// The store on disk, with a disk below it that fails when fate says so.
class Failing : public store::Store {
  public:
    Failing(PowerDisk& disk, Fate& fate, std::unique_ptr<store::Store> inner)
        : disk_(disk), fate_(fate), inner_(std::move(inner)) {}

    std::uint64_t id() const override { return inner_->id(); }
    store::Eras eras() const override { return inner_->eras(); }
    Result<bool> proves(const store::Position& place) override { return inner_->proves(place); }
    store::Arrival last() const override { return inner_->last(); }
    Result<std::vector<store::Added>> append(const std::vector<RunPtr>& runs,
                                             WallTime arrived) override {
        disk_.arm(fate_.next(), 1);
        auto added = inner_->append(runs, arrived);
        disk_.arm(Fault::none, 0);
        if (added) fate_.kept(*added);
        return added;
    }
    std::vector<BodyNews> take_body_news() override { return inner_->take_body_news(); }
    Result<std::vector<store::Line>> fill(const LogId& log,
                                          const std::vector<Body>& bodies) override {
        return inner_->fill(log, bodies);
    }
    Result<std::vector<Body>> bodies(const LogId& log, const std::vector<Seq>& entries,
                                     std::size_t bytes_max) override {
        return inner_->bodies(log, entries, bytes_max);
    }
    Result<std::vector<LineId>> lacking() override { return inner_->lacking(); }
    Result<std::vector<Dropped>> dropped(std::size_t count) override {
        return inner_->dropped(count);
    }
    Result<store::Arrival> append_legacy(const std::vector<store::Heard>& heard) override {
        return inner_->append_legacy(heard);
    }
    Result<Extent> freeze(const Fork& proof) override { return inner_->freeze(proof); }
    Result<std::optional<Fork>> proof_of(const LogId& log) override {
        return inner_->proof_of(log);
    }
    Result<std::vector<store::Holding>> holdings() override { return inner_->holdings(); }
    Result<std::vector<Met>> met() override { return inner_->met(); }
    Result<store::Tally> tally() override { return inner_->tally(); }
    Result<std::vector<RunPtr>> runs(const LogId& log, Seq after, std::size_t entries_max,
                                     std::size_t bytes_max) override {
        return inner_->runs(log, after, entries_max, bytes_max);
    }
    Result<std::vector<RunPtr>> runs_back_from(const LogId& log, Seq seq, std::size_t entries_max,
                                               std::size_t bytes_max) override {
        return inner_->runs_back_from(log, seq, entries_max, bytes_max);
    }
    Result<std::vector<store::Line>> newest(const store::Filter& filter,
                                            std::size_t count) override {
        return inner_->newest(filter, count);
    }
    Result<std::vector<store::Line>> arrived(store::Arrival after, const store::Filter& filter,
                                             std::size_t count) override {
        return inner_->arrived(after, filter, count);
    }
    Result<std::vector<store::Line>> search(std::string_view query, const store::Filter& filter,
                                            std::size_t count) override {
        return inner_->search(query, filter, count);
    }
    Result<std::optional<store::Line>> said(const DeviceId& author,
                                            std::string_view said_id) override {
        return inner_->said(author, said_id);
    }
    Result<std::vector<std::string>> legacy_authors() override { return inner_->legacy_authors(); }
    Result<std::vector<std::string>> rooms() override { return inner_->rooms(); }
    Result<store::Trimmed> trim(std::uint64_t bytes_max, std::optional<WallTime> oldest,
                                std::size_t runs_max) override {
        return inner_->trim(bytes_max, oldest, runs_max);
    }
    Result<bool> join_runs(WallTime before, std::size_t runs_max) override {
        return inner_->join_runs(before, runs_max);
    }

  private:
    PowerDisk& disk_;
    Fate& fate_;
    std::unique_ptr<store::Store> inner_;
};

std::unique_ptr<store::Store> opened_on(const char* vfs) {
    auto store = store::open_sqlite("log.db", {.vfs = vfs});
    REQUIRE_MESSAGE(store, store.why());
    return std::move(*store);
}

// Ports that were free a moment ago; a node takes the first that still is.
PortRange free_ports(asio::io_context& loop) {
    using asio::ip::tcp;
    const tcp::acceptor somewhere(loop, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    const auto port = std::min<std::uint16_t>(somewhere.local_endpoint().port(), 65'500);
    return {port, static_cast<std::uint16_t>(port + 8)};
}

// `sick` has the failing disk; `sound` is linked with it and sees what it acknowledges.
class Two {
  public:
    Two()
        : ports_(free_ports(loop_)),
          sick_(
              loop_, config("sick"), [this](const Event& event) { seen_by_sick(event); },
              [this](const std::string&) {
                  return Result<std::unique_ptr<store::Store>>(
                      std::make_unique<Failing>(power, fate, opened_on(PowerDisk::name)));
              }),
          sound_(loop_, config("sound"), [this](const Event& event) { seen_by_sound(event); }) {
        REQUIRE(sick_.start());
        REQUIRE(sound_.start());
        REQUIRE(until([this] { return sick_.peers().size() == 1 && sound_.peers().size() == 1; }));
    }
    ~Two() { fate.let_go(); }
    Two(const Two&) = delete;
    Two& operator=(const Two&) = delete;

    template <class Condition>
    bool until(const Condition& is_true) {
        const auto end = std::chrono::steady_clock::now() + 60s;
        while (!is_true() && std::chrono::steady_clock::now() < end) loop_.run_one_for(20ms);
        return is_true();
    }

    void sick_says(const std::string& text) {
        ++said_by_sick;
        sick_.say({text}, [this](const Result<LineId>& line) {
            REQUIRE_MESSAGE(line, line.why());
            CHECK(fate.has(*line));
            ++answered_to_sick;
        });
    }
    void sound_says(const std::string& text) {
        ++said_by_sound;
        sound_.say({text}, [](const Result<LineId>& line) { REQUIRE(line); });
    }
    std::string refusal() {
        const auto said = sick_.say("a line that nobody gets");
        return said ? std::string() : said.why();
    }
    bool is_in_trouble() const { return !sick_.disk_trouble().empty(); }
    bool all_is_well() const {
        return !is_in_trouble() && answered_to_sick == said_by_sick &&
               delivered_to_sick.size() == said_by_sound && heard_by_sound == said_by_sick;
    }
    void end() {
        int stopped = 0;
        for (Node* node : {&sick_, &sound_}) {
            node->on_stopped([&stopped] { ++stopped; });
            node->leave();
        }
        CHECK(until([&stopped] { return stopped == 2; }));
    }

    PowerDisk power;
    Fate fate;
    std::size_t said_by_sick = 0;
    std::size_t said_by_sound = 0;
    std::size_t answered_to_sick = 0;
    std::size_t heard_by_sick = 0;
    std::size_t heard_by_sound = 0;
    std::set<LineId> delivered_to_sick;

  private:
    Config config(const std::string& name) const {
        Config config;
        config.name = name;
        config.ports = ports_;
        config.history.enabled = false;  // the directory, not the store
        return config;
    }
    void seen_by_sick(const Event& event) {
        const auto* message = std::get_if<controller::Message>(&event);
        if (message == nullptr || message->own) return;
        CHECK(shown_by_sick_.insert(message->id).second);
        ++heard_by_sick;
    }
    void seen_by_sound(const Event& event) {
        if (const auto* delivery = std::get_if<controller::Delivery>(&event)) {
            if (delivery->count.delivered == 0) return;
            CHECK(fate.has(delivery->line));
            delivered_to_sick.insert(delivery->line);
        }
        const auto* message = std::get_if<controller::Message>(&event);
        if (message == nullptr || message->own) return;
        CHECK(shown_by_sound_.insert(message->id).second);
        ++heard_by_sound;
    }

    asio::io_context loop_;
    PortRange ports_;
    std::set<std::string> shown_by_sick_;
    std::set<std::string> shown_by_sound_;
    Node sick_;
    Node sound_;
};

// Several writes wait for the disk when it begins to refuse, of both authors.
void refuse_and_recover(Two& two, const std::vector<Fault>& faults) {
    two.fate.hold();
    two.fate.plan(faults);
    for (int n = 0; n < 3; ++n) {
        const auto heard = two.heard_by_sick;
        two.sick_says("said into trouble");
        two.sound_says("heard into trouble");
        REQUIRE(two.until([&] { return two.heard_by_sick > heard; }));
    }
    const auto answered = two.answered_to_sick;
    CHECK(answered + 3 == two.said_by_sick);

    two.fate.let_go();
    REQUIRE(two.until([&] { return two.is_in_trouble(); }));
    CHECK(two.refusal().find("cannot be stored: ") != std::string::npos);
    two.sound_says("heard in trouble");
    CHECK(two.answered_to_sick == answered);

    REQUIRE(two.until([&] { return two.all_is_well(); }));
    two.sick_says("after");
    REQUIRE(two.until([&] { return two.all_is_well(); }));
}

// Each line once and, of each log, in order.
void check_order(const std::vector<LineId>& kept) {
    std::map<LogId, Seq> heads;
    for (const LineId& line : kept) CHECK(line.seq == ++heads[line.log]);
}

}  // namespace

TEST_CASE("a full disk and failed flushes cost a node nothing that it acknowledged") {
    Two two;
    two.sick_says("before");
    two.sound_says("before");
    REQUIRE(two.until([&] { return two.all_is_well(); }));

    refuse_and_recover(two, {Fault::full});
    refuse_and_recover(two, {Fault::flush});
    // What waits behind a refusal is kept or refused on its own.
    refuse_and_recover(two, {Fault::full, Fault::none, Fault::flush, Fault::full});

    const auto kept = two.fate.all_kept();
    CHECK(kept.size() == two.said_by_sick + two.said_by_sound);
    check_order(kept);
    two.end();
    std::mt19937_64 rng(1);
    two.power.lose_power(rng);
    const auto lines = opened_on(PowerDisk::name)->arrived(0, {}, 1'000);
    REQUIRE(lines);
    std::vector<LineId> found;
    for (const auto& line : *lines) found.push_back({line.entry.log, line.entry.seq});
    CHECK(found == kept);
}

}  // namespace node_disk_trouble_test
