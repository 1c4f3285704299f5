// When two frames say the same.
#include "message/frame.hpp"

#include <algorithm>
#include <tuple>

namespace lanchat {
namespace {

// The head vouches for every byte, and the log names who signed it.
bool same_run(const RunPtr& x, const RunPtr& y) {
    return x->log() == y->log() && x->first() == y->first() && x->head() == y->head();
}

bool same_proof(const Fork& x, const Fork& y) { return same_run(x.a, y.a) && same_run(x.b, y.b); }

}  // namespace

bool Frame::operator==(const Frame& other) const {
    return std::tie(msg, hello, received, have, listing, listed, digest, said, differ, want,
                    linked, receipts, verify, wall, ping, bye) ==
               std::tie(other.msg, other.hello, other.received, other.have, other.listing,
                        other.listed, other.digest, other.said, other.differ, other.want,
                        other.linked, other.receipts, other.verify, other.wall, other.ping,
                        other.bye) &&
           std::ranges::equal(runs, other.runs, same_run) &&
           std::ranges::equal(proofs, other.proofs, same_proof);
}

}  // namespace lanchat
