// When two frames say the same.
#include "message/frame.hpp"

#include <algorithm>
#include <tuple>

namespace lanchat {
namespace {

bool say_the_same(const std::vector<RunPtr>& a, const std::vector<RunPtr>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
        // The head vouches for every byte, and the log names who signed it.
        return x->log() == y->log() && x->first() == y->first() && x->head() == y->head();
    });
}

}  // namespace

bool Frame::operator==(const Frame& other) const {
    return std::tie(msg, hello, received, have, listing, listed, digest, differ, want, linked,
                    receipts, wall, ping, bye) ==
               std::tie(other.msg, other.hello, other.received, other.have, other.listing,
                        other.listed, other.digest, other.differ, other.want, other.linked,
                        other.receipts, other.wall, other.ping, other.bye) &&
           say_the_same(runs, other.runs);
}

}  // namespace lanchat
