// The strict reader: what a config file may say, and one clear line for each fault.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "config/layers.hpp"
#include "message/limits.hpp"

namespace lanchat::config_reader_test {
namespace {

std::vector<std::string> faults(std::string_view text) {
    std::vector<std::string> lines;
    for (const auto& fault : load_text(text, "f.json").faults) lines.push_back(to_string(fault));
    return lines;
}

// The only fault; what else there is makes the comparison fail.
std::string fault(std::string_view text) {
    std::string all;
    for (const auto& line : faults(text)) all += (all.empty() ? "" : "\n") + line;
    return all;
}

bool begins(const std::string& text, std::string_view start) {
    return std::string_view(text).substr(0, start.size()) == start;
}

}  // namespace

TEST_CASE("an empty object means the defaults") {
    const auto settings = load_text("{}", "f.json");

    CHECK(settings.faults.empty());
    CHECK(settings.config == Config{});
}

TEST_CASE("every key of a file reaches the config") {
    const auto settings = load_text(R"({
        "ip": "10.0.0.7", "cidr": ["10.0.0.0/24", "auto"], "min_port": 5000, "max_port": 5001,
        "name": "dana", "peers": ["10.1.0.1", "10.1.0.2:99"], "data_dir": "/d",
        "discovery": { "beacon": false, "scan": false, "scan_rate": 7, "probe_timeout_ms": 100,
                       "rescan_s": 9, "allow_public": true },
        "security": { "tls": true, "legacy_peers": false, "passphrase_file": "/p",
                      "on_key_change": "warn" },
        "history": { "enabled": false, "max_bytes": 65537, "max_age_days": 30 },
        "ui": { "mode": "json", "color": "never" },
        "log": { "level": "debug", "file": "/l" } })",
                                    "f.json");

    REQUIRE(settings.faults.empty());
    Config expected;
    expected.ip = "10.0.0.7";
    expected.ip_is_explicit = true;
    expected.cidrs = {Cidr{Ipv4{0x0A000000}, 24}};
    expected.cidr_auto = true;
    expected.ports = {5000, 5001};
    expected.name = "dana";
    expected.peers = {"10.1.0.1", "10.1.0.2:99"};
    expected.data_dir = "/d";
    expected.discovery = {false, false, 7, std::chrono::milliseconds{100}, std::chrono::seconds{9},
                          true};
    expected.security = {true, false, "/p", OnKeyChange::warn};
    expected.history = {false, 65'537, 30};
    expected.ui = {"json", ColorMode::never};
    expected.log = {"debug", "/l"};
    CHECK(settings.config == expected);
}

TEST_CASE("a comment may stand wherever a blank may, and a string is no comment") {
    const auto settings =
        load_text("// first\n{ // \"ip\": 5\n\"data_dir\": \"//x\\\"//y\" }// end", "f.json");

    CHECK(settings.faults.empty());
    CHECK(settings.config.data_dir == "//x\"//y");
}

TEST_CASE("a comment of the other kind is a syntax error") {
    CHECK(begins(fault("{ /* no */ }"), "f.json:1:3: syntax error"));
}

TEST_CASE("a syntax error names line and column") {
    CHECK(
        begins(fault("{\n  \"ip\": \"127.0.0.1\"\n  \"name\": 1\n}"), "f.json:3:8: syntax error"));
    CHECK(begins(fault("{\n  \"name\": \"a\",\n}"), "f.json:3:1: syntax error"));
    CHECK(begins(fault(""), "f.json:1:1: syntax error"));
    CHECK(begins(fault("{\"name\": \"a\nb\"}"), "f.json:1:12: syntax error"));
    CHECK(begins(fault("{} {}"), "f.json:1:4: syntax error"));
    CHECK(begins(fault("{\"name\": \"\xff\"}"), "f.json:1:11: syntax error"));
}

TEST_CASE("nothing hides behind a NUL byte") {
    CHECK(fault(std::string_view("{}\n\0 x", 6)) == "f.json:2:1: a NUL byte");
}

TEST_CASE("only an object is a config") {
    for (const auto* text : {"[]", "5", "\"ip\"", "null", "[{\"ip\": 5}]"}) {
        CAPTURE(text);
        CHECK(fault(text) == "f.json:1: expected an object: { … }");
    }
}

TEST_CASE("an unknown key is refused with the nearest known one") {
    CHECK(fault("{\n\"min_prot\": 5}") ==
          "f.json:2: min_prot: unknown key (did you mean min_port?)");
    CHECK(fault("{\"discovery\": {\n\"scan_rat\": 5}}") ==
          "f.json:2: discovery.scan_rat: unknown key (did you mean discovery.scan_rate?)");
    CHECK(fault("{\"discovry\": {\"beacon\": [{}]}}") ==
          "f.json:1: discovry: unknown key (did you mean discovery?)");
}

TEST_CASE("a key in the wrong place is refused with the right one") {
    CHECK(fault("{\"beacon\": true}") ==
          "f.json:1: beacon: unknown key (did you mean discovery.beacon?)");
    CHECK(fault("{\"log\": {\"ip\": \"\"}}") == "f.json:1: log.ip: unknown key (did you mean ip?)");
    CHECK(fault("{\"discovery.scan\": true}") ==
          "f.json:1: discovery.scan: unknown key (write \"scan\" inside \"discovery\")");
}

TEST_CASE("a key like no other is refused without a guess") {
    CHECK(fault("{\"frobnicate\": 5}") == "f.json:1: frobnicate: unknown key");
    CHECK(fault("{\"\": 5}") == "f.json:1: unknown key");
    CHECK(fault("{\"" + std::string(5000, 'x') + "\": 5}").ends_with(": unknown key"));
}

TEST_CASE("keys of later versions are unknown keys") {
    for (const auto* text :
         {R"({"files": {}})", R"({"web": {}})", R"({"notifications": {}})",
          R"({"security": {"trust": "open"}})", R"({"log": {"format": "text"}})"}) {
        CAPTURE(text);
        CHECK(fault(text).find("unknown key") != std::string::npos);
    }
}

TEST_CASE("a key given twice is refused, and both lines are named") {
    CHECK(fault("{\"ip\": \"127.0.0.1\",\n\n\"ip\": \"127.0.0.1\"}") ==
          "f.json:3: ip: given twice, first on line 1");
    CHECK(fault("{\"log\": {},\n\"log\": {}}") == "f.json:2: log: given twice, first on line 1");
    CHECK(fault("{\"log\": {\"file\": \"\",\n\"file\": \"\"}}") ==
          "f.json:2: log.file: given twice, first on line 1");
    CHECK(fault("{\"ui\": {\"color\": \"auto\"}, \"log\": {\"file\": \"\"}}").empty());
}

TEST_CASE("a value of the wrong type is refused") {
    CHECK(fault("{\"min_port\": \"80\"}") ==
          "f.json:1: min_port: expected a whole number from 1 to 65535, got \"80\"");
    CHECK(fault("{\"min_port\": 80.0}") ==
          "f.json:1: min_port: expected a whole number from 1 to 65535, got 80.0");
    CHECK(fault("{\"min_port\": null}") ==
          "f.json:1: min_port: expected a whole number from 1 to 65535, got null");
    CHECK(fault("{\"min_port\": [80]}") ==
          "f.json:1: min_port: expected a whole number from 1 to 65535, got a list");
    CHECK(fault("{\"ip\": {\"a\": {\"b\": 1}}}") ==
          "f.json:1: ip: expected a string, got an object");
    CHECK(fault("{\"ip\": 5}") == "f.json:1: ip: expected a string, got 5");
    CHECK(fault("{\"peers\": \"10.0.0.1\"}") ==
          "f.json:1: peers: expected a list of strings, got \"10.0.0.1\"");
    CHECK(fault("{\"log\": \"debug\"}") == "f.json:1: log: expected an object, got \"debug\"");
    CHECK(fault("{\"log\": []}") == "f.json:1: log: expected an object, got a list");
    CHECK(fault("{\"discovery\": {\"scan\": 1}}") ==
          "f.json:1: discovery.scan: expected true or false, got 1");
}

TEST_CASE("an entry of the wrong type is named by its place and line") {
    const auto found = faults("{\"peers\": [\n\"10.0.0.1\",\n5,\n[\"10.0.0.2\"],\n{},\n\"x\"]}");

    REQUIRE(found.size() == 4);
    CHECK(found[0] == "f.json:3: peers[1]: expected a string, got 5");
    CHECK(found[1] == "f.json:4: peers[2]: expected a string, got a list");
    CHECK(found[2] == "f.json:5: peers[3]: expected a string, got an object");
    CHECK(begins(found[3], "f.json:6: peers[4]: \"x\" is not an address"));
}

TEST_CASE("a number never wraps around into its range") {
    for (const auto* number : {"0", "-1", "65536", "4294967377", "9223372036854775808",
                               "18446744073709551615", "18446744073709551696", "1e3"}) {
        CAPTURE(number);
        const auto line = fault("{\"max_port\": " + std::string(number) + "}");
        CHECK(begins(line, "f.json:1: max_port: expected a whole number from 1 to 65535, got "));
    }
}

TEST_CASE("all faults are reported, from the top of the file to its end") {
    const auto found = faults(
        "{\n\"nam\": 1,\n\"ip\": \"x\",\n\"ui\": {\n\"mode\": \"jsn\"},\n"
        "\"min_port\": 9,\n\"max_port\": 8}");

    REQUIRE(found.size() == 4);
    CHECK(found[0] == "f.json:2: nam: unknown key (did you mean name?)");
    CHECK(found[1] == "f.json:3: ip: \"x\" is not an IPv4 address");
    CHECK(found[2] ==
          "f.json:5: ui.mode: expected one of auto, plain, json, got \"jsn\" (did you mean json?)");
    CHECK(found[3] == "f.json:6: min_port: 9 is greater than max_port 8");
}

TEST_CASE("a fault never writes control characters to a terminal") {
    const auto line = fault("{\"\\u001b[2J\\n\": 1}");

    CHECK(begins(line, "f.json:1: "));
    CHECK(std::ranges::none_of(line, [](char c) { return 0 <= c && c < 0x20; }));
}

TEST_CASE("depth and size are bounded") {
    const std::string deep = "{\"x\": " + std::string(10'000, '[') + std::string(10'000, ']') + "}";
    CHECK(faults(deep).back() == "f.json:1: nested too deeply");

    const std::string full = "{}" + std::string(limits::config_bytes_max - 2, ' ');
    CHECK(fault(full).empty());
    CHECK(fault(full + " ") == "f.json: larger than 64 KiB");
}

TEST_CASE("no beginning of a config is taken for the whole") {
    const std::string whole = R"({"cidr": ["10.0.0.0/24"], "log": {"level": "info"}})";
    REQUIRE(fault(whole).empty());

    for (std::size_t n = 0; n < whole.size(); ++n) {
        CAPTURE(n);
        CHECK_FALSE(fault(std::string_view(whole).substr(0, n)).empty());
    }
}

TEST_CASE("a file may be absent only where that is allowed") {
    const auto nowhere = std::filesystem::temp_directory_path() / "lanchat-none" / "config.json";

    CHECK(read_config_file(nowhere, true).faults.empty());
    const auto reading = read_config_file(nowhere, false);
    REQUIRE(reading.faults.size() == 1);
    CHECK(to_string(reading.faults[0]) ==
          nowhere.string() + ": cannot be read: No such file or directory");
    CHECK(read_config_file(std::filesystem::temp_directory_path(), true).faults.size() == 1);
}

TEST_CASE("the examples are sound") {
    const std::filesystem::path examples = std::filesystem::path(LANCHAT_SOURCE_DIR) / "examples";

    for (const auto* name : {"localhost.json", "office-lan.json"}) {
        Sources sources;
        sources.chosen_file = examples / name;
        const auto settings = load(sources);
        CAPTURE(name);
        CHECK(settings.faults.empty());
        CHECK_FALSE(settings.origins.empty());
    }
}

}  // namespace lanchat::config_reader_test
