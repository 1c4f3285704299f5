// Addresses are parsed exactly or not at all.
#include "message/address.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

#include "message/rng.hpp"

namespace lanchat::message_address_test {
namespace {

TEST_CASE("every address survives printing and parsing") {
    Rng rng(1);
    for (int i = 0; i < 2000; ++i) {
        const Endpoint endpoint{Ipv4{static_cast<std::uint32_t>(rng.next())},
                                static_cast<std::uint16_t>(1 + rng.below(65'535))};
        const auto again = parse_endpoint(to_string(endpoint));
        REQUIRE(again);
        CHECK(*again == endpoint);
    }
}

TEST_CASE("the original's addresses are read") {
    const auto endpoint = parse_endpoint("127.0.0.1:4565");

    REQUIRE(endpoint);
    CHECK(endpoint->ip == Ipv4{0x7F000001});
    CHECK(endpoint->port == 4565);
}

TEST_CASE("what is not exactly an ip:port is refused") {
    const std::vector<std::string> bad{"",
                                       "1",
                                       "1.2.3.4",
                                       "1.2.3.4:",
                                       "1.2.3.4:0",
                                       ":80",
                                       "1.2.3.4:65536",
                                       "1.2.3.4:080",
                                       "1.2.3.4:+80",
                                       "1.2.3.4:80 ",
                                       " 1.2.3.4:80",
                                       "1.2.3:80",
                                       "1.2.3.4.5:80",
                                       "256.1.1.1:80",
                                       "01.2.3.4:80",
                                       "1..3.4:80",
                                       "1.2.3.4:80:80",
                                       "a.b.c.d:80",
                                       "localhost:80",
                                       "[::1]:80",
                                       "1.2.3.4:-1",
                                       "-1.2.3.4:80",
                                       "1.2.3.4:99999999999",

                                       "ok"};
    for (const auto& text : bad) {
        CAPTURE(text);
        CHECK_FALSE(parse_endpoint(text));
    }
    CHECK_FALSE(parse_endpoint(std::string("1.2.3.4:80\0", 11)));
}

TEST_CASE("a refusal quotes at most a little of what was refused") {
    CHECK(parse_endpoint(std::string(100'000, 'x')).why().size() < 200);
}

TEST_CASE("a range written with host bits has them cleared") {
    const auto cidr = parse_cidr("10.1.2.3/24");

    REQUIRE(cidr);
    CHECK(to_string(*cidr) == "10.1.2.0/24");
    CHECK(cidr->size() == 256);
    CHECK(cidr->contains(Ipv4{0x0A0102FF}));
    CHECK_FALSE(cidr->contains(Ipv4{0x0A010300}));
}

TEST_CASE("a bare address is a range of one") {
    const auto cidr = parse_cidr("10.1.2.3");

    REQUIRE(cidr);
    CHECK(cidr->prefix == 32);
    CHECK(cidr->size() == 1);
    CHECK(cidr->first_host() == cidr->last_host());
}

TEST_CASE("hosts of a range leave out network and broadcast address below /31") {
    const auto net = *parse_cidr("192.168.1.0/24");
    CHECK(to_string(net.first_host()) == "192.168.1.1");
    CHECK(to_string(net.last_host()) == "192.168.1.254");

    const auto pair = *parse_cidr("192.168.1.4/31");
    CHECK(to_string(pair.first_host()) == "192.168.1.4");
    CHECK(to_string(pair.last_host()) == "192.168.1.5");
}

TEST_CASE("the range of everything holds every address") {
    const auto all = *parse_cidr("1.2.3.4/0");

    CHECK(all.size() == std::uint64_t{1} << 32);
    CHECK(all.contains(Ipv4{0}));
    CHECK(all.contains(Ipv4{0xFFFFFFFF}));
}

TEST_CASE("what is not a range is refused") {
    for (const char* text : {"", "/24", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/024",
                             "10.0.0.0/24/24", "10.0.0/24", "10.0.0.0 /24"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_cidr(text));
    }
}

TEST_CASE("port ranges are inclusive, ordered and never hold 0") {
    const auto range = parse_port_range("4565-4569");
    REQUIRE(range);
    CHECK(range->count() == 5);
    CHECK(range->contains(4565));
    CHECK(range->contains(4569));
    CHECK_FALSE(range->contains(4570));
    CHECK(parse_port_range("80")->count() == 1);
    CHECK(parse_port_range("1-65535")->count() == 65'535);

    for (const char* text : {"", "-", "0-5", "5-0", "0", "70000", "5-4", "1-2-3", "1-", "-1"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_port_range(text));
    }
}

TEST_CASE("private are RFC 1918, link-local and loopback, to the last address") {
    const std::map<std::string, bool> expected{
        {"10.0.0.0", true},        {"10.255.255.255", true}, {"11.0.0.0", false},
        {"172.15.255.255", false}, {"172.16.0.0", true},     {"172.31.255.255", true},
        {"172.32.0.0", false},     {"192.168.0.0", true},    {"192.168.255.255", true},
        {"192.169.0.0", false},    {"169.254.0.1", true},    {"169.255.0.0", false},
        {"127.0.0.1", true},       {"8.8.8.8", false},       {"0.0.0.0", false}};
    for (const auto& entry : expected) {
        CAPTURE(entry.first);
        CHECK(parse_ipv4(entry.first)->is_private() == entry.second);
    }
}

}  // namespace
}  // namespace lanchat::message_address_test
