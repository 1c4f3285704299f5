// The bytes of a call, and its times.
#include "discover/call.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "discover/pace.hpp"
#include "message/big_endian.hpp"
#include "message/limits.hpp"

namespace lanchat::discover {

namespace {

using namespace std::chrono_literals;

constexpr std::string_view magic("lanchat\1", 8);
constexpr std::size_t call_bytes = magic.size() + 8 + 2 + 1;

// After each of the first calls.
constexpr std::array<Duration, 2> first_pauses{250ms, 500ms};
constexpr Duration answer_least = 20ms;
constexpr Duration answer_span = 100ms;
constexpr Duration answer_pause = 1s;  // from any call of ours to an answer
constexpr int answers_enough = 3;

}  // namespace

std::string encode(const Call& call) {
    std::string datagram(magic);
    put_big_endian(datagram, call.caller);
    datagram += static_cast<char>(call.port >> 8);
    datagram += static_cast<char>(call.port & 0xFF);
    datagram += call.asks ? '\1' : '\0';
    return datagram;
}

std::optional<Call> decode_call(std::string_view datagram) {
    if (datagram.size() < call_bytes || !datagram.starts_with(magic)) return std::nullopt;
    datagram.remove_prefix(magic.size());
    Call call;
    if (!take_big_endian(datagram.substr(0, 8), call.caller)) return std::nullopt;
    const auto byte = [&](std::size_t n) { return static_cast<std::uint8_t>(datagram[n]); };
    call.port = static_cast<std::uint16_t>(byte(8) << 8 | byte(9));
    call.asks = byte(10) != 0;
    if (call.port == 0) return std::nullopt;
    return call;
}

void CallPace::begin(Instant now) {
    calls_ = 0;
    next_ = now;
    answer_.reset();
    callers_.clear();
}

std::optional<Instant> CallPace::due() const {
    if (!next_ || (answer_ && *answer_ < *next_)) return answer_;
    return next_;
}

bool CallPace::call(Instant now) {
    called_ = now;
    answer_.reset();
    if (!next_ || *next_ > now) return false;
    const auto number = static_cast<std::size_t>(calls_++);
    if (number < first_pauses.size()) {
        next_ = now + first_pauses[number];
        return true;
    }
    const auto crowd = limits::call_pause_each * static_cast<int>(callers_.size());
    const Duration pause = std::max<Duration>(limits::call_pause_min, crowd);
    next_ = now + spread(pause, rng_);
    callers_.clear();
    return number == first_pauses.size();
}

void CallPace::heard(const Call& call, Instant now) {
    if (callers_.size() < limits::callers_max) callers_.insert(call.caller);
    if (!call.asks) {
        if (answer_ && ++answers_heard_ >= answers_enough) answer_.reset();
        return;
    }
    if (answer_ || now - called_ < answer_pause) return;
    const auto span = static_cast<std::uint64_t>(answer_span.count());
    answer_ = now + answer_least + Duration{static_cast<Duration::rep>(rng_.below(span))};
    answers_heard_ = 0;
}

}  // namespace lanchat::discover
