// Admission: who knows the passphrase comes in, and whoever is between two nodes does not.
#include "message/admission.hpp"

#include <doctest/doctest.h>

#include <string>

#include "message/rng.hpp"

namespace lanchat {
namespace {

using State = Admission::State;

template <std::size_t N>
std::array<std::uint8_t, N> some(std::uint64_t seed) {
    Rng rng(seed);
    std::array<std::uint8_t, N> bytes{};
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(rng.next());
    return bytes;
}

constexpr std::size_t introduction = 2 + 16 + 32 + 64;

DeviceKey key_of(bool dialled) { return DeviceKey(some<32>(dialled ? 5 : 6)); }

Admission::Side side(bool dialled, const std::string& secret, std::uint64_t seed = 1) {
    const DeviceKey key = key_of(dialled);
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
void talk(Admission& dialler, Admission& acceptor, const auto& changed) {
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

void talk(Admission& dialler, Admission& acceptor) {
    talk(dialler, acceptor, [](std::size_t, std::string&) {});
}

TEST_CASE("two with one passphrase admit each other and know whom") {
    Admission a(side(true, "correct horse"));
    Admission b(side(false, "correct horse"));
    talk(a, b);

    CHECK(a.state() == State::admitted);
    CHECK(b.state() == State::admitted);
    CHECK(a.device() == key_of(false).id());
    CHECK(b.device() == key_of(true).id());
}

TEST_CASE("two of open networks admit each other") {
    Admission a(side(true, ""));
    Admission b(side(false, ""));
    talk(a, b);

    CHECK(a.state() == State::admitted);
    CHECK(b.state() == State::admitted);
}

TEST_CASE("open and closed do not mix, and both know why") {
    for (const bool closed : {false, true}) {
        Admission a(side(true, closed ? "secret" : ""));
        Admission b(side(false, closed ? "" : "secret"));
        talk(a, b);
        CHECK(a.state() == State::other_network);
        CHECK(b.state() == State::other_network);
    }
}

TEST_CASE("with another passphrase the dialler is refused, and learns nothing of the other") {
    Admission a(side(true, "correct horse"));
    Admission b(side(false, "battery staple"));
    talk(a, b);

    CHECK(b.state() == State::refused);
    CHECK(a.state() == State::talking);  // the acceptor says no more
}

TEST_CASE("whoever stands between them with keys of its own admits itself to neither") {
    auto at_a = side(true, "correct horse");
    auto at_b = side(false, "correct horse");
    at_a.channel.peer = at_b.channel.peer = Hash{some<32>(66)};
    at_a.presence = sign_presence(at_a.channel, key_of(true));
    at_b.presence = sign_presence(at_b.channel, key_of(false));
    Admission a(at_a);
    Admission b(at_b);
    talk(a, b);

    CHECK(b.state() == State::nonsense);
    CHECK(a.state() != State::admitted);
}

TEST_CASE("no byte can be altered on the way") {
    std::size_t tried = 0;
    for (std::size_t message = 0; message < 5; ++message) {
        for (std::size_t at = 0;; ++at) {
            Admission a(side(true, "correct horse"));
            Admission b(side(false, "correct horse"));
            bool altered = false;
            talk(a, b, [&](std::size_t number, std::string& bytes) {
                if (number != message || at >= bytes.size()) return;
                bytes[at] = static_cast<char>(bytes[at] ^ 1);
                altered = true;
            });
            if (!altered) break;
            ++tried;
            CHECK_FALSE((a.state() == State::admitted && b.state() == State::admitted));
        }
    }
    CHECK(tried == 2 * introduction + 32 + 96 + 64);
}

TEST_CASE("what was said in another talk is no proof in this one") {
    std::string answer;
    {
        Admission a(side(true, "correct horse"));
        Admission b(side(false, "correct horse"));
        talk(a, b, [&](std::size_t, std::string& bytes) {
            if (bytes.size() == 96) answer = bytes;
        });
        REQUIRE(b.state() == State::admitted);
    }
    Admission b(side(false, "correct horse", 2));
    Admission a(side(true, "guess"));
    talk(a, b, [&](std::size_t, std::string& bytes) {
        if (bytes.size() == 96) bytes = answer;
    });
    CHECK(b.state() == State::refused);
}

TEST_CASE("who claims to be another device is heard no further") {
    auto liar = side(true, "correct horse");
    liar.device = key_of(false).id();
    Admission b(side(false, "correct horse"));
    b.take(Admission(liar).begin());
    CHECK(b.state() == State::nonsense);
    CHECK_FALSE(b.risks_guess());
}

TEST_CASE("each side risks one guess, once it knows who is there") {
    Admission a(side(true, "correct horse"));
    Admission b(side(false, "correct horse"));
    const std::string share = b.take(a.begin());
    CHECK(b.risks_guess());
    CHECK(b.device() == key_of(true).id());

    a.take(share.substr(0, introduction));
    CHECK_FALSE(a.risks_guess());
    const std::string answer = a.take(share.substr(introduction));
    CHECK(a.risks_guess());

    const std::string end = b.take(answer);
    CHECK_FALSE(b.risks_guess());
    a.take(end);
    CHECK_FALSE(a.risks_guess());
    CHECK(a.state() == State::admitted);
}

TEST_CASE("its own share sent back admits nobody") {
    Admission a(side(true, "guess"));
    Admission b(side(false, "correct horse"));
    const std::string said = b.take(a.begin());
    REQUIRE(b.awaited() == 96);

    b.take(said.substr(introduction) + std::string(64, '\0'));

    CHECK(b.state() == State::refused);
}

TEST_CASE("nonsense is named so") {
    Admission b(side(false, "correct horse"));
    b.take(std::string(introduction, '\xff'));
    CHECK(b.state() == State::nonsense);

    Admission c(side(false, "correct horse"));
    Admission a(side(true, "correct horse"));
    c.take(a.begin());
    c.take(std::string(96, '\0'));  // the neutral element
    CHECK(c.state() == State::nonsense);
}

}  // namespace
}  // namespace lanchat
