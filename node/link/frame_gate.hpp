// The frame gate: reads the HTTP/2 frames of a connection before gRPC does, and says when the other
// end takes what was not granted to it.
//
// Before its other end is admitted, a connection carries one call and no more than a greeting
// needs. After that it may say as much as it likes, but each message is at most as long as a frame
// of ours or of an original, calls are few, and what carries no message is in proportion to time
// and to what we send: an original pings once for each burst of data that it gets from us.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "message/limits.hpp"
#include "message/time.hpp"
#include "node/link/frames.hpp"

namespace lanchat::link {

// Pure: no clock and no thread of its own.
class FrameGate {
  public:
    // What the other end is: who calls us, or whom we call.
    enum class Peer { client, server };

    // `legacy`: it may be an original, as on plain connections.
    FrameGate(Peer peer, bool legacy);

    // What came, all of it, in the order in which it came. A value says why the connection has to
    // end: gRPC must not see these bytes, and nothing more may be taken.
    using Refusal = std::optional<std::string_view>;
    Refusal take(std::string_view bytes, Instant now);

    // What we send. Precondition: gRPC wrote it.
    void gave(std::string_view bytes);

    // The other end is no stranger any more.
    void admit() { is_admitted_ = true; }
    bool is_admitted() const { return is_admitted_; }

    // Whether its first message is whole.
    bool has_greeted() const { return has_greeted_; }

    // The number of the message that comes, if it is longer than a frame of ours; else none.
    std::uint64_t long_message() const;

    // How many bytes it may say until it is admitted.
    std::size_t room() const;

  private:
    // What is counted.
    enum class Kind : std::size_t { ping, settings, sliver, other, call, reset };
    static constexpr std::size_t kinds = 6;

    static constexpr std::size_t message_prefix_bytes = 5;  // compressed or not, and its length

    // What the other end says in a call. Messages lie one behind the other, wherever frames begin.
    struct Call {
        std::uint32_t stream = 0;  // none: this place is free
        int header_blocks = 0;
        bool ended = false;                                       // it says no more
        bool left = false;                                        // nobody here listens any more
        std::array<std::uint8_t, message_prefix_bytes> prefix{};  // of a message
        std::size_t prefix_size = 0;
        std::size_t message_left = 0;
        std::uint64_t long_message = 0;
    };

    Call* find(std::uint32_t stream);
    bool begin_call(std::uint32_t stream);
    Refusal take_late(const FrameHead& head);
    Refusal begin_frame(const FrameHead& head);
    Refusal take_headers(const FrameHead& head);
    Refusal take_continuation(const FrameHead& head);
    Refusal take_header_bytes(const FrameHead& head);
    Refusal take_reset(const FrameHead& head);
    Refusal take_settings(const FrameHead& head);
    Refusal take_ping(const FrameHead& head);
    Refusal take_goaway(const FrameHead& head);
    Refusal take_other(const FrameHead& head);
    Refusal begin_data(const FrameHead& head);
    Refusal take_data(std::uint32_t stream, std::string_view bytes);
    Refusal begin_message(Call& call);
    Refusal end_data(const FrameHead& head);
    void note_calls(const FrameHead& head);
    Refusal charge(Kind kind, std::string_view why);
    void earn(Kind kind, double frames);
    void refill(Instant now);
    bool skip_preface(std::string_view& bytes);
    bool is_stranger() const { return !is_admitted_; }
    std::size_t message_bytes_max() const;

    Peer peer_;
    bool may_be_legacy_;
    bool is_admitted_ = false;
    bool was_admitted_ = false;  // when time was looked at last
    bool has_greeted_ = false;
    bool is_first_frame_ = true;
    std::size_t preface_taken_ = 0;
    std::size_t preface_given_ = 0;
    std::size_t bytes_ = 0;  // of a stranger
    std::array<Call, limits::calls_at_once> calls_{};
    std::uint32_t newest_ = 0;      // stream of the call that began last
    std::uint32_t headers_of_ = 0;  // whose CONTINUATION must follow
    std::size_t header_bytes_ = 0;  // of one block
    int goaways_ = 0;
    std::uint64_t long_messages_ = 0;
    bool ended_message_ = false;  // this DATA frame has
    std::array<double, kinds> left_;
    Instant refilled_{};
    FrameReader taken_;
    FrameReader given_;
};

}  // namespace lanchat::link
