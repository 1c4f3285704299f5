// What a beacon says, and when. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "message/address.hpp"
#include "message/rng.hpp"
#include "message/time.hpp"

namespace lanchat::discover {

// Where all of lanchat calls. Groups of 224.0.0.0/24 go to every port of a switch, whether one asks
// for them or not, so a switch that watches memberships and has lost its querier stops nothing
// (RFC 4541 2.1.2); no router passes them on.
inline constexpr Ipv4 beacon_group{0xE00000B7};  // 224.0.0.183
inline constexpr std::uint16_t beacon_port = 4565;

// "Somebody listens at this port", at the address that the datagram comes from. Nothing in it tells
// who: whoever wants to know has to connect.
struct Call {
    std::uint64_t caller = 0;  // random, of one process
    std::uint16_t port = 0;
    bool asks = false;  // the caller is new here and wants to hear of others

    bool operator==(const Call&) const = default;
};

// "lanchat" ‖ 1 ‖ caller (8) ‖ port (2) ‖ asks (1). What follows is a later version's.
std::string encode(const Call& call);
// Nothing if it is no call.
std::optional<Call> decode_call(std::string_view datagram);

// When to call: at once, twice more within a second since a datagram may be lost, then seldom, and
// the more seldom the more are heard. Somebody new is answered after a moment of chance, unless
// enough others were quicker: so all of a crowd need not call at once.
class CallPace {
  public:
    explicit CallPace(std::uint64_t seed) : rng_(seed) {}

    void begin(Instant now);
    std::optional<Instant> due() const;
    // What is due is called now; the result says whether it asks. Precondition: something is due.
    bool call(Instant now);
    void heard(const Call& call, Instant now);

  private:
    Rng rng_;
    int calls_ = 0;  // since the beginning
    std::optional<Instant> next_;
    std::optional<Instant> answer_;
    int answers_heard_ = 0;  // while ours waits
    Instant called_{};
    std::set<std::uint64_t> callers_;  // heard since the last regular call
};

}  // namespace lanchat::discover
