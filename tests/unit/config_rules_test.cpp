// What values may be, alone and together: bounds, addresses, ranges, ports, targets.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "config/layers.hpp"
#include "message/limits.hpp"

namespace lanchat::config_rules_test {
namespace {

// All faults without the file, a line each.
std::string faults(const std::string& members) {
    std::string all;
    for (const auto& fault : load_text("{" + members + "}", "f").faults) {
        all += (all.empty() ? "" : "\n") + fault.key + ": " + fault.why;
    }
    return all;
}

Config accepted(const std::string& members) {
    const auto settings = load_text("{" + members + "}", "f");
    REQUIRE(settings.faults.empty());
    return settings.config;
}

std::string repeated(const std::string& entry, std::size_t count) {
    std::string list = "[";
    for (std::size_t i = 0; i < count; ++i) list += (i == 0 ? "\"" : ",\"") + entry + "\"";
    return list + "]";
}

}  // namespace

TEST_CASE("every integer key takes its bounds and nothing beyond them") {
    for (const auto& key : keys()) {
        if (key.kind != KeyKind::integer) continue;
        CAPTURE(std::string(key.path));
        CHECK(problems(key, Value{key.min}).empty());
        CHECK(problems(key, Value{key.max}).empty());
        CHECK(problems(key, Value{key.min - 1}).size() == 1);
        CHECK(problems(key, Value{key.max + 1}).size() == 1);
    }
}

TEST_CASE(
    "links go without encryption only between loopback addresses, and never with a passphrase") {
    CHECK_FALSE(accepted(R"("cidr": ["127.0.0.0/24"], "security": {"tls": false})").security.tls);
    for (const auto* cidrs : {R"(["127.0.0.0/24", "10.0.0.0/24"])", R"(["auto"])"})
        CHECK(faults(R"("security": {"tls": false}, "cidr": )" + std::string(cidrs)) ==
              "security.tls: links may go without encryption only where all CIDRs are loopback");
    CHECK(faults(R"("cidr": ["127.0.0.0/24"],
                    "security": {"tls": false, "passphrase_file": "/p"})") ==
          "security.tls: a passphrase needs encryption");
}

TEST_CASE("every default meets the bounds of its key") {
    for (const auto& key : keys()) {
        CAPTURE(std::string(key.path));
        CHECK(problems(key, key.standard()).empty());
    }
}

TEST_CASE("every choice can be made and comes back as it was") {
    for (const auto& key : keys()) {
        for (const auto choice : key.choices) {
            Config config;
            const Value value{std::string(choice)};
            CAPTURE(std::string(key.path));
            REQUIRE(problems(key, value).empty());
            key.set(config, value);
            CHECK(key.get(config) == value);
        }
    }
}

TEST_CASE("a range of public addresses needs permission") {
    for (const auto* cidr : {"8.8.8.0/24", "100.64.0.0/24", "172.32.0.0/24", "192.169.0.0/24",
                             "169.253.0.0/24", "1.1.1.1"}) {
        CAPTURE(cidr);
        const std::string range = "\"cidr\": \"" + std::string(cidr) + "\"";
        CHECK(faults(range).find("is not private") != std::string::npos);
        CHECK(faults(range + ", \"discovery\": {\"allow_public\": true}").empty());
    }
}

TEST_CASE("private, link-local and loopback ranges need none") {
    for (const auto* cidr : {"10.255.255.0/24", "172.16.0.0/24", "172.31.255.0/24",
                             "192.168.0.0/24", "169.254.0.0/24", "127.0.0.0/24", "10.0.0.7"}) {
        CAPTURE(cidr);
        CHECK(faults("\"cidr\": \"" + std::string(cidr) + "\"").empty());
    }
}

TEST_CASE("a range that reaches out of a private network is public") {
    for (const auto* cidr :
         {"10.0.0.0/7", "172.16.0.0/11", "192.168.0.0/15", "127.0.0.0/7", "0.0.0.0/0"}) {
        CAPTURE(cidr);
        CHECK(faults("\"cidr\": \"" + std::string(cidr) + "\"").find("is not private") !=
              std::string::npos);
    }
}

TEST_CASE("what does not parse as a range is refused") {
    for (const auto* cidr : {"", "10.0.0.0/33", "10.0.0/24", "10.0.0.0/", "10.0.0.0/24 ", "Auto",
                             "localhost", "::1/128", "10.0.0.0/24,10.0.1.0/24"}) {
        CAPTURE(cidr);
        CHECK(faults("\"cidr\": \"" + std::string(cidr) + "\"").find("is not a CIDR range") !=
              std::string::npos);
    }
    CHECK(faults("\"cidr\": []") == "cidr: expected at least one entry");
}

TEST_CASE("the number of targets is bounded over all ranges together") {
    CHECK(faults("\"cidr\": \"10.0.0.0/16\", \"min_port\": 80, \"max_port\": 80").empty());
    CHECK(faults("\"min_port\": 1, \"max_port\": 65535").empty());
    CHECK(faults("\"cidr\": \"10.0.0.0/16\", \"min_port\": 80, \"max_port\": 81") ==
          "cidr: 65534 addresses with 2 ports each are 131068 targets, at most 65536 can be "
          "scanned");
    CHECK(faults("\"cidr\": [\"10.0.0.0/17\", \"10.1.0.0/17\"], \"max_port\": 4565").empty());
    CHECK(faults("\"cidr\": [\"10.0.0.0/17\", \"10.1.0.0/17\", \"10.2.0.0/29\"], "
                 "\"max_port\": 4565") ==
          "cidr: 65538 addresses with 1 ports each are 65538 targets, at most 65536 can be "
          "scanned");
    CHECK(faults("\"cidr\": " + repeated("0.0.0.0/0", 3000) +
                 ", \"min_port\": 1, \"max_port\": 65535, \"discovery\": {\"allow_public\": true}")
              .ends_with("at most 65536 can be scanned"));
}

TEST_CASE("ports must not be upside down, also against a default") {
    CHECK(faults("\"min_port\": 4570") == "min_port: 4570 is greater than max_port 4569");
    CHECK(faults("\"max_port\": 4564") == "max_port: 4564 is less than min_port 4565");
    CHECK(accepted("\"min_port\": 4569").ports == PortRange{4569, 4569});
}

TEST_CASE("a key with a fault of its own is not judged a second time") {
    CHECK(faults("\"min_port\": 0, \"max_port\": 80").find('\n') == std::string::npos);
    CHECK(faults("\"min_prot\": 70, \"max_port\": 80").find('\n') == std::string::npos);
    CHECK(faults("\"discovery\": 5, \"cidr\": \"8.8.8.8\"").find('\n') == std::string::npos);
    CHECK(faults("\"cidr\": [\"10.0.0.0/8\", \"x\"]").find('\n') == std::string::npos);
}

TEST_CASE("an address that was set must lie in a range") {
    CHECK(faults("\"ip\": \"192.168.1.5\"") ==
          "ip: 192.168.1.5 lies outside all CIDRs: 127.0.0.1/32");
    CHECK(faults("\"ip\": \"127.0.0.1\", \"cidr\": \"10.0.0.0/24\"") ==
          "ip: 127.0.0.1 lies outside all CIDRs: 10.0.0.0/24");
    CHECK(accepted("\"ip\": \"10.0.0.9\", \"cidr\": [\"127.0.0.1\", \"10.0.0.0/24\"]").ip ==
          "10.0.0.9");
}

TEST_CASE("with auto an address can be judged only when running") {
    const auto config = accepted("\"ip\": \"192.168.1.5\", \"cidr\": \"auto\"");

    CHECK(config.ip == "192.168.1.5");
    CHECK(config.ip_is_explicit);
    CHECK(config.cidr_auto);
    CHECK(config.cidrs.empty());
}

TEST_CASE("the default address gives way to ranges that do not hold it") {
    CHECK(accepted("\"cidr\": \"10.0.0.0/24\"").ip.empty());
    CHECK(accepted("\"cidr\": \"auto\"").ip.empty());
    CHECK(accepted("\"cidr\": [\"auto\", \"127.0.0.0/24\"]").ip == "127.0.0.1");
    CHECK_FALSE(accepted("\"cidr\": \"10.0.0.0/24\"").ip_is_explicit);
}

TEST_CASE("only the address of one machine can be bound or dialled") {
    for (const auto* ip : {"0.0.0.0", "224.0.0.1", "255.255.255.255", "1.2.3", "1.2.3.4.5",
                           "01.2.3.4", "::1", "localhost", "10.0.0.1 "}) {
        CAPTURE(ip);
        const std::string text = "\"" + std::string(ip) + "\"";
        CHECK_FALSE(faults("\"cidr\": \"auto\", \"ip\": " + text).empty());
        CHECK_FALSE(faults("\"peers\": [" + text + "]").empty());
    }
}

TEST_CASE("a peer is an address with or without a port") {
    for (const auto* peer : {"10.0.0.1:0", "10.0.0.1:65536", "10.0.0.1:", ":4565", "",
                             "10.0.0.1:80:80", "10.0.0.0/24", "host:80"}) {
        CAPTURE(peer);
        CHECK(faults("\"peers\": [\"" + std::string(peer) + "\"]").find("peers[0]: ") == 0);
    }
    CHECK(accepted("\"peers\": [\"8.8.8.8\", \"10.0.0.1:65535\"]").peers.size() == 2);
}

TEST_CASE("there are at most as many given peers as a node can have") {
    CHECK(faults("\"peers\": " + repeated("10.0.0.1", limits::peers_max)).empty());
    CHECK(faults("\"peers\": " + repeated("10.0.0.1", limits::peers_max + 1)) ==
          "peers: 257 entries are too many, at most 256");
}

TEST_CASE("a name has limits in characters and in bytes") {
    const auto named = [](const std::string& name) { return "\"name\": \"" + name + "\""; };
    std::string wide;
    for (std::size_t i = 0; i < 16; ++i) wide += "\U0001F600";

    CHECK(accepted(named(std::string(32, 'a'))).name.size() == 32);
    CHECK(accepted(named(wide)).name.size() == limits::name_bytes_max);
    CHECK_FALSE(faults(named(std::string(33, 'a'))).empty());
    CHECK_FALSE(faults(named(wide + "a")).empty());
    for (const std::string blank :
         {" ", "  ", "\u00A0", "\u200B", "\u3164", "\u2800", " \uFE0F\u202E"})
        CHECK_FALSE(faults(named(blank)).empty());
    CHECK(accepted(named(" x ")).name == " x ");
}

TEST_CASE("no text holds control characters") {
    for (const auto* text : {"a\\u0000b", "a\\nb", "\\t", "\\u001b[31m", "\\u007f", "\\u0085"}) {
        CAPTURE(text);
        for (const auto* key : {"name", "data_dir"}) {
            CHECK(faults("\"" + std::string(key) + "\": \"" + text + "\"") ==
                  std::string(key) + ": control characters have no place here");
        }
    }
    CHECK(accepted("\"name\": \"\\u00c5se\"").name == "\u00c5se");
}

TEST_CASE("a tilde that nobody would expand is refused") {
    CHECK_FALSE(faults("\"data_dir\": \"~/chat\"").empty());
    CHECK_FALSE(faults("\"log\": {\"file\": \"~\"}").empty());
    CHECK(accepted("\"data_dir\": \"/srv/~dana\"").data_dir == "/srv/~dana");
}

}  // namespace lanchat::config_rules_test
