// CPace: the draft's vectors (appendix B.3), and what must not work.
#include "message/cpace.hpp"

#include <doctest/doctest.h>
#include <sodium.h>

#include <string>

namespace lanchat::message_cpace_test {
namespace {

template <std::size_t N = 32>
std::array<std::uint8_t, N> bytes(const std::string& hex) {
    std::array<std::uint8_t, N> out{};
    sodium_hex2bin(out.data(), N, hex.data(), hex.size(), nullptr, nullptr, nullptr);
    return out;
}

const std::string channel =
    "\x0b"
    "A_initiator"
    "\x0b"
    "B_responder";
const auto session = bytes<16>("7e4b4791d6a8ef019b936c79fb7f2c57");
const std::string session_text(session.begin(), session.end());
const CPace::Terms terms{"Password", channel, session_text};

CPace initiator(const CPace::Terms& of = terms, const char* data = "ADa") {
    return {of, CPace::Role::initiator,
            bytes("da3d23700a9e5699258aef94dc060dfda5ebb61f02a5ea77fad53f4ff0976d08"), data};
}

CPace responder(const CPace::Terms& of = terms, const char* data = "ADb") {
    return {of, CPace::Role::responder,
            bytes("d2316b454718c35362d83d69df6320f38578ed5984651435e2949762d900b80d"), data};
}

TEST_CASE("shares and key are those of the draft") {
    const CPace a = initiator();
    const CPace b = responder();

    CHECK(a.share() == bytes("d6bac480f2c386c394efc7c47adb9925dcd2630b64f240c50f8d0eec482b9157"));
    CHECK(b.share() == bytes("3ea7e0b19560d7c0b0f5734f63b955286dfa8232b5ebe63324e2d9e7433f7258"));
    const auto key = bytes<64>(
        "b69effbf61b51d56401c0f65601abe428de8206feaaf0e32198896dcae7b35cd"
        "2b38950a39dfd5d4a79164614c2984f7daa460b588c1e80c3fa2068af7900447");
    CHECK(*a.key(b.share(), "ADb") == key);
    CHECK(*b.key(a.share(), "ADa") == key);
}

bool agree(const CPace& a, const CPace& b, const char* a_says = "ADa", const char* b_says = "ADb") {
    const auto at_a = a.agree(b.share(), b_says);
    const auto at_b = b.agree(a.share(), a_says);
    REQUIRE((at_a && at_b));
    CHECK(same(at_a->own, at_b->theirs) == same(at_b->own, at_a->theirs));
    return same(at_a->own, at_b->theirs);
}

TEST_CASE("both confirm the same key, each with a tag of its own") {
    const CPace a = initiator();
    const CPace b = responder();

    CHECK(agree(a, b));
    CHECK_FALSE(same(a.agree(b.share(), "ADb")->own, b.agree(a.share(), "ADa")->own));
}

TEST_CASE("another passphrase, channel, session or claim is no agreement") {
    const CPace a = initiator();
    CHECK_FALSE(agree(a, responder({"password", channel, session_text})));
    CHECK_FALSE(agree(a, responder({"Password", "elsewhere", session_text})));
    CHECK_FALSE(agree(a, responder({"Password", channel, "another time"})));
    CHECK_FALSE(agree(a, responder(), "ADa", "somebody else"));
}

TEST_CASE("an answer that is our own share, or of the same role, is no agreement") {
    const CPace a = initiator();
    const auto reflected = a.agree(a.share(), "ADa");
    REQUIRE(reflected);
    const CPace other = initiator();
    CHECK_FALSE(same(a.agree(responder().share(), "ADb")->theirs, reflected->own));
    CHECK_FALSE(
        same(a.agree(responder().share(), "ADb")->theirs, other.agree(a.share(), "ADa")->own));
}

TEST_CASE("what is no point of the group, or its neutral element, is refused") {
    const CPace a = initiator();
    CHECK_FALSE(
        a.agree(bytes("2b3c6b8c4f3800e7aef6864025b4ed79bd599117e427c41bd47d93d654b4a51c"), ""));
    CHECK_FALSE(a.agree(CPace::Share{}, ""));
    CHECK(a.agree(bytes("2c3c6b8c4f3800e7aef6864025b4ed79bd599117e427c41bd47d93d654b4a51c"), ""));
}

TEST_CASE("a passphrase longer than a block of the hash is taken whole") {
    const std::string longest(1000, 'x');
    const std::string other = longest.substr(1) + 'y';
    CHECK(agree(initiator({longest, channel, session_text}),
                responder({longest, channel, session_text})));
    CHECK_FALSE(agree(initiator({longest, channel, session_text}),
                      responder({other, channel, session_text})));
}

}  // namespace
}  // namespace lanchat::message_cpace_test
