// Index arithmetic over sorted spans of addresses; 64 bits wide, since a /0 has 2^32 addresses.
#include "discover/targets.hpp"

#include <algorithm>
#include <utility>

#include "message/assert.hpp"
#include "message/limits.hpp"

namespace lanchat::discover {

Targets::Targets(const std::vector<Cidr>& cidrs, PortRange ports, std::vector<Endpoint> own)
    : ports_(ports), own_(std::move(own)), first_port_(ports.min) {
    LANCHAT_ASSERT(ports.min >= 1);
    LANCHAT_ASSERT(ports.min <= ports.max);
    take_hosts(cidrs);
    if (!own_.empty()) {
        if (ports_.contains(own_.front().port)) first_port_ = own_.front().port;
        own_index_ = index_of(own_.front().ip);
    }
    std::ranges::sort(own_);
    own_.erase(std::unique(own_.begin(), own_.end()), own_.end());
    const std::uint64_t fit = addresses_ == 0 ? 0 : limits::targets_max / addresses_;
    end_ = addresses_ * std::clamp<std::uint64_t>(fit, 1, ports_.count());
    const auto inside = std::ranges::count_if(own_, [this](const Endpoint& endpoint) {
        return ports_.contains(endpoint.port) && index_of(endpoint.ip) &&
               order_of_port(endpoint.port) * addresses_ < end_;
    });
    count_ = end_ - static_cast<std::uint64_t>(inside);
}

std::optional<Endpoint> Targets::next() {
    while (position_ < end_) {
        const auto address = address_at(index_in_order(position_ % addresses_));
        const Endpoint endpoint{address, port_at(position_ / addresses_)};
        ++position_;
        if (!is_own(endpoint)) return endpoint;
    }
    return std::nullopt;
}

bool Targets::has_passed(const Endpoint& endpoint) const {
    const auto index = index_of(endpoint.ip);
    LANCHAT_ASSERT(index.has_value());
    return order_of_port(endpoint.port) * addresses_ + order_of_index(*index) < position_;
}

bool Targets::covers(const Endpoint& endpoint) const {
    return ports_.contains(endpoint.port) && index_of(endpoint.ip) && !is_own(endpoint);
}

void Targets::take_hosts(const std::vector<Cidr>& cidrs) {
    // Connecting to 0.0.0.0 reaches this host on Linux, so it is nobody's address.
    for (const Cidr& cidr : cidrs) {
        const auto first = std::max(cidr.first_host().bits, std::uint32_t{1});
        const auto last = cidr.last_host().bits;
        if (first <= last) spans_.push_back({first, last, 0});
    }
    std::ranges::sort(spans_, {}, &Span::first);
    std::vector<Span> merged;
    for (const Span& span : spans_) {
        if (!merged.empty() && std::uint64_t{merged.back().last} + 1 >= span.first) {
            merged.back().last = std::max(merged.back().last, span.last);
        } else {
            merged.push_back(span);
        }
    }
    for (Span& span : merged) {
        span.before = addresses_;
        addresses_ += std::uint64_t{span.last} - span.first + 1;
    }
    spans_ = std::move(merged);
}

std::optional<std::uint64_t> Targets::index_of(Ipv4 ip) const {
    const auto after = std::ranges::upper_bound(spans_, ip.bits, {}, &Span::first);
    if (after == spans_.begin()) return std::nullopt;
    const Span& span = *std::prev(after);
    if (ip.bits > span.last) return std::nullopt;
    return span.before + (ip.bits - span.first);
}

std::uint64_t Targets::index_in_order(std::uint64_t position) const {
    if (!own_index_) return position;
    if (position == addresses_ - 1) return *own_index_;
    const auto distance = position / 2 + 1;
    const auto forward = position % 2 == 0 ? distance : addresses_ - distance;
    return (*own_index_ + forward) % addresses_;
}

// The inverse of index_in_order().
std::uint64_t Targets::order_of_index(std::uint64_t index) const {
    if (!own_index_) return index;
    const auto forward = (index + addresses_ - *own_index_) % addresses_;
    if (forward == 0) return addresses_ - 1;
    return forward <= addresses_ / 2 ? 2 * (forward - 1) : 2 * (addresses_ - forward - 1) + 1;
}

Ipv4 Targets::address_at(std::uint64_t index) const {
    const Span& span = *std::prev(std::ranges::upper_bound(spans_, index, {}, &Span::before));
    return Ipv4{span.first + static_cast<std::uint32_t>(index - span.before)};
}

std::uint16_t Targets::port_at(std::uint64_t index) const {
    if (index == 0) return first_port_;
    const auto port = ports_.min + index - 1;
    return static_cast<std::uint16_t>(port < first_port_ ? port : port + 1);
}

// The inverse of port_at().
std::uint64_t Targets::order_of_port(std::uint16_t port) const {
    if (port == first_port_) return 0;
    const auto from_min = static_cast<std::uint64_t>(port) - ports_.min;
    return port < first_port_ ? from_min + 1 : from_min;
}

bool Targets::is_own(const Endpoint& endpoint) const {
    return std::ranges::binary_search(own_, endpoint);
}

}  // namespace lanchat::discover
