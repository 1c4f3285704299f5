// Digests first, then buckets, then heads.
#include "controller/sync/comparison.hpp"

#include <algorithm>
#include <utility>

#include "message/limits.hpp"

namespace lanchat::controller {
namespace {

Span span_of(const Stretch& stretch) { return {stretch.after, stretch.last, stretch.head}; }

}  // namespace

Head head_of(const LogId& log, const Extent& stored) {
    Head head{log, {}, std::nullopt, stored.newest, stored.forked};
    if (!stored.base.empty()) head.base = span_of(stored.base);
    if (stored.tail) head.tail = span_of(*stored.tail);
    return head;
}

void add_head(Frame& frame, const LogId& log, const Held* held) {
    if (held == nullptr || held->freezing) return;
    if (held->stored.size() > 0 || held->stored.forked != 0)
        frame.have.push_back(head_of(log, held->stored));
}

void Comparison::begin(Instant now) {
    open_.reset();
    asked_.reset();
    may_differ_.reset();
    differ_.reset();
    is_listing_ = told_all_ = false;
    began_ = now;
    ask(now);
}

void Comparison::ask(Instant now) {
    if (open_) pause_ = std::min<Duration>(2 * pause_, limits::round_pause_max);
    open_.reset();
    asks_ = true;
    part_.reset();
    next_ = now + pause_;
}

// --- what comes in -------------------------------------------------------------------------------

void Comparison::take(const Frame& frame, Summary& ours, bool greater, Instant now) {
    if (frame.digest) take(*frame.digest, ours, greater, now);
    if (frame.differ) take_differ(Buckets(*frame.differ), ours, now);
    heard_all_ |= frame.listed;
}

void Comparison::take(const Digest& theirs, Summary& ours, bool greater, Instant now) {
    if (!theirs.asks) {
        const auto asked = std::exchange(open_, std::nullopt);
        if (asked) take_answer(theirs, *asked, ours, now);
        return;
    }
    if (open_ && greater && now < open_->asked + limits::round_answer) return;
    open_.reset();
    asks_ = false;
    asked_ = theirs.all;
    part_.reset();
    next_ = std::max(next_, now + pause_);
}

void Comparison::take_answer(const Digest& theirs, const Question& asked, Summary& ours,
                             Instant now) {
    if (theirs.all == asked.all) return settle(asked.version, now);
    if (theirs.buckets.empty()) return;
    Buckets differ = ours.differing(theirs.buckets);
    if (pause_ == limits::round_pause_max && !std::exchange(is_full_told_, true))
        differ = all_buckets;
    differ_ = differ;
    part_.reset();
    differs(differ, ours.version(), ours.version(), now);
}

void Comparison::take_differ(const Buckets& differ, const Summary& ours, Instant now) {
    const auto as_of = std::exchange(may_differ_, std::nullopt);
    if (as_of) differs(differ, *as_of, ours.version(), now);
}

void Comparison::settle(std::uint64_t version, Instant now) {
    told_all_ = heard_all_ = true;
    all_same_ = version;
    same_.clear();
    settled_ = version;
    is_full_told_ = false;
    pause_ = limits::round_pause_min;
    next_ = now + pause_;
}

void Comparison::differs(const Buckets& differ, std::uint64_t as_of, std::uint64_t version,
                         Instant now) {
    if (same_.empty()) same_.assign(digest_buckets, all_same_);
    for (std::size_t n = 0; n < digest_buckets; ++n)
        if (!differ.test(n)) same_[n] = std::max(same_[n], as_of);
    settled_ = 0;
    listed_ = differ;
    is_listing_ = true;
    last_.reset();
    const bool fruitless = std::exchange(fruitless_, version) == version;
    if (!fruitless) is_full_told_ = false;
    pause_ = fruitless ? std::min<Duration>(2 * pause_, limits::round_pause_max)
                       : Duration(limits::round_pause_min);
    next_ = now + pause_;
}

// --- what goes out -------------------------------------------------------------------------------

std::optional<Instant> Comparison::due() const {
    return asked_ ? std::optional(answer_from_) : std::nullopt;
}

bool Comparison::add(Frame& frame, Logs& logs, Instant now) {
    if (is_listing_) {
        // What is listed in no bucket may be a part by now, though it was none with the question.
        if (!differ_ || list_parts(frame, logs, ~*differ_)) list(frame, logs);
        return true;
    }
    if (!asks_ && !owes_answer(now)) return false;
    if (!list_parts(frame, logs, all_buckets)) return true;
    Summary& ours = logs.summary();
    if (owes_answer(now)) {
        give_answer(frame, ours, now);
    } else {
        frame.digest = Digest{ours.all(), {}, true};
        open_ = Question{now, ours.all(), ours.version()};
    }
    asks_ = false;
    part_.reset();
    return true;
}

void Comparison::give_answer(Frame& frame, Summary& ours, Instant now) {
    const ShortHash theirs = *std::exchange(asked_, std::nullopt);
    answer_from_ = now + limits::round_answer;
    frame.digest = Digest{ours.all(), {}, false};
    if (theirs == ours.all()) return settle(ours.version(), now);
    frame.digest->buckets = ours.buckets();
    // Whichever of our answers theirs will be about: they are told apart by nothing.
    may_differ_ = std::min(may_differ_.value_or(ours.version()), ours.version());
    settled_ = 0;
    next_ = std::max(next_, now + pause_);
}

void Comparison::list(Frame& frame, const Logs& logs) {
    frame.listing = true;
    if (differ_) frame.differ = std::exchange(differ_, std::nullopt)->to_ullong();
    while (const auto log = logs.summary().next(listed_, last_)) {
        if (frame.have.size() >= limits::heads_per_frame) return;
        last_ = log;
        add_head(frame, *log, logs.find(*log));
    }
    is_listing_ = false;
    frame.listed = told_all_ = true;
}

// True once all of them are told.
bool Comparison::list_parts(Frame& frame, const Logs& logs, const Buckets& some) {
    const auto& parts = logs.summary().parts();
    auto it = part_ ? parts.upper_bound(*part_) : parts.begin();
    for (; it != parts.end(); ++it) {
        if (!some.test(bucket_of(*it))) continue;
        frame.listing = true;
        if (frame.have.size() >= limits::heads_per_frame) return false;
        part_ = *it;
        add_head(frame, *it, logs.find(*it));
    }
    return true;
}

}  // namespace lanchat::controller
