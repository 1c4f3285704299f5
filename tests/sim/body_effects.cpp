// What the simulated body does with each effect, and the contract it holds the room to.
#include <algorithm>
#include <utility>

#include "message/limits.hpp"
#include "message/wire.hpp"
#include "tests/sim/body.hpp"

namespace lanchat::sim {

using namespace controller;
using namespace std::chrono_literals;

namespace {

bool speaks_of_logs(const Frame& frame) {
    return !frame.runs.empty() || !frame.proofs.empty() || !frame.have.empty() ||
           !frame.want.empty() || frame.listing || frame.listed || frame.digest;
}

// Comparing goes on, ever more rarely, where parts of a log are left that do not fit together.
bool moves_logs(const Frame& frame) {
    return !frame.runs.empty() || !frame.proofs.empty() || !frame.want.empty() ||
           (!frame.have.empty() && !frame.listing);
}

bool is_plain(const Frame& frame) {
    return !frame.hello && !frame.received && !speaks_of_logs(frame) && !frame.linked &&
           frame.receipts.empty() && !frame.verify && !frame.wall && !frame.ping && !frame.bye;
}

// What is thought of a peer may change while it is here.
bool is_same(PeerInfo a, const PeerInfo& b) {
    a.trust = b.trust;
    a.mark = b.mark;
    return a == b;
}

}  // namespace

void Body::perform(const Roll& roll) {
    Nonce nonce;
    for (auto& byte : nonce.bytes) byte = static_cast<std::uint8_t>(rng_.below(256));
    post(Rolled{roll.who, nonce});
}

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
    require(around_.tls || !dial.encrypted, "without TLS every dial is plain");
    require(!around_.tls || dial.encrypted || settings_.legacy_peers,
            "only originals are dialled without TLS");
    if (around_.tls && !dial.encrypted) around_.marks.hit(Mark::plain_dial);
    const Plug plug = around_.network.dial(*this, own.ip, dial.where, dial.encrypted);
    Open& link = links_[dial.link];
    link.encrypted = dial.encrypted;
    link.plug = plug;
    link.introduced = true;
    link.busy = true;
    ids_[plug.number()] = dial.link;
    Frame greeting;
    greeting.msg = to_string(own);
    greeting.hello = dial.hello;
    around_.network.send(plug, encode(greeting));
}

void Body::perform(const Send& send) {
    Open& link = usable(send.link, "Send");
    require(!link.busy, "at most one Send is under way on a link");
    require(link.greeted, "nothing is sent to who has not greeted");
    if (!link.node)
        require(is_plain(send.frame) && !send.frame.msg.empty(), "a legacy peer gets plain text");
    check_stored(link, send.frame);
    note_told(link, send.frame);
    if (moves_logs(send.frame)) record(What::exchanged, person_);
    mark_comparison(link, send.frame);
    mark_receipts(send.frame);
    link.busy = true;
    Frame frame = send.frame;
    // Of direct messages nothing but news tells, until the next link.
    if (settings_.forgetful && !frame.listing)
        std::erase_if(frame.have, [](const Head& head) { return !head.log.is_direct(); });
    const std::string bytes = encode(frame);
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
    flush(unflushed_.size(), false);
    alive_ = false;
    around_.history.people[person_].alive = false;
    around_.network.crash(*this, false);
}

void Body::note(const TakenBack& event) {
    require(around_.taken_back.contains(event.line), "only an author takes back what it said");
    require(event.by.id == to_string(event.line.log.device), "it is known who did that");
}

void Body::note(const Glimpse& event) {
    const Message& message = event.message;
    around_.marks.hit(Mark::glimpsed);
    require(settings_.glimpses && !message.history, "only what is said now is shown early");
    require(!blocks_ || settings_.may_block != message.line.log.device,
            "nothing is shown of who is blocked");
    require(glimpsed_.emplace(message.line, Early{glimpsing_, fingerprint(message.text)}).second,
            "a line is shown early once");
}

void Body::note(const Withdrawn& event) {
    around_.marks.hit(Mark::withdrawn);
    const auto glimpsed = glimpsed_.extract(event.line);
    require(!glimpsed.empty(), "what is withdrawn was shown");
    require(around_.forged.contains({event.line, glimpsed.mapped().text}), "what is signed stays");
}

// One frame of a link at a time is being proven.
void Body::check_glimpses(const Input& input) const {
    const auto* received = std::get_if<Received>(&input);
    const auto* gone = std::get_if<Lost>(&input);
    if (received == nullptr && gone == nullptr) return;
    const LinkId link = received != nullptr ? received->link : gone->link;
    for (const auto& [line, early] : glimpsed_)
        require(early.link != link, "what was shown early is proven or withdrawn");
}

void Body::note(const PeerUp& event) {
    require(event.peer.encrypted == (around_.tls && !event.peer.legacy),
            "lanchat peers are linked over TLS, originals without");
    const std::size_t who = person_behind(event.peer);
    require(up_.emplace(event.peer.address, Known{event.peer, who}).second,
            "nobody comes who is here");
    if (const auto it = lost_at_.find(who);
        it != lost_at_.end() && around_.schedule.now() - it->second <= limits::relink_grace)
        around_.marks.hit(Mark::relink_in_grace);
    met_at_[event.peer.address] = who;
    require(up_people_.insert(who).second, "nobody comes twice");
    record(What::up, who);
}

void Body::note(const PeerMoved& event) {
    auto known = up_.extract(event.before);
    require(!known.empty() && known.mapped().peer.id == event.peer.id,
            "nobody moves who is not here");
    known.key() = event.peer.address;
    known.mapped().peer = event.peer;
    met_at_[event.peer.address] = known.mapped().person;
    require(up_.insert(std::move(known)).inserted, "nobody moves to where somebody is");
    around_.marks.hit(Mark::moved);
}

void Body::note(const PeerDown& event) {
    const auto it = up_.find(event.peer.address);
    require(it != up_.end() && is_same(it->second.peer, event.peer), "nobody goes who is not here");
    require(event.reason != DownReason::blocked || blocks_, "only who is blocked goes so");
    const std::size_t who = it->second.person;
    up_.erase(it);
    up_people_.erase(who);
    if (event.reason == DownReason::lost) lost_at_[who] = around_.schedule.now();
    record(What::down, who);
    around_.history.records.back().why = event.reason;
}

// A device may be here as several processes: an old one that is not yet missed, or a clone.
std::size_t Body::person_behind(const PeerInfo& peer) {
    if (peer.legacy) return around_.person("legacy " + to_string(peer.address));
    const DeviceId device = *parse_device_id(peer.id);
    const NodeId node = likely_node(peer);
    const std::size_t announced = around_.person(NodeId{device, node.instance});
    if (node.device != device) record(What::placed, announced, around_.person(node));
    return announced;
}

// Who speaks over the link by which it came.
NodeId Body::likely_node(const PeerInfo& peer) const {
    const auto heard = heard_from_ ? links_.find(*heard_from_) : links_.end();
    if (heard != links_.end() && heard->second.node) return *heard->second.node;
    std::optional<NodeId> likely;
    for (const auto& [id, link] : links_) {
        if (!link.node || link.dropped || link.id != peer.id) continue;
        if (!up_people_.contains(around_.person(*link.node))) likely = link.node;
    }
    require(likely.has_value(), "whoever comes has greeted");
    return *likely;
}

void Body::note(const Message& event) {
    const auto early = glimpsed_.extract(event.line);
    require(early.empty() || early.mapped().text == fingerprint(event.text),
            "it stays what was shown");
    require(!around_.forged.contains({event.line, fingerprint(event.text)}),
            "what is shown is signed");
    const auto colon = event.id.rfind(':');
    require(colon != std::string::npos, "a message id has a number");
    if (event.from.legacy) {
        const auto author = around_.person("legacy " + to_string(event.from.address));
        return record(What::shown, author, 0, fingerprint(event.text));
    }
    const std::uint64_t number = std::stoull(event.id.substr(colon + 1));
    const LogId& log = event.line.log;
    if (settings_.may_block == log.device) {
        require(!blocks_, "nothing is shown of who is blocked");
        told_.insert(event.line);
    }
    const bool said_here =
        event.own && (log.is_direct() ? own_logs_.contains(log) : log == own_log_);
    if (said_here) around_.said[event.line] = fingerprint(event.text);
    if (bare_.erase(event.line) > 0) return around_.marks.hit(Mark::filled);
    if (said_here && log.is_direct()) note_letters(log);
    tell_unseen(log, number);
    const std::size_t author = around_.person(event.id.substr(0, colon));
    mark_line(event, author);
    record(said_here ? What::said : What::shown, author, number, fingerprint(event.text));
    Record& record = around_.history.records.back();
    record.history = event.history;
    record.clock = event.clock.packed;
    const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(
        around_.schedule.now().time_since_epoch());
    record.ahead_ms = event.said.ms - true_time_ms - age.count();
    record.clocks_agree = most_clocks_are_right();
}

// The log of a process that turned a page is that of another author to the judge.
void Body::note_page() {
    around_.marks.hit(Mark::page_turned);
    own_log_ = room_.next_line().log;
    own_logs_.insert(own_log_);
    page_turned_ = around_.schedule.now();
    Person page = around_.history.people[person_];
    page.alive = false;
    page.page_of = person_;
    page.follows.reset();
    page.name = log_name(own_log_);
    around_.names[page.name] = around_.history.people.size();
    around_.history.people.push_back(page);
}

// So is what it says to one device alone.
void Body::note_letters(const LogId& log) {
    const std::string name = log_name(log);
    if (!around_.names.emplace(name, around_.history.people.size()).second) return;
    Person letters = around_.history.people[person_];
    letters.alive = false;
    letters.page_of = person_;
    letters.follows.reset();
    letters.name = name;
    letters.to = to_string(log.to);
    around_.history.people.push_back(letters);
}

// What it says at this step goes there, whether or not the step turns the page.
void Body::note_letters_to(const Input& input) {
    const auto* say = std::get_if<Say>(&input);
    const auto* take_back = std::get_if<TakeBack>(&input);
    const DeviceId to = say != nullptr         ? say->to
                        : take_back != nullptr ? take_back->what.line.log.to
                                               : DeviceId{};
    if (to != DeviceId{}) own_logs_.insert(room_.next_line_to(to).log);
}

// Among ours and those of whom we are linked with; and no page is too young to be turned again.
bool Body::most_clocks_are_right() const {
    const auto& people = around_.history.people;
    if (page_turned_ && around_.schedule.now() - *page_turned_ <= limits::epoch_interval)
        return false;
    std::size_t right = people[person_].odd_clock ? 0 : 1;
    for (const std::size_t who : up_people_)
        if (people[who].kind == Kind::lanchat && !people[who].odd_clock) ++right;
    return 2 * right > 1 + up_people_.size();
}

void Body::note(const Forked& event) {
    around_.marks.hit(Mark::fork_seen);
    for (const Person& person : around_.history.people)
        require(person.kind == Kind::stranger || person.device != event.author.id,
                "who is honest does not fork");
}

void Body::note(const OtherNetwork&) { require(false, "all here are of one network"); }

void Body::note(const Delivery& event) {
    const auto& [delivered, of, gone] = event.count;
    require(delivered + gone <= of, "no more than all have a line");
    record(What::delivered, author_of(event.line.log), event.line.seq);
    Record& record = around_.history.records.back();
    record.delivered = delivered;
    record.missing = of - delivered - gone;
    if (delivered < of || of == 0) return;
    around_.marks.hit(Mark::everywhere);
    if (heard_receipt_) around_.marks.hit(Mark::everywhere_far);
}

void Body::note(const KeyChanged&) {}

// People look at the code for a while, and sometimes at the wrong one.
void Body::note(const Verification& event) {
    const auto who = parse_device_id(event.peer.id);
    if (!event.code.empty()) around_.codes[event.code].insert(person_);
    if (event.stage == Verification::Stage::shown) {
        const bool same = rng_.below(10) > 0;
        const Duration thinks{static_cast<Duration::rep>(rng_.below(1'000'000))};
        return post_later(thinks, Judge{*who, event.code, same});
    }
    const bool verified = event.stage == Verification::Stage::verified;
    around_.marks.hit(verified ? Mark::verified : Mark::not_verified);
    if (!verified) return;
    require(around_.codes[event.code].size() >= 2, "both saw the code that was agreed to");
    require(room_.people().trust(*who) == Trust::verified, "who is verified counts as that");
}

void Body::note(const Undelivered& event) {
    require(event.lines > 0, "no report of nothing");
    require(event.peer.legacy || leaving_, "who stays gives no lanchat peer up");
    around_.marks.hit(event.reason == UndeliveredReason::slow ? Mark::fell_behind : Mark::gave_up);
    record(What::undelivered, met_at_.at(event.peer.address), event.lines);
}

void Body::check_peer_map() const {
    std::map<Endpoint, PeerInfo> listed;
    for (const PeerInfo& peer : room_.peers().linked()) listed.emplace(peer.address, peer);
    const bool same = std::ranges::equal(listed, up_, [](const auto& one, const auto& other) {
        return one.first == other.first && is_same(one.second, other.second.peer);
    });
    require(same, "the peer map lists whom the events announced");
}

// To whom, by the key that speaks there, direct messages and the receipts of others go.
void Body::note_told(const Open& link, const Frame& frame) const {
    if (!link.node) return;
    const auto tell = [&](const LogId& log) {
        if (log.is_direct()) record(What::told, author_of(log), around_.person(*link.node));
    };
    for (const RunPtr& run : frame.runs) tell(run->log());
    for (const Fork& proof : frame.proofs) tell(proof.log);
    for (const Head& head : frame.have) tell(head.log);
    for (const Want& want : frame.want) tell(want.log);
    for (const Receipt& receipt : frame.receipts)
        if (receipt.member != settings_.key->id())
            record(What::carried, author_of(receipt.log), around_.person(*link.node));
}

Body::Open& Body::usable(LinkId id, const char* what) {
    const auto it = links_.find(id);
    require(it != links_.end() && !it->second.finished && !it->second.dropped,
            std::string("no ") + what + " after the end of a link");
    return it->second;
}

void Body::record(What what, std::size_t peer, std::uint64_t number, std::uint64_t text) const {
    around_.history.records.push_back(
        {around_.schedule.now(), what, person_, peer, number, text, DownReason::lost});
}

}  // namespace lanchat::sim
