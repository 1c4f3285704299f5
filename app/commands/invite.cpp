// `lanchat invite [FILE]`: a passphrase for a new closed network. The passphrase alone goes to
// standard output; what to do with it is said beside that.
#include <cstdint>

#include "app/commands/command.hpp"
#include "app/commands/words.hpp"
#include "message/text.hpp"
#include "node/keep/kept_file.hpp"
#include "node/keep/passphrase.hpp"

namespace lanchat::app {
namespace {

constexpr std::string_view invite_help =
    R"(lanchat invite: a passphrase for a closed network, made of random words.

Everybody who is to be in it starts lanchat with --passphrase-file, and nobody else gets in.

Usage:
  lanchat invite [FILE] [--words N]

  FILE                  keeps it, readable by you alone; it must not exist yet
      --words N         from 4 to 16 words, 8 bits each (5)
)";

constexpr std::uint32_t words_by_default = 5;

int invite(const Call& call) {
    const auto count = parse_count("--words", call.given["--words"], words_by_default);
    if (count < passphrase_words_min || count > passphrase_words_max)
        throw UsageError{"--words: from " + std::to_string(passphrase_words_min) + " to " +
                         std::to_string(passphrase_words_max)};
    const auto& file = call.given["FILE"];  // that keeps it, for its owner alone; empty: none
    const auto passphrase = new_passphrase(count);
    const auto no = file.empty() ? std::nullopt : place_new_file(file, passphrase + '\n');
    if (no) {
        call.err << "lanchat: " << displayable(no->why) << '\n';
        return 1;
    }
    call.out << passphrase << '\n';
    call.err << "-- Whoever is to join starts: lanchat --lan --passphrase-file -\n"
                "-- and types it. Tell it in person, not in an open network.\n";
    if (!file.empty())
        call.err << "-- Here: lanchat --lan --passphrase-file " << displayable(file) << '\n';
    return 0;
}

}  // namespace

Command invite_command() {
    return {.name = "invite",
            .needs = Command::Needs::nothing,
            .options = {{"FILE"}, {"--words"}},
            .help = invite_help,
            .deed = invite,
            .usage = "lanchat invite [FILE]",
            .summary = "make a passphrase for a closed network"};
}

}  // namespace lanchat::app
