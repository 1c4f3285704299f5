// A ring of own runs with running byte totals, so that every question is answered without a scan.
#include "controller/talk/ledger.hpp"

#include <algorithm>
#include <utility>

#include "message/assert.hpp"
#include "message/limits.hpp"

namespace lanchat::controller {
Ledger::Ledger(LogId log, std::shared_ptr<const DeviceKey> key, OwnClock clock,
               std::optional<Ended> previous, const Salts& salts)
    : pages_{{log, 0}}, key_(std::move(key)), clock_(clock), previous_(previous), salts_(salts) {}

void Ledger::turn_page(Epoch epoch) {
    LANCHAT_ASSERT(draft_.empty());
    const Page& last = pages_.back();
    if (head_ > last.before)
        previous_ = Ended{last.log.epoch, head_ - last.before, draft_.sealed_head()};
    pages_.push_back({{last.log.device, epoch}, head_});
    if (pages_.size() > limits::pages_max) pages_.pop_front();
    clock_.begin_anew();
    draft_ = {};
}

Entry Ledger::append(const Believed& now, Entry entry) {
    entry.log = log();
    entry.seq = next_line().seq;
    entry.clock = clock_.next(now);
    entry.salt = salts_.of(entry.log, entry.seq);
    ++head_;
    if (!entry.is_line()) met_.push_back(head_);
    if (entry.seq == 1) entry.previous = previous_;
    said_bytes_ += encoded_bytes(entry);
    ends_.push_back(said_bytes_);
    draft_.add(entry);
    return entry;
}

RunPtr Ledger::seal() {
    RunPtr run = draft_.seal(*key_);
    if (!run) return nullptr;
    runs_.push_back({run, sealed()});
    while (runs_.size() > 1 && (sealed() - base_ > limits::ledger_lines_max ||
                                said_bytes_ - dropped_bytes_ > limits::ledger_bytes_max))
        drop_oldest();
    return run;
}

std::vector<Said> Ledger::said() const {
    std::vector<Said> said;
    Place end = head_;
    for (auto page = pages_.rbegin(); page != pages_.rend(); ++page) {
        if (end > page->before) said.push_back({page->log.epoch, end - page->before});
        end = page->before;
    }
    return said;
}

std::optional<Place> Ledger::place_of(const LogId& log, Seq seq) const {
    Place end = head_;
    for (auto page = pages_.rbegin(); page != pages_.rend(); ++page) {
        if (page->log == log && seq <= end - page->before) return page->before + seq;
        end = page->before;
    }
    return std::nullopt;
}

const Ledger::Sealed& Ledger::run_after(Place after) const {
    LANCHAT_ASSERT(base_ <= after && after < sealed());
    return *std::ranges::upper_bound(runs_, after, {}, &Sealed::last);
}

Entry Ledger::at(Place place) const {
    LANCHAT_ASSERT(base_ < place && place <= head_);
    if (place > sealed()) return draft_[place - sealed() - 1];
    const auto& [run, last] = run_after(place - 1);
    return run->items()[run->size() - 1 - (last - place)].entry();
}

std::uint64_t Ledger::lines_between(Place after, Place to) const {
    if (to <= after) return 0;
    const auto first = std::ranges::upper_bound(met_, after);
    const auto end = std::ranges::upper_bound(met_, to);
    return to - after - static_cast<std::uint64_t>(end - first);
}

std::size_t Ledger::bytes_after(Place after) const {
    if (after >= head_) return 0;
    if (after <= base_) return said_bytes_ - dropped_bytes_;
    return said_bytes_ - ends_[after - base_ - 1];
}

void Ledger::drop_oldest() {
    const auto lines = static_cast<std::ptrdiff_t>(runs_.front().run->size());
    dropped_bytes_ = ends_[static_cast<std::size_t>(lines) - 1];
    ends_.erase(ends_.begin(), ends_.begin() + lines);
    base_ = runs_.front().last;
    runs_.pop_front();
}

}  // namespace lanchat::controller
