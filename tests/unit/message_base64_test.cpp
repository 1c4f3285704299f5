// Base64: one spelling for any bytes, and no bytes for any other text.
#include "message/base64.hpp"

#include <doctest/doctest.h>

namespace lanchat::message_base64_test {
namespace {

std::string base64(std::string_view bytes) {
    std::string text;
    append_base64(text, bytes);
    return text;
}

}  // namespace

TEST_CASE("base64 is that of RFC 4648") {
    CHECK(base64("") == "");
    CHECK(base64("f") == "Zg==");
    CHECK(base64("fo") == "Zm8=");
    CHECK(base64("foo") == "Zm9v");
    CHECK(base64("foobar") == "Zm9vYmFy");
    CHECK(base64("\xfb\xff\xfe") == "+//+");
}

TEST_CASE("base64 is appended to what is there") {
    std::string text = "before ";
    append_base64(text, "foo");
    append_base64(text, "");
    CHECK(text == "before Zm9v");
}

TEST_CASE("base64 is taken back as it was written") {
    std::string bytes;
    for (int i = 0; i < 300; ++i) {
        CHECK(from_base64(base64(bytes)) == bytes);
        bytes += static_cast<char>(i * 7);
    }
}

TEST_CASE("what append_base64 would not write is no base64") {
    for (const auto* text :
         {"A", "AA", "AAA", "AB==", "AA=A", "====", "A===", "AA==AAAA", "A-==", "AAAA ", " AAAA",
          "AA AA", "AAAA\n", "AAB=", "AA==\n", "=", "AAAA=", "AAAA====", "-_-_"}) {
        CAPTURE(text);
        CHECK_FALSE(from_base64(text));
    }
    CHECK_FALSE(from_base64(std::string_view("AA\0A", 4)));
    CHECK_FALSE(from_base64(std::string_view("AAAA\0", 5)));
}

TEST_CASE("no part of base64 that cuts a group is taken") {
    const auto text = base64("some bytes that are no multiple of three");
    for (std::size_t size = 0; size < text.size(); ++size)
        CHECK(from_base64(std::string_view(text).substr(0, size)).has_value() == (size % 4 == 0));
}

}  // namespace lanchat::message_base64_test
