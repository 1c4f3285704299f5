// The two beginnings that are known here; they differ in their first byte.
#include "node/link/sniff.hpp"

namespace lanchat::link {
namespace {

// RFC 9113, section 3.4: what every HTTP/2 client says first.
constexpr std::string_view preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
static_assert(preface.size() == sniffed_bytes_max);

// RFC 8446, section 5.1: a record of the handshake, of any version.
constexpr std::string_view tls_record = "\x16\x03";

}  // namespace

Speech sniff(std::string_view seen) {
    if (seen.starts_with(tls_record)) return Speech::tls;
    if (seen == preface) return Speech::http2;
    const bool begins = preface.starts_with(seen) || tls_record.starts_with(seen);
    return begins ? Speech::undecided : Speech::neither;
}

}  // namespace lanchat::link
