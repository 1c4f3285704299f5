// Multicast: one socket hears on all cards, one a card calls.
#include "discover/beacon.hpp"

#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "discover/steady.hpp"
#include "message/limits.hpp"

namespace lanchat::discover {

namespace {

using asio::ip::udp;

constexpr std::size_t datagrams_at_once = 64;

template <class Value>
bool set_option(udp::socket& socket, int name, const Value& value) {
    return ::setsockopt(socket.native_handle(), IPPROTO_IP, name, &value, sizeof value) == 0;
}

// By index: an address that is changed would stop it for good.
ip_mreqn on_card(const Card& card, bool joins) {
    ip_mreqn request{};
    if (joins) request.imr_multiaddr.s_addr = htonl(beacon_group.bits);
    request.imr_ifindex = static_cast<int>(::if_nametoindex(card.name.c_str()));
    return request;
}

udp::endpoint to_asio(Ipv4 ip, std::uint16_t port) { return {asio::ip::address_v4(ip.bits), port}; }

}  // namespace

std::vector<Card> cards_of(const std::vector<Ipv4>& addresses,
                           const std::vector<Interface>& interfaces) {
    std::vector<Card> cards;
    for (const Interface& one : interfaces) {
        const bool is_ours = std::ranges::find(addresses, one.ip) != addresses.end();
        if (is_ours && one.up && !one.ip.is_loopback()) cards.push_back({one.name, one.ip});
    }
    return cards;
}

Beacon::Beacon(asio::io_context& loop, std::uint64_t seed, Heard heard)
    : loop_(loop),
      heard_(std::move(heard)),
      pace_(seed),
      hints_(limits::hints_per_s),
      caller_(Rng(~seed).next()),
      ear_(loop),
      timer_(loop) {}

bool Beacon::begin(const std::vector<Card>& cards, std::uint16_t port) {
    asio::error_code ignored;
    ear_.close(ignored);
    mouths_.clear();
    timer_.cancel();
    port_ = port;
    if (cards.empty()) return true;
    const bool hears = open_ear(cards);
    if (hears) listen();
    for (const Card& card : cards) open_mouth(card);
    pace_.begin(steady_now());
    call_when_due();
    return hears && mouths_.size() == cards.size();
}

void Beacon::stop() {
    *here_ = false;
    asio::error_code ignored;
    ear_.close(ignored);
    mouths_.clear();
    timer_.cancel();
}

// Bound to the group, so that it hears nothing else, and shared with the other nodes here: each of
// them gets what comes. Without IP_MULTICAST_ALL=0 it would hear on cards that it has not joined.
bool Beacon::open_ear(const std::vector<Card>& cards) {
    asio::error_code error;
    ear_.open(udp::v4(), error);
    if (!error) ear_.set_option(udp::socket::reuse_address(true), error);
    if (!error) ear_.non_blocking(true, error);
    if (!error) ear_.bind(to_asio(beacon_group, beacon_port), error);
    if (error || !set_option(ear_, IP_MULTICAST_ALL, 0)) return false;
    bool joined = false;
    for (const Card& card : cards)
        joined = set_option(ear_, IP_ADD_MEMBERSHIP, on_card(card, true)) || joined;
    return joined;
}

void Beacon::open_mouth(const Card& card) {
    udp::socket mouth(loop_);
    asio::error_code error;
    mouth.open(udp::v4(), error);
    if (!error) mouth.non_blocking(true, error);
    if (!error) mouth.bind(to_asio(card.ip, 0), error);
    if (error || !set_option(mouth, IP_MULTICAST_IF, on_card(card, false)) ||
        !set_option(mouth, IP_MULTICAST_TTL, 1))
        return;
    mouths_.push_back(std::move(mouth));
}

void Beacon::listen() {
    ear_.async_wait(udp::socket::wait_read, [this, here = here_](const asio::error_code& error) {
        if (error || !*here) return;
        drain();
        if (*here && ear_.is_open()) listen();
    });
}

void Beacon::drain() {
    std::array<char, 64> datagram{};
    for (std::size_t n = 0; n < datagrams_at_once && *here_ && ear_.is_open(); ++n) {
        udp::endpoint from;
        asio::error_code error;
        const auto size = ear_.receive_from(asio::buffer(datagram), from, 0, error);
        if (error == asio::error::would_block) return;
        if (error) continue;  // longer than any call of today
        take({datagram.data(), size}, Ipv4{from.address().to_v4().to_uint()});
    }
}

// However much is called, so much of it is looked into.
void Beacon::take(std::string_view datagram, Ipv4 from) {
    const auto call = decode_call(datagram);
    if (!call || call->caller == caller_ || from.bits == 0 || from.is_loopback()) return;
    const auto now = steady_now();
    if (hints_.earliest(now) > now) return;
    hints_.spend(now);
    ++counts_.heard;
    pace_.heard(*call, now);
    call_when_due();
    heard_({from, call->port});
}

void Beacon::call_when_due() {
    const auto due = pace_.due();
    if (!due || mouths_.empty()) return;
    timer_.expires_at(*due);
    timer_.async_wait([this, here = here_](const asio::error_code& error) {
        if (error || !*here) return;
        call();
        call_when_due();
    });
}

void Beacon::call() {
    const std::string datagram = encode(Call{caller_, port_, pace_.call(steady_now())});
    for (udp::socket& mouth : mouths_) {
        asio::error_code error;
        mouth.send_to(asio::buffer(datagram), to_asio(beacon_group, beacon_port), 0, error);
        ++(error ? counts_.failed : counts_.sent);
    }
}

}  // namespace lanchat::discover
