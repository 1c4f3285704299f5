// A scene for one Room: the test plays everybody else, and virtual time passes when it says so.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "controller/room.hpp"
#include "node/store/memory_store.hpp"
#include "tests/unit/log_voice.hpp"

namespace lanchat::controller {

using namespace std::chrono_literals;

// In the order of the keys of their voices too.
inline constexpr InstanceId low{10};
inline constexpr InstanceId mid{500};
inline constexpr InstanceId high{1001};

inline std::vector<NodeId> nodes_of(const std::vector<InstanceId>& instances) {
    std::vector<NodeId> nodes;
    for (const InstanceId instance : instances) nodes.push_back(Voice(instance).node());
    return nodes;
}

inline Endpoint at(std::uint8_t host, std::uint16_t port = 4565) {
    return {Ipv4{0x0A000000U | host}, port};
}

class Scene {
    Instant time_{std::chrono::hours(1)};  // before the room, which begins with it

  public:
    explicit Scene(InstanceId instance = mid, bool legacy_peers = true, bool tls = false,
                   bool closed = false)
        : Scene(settings_of(instance, legacy_peers, tls, closed)) {}
    // Precondition: the key is that of the voice of this instance.
    explicit Scene(RoomSettings settings)
        : room(settings, Now{time_, {}}),
          own_log_{Voice(settings.instance).log()},
          tls_{settings.tls} {}

    static RoomSettings settings_of(InstanceId instance, bool legacy_peers, bool tls, bool closed) {
        RoomSettings settings;
        settings.instance = instance;
        settings.name = "me";
        settings.own = {at(1)};
        settings.legacy_peers = legacy_peers;
        settings.seed = 1;
        settings.key = shared_key_of(static_cast<std::uint64_t>(instance));
        settings.tls = tls;
        settings.closed = closed;
        return settings;
    }

    Instant time() const { return time_; }

    std::vector<Effect> give(const Input& input) {
        std::vector<Effect> out;
        room.step(input, now(), out);
        for (const Effect& effect : out) note(effect);
        if (disk_is_quick) serve();
        drain_questions();
        return out;
    }

    // The disk does all that it was asked for.
    void serve() {
        while (!unflushed.empty()) flush();
        for (const Freeze& freeze : std::exchange(freezes, {})) {
            proofs.push_back(freeze.proof);
            give(Frozen{freeze.proof.log, *disk.freeze(freeze.proof)});
        }
        for (const Examine& examine : std::exchange(examines, {}))
            give(Examined{examine.link, examine.run,
                          *disk.runs(examine.run->log(), examine.after, 512, 1'000'000)});
        for (const Prove& prove : std::exchange(proves, {})) {
            Proven proven{prove.link, {}};
            for (const LogId& log : prove.logs)
                if (const auto proof = *disk.proof_of(log)) proven.proofs.push_back(*proof);
            give(proven);
        }
    }

    // Drained as the room must see it: the link is free before it decides.
    void give(const Drained& drained) {
        busy.erase(drained.link);
        give(Input{drained});
    }

    // All that was appended is on the disk.
    void flush() {
        const auto runs = std::exchange(unflushed, {});
        REQUIRE(disk.append(runs, {1}));
        give(Stored{runs});
    }

    // Lets time pass, with every Wake that the room asks for.
    void pass(Duration time) {
        const Instant end = time_ + time;
        int wakes = 0;
        for (auto next = room.next_wakeup(); next && *next <= end; next = room.next_wakeup()) {
            time_ = std::max(time_, *next);
            REQUIRE(++wakes < 1000);
            give(Wake{});
        }
        time_ = end;
    }

    // Time passes and the room is not woken, as if the machine slept.
    void sleep(Duration time) { time_ += time; }

    // What was sent last on the link has left; and again, until it is idle.
    void drain(LinkId link) {
        while (busy.contains(link)) give(Drained{link});
        if (!answers_digests || unanswered.erase(link) == 0 || !answered.insert(link).second)
            return;
        // Whom we ask holds something else, all over.
        Frame frame;
        frame.digest = Digest{{}, std::vector<ShortHash>(digest_buckets), false};
        receive(link, frame);
        drain(link);
    }
    void receive(LinkId link, Frame frame) { give(Received{link, std::move(frame)}); }
    void lose(LinkId link, End end = End::broken) { give(Lost{link, end}); }

    // The room's own dial, at the point where the other side has not answered.
    LinkId dial(Endpoint where) {
        give(Sighted{where});
        REQUIRE_FALSE(dials.empty());
        const LinkId link = dials.back().link;
        REQUIRE(dials.back().where == where);
        drain(link);
        return link;
    }

    LinkId accept(Endpoint from, bool encrypted = false) {
        const LinkId link{++accepted_ * 2 + 1};
        give(Accepted{link, from, encrypted});
        return link;
    }

    Frame greeting(Endpoint claimed, InstanceId instance, std::uint64_t nonce = 1) const {
        Frame frame;
        frame.msg = to_string(claimed);
        frame.hello = hello(instance, nonce);
        return frame;
    }
    static Hello hello(InstanceId instance, std::uint64_t nonce = 1) {
        return {protocol_version, instance, nonce, "you", 0, Voice(instance).device()};
    }
    // The same said by the key of `who`.
    static Frame by(InstanceId who, Frame frame) {
        frame.hello->device = Voice(who).device();
        return frame;
    }
    Frame answer(InstanceId instance, Seq received = 0) const {
        Frame frame;
        frame.msg = "ok";
        frame.hello = hello(instance);
        frame.received = Ack{0, received};
        return frame;
    }
    static Frame plain(const std::string& msg) {
        Frame frame;
        frame.msg = msg;
        return frame;
    }
    static Frame ack(Seq seq) {
        Frame frame;
        frame.received = Ack{0, seq};
        return frame;
    }
    // What the process `who` says.
    static Frame lines(InstanceId who, Seq first, Seq last) {
        Frame frame;
        frame.runs = Voice(who).runs(first, last);
        return frame;
    }
    static Frame want(LogId log, Seq after, Seq seq) {
        Frame frame;
        frame.want.push_back({log, after, seq, false});
        return frame;
    }
    static Frame have(InstanceId who, Seq seq, bool listing = false) {
        Frame frame;
        Voice voice(who);
        frame.have.push_back({voice.log(), {0, seq, voice.head(seq)}, {}, {}});
        frame.listing = listing;
        return frame;
    }

    static Frame have_part(InstanceId who, Seq after, Seq seq) {
        Frame frame = have(who, seq, true);
        frame.have.front().base.after = after;
        return frame;
    }
    // The newest question about `log`.
    std::optional<Want> last_want(LinkId link, const LogId& log) const {
        std::optional<Want> last;
        for (const Frame& frame : sent.at(link))
            for (const Want& want : frame.want)
                if (want.log == log) last = want;
        return last;
    }

    std::ptrdiff_t questions_about(LinkId link, const LogId& log) const {
        std::ptrdiff_t count = 0;
        if (const auto it = sent.find(link); it != sent.end())
            for (const Frame& frame : it->second)
                count += std::ranges::count(frame.want, log, &Want::log);
        return count;
    }

    // A whole link to a lanchat node at `where`, made by either side.
    LinkId link_by_us(Endpoint where, InstanceId instance, Seq received = 0) {
        const LinkId link = dial(where);
        receive(link, answer(instance, received));
        drain(link);
        return link;
    }
    LinkId link_by_them(Endpoint where, InstanceId instance, std::uint64_t nonce = 1,
                        Seq received = 0) {
        const LinkId link = accept({where.ip, 40'000}, tls_);
        receive(link, greeting(where, instance, nonce));
        drain(link);
        receive(link, ack(received));
        drain(link);
        return link;
    }
    LinkId legacy_by_us(Endpoint where) {
        const LinkId link = dial(where);
        receive(link, plain("ok"));
        drain(link);
        return link;
    }
    LinkId legacy_by_them(Endpoint where) {
        const LinkId link = accept({where.ip, 40'000});
        receive(link, plain(to_string(where)));
        drain(link);
        return link;
    }

    // Lets the startup pass, so that a newcomer does not get what was said before.
    void settle() {
        give(Swept{});
        const LinkId link = link_by_us(at(200), InstanceId{77});
        pass(limits::startup_grace);
        drain(link);
    }

    void say(const std::string& text) { give(Say{"general", text}); }
    void say_many(int lines) {
        for (int i = 0; i < lines; ++i) say("line");
    }

    template <class E>
    std::vector<E> events() const {
        std::vector<E> found;
        for (const Event& event : notified)
            if (const auto* wanted = std::get_if<E>(&event)) found.push_back(*wanted);
        return found;
    }
    std::vector<bool> history_marks() const {
        std::vector<bool> marks;
        for (const auto& message : events<Message>()) marks.push_back(message.history);
        return marks;
    }
    std::vector<Message> said() const {
        auto messages = events<Message>();
        std::erase_if(messages, [](const Message& message) { return !message.own; });
        return messages;
    }
    std::vector<std::string> texts_shown() const {
        std::vector<std::string> texts;
        for (const auto& message : events<Message>())
            if (!message.own) texts.push_back(message.text);
        return texts;
    }
    std::uint64_t undelivered(UndeliveredReason reason) const {
        std::uint64_t lines = 0;
        for (const auto& report : events<Undelivered>())
            if (report.reason == reason) lines += report.lines;
        return lines;
    }
    const Frame& last_sent(LinkId link) const {
        REQUIRE_FALSE(sent.at(link).empty());
        return sent.at(link).back();
    }
    std::vector<Seq> lines_sent(LinkId link) const {
        std::vector<Seq> seqs;
        if (const auto it = sent.find(link); it != sent.end())
            for (const Frame& frame : it->second)
                for (const RunPtr& run : frame.runs)
                    for (const auto& item : run->items())
                        if (item.entry().log == own_log()) seqs.push_back(item.seq);
        return seqs;
    }
    static std::vector<std::string> texts(const Frame& frame) {
        std::vector<std::string> texts;
        for (const RunPtr& run : frame.runs)
            for (const auto& item : run->items()) texts.push_back(item.entry().text);
        return texts;
    }
    // The newest acknowledgement of the peer's own lines; none: nothing.
    std::optional<Seq> received_sent(LinkId link) const {
        std::optional<Seq> received;
        if (const auto it = sent.find(link); it != sent.end())
            for (const Frame& frame : it->second)
                if (frame.received) received = frame.received->last;
        return received;
    }
    LogId own_log() const { return own_log_; }
    std::vector<std::string> msgs_sent(LinkId link) const {
        std::vector<std::string> msgs;
        if (const auto it = sent.find(link); it != sent.end())
            for (const Frame& frame : it->second) msgs.push_back(frame.msg);
        return msgs;
    }
    PeerEntry entry(Endpoint where) const {
        const auto found = room.peers().find(where);
        REQUIRE(found);
        return *found;
    }
    bool ended(LinkId link) const { return finished.contains(link) || dropped.contains(link); }

    Room room;
    WallTime wall{1'700'000'000'000};  // it stands still
    bool disk_is_quick = true;
    bool answers_digests = true;
    std::set<LinkId> unanswered;  // we asked what it holds
    std::set<LinkId> answered;
    std::vector<RunPtr> unflushed;
    std::vector<RunPtr> appended;
    std::vector<Fetch> fetches;
    std::vector<Examine> examines;  // and the two below: not answered yet
    std::vector<Freeze> freezes;
    std::vector<Prove> proves;
    std::vector<Fork> proofs;  // that were kept
    store::MemoryStore disk{1};
    std::vector<Dial> dials;
    std::map<LinkId, std::vector<Frame>> sent;
    std::set<LinkId> busy;
    std::set<LinkId> finished;
    std::set<LinkId> dropped;
    std::vector<LinkId> probes;
    std::vector<Endpoint> connects;
    std::vector<Event> notified;
    bool stopped = false;

  private:
    Now now() const { return {time_, wall}; }

    // Questions after the first are nothing that the other tests are about.
    void drain_questions() {
        if (!answers_digests) return;
        for (const LinkId link : std::set(busy)) {
            if (!answered.contains(link) || sent[link].empty()) continue;
            Frame rest = sent[link].back();
            if (!rest.digest) continue;
            rest.digest.reset();
            std::erase_if(rest.have, [&](const Head& head) { return head.log == own_log(); });
            rest.listing = false;
            rest.said.clear();
            rest.wall.reset();  // our wall clock stands still, so any frame may tell of it
            if (rest == Frame{}) give(Drained{link});
        }
    }

    void note(const Effect& effect) {
        REQUIRE_FALSE(stopped);
        if (const auto* connect = std::get_if<Connect>(&effect)) connects.push_back(connect->where);
        if (const auto* dialled = std::get_if<Dial>(&effect)) {
            dials.push_back(*dialled);
            busy.insert(dialled->link);
        }
        if (const auto* send = std::get_if<Send>(&effect)) {
            REQUIRE_FALSE(ended(send->link));
            REQUIRE(busy.insert(send->link).second);
            sent[send->link].push_back(send->frame);
            if (send->frame.digest && send->frame.digest->asks) unanswered.insert(send->link);
        }
        if (const auto* finish = std::get_if<Finish>(&effect)) {
            REQUIRE_FALSE(busy.contains(finish->link));
            REQUIRE(finished.insert(finish->link).second);
        }
        if (const auto* drop = std::get_if<Drop>(&effect))
            REQUIRE(dropped.insert(drop->link).second);
        if (const auto* append = std::get_if<Append>(&effect)) {
            unflushed.push_back(append->run);
            appended.push_back(append->run);
        }
        if (const auto* fetch = std::get_if<Fetch>(&effect)) fetches.push_back(*fetch);
        if (const auto* examine = std::get_if<Examine>(&effect)) examines.push_back(*examine);
        if (const auto* freeze = std::get_if<Freeze>(&effect)) freezes.push_back(*freeze);
        if (const auto* prove = std::get_if<Prove>(&effect)) proves.push_back(*prove);
        if (const auto* probe = std::get_if<Probe>(&effect)) probes.push_back(probe->link);
        if (const auto* notify = std::get_if<Notify>(&effect)) notified.push_back(notify->event);
        stopped |= std::holds_alternative<Stop>(effect);
    }

    LogId own_log_;
    bool tls_;
    std::uint64_t accepted_ = 0;
};

}  // namespace lanchat::controller
