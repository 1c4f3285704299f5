// What a peer told of logs that we lack: within a bound, and fair between devices.
#include "controller/sync/claims.hpp"

#include <doctest/doctest.h>

#include "message/limits.hpp"

namespace lanchat::controller::controller_claims_test {
namespace {

LogId log_of(std::uint8_t device, std::uint64_t epoch) {
    LogId log;
    log.device.bytes.front() = device;
    log.epoch = Epoch{epoch};
    return log;
}

Claims full_of(std::uint8_t device) {
    Claims claims;
    for (std::uint64_t n = 0; n < limits::news_per_peer_max; ++n)
        REQUIRE(claims.at(log_of(device, n)) != nullptr);
    return claims;
}

}  // namespace

TEST_CASE("what is noted of a log is found until it is erased") {
    Claims claims;
    claims.at(log_of(1, 1))->base = {0, 7};

    CHECK(claims.find(log_of(1, 1))->base.last == 7);
    CHECK(claims.at(log_of(1, 1))->base.last == 7);
    CHECK(claims.size() == 1);
    claims.erase(log_of(1, 1));
    claims.erase(log_of(1, 1));
    CHECK(claims.find(log_of(1, 1)) == nullptr);
    CHECK(claims.size() == 0);
}

TEST_CASE("a device that fills the claims makes room for another, not for itself") {
    Claims claims = full_of(1);

    CHECK(claims.at(log_of(1, 9'999)) == nullptr);
    CHECK(claims.at(log_of(1, 0)) != nullptr);
    CHECK(claims.at(log_of(2, 1)) != nullptr);

    CHECK(claims.size() == limits::news_per_peer_max);
    CHECK(claims.contains(log_of(2, 1)));
}

TEST_CASE("devices that have many logs end with equal shares of the claims") {
    Claims claims = full_of(1);
    for (std::uint8_t device = 2; device <= 4; ++device)
        for (std::uint64_t n = 0; n < limits::news_per_peer_max; ++n) claims.at(log_of(device, n));

    for (std::uint8_t device = 1; device <= 4; ++device) {
        std::size_t logs = 0;
        for (std::uint64_t n = 0; n < limits::news_per_peer_max; ++n)
            if (claims.contains(log_of(device, n))) ++logs;
        CHECK(logs >= limits::news_per_peer_max / 4 - 1);
    }
    CHECK(claims.size() == limits::news_per_peer_max);
}

}  // namespace lanchat::controller::controller_claims_test
