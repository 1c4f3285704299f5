// `lanchat config print|check|schema|init`: thin, since config/ knows everything about settings.
// Results go to the output, everything else beside it.
#include "app/commands/config.hpp"

#include <sys/stat.h>

#include <system_error>

#include "app/commands/command.hpp"
#include "config/print.hpp"
#include "config/schema.hpp"
#include "message/text.hpp"
#include "node/keep/kept_file.hpp"

namespace lanchat::app {
namespace {

constexpr std::string_view config_help = R"(lanchat config: look at, check or start the settings.

Examples:
  lanchat config print --origin         what is in force, and who said so
  lanchat config check office.json      every fault of a file, one a line
  lanchat config init                   write a commented file to start from

Usage:
  lanchat config print [--origin]       the settings as a config file
  lanchat config check FILE             exit 0 if FILE is sound, else 2
  lanchat config schema                 JSON Schema of config files
  lanchat config init                   never overwrites: exit 1 if the file exists
)";

namespace fs = std::filesystem;

// The file and its directory are the owner's alone, as everything else of ours.
std::optional<Failure> write_new(const fs::path& file, const std::string& text) {
    for (auto dir = file.parent_path(); !dir.empty() && !fs::exists(dir);) {
        auto missing = dir;
        while (missing.has_parent_path() && !fs::exists(missing.parent_path())) {
            missing = missing.parent_path();
        }
        if (::mkdir(missing.c_str(), 0700) != 0 || !flush_directory_of(missing.string()))
            return trouble(missing.string(), "make");
    }
    return place_new_file(file.string(), text);
}

}  // namespace

bool report(const Settings& settings, std::ostream& err) {
    for (const auto& warning : settings.warnings) {
        err << "lanchat: " << displayable(warning) << '\n';
    }
    for (const auto& fault : settings.faults) {
        // A line that begins with FILE:LINE can be followed by editors.
        if (fault.origin.kind != Origin::Kind::file) err << "lanchat: ";
        err << to_string(fault) << '\n';
    }
    return settings.faults.empty();
}

namespace {

int print(const Call& call) {
    call.out << print_config(*call.settings, call.given.has("--origin"));
    return 0;
}

int check(const Call& call) {
    const fs::path file = call.given["FILE"];
    Sources sources;
    sources.chosen_file = file;
    if (!report(load(sources), call.err)) return 2;
    call.out << displayable(file.string()) << ": ok\n";
    return 0;
}

int print_schema(const Call& call) {
    call.out << config_schema();
    return 0;
}

// One that exists already is never touched.
int init(const Call& call) {
    const auto& file = call.chosen_file ? call.chosen_file : call.user_file;
    if (!file) {
        call.err
            << "lanchat: no place for the file: set HOME or XDG_CONFIG_HOME, or give --config\n";
        return 1;
    }
    const auto shown = displayable(file->string());
    std::error_code ignored;
    if (fs::symlink_status(*file, ignored).type() > fs::file_type::not_found) {
        call.err << "lanchat: " << shown << " exists already and stays as it is\n";
        return 1;
    }
    if (const auto no = write_new(*file, starter_file())) {
        call.err << "lanchat: " << displayable(no->why) << '\n';
        return 1;
    }
    call.out << shown << '\n';
    return 0;
}

}  // namespace

Command config_command() {
    using Needs = Command::Needs;
    return {.name = "config",
            .needs = Needs::settings,
            .help = config_help,
            .parts = {{.name = "print",
                       .needs = Needs::settings,
                       .options = {{"--origin", Option::Takes::nothing}},
                       .deed = print},
                      {.name = "check",
                       .needs = Needs::nothing,
                       .options = {{.names = "FILE",
                                    .if_missing = "config check needs the FILE to check"}},
                       .deed = check},
                      {.name = "schema", .needs = Needs::nothing, .deed = print_schema},
                      {.name = "init", .needs = Needs::nothing, .deed = init}},
            .usage = "lanchat [OPTIONS] config COMMAND",
            .summary = "print, check or start a config file",
            .is_about_node = false};
}

}  // namespace lanchat::app
