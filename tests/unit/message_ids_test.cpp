// Identifiers as people and programs see them.
#include "message/ids.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>

#include "message/rng.hpp"

namespace lanchat {
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

TEST_CASE("a message id names the author and the number of the line") {
    CHECK(message_id(InstanceId{1}, 42) == "aaaaaaaaaaaab:42");
}

}  // namespace
}  // namespace lanchat
