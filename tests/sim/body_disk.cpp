// What the simulated body keeps: runs on their way to the disk, and what the disk tells.
#include <algorithm>
#include <utility>

#include "tests/sim/body.hpp"

namespace lanchat::sim {

using namespace controller;
using namespace std::chrono_literals;

std::size_t Body::author_of(const LogId& log) const { return around_.person(log_name(log)); }

RoomSettings Body::room_settings() const {
    RoomSettings room;
    room.instance = settings_.instance;
    room.name = "node";
    room.own = {settings_.listens.front()};
    room.legacy_peers = settings_.legacy_peers;
    room.push = settings_.push;
    room.tls = around_.tls;
    room.closed = around_.closed;
    room.haste = settings_.haste;
    room.seed = settings_.seed;
    for (std::size_t n = 0; n < room.salts.size(); ++n)
        room.salts[n] = static_cast<std::uint8_t>(settings_.seed >> (8 * (n % 8)));
    room.key = settings_.key;
    if (settings_.may_block && settings_.blocks) {
        controller::Person blocked;
        blocked.device = *settings_.may_block;
        blocked.blocked = true;
        room.people.push_back(blocked);
    }
    // Half of all let logs rest as soon as nothing happens to them.
    if (settings_.seed % 2 == 0) room.logs_at_hand = 1;
    settings_.disk->tell(room, now().wall);
    return room;
}

void Body::tell_loaded() const {
    for (const auto& [log, held] : settings_.disk->all()) {
        const auto& [base, tail, floor, newest, forked] = held.extent;
        record(What::loaded, author_of(log), base.last, base.after);
        if (tail) record(What::loaded, author_of(log), tail->last, tail->after);
        if (forked == 0) continue;
        for (const RunPtr& run : held.runs)  // what is disputed was shown, too
            record(What::loaded, author_of(log), run->last(), run->first() - 1);
    }
    for (const LineId& line : settings_.disk->lacking())
        record(What::lacks, author_of(line.log), line.seq);
}

// What lacked its body is shown once that is here.
void Body::check_late() const {
    for (const LineId& line : bare_) {
        const bool may_be_hidden = settings_.may_block == line.log.device ||
                                   around_.taken_back.contains(line) ||
                                   !settings_.disk->extent_of(line.log).holds(line.seq);
        require(may_be_hidden || settings_.disk->lacking().contains(line),
                "a body that came late is shown: " + message_id(line));
    }
}

void Body::tell_heads() const {
    check_late();
    for (const auto& [log, held] : settings_.disk->all()) {
        record(What::holds, author_of(log), held.extent.size(),
               fingerprint(held.extent.head().view()));
        if (held.extent.forked != 0) record(What::forked, author_of(log), held.extent.forked);
        for (const RunPtr& run : held.runs)
            for (const auto& item : run->items())
                require(item.body.empty() ||
                            !settings_.disk->dropped().contains({{log, item.seq}, item.head}),
                        "what was taken back is gone");
    }
}

void Body::perform(const Append& append) {
    tell_unseen(append.run->log(), append.run->last());
    unflushed_.emplace_back(append.run);
    flush_soon();
}

void Body::perform(const Freeze& freeze) {
    unflushed_.emplace_back(freeze.proof);
    flush_soon();
}

// What has gathered while the disk was busy goes together.
void Body::flush_soon() {
    if (flushing_ || unflushed_.empty()) return;
    flushing_ = true;
    around_.schedule.after(disk_delay(), [this, writes = unflushed_.size()] {
        if (!alive_) return;
        flushing_ = false;
        flush(writes, true);
        flush_soon();
    });
}

void Body::flush(std::size_t writes, bool tell) {
    Stored stored;
    for (; writes > 0; --writes) {
        const auto next = std::move(unflushed_.front());
        unflushed_.pop_front();
        if (const auto* run = std::get_if<RunPtr>(&next)) {
            flush(*run, tell);
            if (tell) tell_of_bodies();
            stored.runs.push_back(*run);
            continue;
        }
        const Fork& proof = std::get<Fork>(next);
        const Extent left = settings_.disk->freeze(proof);
        if (tell && !stored.runs.empty()) post(std::exchange(stored, {}));
        if (tell) post(Frozen{proof.log, left});
    }
    if (tell && !stored.runs.empty()) post(std::move(stored));
}

void Body::flush(const RunPtr& run, bool tell) {
    const Extent before = settings_.disk->extent_of(run->log());
    require(settings_.disk->keep(run), "what is stored fits to what is there");
    mark_extent(before, settings_.disk->extent_of(run->log()));
    tell_hidden(run, before);
    for (const auto& item : run->items()) on_their_way_.erase({run->log(), item.seq});
    const Seq last = std::min(run->last(), before.limit());
    if (tell && run->first() <= last)
        record(What::stored, author_of(run->log()), last, run->first() - 1);
}

// To the judge what is no line, or a line whose text is not here, is one that nobody sees, in its
// place among the others.
void Body::note_unseen(const VerifiedRun& run) {
    require(!around_.closed || !around_.planted.contains(run.log().device),
            "nobody keeps what they say whom nobody met");
    const Extent before = settings_.disk->extent_of(run.log());
    for (const auto& item : run.items()) {
        const Entry& entry = item.entry();
        const LineId id{entry.log, entry.seq};
        if (!before.lacks(entry.seq) || !on_their_way_.insert(id).second) continue;
        const bool is_dropped = dropped_.contains({id, item.head});
        if (entry.kind == EntryKind::drop && settings_.disk->heeds_drops)
            dropped_.insert(dropped_by(entry));
        if (entry.is_line() && !item.is_apart() && !is_dropped) continue;
        if (!told_.insert(id).second) continue;
        if (item.is_apart()) bare_.insert(id);
        if (item.is_apart()) around_.marks.hit(Mark::came_bare);
        if (is_dropped) around_.marks.hit(Mark::dropped_before);
        const std::uint64_t text =
            entry.is_line() ? around_.said[id] : fingerprint(item.head.view());
        unseen_.emplace(id, Unseen{text, entry.kind == EntryKind::met});
    }
}

void Body::tell_unseen(const LogId& log, Seq last) {
    const bool own = own_logs_.contains(log);
    const auto begin = unseen_.lower_bound({log, 0});
    const auto end = unseen_.upper_bound({log, last});
    for (auto unseen = begin; unseen != end; ++unseen) {
        const auto& [text, is_met] = unseen->second;
        require(around_.closed || !own || !is_met, "in an open network nobody is named");
        if (own && is_met) around_.marks.hit(Mark::named);
        if (own && log.is_direct()) note_letters(log);
        record(own ? What::said : What::shown, author_of(log), unseen->first.seq, text);
        around_.history.records.back().history = !own;
        around_.history.records.back().hidden = true;
    }
    unseen_.erase(begin, end);
}

void Body::tell_of_bodies() {
    auto news = settings_.disk->take_news();
    for (const auto& [line, state] : news)
        record(state == BodyState::lacking ? What::lacks : What::filled, author_of(line.log),
               line.seq);
    if (!news.empty()) post(BodiesChanged{std::move(news)});
}

// What is kept unseen counts as seen: it must not be lost either.
void Body::tell_hidden(const RunPtr& run, const Extent& before) {
    if (settings_.may_block != run->log().device) return;
    for (const auto& item : run->items()) {
        const Entry& entry = item.entry();
        if (!before.lacks(entry.seq) || !told_.insert({entry.log, entry.seq}).second) continue;
        around_.marks.hit(Mark::hidden_line);
        record(What::shown, author_of(entry.log), entry.seq, fingerprint(entry.text));
        around_.history.records.back().history = true;
        around_.history.records.back().hidden = true;
    }
}

void Body::mark_extent(const Extent& before, const Extent& after) {
    const auto is_whole = [](const Extent& held) { return !held.tail && held.base.after == 0; };
    if (is_whole(before) && !is_whole(after)) around_.marks.hit(Mark::newest_first);
    if (!is_whole(before) && is_whole(after)) around_.marks.hit(Mark::gap_closed);
}

Duration Body::disk_delay() {
    const auto [least, most] =
        settings_.slow_disk ? std::pair{500'000U, 2'000'000U} : std::pair{100U, 20'000U};
    return Duration{static_cast<Duration::rep>(least + rng_.below(most - least))};
}

void Body::perform(const Fetch& fetch) {
    Fetched fetched{fetch.link, fetch.want.log, settings_.disk->runs(fetch.want)};
    if (settings_.gives_bare)
        for (RunPtr& run : fetched.runs) run = bare(std::move(run));
    post_later(disk_delay(), std::move(fetched));
}

// Without half of the bodies: it could not read them. Long ones come one a round, so that a slow
// disk has not taken hundreds of them before the end.
RunPtr Body::bare(RunPtr run) {
    constexpr std::size_t long_bytes = 8 * 1024;
    for (Seq seq = run->first(); seq <= run->last(); ++seq)
        if (rng_.below(2) == 0 && run->at(seq).body.size() < long_bytes)
            run = without_body(run, seq);
    return run;
}

void Body::perform(const Look& look) {
    around_.schedule.after(disk_delay(), [this, look] {
        if (alive_)
            post(Found{look.link, look.log, settings_.disk->bodies(look.log, look.entries)});
    });
}

void Body::perform(const Fill& fill) {
    around_.schedule.after(disk_delay(), [this, fill] {
        if (!alive_) return;
        Filled filled{settings_.disk->fill(fill.log, fill.bodies)};
        tell_of_bodies();
        if (!filled.entries.empty()) post(std::move(filled));
    });
}

void Body::perform(const Examine& examine) {
    around_.schedule.after(disk_delay(), [this, examine] {
        if (alive_) post(Examined{examine.link, examine.run, ours_like(examine)});
    });
}

// From the disk, and what is on its way there.
std::vector<RunPtr> Body::ours_like(const Examine& examine) const {
    const LogId& log = examine.run->log();
    auto ours = settings_.disk->runs({log, examine.after, examine.run->last(), false});
    for (const auto& write : unflushed_)
        if (const auto* run = std::get_if<RunPtr>(&write))
            if ((*run)->log() == log && (*run)->last() > examine.after) ours.push_back(*run);
    return ours;
}

void Body::perform(const Prove& prove) {
    Proven proven{prove.link, {}};
    for (const LogId& log : prove.logs)
        if (const auto proof = settings_.disk->proof_of(log)) proven.proofs.push_back(*proof);
    post_later(disk_delay(), std::move(proven));
}

void Body::check_stored(const Open& link, const Frame& frame) const {
    for (const Head& head : frame.have) {
        const Extent extent = settings_.disk->extent_of(head.log);
        const auto is_there = [&](const Span& span) {
            return span.after == span.last || extent.holds_all(span.after, span.last);
        };
        require(is_there(head.base) && (!head.tail || is_there(*head.tail)),
                "what is told is on the disk");
        if (head.base.last == extent.base.last)
            require(head.base.head == extent.base.head, "what is told is true");
    }
    if (settings_.by_instance) return;  // whose line is acknowledged is for the judge to find
    if (!frame.received || !link.node) return;
    LogId log = log_of(*link.node);
    if (frame.received->epoch) log.epoch = *frame.received->epoch;
    const auto [after, last] = std::pair(frame.received->after, frame.received->last);
    require(after == last || settings_.disk->extent_of(log).holds_all(after, last),
            "what is acknowledged is on the disk");
}

}  // namespace lanchat::sim
