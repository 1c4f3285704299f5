// What others have and this node lacks: which logs to ask for, whom was asked, and until when.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "controller/room_state.hpp"
#include "message/extent.hpp"
#include "message/time.hpp"

namespace lanchat::controller {

// One question per log at a time. A line of now is on its way from its author as a rule, so nobody
// is asked for it before pull_delay; who does not answer within pull_timeout is passed over, and
// asked one question at a time until it answers one: its promises must not use up our questions.
class Pulls {
  public:
    // Somebody has more of `log` than we, up to an entry of the time `newest`. `at_once`: nobody is
    // going to send it by itself.
    void behind(const LogId& log, Instant now, bool at_once, Clock newest = {});
    void asked(const Want& want, const PersonKey& whom, Instant now);
    // Of `log` this is held now, thanks to `bringer`.
    void grown(const LogId& log, const Extent& held, const PersonKey& bringer, Instant now);
    // Whoever has it may not be asked now.
    void put_off(const LogId& log, Instant now);
    void not_behind(const LogId& log) { logs_.erase(log); }
    void gone(const PersonKey& whom, Instant now);

    // Logs whose time has come, some at once; who waits longest is first, then who has the newest
    // entry. Each is to be asked for, if may_ask_for says so, put off or given up.
    std::vector<LogId> due(Instant now) const;
    // False when as many questions are open as may be, and none about `log`.
    bool may_ask_for(const LogId& log) const;
    bool may_ask(const PersonKey& whom, Instant now) const;
    // Who was asked last and let us wait.
    std::optional<PersonKey> idler(const LogId& log) const;
    std::optional<Instant> next_due() const;
    // Whether `whom` was asked for a part of `run`.
    bool is_answer(const VerifiedRun& run, const PersonKey& whom) const;

  private:
    struct Pull {
        Instant due;                    // when to ask, or to ask again
        std::optional<PersonKey> whom;  // an answer is awaited
        Want want{};                    // that question
        Clock newest{};
    };
    void resume(Instant now);
    bool has_free_question() const;
    // Questions whose answer is awaited or overdue.
    std::ptrdiff_t questions() const;

    std::map<LogId, Pull> logs_;
    std::set<PersonKey> idlers_;  // let us wait and have not answered since
};

}  // namespace lanchat::controller
