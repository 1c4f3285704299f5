// A code is compared by people: it is shown, and an answer is read from standard input.
#include "app/commands/people.hpp"

#include <unistd.h>

#include <cerrno>

#include "app/commands/ask.hpp"
#include "app/commands/words.hpp"
#include "app/faces/json_output.hpp"
#include "app/faces/plain_text.hpp"
#include "config/fault.hpp"
#include "message/entry.hpp"
#include "message/short_code.hpp"
#include "message/text.hpp"

namespace lanchat::app {
namespace {

constexpr std::string_view verify_help =
    R"(lanchat verify: make sure that a peer's key is its person's, not somebody's between you.

Both of you see a code of four words and a number. Compare it where you know each other's voice or
face, not in this chat. When both say that it is the same, each marks the other as verified.

Examples:
  lanchat verify alice                       shows the code and asks
  lanchat verify alice --code 'a b c d 0417' says yes to this code only, no to any other
  lanchat verify alice --id ID               if that is its id, which you have from itself:
                                             alone, at once, whether it is here or not

Usage:
  lanchat verify PEER [--code CODE | --id ID] [--json]

PEER is an id or its beginning, a name that only one key uses, or an address. The other side joins
with lanchat verify, or /verify where it chats. The whole ID is what lanchat identity tells its
owner: 52 letters and digits. Exit 5: refused, 4: nobody answered for 5 minutes.
)";

constexpr std::string_view block_help =
    R"(lanchat block: no link with a peer, and nothing that it says is shown.

What it says is kept and handed on to others, so that all have the same history; it is told no more
than that the link has ended. A legacy peer has no key and cannot be blocked.

Usage:
  lanchat block PEER
)";

constexpr std::string_view unblock_help =
    R"(lanchat unblock: take back lanchat block; history shows what was said meanwhile.

Usage:
  lanchat unblock PEER
)";

constexpr std::size_t answer_bytes_max = 256;

std::string read_answer(int in) {
    std::string line;
    char c = 0;
    while (line.size() < answer_bytes_max) {
        const auto got = ::read(in, &c, 1);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0 || c == '\n') break;
        line += c;
    }
    return line;
}

bool is_yes(std::string_view answer) { return answer == "y" || answer == "Y" || answer == "yes"; }

controller::Verification verification_of(const api::Comparison& comparison) {
    controller::Verification out{peer_of(comparison.peer), {}, comparison.code, comparison.why};
    using Stage = controller::Verification::Stage;
    for (const auto stage : {Stage::shown, Stage::verified, Stage::refused, Stage::timed_out,
                             Stage::lost, Stage::failed})
        if (to_word(stage) == comparison.stage) out.stage = stage;
    return out;
}

void show(const api::Comparison& comparison, const api::Status& self, const Streams& streams) {
    std::string text;
    if (streams.json) {
        append_event(text, verification_of(comparison));
    } else {
        text = "code    " + comparison.code + "\nyou     " + self.id + "\n" + "peer    " +
               comparison.peer.id + "  " + describe(peer_of(comparison.peer)) + '\n';
    }
    streams.out << text << std::flush;
}

std::optional<bool> ask(const Verify& command, const api::Comparison& shown,
                        const Streams& streams) {
    if (!command.code.empty()) return is_same_code(command.code, shown.code);
    if (!streams.json) {
        streams.err << "Ask " << describe(peer_of(shown.peer))
                    << " for the code that it sees, by voice. Is it the same? [y/N] " << std::flush;
    }
    return is_yes(read_answer(streams.in));
}

int tell_end(const api::Comparison& end, bool by_id, const Streams& streams) {
    const auto verification = verification_of(end);
    const bool is_another = by_id && verification.stage == controller::Verification::Stage::refused;
    std::string text;
    if (streams.json) {
        append_event(text, verification);
        streams.out << text;
    } else {
        streams.err << "lanchat: "
                    << displayable(is_another ? describe(verification.peer) +
                                                    " has another id: " + verification.peer.id
                                              : describe(verification))
                    << '\n';
    }
    switch (verification.stage) {
        case controller::Verification::Stage::verified:
            return 0;
        case controller::Verification::Stage::refused:
            return 5;
        case controller::Verification::Stage::timed_out:
            return 4;
        default:
            return 1;
    }
}

Verify to_verify(const Given& given) {
    const Verify verify{needed_peer("verify", given), given["--code"], given["--id"]};
    if (!verify.id.empty() && !verify.code.empty())
        throw UsageError{"verify takes --code or --id, not both"};
    if (!verify.id.empty() && !parse_device_id(verify.id))
        throw UsageError{"--id: expected a whole id of 52 letters and digits, got " +
                         in_quotes(verify.id)};
    return verify;
}

Block to_block(const Given& given) { return {needed_peer("block", given), true}; }

Block to_unblock(const Given& given) { return {needed_peer("unblock", given), false}; }

}  // namespace

int Verify::operator()(api::Client& node, const Streams& streams) const {
    const auto status = node.status();
    if (const auto* problem = std::get_if<api::Problem>(&status)) return report(*problem, streams);
    const auto& self = std::get<api::Status>(status);
    const auto end = node.verify(peer, id, [&](const api::Comparison& shown) {
        show(shown, self, streams);
        const auto same = ask(*this, shown, streams);
        if (same == true && !streams.json)
            streams.err << "waiting for the other side to say the same\n" << std::flush;
        return same;
    });
    if (const auto* problem = std::get_if<api::Problem>(&end)) return report(*problem, streams);
    return tell_end(std::get<api::Comparison>(end), !id.empty(), streams);
}

int Block::operator()(api::Client& node, const Streams& streams) const {
    const auto answer = node.block(peer, on);
    if (const auto* problem = std::get_if<api::Problem>(&answer)) return report(*problem, streams);
    const auto who = peer_of(std::get<api::Author>(answer));
    std::string text;
    if (streams.json) {
        append_peer(text, who);
    } else {
        text = describe(who) + (on ? " is blocked" : " is no longer blocked") + '\n';
    }
    streams.out << text;
    return 0;
}

Command verify_command() {
    return {.name = "verify",
            .options = {{"PEER"}, {"--code"}, {"--id"}},
            .help = verify_help,
            .question = to_verify};
}

Command block_command() {
    return {.name = "block", .options = {{"PEER"}}, .help = block_help, .question = to_block};
}

Command unblock_command() {
    return {.name = "unblock", .options = {{"PEER"}}, .help = unblock_help, .question = to_unblock};
}

}  // namespace lanchat::app
