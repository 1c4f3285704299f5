// `lanchat identity show|export FILE|import FILE`: who this node is. Works without a running node;
// the key is a file, and all care is in node/keep/device_key_file.
#include "app/commands/command.hpp"
#include "app/profile.hpp"
#include "message/text.hpp"
#include "node/keep/device_key_file.hpp"

namespace lanchat::app {
namespace {

constexpr std::string_view identity_help =
    R"(lanchat identity: the key that is this node, in the data directory.

Whoever has the key can speak as this node: keep an exported one as you keep a password.

Usage:
  lanchat identity show          its public half, the id
  lanchat identity export FILE   into a new file, readable by you alone
  lanchat identity import FILE   where there is none yet and no node runs
)";

std::optional<Failure> show(const std::string& data_dir, std::ostream& out) {
    const auto device = device_in(data_dir);
    if (!device) return Failure{device.why() + " (the first start of a node makes it)"};
    out << to_string(*device) << '\n';
    return std::nullopt;
}

std::optional<Failure> show_key(const Call& call) {
    const auto dir = profile_directory(call.profile, call.data_dir, process_environment());
    return dir ? show(dir->string(), call.out) : Failure{dir.why()};
}

std::optional<Failure> export_key(const Call& call) {
    const auto dir = profile_directory(call.profile, call.data_dir, process_environment());
    return dir ? export_device_key(dir->string(), call.given["FILE"]) : Failure{dir.why()};
}

// Nobody may start there meanwhile.
std::optional<Failure> import_key(const Call& call) {
    const auto profile = Profile::open(call.profile, call.data_dir, true);
    if (!profile) return Failure{profile.why()};
    const auto data_dir = profile->dir().string();
    if (auto no = import_device_key(call.given["FILE"], data_dir)) return no;
    return show(data_dir, call.out);
}

template <class Deed>
Command part(std::string_view name, std::vector<Option> options, Deed deed) {
    return {.name = name,
            .needs = Command::Needs::settings,
            .options = std::move(options),
            .deed = [deed](const Call& call) {
                const auto no = deed(call);
                if (!no) return 0;
                call.err << "lanchat: " << displayable(no->why) << '\n';
                return 1;
            }};
}

}  // namespace

Command identity_command() {
    return {
        .name = "identity",
        .needs = Command::Needs::settings,
        .help = identity_help,
        .parts = {part("show", {}, show_key),
                  part("export", {{.names = "FILE", .if_missing = "identity export needs a FILE"}},
                       export_key),
                  part("import", {{.names = "FILE", .if_missing = "identity import needs a FILE"}},
                       import_key)},
        .usage = "lanchat [OPTIONS] identity COMMAND",
        .summary = "show, export or import the key that is this node"};
}

}  // namespace lanchat::app
