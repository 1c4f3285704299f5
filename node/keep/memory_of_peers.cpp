// Delayed, off-loop saving of remembered peers.
#include "node/keep/memory_of_peers.hpp"

#include <spdlog/spdlog.h>

#include <asio/post.hpp>
#include <chrono>
#include <utility>

#include "node/keep/kept_file.hpp"

namespace lanchat {
namespace {

constexpr std::chrono::seconds rest{3};

}  // namespace

MemoryOfPeers::MemoryOfPeers(asio::io_context& loop, const std::string& data_dir) : timer_(loop) {
    if (data_dir.empty()) return;
    remembered_.emplace(data_dir + "/peers.json");
    const auto problem = remembered_->load();
    if (!problem) return;
    const auto aside = move_aside(data_dir + "/peers.json");
    spdlog::warn("remembered peers are forgotten: {}{}", problem->why,
                 aside.empty() ? "" : "; it is kept as " + aside);
}

std::vector<Endpoint> MemoryOfPeers::dialable(const std::vector<Cidr>& cidrs, PortRange ports,
                                              const std::vector<Endpoint>& given) const {
    if (!remembered_) return {};
    return remembered_->dialable(cidrs, ports, given);
}

void MemoryOfPeers::met(const Endpoint& peer) {
    if (!remembered_) return;
    remembered_->met(peer);
    if (std::exchange(unsaved_, true)) return;
    timer_.expires_after(rest);
    timer_.async_wait([this, here = here_](const asio::error_code& error) {
        if (!error && *here) save();
    });
}

void MemoryOfPeers::save() {
    if (!std::exchange(unsaved_, false)) return;
    asio::post(disk_, [copy = *remembered_] {
        if (const auto problem = copy.save())
            spdlog::warn("cannot remember peers: {}", problem->why);
    });
}

void MemoryOfPeers::stop() {
    *here_ = false;
    timer_.cancel();
    save();
    disk_.join();
}

}  // namespace lanchat
