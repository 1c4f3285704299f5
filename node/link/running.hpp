// Whether somebody still runs, for what they have left on a loop and what is called when they are
// gone already.
#pragma once

#include <memory>
#include <utility>

namespace lanchat::link {

// Copies tell of the same one. Thread: the loop.
class Running {
  public:
    explicit operator bool() const { return *runs_; }

    // Like `act`, and nothing (or an empty answer) once it has stopped.
    template <class Act>
    auto guard(Act act) const {
        return [runs = runs_, act = std::move(act)](auto&&... with) mutable {
            using Answer = decltype(act(std::forward<decltype(with)>(with)...));
            return *runs ? act(std::forward<decltype(with)>(with)...) : Answer();
        };
    }

    // False if it had stopped before.
    bool stop() { return std::exchange(*runs_, false); }

  private:
    std::shared_ptr<bool> runs_ = std::make_shared<bool>(true);
};

}  // namespace lanchat::link
