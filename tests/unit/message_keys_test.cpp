// Hashes and signatures: known answers, and everything that a lax checker would let through.
#include "message/keys.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <string>
#include <utility>

#include "message/hash.hpp"
#include "tests/unit/log_voice.hpp"

namespace lanchat::message_keys_test {
namespace {

template <class Bytes>
Bytes from_hex(std::string_view hex) {
    Bytes bytes{};
    REQUIRE(hex.size() == 2 * bytes.size());
    for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] =
            static_cast<std::uint8_t>(std::stoi(std::string(hex.substr(2 * i, 2)), nullptr, 16));
    return bytes;
}

DeviceId point(std::string_view hex) { return {from_hex<decltype(DeviceId::bytes)>(hex)}; }

// The order of the base point, little end first (RFC 8032, 5.1).
constexpr std::string_view order =
    "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
constexpr std::string_view base_point =
    "5866666666666666666666666666666666666666666666666666666666666666";

TEST_CASE("hashes are BLAKE2b-256") {
    CHECK(hash_of("").bytes ==
          from_hex<decltype(Hash::bytes)>(
              "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8"));
    CHECK(hash_of("abc").bytes ==
          from_hex<decltype(Hash::bytes)>(
              "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319"));
}

TEST_CASE("what is hashed in pieces is hashed as one") {
    const std::string text(1'000, 'x');
    for (const std::size_t cut : {0U, 1U, 127U, 128U, 129U, 999U, 1'000U})
        CHECK(Hashing().add(text.substr(0, cut)).add(text.substr(cut)).done() == hash_of(text));
    CHECK(Hashing().done() == hash_of(""));
    CHECK(Hashing().add(std::uint64_t{0x0102030405060708}).done() ==
          hash_of("\1\2\3\4\5\6\7\10"));
}

TEST_CASE("in version 1 a head is the hash of the head before and the hash of the entry") {
    const std::string both = std::string(32, '\0') + std::string(hash_of("entry").view());

    CHECK(head_after_v1({}, "entry") == hash_of(both));
    CHECK(head_after_v1(hash_of("x"), "entry") != head_after_v1({}, "entry"));
    CHECK(head_after_v1({}, "entry") != head_after_v1({}, "entrx"));
}

TEST_CASE("signatures are those of RFC 8032") {
    const DeviceKey key(from_hex<DeviceKey::Seed>(
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"));

    CHECK(key.id() == point("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"));
    CHECK(key.sign("").bytes ==
          from_hex<decltype(Signature::bytes)>(
              "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
              "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"));
}

TEST_CASE("a signature is good for its author and message alone") {
    const DeviceKey key = key_of(1);
    const Signature signature = key.sign("hello");

    CHECK(verify(key.id(), "hello", signature));
    CHECK_FALSE(verify(key.id(), "hellp", signature));
    CHECK_FALSE(verify(key.id(), "", signature));
    CHECK_FALSE(verify(key_of(2).id(), "hello", signature));
    CHECK_FALSE(verify(key.id(), "hello", Signature{}));
}

TEST_CASE("no bit of a signature or an author can be changed") {
    const DeviceKey key = key_of(1);
    for (std::size_t bit = 0; bit < 64 * 8; ++bit) {
        Signature signature = key.sign("hello");
        signature.bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
        CHECK_FALSE(verify(key.id(), "hello", signature));
    }
    for (std::size_t bit = 0; bit < 32 * 8; ++bit) {
        DeviceId author = key.id();
        author.bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
        CHECK_FALSE(verify(author, "hello", key.sign("hello")));
    }
}

TEST_CASE("S plus the order is no second signature for the same message") {
    const DeviceKey key = key_of(1);
    Signature signature = key.sign("hello");
    const auto addend = from_hex<std::array<std::uint8_t, 32>>(order);
    unsigned carry = 0;
    for (std::size_t i = 0; i < 32; ++i) {
        carry += signature.bytes[32 + i] + 0U + addend[i];
        signature.bytes[32 + i] = static_cast<std::uint8_t>(carry & 255);
        carry >>= 8;
    }

    REQUIRE(carry == 0);
    CHECK_FALSE(verify(key.id(), "hello", signature));
}

TEST_CASE("a key of small order signs nothing") {
    // R = B and S = 1 satisfy S·B = R + h·A for every message whose h is a multiple of A's order.
    Signature forged;
    const auto r = from_hex<std::array<std::uint8_t, 32>>(base_point);
    std::copy(r.begin(), r.end(), forged.bytes.begin());
    forged.bytes[32] = 1;
    for (const char* small : {
             "0000000000000000000000000000000000000000000000000000000000000000",
             "0100000000000000000000000000000000000000000000000000000000000000",
             "0100000000000000000000000000000000000000000000000000000000000080",
             "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
             "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
             "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
             "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
             "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
         }) {
        for (int message = 0; message < 64; ++message)
            CHECK_FALSE(verify(point(small), std::to_string(message), forged));
    }
}

TEST_CASE("a key is made again from its seed") {
    const DeviceKey key = key_of(9);

    CHECK(DeviceKey(key.seed()).id() == key.id());
    CHECK(key_of(10).id() != key.id());
}

TEST_CASE("the seed is gone from where it came") {
    DeviceKey::Seed seed;
    seed.fill(5);
    const DeviceKey key(std::move(seed));

    CHECK(seed == DeviceKey::Seed{});
    CHECK(key.seed() != DeviceKey::Seed{});
}

TEST_CASE("a moved key leaves no secret behind") {
    DeviceKey first = key_of(5);
    const DeviceKey second = std::move(first);

    CHECK(first.seed() == DeviceKey::Seed{});
    CHECK(verify(key_of(5).id(), "x", second.sign("x")));
}

TEST_CASE("the end of a key wipes its secret from memory") {
    alignas(DeviceKey) unsigned char place[sizeof(DeviceKey)];
    volatile unsigned char* const seen = place;
    const auto fives = [&] {
        std::size_t count = 0;
        for (std::size_t i = 0; i < sizeof(place); ++i) count += seen[i] == 5;
        return count;
    };
    DeviceKey::Seed seed;
    seed.fill(5);
    auto* const key = new (place) DeviceKey(std::move(seed));
    CHECK(fives() >= 32);
    key->~DeviceKey();

    CHECK(fives() < 32);
}

}  // namespace
}  // namespace lanchat::message_keys_test
