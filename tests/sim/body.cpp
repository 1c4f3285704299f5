// The loop of a simulated node, and what it does with each effect.
#include "tests/sim/body.hpp"

#include <algorithm>
#include <utility>

#include "message/limits.hpp"
#include "message/wire.hpp"
#include "tests/sim/trace.hpp"

namespace lanchat::sim {

using namespace controller;
using namespace std::chrono_literals;

namespace {

constexpr Duration sweep_pause_max = 4s;
constexpr Duration transport_patience = 8s;  // keepalive towards legacy peers
constexpr int wakes_at_once_max = 1000;
constexpr std::size_t looked_through_max = 50;  // peers, whenever one of them moves

bool is_said(const Input& input) { return std::holds_alternative<Say>(input); }

}  // namespace

std::size_t Surroundings::person(const std::string& name) {
    const auto [it, is_new] = names.emplace(name, history.people.size());
    if (is_new) history.people.push_back({Kind::stranger, false, true, false, name, {}, {}});
    return it->second;
}

std::size_t Surroundings::person(const NodeId& node) {
    const std::string device = to_string(node.device);
    const std::size_t who = person(to_string(node.instance) + "@" + device.substr(0, 8));
    history.people[who].device = device;
    return who;
}

Body::Body(Surroundings& around, BodySettings settings)
    : around_(around),
      settings_(std::move(settings)),
      person_(around.person(NodeId{settings_.key->id(), settings_.instance})),
      room_(room_settings(), now()),
      rng_(settings_.seed + 1) {
    Person& me = around_.history.people[person_];
    me.kind = Kind::lanchat;
    me.alive = true;
    me.born = now().steady;
    me.takes_legacy = settings_.legacy_peers;
    me.follows = settings_.follows;
    me.device = to_string(settings_.key->id());
    me.odd_clock = settings_.clock_off_ms != 0 || settings_.clock_jumps;
    around_.names[log_name(own_log_)] = person_;
    tell_loaded();
    bare_ = settings_.disk->lacking();
    dropped_ = settings_.disk->dropped();
    for (const Endpoint& where : settings_.listens) {
        around_.network.listen(where, *this);
        around_.tenants[to_string(where)] = person_;
    }
    trace("starts at " + to_string(settings_.listens.front()));
    arm();
    sweep();
}

void Body::move_to(Endpoint where) {
    around_.network.close(settings_.listens.front());
    settings_.listens = {where};
    around_.network.listen(where, *this);
    around_.tenants[to_string(where)] = person_;
    post(Moved{{where}});
}

void Body::set_clock_off(std::int64_t ms) {
    wall_ms_ += ms;
    record(What::clock_set, person_);
}

void Body::say(std::string text, bool watched) {
    post(Say{general_room, std::move(text), {}, watched});
}

void Body::tell(const DeviceId& to, std::string text, bool watched) {
    post(Say{general_room, std::move(text), {}, watched, to});
}

// What is on its disk can be taken back.
void Body::take_back_one() {
    std::vector<Dropped> lines;
    for (const auto& [log, held] : settings_.disk->all()) {
        if (log.device != settings_.key->id()) continue;
        for (const RunPtr& run : held.runs)
            for (const auto& item : run->items())
                if (item.entry().is_line() && held.extent.holds(item.seq))
                    lines.push_back({{log, item.seq}, item.head});
    }
    if (lines.empty() || !settings_.disk->heeds_drops) return;
    const Dropped& what = lines[rng_.below(lines.size())];
    around_.taken_back.insert(what.line);
    around_.marks.hit(Mark::took_back);
    dropped_.insert(what);
    post(TakeBack{what});
}

void Body::leave() {
    if (!alive_ || leaving_) return;
    around_.marks.hit(Mark::goodbye);
    leaving_ = true;
    stop_within(3 * limits::goodbye_timeout);
    post(Leave{});
}

void Body::end_of_input(Duration linger) {
    if (!alive_ || leaving_) return;
    around_.marks.hit(Mark::lingered);
    leaving_ = true;
    stop_within(linger + 2 * limits::goodbye_timeout);
    post(EndOfInput{linger});
}

void Body::stop_within(Duration time) {
    const Instant by = around_.schedule.now() + time;
    must_stop_by_ = by;
    around_.schedule.at(by, [this, by] {
        require(!alive_ || frozen_ || must_stop_by_ != by, "who is told to leave stops in time");
    });
}

void Body::receive(bool on) {
    if (!on) around_.marks.hit(Mark::reader_paused);
    post(Receive{on});
}

void Body::freeze() {
    trace("is frozen");
    frozen_ = true;
}

void Body::thaw() {
    if (!frozen_) return;
    trace("thaws");
    frozen_ = false;
    if (leaving_) stop_within(5s);
    // Its timer and its sockets are ready at once: either may be served first.
    if (rng_.below(2) == 0) run();
    if (alive_) wake();
    run();
}

void Body::die(bool power_cut) {
    trace(power_cut ? "loses power" : "is killed");
    if (!unflushed_.empty()) {
        around_.marks.hit(Mark::unflushed_lost);
        // What is being written may be whole on the disk, and nobody was told.
        if (flushing_) flush(rng_.below(unflushed_.size() + 1), false);
    }
    alive_ = false;
    Person& me = around_.history.people[person_];
    me.alive = false;
    me.ever_killed = true;
    around_.network.crash(*this, power_cut);
}

void Body::accepted(Plug plug, Endpoint from) {
    const LinkId id{++accepted_ * 2 + 1};
    const bool encrypted = around_.network.encrypted(plug);
    links_[id].plug = plug;
    links_[id].encrypted = encrypted;
    ids_[plug.number()] = id;
    post(Accepted{id, from, encrypted});
}

void Body::arrived(Plug plug, const std::string& bytes) {
    const LinkId id = ids_.at(plug.number());
    Open& link = links_.at(id);
    if (link.over) return;
    auto read = UnprovenFrame::read(bytes);
    if (read && settings_.glimpses && link.greeted && read->runs().size() == 1)
        post(Glimpsed{id, read->runs().front()});
    auto frame = read ? std::move(*read).prove() : Result<Frame>(Failure{read.why()});
    if (!frame) {
        around_.network.reset(plug);
        return lost(id, End::broken);
    }
    if (!std::exchange(link.greeted, true)) {
        if (link.encrypted != (around_.tls && frame->hello)) around_.marks.hit(Mark::downgraded);
        if (frame->hello) {
            link.node = frame->hello->node();
            link.device = frame->hello->device;
            link.id = to_string(link.device);
        }
        if (!link.node) around_.network.watch(plug, transport_patience);
    }
    if (settings_.by_instance && frame->hello)
        frame->hello->device =
            first_with_.emplace(frame->hello->instance, frame->hello->device).first->second;
    enqueue({Received{id, std::move(*frame)}, plug, bytes.size()});
}

void Body::drained(Plug plug) { post(Drained{ids_.at(plug.number())}); }

void Body::ended(Plug plug, End end) { lost(ids_.at(plug.number()), end); }

void Body::lost(LinkId id, End end) {
    if (std::exchange(links_.at(id).over, true)) return;
    post(Lost{id, end});
}

Now Body::now() const {
    const Instant steady = around_.schedule.now();
    return {steady, WallTime{wall_ms_ + steady.time_since_epoch().count() / 1000}};
}

void Body::post_later(Duration delay, Input input) {
    around_.schedule.after(delay, [this, input = std::move(input)] { post(input); });
}

void Body::enqueue(Queued queued) {
    if (!alive_) return;
    inbox_.push_back(std::move(queued));
    if (frozen_ || std::exchange(run_due_, true)) return;
    around_.schedule.after(settings_.step_delay, [this] { run(); });
}

void Body::run() {
    run_due_ = false;
    while (alive_ && !frozen_ && !inbox_.empty()) {
        const Queued next = std::move(inbox_.front());
        inbox_.pop_front();
        if (next.bytes > 0) around_.network.consumed(next.plug, next.bytes);
        if (const auto* free = std::get_if<Drained>(&next.input))
            links_.at(free->link).busy = false;
        if (const auto* stranger = std::get_if<Accepted>(&next.input))
            links_.at(stranger->link).introduced = true;
        std::vector<Input> together{next.input};
        while (is_said(next.input) && !inbox_.empty() && is_said(inbox_.front().input)) {
            together.push_back(std::move(inbox_.front().input));
            inbox_.pop_front();
        }
        step(together);
        check_glimpses(next.input);
        if (const auto* gone = std::get_if<Lost>(&next.input)) {
            ids_.erase(links_.at(gone->link).plug.number());
            links_.erase(gone->link);
        }
    }
}

// Several inputs are lines, as the body of a node hands them on.
void Body::step(std::span<const Input> inputs) {
    const Input& input = inputs.front();
    for (const Input& each : inputs)
        if (around_.trace) trace(describe(each));
    if (inputs.size() > 1) around_.marks.hit(Mark::said_together);
    std::vector<Effect> effects;
    const auto* received = std::get_if<Received>(&input);
    heard_from_ = received == nullptr ? std::nullopt : std::optional{received->link};
    if (const auto* glimpsed = std::get_if<Glimpsed>(&input)) glimpsing_ = glimpsed->link;
    heard_receipt_ = received != nullptr && !received->frame.receipts.empty();
    if (const auto* block = std::get_if<Block>(&input)) blocks_ = block->on;
    for (const Input& each : inputs) note_letters_to(each);
    room_.step(inputs, now(), effects);
    for (const Input& each : inputs) note_letters_to(each);
    if (room_.next_line().log != own_log_) note_page();
    mark_step(input, effects);
    for (const Effect& effect : effects)
        if (const auto* append = std::get_if<Append>(&effect)) note_unseen(*append->run);
    bool somebody_moved = false;
    for (const Effect& effect : effects) {
        if (around_.trace) trace(describe(effect));
        require(alive_, "nothing follows Stop");
        std::visit([&](const auto& each) { perform(each); }, effect);
        if (const auto* notify = std::get_if<Notify>(&effect))
            somebody_moved |= notify->event.index() <= 1;
    }
    if (somebody_moved && up_.size() <= looked_through_max) check_peer_map();
    if (alive_) arm();
}

void Body::arm() {
    const auto next = room_.next_wakeup();
    // Most wakes are put off before they come: it is cheaper to look then than to arm anew.
    if (!next || (armed_for_ && *armed_for_ <= *next)) return;
    armed_for_ = next;
    around_.schedule.at(*next, [this, when = *next] {
        if (armed_for_ != when) return;
        armed_for_.reset();
        wake();
    });
}

void Body::wake() {
    if (!alive_ || frozen_) return;
    const auto due = room_.next_wakeup();
    if (!due || *due > around_.schedule.now()) return arm();
    count_wakes();
    const Input woken = Wake{};
    step(std::span(&woken, 1));
}

void Body::count_wakes() {
    const Instant when = around_.schedule.now();
    wakes_at_once_ = when == last_wake_ ? wakes_at_once_ + 1 : 1;
    last_wake_ = when;
    require(wakes_at_once_ <= wakes_at_once_max,
            "a node spins: Wake after Wake, and no time passes");
}

void Body::sweep() {
    if (!alive_) return;
    if (frozen_) return around_.schedule.after(100ms, [this] { sweep(); });
    Duration pause{0};
    probes_open_ = 1;
    for (const Endpoint& where : around_.range) {
        pause += Duration{20 + static_cast<Duration::rep>(rng_.below(200))};
        ++probes_open_;
        around_.schedule.after(pause, [this, where] {
            if (!alive_ || frozen_ || !room_.wants(where, around_.schedule.now()))
                return probed(where, false);
            around_.network.probe(settings_.listens.front().ip, where,
                                  [this, where](bool open) { probed(where, open); });
        });
    }
    around_.schedule.after(pause, [this] { probed({}, false); });
}

void Body::probed(Endpoint where, bool open) {
    if (open) post(Sighted{where});
    if (--probes_open_ > 0) return;
    post(Swept{});
    const auto jitter = rng_.below(static_cast<std::uint64_t>(sweep_pause_.count() / 4));
    around_.schedule.after(sweep_pause_ + Duration{static_cast<Duration::rep>(jitter)},
                           [this] { sweep(); });
    sweep_pause_ = std::min(sweep_pause_ * 3 / 2, sweep_pause_max);
}

}  // namespace lanchat::sim
