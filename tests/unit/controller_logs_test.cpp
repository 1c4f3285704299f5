// What is held of every log, within a bound.
#include "controller/logs.hpp"

#include <doctest/doctest.h>

#include "message/limits.hpp"
#include "tests/unit/log_voice.hpp"

namespace lanchat::controller {

TEST_CASE("strangers fill the place for logs, and those that are held go on") {
    Logs::Map held;
    for (std::uint64_t n = 0; n + 1 < limits::logs_max; ++n) held[{DeviceId{}, Epoch{n}}] = {};
    Logs logs(std::move(held));
    Voice last(InstanceId{1});
    const LogId one_more = Voice(InstanceId{2}).log();

    REQUIRE(logs.has_place_for(last.log()));
    CHECK(logs.take(*last.run(1, 1)) == Logs::Verdict::fresh);

    CHECK(logs.all().size() == limits::logs_max);
    CHECK_FALSE(logs.has_place_for(one_more));
    CHECK(logs.has_place_for(last.log()));
}

}  // namespace lanchat::controller
