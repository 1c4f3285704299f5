// Who is linked with whom, told by differences.
#include "controller/sync/neighbours.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "message/limits.hpp"

namespace lanchat::controller::controller_neighbours_test {
namespace {

using namespace std::chrono_literals;

using People = std::vector<NodeId>;

NodeId process(std::uint64_t number) { return {DeviceId{{7}}, InstanceId{number}}; }

const NodeId anna = process(1);
const NodeId ben = process(2);
const NodeId carl = process(3);
const Instant start{std::chrono::hours(1)};

TEST_CASE("who came is linked until it went") {
    Neighbours there;
    CHECK_FALSE(there.contain(anna));
    CHECK(there.take({1, {ben, anna}, {}}).empty());
    CHECK(there.contain(anna));
    CHECK(there.contain(ben));
    CHECK(there.take({1, {carl}, {anna}}) == People{anna});
    CHECK_FALSE(there.contain(anna));
    CHECK(there.contain(carl));
}

TEST_CASE("a higher round begins with nobody, and who is not in it is lost") {
    Neighbours there;
    there.take({1, {anna, ben}, {}});
    CHECK(there.take({2, {ben, carl}, {}}) == People{anna});
    CHECK_FALSE(there.contain(anna));
    CHECK(there.contain(ben));
}

TEST_CASE("what comes late over an older link changes nothing") {
    Neighbours there;
    there.take({2, {ben}, {}});
    CHECK(there.take({1, {anna}, {ben}}).empty());
    CHECK_FALSE(there.contain(anna));
    CHECK(there.contain(ben));
}

TEST_CASE("nobody is linked with more than there may be") {
    Neighbours there;
    for (std::uint64_t i = 1; i <= limits::peers_max + 9; ++i) there.take({1, {process(i)}, {}});
    CHECK(there.contain(process(limits::peers_max)));
    CHECK_FALSE(there.contain(process(limits::peers_max + 1)));
    there.take({1, {process(limits::peers_max + 1)}, {anna}});
    CHECK(there.contain(process(limits::peers_max + 1)));
}

TEST_CASE("a round is told even if nobody is there") {
    NeighbourNews news;
    CHECK(news.is_empty());
    news.begin(4);
    CHECK_FALSE(news.is_empty());
    CHECK(news.tells_all());
    CHECK(news.take({}) == Linked{4, {}, {}});
    CHECK(news.is_empty());
}

TEST_CASE("who came waits for a frame, who went is due soon") {
    NeighbourNews news;
    news.begin(1);
    news.take({anna});
    news.came(ben);
    CHECK_FALSE(news.is_empty());
    CHECK_FALSE(news.tells_all());
    CHECK(news.due() == std::nullopt);
    news.went(anna, start);
    CHECK(news.due() == start + limits::news_delay);
    CHECK_FALSE(news.is_due(start));
    CHECK(news.is_due(start + limits::news_delay));
    CHECK(news.take({}) == Linked{1, {ben}, {anna}});
    CHECK(news.due() == std::nullopt);
}

TEST_CASE("what was undone before it was told is not told") {
    NeighbourNews news;
    news.begin(1);
    news.take({anna});
    news.came(ben);
    news.went(ben, start);
    CHECK(news.is_empty());
    CHECK(news.due() == std::nullopt);
    news.went(anna, start);
    news.came(anna);
    CHECK(news.is_empty());
    CHECK(news.due() == std::nullopt);
}

TEST_CASE("another link tells all again, whatever was still to be told") {
    NeighbourNews news;
    news.begin(1);
    news.take({anna, carl});
    news.went(carl, start);
    news.begin(2);
    CHECK(news.due() == std::nullopt);
    CHECK(news.take({ben}) == Linked{2, {ben}, {}});
}

TEST_CASE("who went before anything was told was never heard of") {
    NeighbourNews news;
    news.begin(1);
    news.went(anna, start);
    CHECK(news.due() == std::nullopt);
    CHECK(news.take({ben}) == Linked{1, {ben}, {}});
}

TEST_CASE("of many who came nothing is listed: all are told again, and who went meanwhile") {
    NeighbourNews news;
    Neighbours there;
    news.begin(1);
    there.take(news.take({process(1), process(2)}));
    People all{process(1)};
    for (std::uint64_t i = 3; i <= 100; ++i) {
        news.came(process(i));
        all.push_back(process(i));
    }
    CHECK(news.tells_all());
    CHECK(news.due() == std::nullopt);
    news.went(process(2), start);
    news.went(process(100), start);  // whom it never heard of
    all.pop_back();
    CHECK(there.take(news.take(all)) == People{process(2)});
    CHECK(there.all() == all);
    CHECK(news.is_empty());
}

}  // namespace
}  // namespace lanchat::controller::controller_neighbours_test
