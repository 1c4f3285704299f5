// A life of the sync engine: peers greet, tell, ask and lie, and the disk answers when it likes.
#include <array>
#include <chrono>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "tests/fuzz/bytes.hpp"
#include "tests/fuzz/room_judge.hpp"
#include "tests/fuzz/signed_runs.hpp"

using namespace lanchat;
using namespace lanchat::controller;
using namespace std::chrono_literals;

namespace {

using fuzz::Bytes;
using fuzz::great;
using fuzz::greatest;
using fuzz::Judge;
using fuzz::key_of;
using fuzz::log_of;
using fuzz::made;
using fuzz::others;
using fuzz::self;
using fuzz::Signed;

constexpr std::size_t deeds_max = 400;
constexpr int wakes_at_once_max = 1'000;
constexpr std::size_t invented_at_once = 256;

class Life {
  public:
    Life(const std::uint8_t* bytes, std::size_t size)
        : bytes_(bytes, size),
          judge_(log_of(self, static_cast<std::uint64_t>(self)), made().known()),
          room_(settings(), Now{time_, wall_}) {
        for (const auto& log : made().logs())
            if (made().known().contains(log.id))
                for (const RunPtr& run : log.runs) judge_.kept(run);
    }

    void live() {
        for (std::size_t deed = 0; deed < deeds_max && !bytes_.empty(); ++deed) act();
        end();
    }

  private:
    void give(const Input& input) {
        std::vector<Effect> out;
        room_.step(input, Now{time_, wall_}, out);
        judge_.judge(out, room_.next_line().log);
        for (const auto& effect : out) {
            if (const auto* dial = std::get_if<Dial>(&effect)) links_.push_back(dial->link);
            if (const auto* fetch = std::get_if<Fetch>(&effect)) fetches_.push_back(*fetch);
            if (const auto* examine = std::get_if<Examine>(&effect)) examines_.push_back(*examine);
            if (const auto* prove = std::get_if<Prove>(&effect)) proves_.push_back(*prove);
            if (const auto* probe = std::get_if<Probe>(&effect)) probes_.push_back(probe->link);
        }
        LANCHAT_ASSERT(room_.peers().size() <= limits::peers_max);
    }

    void act() {
        switch (bytes_.below(24)) {
            case 0:
                return give(Sighted{where(bytes_.below(6))});
            case 1:
                return give(Unreachable{where(bytes_.below(6))});
            case 2:
                return rare();
            case 3:
                return void(accepted());
            case 4:
                return lose(some_link());
            case 5:
                return probed();
            case 6:
            case 7:
                return say();
            case 8:
                return watch();
            case 9:
                return drain_one();
            case 10:
                return drain_all();
            case 11:
            case 12:
                return pass();
            case 13:
                return flush_some();
            case 14:
                return flush_all();
            case 15:
                return fetched();
            case 16:
                return bytes_.one_in(3) ? proven() : examined();
            case 17:
                return give(Imported{some_run()});
            case 18:
                return linked_by_them();
            case 19:
                return linked_by_us();
            default:
                return heard(some_link(), frame());
        }
    }

    static RoomSettings settings() {
        RoomSettings settings;
        settings.instance = self;
        settings.name = "me";
        settings.own = {where(0)};
        settings.seed = 1;
        settings.key = key_of(self);
        settings.held = made().known();
        settings.previous = made().ended();
        settings.haste = {8, 4};
        return settings;
    }

    static Endpoint where(std::size_t host) {
        return {Ipv4{0x0A000001U + static_cast<std::uint32_t>(host)}, 4565};
    }
    static Hello hello(InstanceId instance, std::uint64_t nonce) {
        return {protocol_version, instance, nonce, "you", 0, log_of(instance, 0).device};
    }

    // --- links ---

    LinkId accepted() {
        const LinkId link{++accepts_ * 2 + 1};
        judge_.opened();
        links_.push_back(link);
        give(Accepted{link, where(bytes_.below(6))});
        return link;
    }
    LinkId some_link() {
        if (links_.empty()) return LinkId{bytes_.next()};
        return links_[links_.size() - 1 - bytes_.below(std::min<std::size_t>(links_.size(), 256))];
    }
    // The transport tells nothing of a link that is over.
    bool is_over(LinkId link) const { return over_.contains(link); }
    void heard(LinkId link, Frame frame) {
        if (is_over(link)) return;
        if (std::ranges::find(links_, link) != links_.end()) judge_.heard(link, frame);
        if (frame.runs.size() == 1)
            give(Glimpsed{link, *UnprovenRun::read(unverified(*frame.runs.front()))});
        give(Received{link, std::move(frame)});
        LANCHAT_ASSERT(judge_.all_is_proven());
    }
    void lose(LinkId link) {
        if (std::ranges::find(links_, link) == links_.end() || !over_.insert(link).second) return;
        judge_.gone(link);
        give(Lost{link, bytes_.one_in(2) ? End::refused : End::broken});
    }
    void drain(LinkId link) {
        judge_.drained(link);
        give(Drained{link});
    }
    void drain_one() {
        if (judge_.busy().empty()) return;
        auto link = judge_.busy().begin();
        std::advance(link, bytes_.below(std::min<std::size_t>(judge_.busy().size(), 256)));
        drain(*link);
    }
    void drain_all() {
        const auto busy = judge_.busy();
        for (const LinkId link : busy)
            if (judge_.busy().contains(link)) drain(link);
    }
    void linked_by_them() {
        const std::size_t who = bytes_.below(others.size());
        const LinkId link{++accepts_ * 2 + 1};
        judge_.opened();
        links_.push_back(link);
        give(Accepted{link, where(who + 1)});
        Frame greeting;
        greeting.msg = to_string(where(who + 1));
        greeting.hello = hello(others.at(who), bytes_.next());
        heard(link, greeting);
        drain_all();
        Frame opening;
        opening.received = Ack{};
        heard(link, opening);
        drain_all();
    }
    void linked_by_us() {
        const std::size_t who = bytes_.below(others.size());
        const std::size_t before = links_.size();
        give(Sighted{where(who + 1)});
        if (links_.size() == before) return;
        const LinkId link = links_.back();
        drain(link);
        Frame answer;
        answer.msg = accepted_word;
        answer.hello = hello(others.at(who), 0);
        answer.received = Ack{};
        heard(link, answer);
        drain_all();
    }
    void probed() {
        if (probes_.empty()) return;
        const LinkId link = bytes_.one_of(probes_);
        give(Probed{link, bytes_.one_in(2)});
    }

    // --- what is said and kept here ---

    void say() {
        static const std::array<std::size_t, 4> sizes{1, 500, 20'000, limits::line_bytes_max};
        const auto kind = bytes_.next();
        Say say{general_room, std::string(sizes.at(kind % 8 < 5 ? 0 : kind % 4), 'x')};
        if (kind & 16) say.said_id = "id";
        say.watched = (kind & 32) != 0;
        const int most = say.text.size() > 500 ? 8 : 400;
        const int times = kind & 64 ? 1 + bytes_.next() % most : 1;
        for (int n = 0; n < times && !judge_.stopped() && room_.has_room(time_); ++n) {
            judge_.said(!say.said_id.empty());
            give(say);
        }
    }
    // Only what is said or held; each is watched once.
    void watch() {
        const LogId own = log_of(self, bytes_.one_in(2) ? 499 : static_cast<std::uint64_t>(self));
        const LineId line{own, 1 + bytes_.below(16)};
        if (room_.held(own).holds(line.seq)) give(Watch{line});
    }
    void flush(const LogId& log, std::size_t count) {
        for (const Input& told : judge_.flush(log, count)) give(told);
    }
    void flush_some() {
        if (judge_.unflushed().empty()) return;
        auto log = judge_.unflushed().begin();
        std::advance(log, bytes_.below(std::min<std::size_t>(judge_.unflushed().size(), 256)));
        flush(LogId(log->first), 1 + bytes_.below(4));
    }
    void flush_all() {
        while (!judge_.unflushed().empty())
            flush(LogId(judge_.unflushed().begin()->first), static_cast<std::size_t>(-1) / 2);
    }
    void fetched() {
        if (fetches_.empty()) return;
        const auto at = fetches_.begin() + static_cast<long>(bytes_.below(fetches_.size()));
        const Fetch fetch = *at;
        fetches_.erase(at);
        judge_.fetched(fetch.link);
        auto runs = bytes_.one_in(4) ? std::vector<RunPtr>() : judge_.runs(fetch.want);
        if (const auto most = bytes_.below(8); runs.size() > most) runs.resize(most + 1);
        give(Fetched{fetch.link, fetch.want.log, std::move(runs)});
    }

    void examined() {
        if (examines_.empty()) return;
        const auto at = examines_.begin() + static_cast<long>(bytes_.below(examines_.size()));
        const Examine examine = *at;
        examines_.erase(at);
        auto ours = judge_.runs({examine.run->log(), examine.after, examine.run->last(), false});
        if (const auto most = bytes_.below(8); ours.size() > most) ours.resize(most + 1);
        give(Examined{examine.link, examine.run, std::move(ours)});
    }
    void proven() {
        if (proves_.empty()) return;
        const Prove prove = proves_.front();
        proves_.erase(proves_.begin());
        Proven proven{prove.link, {}};
        for (const LogId& log : prove.logs)
            if (const auto proof = judge_.proof_of(log); proof && !bytes_.one_in(8))
                proven.proofs.push_back(*proof);
        give(proven);
    }

    // --- time ---

    void pass() {
        static const std::array<Duration, 8> spans{0ms, 2ms, 20ms, 60ms, 1s, 5s, 61s, 3ms};
        const Instant end = time_ + spans.at(bytes_.below(spans.size()));
        if (bytes_.one_in(8)) {  // the machine slept
            time_ = end;
            return give(Wake{});
        }
        wake_until(end);
    }
    // What is due is done at a Wake, logs that nobody has any more 64 at once: else the processor
    // never rests.
    void wake_until(Instant end) {
        int wakes_at_once = 0;
        for (auto next = room_.next_wakeup(); next && *next <= end; next = room_.next_wakeup()) {
            if (*next > time_) wakes_at_once = 0;
            time_ = std::max(time_, *next);
            LANCHAT_ASSERT(++wakes_at_once <= wakes_at_once_max);
            give(Wake{});
        }
        time_ = end;
    }
    void rare() {
        switch (bytes_.below(32)) {
            case 0:
                return give(Leave{});
            case 1:
                return give(EndOfInput{std::nullopt});
            case 2:
                return give(EndOfInput{Duration(bytes_.next() * 100ms)});
            case 3:
                wall_.ms = bytes_.one_in(2) ? std::numeric_limits<std::int64_t>::max() : 0;
                return;
            default:
                if (bytes_.one_in(2)) return give(Swept{});
                return give(Receive{bytes_.one_in(2)});
        }
    }

    // --- what peers send ---

    const Signed::Log& some_log() { return bytes_.one_of(made().logs()); }
    RunPtr some_run() { return bytes_.one_of(some_log().runs); }

    Seq some_seq() {
        static const std::array<Seq, 8> seqs{0,     1,         256,          2'048,
                                             great, great + 1, greatest - 1, greatest};
        const auto byte = bytes_.next();
        return byte < 200 ? byte % 16 : seqs.at(byte % 8);
    }
    LogId some_log_id() {
        const auto byte = bytes_.next();
        if (byte >= 240) return log_of(others[0], 1'000'000U + byte);
        return made().logs()[byte % made().logs().size()].id;
    }

    // What a decoded frame may hold, and no more than that.
    Frame frame() {
        Frame frame;
        const auto parts = bytes_.next();
        if (parts & 1) {
            const Signed::Log& log = some_log();
            for (auto n = 1 + bytes_.below(4); n > 0; --n)
                frame.runs.push_back(bytes_.one_of(log.runs));
        }
        if (parts & 2) tell(frame);
        if (parts & 4)
            for (auto n = 1 + bytes_.below(4); n > 0; --n) ask(frame);
        if (parts & 8) frame.listing = true;
        if (parts & 16) frame.received = some_ack();
        if (parts & 32) {
            frame.linked.emplace();
            frame.linked->round = bytes_.below(4);
            for (auto n = bytes_.below(4); n > 0; --n)
                (bytes_.one_in(2) ? frame.linked->came : frame.linked->went)
                    .push_back(node_of(log_of(bytes_.one_of(others), bytes_.below(3))));
        }
        if (parts & 64) frame.ping = Ping{1, bytes_.one_in(2)};
        if (parts & 128) unusual(frame);
        return frame;
    }
    void tell(Frame& frame) {
        const auto some = bytes_.below(16);
        if (some == 15) {  // inventions
            for (std::size_t n = 0; n < invented_at_once; ++n)
                frame.have.push_back(
                    {log_of(others[2], 2'000'000 + inventions_++), {0, 9, {}}, {}, {}});
            return;
        }
        if (some == 14) {
            for (auto n = 1 + bytes_.below(3); n > 0; --n)
                frame.proofs.push_back(bytes_.one_of(made().forks()));
            return;
        }
        for (auto n = 1 + some % 4; n > 0; --n) {
            const Span base = some_span(bytes_.one_in(8) ? some_seq() : 0);
            Head head{some_log_id(), base, {}, Clock{bytes_.next()}};
            if (bytes_.one_in(4) && base.last < greatest - 2) head.tail = some_span(base.last + 1);
            if (bytes_.one_in(8)) forked(head);
            frame.have.push_back(head);
        }
    }
    void forked(Head& head) {
        const Seq last = head.tail ? head.tail->last : head.base.last;
        head.forked = last < greatest ? last + 1 : 0;
        if (!bytes_.one_in(2)) return;
        head = Head{head.log, {}, {}, {}, 1 + some_seq() % 16};
    }
    // Not empty.
    Span some_span(Seq after) {
        after = std::min(after, greatest - 1);
        return {after, after + 1 + std::min(some_seq(), greatest - after - 1), {}};
    }
    Ack some_ack() {
        const Seq last = some_seq();
        return {bytes_.one_in(4) ? std::min(some_seq(), last) : 0, last};
    }
    void ask(Frame& frame) {
        const Want want{some_log_id(), some_seq(), some_seq()};
        const bool as_often_as_it_may = bytes_.one_in(16);
        if (want.seq != 0 && want.seq <= want.after) return;
        const std::size_t times = as_often_as_it_may ? limits::frame_wants_max : 1;
        while (frame.want.size() < times) frame.want.push_back(want);
    }
    void compare(Frame& frame) {
        const auto kind = bytes_.next();
        if (kind & 1) frame.differ = kind & 2 ? ~std::uint64_t{0} : bytes_.next();
        frame.listed = (kind & 4) != 0;
        if (kind & 8) return;
        frame.digest = kind & 16 ? judge_.digest() : Digest{};
        frame.digest->asks = (kind & 32) != 0;
        if (kind & 64) frame.digest->buckets.assign(digest_buckets, {});
        if (kind & 128) frame.digest->buckets.clear();
    }
    void unusual(Frame& frame) {
        switch (bytes_.below(10)) {
            case 6:
            case 7:
            case 8:
            case 9:
                return compare(frame);
            case 0:
                frame.msg = accepted_word;
                return;
            case 1:
                frame.msg = to_string(where(bytes_.below(6)));
                return;
            case 2:
                frame.msg = "words";
                return;
            case 3:
                frame.bye = static_cast<Bye>(bytes_.below(5));
                return;
            default:
                frame.msg = bytes_.one_in(2) ? accepted_word : to_string(where(bytes_.below(6)));
                frame.hello = hello(bytes_.one_in(8) ? self : bytes_.one_of(others), bytes_.next());
        }
    }

    // Told to leave, with a disk that answers, a room stops.
    void end() {
        give(EndOfInput{Duration{1s}});
        give(Leave{});
        flush_all();
        wake_until(time_ + 3s);
        const auto links = links_;
        for (const LinkId link : links) lose(link);
        wake_until(time_ + 1s);
        LANCHAT_ASSERT(judge_.stopped());
    }

    Bytes bytes_;
    Instant time_{1h};
    WallTime wall_{1'700'000'000'000};
    Judge judge_;
    Room room_;
    std::uint64_t accepts_ = 0;
    std::uint64_t inventions_ = 0;
    std::vector<LinkId> links_;
    std::set<LinkId> over_;
    std::vector<Fetch> fetches_;
    std::vector<Examine> examines_;
    std::vector<Prove> proves_;
    std::vector<LinkId> probes_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Life(data, size).live();
    return 0;
}
