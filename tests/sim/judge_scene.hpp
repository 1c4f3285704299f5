// A history without fault, in which the tests of the judge plant one.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "tests/sim/history.hpp"

namespace lanchat::sim {

using namespace std::chrono_literals;

inline constexpr std::size_t anna = 0;
inline constexpr std::size_t ben = 1;
inline constexpr std::size_t eve = 2;     // a stranger
inline constexpr std::size_t oldie = 3;   // the original program
inline constexpr std::size_t carl = 4;    // is killed at 4 s
inline constexpr std::size_t carla = 5;   // carl after the restart: his data directory, silent
inline constexpr std::size_t lines = 20;  // of each
inline constexpr std::uint64_t carls_lines = 3;

using Records = std::vector<Record>;

inline std::uint64_t text_of(std::size_t author, std::uint64_t number) {
    return fingerprint(std::to_string(author) + ":" + std::to_string(number));
}

inline Record record(Duration when, What what, std::size_t node, std::size_t peer,
                     std::uint64_t number) {
    const bool line = what == What::said || what == What::shown || what == What::holds;
    const std::uint64_t shown_number = peer == oldie && line ? 0 : number;
    Record record{
        Instant{} + when, what, node, peer, shown_number, line ? text_of(peer, number) : 0,
        DownReason::lost};
    record.clocks_agree = what == What::shown;
    record.clock = static_cast<std::uint64_t>(when.count()) + peer;
    return record;
}

inline void meet(Records& all, Duration when, std::size_t a, std::size_t b) {
    if (a != oldie) all.push_back(record(when, What::up, a, b, 0));
    if (b != oldie) all.push_back(record(when, What::up, b, a, 0));
}

// `author` says a line, everybody here shows it, and who keeps a log flushes it.
inline void talk(Records& all, std::uint64_t number, std::size_t author,
                 const std::vector<std::size_t>& here) {
    const Duration when = number * 1s;
    all.push_back(record(when, What::said, author, author, number));
    for (const std::size_t reader : here) {
        if (reader != author) all.push_back(record(when, What::shown, reader, author, number));
        if (reader != oldie && author != oldie)
            all.push_back(record(when, What::stored, reader, author, number));
    }
}

inline void restart_carl(Records& all) {
    for (const std::size_t other : {anna, ben})
        all.push_back(record(4s, What::down, other, carl, 0));
    for (const std::size_t author : {anna, ben, carl})
        all.push_back(record(4s, What::loaded, carla, author, carls_lines));
    for (const std::size_t other : {anna, ben, oldie}) meet(all, 4s, carla, other);
}

// Three nodes and an original talk, one of them is killed and comes back; half of it in the quiet
// time.
inline History good_history() {
    History history;
    history.people = {{Kind::lanchat, true, true, false, "anna", {}, {}},
                      {Kind::lanchat, true, true, false, "ben", {}, {}},
                      {Kind::stranger, false, true, false, "eve", {}, {}},
                      {Kind::legacy, true, true, false, "oldie", {}, {}},
                      {Kind::lanchat, false, true, true, "carl", {}, {}},
                      {Kind::lanchat, true, true, false, "carla", {}, carl}};
    history.quiet_from = Instant{} + 10s;
    history.still_from = Instant{} + 25s;
    auto& all = history.records;
    for (const auto& [a, b] : {std::pair{anna, ben},
                               {anna, oldie},
                               {ben, oldie},
                               {anna, carl},
                               {ben, carl},
                               {carl, oldie}})
        meet(all, 1s, a, b);
    for (std::uint64_t i = 1; i <= lines; ++i) {
        const std::size_t third = i <= carls_lines ? carl : carla;
        if (i == carls_lines + 1) restart_carl(all);
        for (const std::size_t author : {anna, ben, oldie, carl})
            if (author != carl || i <= carls_lines) talk(all, i, author, {anna, ben, oldie, third});
    }
    all.push_back(record(24s, What::exchanged, anna, anna, 0));
    for (const std::size_t node : {anna, ben, carla})
        for (const std::size_t author : {anna, ben, carl})
            all.push_back(
                record(30s, What::holds, node, author, author == carl ? carls_lines : lines));
    return history;
}

inline Records::iterator find(Records& records, What what, std::size_t node, std::size_t peer,
                              std::uint64_t number) {
    return std::ranges::find_if(records, [&](const Record& r) {
        return r.what == what && r.node == node && r.peer == peer &&
               (r.number == number || r.text == text_of(peer, number));
    });
}

}  // namespace lanchat::sim
