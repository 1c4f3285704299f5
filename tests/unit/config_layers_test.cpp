// Precedence and origins: defaults < /etc < user file < environment < flags.
#include <doctest/doctest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "config/layers.hpp"
#include "config/print.hpp"

namespace lanchat::config_layers_test {
namespace {

namespace fs = std::filesystem;

// A directory of the test's own, gone with it.
class Folder {
  public:
    Folder() {
        std::string pattern = (fs::temp_directory_path() / "lanchat-XXXXXX").string();
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        path_ = pattern;
    }
    ~Folder() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    fs::path file(const std::string& name, const std::string& text) const {
        std::ofstream(path_ / name) << text;
        return path_ / name;
    }

  private:
    fs::path path_;
};

Assignment flag(std::string_view path, Value value, const std::string& name) {
    return {&known_key(path), std::move(value), {Origin::Kind::flag, name, 0}, {}};
}

Settings with_environment(const std::string& variable, const std::string& text) {
    Sources sources;
    sources.environment = {{variable, text}};
    return load(sources);
}

std::string only_fault(const Settings& settings) {
    return settings.faults.size() == 1 ? to_string(settings.faults[0]) : "not one fault";
}

}  // namespace

TEST_CASE("each layer wins over those below and says so") {
    const Folder folder;
    Sources sources;
    sources.site_file = folder.file(
        "site.json", "{\"name\": \"site\", \"data_dir\": \"/site\",\n\"min_port\": 4000}");
    sources.user_file =
        folder.file("user.json", "{\n\"name\": \"user\",\n\"log\": {\n\"level\": \"warn\"}}");
    sources.environment = {{"LANCHAT_LOG_LEVEL", "error"}, {"LANCHAT_UI_COLOR", "never"}};
    sources.flags = {flag("ui.color", std::string("always"), "--color")};

    const auto settings = load(sources);

    REQUIRE(settings.faults.empty());
    CHECK(settings.config.ports.min == 4000);
    CHECK(settings.config.data_dir == "/site");
    CHECK(settings.config.name == "user");
    CHECK(settings.config.log.level == "error");
    CHECK(settings.config.ui.color == ColorMode::always);
    CHECK(to_string(settings.origin_of("min_port")) == sources.site_file->string() + ":2");
    CHECK(to_string(settings.origin_of("name")) == sources.user_file->string() + ":2");
    CHECK(to_string(settings.origin_of("log.level")) == "LANCHAT_LOG_LEVEL");
    CHECK(to_string(settings.origin_of("ui.color")) == "--color");
    CHECK(to_string(settings.origin_of("max_port")) == "default");
}

TEST_CASE("a chosen file stands in the place of the other two") {
    const Folder folder;
    Sources sources;
    sources.site_file = folder.file("site.json", "{\"name\": \"site\"}");
    sources.user_file = folder.file("user.json", "{ broken");
    sources.chosen_file = folder.file("chosen.json", "{\"min_port\": 4566}");

    const auto settings = load(sources);

    CHECK(settings.faults.empty());
    CHECK(settings.config.name.empty());
    CHECK(settings.config.ports.min == 4566);
}

TEST_CASE("a chosen file must be there, the others need not") {
    const Folder folder;
    Sources sources;
    sources.site_file = "/nowhere/site.json";
    sources.user_file = "/nowhere/user.json";
    CHECK(load(sources).faults.empty());

    sources.chosen_file = "/nowhere/chosen.json";
    CHECK(only_fault(load(sources)) ==
          "/nowhere/chosen.json: cannot be read: No such file or directory");
}

TEST_CASE("rules over several keys see the sum of all layers") {
    const Folder folder;
    Sources sources;
    sources.user_file = folder.file("user.json", "{\"min_port\": 5000, \"max_port\": 5009}");
    CHECK(load(sources).faults.empty());

    sources.environment = {{"LANCHAT_MAX_PORT", "4999"}};
    CHECK(only_fault(load(sources)) ==
          sources.user_file->string() + ":1: min_port: 5000 is greater than max_port 4999");

    sources.flags = {flag("min_port", std::int64_t{4999}, "--ports")};
    CHECK(load(sources).faults.empty());
}

TEST_CASE("the faults of all layers are reported together") {
    const Folder folder;
    Sources sources;
    sources.site_file = folder.file("site.json", "{\"nmae\": \"\"}");
    sources.user_file = folder.file("user.json", "{\"ip\": 1}");
    sources.environment = {{"LANCHAT_MIN_PORT", "x"}};
    sources.flags = {flag("peers", std::vector<std::string>{"x"}, "--peer")};

    const auto faults = load(sources).faults;

    REQUIRE(faults.size() == 4);
    CHECK(faults[0].origin.name == sources.site_file->string());
    CHECK(faults[1].origin.name == sources.user_file->string());
    CHECK(faults[2].origin.name == "LANCHAT_MIN_PORT");
    CHECK(faults[3].origin.name == "--peer");
}

TEST_CASE("every key has a variable of its own that sets it") {
    for (const auto& key : keys()) {
        const auto name = key.environment_name();
        CAPTURE(name);
        const auto settings = with_environment(name, key.kind == KeyKind::integer ? "x" : "\x01");
        REQUIRE(settings.faults.size() == 1);
        CHECK(settings.faults[0].origin.name == name);
        CHECK(settings.faults[0].key.substr(0, key.path.size()) == key.path);
    }
}

TEST_CASE("variables are read by the kind of their key") {
    CHECK(with_environment("LANCHAT_MIN_PORT", "4567").config.ports.min == 4567);
    CHECK(with_environment("LANCHAT_DISCOVERY_SCAN_RATE", "9").config.discovery.scan_rate == 9);
    CHECK_FALSE(with_environment("LANCHAT_DISCOVERY_BEACON", "false").config.discovery.beacon);
    CHECK_FALSE(with_environment("LANCHAT_DISCOVERY_SCAN", "0").config.discovery.scan);
    CHECK(with_environment("LANCHAT_DISCOVERY_ALLOW_PUBLIC", "1").config.discovery.allow_public);
    CHECK(with_environment("LANCHAT_UI_MODE", "json").config.ui.mode == "json");
    CHECK(with_environment("LANCHAT_NAME", "J\u00f6rg").config.name == "J\u00f6rg");
}

TEST_CASE("lists in variables are separated by commas") {
    const auto peers = with_environment("LANCHAT_PEERS", "10.0.0.1, 10.0.0.2:80").config.peers;
    CHECK(peers == std::vector<std::string>{"10.0.0.1", "10.0.0.2:80"});

    CHECK(with_environment("LANCHAT_PEERS", "").config.peers.empty());
    CHECK(with_environment("LANCHAT_CIDR", "auto,10.0.0.0/24").config.cidr_auto);
    CHECK(only_fault(with_environment("LANCHAT_PEERS", "10.0.0.1,,10.0.0.2"))
              .find("LANCHAT_PEERS: peers[1]: ") == 0);
    CHECK(only_fault(with_environment("LANCHAT_CIDR", "")) ==
          "LANCHAT_CIDR: cidr: expected at least one entry");
}

TEST_CASE("a variable with a wrong value is refused") {
    CHECK(only_fault(with_environment("LANCHAT_MIN_PORT", "")) ==
          "LANCHAT_MIN_PORT: min_port: expected a whole number from 1 to 65535, got \"\"");
    CHECK(only_fault(with_environment("LANCHAT_MIN_PORT", "99999999999999999999")) ==
          "LANCHAT_MIN_PORT: min_port: expected a whole number from 1 to 65535, got "
          "\"99999999999999999999\"");
    CHECK(only_fault(with_environment("LANCHAT_MIN_PORT", "4565 ")) ==
          "LANCHAT_MIN_PORT: min_port: expected a whole number from 1 to 65535, got \"4565 \"");
    CHECK(only_fault(with_environment("LANCHAT_DISCOVERY_SCAN", "yes")) ==
          "LANCHAT_DISCOVERY_SCAN: discovery.scan: expected true or false, got \"yes\"");
    CHECK(only_fault(with_environment("LANCHAT_NAME", "a\xff")) ==
          "LANCHAT_NAME: name: a name must be valid UTF-8");
}

TEST_CASE("a slip in the name of a variable is refused, a stranger's is named") {
    CHECK(only_fault(with_environment("LANCHAT_PEER", "10.0.0.1")) ==
          "LANCHAT_PEER: unknown variable (did you mean LANCHAT_PEERS?)");

    const auto stranger = with_environment("LANCHAT_SOMETHING_ELSE", "1");
    CHECK(stranger.faults.empty());
    REQUIRE(stranger.warnings.size() == 1);
    CHECK(stranger.warnings[0].find("LANCHAT_SOMETHING_ELSE") == 0);

    const auto other = with_environment("PATH", "/bin");
    CHECK(other.faults.empty());
    CHECK(other.warnings.empty());
}

TEST_CASE("relative XDG directories are ignored, as their specification wants") {
    const auto file = [](Environment environment) {
        return user_config_file(environment).value_or("none").string();
    };

    CHECK(file({{"HOME", "/h"}}) == "/h/.config/lanchat/config.json");
    CHECK(file({{"HOME", "/h"}, {"XDG_CONFIG_HOME", "/x"}}) == "/x/lanchat/config.json");
    CHECK(file({{"HOME", "/h"}, {"XDG_CONFIG_HOME", "x"}}) == "/h/.config/lanchat/config.json");
    CHECK(file({{"HOME", "/h"}, {"XDG_CONFIG_HOME", ""}}) == "/h/.config/lanchat/config.json");
    CHECK(file({{"HOME", "h"}}) == "none");
    CHECK(file({}) == "none");
    CHECK(user_data_directory({{"HOME", "/h"}}) == "/h/.local/share/lanchat");
    CHECK(user_data_directory({{"HOME", "/h"}, {"XDG_DATA_HOME", "/d"}}) == "/d/lanchat");
}

}  // namespace lanchat::config_layers_test
