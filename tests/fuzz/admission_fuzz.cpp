// Bytes of others in a talk about admission: it ends after a few messages, and without the
// passphrase nobody comes in, whatever is said or altered.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "message/assert.hpp"
#include "tests/fuzz/bytes.hpp"
#include "tests/unit/message_talk.hpp"

using namespace lanchat;

namespace {

using State = Admission::State;

constexpr std::size_t heard_bytes_max = test::introduction;
constexpr std::size_t said_bytes_max = test::introduction + 32;
constexpr int messages_max = 3;

// One of us, and a stranger who says what the fuzzer has, at once or after an introduction that
// is in order: otherwise nobody would ever guess its signature.
void talk_to_a_stranger(fuzz::Bytes& bytes, bool dialled, bool closed, bool introduced) {
    Admission node(test::side(dialled, closed ? "correct horse" : ""));
    LANCHAT_ASSERT(node.begin().empty() == !dialled);
    int messages = 0;
    if (introduced) {
        Admission stranger(test::side(!dialled, closed ? "guess" : ""));
        const std::string said = dialled ? stranger.take(node.begin()) : stranger.begin();
        node.take(said.substr(0, test::introduction));
    }
    while (node.awaited() > 0 && !bytes.empty()) {
        LANCHAT_ASSERT(node.awaited() <= heard_bytes_max && ++messages <= messages_max);
        std::string heard(node.awaited(), '\0');
        for (char& byte : heard) byte = static_cast<char>(bytes.next());
        LANCHAT_ASSERT(node.take(heard).size() <= said_bytes_max);
    }
    LANCHAT_ASSERT(!closed || node.state() != State::admitted);
}

// Two of us, and a stranger between them who alters one byte.
void talk_through_a_stranger(fuzz::Bytes& bytes, bool closed) {
    const std::string secret = closed ? "correct horse" : "";
    const std::size_t message = bytes.below(5);
    const std::size_t at = bytes.below(heard_bytes_max);
    const std::uint8_t change = bytes.next();
    bool altered = false;
    Admission a(test::side(true, secret));
    Admission b(test::side(false, secret));
    test::talk(a, b, [&](std::size_t number, std::string& said) {
        if (number != message || at >= said.size()) return;
        said[at] = static_cast<char>(static_cast<std::uint8_t>(said[at]) ^ change);
        altered = change != 0;
    });
    const bool both = a.state() == State::admitted && b.state() == State::admitted;
    LANCHAT_ASSERT(altered || both);
    LANCHAT_ASSERT(!altered || !closed || !both);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Bytes bytes(data, size);
    const std::uint8_t kind = bytes.next();
    const bool closed = (kind & 1) != 0;
    if ((kind & 2) != 0) {
        talk_through_a_stranger(bytes, closed);
    } else {
        talk_to_a_stranger(bytes, (kind & 4) != 0, closed, (kind & 8) != 0);
    }
    return 0;
}
