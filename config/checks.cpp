// Rules over several keys: port order, public ranges, number of targets, address inside the ranges.
#include "config/checks.hpp"

#include <algorithm>
#include <initializer_list>

#include "message/limits.hpp"

namespace lanchat {
namespace {

// CIDR blocks nest or are apart, so the two ends decide for all between them.
bool is_private(const Cidr& cidr) {
    const Ipv4 last{cidr.network.bits | ~cidr.mask()};
    return cidr.network.is_private() && last.is_private();
}

class Judge {
  public:
    Judge(Settings& settings, const std::vector<std::string>& faulty)
        : settings_(settings), config_(settings.config), faulty_(faulty) {}

    void ports() {
        if (!sound({"min_port", "max_port"})) return;
        const auto [min, max] = config_.ports;
        if (min <= max) return;
        // To blame is whoever was set, and of two the first.
        if (settings_.origins.contains("min_port")) {
            fault("min_port",
                  std::to_string(min) + " is greater than max_port " + std::to_string(max));
        } else {
            fault("max_port",
                  std::to_string(max) + " is less than min_port " + std::to_string(min));
        }
    }

    void privacy() {
        if (!sound({"cidr", "discovery.allow_public"})) return;
        if (config_.discovery.allow_public) return;
        for (const auto& cidr : config_.cidrs) {
            if (is_private(cidr)) continue;
            refused_ = true;
            fault("cidr",
                  to_string(cidr) + " is not private; discovery.allow_public permits to scan it");
        }
    }

    void encryption() {
        if (!sound({"cidr", "security.tls"}) || config_.security.tls) return;
        if (!config_.security.passphrase_file.empty())
            return fault("security.tls", "a passphrase needs encryption");
        const auto is_loopback = [](const Cidr& cidr) { return cidr.network.is_loopback(); };
        if (!config_.cidr_auto && std::ranges::all_of(config_.cidrs, is_loopback)) return;
        fault("security.tls", "links may go without encryption only where all CIDRs are loopback");
    }

    // A range that may not be scanned at all need not be counted.
    void targets() {
        if (refused_) return;
        if (!sound({"cidr", "min_port", "max_port"})) return;
        if (config_.ports.min > config_.ports.max) return;
        std::uint64_t hosts = 0;
        for (const auto& cidr : config_.cidrs) {
            hosts += std::uint64_t{cidr.last_host().bits} - cidr.first_host().bits + 1;
        }
        const std::uint64_t count = hosts * config_.ports.count();
        if (count <= limits::targets_max) return;
        fault("cidr", std::to_string(hosts) + " addresses with " +
                          std::to_string(config_.ports.count()) + " ports each are " +
                          std::to_string(count) + " targets, at most " +
                          std::to_string(limits::targets_max) + " can be scanned");
    }

    void address() {
        if (!sound({"ip", "cidr"}) || config_.ip.empty()) return;
        const auto ip = *parse_ipv4(config_.ip);
        const auto holds = [&](const Cidr& cidr) { return cidr.contains(ip); };
        if (std::ranges::any_of(config_.cidrs, holds)) return;
        if (!config_.ip_is_explicit) {
            config_.ip.clear();
        } else if (!config_.cidr_auto) {  // the ranges of auto are known when running
            fault("ip", config_.ip + " lies outside all CIDRs" + ranges());
        }
    }

  private:
    bool sound(std::initializer_list<std::string_view> paths) const {
        const auto is_faulty = [&](std::string_view path) {
            return std::ranges::find(faulty_, path) != faulty_.end();
        };
        return !is_faulty("") && std::ranges::none_of(paths, [&](std::string_view path) {
            const auto section = known_key(path).section();
            return is_faulty(path) || (!section.empty() && is_faulty(section));
        });
    }

    void fault(const std::string& path, std::string why) {
        settings_.faults.push_back({settings_.origin_of(path), path, std::move(why)});
    }

    std::string ranges() const {
        constexpr std::size_t shown_max = 4;
        std::string text = ":";
        for (std::size_t i = 0; i < std::min(config_.cidrs.size(), shown_max); ++i) {
            text += " " + to_string(config_.cidrs[i]);
        }
        return text + (config_.cidrs.size() > shown_max ? " …" : "");
    }

    Settings& settings_;
    Config& config_;
    const std::vector<std::string>& faulty_;
    bool refused_ = false;  // some range is public
};

}  // namespace

void settle(Settings& settings, const std::vector<std::string>& faulty) {
    Judge judge(settings, faulty);
    judge.ports();
    judge.privacy();
    judge.encryption();
    judge.targets();
    judge.address();
}

}  // namespace lanchat
