// Admission: who knows the passphrase comes in, and whoever is between two nodes does not.
#include "message/admission.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "tests/unit/message_talk.hpp"

namespace lanchat::message_admission_test {
namespace {

using State = Admission::State;
using test::introduction;
using test::key_of_side;
using test::side;
using test::some;
using test::talk;

TEST_CASE("two with one passphrase admit each other and know whom") {
    Admission a(side(true, "correct horse"));
    Admission b(side(false, "correct horse"));
    talk(a, b);

    CHECK(a.state() == State::admitted);
    CHECK(b.state() == State::admitted);
    CHECK(a.device() == key_of_side(false).id());
    CHECK(b.device() == key_of_side(true).id());
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
    at_a.presence = sign_presence(at_a.channel, key_of_side(true));
    at_b.presence = sign_presence(at_b.channel, key_of_side(false));
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
    liar.device = key_of_side(false).id();
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
    CHECK(b.device() == key_of_side(true).id());

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

TEST_CASE("another version is named so, and neither answered nor let guess") {
    for (const bool dialled : {false, true}) {
        for (const bool closed : {false, true}) {
            for (const char version : {'\0', '\1', '\2', '\xff'}) {
                const std::string secret = closed ? "correct horse" : "";
                Admission ours(side(dialled, secret));
                Admission other(side(!dialled, secret));
                const std::string theirs =
                    dialled ? other.take(ours.begin()).substr(0, introduction) : other.begin();
                REQUIRE(theirs[0] == '\3');

                CHECK(ours.take(version + theirs.substr(1)).empty());
                CHECK(ours.state() == State::other_version);
                CHECK_FALSE(ours.risks_guess());
            }
        }
    }
}

// What a listener on the wire inside TLS would record; one after the other, both directions.
std::vector<std::string> recorded(const std::string& secret, std::uint64_t seed) {
    std::vector<std::string> messages;
    Admission a(side(true, secret, seed));
    Admission b(side(false, secret, seed));
    talk(a, b, [&](std::size_t, const std::string& bytes) { messages.push_back(bytes); });
    REQUIRE((a.state() == State::admitted && b.state() == State::admitted));
    return messages;
}

TEST_CASE("a confirmation of the wrong role admits nobody") {
    // Somebody in the middle joins two dials and has each confirm the other.
    const auto others = recorded("correct horse", 3);
    Admission one(side(true, "correct horse"));
    Admission two(side(true, "correct horse", 2));
    one.take(others[1]);
    two.take(others[1]);
    const std::string from_one = one.take(others[2]);
    const std::string from_two = two.take(others[2]);
    REQUIRE((from_one.size() == 96 && from_two.size() == 96));

    one.take(from_two.substr(32));
    two.take(from_one.substr(32));

    CHECK(one.state() == State::refused);
    CHECK(two.state() == State::refused);
}

TEST_CASE("everything sent back as it came admits nobody") {
    Admission a(side(true, "correct horse"));
    std::string back = a.begin();  // claims to be us, in the other role
    while (a.awaited() > 0 && back.size() >= a.awaited()) {
        std::string said = back.substr(0, a.awaited());
        back.erase(0, a.awaited());
        back += a.take(said) + std::string(64, '\0');
    }
    CHECK(a.state() != State::admitted);
}

TEST_CASE("a talk that ends early has admitted neither who waits") {
    const auto whole = recorded("correct horse", 1);
    REQUIRE(whole.size() == 5);
    for (std::size_t kept = 0; kept < 4; ++kept) {
        Admission a(side(true, "correct horse"));
        Admission b(side(false, "correct horse"));
        for (std::size_t n = 0; n < kept; ++n) {
            // Dialler's, acceptor's, its share, dialler's, acceptor's.
            Admission& to = n == 0 || n == 3 ? b : a;
            to.take(whole[n]);
        }
        CHECK(a.state() == State::talking);
        CHECK(b.state() != State::admitted);
    }
}

TEST_CASE(
    "a share that is no element of the group, or the neutral one, is nonsense in both roles") {
    std::vector<std::string> bad = {std::string(32, '\0'), std::string(32, '\xff')};
    bad.push_back('\1' + std::string(31, '\0'));  // negative; of small order on the curve
    bad.push_back("\xec" + std::string(30, '\xff') + '\x7f');  // the same, -1
    bad.push_back("\xed" + std::string(30, '\xff') + '\x7f');  // 0, not in its shortest form
    bad.push_back("\xee" + std::string(30, '\xff') + '\x7f');  // 1, the same
    for (const auto& share : bad) {
        Admission a(side(true, "correct horse"));
        Admission b(side(false, "correct horse"));
        const std::string said = b.take(a.begin());
        a.take(said.substr(0, introduction));
        a.take(share);
        b.take(share + std::string(64, '\0'));
        CHECK(a.state() == State::nonsense);
        CHECK(b.state() == State::nonsense);
    }
}

TEST_CASE("with the same randomness two passphrases differ in shares and confirmations alone") {
    const auto one = recorded("correct horse", 1);
    const auto other = recorded("battery staple", 1);
    REQUIRE((one.size() == 5 && other.size() == 5));
    CHECK(one[0] == other[0]);
    CHECK(one[1] == other[1]);
    for (std::size_t proof = 2; proof < one.size(); ++proof) {
        CHECK(one[proof].size() == other[proof].size());
        CHECK(one[proof] != other[proof]);
    }
}

// How often each bit was set in all that was said.
std::vector<std::uint32_t> bits_set(const std::string& secret, std::size_t talks,
                                    std::uint64_t seed) {
    std::vector<std::uint32_t> counts;
    for (std::size_t n = 0; n < talks; ++n) {
        std::string all;
        for (const auto& message : recorded(secret, seed + 100 * n)) all += message;
        counts.resize(8 * all.size());
        for (std::size_t bit = 0; bit < counts.size(); ++bit) {
            const std::uint32_t byte = static_cast<unsigned char>(all[bit / 8]);
            counts[bit] += byte >> (bit % 8) & 1U;
        }
    }
    return counts;
}

TEST_CASE("with fresh randomness nothing that is said tells one passphrase from another") {
    const char* full = std::getenv("LANCHAT_FULL");
    const std::size_t talks = full != nullptr && *full == '1' ? 10'000 : 1'000;

    const auto one = bits_set("correct horse", talks, 1'000'000'000);
    const auto other = bits_set("battery staple", talks, 2'000'000'000);

    REQUIRE(one.size() == 8 * (2 * introduction + 32 + 96 + 64));
    REQUIRE(other.size() == one.size());
    // Fair coins differ by more than six standard deviations once in 500 million.
    const double most = 6 * std::sqrt(static_cast<double>(talks) / 2);
    for (std::size_t bit = 0; bit < one.size(); ++bit) {
        CAPTURE(bit);
        const bool constant = one[bit] == 0 || one[bit] == talks;
        if (constant) CHECK(one[bit] == other[bit]);
        CHECK(std::abs(static_cast<double>(one[bit]) - other[bit]) <= most);
    }
}

}  // namespace
}  // namespace lanchat::message_admission_test
