// The rows of the key table: each setting with its meaning, bounds and place in Config.
#include <array>

#include "config/keys.hpp"
#include "message/blank.hpp"
#include "message/limits.hpp"
#include "message/text.hpp"

namespace lanchat {
namespace {

using Refusal = std::optional<Failure>;
using Texts = std::vector<std::string>;

constexpr std::array<std::string_view, 3> modes{"auto", "plain", "json"};
constexpr std::array<std::string_view, 2> on_key_changes{"block", "warn"};
constexpr std::array<std::string_view, 3> colors{"auto", "always", "never"};
constexpr std::array<std::string_view, 6> levels{"trace", "debug", "info", "warn", "error", "off"};

template <std::size_t n>
int place_of(const std::array<std::string_view, n>& choices, const Value& value) {
    const auto& text = std::get<std::string>(value);
    for (std::size_t i = 0; i < n; ++i) {
        if (choices[i] == text) return static_cast<int>(i);
    }
    return 0;  // problems() has refused everything that is not there
}

template <class T>
T number(const Value& value) {
    return static_cast<T>(std::get<std::int64_t>(value));
}

// Only the address of one machine can be bound or dialled.
Refusal refuse_address(Ipv4 ip) {
    if (ip.bits >> 24 == 0) return Failure{to_string(ip) + " is not the address of a machine"};
    if (ip.bits >> 28 >= 0xE) {
        return Failure{to_string(ip) + " is a multicast, reserved or broadcast address"};
    }
    return std::nullopt;
}

Refusal refuse_ip(const std::string& text) {
    if (text.empty()) return std::nullopt;
    const auto ip = parse_ipv4(text);
    if (!ip) return Failure{ip.why()};
    return refuse_address(*ip);
}

Refusal refuse_cidr(const std::string& text) {
    if (text == "auto") return std::nullopt;
    const auto cidr = parse_cidr(text);
    if (!cidr) return Failure{cidr.why() + ", nor \"auto\""};
    return std::nullopt;
}

Refusal refuse_peer(const std::string& text) {
    if (const auto ip = parse_ipv4(text)) return refuse_address(*ip);
    if (const auto endpoint = parse_endpoint(text)) return refuse_address(endpoint->ip);
    return Failure{"\"" + text.substr(0, limits::name_bytes_max) +
                   "\" is not an address like 192.168.1.7 or 192.168.1.7:4565"};
}

Refusal refuse_listen(const std::string& text) {
    if (text.empty() || parse_endpoint(text)) return std::nullopt;
    return Failure{"\"" + text.substr(0, limits::name_bytes_max) +
                   "\" is not an address and a port like 127.0.0.1:9090"};
}

Refusal refuse_name(const std::string& text) {
    if (text.empty()) return std::nullopt;
    if (!is_utf8(text)) return Failure{"a name must be valid UTF-8"};
    if (is_blank(text)) return Failure{"a name needs something that can be seen"};
    if (is_name(text)) return std::nullopt;
    return Failure{"a name has at most " + std::to_string(limits::name_code_points_max) +
                   " characters and " + std::to_string(limits::name_bytes_max) + " bytes"};
}

Refusal refuse_path(const std::string& text) {
    if (text == "~" || text.starts_with("~/")) {
        return Failure{"\"~\" stands for nothing here: write the path out"};
    }
    return std::nullopt;
}

Value cidr_texts(const Config& config) {
    Texts texts;
    if (config.cidr_auto) texts.emplace_back("auto");
    for (const auto& cidr : config.cidrs) texts.push_back(to_string(cidr));
    return texts;
}

void set_cidrs(Config& config, const Value& value) {
    config.cidr_auto = false;
    config.cidrs.clear();
    for (const auto& text : std::get<Texts>(value)) {
        if (text == "auto") {
            config.cidr_auto = true;
        } else {
            config.cidrs.push_back(*parse_cidr(text));
        }
    }
}

void set_ip(Config& config, const Value& value) {
    config.ip = std::get<std::string>(value);
    config.ip_is_explicit = true;
}

constexpr std::array table{
    Key{.path = "ip",
        .kind = KeyKind::text,
        .about = "address to bind; empty: the own addresses inside the CIDRs",
        .flag = "--ip",
        .metavar = "ADDR",
        .refuse = refuse_ip,
        .get = [](const Config& c) -> Value { return c.ip; },
        .set = set_ip},
    Key{.path = "cidr",
        .kind = KeyKind::list,
        .about = "range to scan, repeatable; auto: private subnets of real interfaces",
        .flag = "--cidr",
        .metavar = "CIDR",
        .min = 1,
        .max = limits::targets_max,
        .refuse = refuse_cidr,
        .get = cidr_texts,
        .set = set_cidrs},
    Key{.path = "min_port",
        .kind = KeyKind::integer,
        .about = "first port to bind and to scan",
        .flag = "--ports",
        .metavar = {},
        .min = 1,
        .max = 65535,
        .get = [](const Config& c) -> Value { return std::int64_t{c.ports.min}; },
        .set = [](Config& c, const Value& v) { c.ports.min = number<std::uint16_t>(v); }},
    Key{.path = "max_port",
        .kind = KeyKind::integer,
        .about = "last port to bind and to scan",
        .flag = "--ports",
        .metavar = {},
        .min = 1,
        .max = 65535,
        .get = [](const Config& c) -> Value { return std::int64_t{c.ports.max}; },
        .set = [](Config& c, const Value& v) { c.ports.max = number<std::uint16_t>(v); }},
    Key{.path = "name",
        .kind = KeyKind::text,
        .about = "nickname; empty: the user's name",
        .flag = "-n,--name",
        .metavar = "NAME",
        .refuse = refuse_name,
        .get = [](const Config& c) -> Value { return c.name; },
        .set = [](Config& c, const Value& v) { c.name = std::get<std::string>(v); }},
    Key{.path = "peers",
        .kind = KeyKind::list,
        .about = "also try this address, repeatable",
        .flag = "--peer",
        .metavar = "IP[:PORT]",
        .min = 0,
        .max = limits::peers_max,
        .refuse = refuse_peer,
        .get = [](const Config& c) -> Value { return c.peers; },
        .set = [](Config& c, const Value& v) { c.peers = std::get<Texts>(v); }},
    Key{.path = "data_dir",
        .kind = KeyKind::text,
        .about = "where the data of the node lives; empty: below $XDG_DATA_HOME/lanchat",
        .flag = "-d,--data-dir",
        .metavar = "DIR",
        .refuse = refuse_path,
        .get = [](const Config& c) -> Value { return c.data_dir; },
        .set = [](Config& c, const Value& v) { c.data_dir = std::get<std::string>(v); }},
    Key{.path = "discovery.beacon",
        .kind = KeyKind::boolean,
        .about = "call by UDP multicast on each LAN that this node is here, and hear others call",
        .flag = "--no-beacon",
        .metavar = {},
        .get = [](const Config& c) -> Value { return c.discovery.beacon; },
        .set = [](Config& c, const Value& v) { c.discovery.beacon = std::get<bool>(v); }},
    Key{.path = "discovery.scan",
        .kind = KeyKind::boolean,
        .about = "try every address and port of the ranges",
        .flag = {},
        .metavar = {},
        .get = [](const Config& c) -> Value { return c.discovery.scan; },
        .set = [](Config& c, const Value& v) { c.discovery.scan = std::get<bool>(v); }},
    Key{.path = "discovery.scan_rate",
        .kind = KeyKind::integer,
        .about = "connection attempts a second, loopback not counted",
        .flag = {},
        .metavar = {},
        .min = 1,
        .max = 10'000,
        .get = [](const Config& c) -> Value { return std::int64_t{c.discovery.scan_rate}; },
        .set = [](Config& c, const Value& v) { c.discovery.scan_rate = number<int>(v); }},
    Key{.path = "discovery.probe_timeout_ms",
        .kind = KeyKind::integer,
        .about = "milliseconds until an address counts as silent",
        .flag = {},
        .metavar = {},
        .min = 10,
        .max = 10'000,
        .get = [](const Config& c) -> Value { return c.discovery.probe_timeout.count(); },
        .set =
            [](Config& c, const Value& v) {
                c.discovery.probe_timeout = std::chrono::milliseconds{number<int>(v)};
            }},
    Key{.path = "discovery.rescan_s",
        .kind = KeyKind::integer,
        .about = "seconds between two sweeps when nothing happens",
        .flag = {},
        .metavar = {},
        .min = 1,
        .max = 86'400,
        .get = [](const Config& c) -> Value { return c.discovery.rescan.count(); },
        .set = [](Config& c,
                  const Value& v) { c.discovery.rescan = std::chrono::seconds{number<int>(v)}; }},
    Key{.path = "discovery.allow_public",
        .kind = KeyKind::boolean,
        .about = "permit ranges outside the private, link-local and loopback networks",
        .flag = {},
        .metavar = {},
        .get = [](const Config& c) -> Value { return c.discovery.allow_public; },
        .set = [](Config& c, const Value& v) { c.discovery.allow_public = std::get<bool>(v); }},
    Key{.path = "discovery.peers_command",
        .kind = KeyKind::text,
        .about = "a program that prints HOST or HOST:PORT lines, which are tried as given peers",
        .flag = {},
        .metavar = {},
        .get = [](const Config& c) -> Value { return c.discovery.peers_command; },
        .set = [](Config& c,
                  const Value& v) { c.discovery.peers_command = std::get<std::string>(v); }},
    Key{.path = "security.tls",
        .kind = KeyKind::boolean,
        .about = "encrypt links; false: only where all CIDRs are loopback, for measurements",
        .flag = {},
        .metavar = {},
        .get = [](const Config& c) -> Value { return c.security.tls; },
        .set = [](Config& c, const Value& v) { c.security.tls = std::get<bool>(v); }},
    Key{.path = "security.legacy_peers",
        .kind = KeyKind::boolean,
        .about = "talk to peers of the original plaintext protocol",
        .flag = "--no-legacy",
        .metavar = {},
        .get = [](const Config& c) -> Value { return c.security.legacy_peers; },
        .set = [](Config& c, const Value& v) { c.security.legacy_peers = std::get<bool>(v); }},
    Key{.path = "security.passphrase_file",
        .kind = KeyKind::text,
        .about = "only who knows the passphrase in this file gets in; - asks for it",
        .flag = "--passphrase-file",
        .metavar = "FILE",
        .refuse = refuse_path,
        .get = [](const Config& c) -> Value { return c.security.passphrase_file; },
        .set = [](Config& c,
                  const Value& v) { c.security.passphrase_file = std::get<std::string>(v); }},
    Key{.path = "security.on_key_change",
        .kind = KeyKind::choice,
        .about = "a new key under a verified name: that name means nobody (block) or who is here",
        .flag = {},
        .metavar = {},
        .choices = on_key_changes,
        .get = [](const Config& c) -> Value {
            return std::string(on_key_changes[static_cast<std::size_t>(c.security.on_key_change)]);
        },
        .set =
            [](Config& c, const Value& v) {
                c.security.on_key_change = OnKeyChange{place_of(on_key_changes, v)};
            }},
    Key{.path = "history.enabled",
        .kind = KeyKind::boolean,
        .about = "keep the history, the key and known peers on disk",
        .flag = "--ephemeral",
        .metavar = {},
        .get = [](const Config& c) -> Value { return c.history.enabled; },
        .set = [](Config& c, const Value& v) { c.history.enabled = std::get<bool>(v); }},
    Key{.path = "history.max_bytes",
        .kind = KeyKind::integer,
        .about = "bytes of history that are kept; then the oldest lines of the greatest author go",
        .flag = {},
        .metavar = {},
        .min = 65'536,
        .max = std::int64_t{1} << 50,
        .get = [](const Config& c) -> Value {
            return static_cast<std::int64_t>(c.history.max_bytes);
        },
        .set = [](Config& c, const Value& v) { c.history.max_bytes = number<std::uint64_t>(v); }},
    Key{.path = "history.max_age_days",
        .kind = KeyKind::integer,
        .about = "days since it came here that a line is kept; 0: any number",
        .flag = {},
        .metavar = {},
        .min = 0,
        .max = 36'500,
        .get = [](const Config& c) -> Value { return std::int64_t{c.history.max_age_days}; },
        .set = [](Config& c, const Value& v) { c.history.max_age_days = number<int>(v); }},
    Key{.path = "ui.mode",
        .kind = KeyKind::choice,
        .about = "how to show the chat: lines for people (plain) or for programs (json)",
        .flag = "--plain,--json",
        .metavar = {},
        .choices = modes,
        .get = [](const Config& c) -> Value { return c.ui.mode; },
        .set = [](Config& c, const Value& v) { c.ui.mode = std::get<std::string>(v); }},
    Key{.path = "ui.color",
        .kind = KeyKind::choice,
        .about = "colours; auto: on a terminal only",
        .flag = {},
        .metavar = {},
        .choices = colors,
        .get = [](const Config& c) -> Value {
            return std::string(colors[static_cast<std::size_t>(c.ui.color)]);
        },
        .set = [](Config& c, const Value& v) { c.ui.color = ColorMode{place_of(colors, v)}; }},
    Key{.path = "metrics.listen",
        .kind = KeyKind::text,
        .about = "serve figures to Prometheus at http://ADDR:PORT/metrics; empty: nowhere",
        .flag = "--metrics",
        .metavar = "ADDR:PORT",
        .refuse = refuse_listen,
        .get = [](const Config& c) -> Value { return c.metrics.listen; },
        .set = [](Config& c, const Value& v) { c.metrics.listen = std::get<std::string>(v); }},
    Key{.path = "log.level",
        .kind = KeyKind::choice,
        .about = "trace, debug, info, warn, error or off",
        .flag = "--log-level",
        .metavar = "L",
        .choices = levels,
        .get = [](const Config& c) -> Value { return c.log.level; },
        .set = [](Config& c, const Value& v) { c.log.level = std::get<std::string>(v); }},
    Key{.path = "log.file",
        .kind = KeyKind::text,
        .about = "file for the log; empty: stderr",
        .flag = "--log-file",
        .metavar = "F",
        .refuse = refuse_path,
        .get = [](const Config& c) -> Value { return c.log.file; },
        .set = [](Config& c, const Value& v) { c.log.file = std::get<std::string>(v); }},
};

}  // namespace

std::span<const Key> keys() { return table; }

}  // namespace lanchat
