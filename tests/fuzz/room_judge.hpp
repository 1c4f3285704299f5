// The judge of a Room: sees all that goes in and comes out, and ends the program at a broken rule.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "controller/room.hpp"
#include "message/assert.hpp"
#include "message/limits.hpp"
#include "message/wire.hpp"
#include "tests/sim/disk.hpp"

namespace lanchat::fuzz {

namespace brain = controller;

class Judge {
  public:
    Judge(LogId own, const brain::Logs::Map& held) : own_(own), pages_{{own, 0}} {
        for (const auto& [log, known] : held) {
            logs_[log].heads[known.here.last()] = known.here.head();
            logs_[log].here = known.here;
            logs_[log].stored = known.stored;
        }
    }

    // --- what goes in ---

    void said(bool stored_first) {
        ++said_;
        if (stored_first) stored_first_.push_back(said_);
    }
    void heard(LinkId link, const Frame& frame) {
        // Its first frame says who it is, whatever comes later.
        const bool first = heard_.insert(link).second;
        if (first && frame.hello) {
            greeted_[link] = *frame.hello;
            peer_logs_[link] = frame.hello->log();
        }
        const auto greeted = greeted_.find(link);
        if (frame.hello && greeted != greeted_.end() &&
            greeted->second.instance == frame.hello->instance &&
            greeted->second.device == frame.hello->device)
            spoken_[link].insert(frame.hello->log());
        for (const Receipt& receipt : frame.receipts) {
            Seq& claim = claims_[receipt.member];
            claim = std::max(claim, receipt.last);
        }
        if (frame.received) claimed(link, frame.received->last);
        // Whoever holds the same holds all of ours.
        if (frame.digest || frame.differ) claimed(link, ~Seq{0});
        for (const Head& head : frame.have)
            if (head.log == own_) claimed(link, head.tail ? head.tail->last : head.base.last);
    }
    void opened() { ++links_; }
    void drained(LinkId link) { busy_.erase(link); }
    void gone(LinkId link) {
        busy_.erase(link);
        ended_[link] = Ended::gone;
    }
    void fetched(LinkId link) {
        if (const auto it = fetching_.find(link); it != fetching_.end()) fetching_.erase(it);
    }
    // A part of what was on the disk from the beginning.
    void kept(const RunPtr& run) {
        Log& log = logs_.at(run->log());
        if (!log.stored.holds_all(run->first() - 1, run->last())) return;
        const auto known = log.heads.find(run->first() - 1);
        const bool chains = run->first() == log.stored.base.after + 1 ||
                            (known != log.heads.end() && known->second == run->before());
        if (!chains) return;
        for (const auto& item : run->items()) {
            const auto [at, is_new] = log.heads.emplace(item.seq, item.head);
            if (!is_new && at->second != item.head) return;
        }
        log.on_disk.push_back(run);
    }
    // The first `count` writes of `log` that were not flushed yet; what the disk then tells.
    std::vector<brain::Input> flush(const LogId& id, std::size_t count) {
        std::vector<brain::Input> told;
        auto& waiting = unflushed_[id];
        for (; count > 0 && !waiting.empty(); --count, waiting.pop_front()) {
            Log& log = logs_.at(id);
            if (const auto* run = std::get_if<RunPtr>(&waiting.front())) {
                log.stored = fit(log.stored, **run).extent;
                log.on_disk.push_back(*run);
                told.emplace_back(brain::Stored{{*run}});
                continue;
            }
            log.proof = std::get<Fork>(waiting.front());
            freeze(log, log.stored, log.proof->seq);
            told.emplace_back(brain::Frozen{id, log.stored});
        }
        if (waiting.empty()) unflushed_.erase(id);
        return told;
    }

    // --- what is known ---

    using Write = std::variant<RunPtr, Fork>;
    const std::map<LogId, std::deque<Write>>& unflushed() const { return unflushed_; }
    const std::set<LinkId>& busy() const { return busy_; }
    Seq said() const { return said_; }
    bool stopped() const { return stopped_; }
    const Digest& digest() const { return digest_; }  // the last one sent
    // As the store would answer.
    std::vector<RunPtr> runs(const Want& want) const {
        const auto known = logs_.find(want.log);
        if (known == logs_.end()) return {};
        auto runs = sim::wanted_of(known->second.on_disk, want);
        std::erase_if(runs, [limit = known->second.stored.limit()](const RunPtr& run) {
            return run->first() > limit;
        });
        return runs;
    }
    std::optional<Fork> proof_of(const LogId& log) const {
        const auto known = logs_.find(log);
        return known == logs_.end() ? std::nullopt : known->second.proof;
    }

    bool all_is_proven() const { return glimpsed_.empty(); }

    // --- what comes out ---

    // `log` is that of the next line.
    void judge(const std::vector<brain::Effect>& effects, const LogId& log) {
        pages_.emplace(log, said_);
        for (const auto& effect : effects) {
            LANCHAT_ASSERT(!stopped_);
            std::visit([this](const auto& one) { judge_one(one); }, effect);
        }
        // Nothing is kept that was not shown, and nothing shown that is not kept.
        LANCHAT_ASSERT(shown_.size() == said_ + grown_ + legacy_);
    }

  private:
    struct Log {
        std::map<Seq, Hash> heads;
        Extent here;
        Extent stored;
        std::vector<RunPtr> on_disk;
        std::optional<Fork> proof = {};
    };

    static void freeze(const Log& log, Extent& held, Seq place) {
        Hash head;
        if (held.holds(place) && place > 1) head = log.heads.at(place - 1);
        held.freeze(place, head);
    }

    void claimed(LinkId link, Seq seq) {
        const auto peer = peer_logs_.find(link);
        if (peer == peer_logs_.end()) return;
        Seq& claim = claims_[peer->second.device];
        claim = std::max(claim, seq);
    }

    void judge_one(const brain::Connect&) {}
    void judge_one(const brain::Probe&) {}
    void judge_one(const brain::Roll&) {}
    void judge_one(const brain::Remember&) {}
    // Only what is on the disk is looked for, whatever somebody says that it lacks.
    void judge_one(const brain::Look& look) {
        LANCHAT_ASSERT(!look.entries.empty());
        LANCHAT_ASSERT(look.entries.size() <= limits::frame_bodies_max);
        for (const Seq seq : look.entries) LANCHAT_ASSERT(logs_.at(look.log).stored.holds(seq));
    }
    // All bodies come with their entries here, so none is taken from anybody.
    void judge_one(const brain::Fill&) { LANCHAT_ASSERT(false); }
    void judge_one(const brain::Examine& examine) {
        LANCHAT_ASSERT(examine.run->log() != own_ && examine.after < examine.run->last());
    }
    void judge_one(const brain::Prove& prove) {
        LANCHAT_ASSERT(!prove.logs.empty() && prove.logs.size() <= limits::frame_proofs_max);
        for (const LogId& log : prove.logs) LANCHAT_ASSERT(logs_.at(log).proof);
    }
    void judge_one(const brain::Freeze& freeze_it) {
        const Fork& proof = freeze_it.proof;
        LANCHAT_ASSERT(proof.log != own_);
        Log& log = logs_[proof.log];
        LANCHAT_ASSERT(proof.seq <= log.here.limit());
        freeze(log, log.here, proof.seq);
        unflushed_[proof.log].emplace_back(proof);
    }
    void judge_one(const brain::Stop&) { stopped_ = true; }
    void judge_one(const brain::Dial& dial) {
        opened();
        LANCHAT_ASSERT(busy_.insert(dial.link).second);
    }

    void judge_one(const brain::Finish& finish) {
        LANCHAT_ASSERT(!busy_.contains(finish.link));
        LANCHAT_ASSERT(ended_[finish.link] == Ended::no);
        ended_[finish.link] = Ended::in_good_order;
    }
    void judge_one(const brain::Drop& drop) {
        LANCHAT_ASSERT(ended_[drop.link] == Ended::no || ended_[drop.link] == Ended::in_good_order);
        ended_[drop.link] = Ended::at_once;
    }

    void judge_one(const brain::Fetch& fetch) {
        fetching_.insert(fetch.link);
        // One at a time for each peer, and those of the times before another link took over.
        LANCHAT_ASSERT(fetching_.size() <= 2 * links_);
    }

    void judge_one(const brain::Append& append) {
        const VerifiedRun& run = *append.run;
        Log& log = logs_[run.log()];
        const Fitted fitted = fit(log.here, run);
        LANCHAT_ASSERT(fitted.fit == Fit::grows || fitted.fit == Fit::detached);
        const auto before = log.heads.find(run.first() - 1);
        LANCHAT_ASSERT(run.first() == 1 || before == log.heads.end() ||
                       before->second == run.before());
        for (const auto& item : run.items()) {
            if (item.seq > log.here.limit()) break;
            const auto known = log.heads.find(item.seq);
            LANCHAT_ASSERT(known == log.heads.end() || known->second == item.head);
            if (!log.here.lacks(item.seq)) continue;
            log.heads[item.seq] = item.head;
            LANCHAT_ASSERT(shown_.contains(message_id(run.log(), item.seq)));
            if (!pages_.contains(run.log())) ++grown_;
        }
        log.here = fitted.extent;
        LANCHAT_ASSERT(!pages_.contains(run.log()) || run.last() <= said_);
        unflushed_[run.log()].emplace_back(append.run);
    }

    void judge_one(const brain::Notify& notify) {
        if (const auto* message = std::get_if<brain::Message>(&notify.event)) {
            LANCHAT_ASSERT(shown_.insert(message->id).second);
            if (message->from.legacy) ++legacy_;
            glimpsed_.erase(message->id);
        }
        if (const auto* early = std::get_if<brain::Glimpse>(&notify.event))
            LANCHAT_ASSERT(!shown_.contains(early->message.id) &&
                           glimpsed_.insert(early->message.id).second);
        if (const auto* withdrawn = std::get_if<brain::Withdrawn>(&notify.event))
            LANCHAT_ASSERT(glimpsed_.erase(withdrawn->id) == 1);
        if (const auto* delivery = std::get_if<brain::Delivery>(&notify.event))
            judge_one(*delivery);
    }

    void judge_one(const brain::Delivery& delivery) {
        const LineId& line = delivery.line;
        const brain::DeliveryCount& count = delivery.count;
        LANCHAT_ASSERT(count.delivered + count.gone <= count.of);
        LANCHAT_ASSERT(logs_.contains(line.log));
        LANCHAT_ASSERT(logs_.at(line.log).stored.holds(line.seq) ||
                       line.seq > logs_.at(line.log).here.limit());
        if (pages_.size() > 1) return;
        if (line.log != own_) return;
        const auto have = std::ranges::count_if(
            claims_, [&](const auto& claim) { return claim.second >= line.seq; });
        LANCHAT_ASSERT(count.delivered <= static_cast<std::size_t>(have));
    }

    void judge_one(const brain::Send& send) {
        LANCHAT_ASSERT(ended_[send.link] == Ended::no);
        LANCHAT_ASSERT(busy_.insert(send.link).second);
        const Frame& frame = send.frame;
        if (frame.digest) digest_ = *frame.digest;
        if (frame.received) {
            const auto peer = peer_logs_.find(send.link);
            LANCHAT_ASSERT(peer != peer_logs_.end());
            const auto& [after, last, epoch] = *frame.received;
            LogId log = log_of(peer->second.device, greeted_.at(send.link).instance);
            if (epoch) log.epoch = *epoch;
            LANCHAT_ASSERT(log == peer->second || spoken_[send.link].contains(log));
            LANCHAT_ASSERT(last == 0 || stored(log).holds_all(after, last));
        }
        for (const Head& head : frame.have) judge_one(head);
        for (const Want& want : frame.want)
            LANCHAT_ASSERT(!pages_.contains(want.log) && want.after < want.seq &&
                           want.seq - want.after <= limits::pull_lines_max);
        for (const RunPtr& run : frame.runs) judge_sent(*run);
        for (const Fork& proof : frame.proofs)
            LANCHAT_ASSERT(proof.seq > stored(proof.log).limit());
        LANCHAT_ASSERT(frame.want.size() <= limits::pulls_max + asked_again_max);
        judge_as_read(frame);
    }

    void judge_one(const Head& head) {
        LANCHAT_ASSERT(logs_.contains(head.log));
        const Log& log = logs_.at(head.log);
        LANCHAT_ASSERT(head.forked == log.stored.forked);
        if (head.base.last > 0 || head.forked == 0) judge_span(log, head.base);
        if (head.tail) judge_span(log, *head.tail);
    }
    static void judge_span(const Log& log, const Span& span) {
        LANCHAT_ASSERT(log.stored.holds_all(span.after, span.last));
        LANCHAT_ASSERT(log.heads.contains(span.last) && log.heads.at(span.last) == span.head);
    }

    // Own lines leave once they were said, with an id not before they are flushed, and others' only
    // from the disk.
    void judge_sent(const VerifiedRun& run) {
        const auto page = pages_.find(run.log());
        if (page == pages_.end()) {
            const Extent there = stored(run.log());
            LANCHAT_ASSERT(there.holds_all(run.first() - 1, std::min(run.last(), there.limit())) ||
                           there.forked != 0);
            return;
        }
        const Seq last = page->second + run.last();
        LANCHAT_ASSERT(last <= said_);
        Seq flushed = 0;
        for (const auto& [log, before] : pages_)
            if (stored(log).size() > 0) flushed = std::max(flushed, before + stored(log).last());
        for (const Seq seq : stored_first_) LANCHAT_ASSERT(seq <= flushed || last < seq);
    }

    // Whoever gets it can take it. What signatures cost is left out.
    static void judge_as_read(Frame frame) {
        LANCHAT_ASSERT(encode(frame).size() <= limits::frame_bytes_max);
        LANCHAT_ASSERT(frame.runs.size() <= limits::frame_runs_max);
        LANCHAT_ASSERT(frame.proofs.size() <= limits::frame_proofs_max);
        frame.runs.clear();
        frame.proofs.clear();
        const auto again = decode(encode(frame));
        LANCHAT_ASSERT(again && *again == frame);
    }

    Extent stored(const LogId& log) const {
        const auto known = logs_.find(log);
        return known == logs_.end() ? Extent{} : known->second.stored;
    }

    // While a link was busy and its peer let us wait: one question each time.
    static constexpr std::size_t asked_again_max = 4;
    enum class Ended { no, in_good_order, at_once, gone };

    LogId own_;
    std::map<LogId, Seq> pages_;  // of our process: how much was said before
    Seq said_ = 0;
    std::size_t links_ = 0;
    std::uint64_t grown_ = 0;
    std::uint64_t legacy_ = 0;
    std::deque<Seq> stored_first_;
    std::map<LogId, Log> logs_;
    std::map<LogId, std::deque<Write>> unflushed_;
    std::set<std::string> shown_;
    std::set<std::string> glimpsed_;  // ids of lines that are not proven yet
    std::set<LinkId> heard_;
    std::map<LinkId, Hello> greeted_;
    std::map<LinkId, LogId> peer_logs_;         // as they greeted
    std::map<LinkId, std::set<LogId>> spoken_;  // as they said later
    std::map<DeviceId, Seq> claims_;
    Digest digest_;
    std::set<LinkId> busy_;
    std::map<LinkId, Ended> ended_;
    std::multiset<LinkId> fetching_;
    bool stopped_ = false;
};

}  // namespace lanchat::fuzz
