// One sentence for many.
#include "node/link/complaints.hpp"

#include <utility>

#include "message/limits.hpp"

namespace lanchat::link {

std::optional<std::string> Complaints::add(const Endpoint& from, std::string_view why,
                                           Instant now) {
    last_ = to_string(from) + ": " + std::string(why);
    ++count_;
    return due(now);
}

std::optional<std::string> Complaints::due(Instant now) {
    if (count_ == 0 || (told_ && now - *told_ < limits::complaint_interval)) return std::nullopt;
    told_ = now;
    const std::size_t count = std::exchange(count_, 0);
    if (count == 1) return "cut off " + last_;
    return "cut off " + std::to_string(count) + " connections; the last was " + last_;
}

}  // namespace lanchat::link
