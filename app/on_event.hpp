// How whoever listens to a node takes its events apart, so that a new event reaches every face and
// every service: one that a listener does not name does not compile.
#pragma once

#include <concepts>

namespace lanchat::app {

// std::visit(OnEvent{[](const PeerUp& up) {…}, PassOver<PeerDown, …>{}}, event). There is to be no
// deed for `const auto&`.
template <class... Deeds>
struct OnEvent : Deeds... {
    using Deeds::operator()...;
};
template <class... Deeds>
OnEvent(Deeds...) -> OnEvent<Deeds...>;

// These events are of no concern to the listener, by intention.
template <class... Events>
struct PassOver {
    template <class Event>
    requires(std::same_as<Event, Events> || ...) void operator()(const Event&) const {}
};

}  // namespace lanchat::app
