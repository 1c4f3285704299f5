// Virtual time: what happens next is decided by the clock of the simulation alone.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "message/time.hpp"

namespace lanchat::sim {

// A promise that did not hold. Ends the seed.
struct Broken : std::runtime_error {
    using std::runtime_error::runtime_error;
};

inline void require(bool holds, const std::string& promise) {
    if (!holds) throw Broken(promise);
}

// Things to do, in order of their time; what is due at the same instant keeps its order.
class Schedule {
  public:
    Instant now() const { return now_; }

    void at(Instant when, std::function<void()> what) {
        pending_.push_back({std::max(when, now_), ++count_, std::move(what)});
        std::ranges::push_heap(pending_, later);
    }
    void after(Duration delay, std::function<void()> what) { at(now_ + delay, std::move(what)); }

    // Does all that is due until `end`, then it is `end`.
    void run_until(Instant end) {
        while (!pending_.empty() && pending_.front().when <= end) {
            std::ranges::pop_heap(pending_, later);
            const auto next = std::move(pending_.back());
            pending_.pop_back();
            now_ = next.when;
            next.what();
        }
        now_ = end;
    }

  private:
    struct Pending {
        Instant when;
        std::uint64_t order;
        std::function<void()> what;
    };
    static bool later(const Pending& a, const Pending& b) {
        return a.when != b.when ? a.when > b.when : a.order > b.order;
    }

    Instant now_{};
    std::uint64_t count_ = 0;
    std::vector<Pending> pending_;
};

}  // namespace lanchat::sim
