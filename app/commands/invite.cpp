// The passphrase alone goes to standard output; what to do with it is said beside that.
#include "app/commands/invite.hpp"

#include <fcntl.h>

#include "message/text.hpp"
#include "node/kept_file.hpp"
#include "node/link/unique_fd.hpp"
#include "node/passphrase.hpp"

namespace lanchat::app {

int invite(const Invite& command, std::ostream& out, std::ostream& err) {
    const auto passphrase = new_passphrase(command.words);
    if (!command.file.empty()) {
        const link::UniqueFd file(
            ::open(command.file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
        if (!file || !write_all(file.get(), passphrase + '\n')) {
            err << "lanchat: " << displayable(trouble(command.file, "write").why) << '\n';
            return 1;
        }
    }
    out << passphrase << '\n';
    err << "-- Whoever is to join starts: lanchat --lan --passphrase-file -\n"
           "-- and types it. Tell it in person, not in an open network.\n";
    if (!command.file.empty())
        err << "-- Here: lanchat --lan --passphrase-file " << displayable(command.file) << '\n';
    return 0;
}

}  // namespace lanchat::app
