// HTTP/2 frames (RFC 9113, section 4.1) in a stream of bytes that comes in whatever pieces.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace lanchat::link {

// What every HTTP/2 client says before its first frame (section 3.4).
inline constexpr std::string_view http2_preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// A SETTINGS frame that sets nothing: the least that a server may begin with.
inline constexpr std::string_view http2_no_settings{"\0\0\0\4\0\0\0\0\0", 9};

enum class FrameType : std::uint8_t {
    data = 0,
    headers = 1,
    priority = 2,
    rst_stream = 3,
    settings = 4,
    push_promise = 5,
    ping = 6,
    goaway = 7,
    window_update = 8,
    continuation = 9,
};

// Flags mean different things in different types.
namespace frame_flag {
inline constexpr std::uint8_t ack = 0x1;
inline constexpr std::uint8_t end_stream = 0x1;
inline constexpr std::uint8_t end_headers = 0x4;
inline constexpr std::uint8_t padded = 0x8;
}  // namespace frame_flag

struct FrameHead {
    std::uint32_t length = 0;
    FrameType type{};
    std::uint8_t flags = 0;
    std::uint32_t stream = 0;

    bool has(std::uint8_t flag) const { return (flags & flag) != 0; }
};

// Finds where frames begin and end; keeps nothing but a head.
class FrameReader {
  public:
    // A part of a frame: its head, or some bytes of its payload. `ends`: the last part.
    struct Part {
        bool is_head = false;
        bool ends = false;
        std::string_view payload;
    };

    // Takes the next part off the front of `bytes`. No value: all bytes are taken.
    std::optional<Part> next(std::string_view& bytes);

    // The head of the frame whose part was taken last.
    const FrameHead& head() const { return head_; }

  private:
    static constexpr std::size_t head_bytes = 9;

    void parse_head();

    std::array<std::uint8_t, head_bytes> raw_{};
    std::size_t raw_size_ = 0;
    std::size_t payload_left_ = 0;
    FrameHead head_;
};

}  // namespace lanchat::link
