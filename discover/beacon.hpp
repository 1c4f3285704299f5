// The beacon: says on each LAN that somebody listens here, and hears others say so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/ip/udp.hpp>
#include <asio/steady_timer.hpp>

#include "discover/call.hpp"
#include "discover/interfaces.hpp"
#include "discover/pace.hpp"
#include "message/address.hpp"

namespace lanchat::discover {

// A card that it calls on.
struct Card {
    std::string name;
    Ipv4 ip;  // what is called from: whoever hears it dials that

    bool operator==(const Card&) const = default;
};

// The interfaces that hold one of these addresses, without loopback: whoever is on this machine
// alone is found by a scan at once.
std::vector<Card> cards_of(const std::vector<Ipv4>& addresses,
                           const std::vector<Interface>& interfaces);

// Loop thread only. What it hears is a hint from anybody: the address is that which the datagram
// came from, and may be forged. A beacon that cannot call or hear says nothing: others find it.
class Beacon {
  public:
    using Heard = std::function<void(const Endpoint&)>;
    struct Counts {
        std::uint64_t sent = 0;
        std::uint64_t heard = 0;  // of others
        std::uint64_t failed = 0;
    };

    // `loop` must outlive the beacon.
    Beacon(asio::io_context& loop, std::uint64_t seed, Heard heard);
    ~Beacon() { stop(); }
    Beacon(const Beacon&) = delete;
    Beacon& operator=(const Beacon&) = delete;

    // From now on it says on these cards that somebody listens at `port`, and hears on them. False:
    // as far as it can.
    [[nodiscard]] bool begin(const std::vector<Card>& cards, std::uint16_t port);
    const Counts& counts() const { return counts_; }
    // `heard` is never called again.
    void stop();

  private:
    bool open_ear(const std::vector<Card>& cards);
    void open_mouth(const Card& card);
    void listen();
    void drain();
    void take(std::string_view datagram, Ipv4 from);
    void call_when_due();
    void call();

    asio::io_context& loop_;
    Heard heard_;
    CallPace pace_;
    RatePace hints_;
    std::uint64_t caller_;
    std::uint16_t port_ = 0;
    asio::ip::udp::socket ear_;
    std::vector<asio::ip::udp::socket> mouths_;  // one a card
    asio::steady_timer timer_;
    Counts counts_;
    std::shared_ptr<bool> here_ = std::make_shared<bool>(true);  // for handlers that outlive us
};

}  // namespace lanchat::discover
