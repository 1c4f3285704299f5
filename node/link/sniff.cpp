// The two beginnings that are known here; they differ in their first byte.
#include "node/link/sniff.hpp"

#include "node/link/frames.hpp"

namespace lanchat::link {
namespace {

static_assert(http2_preface.size() == sniffed_bytes_max);

// RFC 8446, section 5.1: a record of the handshake, of any version.
constexpr std::string_view tls_record = "\x16\x03";

}  // namespace

Speech sniff(std::string_view seen) {
    if (seen.starts_with(tls_record)) return Speech::tls;
    if (seen == http2_preface) return Speech::http2;
    const bool begins = http2_preface.starts_with(seen) || tls_record.starts_with(seen);
    return begins ? Speech::undecided : Speech::neither;
}

}  // namespace lanchat::link
