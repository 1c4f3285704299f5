// The config commands: thin, since config/ knows everything about settings.
#include "app/commands/config.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "config/print.hpp"
#include "config/schema.hpp"
#include "message/text.hpp"

namespace lanchat::app {
namespace {

namespace fs = std::filesystem;

// The file and its directory are the owner's alone, as everything else of ours.
int write_new(const fs::path& file, const std::string& text) {
    for (auto dir = file.parent_path(); !dir.empty() && !fs::exists(dir);) {
        auto missing = dir;
        while (missing.has_parent_path() && !fs::exists(missing.parent_path())) {
            missing = missing.parent_path();
        }
        if (::mkdir(missing.c_str(), 0700) != 0) return errno;
    }
    const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return errno;
    const auto written = ::write(fd, text.data(), text.size());
    const int error = written < 0 ? errno : ENOSPC;
    const bool closed = ::close(fd) == 0;
    if (closed && written == static_cast<ssize_t>(text.size())) return 0;
    ::unlink(file.c_str());  // half a file would be an error at the next start
    return error;
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
    const int error = write_new(*file, starter_file());
    if (error == EEXIST) {
        err << "lanchat: " << shown << " exists already and stays as it is\n";
        return 1;
    }
    if (error != 0) {
        err << "lanchat: cannot write " << shown << ": " << std::generic_category().message(error)
            << '\n';
        return 1;
    }
    out << shown << '\n';
    return 0;
}

}  // namespace lanchat::app
