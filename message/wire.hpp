// Frames to bytes and back. The only door through which bytes of other machines come in.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "message/frame.hpp"
#include "message/result.hpp"

namespace lanchat {

// The protobuf bytes of a NodeRequest or NodeReply (they are alike). What `speaker` said itself
// does not name it: it is the device that says `frame`, as its hello told; all zeros: everything is
// named. Precondition: all strings are valid UTF-8 and within their limits.
std::string encode(const Frame& frame, const DeviceId& speaker = {});

// A frame as it came, before anybody has looked whether its runs are signed.
class UnprovenFrame {
  public:
    // Checks size before parsing and every limit of message/limits.hpp after; what comes back holds
    // no nonsense: UTF-8 is valid and nothing is empty that must not be. A legacy peer's line,
    // which is all of its frame, may be as long as its own kind takes. `speaker`: the device of the
    // hello that came before.
    static Result<UnprovenFrame> read(std::string_view bytes, const DeviceId& speaker = {});

    const std::vector<UnprovenRun>& runs() const { return runs_; }

    // The frame, if all its runs are signed, which takes 50 us for each. Leaves nothing.
    Result<Frame> prove() &&;

  private:
    UnprovenFrame(Frame frame, std::vector<UnprovenRun> runs)
        : frame_(std::move(frame)), runs_(std::move(runs)) {}

    Frame frame_;
    std::vector<UnprovenRun> runs_;  // which are not in the frame yet
};

// Both in one.
Result<Frame> decode(std::string_view bytes, const DeviceId& speaker = {});

// Decodes the first frame of a link, which has nothing to verify: what costs nothing to send
// must cost little to refuse.
Result<Frame> decode_greeting(std::string_view bytes);

// Upper bound of what `run` adds to an encoded frame.
std::size_t encoded_bytes(const VerifiedRun& run);

}  // namespace lanchat
