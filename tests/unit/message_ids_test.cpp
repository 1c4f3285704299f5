// Identifiers as people and programs see them.
#include "message/ids.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>

#include "message/rng.hpp"

namespace lanchat::message_ids_test {
namespace {

TEST_CASE("an instance id is 13 characters of lower case base32") {
    CHECK(to_string(InstanceId{0}) == "aaaaaaaaaaaaa");
    CHECK(to_string(InstanceId{1}) == "aaaaaaaaaaaab");
    CHECK(to_string(InstanceId{31}) == "aaaaaaaaaaaa7");
    CHECK(to_string(InstanceId{~std::uint64_t{0}}) == "p777777777777");
}

TEST_CASE("different instances are written differently") {
    Rng rng(1);
    std::set<std::string> seen;
    for (int i = 0; i < 5000; ++i) {
        const std::string id = to_string(InstanceId{rng.next()});
        CHECK(id.size() == 13);
        CHECK(id.find_first_not_of("abcdefghijklmnopqrstuvwxyz234567") == std::string::npos);
        CHECK(seen.insert(id).second);
    }
    for (int bit = 0; bit < 64; ++bit)
        CHECK(to_string(InstanceId{std::uint64_t{1} << bit}) != to_string(InstanceId{0}));
}

TEST_CASE("base32 is that of RFC 4648 in lower case, without padding") {
    CHECK(base32("") == "");
    CHECK(base32("f") == "my");
    CHECK(base32("fo") == "mzxq");
    CHECK(base32("foo") == "mzxw6");
    CHECK(base32("foob") == "mzxw6yq");
    CHECK(base32("fooba") == "mzxw6ytb");
    CHECK(base32("foobar") == "mzxw6ytboi");
    CHECK(base32("\xff\xff\xff\xff\xff") == "77777777");
}

TEST_CASE("a device is written in 52 characters and read again") {
    Rng rng(2);
    for (int i = 0; i < 1000; ++i) {
        DeviceId id;
        for (auto& byte : id.bytes) byte = static_cast<std::uint8_t>(rng.next());
        CHECK(to_string(id).size() == 52);
        CHECK(parse_device_id(to_string(id)) == id);
    }
}

TEST_CASE("a device has one spelling") {
    const std::string zeros(52, 'a');
    CHECK(parse_device_id(zeros) == DeviceId{});
    CHECK_FALSE(parse_device_id(""));
    CHECK_FALSE(parse_device_id(zeros.substr(1)));
    CHECK_FALSE(parse_device_id(zeros + "a"));
    CHECK_FALSE(parse_device_id(zeros + "aaaaaaaaaaaa"));
    for (const char* end : {"b", "i", "A", "=", "1", "8", " "})
        CHECK_FALSE(parse_device_id(zeros.substr(1) + end));
    CHECK(parse_device_id(zeros.substr(1) + "q"));
}

}  // namespace
}  // namespace lanchat::message_ids_test
