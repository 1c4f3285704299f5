// The config commands: thin, since config/ knows everything about settings.
#include "app/commands/config.hpp"

#include <sys/stat.h>

#include <system_error>

#include "config/print.hpp"
#include "config/schema.hpp"
#include "message/text.hpp"
#include "node/keep/kept_file.hpp"

namespace lanchat::app {
namespace {

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

int config_print(const Settings& settings, bool with_origins, std::ostream& out) {
    out << print_config(settings, with_origins);
    return 0;
}

int config_check(const fs::path& file, std::ostream& out, std::ostream& err) {
    Sources sources;
    sources.chosen_file = file;
    if (!report(load(sources), err)) return 2;
    out << displayable(file.string()) << ": ok\n";
    return 0;
}

int config_schema_to(std::ostream& out) {
    out << config_schema();
    return 0;
}

int config_init(const std::optional<fs::path>& file, std::ostream& out, std::ostream& err) {
    if (!file) {
        err << "lanchat: no place for the file: set HOME or XDG_CONFIG_HOME, or give --config\n";
        return 1;
    }
    const auto shown = displayable(file->string());
    std::error_code ignored;
    if (fs::symlink_status(*file, ignored).type() > fs::file_type::not_found) {
        err << "lanchat: " << shown << " exists already and stays as it is\n";
        return 1;
    }
    if (const auto no = write_new(*file, starter_file())) {
        err << "lanchat: " << displayable(no->why) << '\n';
        return 1;
    }
    out << shown << '\n';
    return 0;
}

}  // namespace lanchat::app
