// Feeds the room with what happens and does what the room asks for.
#include "node/body.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "message/assert.hpp"
#include "message/limits.hpp"
#include "node/keep/entropy.hpp"

namespace lanchat {
namespace {

constexpr std::size_t stretch_lines = 32;  // that are said at once; more of them fall out of caches

Nonce random_nonce() {
    Nonce nonce;
    fill_random(nonce.bytes);
    return nonce;
}

void note_some(std::set<std::string>& all, std::string one) {
    if (all.size() < limits::outdated_told_max) all.insert(std::move(one));
}

Failure not_running() { return Failure{"the node is not running"}; }

}  // namespace

using asio::ip::tcp;

Now clock_now() {
    using namespace std::chrono;
    return {time_point_cast<Duration>(steady_clock::now()),
            WallTime{duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count()}};
}

// Listeners may call back into the node: what they cause waits until the effects at hand are done.
void Node::Body::feed(brain::Input input) {
    if (!is_running()) return;
    inputs_.push_back(std::move(input));
    take_inputs();
}

// What is said in one turn of the loop is taken together, so it is signed, sent and stored
// together.
void Node::Body::feed_line(brain::Say say) {
    waiting_bytes_ += say.text.size();
    inputs_.emplace_back(std::move(say));
    if (feeding_) return;
    if (inputs_.size() >= stretch_lines || waiting_bytes_ >= limits::run_bytes_max)
        return take_inputs();
    if (std::exchange(takes_soon_, true)) return;
    loop_.post([this] {
        takes_soon_ = false;
        take_inputs();
    });
}

void Node::Body::take_inputs() {
    if (inputs_.empty() || std::exchange(feeding_, true)) return;
    while (!inputs_.empty() && !stopped_) {
        auto taken = std::exchange(inputs_, std::exchange(taken_, {}));
        waiting_bytes_ = 0;
        for (const auto& input : taken)
            if (const auto* say = std::get_if<brain::Say>(&input)) sayings_->taken(*say);
        room_->step(taken, clock_now(), effects_);
        taken.clear();
        taken_.swap(taken);  // keeps the allocation
        auto effects = std::exchange(effects_, {});
        for (auto& effect : effects) perform(effect);
        effects.clear();
        if (effects_.empty()) effects_.swap(effects);  // keeps the allocation
    }
    feeding_ = false;
    history_.write();
    if (stopped_) return;
    arm_timer();
    offer_room();
}

void Node::Body::perform(brain::Effect& effect) {
    std::visit([this](auto& one) { perform_one(one); }, effect);
}

void Node::Body::found(const Endpoint& where, tcp::socket socket) {
    in_hand_ = std::move(socket);
    feed(brain::Sighted{where});
    in_hand_.reset();  // not wanted after all
}

// Anybody may call; what is dialled lies in the range, and is dialled no more often than a sweep
// would.
void Node::Body::called(const Endpoint& where) {
    if (is_running() && room_->wants(where, clock_now().steady)) discovery_->dial(where);
}

// Of a large range everybody takes a part: in the order of addresses, which all see alike once all
// are linked.
void Node::Body::share_scan() {
    std::vector<Endpoint> members{address_};
    for (const PeerInfo& peer : peers())
        if (!peer.legacy) members.push_back(peer.address);
    std::ranges::sort(members);
    const auto own = std::ranges::find(members, address_);
    discovery_->share(static_cast<std::size_t>(own - members.begin()), members.size());
}

void Node::Body::perform_one(brain::Dial& dial) {
    asio::error_code error = asio::error::not_connected;
    const auto local = in_hand_ ? in_hand_->local_endpoint(error) : tcp::endpoint{};
    if (error)
        return loop_.post([this, link = dial.link] {
            feed(brain::Lost{link, brain::End::broken});
        });
    Frame greeting;
    greeting.msg = to_string(Endpoint{Ipv4{local.address().to_v4().to_uint()}, address_.port});
    greeting.hello = dial.hello;
    transport_->dial(dial.link, *std::exchange(in_hand_, std::nullopt), greeting, dial.encrypted);
}

void Node::Body::perform_one(brain::Notify& notify) {
    if (const auto* up = std::get_if<brain::PeerUp>(&notify.event)) {
        spdlog::debug("linked with {}", to_string(up->peer.address));
        memory_->met(up->peer.address);
    }
    if (const auto* moved = std::get_if<brain::PeerMoved>(&notify.event))
        memory_->met(moved->peer.address);
    if (const auto* down = std::get_if<brain::PeerDown>(&notify.event))
        spdlog::debug("no longer linked with {}", to_string(down->peer.address));
    if (const auto* other = std::get_if<brain::OtherNetwork>(&notify.event))
        note_some(other_networks_, to_string(other->where));
    if (const auto* other = std::get_if<brain::OtherVersion>(&notify.event))
        note_some(other_versions_, other->address());
    const bool others_changed = std::holds_alternative<brain::PeerUp>(notify.event) ||
                                std::holds_alternative<brain::PeerDown>(notify.event) ||
                                std::holds_alternative<brain::PeerMoved>(notify.event);
    if (others_changed) share_scan();
    const auto* message = std::get_if<brain::Message>(&notify.event);
    if (message != nullptr && message->from.legacy)
        history_.add(store::Heard{message->id, message->said, message->room, message->from.name,
                                  message->text});
    const auto* verification = std::get_if<brain::Verification>(&notify.event);
    if (verification != nullptr && verification->stage == brain::Verification::Stage::verified)
        return people_->tell_kept(*verification, listener_);
    listener_(notify.event);
}

void Node::Body::perform_one(brain::Stop&) {
    loop_.post([this] {
        stop();
        const auto told = std::move(on_stopped_);  // it may be the end of us
        if (told) told();
    });
}

void Node::Body::perform_one(brain::Roll& roll) {
    loop_.post([this, who = roll.who] { feed(brain::Rolled{who, random_nonce()}); });
}

// One timer: it is moved only when something is due earlier. Firing too early costs one look.
void Node::Body::arm_timer() {
    const auto next = room_->next_wakeup();
    if (!next || *next >= armed_) return;
    armed_ = *next;
    timer_.expires_at(armed_);
    loop_.wait(timer_, [this] {
        armed_ = Instant::max();
        const auto due = room_->next_wakeup();
        if (due && *due <= clock_now().steady) return feed(brain::Wake{});
        arm_timer();
    });
}

Result<std::string> Node::Body::say(std::string text, std::string room) {
    Saying saying{std::move(text), std::move(room)};
    if (!is_running()) return not_running();
    if (const auto no = sayings_->refuse(saying)) return *no;
    return sayings_->id_of(sayings_->say_now(std::move(saying), false));
}

void Node::Body::say(Saying saying, WhenSaid said) {
    if (is_running()) return sayings_->say(std::move(saying), std::move(said));
    loop_.post([said = std::move(said)] { said(not_running()); });
}

// An entry that takes something back names the head of the log there, which only the store knows.
void Node::Body::take_back(const LineId& line, Decided done) {
    if (!is_running()) return loop_.post([done = std::move(done)] { done(not_running()); });
    if (line.log.device != key_->id()) {
        return loop_.post([done = std::move(done)] {
            done(Failure{"only its author takes a line back", Failure::Kind::invalid});
        });
    }
    history_.read([this, line, done = std::move(done)](store::Store& history) {
        const auto runs = history.runs(line.log, line.seq - 1, 1, 1);
        std::optional<Hash> head;
        for (const RunPtr& run : runs ? *runs : std::vector<RunPtr>{})
            if (run->holds(line.seq)) head = run->at(line.seq).head;
        loop_.post([this, line, head, done] {
            if (!head) return done(Failure{"no such line is here", Failure::Kind::not_found});
            feed(brain::TakeBack{{line, *head}});
            done(std::nullopt);
        });
    });
}

brain::DeliveryCount Node::Body::watch(const LineId& line) {
    LANCHAT_ASSERT(!feeding_);
    feed(brain::Watch{line});
    return room_->delivery(line).value_or(brain::DeliveryCount{});
}

// Everything is handed to the disk before the read, so what that finds is behind it.
void Node::Body::import_runs(std::vector<Run> runs,
                             std::function<void(const Result<Imported>&)> done) {
    LANCHAT_ASSERT(!feeding_);
    Imported imported;
    const auto refuse = [&imported](const std::string& why) {
        if (imported.runs_refused++ == 0) imported.why = why;
    };
    for (Run& run : runs) {
        const auto verified = lanchat::verify(std::move(run));
        if (!verified) {
            refuse(verified.why());
            continue;
        }
        const LogId log = (*verified)->log();
        if (log.is_direct()) {
            refuse("a run of direct messages: those come from their author alone");
            continue;
        }
        const Extent before = room_->held(log);
        feed(brain::Imported{*verified});
        const Extent after = room_->held(log);
        imported.lines_new += after.size() - before.size();
        if (after.lacks((*verified)->last()))
            refuse("a run whose predecessors are neither here nor there");
    }
    history_.read([this, imported, done = std::move(done)](store::Store&) {
        loop_.post([this, imported, done] {
            if (history_.trouble().empty()) return done(imported);
            done(Failure{"lines cannot be stored: " + history_.trouble()});
        });
    });
}

void Node::Body::receive(bool on) {
    receiving_ = on;
    hold_legacy();
    feed(brain::Receive{on});
}

// A legacy peer has no window of lines, so it is not read from while its lines cannot be taken in.
void Node::Body::hold_legacy() {
    if (transport_) transport_->hold_legacy(legacy_waits_ || !receiving_);
}

bool Node::Body::has_room() {
    room_wanted_ = room_ != nullptr && !room_->has_room(clock_now().steady);
    return !room_wanted_;
}

void Node::Body::offer_room() {
    if (!room_wanted_ || !room_->has_room(clock_now().steady)) return;
    room_wanted_ = false;
    loop_.post([this] {
        if (on_room_) on_room_();
    });
}

std::vector<PeerInfo> Node::Body::peers() const {
    return room_ ? room_->peers().linked() : std::vector<PeerInfo>{};
}

std::vector<std::string> Node::Body::warnings() const {
    return reach_ ? reach_->warnings() : std::vector<std::string>{};
}

Standing Node::Body::standing() const {
    Standing standing;
    if (!discovery_ || !reach_) return standing;
    const Places& places = reach_->places();
    for (const Ipv4 ip : places.listen) standing.addresses.push_back({ip, address_.port});
    for (const Cidr& cidr : places.cidrs) standing.networks.push_back(to_string(cidr));
    const auto progress = discovery_->progress();
    standing.scan_passed = progress.passed;
    standing.scan_targets = progress.targets;
    standing.sweeps = progress.sweeps;
    standing.sweeping = progress.sweeping;
    standing.links_accepted = links_accepted_;
    if (room_) standing.clock_ahead_ms = room_->clock_ahead_ms(clock_now());
    standing.other_networks = {other_networks_.begin(), other_networks_.end()};
    standing.other_versions = {other_versions_.begin(), other_versions_.end()};
    if (!beacon_) return standing;
    standing.beacon = !places.cards.empty();
    standing.calls_sent = beacon_->counts().sent;
    standing.calls_heard = beacon_->counts().heard;
    return standing;
}

void Node::Body::stop() {
    if (std::exchange(stopped_, true)) return;
    timer_.cancel();
    if (beacon_) beacon_->stop();
    if (peers_command_) peers_command_->stop();
    if (discovery_) discovery_->stop();
    if (transport_) transport_->stop();
    if (memory_) memory_->stop();
    if (book_) book_->stop();
    if (reach_) reach_->stop();
    history_.stop();  // waits until all is on the disk
    loop_.stop();
}

}  // namespace lanchat
