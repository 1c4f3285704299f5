// Coverage marks: which faults and which rare branches a seed has met. What never happens tests
// nothing, so a run fails when a mark is too rare.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace lanchat::sim {

enum class Mark {
    simultaneous_start,
    restart_same_address,
    restart_other_address,
    power_cut,
    cut_both_ways,
    cut_one_way,
    freeze,
    slow_node,
    goodbye,
    lingered,
    reader_paused,
    burst,
    link_full,
    legacy_peer,
    legacy_restart,
    legacy_both_dial,
    stranger,
    strange_service,
    squatter,
    crowd,
    two_addresses,
    tie_own_dial_stays,
    tie_other_dial_stays,
    tie_same_direction,
    challenge_alive,
    challenge_silent,
    relink_in_grace,
    fell_behind,
    gave_up,
    refused_busy,
    self_dial,
    dead_link_found,
    partition,
    partition_one_way,
    hub,
    slow_disk,
    unflushed_lost,
    clock_jump,
    database_deleted,
    database_restored,
    identity_cloned,
    replayer,
    withholder,
    liar,
    flooder,
    asker,
    forker,
    hostile_stays,
    fork_seen,
    line_through_others,
    line_of_the_gone,
    own_line_back,
    history_line,
    newest_first,
    gap_closed,
    count
};

inline constexpr std::array<std::string_view, static_cast<std::size_t>(Mark::count)> mark_names{
    "simultaneous start",
    "restart at the same address",
    "restart at another address",
    "power cut",
    "cut both ways",
    "cut one way",
    "freeze",
    "slow node",
    "goodbye",
    "lingered",
    "reader paused",
    "burst",
    "link full",
    "legacy peer",
    "legacy restart",
    "legacy and lanchat dial at once",
    "stranger",
    "strange service",
    "squatter",
    "crowd",
    "node with two addresses",
    "tie: own dial stays",
    "tie: other dial stays",
    "tie: same direction",
    "challenge: holder alive",
    "challenge: holder silent",
    "relinked in grace",
    "fell behind",
    "gave up on lines",
    "refused: busy",
    "self dial",
    "dead link found by ping",
    "two cut apart for good",
    "two cut apart for good, one way",
    "all cut apart but from one",
    "slow disk",
    "unflushed lost with its process",
    "clock jump",
    "database deleted",
    "database restored",
    "identity cloned",
    "replayer",
    "withholder",
    "liar",
    "flooder",
    "asker",
    "forker",
    "hostile author stays",
    "fork seen",
    "line through others",
    "line of who is gone",
    "own line comes back",
    "line of history",
    "newest lines first",
    "gap before the newest closed",
};

class Marks {
  public:
    void hit(Mark mark) { hit_[static_cast<std::size_t>(mark)] = true; }
    bool has(std::size_t mark) const { return hit_[mark]; }

  private:
    std::array<bool, static_cast<std::size_t>(Mark::count)> hit_{};
};

}  // namespace lanchat::sim
