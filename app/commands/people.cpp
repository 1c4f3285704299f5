// `lanchat verify`, `block` and `unblock`: what somebody decides about a key.
#include <unistd.h>

#include <cerrno>

#include "app/commands/node.hpp"
#include "app/json_output.hpp"
#include "app/plain_text.hpp"
#include "message/short_code.hpp"
#include "message/text.hpp"

namespace lanchat::app {
namespace {

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

}  // namespace

int verify(api::Client& node, const Verify& command, const Streams& streams) {
    const auto status = node.status();
    if (const auto* problem = std::get_if<api::Problem>(&status)) return report(*problem, streams);
    const auto& self = std::get<api::Status>(status);
    const auto end = node.verify(command.peer, command.id, [&](const api::Comparison& shown) {
        show(shown, self, streams);
        const auto same = ask(command, shown, streams);
        if (same == true && !streams.json)
            streams.err << "waiting for the other side to say the same\n" << std::flush;
        return same;
    });
    if (const auto* problem = std::get_if<api::Problem>(&end)) return report(*problem, streams);
    return tell_end(std::get<api::Comparison>(end), !command.id.empty(), streams);
}

int block(api::Client& node, const Block& command, const Streams& streams) {
    const auto answer = node.block(command.peer, command.on);
    if (const auto* problem = std::get_if<api::Problem>(&answer)) return report(*problem, streams);
    const auto peer = peer_of(std::get<api::Author>(answer));
    std::string text;
    if (streams.json) {
        append_peer(text, peer);
    } else {
        text = describe(peer) + (command.on ? " is blocked" : " is no longer blocked") + '\n';
    }
    streams.out << text;
    return 0;
}

}  // namespace lanchat::app
