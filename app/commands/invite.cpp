// The passphrase alone goes to standard output; what to do with it is said beside that.
#include "app/commands/invite.hpp"

#include "message/text.hpp"
#include "node/keep/kept_file.hpp"
#include "node/keep/passphrase.hpp"

namespace lanchat::app {

int invite(const Invite& command, std::ostream& out, std::ostream& err) {
    const auto passphrase = new_passphrase(command.words);
    const auto no =
        command.file.empty() ? std::nullopt : place_new_file(command.file, passphrase + '\n');
    if (no) {
        err << "lanchat: " << displayable(no->why) << '\n';
        return 1;
    }
    out << passphrase << '\n';
    err << "-- Whoever is to join starts: lanchat --lan --passphrase-file -\n"
           "-- and types it. Tell it in person, not in an open network.\n";
    if (!command.file.empty())
        err << "-- Here: lanchat --lan --passphrase-file " << displayable(command.file) << '\n';
    return 0;
}

}  // namespace lanchat::app
