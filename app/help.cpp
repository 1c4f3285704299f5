// Help with examples first. What an option means comes from the key table where it sets a key.
#include "app/help.hpp"

#include <google/protobuf/stubs/common.h>
#include <grpcpp/version_info.h>
#include <spdlog/version.h>

#include <algorithm>
#include <array>
#include <asio/version.hpp>
#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "app/commands/command.hpp"
#include "config/keys.hpp"
#include "config/version.hpp"

namespace lanchat::app {
namespace {

struct Row {
    std::string_view option;
    std::string_view meaning;  // or the path of a key, whose meaning it is
};

constexpr std::array rows{
    Row{"-c, --config FILE", "read this file, and neither the user's nor that of /etc"},
    Row{"-P, --profile NAME", "separate identity and data"},
    Row{"-d, --data-dir DIR", "data_dir"},
    Row{"-n, --name NAME", "name"},
    Row{"    --ip ADDR", "ip"},
    Row{"    --cidr CIDR", "cidr"},
    Row{"    --lan", "same as --cidr auto with an empty ip"},
    Row{"    --ports MIN-MAX", "ports to bind (the first free one) and to scan"},
    Row{"    --peer IP[:PORT]", "peers"},
    Row{"    --no-beacon", "no UDP announcements, and none heard"},
    Row{"    --passphrase-file FILE", "security.passphrase_file"},
    Row{"    --no-legacy", "refuse peers of the original plaintext protocol"},
    Row{"    --ephemeral", "keep nothing on disk; commands find no such node"},
    Row{"    --plain", "lines for people, in and out"},
    Row{"    --json", "lines for programs, in and out"},
    Row{"    --linger S", "seconds to deliver after the end of input (5); inf: stay"},
    Row{"    --metrics ADDR:PORT", "metrics.listen"},
    Row{"    --log-level L", "log.level"},
    Row{"    --log-file F", "log.file"},
    Row{"-q, --quiet", "chat and errors only"},
    Row{"-h, --help", "this text"},
    Row{"-V, --version", "version of the program and its libraries"},
};

constexpr std::string_view opening =
    R"(lanchat: chat with everybody on the local network, without a server.

Every line you type goes to all peers; every line of a peer is printed.

Examples:
  lanchat                               chat with the other nodes on this machine
  lanchat --lan                         chat with the local network
  lanchat --cidr 192.168.7.0/24 -n dana the same in one subnet, under a name
  lanchat --peer 192.168.7.20:4565      also try an address that is not scanned
  make 2>&1 | lanchat --lan             publish the output of a program
  lanchat --json | jq -r .text          give what is said to a program
  lanchat send --wait all 'lunch?'      say a line through the node that runs
  lanchat send -t dana 'just us?'       to one peer alone; it waits if dana is away
  lanchat tail -f                       see what is said

Usage:
  lanchat [OPTIONS]                     run a node here
  lanchat [OPTIONS] COMMAND             ask the node that runs; lanchat COMMAND --help
)";

constexpr std::string_view last_words = R"(
Exit codes:
  0  done                   1  failed                    2  usage or config error
  3  no running node        4  not delivered in time     5  refused

Files:
  $XDG_CONFIG_HOME/lanchat/config.json  settings of the user (~/.config/lanchat/config.json)
  /etc/lanchat/config.json              settings of the machine
  $XDG_DATA_HOME/lanchat/PROFILE        data of a node (~/.local/share/lanchat/PROFILE)

Later wins: defaults, /etc, the user's file, LANCHAT_* variables, options. Every key of the
config has its variable: discovery.scan_rate is LANCHAT_DISCOVERY_SCAN_RATE.
)";

std::string format_row(const Row& row) {
    constexpr std::size_t column = 22;
    std::string line = "  " + std::string(row.option);
    line.resize(std::max(line.size() + 1, column + 2), ' ');
    const Key* key = find_key(row.meaning);
    return line + std::string(key == nullptr ? row.meaning : key->about) + '\n';
}

// Those that ask a node, in lines that begin far to the right.
std::string names_of_commands() {
    constexpr std::size_t margin = 10;
    constexpr std::size_t columns = 87;
    std::string text;
    std::string line;
    for (const auto& command : all_commands()) {
        if (command.needs != Command::Needs::node) continue;
        if (!line.empty() && line.size() + 2 + command.name.size() > columns) {
            text += line + ",\n";
            line.clear();
        }
        line += (line.empty() ? std::string(margin, ' ') : ", ") + std::string(command.name);
    }
    return text + line + '\n';
}

std::string usage_of_commands() {
    constexpr std::size_t column = 40;
    std::string text = names_of_commands();
    for (const auto& command : all_commands()) {
        if (command.needs == Command::Needs::node) continue;
        std::string line = "  " + std::string(command.usage);
        line.resize(column, ' ');
        text += line.append(command.summary) + '\n';
    }
    return text;
}

std::string dotted(int major, int minor, int patch) {
    return std::to_string(major) + '.' + std::to_string(minor) + '.' + std::to_string(patch);
}

}  // namespace

std::string help_text() {
    std::string text(opening);
    text += usage_of_commands() + "\nOptions:\n";
    for (const auto& row : rows) text += format_row(row);
    return text.append(last_words);
}

std::string version_text() {
    constexpr int protobuf = GOOGLE_PROTOBUF_VERSION;
    constexpr int asio = ASIO_VERSION;
    return "lanchat " + std::string(program_version()) + "\n" +  //
           "gRPC " GRPC_CPP_VERSION_STRING "\n" +                //
           "protobuf " + dotted(protobuf / 1'000'000, protobuf / 1000 % 1000, protobuf % 1000) +
           "\nasio " + dotted(asio / 100'000, asio / 100 % 1000, asio % 100) +  //
           "\nnlohmann_json " +
           dotted(NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR,
                  NLOHMANN_JSON_VERSION_PATCH) +
           "\nspdlog " + dotted(SPDLOG_VER_MAJOR, SPDLOG_VER_MINOR, SPDLOG_VER_PATCH) + "\n";
}

}  // namespace lanchat::app
