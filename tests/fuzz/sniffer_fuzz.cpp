// First bytes in whatever pieces: decided by the last one at the latest, and never otherwise then.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "message/assert.hpp"
#include "node/link/sniff.hpp"

using namespace lanchat::link;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data),
                                 std::min(size, sniffed_bytes_max));
    Speech said = Speech::undecided;
    for (std::size_t n = 0; n <= bytes.size(); ++n) {
        const Speech now = sniff(bytes.substr(0, n));
        if (said == Speech::undecided) said = now;
        LANCHAT_ASSERT(said == now);
    }
    LANCHAT_ASSERT(bytes.size() < sniffed_bytes_max || said != Speech::undecided);
    LANCHAT_ASSERT(said != Speech::http2 || bytes.size() == sniffed_bytes_max);
    LANCHAT_ASSERT(said != Speech::tls || (bytes[0] == 0x16 && bytes[1] == 0x03));
    return 0;
}
