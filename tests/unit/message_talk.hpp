// Two ends of an admission with randomness that is fixed, and somebody between them.
#pragma once

#include <string>

#include "message/admission.hpp"
#include "message/rng.hpp"

namespace lanchat::test {

template <std::size_t N>
std::array<std::uint8_t, N> some(std::uint64_t seed) {
    Rng rng(seed);
    std::array<std::uint8_t, N> bytes{};
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(rng.next());
    return bytes;
}

constexpr std::size_t introduction = 2 + 16 + 32 + 64;

inline DeviceKey key_of_side(bool dialled) { return DeviceKey(some<32>(dialled ? 5 : 6)); }

// Another `seed` is another talk of the same two on the same connection.
inline Admission::Side side(bool dialled, const std::string& secret, std::uint64_t seed = 1) {
    const DeviceKey key = key_of_side(dialled);
    const Channel channel{
        dialled, {some<32>(dialled ? 7 : 8)}, {some<32>(dialled ? 8 : 7)}, {some<32>(9)}, {}};
    Admission::Side made{channel,
                         key.id(),
                         secret,
                         some<16>(seed + (dialled ? 10 : 20)),
                         some<32>(seed + (dialled ? 30 : 40)),
                         sign_presence(channel, key)};
    made.scalar[31] &= 0x0F;  // below the order of the group
    return made;
}

// Lets both talk until neither has more to say; `changed` may alter what is on its way.
inline void talk(Admission& dialler, Admission& acceptor, const auto& changed) {
    std::string to_acceptor = dialler.begin();
    std::string to_dialler = acceptor.begin();
    std::size_t message = 0;
    const auto deliver = [&](std::string& from, Admission& to, std::string& answers) {
        if (to.awaited() == 0 || from.size() < to.awaited()) return false;
        std::string bytes = from.substr(0, to.awaited());
        from.erase(0, to.awaited());
        changed(message++, bytes);
        answers += to.take(bytes);
        return true;
    };
    while (deliver(to_acceptor, acceptor, to_dialler) || deliver(to_dialler, dialler, to_acceptor))
        continue;
}

inline void talk(Admission& dialler, Admission& acceptor) {
    talk(dialler, acceptor, [](std::size_t, std::string&) {});
}

}  // namespace lanchat::test
