// Each check is a function that adds what it found.
#include "app/commands/diagnosis.hpp"

#include <algorithm>
#include <cstdlib>

#include "discover/call.hpp"
#include "message/address.hpp"

namespace lanchat::app {
namespace {

using Result = Finding::Result;
using discover::Interface;

constexpr std::int64_t clock_matters_ms = 60'000;  // lines seem to be said at another time
constexpr std::int64_t clock_harms_ms = 600'000;   // others do not believe it (log.md 12)

class Examination {
  public:
    explicit Examination(const Symptoms& symptoms) : of_(symptoms) {}

    std::vector<Finding> all() {
        look_at_node();
        look_at_cards();
        if (of_.node) {
            look_at_disk();
            look_at_reach();
            look_at_peers();
            look_at_beacon();
            look_at_scan();
            look_at_door();
            look_at_clock();
            look_at_names();
            look_at_strangers();
        }
        return std::move(found_);
    }

  private:
    void ok(std::string check, std::string cause) {
        found_.push_back({std::move(check), Result::ok, std::move(cause)});
    }
    void warn(std::string check, std::string cause, std::string remedy) {
        found_.push_back({std::move(check), Result::warn, std::move(cause), std::move(remedy)});
    }
    void fail(std::string check, std::string cause, std::string remedy) {
        found_.push_back({std::move(check), Result::fail, std::move(cause), std::move(remedy)});
    }

    std::vector<Cidr> networks() const {
        if (!of_.node) return of_.config.cidrs;
        std::vector<Cidr> all;
        for (const auto& text : of_.node->standing.networks)
            if (const auto cidr = parse_cidr(text)) all.push_back(*cidr);
        return all;
    }
    bool stays_here() const {
        if (!of_.node && of_.config.cidr_auto) return false;
        return std::ranges::all_of(networks(),
                                   [](const Cidr& cidr) { return cidr.network.is_loopback(); });
    }
    std::size_t peers_elsewhere() const {
        return static_cast<std::size_t>(std::ranges::count_if(of_.peers, [](const auto& peer) {
            const auto where = parse_endpoint(peer.address);
            return where && !where->ip.is_loopback();
        }));
    }
    std::string ports() const { return to_string(of_.config.ports); }
    std::string port() const {
        const auto own = parse_endpoint(of_.node->address);
        return own ? std::to_string(own->port) : ports();
    }

    void look_at_node() {
        if (of_.node) return ok("node", "runs at " + of_.node->address);
        warn("node", "no node runs here, so only this machine is looked at",
             stays_here() ? "lanchat --lan" : "lanchat");
    }

    void look_at_cards() {
        bool usable = false;
        for (const Interface& one : of_.interfaces) {
            if (one.ip.is_loopback()) continue;
            look_at_card(one);
            usable = usable || (one.up && one.running);
        }
        if (!usable)
            fail("network", "no network card has an IPv4 address and a connection",
                 "put the cable in, or join a Wi-Fi");
        else if (stays_here())
            warn("network", "this node talks to nodes on this machine only (127.0.0.1)",
                 "start it with: lanchat --lan");
    }

    void look_at_card(const Interface& one) {
        const std::string card =
            one.name + " " + to_string(one.ip) + "/" + std::to_string(one.prefix);
        const bool is_looked_at = std::ranges::any_of(
            networks(), [&](const Cidr& cidr) { return cidr.contains(one.ip); });
        if (!one.up || !one.running)
            return warn("network", card + " is not connected",
                        "put the cable in, or join the Wi-Fi; the chat goes on by itself then");
        if (is_looked_at) return ok("network", card + " is looked for others in");
        if (stays_here()) return;
        if (!discover::is_real(one))
            return ok("network", card + " is left out: containers, virtual machines or a VPN");
        warn("network", card + " is left out: it lies in none of the ranges that are scanned",
             "start it with: lanchat --lan, or add --cidr " +
                 to_string(Cidr{Ipv4{one.ip.bits & Cidr{one.ip, one.prefix}.mask()}, one.prefix}));
    }

    void look_at_disk() {
        if (of_.node->problem.empty()) return;
        fail("disk", "nothing can be said now: " + of_.node->problem,
             "make room on the disk that holds the data directory");
    }

    void look_at_reach() {
        for (const auto& warning : of_.node->warnings)
            fail("address", warning, "see the network of this machine first");
    }

    void look_at_peers() {
        if (!of_.peers.empty()) {
            const auto count = of_.peers.size();
            return ok("peers", std::to_string(count) + (count == 1 ? " is linked" : " are linked"));
        }
        if (stays_here())
            return warn("peers", "nobody is linked", "open another terminal and start: lanchat");
        warn("peers", "nobody is linked",
             "start lanchat --lan on another machine, or name one that runs: lanchat --peer "
             "ADDRESS; ports " +
                 ports() + " are tried");
    }

    void look_at_beacon() {
        const auto& standing = of_.node->standing;
        if (stays_here()) return;
        if (!standing.beacon)
            return warn("beacon", "this node calls nowhere, so others find it by scanning only",
                        "start it without --no-beacon");
        if (standing.calls_heard > 0)
            return ok("beacon",
                      "calls of others are heard (" + std::to_string(standing.calls_heard) + ")");
        const std::string way =
            "UDP " + to_string(Endpoint{discover::beacon_group, discover::beacon_port});
        if (peers_elsewhere() > 0)
            return fail("beacon",
                        "no call of others is heard, though " + std::to_string(peers_elsewhere()) +
                            " answer over TCP: the access point, a switch or a firewall keeps "
                            "multicast back (" +
                            way + ")",
                        "let UDP port " + std::to_string(discover::beacon_port) +
                            " in on all machines; until then who is new is found by the scan, or "
                            "with --peer");
        warn("beacon",
             "no call of others is heard: nobody is there, or multicast is kept back (" + way + ")",
             "if somebody is there: lanchat --peer ADDRESS");
    }

    void look_at_scan() {
        const auto& standing = of_.node->standing;
        if (standing.scan_targets == 0)
            return warn("scan", "addresses are not tried (discovery.scan is false)",
                        "set it to true, unless all are known otherwise");
        if (standing.sweeping && standing.sweeps == 0)
            return ok("scan",
                      "the first sweep is at " +
                          std::to_string(standing.scan_passed * 100 / standing.scan_targets) +
                          "% of " + std::to_string(standing.scan_targets) + " places");
        ok("scan", std::to_string(standing.sweeps) + " times through " +
                       std::to_string(standing.scan_targets) + " places");
    }

    void look_at_door() {
        if (stays_here() || of_.node->standing.links_accepted > 0) {
            if (!stays_here()) ok("inbound", "other machines reach this one");
            return;
        }
        if (peers_elsewhere() == 0) return;
        warn("inbound",
             "no other machine has reached this one so far; all links were made from here: a "
             "firewall may keep TCP port " +
                 port() + " closed",
             "let TCP ports " + ports() + " in, for instance: sudo ufw allow " +
                 std::to_string(of_.config.ports.min) + ":" + std::to_string(of_.config.ports.max) +
                 "/tcp");
    }

    void look_at_clock() {
        const auto ahead = of_.node->standing.clock_ahead_ms;
        if (!ahead) return;
        const auto off = std::abs(*ahead);
        if (off < clock_matters_ms) return ok("clock", "agrees with those of the peers");
        const std::string cause = "this clock is " + std::to_string(off / 1'000) + " s " +
                                  (*ahead > 0 ? "ahead of" : "behind") + " those of the peers";
        const std::string remedy = "timedatectl set-ntp true";
        off < clock_harms_ms ? warn("clock", cause, remedy) : fail("clock", cause, remedy);
    }

    void look_at_names() {
        for (const auto& peer : of_.peers)
            if (!peer.legacy && peer.name == of_.node->name)
                return warn("name",
                            "another node is called " + peer.name + " too (" + peer.address + ")",
                            "take another name: lanchat --name NAME");
    }

    void look_at_strangers() {
        const auto& standing = of_.node->standing;
        for (const auto& where : standing.other_networks)
            warn("passphrase", "the lanchat at " + where + " has another passphrase, or none",
                 "give both the same --passphrase-file, unless they are to be two networks");
        for (const auto& where : standing.other_versions)
            warn("version", "the lanchat at " + where + " is of another version",
                 "use the same version on both");
    }

    const Symptoms& of_;
    std::vector<Finding> found_;
};

}  // namespace

std::vector<Finding> diagnose(const Symptoms& symptoms) { return Examination(symptoms).all(); }

}  // namespace lanchat::app
