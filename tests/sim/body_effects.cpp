// What the simulated body does with each effect, and the contract it holds the room to.
#include <utility>

#include "message/limits.hpp"
#include "message/wire.hpp"
#include "tests/sim/body.hpp"

namespace lanchat::sim {

using namespace controller;
using namespace std::chrono_literals;

namespace {

std::string name_of(const PeerInfo& peer) {
    return peer.legacy ? "legacy " + to_string(peer.address) : peer.id;
}

bool is_plain(const Frame& frame) {
    return !frame.hello && !frame.received && frame.lines.empty() && !frame.ping && !frame.bye;
}

}  // namespace

void Body::perform(const Connect& connect) {
    around_.network.probe(settings_.listens.front().ip, connect.where,
                          [this, where = connect.where](bool open) {
                              if (open) return post(Sighted{where});
                              post(Unreachable{where});
                          });
}

void Body::perform(const Dial& dial) {
    require(is_dialled(dial.link) && !links_.contains(dial.link), "every dial has a new even id");
    const Endpoint& own = settings_.listens.front();
    const Plug plug = around_.network.dial(*this, own.ip, dial.where);
    Open& link = links_[dial.link];
    link.plug = plug;
    link.introduced = true;
    link.busy = true;
    ids_[plug] = dial.link;
    Frame greeting;
    greeting.msg = to_string(own);
    greeting.hello = dial.hello;
    around_.network.send(plug, encode(greeting));
}

void Body::perform(const Send& send) {
    Open& link = usable(send.link, "Send");
    require(!link.busy, "at most one Send is under way on a link");
    require(link.greeted, "nothing is sent to who has not greeted");
    if (!link.instance)
        require(is_plain(send.frame) && !send.frame.msg.empty(), "a legacy peer gets plain text");
    link.busy = true;
    const std::string bytes = encode(send.frame);
    require(bytes.size() <= limits::frame_bytes_max, "no frame exceeds its limit");
    if (!link.over) around_.network.send(link.plug, bytes);
}

void Body::perform(const Finish& finish) {
    Open& link = usable(finish.link, "Finish");
    require(!link.busy, "Finish comes after what was sent has left");
    link.finished = true;
    if (!link.over) around_.network.finish(link.plug);
}

void Body::perform(const Drop& drop) {
    const auto it = links_.find(drop.link);
    require(it != links_.end() && !it->second.dropped, "Drop comes once and for a link we have");
    it->second.dropped = true;
    if (it->second.over) return;
    it->second.over = true;
    around_.network.reset(it->second.plug);
    post_later(20us, Lost{drop.link, End::broken});
}

void Body::perform(const Probe& probe) {
    const auto it = links_.find(probe.link);
    require(it != links_.end(), "only a link we have is probed");
    around_.schedule.after(2ms, [this, id = probe.link] {
        const auto asked = links_.find(id);
        if (asked == links_.end()) return;
        post(Probed{id, !asked->second.over && around_.network.answers(asked->second.plug)});
    });
}

void Body::perform(const Notify& notify) {
    std::visit([this](const auto& event) { note(event); }, notify.event);
}

void Body::perform(const Stop&) {
    for (const auto& [id, link] : links_)
        require(link.over || !link.introduced, "Stop comes after the last link");
    require(leaving_, "nobody stops without being told");
    alive_ = false;
    around_.history.people[person_].alive = false;
    around_.network.crash(*this, false);
}

void Body::note(const PeerUp& event) {
    const std::string name = name_of(event.peer);
    require(up_.emplace(name, event.peer).second, "nobody comes who is here");
    if (const auto it = lost_at_.find(name);
        it != lost_at_.end() && around_.schedule.now() - it->second <= limits::relink_grace)
        around_.marks.hit(Mark::relink_in_grace);
    record(What::up, event.peer);
}

void Body::note(const PeerDown& event) {
    const std::string name = name_of(event.peer);
    require(up_.erase(name) == 1, "nobody goes who is not here");
    if (event.reason == DownReason::lost) lost_at_[name] = around_.schedule.now();
    record(What::down, event.peer);
    around_.history.records.back().why = event.reason;
}

void Body::note(const Message& event) {
    const auto colon = event.id.rfind(':');
    require(colon != std::string::npos, "a message id has a number");
    const std::string counter = event.id.substr(colon + 1);
    const std::uint64_t number = event.from.legacy ? 0 : std::stoull(counter);
    record(event.own ? What::said : What::shown, event.from, number, fingerprint(event.text));
}

void Body::note(const Undelivered& event) {
    require(event.lines > 0, "no report of nothing");
    around_.marks.hit(event.reason == UndeliveredReason::slow ? Mark::fell_behind : Mark::gave_up);
    record(What::undelivered, event.peer, event.lines);
}

void Body::check_peer_map() const {
    std::map<std::string, PeerInfo> listed;
    for (const PeerInfo& peer : room_.peers().linked()) listed.emplace(name_of(peer), peer);
    require(listed == up_, "the peer map lists whom the events announced");
}

Body::Open& Body::usable(LinkId id, const char* what) {
    const auto it = links_.find(id);
    require(it != links_.end() && !it->second.finished && !it->second.dropped,
            std::string("no ") + what + " after the end of a link");
    return it->second;
}

void Body::record(What what, const PeerInfo& peer, std::uint64_t number, std::uint64_t text) {
    around_.history.records.push_back({around_.schedule.now(), what, person_,
                                       around_.person(name_of(peer)), number, text,
                                       DownReason::lost});
}

}  // namespace lanchat::sim
