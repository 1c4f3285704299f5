// Compares what we listen on and look for with what the interfaces have.
#include "node/reach.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace lanchat {
namespace {

// Through which something can pass just now.
std::set<Ipv4> usable(const std::vector<Ipv4>& addresses,
                      const std::vector<discover::Interface>& interfaces) {
    std::set<Ipv4> found;
    for (const auto& one : interfaces)
        if (one.up && one.running && std::ranges::find(addresses, one.ip) != addresses.end())
            found.insert(one.ip);
    return found;
}

std::string list(const std::vector<Ipv4>& addresses) {
    std::string all;
    for (const Ipv4 ip : addresses) all += (all.empty() ? "" : ", ") + to_string(ip);
    return all;
}

}  // namespace

Reach::Reach(asio::io_context& loop, const Config& config, Moved moved, Interfaces interfaces)
    : config_(config), moved_(std::move(moved)), interfaces_(std::move(interfaces)), loop_(loop) {}

Result<Places> Reach::begin() {
    const auto interfaces = interfaces_();
    if (!interfaces) return Failure{interfaces.why()};
    auto found = find_places(config_, *interfaces);
    if (!found) return found;
    usable_ = usable(found->listen, *interfaces);
    take(std::move(*found));
    return places_;
}

void Reach::follow() {
    if (cannot_go()) return;
    watch_ = std::make_unique<discover::InterfaceWatch>(loop_, [this] { look(); });
    look();
}

void Reach::stop() {
    if (watch_) watch_->stop();
}

std::vector<std::string> Reach::warnings() const {
    auto all = places_.narrowed;
    if (nowhere_ && has_address_)
        all.push_back("the network of " + list(places_.listen) +
                      " is down: nobody can reach this node until it is back");
    else if (nowhere_)
        all.push_back("no interface has " + list(places_.listen) +
                      " any more: nobody can reach this node until there is an address again");
    return all;
}

void Reach::take(Places found) {
    for (const auto& warning : found.narrowed)
        if (std::ranges::find(places_.narrowed, warning) == places_.narrowed.end())
            spdlog::warn("{}", warning);
    places_ = std::move(found);
}

// Linux lets us have all of 127/8.
bool Reach::cannot_go() const {
    return std::ranges::any_of(places_.listen,
                               [](Ipv4 ip) { return ip.bits == 0 || ip.is_loopback(); });
}

// Where the interfaces cannot be listed nothing is known. While there is no address to listen at
// all stays as it was: the old one may come back.
void Reach::look() {
    const auto interfaces = interfaces_();
    if (!interfaces || cannot_go()) return;
    auto found = find_places(config_, *interfaces);
    const auto& listen = found ? found->listen : places_.listen;
    const auto usable_now = usable(listen, *interfaces);
    const auto came =
        std::ranges::any_of(usable_now, [this](Ipv4 ip) { return !usable_.contains(ip); });
    const bool elsewhere =
        found && (found->listen != places_.listen || found->cidrs != places_.cidrs ||
                  found->cards != places_.cards);
    usable_ = usable_now;
    has_address_ = std::ranges::any_of(*interfaces, [&](const auto& one) {
        return std::ranges::find(listen, one.ip) != listen.end();
    });
    if (found) take(std::move(*found));
    tell(usable_.empty());
    if (!usable_.empty() && (came || elsewhere)) moved_(places_);
}

void Reach::tell(bool nowhere) {
    if (std::exchange(nowhere_, nowhere) == nowhere) return;
    if (nowhere)
        spdlog::warn("{}", warnings().back());
    else
        spdlog::warn("this node can be reached again, at {}", list(places_.listen));
}

}  // namespace lanchat
