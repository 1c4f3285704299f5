// Inputs and effects in words.
#include "tests/sim/trace.hpp"

#include <bit>

namespace lanchat::sim {
namespace {

using namespace controller;

template <class... Fs>
struct Overloaded : Fs... {
    using Fs::operator()...;
};
template <class... Fs>
Overloaded(Fs...) -> Overloaded<Fs...>;

std::string number(LinkId id) { return " #" + std::to_string(static_cast<std::uint64_t>(id)); }

std::string who(const PeerInfo& peer) { return " " + to_string(peer.address) + " " + peer.id; }

std::string name(const LogId& log) { return to_string(node_of(log).instance); }

std::string describe(const VerifiedRun& run) {
    return name(run.log()) + ":" + std::to_string(run.first()) + "-" + std::to_string(run.last());
}

std::string describe(const Fork& proof) {
    return name(proof.log) + " forked " + std::to_string(proof.seq) + ", " + describe(*proof.a) +
           " and " + describe(*proof.b) + (proof.is_tight() ? " tight" : "");
}

std::string describe(const Event& event) {
    return std::visit(
        Overloaded{
            [](const PeerUp& e) { return "up" + who(e.peer); },
            [](const PeerDown& e) {
                constexpr const char* reasons[] = {" left", " lost", " replaced", " blocked"};
                return "down" + who(e.peer) + reasons[static_cast<int>(e.reason)];
            },
            [](const PeerMoved& e) {
                return "moved" + who(e.peer) + " from " + to_string(e.before);
            },
            [](const Message& e) { return (e.own ? "own " : "line ") + e.id + who(e.from); },
            [](const Glimpse& e) { return "glimpse " + e.message.id + who(e.message.from); },
            [](const Withdrawn& e) { return "withdrawn " + e.id; },
            [](const TakenBack& e) { return "taken back " + e.id; },
            [](const Forked& e) { return "forked" + who(e.author); },
            [](const OtherNetwork& e) { return "other network " + to_string(e.where); },
            [](const OtherVersion& e) { return "other version " + to_string(e.where); },
            [](const KeyChanged& e) { return "key changed" + who(e.now) + who(e.known); },
            [](const Verification& e) {
                return "verification " + std::string(to_word(e.stage)) + who(e.peer) + " " + e.code;
            },
            [](const Delivery& e) {
                return "delivered " + e.id + " " + std::to_string(e.count.delivered) + " of " +
                       std::to_string(e.count.of);
            },
            [](const Undelivered& e) {
                return "undelivered" + who(e.peer) + " " + std::to_string(e.lines) +
                       (e.reason == UndeliveredReason::slow ? " slow" : " gone");
            },
        },
        event);
}

std::string span(Seq after, Seq last) { return std::to_string(after) + "-" + std::to_string(last); }

std::string describe(const Want& want) {
    return name(want.log) + ":" + span(want.after, want.seq) +
           (want.newest_first ? " newest first" : "");
}

}  // namespace

std::string describe(const Frame& frame) {
    std::string out = frame.msg.empty() ? "" : " '" + frame.msg.substr(0, 24) + "'";
    if (frame.hello) out += " hello " + name(frame.hello->log());
    if (frame.received) out += " received " + span(frame.received->after, frame.received->last);
    for (const RunPtr& run : frame.runs) out += " run " + describe(*run);
    if (frame.digest)
        out += std::string(frame.digest->asks              ? " digest?"
                           : frame.digest->buckets.empty() ? " same"
                                                           : " buckets");
    if (frame.differ) out += " differ " + std::to_string(std::popcount(*frame.differ));
    for (const Fork& proof : frame.proofs) out += " proof " + describe(proof);
    if (frame.listing) out += " listing";
    for (const Said& said : frame.said) out += " said " + std::to_string(said.last);
    for (const Head& head : frame.have)
        out += " have " + name(head.log) + ":" + span(head.base.after, head.base.last) +
               (head.tail ? "+" + span(head.tail->after, head.tail->last) : "") +
               (head.forked ? " forked " + std::to_string(head.forked) : "");
    for (const Want& want : frame.want) out += " want " + describe(want);
    for (const Lack& lack : frame.lacks) out += " lacks " + name(lack.log);
    for (const GivenBodies& given : frame.bodies)
        out += " gives " + std::to_string(given.bodies.size()) + " of " + name(given.log);
    if (frame.linked)
        out += " linked +" + std::to_string(frame.linked->came.size()) + " -" +
               std::to_string(frame.linked->went.size());
    if (frame.verify) out += " verify " + std::to_string(static_cast<int>(frame.verify->kind));
    if (frame.ping) out += frame.ping->reply ? " pong" : " ping";
    constexpr const char* byes[] = {"unknown", "leaving", "duplicate", "busy", "taken"};
    if (frame.bye) out += std::string(" bye ") + byes[static_cast<int>(*frame.bye)];
    return out;
}

std::string describe(const Input& input) {
    return std::visit(
        Overloaded{
            [](const Sighted& i) { return "sighted " + to_string(i.where); },
            [](const Unreachable& i) { return "unreachable " + to_string(i.where); },
            [](const Swept&) { return std::string("swept"); },
            [](const Moved& i) { return "moved to " + to_string(i.own.front()); },
            [](const Accepted& i) { return "accepted" + number(i.link) + " " + to_string(i.from); },
            [](const Glimpsed& i) {
                return "glimpsed" + number(i.link) + " " + name(i.run.log()) + ":" +
                       std::to_string(i.run.first());
            },
            [](const Received& i) { return "received" + number(i.link) + describe(i.frame); },
            [](const Drained& i) { return "drained" + number(i.link); },
            [](const Lost& i) {
                constexpr const char* ends[] = {" refused", " broken", " no TLS", " other network"};
                return "lost" + number(i.link) + ends[static_cast<int>(i.end)];
            },
            [](const Probed& i) {
                return "probed" + number(i.link) + (i.alive ? " alive" : " silent");
            },
            [](const Stored& i) {
                std::string out = "stored";
                for (const RunPtr& run : i.runs) out += " " + describe(*run);
                return out;
            },
            [](const Fetched& i) {
                return "fetched" + number(i.link) + " " + name(i.log) + ", runs " +
                       std::to_string(i.runs.size());
            },
            [](const Examined& i) {
                return "examined" + number(i.link) + " " + describe(*i.run) + ", ours " +
                       std::to_string(i.ours.size());
            },
            [](const Frozen& i) {
                return "frozen " + name(i.log) + ":" +
                       span(i.extent.base.after, i.extent.base.last) + " at " +
                       std::to_string(i.extent.forked);
            },
            [](const Proven& i) {
                return "proven" + number(i.link) + " " + std::to_string(i.proofs.size());
            },
            [](const Trimmed& i) {
                return "trimmed " + name(i.log) + " up to " + std::to_string(i.floor);
            },
            [](const TakeBack&) { return std::string("take back"); },
            [](const BodiesChanged& i) {
                return "bodies changed " + std::to_string(i.news.size());
            },
            [](const Found& i) {
                return "found" + number(i.link) + " " + name(i.log) + ", bodies " +
                       std::to_string(i.bodies.size());
            },
            [](const Filled& i) { return "filled " + std::to_string(i.entries.size()); },
            [](const Watch& i) { return "watch " + message_id(i.line); },
            [](const Imported& i) { return "imported " + describe(*i.run); },
            [](const Say& i) { return "say " + i.text.substr(0, 24); },
            [](const Receive& i) { return std::string(i.on ? "receive on" : "receive off"); },
            [](const EndOfInput& i) {
                return std::string(i.linger ? "end of input, linger" : "end of input");
            },
            [](const Block& i) { return (i.on ? "block " : "unblock ") + to_string(i.who); },
            [](const Verify& i) { return "verify " + to_string(i.who); },
            [](const Pin& pin) { return "Pin " + to_string(pin.who).substr(0, 8); },
            [](const Doubt& doubt) { return "Doubt " + to_string(doubt.who).substr(0, 8); },
            [](const controller::Judge& i) { return (i.same ? "agree " : "refuse ") + i.code; },
            [](const Rolled&) { return std::string("rolled"); },
            [](const Leave&) { return std::string("leave"); },
            [](const Wake&) { return std::string("wake"); },
        },
        input);
}

std::string describe(const Effect& effect) {
    return std::visit(
        Overloaded{
            [](const Connect& e) { return "-> connect " + to_string(e.where); },
            [](const Dial& e) { return "-> dial" + number(e.link) + " " + to_string(e.where); },
            [](const Send& e) { return "-> send" + number(e.link) + describe(e.frame); },
            [](const Finish& e) { return "-> finish" + number(e.link); },
            [](const Drop& e) { return "-> drop" + number(e.link); },
            [](const Probe& e) { return "-> probe" + number(e.link); },
            [](const Append& e) { return "-> append " + describe(*e.run); },
            [](const Fetch& e) { return "-> fetch" + number(e.link) + " " + describe(e.want); },
            [](const Look& e) {
                return "-> look" + number(e.link) + " for " + std::to_string(e.entries.size()) +
                       " bodies of " + name(e.log);
            },
            [](const Fill& e) {
                return "-> fill " + std::to_string(e.bodies.size()) + " of " + name(e.log);
            },
            [](const Examine& e) { return "-> examine" + number(e.link) + " " + describe(*e.run); },
            [](const Freeze& e) { return "-> freeze " + describe(e.proof); },
            [](const Prove& e) {
                return "-> prove" + number(e.link) + " " + std::to_string(e.logs.size());
            },
            [](const Roll&) { return std::string("-> roll"); },
            [](const Remember& e) {
                return std::string(e.at_once ? "-> remember now" : "-> remember");
            },
            [](const Notify& e) { return "-> " + describe(e.event); },
            [](const Stop&) { return std::string("-> stop"); },
        },
        effect);
}

}  // namespace lanchat::sim
