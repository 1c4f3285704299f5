// The short code: all 42 bits, in words that are not mistaken for each other.
#include "message/short_code.hpp"

#include <doctest/doctest.h>

#include <set>
#include <sstream>

#include "message/code_words.hpp"
#include "message/wire.hpp"

namespace message_short_code_test {

using namespace lanchat;

namespace {

DeviceId device(std::uint8_t byte) {
    DeviceId id;
    id.bytes.fill(byte);
    return id;
}
Nonce nonce(std::uint8_t byte) {
    Nonce nonce;
    nonce.bytes.fill(byte);
    return nonce;
}

}  // namespace

TEST_CASE("short code: four words and four digits, of SHA-512") {
    const auto code = short_code({device(1), device(2)}, nonce(3), nonce(4));
    std::istringstream words(code);
    std::vector<std::string> parts;
    for (std::string word; words >> word;) parts.push_back(word);
    REQUIRE(parts.size() == 5);
    CHECK(parts[4].size() == 4);
    CHECK(std::stoi(parts[4]) < 1024);
    CHECK(code == "helmet hunter elephant badge 0891");  // SHA-512 of another library says so
}

TEST_CASE("short code: every part of it counts") {
    const auto code = short_code({device(1), device(2)}, nonce(3), nonce(4));
    CHECK(code != short_code({device(2), device(1)}, nonce(3), nonce(4)));
    CHECK(code != short_code({device(1), device(2)}, nonce(4), nonce(3)));
    CHECK(code != short_code({device(1), device(2)}, nonce(3), nonce(5)));
    CHECK(commitment_to(nonce(3), {device(1), device(2)}) !=
          commitment_to(nonce(3), {device(2), device(1)}));
}

TEST_CASE("short code: words are different, sorted, and typed as one likes") {
    for (std::size_t n = 1; n < code_words.size(); ++n) CHECK(code_words[n - 1] < code_words[n]);
    std::set<std::string_view> beginnings;
    for (const auto word : code_words) CHECK(beginnings.insert(word.substr(0, 4)).second);
    CHECK(is_same_code("Lemon  tiger-cello piano 0417 ", "lemon tiger cello piano 0417"));
    CHECK_FALSE(is_same_code("lemon tiger cello piano 0418", "lemon tiger cello piano 0417"));
    CHECK_FALSE(is_same_code("", "lemon tiger cello piano 0417"));
}

TEST_CASE("wire: every step of comparing keys goes and comes") {
    using Kind = VerifyStep::Kind;
    for (const auto kind : {Kind::commit, Kind::nonce, Kind::open, Kind::agree, Kind::refuse}) {
        Frame frame;
        frame.verify = VerifyStep{kind, {}};
        if (kind < Kind::agree) frame.verify->bytes.fill(7);
        const auto back = decode(encode(frame));
        REQUIRE(back);
        CHECK(*back == frame);
    }
}

TEST_CASE("wire: a step of a wrong length is no frame, an unknown one refuses") {
    // Ext.verify (field 20) with a commit of 3 bytes; and with field 9.
    const std::string bad(
        "\x12\x08\xA2\x01\x05\x0A\x03"
        "abc",
        10);
    CHECK_FALSE(decode(bad));
    const std::string unknown("\x12\x05\xA2\x01\x02\x48\x01", 7);
    REQUIRE(decode(unknown));
    CHECK(decode(unknown)->verify->kind == VerifyStep::Kind::refuse);
}

}  // namespace message_short_code_test
