// What holds for all fields of a frame alike: when two say the same, and when they say nothing.
#include "message/frame.hpp"

#include <algorithm>

namespace lanchat {
namespace {

template <class T>
bool same(const T& x, const T& y) {
    return x == y;
}

// The head vouches for every byte, and the log names who signed it.
bool same(const RunPtr& x, const RunPtr& y) {
    return x->log() == y->log() && x->first() == y->first() && x->head() == y->head();
}

bool same(const Fork& x, const Fork& y) { return same(x.a, y.a) && same(x.b, y.b); }

template <class T>
bool same(const std::vector<T>& x, const std::vector<T>& y) {
    return std::ranges::equal(x, y, [](const T& a, const T& b) { return same(a, b); });
}

}  // namespace

bool Frame::operator==(const Frame& other) const {
    return msg == other.msg &&
           FrameFields::all([&]<auto field>() { return same(this->*field, other.*field); });
}

bool is_blank(const Frame& frame) {
    return frame.msg.empty() &&
           FrameFields::all([&]<auto field>() { return is_blank(frame.*field); });
}

}  // namespace lanchat
