// The list of all commands, in the order in which lanchat --help names them. A new one is a file of
// its own and two lines here.
#include <algorithm>

#include "app/commands/command.hpp"

namespace lanchat::app {

Command send_command();
Command tail_command();
Command history_command();
Command search_command();
Command peers_command();
Command rooms_command();
Command status_command();
Command doctor_command();
Command verify_command();
Command block_command();
Command unblock_command();
Command export_command();
Command import_command();
Command invite_command();
Command identity_command();
Command config_command();

const std::vector<Command>& all_commands() {
    static const std::vector<Command> all{
        send_command(),   tail_command(),   history_command(),  search_command(),
        peers_command(),  rooms_command(),  status_command(),   doctor_command(),
        verify_command(), block_command(),  unblock_command(),  export_command(),
        import_command(), invite_command(), identity_command(), config_command()};
    return all;
}

namespace {

// "config, identity and invite"
std::string without_node() {
    std::vector<std::string_view> names;
    for (const auto& command : all_commands())
        if (command.needs != Command::Needs::node) names.push_back(command.name);
    std::ranges::sort(names);
    std::string text(names.front());
    for (std::size_t n = 1; n < names.size(); ++n)
        text.append(n + 1 < names.size() ? ", " : " and ").append(names[n]);
    return text;
}

}  // namespace

std::string help_of(const Command& command) {
    std::string text(command.help);
    if (command.is_about_node)
        text +=
            "\nThe node is that of the profile: -P NAME or -d DIR choose another one. Without one "
            "that runs,\ncommands other than " +
            without_node() + " end with 3.";
    return text +
           "\nThe options of lanchat may stand before or after the command: lanchat --help\n";
}

}  // namespace lanchat::app
