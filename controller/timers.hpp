// When something is due, and what is done then: said once, side by side.
#pragma once

#include <cstddef>
#include <optional>
#include <type_traits>

#include "controller/room_io.hpp"
#include "message/time.hpp"

namespace lanchat::controller {

// The earlier one, if any.
inline void sooner(std::optional<Instant>& next, std::optional<Instant> other) {
    if (other && (!next || *other < *next)) next = other;
}

// Of a part of the brain, or of what it keeps `Of` somebody: a link, or a member and the part's
// state of it. `then` sees to it that nothing is due any more, as of the end of the step.
template <class Part, class... Of>
struct Timer {
    std::optional<Instant> (Part::*when)(const Of&...) const;
    void (Part::*then)(Of&..., Now, Effects&);
};

// When the first of them is due.
template <class Part, class... Of, std::size_t count>
std::optional<Instant> first_due(const Timer<Part, Of...> (&timers)[count], const Part& part,
                                 const std::type_identity_t<Of>&... of) {
    std::optional<Instant> next;
    for (const auto& timer : timers) sooner(next, (part.*timer.when)(of...));
    return next;
}

// Does what is due by now, in the order of the list.
template <class Part, class... Of, std::size_t count>
void ring(const Timer<Part, Of...> (&timers)[count], Part& part, Now now, Effects& out,
          std::type_identity_t<Of>&... of) {
    for (const auto& timer : timers)
        if (const auto due = (part.*timer.when)(of...); due && *due <= now.steady)
            (part.*timer.then)(of..., now, out);
}

}  // namespace lanchat::controller
