// What happens to links: they are dialled and accepted, heard and lost; and what frames carry of
// them.
#include "controller/roster/roster.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "controller/wall_time.hpp"
#include "message/limits.hpp"

namespace lanchat::controller::roster {
namespace {

constexpr std::int64_t set_ms_least = 1'000;  // less is drift, and a clock that is being slewed

// Whether the wall clock has not gone on as our steady one did.
bool was_set_since(Now before, Now now) {
    return std::abs(ahead_of_steady_ms(now) - ahead_of_steady_ms(before)) >= set_ms_least;
}

}  // namespace

Roster::Roster(const Self& self, const Course& course, Settings settings, Rng& rng, Needs& needs,
               Peers<Peer>& peers)
    : self_(self),
      course_(course),
      rng_(rng),
      needs_(needs),
      peers_(peers),
      own_(std::move(settings.own)),
      legacy_peers_(settings.legacy_peers),
      contacts_(rng.next()),
      people_(self.device(), self.name, std::move(settings.people)) {}

bool Roster::wants(const Endpoint& where, Instant now) const {
    return !course_.leaving() && !is_own(where) && is_missed_at(where) && !dialling(where) &&
           !peer_map_.full() && contacts_.may_dial(where, now);
}

void Roster::on(const Sighted& sighted, Now now, Effects& out) {
    if (!wants(sighted.where, now.steady)) return;
    Link link;
    link.id = LinkId{++dialled_ * 2};
    link.direction = Direction::dialled;
    link.remote = link.claimed = sighted.where;
    link.since = link.heard = now.steady;
    link.nonce = rng_.next();
    link.busy = true;  // with the greeting
    link.encrypted = self_.tls && !contacts_.is_plain(link.remote);
    Hello greeting = hello(link.nonce);
    greeting.renews = peer_at(link.remote) != nullptr;
    out.push_back(Dial{link.id, link.remote, std::move(greeting), link.encrypted});
    dials_[link.remote] = link.id;
    links_[link.id] = std::move(link);
}

void Roster::on(const Unreachable& unreachable, Now now, Effects&) {
    contacts_.unreachable(unreachable.where, now.steady);
}

void Roster::on(const Accepted& accepted, Now now, Effects& out) {
    Link link;
    link.id = accepted.link;
    link.direction = Direction::accepted;
    link.remote = accepted.from;
    link.encrypted = accepted.encrypted;
    link.since = link.heard = now.steady;
    Link& kept = links_[link.id] = std::move(link);
    if (course_.leaving()) drop(kept, now, out);
}

void Roster::on(const Probed& probed, Now now, Effects& out) {
    Link* answered = link(probed.link);
    if (answered == nullptr || !probed.alive) return;
    answered->heard = now.steady;
    answered->pinged.reset();
    if (Peer* peer = peer_of(*answered)) is_alive(*peer, now, out);
}

void Roster::on(const Lost& lost, Now now, Effects& out) {
    Link* ended = link(lost.link);
    if (ended == nullptr) return;
    const Link gone = std::move(*ended);
    links_.erase(gone.id);
    if (const auto it = dials_.find(gone.remote); it != dials_.end() && it->second == gone.id)
        dials_.erase(it);
    if (gone.stage == Stage::greeting) lost_while_greeting(gone, lost.end, now, out);
    if (Peer* peer = peer_of(gone)) detach(gone, lost.end, *peer, now, out);
    crossed_call_is_over(gone, now, out);
}

// --- frames --------------------------------------------------------------------------------------

Link* Roster::heard(LinkId id, Instant now) {
    Link* from = link(id);
    if (from == nullptr || from->dropped) return nullptr;
    from->heard = now;
    from->pinged.reset();
    if (from->doubted) trust_again(*from);
    return from;
}

// Two links may tell it in another order than it happened: the active one counts.
void Roster::take_hello(Link& link, Peer& peer, const Frame& frame, Instant now) {
    if (!frame.hello || frame.hello->node() != peer.key.node) return;
    link.hello = *frame.hello;
    if (peer.active == link.id) needs_.speaks_in(peer, link.hello.log(), now);
}

void Roster::take_ping(Link& link, const Frame& frame) {
    if (frame.ping && !frame.ping->reply) link.ping_owed = Ping{frame.ping->nonce, true};
}

bool Roster::take_bye(Peer& peer, const Frame& frame, Now now, Effects& out) {
    if (frame.bye != Bye::leaving) return false;
    take_down(peer, DownReason::left, now, out);
    return true;
}

bool Roster::fill(Link& link, Frame& frame) {
    if (link.stage == Stage::greeting || link.stage == Stage::challenging) return false;
    if (std::exchange(link.ok_owed, false)) frame.msg = accepted_word;
    const bool is_legacy = link.person && link.person->legacy;
    if (std::exchange(link.hello_owed, false) && !is_legacy) {
        frame.hello = hello(link.nonce);
        frame.hello->renews = has_doubted(link);
    }
    frame.ping = std::exchange(link.ping_owed, std::nullopt);
    frame.bye = std::exchange(link.bye_owed, std::nullopt);
    return std::exchange(link.ack_owed, false);
}

// It costs 9 bytes, and no frame of its own: who is silent is pinged. A clock that was set is told
// with what is dated by it.
void Roster::fill_wall(Link& link, Frame& frame, Now now) {
    if (is_blank(frame) || !link.person || link.person->legacy) return;
    const auto& told = link.wall_told;
    const bool is_due = !told || now.steady - told->steady >= limits::wall_told_interval ||
                        was_set_since(*told, now);
    if (!is_due && !frame.ping) return;
    frame.wall = Clock::at(now.wall).time();  // whatever it shows
    link.wall_told = now;
}

void Roster::send(Link& link, Frame frame, Effects& out) {
    if (!is_blank(frame)) {
        link.busy = true;
        out.push_back(Send{link.id, std::move(frame)});
    } else if (link.finish_owed) {
        link.finished = true;
        out.push_back(Finish{link.id});
    }
}

// --- links ---------------------------------------------------------------------------------------

bool Roster::is_expecting() const {
    return std::ranges::any_of(links_, [](const auto& known) {
        const Link& link = known.second;
        return !link.dropped && (link.stage == Stage::joining ||
                                 (link.stage == Stage::greeting && is_dialled(link.id)));
    });
}

bool Roster::is_free(const Member& who) const {
    const Link* active = who.active ? link(*who.active) : nullptr;
    return active != nullptr && active->stage == Stage::open && !active->busy;
}

void Roster::page_turned() {
    for (auto& [id, link] : links_.touch_all()) {
        const bool greeted = link.stage == Stage::joining || link.stage == Stage::open;
        const bool greets =
            is_dialled(id) && (link.stage == Stage::greeting || link.stage == Stage::challenging);
        if (greeted || greets) link.hello_owed = true;
    }
}

void Roster::leave(Now now, Effects& out) {
    for (auto& [id, link] : links_.touch_all()) {
        const bool member = link.stage == Stage::joining || link.stage == Stage::open;
        if (member && !link.person->legacy) link.bye_owed = Bye::leaving;
        member ? close(link, now, out) : drop(link, now, out);
    }
}

void Roster::drop_all(Now now, Effects& out) {
    for (auto& [id, link] : links_.touch_all()) drop(link, now, out);
}

Peer* Roster::peer(const PersonKey& key) {
    const auto known = peers_.touch(key);
    return known ? &known->state : nullptr;
}

Peer* Roster::peer_of(const Link& link) { return link.person ? peer(*link.person) : nullptr; }

Peer* Roster::peer_at(const Endpoint& address) {
    const Peer* known = std::as_const(*this).peer_at(address);
    return known == nullptr ? nullptr : peer(known->key);
}

const Peer* Roster::peer_at(const Endpoint& address) const {
    const auto entry = peer_map_.find(address);
    if (!entry) return nullptr;
    const auto known = peers_.find(entry->legacy() ? PersonKey::original_at(address)
                                                   : PersonKey::of(entry->node()));
    return !known || known->state.links.empty() ? nullptr : &known->state;
}

Hello Roster::hello(std::uint64_t nonce) const {
    Hello hello;
    hello.instance = self_.instance;
    hello.nonce = nonce;
    hello.name = self_.name;
    hello.device = self_.device();
    hello.epoch = needs_.page();
    return hello;
}

bool Roster::is_own(const Endpoint& address) const {
    return std::ranges::find(own_, address) != own_.end();
}

bool Roster::dialling(const Endpoint& address) const {
    const auto newest = dials_.find(address);
    const Link* dial = newest == dials_.end() ? nullptr : link(newest->second);
    return dial != nullptr && dial->stage == Stage::greeting && !dial->dropped;
}

}  // namespace lanchat::controller::roster
