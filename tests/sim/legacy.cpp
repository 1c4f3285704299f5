// The original's server handler, its dialler and its publisher.
#include "tests/sim/legacy.hpp"

#include <cstdio>
#include <utility>

#include "message/wire.hpp"

namespace lanchat::sim {

using namespace std::chrono_literals;

namespace {

constexpr Duration scan_pause = 1s;
constexpr Duration server_patience = 20s;  // grpc-go's TCP_USER_TIMEOUT on accepted connections

std::string plain(const std::string& msg) {
    Frame frame;
    frame.msg = msg;
    return encode(frame);
}

}  // namespace

LegacyPeer::LegacyPeer(Surroundings& around, Endpoint address, std::uint64_t seed)
    : around_(around),
      address_(address),
      person_(around.person("legacy " + to_string(address))),
      rng_(seed) {
    around_.marks.hit(Mark::legacy_peer);
    Person& me = around_.history.people[person_];
    me.kind = Kind::legacy;
    me.alive = true;
    around_.network.listen(address, *this);
    trace("starts");
    const std::uint64_t pause_us = rng_.below(2) == 0 ? 2'000 : 1'000'000;
    around_.schedule.after(Duration{static_cast<Duration::rep>(rng_.below(pause_us))},
                           [this] { scan(); });
}

void LegacyPeer::say(const std::string& text) {
    if (!alive_) return;
    around_.history.records.push_back({around_.schedule.now(), What::said, person_, person_, 0,
                                       fingerprint(text), DownReason::lost});
    for (const auto& [peer, plug] : entries_) around_.network.send(plug, plain(text));
}

void LegacyPeer::die() {
    trace("is killed");
    alive_ = false;
    around_.history.people[person_].alive = false;
    around_.network.crash(*this, false);
}

void LegacyPeer::thaw() {
    frozen_ = false;
    for (const auto& [plug, bytes] : std::exchange(unread_, {})) arrived(plug, bytes);
}

std::vector<std::string> LegacyPeer::entries() const {
    std::vector<std::string> all;
    for (const auto& [peer, plug] : entries_) all.push_back(peer);
    return all;
}

void LegacyPeer::scan() {
    if (alive_) scan_next(around_.range);
}

// One address after the other, as the original does.
void LegacyPeer::scan_next(std::set<Endpoint> left) {
    if (!alive_) return;
    while (!left.empty()) {
        const Endpoint where = left.extract(left.begin()).value();
        if (where == address_ || entries_.contains(to_string(where))) continue;
        around_.network.probe(address_.ip, where, [this, where, left](bool open) {
            if (alive_ && open) dial(where);
            scan_next(left);
        });
        return;
    }
    around_.schedule.after(scan_pause, [this] { scan(); });
}

void LegacyPeer::dial(Endpoint where) {
    trace("dials " + to_string(where));
    const Plug plug = around_.network.dial(*this, address_.ip, where);
    streams_[plug].peer = to_string(where);
    around_.network.send(plug, plain(to_string(address_)));
}

void LegacyPeer::accepted(Plug plug, Endpoint) {
    if (around_.network.encrypted(plug)) return around_.network.answer_plain(plug);
    streams_[plug] = {};
    around_.network.watch(plug, server_patience);
}

void LegacyPeer::arrived(Plug plug, const std::string& bytes) {
    if (frozen_) return unread_.emplace_back(plug, bytes), void();
    around_.network.consumed(plug, bytes.size());
    const auto it = streams_.find(plug);
    if (!alive_ || it == streams_.end() || it->second.phase == Phase::duplicate) return;
    Stream& stream = it->second;
    const bool first_request = plug.side == 1 && stream.phase == Phase::greeting;
    // Strangers may send what they like.
    const bool from_us = around_.tenants.contains(stream.peer);
    const std::string msg = plain_text(bytes, first_request || !from_us);
    if (stream.phase == Phase::member) return show(stream, msg);
    plug.side == 1 ? served(plug, stream, msg) : answered(plug, stream, msg);
}

void LegacyPeer::served(Plug plug, Stream& stream, const std::string& msg) {
    stream.peer = msg;
    if (entries_.contains(msg)) {  // known: the call ends without a word
        trace("refuses " + msg);
        streams_.erase(plug);
        return around_.network.finish(plug);
    }
    trace("admits " + msg);
    stream.phase = Phase::member;
    entries_[msg] = plug;
    around_.network.send(plug, plain("ok"));
}

void LegacyPeer::answered(Plug plug, Stream& stream, const std::string& msg) {
    if (msg == "ok" && !entries_.contains(stream.peer)) {
        trace("is admitted by " + stream.peer);
        stream.phase = Phase::member;
        entries_[stream.peer] = plug;
        return;
    }
    if (msg == "ok") around_.marks.hit(Mark::legacy_both_dial);
    trace("half-closes its dial to " + stream.peer);
    stream.phase = Phase::duplicate;
    around_.network.finish(plug);
}

void LegacyPeer::show(const Stream& stream, const std::string& msg) {
    const auto author = around_.tenants.find(stream.peer);
    if (author == around_.tenants.end()) return;  // a stranger
    around_.history.records.push_back({around_.schedule.now(), What::shown, person_, author->second,
                                       0, fingerprint(msg), DownReason::lost});
}

void LegacyPeer::ended(Plug plug, End) {
    const auto it = streams_.find(plug);
    if (it == streams_.end()) return;
    const Stream stream = it->second;
    streams_.erase(it);
    if (stream.phase != Phase::member) return;
    trace("removes " + stream.peer);
    entries_.erase(stream.peer);  // whichever stream has that name by now
}

std::string LegacyPeer::plain_text(const std::string& bytes, bool may_extend) const {
    auto frame = decode(bytes);
    require(bool{frame}, "a legacy peer can read every frame");
    if (!may_extend) {
        require(bytes == plain(frame->msg), "a legacy peer gets no extension but in a greeting");
        require(!frame->msg.empty(), "a legacy peer gets no empty line");
    }
    return std::move(frame->msg);
}

void LegacyPeer::trace(const std::string& words) const {
    if (!around_.trace) return;
    const auto us = around_.schedule.now().time_since_epoch().count();
    std::printf("%10.6f %-22s legacy %s\n", static_cast<double>(us) / 1e6,
                to_string(address_).c_str(), words.c_str());
}

}  // namespace lanchat::sim
