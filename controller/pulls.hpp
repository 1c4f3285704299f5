// What others have and this node lacks: which logs to ask for, whom was asked, and until when.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "controller/room_state.hpp"
#include "message/ids.hpp"
#include "message/time.hpp"

namespace lanchat::controller {

// One question per log at a time. A line of now is on its way from its author as a rule, so nobody
// is asked for it before pull_delay; who does not answer within pull_timeout is passed over.
class Pulls {
  public:
    // Somebody has more of `log` than we. `at_once`: nobody is going to send it by itself.
    void behind(const LogId& log, Instant now, bool at_once);
    void asked(const LogId& log, const PersonKey& whom, Seq up_to, Instant now);
    // `log` has grown to `seq`.
    void grown(const LogId& log, Seq seq, Instant now);
    void not_behind(const LogId& log) { logs_.erase(log); }
    void gone(const PersonKey& whom, Instant now);

    // Logs whose time has come, at most as many as may be asked for at once.
    std::vector<LogId> due(Instant now) const;
    // Who was asked last and let us wait.
    std::optional<PersonKey> idler(const LogId& log) const;
    std::optional<Instant> next_due() const;
    bool is_behind(const LogId& log) const { return logs_.contains(log); }

  private:
    struct Pull {
        Instant due;                    // when to ask, or to ask again
        std::optional<PersonKey> whom;  // an answer is awaited
        Seq up_to = 0;                  // of that answer
    };
    std::ptrdiff_t answers_awaited(Instant after) const;

    std::map<LogId, Pull> logs_;
};

}  // namespace lanchat::controller
