// Compares what we listen on with what the interfaces have.
#include "node/reach.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace lanchat {
namespace {

constexpr std::chrono::seconds look_interval{2};

}  // namespace

Reach::Reach(asio::io_context& loop, const Places& places, Interfaces interfaces)
    : listen_(places.listen),
      narrowed_(places.narrowed),
      interfaces_(std::move(interfaces)),
      timer_(loop) {
    for (const auto& warning : narrowed_) spdlog::warn("{}", warning);
    if (!cannot_go()) look_soon();
}

void Reach::stop() {
    *here_ = false;
    timer_.cancel();
}

std::vector<std::string> Reach::warnings() const {
    auto all = narrowed_;
    if (!nowhere_) return all;
    std::string places;
    for (const Ipv4 ip : listen_) places += (places.empty() ? "" : ", ") + to_string(ip);
    all.push_back("no interface has " + places +
                  " any more: nobody can reach this node until it is" +
                  " back; start again to listen elsewhere");
    return all;
}

// Linux lets us have all of 127/8.
bool Reach::cannot_go() const {
    return std::ranges::any_of(listen_, [](Ipv4 ip) { return ip.bits == 0 || ip.is_loopback(); });
}

// Where the interfaces cannot be listed nothing is known.
bool Reach::is_somewhere() const {
    if (cannot_go()) return true;
    const auto interfaces = interfaces_();
    if (!interfaces) return true;
    return std::ranges::any_of(*interfaces, [this](const discover::Interface& one) {
        return one.up && std::ranges::find(listen_, one.ip) != listen_.end();
    });
}

void Reach::look() {
    const bool before = std::exchange(nowhere_, !is_somewhere());
    if (nowhere_ == before) return;
    if (nowhere_)
        spdlog::warn("{}", warnings().back());
    else
        spdlog::warn("the address is back: this node can be reached again");
}

void Reach::look_soon() {
    timer_.expires_after(look_interval);
    timer_.async_wait([this, here = here_](const asio::error_code& error) {
        if (error || !*here) return;
        look();
        look_soon();
    });
}

}  // namespace lanchat
