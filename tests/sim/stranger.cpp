// Random valid frames at random times.
#include "tests/sim/stranger.hpp"

#include <algorithm>

#include "message/limits.hpp"
#include "message/wire.hpp"

namespace lanchat::sim {

using namespace std::chrono_literals;

Mark mark_of(Role role) {
    switch (role) {
        case Role::babbler:
            return Mark::stranger;
        case Role::replayer:
            return Mark::replayer;
        case Role::withholder:
            return Mark::withholder;
        case Role::liar:
            return Mark::liar;
        case Role::flooder:
            return Mark::flooder;
        case Role::asker:
            return Mark::asker;
        case Role::forker:
            return Mark::forker;
        case Role::clock_liar:
            return Mark::clock_liar;
        case Role::planter:
            return Mark::planter;
        case Role::forger:
            return Mark::forger;
    }
    return Mark::stranger;
}

Stranger::Stranger(Surroundings& around, StrangerSettings settings)
    : around_(around),
      settings_(settings),
      rng_(settings_.seed),
      voice_(settings_.instance),
      late_voice_(static_cast<std::uint64_t>(settings_.instance), settings_.instance,
                  WallTime{static_cast<std::int64_t>(rng_.next() >> 17)}),
      named_(InstanceId{rng_.next() | 1}, "named"),
      planted_(InstanceId{rng_.next() | 1}, "planted"),
      logs_{voice_.log()} {
    around_.history.people[around_.person(voice_.node())].alive = settings_.stays;
    around_.planted.insert(planted_.device());
    if (!settings_.target) {
        around_.network.listen(settings_.self, *this);
        return;
    }
    const Plug plug =
        around_.network.dial(*this, settings_.self.ip, *settings_.target, speaks_tls());
    heard_[plug] = 0;
    greet(plug);
}

void Stranger::die() {
    alive_ = false;
    around_.network.crash(*this, false);
}

// Who bears another's name cannot sign for it: over TLS nobody would listen.
bool Stranger::speaks_tls() const {
    return around_.tls && settings_.greeting != Greeting::legacy &&
           settings_.greeting != Greeting::mirror;
}

void Stranger::accepted(Plug plug, Endpoint) {
    if (around_.network.encrypted(plug) && !speaks_tls()) return around_.network.answer_plain(plug);
    heard_[plug] = 0;
}

void Stranger::arrived(Plug plug, const std::string& bytes) {
    if (settings_.reads) around_.network.consumed(plug, bytes.size());
    const auto it = heard_.find(plug);
    if (!alive_ || it == heard_.end()) return;
    const bool first = it->second++ == 0;
    if (first && plug.side == 1) answer(plug);
    const auto frame = decode(bytes);
    if (settings_.polite && frame && (first || !settings_.falls_silent)) {
        Frame reply;
        if (frame->ping && !frame->ping->reply) reply.ping = Ping{frame->ping->nonce, true};
        if (first || !frame->runs.empty())
            reply.received = Ack{0, frame->runs.empty() ? 0 : frame->runs.back()->last()};
        if (reply.ping || reply.received) around_.network.send(plug, encode(reply));
    }
    if (frame) learn(*frame);
    if (frame && frame->hello) nodes_.insert(plug);
    if (first) settings_.role == Role::babbler ? babble(plug, settings_.frames) : pester(plug);
}

void Stranger::ended(Plug plug, End) { heard_.erase(plug); }

void Stranger::greet(Plug plug) {
    Frame frame;
    frame.msg = to_string(settings_.self);
    frame.hello = hello();
    if (settings_.greeting == Greeting::silence) return;
    if (settings_.greeting == Greeting::garbage) frame = random_frame();
    around_.network.send(plug, encode(frame));
    if (!settings_.polite) babble(plug, settings_.frames);  // without waiting for an answer
}

void Stranger::answer(Plug plug) {
    Frame frame;
    frame.msg = "ok";
    frame.hello = hello();
    if (frame.hello) frame.received = Ack{0, rng_.below(3)};
    if (settings_.greeting == Greeting::silence) return;
    if (settings_.greeting == Greeting::garbage) frame = random_frame();
    around_.network.send(plug, encode(frame));
}

void Stranger::babble(Plug plug, int frames) {
    if (frames <= 0) return;
    const Duration pause{static_cast<Duration::rep>(rng_.below(300'000))};
    around_.schedule.after(pause, [this, plug, frames] {
        if (!alive_ || !heard_.contains(plug)) return;
        const auto mood = rng_.below(40);
        if (mood == 0) return around_.network.reset(plug);
        if (mood == 1) return around_.network.finish(plug);
        around_.network.send(plug, encode(random_frame()));
        babble(plug, frames - 1);
    });
}

Ack Stranger::some_ack() {
    const Seq after = rng_.below(2) == 0 ? 0 : rng_.below(40);
    return {after, after + (rng_.below(2) == 0 ? rng_.below(50) : rng_.next() / 2)};
}

Head Stranger::some_head() {
    const Seq after = rng_.below(2) == 0 ? 0 : rng_.below(40);
    const Span base{after, after + 1 + rng_.below(30), hash_of("nothing")};
    Head head{some_log(), base, std::nullopt, Clock{rng_.next()}};
    if (rng_.below(3) == 0)
        head.tail = {base.last + 1, base.last + 2 + rng_.below(9), hash_of("nothing")};
    return head;
}

Frame Stranger::random_frame() {
    static constexpr const char* words[] = {"", "ok", "hi", "10.0.0.1:4565", "not an address"};
    Frame frame;
    frame.msg = words[rng_.below(5)];
    if (rng_.below(4) == 0) frame.hello = hello();
    if (rng_.below(3) == 0) frame.received = some_ack();
    if (rng_.below(3) == 0) frame.ping = Ping{rng_.next(), rng_.below(2) == 0};
    if (rng_.below(8) == 0) frame.bye = static_cast<Bye>(rng_.below(5));
    if (rng_.below(4) == 0) {
        const Seq first = 1 + rng_.below(20);
        frame.runs = voice_.runs(first, first + rng_.below(5));
    }
    for (auto heads = rng_.below(3); heads > 0; --heads) frame.have.push_back(some_head());
    for (auto wants = rng_.below(3); wants > 0; --wants)
        frame.want.push_back({some_log(), rng_.below(10), 10 + rng_.below(9), rng_.below(2) == 0});
    frame.listing = rng_.below(4) == 0;
    if (rng_.below(4) == 0) compare(frame);
    if (rng_.below(4) == 0) frame.wall = WallTime{static_cast<std::int64_t>(rng_.next() >> 16)};
    if (rng_.below(8) == 0)
        frame.linked = Linked{rng_.below(3), {voice_.node(), invented()}, {invented()}};
    return frame;
}

// What it holds nobody else does.
void Stranger::compare(Frame& frame) {
    frame.digest = Digest{{}, {}, rng_.below(2) == 0};
    if (rng_.below(2) == 0) frame.digest->buckets.resize(digest_buckets);
    if (rng_.below(2) == 0) frame.differ = rng_.next();
    frame.listed = rng_.below(4) == 0;
}

void Stranger::pester(Plug plug) {
    // Who stays takes its time.
    const Duration least = is_peace() ? 2s : 20ms;
    const Duration pause = least + Duration{static_cast<Duration::rep>(rng_.below(200'000))};
    around_.schedule.after(pause, [this, plug] {
        if (!alive_ || !heard_.contains(plug)) return;
        const bool forges =
            settings_.role == Role::forger && nodes_.contains(plug) && rng_.below(3) == 0;
        around_.network.send(plug, forges ? forged_bytes() : encode(role_frame(plug)));
        pester(plug);
    });
}

Frame Stranger::role_frame(Plug plug) {
    Frame frame;
    switch (settings_.role) {
        case Role::babbler:
            return random_frame();
        case Role::replayer:
            for (auto runs = rng_.below(4); runs > 0 && !runs_.empty(); --runs)
                frame.runs.push_back(runs_[rng_.below(runs_.size())]);
            for (auto some = rng_.below(4); some > 0 && !receipts_.empty(); --some)
                frame.receipts.push_back(receipts_[rng_.below(receipts_.size())]);
            frame.want.push_back({some_log(), 0, 0, false});
            return frame;
        case Role::withholder:
            frame.listing = rng_.below(2) == 0;
            for (int i = 0; i < 4; ++i)
                frame.have.push_back(
                    {some_log(), {0, 1 + rng_.below(100), hash_of("withheld")}, {}, {}});
            for (int i = 0; i < 20; ++i)  // of logs that do not exist
                frame.have.push_back(
                    {{voice_.device(), Epoch{rng_.below(200)}}, {0, 9, {}}, {}, {}});
            return frame;
        case Role::liar:
            frame.linked = Linked{rng_.next() >> 8, {invented()}, {}};
            for (const LogId& log : logs_) frame.linked->came.push_back(node_of(log));
            for (const LogId& log : logs_)
                frame.have.push_back({log, {0, Seq{1} << 63, hash_of("a lie")}, {}, {}});
            return frame;
        case Role::flooder:
            if (said_ >= 5'000) return frame;
            frame.runs = voice_.runs(said_ + 1, said_ + limits::run_entries_max);
            said_ += limits::run_entries_max;
            return frame;
        case Role::asker:
            compare(frame);
            for (int i = is_peace() ? 2 : 50; i > 0; --i) frame.want.push_back({some_log(), 0, 0});
            return frame;
        case Role::forker:
            frame.runs.push_back(forked_run(plug));
            return frame;
        case Role::clock_liar:
            frame.wall = WallTime{static_cast<std::int64_t>(rng_.next() >> 16)};
            if (said_ < 5) frame.runs.push_back(late_voice_.run(said_ + 1, said_ + 1));
            said_ = std::min<Seq>(said_ + 1, 5);
            return frame;
        case Role::planter:
            return planted_frame();
        case Role::forger:
            if (said_ < 5) ++said_;
            frame.runs.push_back(voice_.run(said_, said_));
            return frame;
    }
    return frame;
}

// What it might say next.
std::string Stranger::forged_bytes() {
    Entry entry;
    entry.log = voice_.log();
    entry.seq = said_ + 1;
    if (said_ > 0) entry.before = voice_.head(said_);
    entry.clock = Clock{Clock::at(WallTime{1'600'000'000'000}).packed + (entry.seq << 32U)};
    entry.room = general_room;
    entry.name = "forger";
    entry.text = "forged";
    around_.forged.insert({{entry.log, entry.seq}, fingerprint(entry.text)});
    Frame frame;
    frame.runs.push_back(sign({entry}, key_of(static_cast<std::uint64_t>(settings_.instance))));
    std::string bytes = encode(frame);
    const auto signature = bytes.find(frame.runs.front()->signature().view());
    bytes[signature] = static_cast<char>(bytes[signature] ^ 1);
    return bytes;
}

Frame Stranger::planted_frame() {
    Frame frame;
    if (said_ == 0) voice_.meet(named_.device());
    said_ = std::min<Seq>(said_ + 1, 5);
    if (rng_.below(2) == 0) frame.runs.push_back(voice_.run(1, said_));
    for (Voice* voice : {&named_, &planted_}) {
        frame.have.push_back({voice->log(), {0, said_, voice->head(said_)}, {}, {}});
        frame.runs.push_back(voice->run(1, said_));
    }
    frame.listing = rng_.below(2) == 0;
    return frame;
}

// One branch to each, run by run, and now and then something of the other one.
RunPtr Stranger::forked_run(Plug plug) {
    const auto own = static_cast<std::uint64_t>(plug.wire % 2);
    const auto& runs = branch(own);
    std::size_t& told = branch_told_[plug];
    if (told < runs.size()) return runs[told++];
    const auto& others = branch(rng_.below(8) == 0 ? 1 - own : own);
    return others[rng_.below(others.size())];
}

// Both have their first lines in common, and one goes on for longer.
const std::vector<RunPtr>& Stranger::branch(std::uint64_t number) {
    if (!branches_[number].empty()) return branches_[number];
    const Seq lines = 3 + rng_.below(30);
    const Seq common = rng_.below(lines);
    const std::size_t cut = 1 + rng_.below(3);
    for (std::uint64_t which = 0; which < branches_.size(); ++which) {
        Hash before;
        std::vector<Entry> entries;
        for (Seq seq = 1; seq <= lines + which; ++seq) {
            Entry entry;
            entry.log = voice_.log();
            entry.seq = seq;
            entry.clock = Clock{Clock::at(WallTime{1'600'000'000'000}).packed + seq};
            entry.room = general_room;
            entry.name = "forker";
            entry.text = seq <= common ? "common" : "branch " + std::to_string(which);
            entries.push_back(entry);
            if (entries.size() < cut && seq < lines + which) continue;
            entries.front().before = before;
            branches_[which].push_back(
                sign(std::move(entries), key_of(static_cast<std::uint64_t>(settings_.instance))));
            before = branches_[which].back()->head();
            entries.clear();
        }
    }
    return branches_[number];
}

void Stranger::learn(const Frame& frame) {
    constexpr std::size_t known_max = 20;
    for (const Head& head : frame.have)
        if (logs_.size() < known_max && std::ranges::find(logs_, head.log) == logs_.end())
            logs_.push_back(head.log);
    for (const Receipt& receipt : frame.receipts)
        if (receipts_.size() < known_max) receipts_.push_back(receipt);
    for (const RunPtr& run : frame.runs) {
        if (runs_.size() < known_max && run->byte_count() < 1'000) runs_.push_back(run);
        if (logs_.size() < known_max && std::ranges::find(logs_, run->log()) == logs_.end())
            logs_.push_back(run->log());
    }
}

NodeId Stranger::invented() { return {voice_.device(), InstanceId{rng_.next()}}; }

LogId Stranger::some_log() { return logs_[rng_.below(logs_.size())]; }

std::optional<Hello> Stranger::hello() {
    if (settings_.greeting == Greeting::legacy) return std::nullopt;
    const bool mirror = settings_.greeting == Greeting::mirror;
    return Hello{
        rng_.below(8) == 0 ? 1 : protocol_version,
        mirror && settings_.mirrored != InstanceId{} ? settings_.mirrored : settings_.instance,
        rng_.next(),
        "stranger",
        0,
        mirror || settings_.shares_key ? settings_.mirrored_device : voice_.device()};
}

}  // namespace lanchat::sim
