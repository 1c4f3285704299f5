// What the doctor says: the cause first, then what to do.
#include "app/commands/diagnosis.hpp"

#include <doctest/doctest.h>

#include <algorithm>

namespace lanchat::app::app_diagnosis_test {
namespace {

using Result = Finding::Result;

Ipv4 ip(const char* text) { return *parse_ipv4(text); }

// A node on a LAN that is well: two others are linked, and have dialled it.
Symptoms healthy() {
    Symptoms symptoms;
    symptoms.interfaces = {{"lo", ip("127.0.0.1"), 8}, {"eth0", ip("10.0.0.5"), 24}};
    api::Status status;
    status.name = "dana";
    status.address = "10.0.0.5:4565";
    status.standing.networks = {"10.0.0.0/24"};
    status.standing.scan_targets = 1'269;
    status.standing.sweeps = 4;
    status.standing.beacon = true;
    status.standing.calls_sent = 9;
    status.standing.calls_heard = 12;
    status.standing.links_accepted = 1;
    status.standing.clock_ahead_ms = -40;
    symptoms.node = status;
    for (const char* name : {"anna", "bob"}) {
        api::Author peer;
        peer.name = name;
        peer.address = std::string("10.0.0.") + (*name == 'a' ? "7" : "8") + ":4565";
        symptoms.peers.push_back(peer);
    }
    return symptoms;
}

// The finding of a check that is not ok. There is to be one.
Finding trouble(const Symptoms& symptoms, const std::string& check) {
    const auto all = diagnose(symptoms);
    const auto found = std::ranges::find_if(
        all, [&](const Finding& one) { return one.check == check && one.result != Result::ok; });
    REQUIRE(found != all.end());
    CHECK_FALSE(found->remedy.empty());
    return *found;
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

TEST_CASE("of a node that is well all is ok") {
    for (const Finding& finding : diagnose(healthy())) {
        CAPTURE(finding.check);
        CAPTURE(finding.cause);
        CHECK(finding.result == Result::ok);
        CHECK(finding.remedy.empty());
    }
}

TEST_CASE("without a node the machine is looked at") {
    auto symptoms = healthy();
    symptoms.node.reset();
    symptoms.peers.clear();
    CHECK(trouble(symptoms, "node").result == Result::warn);
    symptoms.interfaces.pop_back();
    CHECK(trouble(symptoms, "network").result == Result::fail);
}

TEST_CASE("a node that stays on this machine is told how to leave it") {
    auto symptoms = healthy();
    symptoms.node->standing.networks = {"127.0.0.1/32"};
    CHECK(has(trouble(symptoms, "network").remedy, "--lan"));
}

TEST_CASE("a card without a connection, and one in no range") {
    auto symptoms = healthy();
    symptoms.interfaces.push_back({"wlan0", ip("10.3.0.1"), 24, true, false});
    symptoms.interfaces.push_back({"eth1", ip("10.4.0.1"), 24});
    symptoms.interfaces.push_back({"tun0", ip("10.5.0.1"), 24});
    std::vector<std::string> remedies;
    for (const Finding& one : diagnose(symptoms))
        if (one.check == "network" && one.result != Result::ok) remedies.push_back(one.remedy);
    REQUIRE(remedies.size() == 2);
    CHECK(has(remedies[0], "Wi-Fi"));
    CHECK(has(remedies[1], "--cidr 10.4.0.0/24"));
}

TEST_CASE("an address that has gone, and a disk that is full") {
    auto symptoms = healthy();
    symptoms.node->warnings = {"the network of 10.0.0.5 is down"};
    symptoms.node->problem = "the disk is full";
    CHECK(trouble(symptoms, "address").result == Result::fail);
    CHECK(has(trouble(symptoms, "disk").cause, "the disk is full"));
}

TEST_CASE("multicast that is kept back is told from nobody being there") {
    auto symptoms = healthy();
    symptoms.node->standing.calls_heard = 0;
    const auto kept_back = trouble(symptoms, "beacon");
    CHECK(kept_back.result == Result::fail);
    CHECK(has(kept_back.cause, "access point"));
    symptoms.peers.clear();
    CHECK(trouble(symptoms, "beacon").result == Result::warn);
    CHECK(has(trouble(symptoms, "peers").remedy, "--peer"));
    symptoms.node->standing.beacon = false;
    CHECK(has(trouble(symptoms, "beacon").remedy, "--no-beacon"));
}

TEST_CASE("a firewall is suspected where nobody has come in") {
    auto symptoms = healthy();
    symptoms.node->standing.links_accepted = 0;
    CHECK(has(trouble(symptoms, "inbound").cause, "firewall"));
}

TEST_CASE("a clock that is off, a name that is taken, others that cannot be linked") {
    auto symptoms = healthy();
    symptoms.node->standing.clock_ahead_ms = 90'000;
    CHECK(trouble(symptoms, "clock").result == Result::warn);
    symptoms.node->standing.clock_ahead_ms = -3'600'000;
    CHECK(trouble(symptoms, "clock").result == Result::fail);
    CHECK(has(trouble(symptoms, "clock").cause, "3600 s behind"));
    symptoms.peers[0].name = "dana";
    CHECK(has(trouble(symptoms, "name").cause, "10.0.0.7"));
    symptoms.node->standing.other_networks = {"10.0.0.9:4565"};
    symptoms.node->standing.other_versions = {"10.0.0.10:4565"};
    CHECK(has(trouble(symptoms, "passphrase").cause, "10.0.0.9"));
    CHECK(has(trouble(symptoms, "version").cause, "10.0.0.10"));
}

TEST_CASE("a scan that is off, and one that is under way") {
    auto symptoms = healthy();
    symptoms.node->standing.sweeping = true;
    symptoms.node->standing.sweeps = 0;
    symptoms.node->standing.scan_passed = 600;
    const auto all = diagnose(symptoms);
    CHECK(std::ranges::any_of(all, [](const Finding& one) { return has(one.cause, "47%"); }));
    symptoms.node->standing.scan_targets = 0;
    CHECK(trouble(symptoms, "scan").result == Result::warn);
}

}  // namespace
}  // namespace lanchat::app::app_diagnosis_test
