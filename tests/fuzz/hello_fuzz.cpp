// Bytes of others as a greeting: taken only if its device has signed all of it for this connection.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "message/assert.hpp"
#include "message/hello.hpp"
#include "message/wire.hpp"

using namespace lanchat;

namespace {

const DeviceKey& speaker() {
    static const DeviceKey key = [] {
        DeviceKey::Seed seed{};
        seed.fill(1);  // the corpus is of this one
        return DeviceKey(std::move(seed));
    }();
    return key;
}

const Channel here{true, {{1}}, {{2}}, {{3}}, {{4}}};
const Channel there{false, here.peer, here.own, here.binding, speaker().id()};

// Every other end that a hello of this connection could be brought to.
std::array<Channel, 6> elsewhere() {
    std::array<Channel, 6> ends;
    ends.fill(there);
    ends[0].dialled = true;
    ends[1].own.bytes[31] ^= 1;
    ends[2].peer.bytes[31] ^= 1;
    ends[3].binding.bytes[31] ^= 1;
    ends[4].device.bytes[31] ^= 1;
    ends[5] = here;
    return ends;
}

void sign_and_take(Hello hello) {
    hello.device = speaker().id();
    hello.signature = sign(hello, here, speaker());
    LANCHAT_ASSERT(verify(hello, there));
    for (const Channel& end : elsewhere()) LANCHAT_ASSERT(!verify(hello, end));
    Frame frame;
    frame.hello = hello;
    const auto heard = decode(encode(frame));
    LANCHAT_ASSERT(heard && heard->hello && *heard->hello == hello);
    hello.nonce ^= 1;
    LANCHAT_ASSERT(!verify(hello, there));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto frame = decode(std::string_view(reinterpret_cast<const char*>(data), size));
    if (!frame || !frame->hello) return 0;
    const Hello& hello = *frame->hello;
    // The corpus has one that is signed; only that very signature will do.
    if (verify(hello, there))
        LANCHAT_ASSERT(hello.device == speaker().id() &&
                       hello.signature == sign(hello, here, speaker()));
    sign_and_take(hello);
    return 0;
}
