// The front door's decision: from no more bytes than it takes, and never taken back.
#include "node/link/sniff.hpp"

#include <doctest/doctest.h>

#include <string>

namespace lanchat::link::node_sniff_test {
namespace {

const std::string preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

TEST_CASE("a preface is HTTP/2 with its last byte and not before") {
    for (std::size_t n = 0; n < preface.size(); ++n)
        CHECK(sniff(preface.substr(0, n)) == Speech::undecided);
    CHECK(sniff(preface) == Speech::http2);
}

TEST_CASE("two bytes make a record of TLS, whatever follows") {
    CHECK(sniff("\x16") == Speech::undecided);
    CHECK(sniff("\x16\x03") == Speech::tls);
    CHECK(sniff("\x16\x03" + std::string(22, 'x')) == Speech::tls);
}

TEST_CASE("whatever else is neither, with the first byte that does not fit") {
    CHECK(sniff("\x17") == Speech::neither);
    CHECK(sniff("\x16\x02") == Speech::neither);
    CHECK(sniff("GET / HTTP/1.1") == Speech::neither);
    CHECK(sniff(std::string("\0", 1)) == Speech::neither);
    for (std::size_t n = 0; n < preface.size(); ++n)
        CHECK(sniff(preface.substr(0, n) + '\x7f') == Speech::neither);
}

}  // namespace
}  // namespace lanchat::link::node_sniff_test
