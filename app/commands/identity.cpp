// The key is a file; all care is in node/keep/device_key_file.
#include "app/commands/identity.hpp"

#include "app/profile.hpp"
#include "message/text.hpp"
#include "node/keep/device_key_file.hpp"

namespace lanchat::app {
namespace {

std::optional<Failure> show(const std::string& data_dir, std::ostream& out) {
    const auto device = device_in(data_dir);
    if (!device) return Failure{device.why() + " (the first start of a node makes it)"};
    out << to_string(*device) << '\n';
    return std::nullopt;
}

// Nobody may start there meanwhile.
std::optional<Failure> import_key(const Identity& command, std::ostream& out) {
    const auto profile = Profile::open(command.profile, command.data_dir, true);
    if (!profile) return Failure{profile.why()};
    const auto data_dir = profile->dir().string();
    if (auto no = import_device_key(command.file, data_dir)) return no;
    return show(data_dir, out);
}

std::optional<Failure> carry_out(const Identity& command, std::ostream& out) {
    if (command.what == Identity::What::import_key) return import_key(command, out);
    const auto dir = profile_directory(command.profile, command.data_dir, process_environment());
    if (!dir) return Failure{dir.why()};
    if (command.what == Identity::What::show) return show(dir->string(), out);
    return export_device_key(dir->string(), command.file);
}

}  // namespace

int identity(const Identity& command, std::ostream& out, std::ostream& err) {
    const auto no = carry_out(command, out);
    if (!no) return 0;
    err << "lanchat: " << displayable(no->why) << '\n';
    return 1;
}

}  // namespace lanchat::app
