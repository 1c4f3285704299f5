// What others have and this node lacks: which logs to ask for, whom was asked, and until when.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "controller/facts.hpp"
#include "message/extent.hpp"
#include "message/frame.hpp"
#include "message/limits.hpp"
#include "message/time.hpp"

namespace lanchat::controller {

// One question per log at a time, and no more than limits::pulled_lines_max lines in all. A line of
// now is on its way from its author as a rule, so nobody is asked for it before pull_delay; who
// does not answer within pull_timeout is passed over, and asked one question at a time until it
// answers one: its promises must not use up our questions.
class Pulls {
  public:
    // Somebody has more of `log` than we, up to an entry of the time `newest`. `at_once`: nobody is
    // going to send it by itself.
    void behind(const LogId& log, Instant now, bool at_once, Clock newest = {});
    void asked(const Want& want, const PersonKey& whom, Instant now);
    // `bringer` has brought entries of `log`, of which `held` is now here.
    void grown(const LogId& log, const Extent& held, const PersonKey& bringer, Instant now);
    // What `whom` brought was not taken and has to come again.
    void not_taken(const VerifiedRun& run, const PersonKey& whom, Instant now);
    // Whoever has it may not be asked now.
    void put_off(const LogId& log, Instant now);
    void not_behind(const LogId& log) { take(log); }
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

    // How many logs and questions were looked at so far, for tests of what that costs.
    std::uint64_t looks() const { return looks_; }

  private:
    struct Pull {
        Instant due;                    // when to ask, or to ask again
        std::optional<PersonKey> whom;  // an answer is awaited
        Want want{};                    // that question
        Clock newest{};
    };
    // The order in which logs are asked for.
    struct Turn {
        Instant due;
        std::uint64_t age = 0;
        LogId log;

        auto operator<=>(const Turn&) const = default;
    };
    static Turn turn_of(const LogId& log, const Pull& pull) {
        return {pull.due, ~pull.newest.packed, log};
    }
    std::set<Turn>& turns_with(const Pull& pull) { return pull.whom ? asked_ : waiting_; }
    // Every change of a pull goes through these two.
    void put(const LogId& log, const Pull& pull);
    std::optional<Pull> take(const LogId& log);
    void resume(Instant now);
    bool has_free_question() const {
        return asked_.size() < limits::pulls_max && lines_asked_ < limits::pulled_lines_max;
    }
    static Seq lines_of(const Pull& pull) {
        return pull.whom ? pull.want.seq - std::min(pull.want.after, pull.want.seq) : 0;
    }

    std::map<LogId, Pull> logs_;
    std::set<Turn> waiting_;      // nobody is asked
    std::set<Turn> asked_;        // somebody is: at most limits::pulls_max
    std::set<PersonKey> idlers_;  // let us wait and have not answered since
    Seq lines_asked_ = 0;
    mutable std::uint64_t looks_ = 0;
};

}  // namespace lanchat::controller
