// Signed hellos: worth something on one connection, in one role, as a whole, and nowhere else.
#include "message/hello.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <vector>

#include "message/wire.hpp"
#include "tests/unit/message_talk.hpp"

namespace lanchat::message_hello_test {
namespace {

using test::some;

const DeviceKey& speaker() {
    static const DeviceKey key{some<32>(1)};
    return key;
}

// The speaker's end, and the listener's of the same connection.
const Channel here{true, {some<32>(7)}, {some<32>(8)}, {some<32>(9)}, {some<32>(3)}};
const Channel there{false, here.peer, here.own, here.binding, speaker().id()};

Hello signed_hello() {
    Hello hello;
    hello.instance = InstanceId{77};
    hello.name = "alice";
    hello.nonce = 5;
    hello.device = speaker().id();
    hello.signature = sign(hello, here, speaker());
    return hello;
}

TEST_CASE("a hello is believed at the other end of its connection, over the wire too") {
    CHECK(verify(signed_hello(), there));

    Frame frame;
    frame.hello = signed_hello();
    const auto heard = decode(encode(frame));
    REQUIRE((heard && heard->hello));
    CHECK(verify(*heard->hello, there));
}

TEST_CASE("a hello is not believed at another end, or from another device than was introduced") {
    const std::vector<std::function<void(Channel&)>> changes = {
        [](Channel& c) { c.dialled = !c.dialled; },      // the wrong role
        [](Channel& c) { std::swap(c.own, c.peer); },    // reflected
        [](Channel& c) { c = here; },                    // back at whom it came from
        [](Channel& c) { c.own = Hash{some<32>(66)}; },  // relayed by somebody with keys of its own
        [](Channel& c) { c.peer = Hash{some<32>(66)}; },
        [](Channel& c) { c.binding = Hash{some<32>(66)}; },  // replayed between the same keys
        [](Channel& c) { c.device = DeviceId{some<32>(66)}; },
        [](Channel& c) { c.device = DeviceId{}; },
    };
    for (const auto& change : changes) {
        Channel end = there;
        change(end);
        CHECK_FALSE(verify(signed_hello(), end));
    }
}

TEST_CASE("no field of a hello can be changed, left out or cut") {
    const std::vector<std::function<void(Hello&)>> changes = {
        [](Hello& h) { h.instance = InstanceId{78}; },
        [](Hello& h) { h.nonce ^= 1; },
        [](Hello& h) { h.protocol ^= 1; },
        [](Hello& h) { h.capabilities ^= 1; },
        [](Hello& h) { h.epoch = Epoch{0}; },
        [](Hello& h) { h.name.pop_back(); },
        [](Hello& h) { h.name += 'x'; },
        [](Hello& h) { h.name.clear(); },
        [](Hello& h) { h.signature = Signature{}; },
        [](Hello& h) { h.signature.bytes[63] ^= 0x10; },
    };
    for (const auto& change : changes) {
        Hello hello = signed_hello();
        change(hello);
        CHECK_FALSE(verify(hello, there));
    }
}

TEST_CASE("with a key of small order nobody has signed anything") {
    // Under such a key an R of small order and S = 0 would fit every text.
    std::vector<DeviceId> small(4);
    small[1].bytes[0] = 1;
    small[2].bytes = {0xec};
    std::fill(small[2].bytes.begin() + 1, small[2].bytes.end() - 1, std::uint8_t{0xff});
    small[2].bytes.back() = 0x7f;
    small[3].bytes.back() = 0x80;
    for (const DeviceId& device : small) {
        Hello hello = signed_hello();
        hello.device = device;
        hello.signature = {};
        hello.signature.bytes[0] = 1;
        Channel end = there;
        end.device = device;
        CHECK_FALSE(verify(hello, end));
    }
}

}  // namespace
}  // namespace lanchat::message_hello_test
