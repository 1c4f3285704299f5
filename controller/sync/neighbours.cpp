// Links of others, told by differences.
#include "controller/sync/neighbours.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "message/limits.hpp"

namespace lanchat::controller {

std::vector<NodeId> Neighbours::take(const Linked& told) {
    if (told.round < round_) return {};
    const auto before = linked_;
    if (told.round > round_) linked_.clear();
    round_ = told.round;
    for (const NodeId& who : told.went) std::erase(linked_, who);
    for (const NodeId& who : told.came) {
        if (linked_.size() >= limits::peers_max) break;  // nobody has so many
        const auto place = std::ranges::lower_bound(linked_, who);
        if (place == linked_.end() || *place != who) linked_.insert(place, who);
    }
    std::vector<NodeId> lost;
    std::ranges::set_difference(before, linked_, std::back_inserter(lost));
    return lost;
}

bool Neighbours::contain(const NodeId& who) const {
    return std::ranges::binary_search(linked_, who);
}

void NeighbourNews::begin(std::uint64_t round) {
    *this = {};
    round_ = round;
    begun_ = true;
}

void NeighbourNews::came(const NodeId& who) {
    if (std::erase(went_, who) == 0 && !tells_all()) came_.push_back(who);
    if (went_.empty()) due_.reset();
    if (came_.size() <= came_max) return;
    many_came_ = true;
    came_ = {};
}

void NeighbourNews::went(const NodeId& who, Instant now) {
    if (begun_ || std::erase(came_, who) > 0) return;  // it never heard of that one
    went_.push_back(who);
    if (!due_) due_ = now + limits::news_delay;
}

Linked NeighbourNews::take(std::vector<NodeId> all) {
    std::vector<NodeId> came = tells_all() ? std::move(all) : std::exchange(came_, {});
    begun_ = many_came_ = false;
    due_.reset();
    return {round_, std::move(came), std::exchange(went_, {})};
}

}  // namespace lanchat::controller
