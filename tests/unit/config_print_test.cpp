// Settings as text: what is printed can be read again, and the schema and README know every key.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "config/nearest.hpp"
#include "config/print.hpp"
#include "config/schema.hpp"

namespace lanchat::config_print_test {
namespace {

// Everything but whether the address was set, for what was printed is always set.
bool same(Config a, Config b) {
    a.ip_is_explicit = b.ip_is_explicit = true;
    return a == b;
}

// A starter file in which the `wanted`-th commented key is live; all of them if it is -1.
std::string uncommented(int wanted, int& count) {
    std::string text = starter_file();
    count = 0;
    for (std::size_t at = 0; (at = text.find("// \"", at)) != std::string::npos; ++at) {
        if (wanted == -1 || wanted == count) text.replace(at, 3, "   ");
        ++count;
    }
    return text;
}

}  // namespace

TEST_CASE("what is printed is read again as the same") {
    for (const auto* text :
         {"{}", R"({"cidr": "auto"})", R"({"ip": "", "cidr": ["10.0.0.0/24", "auto", "1.1.1.1"],
            "discovery": {"allow_public": true}})",
          R"({"name": "\"\\/ \u2028 ü", "peers": ["10.0.0.1:1", "10.0.0.2"]})",
          R"({"ui": {"mode": "json", "color": "never"}, "log": {"level": "off", "file": "/x//y"}})",
          R"({"discovery": {"rescan_s": 1, "probe_timeout_ms": 10, "beacon": false}})"}) {
        for (const bool with_origins : {false, true}) {
            CAPTURE(text);
            const auto settings = load_text(text, "f.json");
            REQUIRE(settings.faults.empty());
            const auto again = load_text(print_config(settings, with_origins), "again.json");
            CHECK(again.faults.empty());
            CHECK(same(again.config, settings.config));
        }
    }
}

TEST_CASE("the defaults are printed as plain JSON with every key") {
    const auto tree = nlohmann::json::parse(print_config(load_text("{}", "f"), false));

    CHECK(tree["ip"] == "127.0.0.1");
    CHECK(tree["cidr"] == "127.0.0.1/32");
    CHECK(tree["min_port"] == 4565);
    CHECK(tree["max_port"] == 4569);
    CHECK(tree["name"] == "");
    CHECK(tree["peers"] == nlohmann::json::array());
    CHECK(tree["discovery"]["probe_timeout_ms"] == 250);
    CHECK(tree["security"]["legacy_peers"] == true);
    for (const auto& key : keys()) {
        const auto leaf = std::string(key.leaf());
        const auto& parent = key.section().empty() ? tree : tree[std::string(key.section())];
        CAPTURE(std::string(key.path));
        CHECK(parent.contains(leaf));
    }
}

TEST_CASE("with origins each line tells who set it") {
    const auto text = print_config(load_text("{\n\"name\": \"dana\"}", "/c\n.json"), true);

    CHECK(text.find("\"name\": \"dana\",  // /c") != std::string::npos);
    CHECK(text.find(".json:2\n") != std::string::npos);
    CHECK(text.find("\"min_port\": 4565,  // default\n") != std::string::npos);
    CHECK(load_text(text, "again").faults.empty());
}

TEST_CASE("a path of any bytes can be printed") {
    Settings settings;
    settings.config.data_dir = "/tmp/\xff\xfe";

    CHECK(print_config(settings, false).find("\"data_dir\": \"/tmp/\uFFFD\uFFFD\"") !=
          std::string::npos);
}

TEST_CASE("the starter file changes nothing by itself") {
    const auto settings = load_text(starter_file(), "starter.json");

    CHECK(settings.faults.empty());
    CHECK(settings.config == Config{});
}

TEST_CASE("each line of the starter file, and all together, can be taken into use") {
    int count = 0;
    const auto all = load_text(uncommented(-1, count), "starter.json");
    CHECK(all.faults.empty());
    CHECK(all.origins.size() == keys().size());

    const int lines = count;
    CHECK(lines > 10);
    for (int line = 0; line < lines; ++line) {
        CAPTURE(line);
        CHECK(load_text(uncommented(line, count), "starter.json").faults.empty());
    }
}

TEST_CASE("the schema knows every key, and no others are allowed") {
    const auto schema = nlohmann::json::parse(config_schema());

    CHECK(schema["additionalProperties"] == false);
    for (const auto& key : keys()) {
        CAPTURE(std::string(key.path));
        const auto section = std::string(key.section());
        const auto& object = section.empty() ? schema : schema["properties"][section];
        REQUIRE(object["properties"].contains(std::string(key.leaf())));
        const auto& property = object["properties"][std::string(key.leaf())];
        CHECK(object["additionalProperties"] == false);
        CHECK(property["description"] == std::string(key.about));
        CHECK(property.contains("default"));
        if (key.kind == KeyKind::integer) CHECK(property["maximum"] == key.max);
        if (key.kind == KeyKind::choice) CHECK(property["enum"].size() == key.choices.size());
    }
}

TEST_CASE("the README explains every key with its option") {
    std::ifstream in(std::filesystem::path(LANCHAT_SOURCE_DIR) / "config" / "README.md");
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    REQUIRE_FALSE(text.empty());

    for (const auto& key : keys()) {
        const auto row = text.find("| `" + std::string(key.path) + "` |");
        CAPTURE(std::string(key.path));
        REQUIRE(row != std::string::npos);
        const auto line = text.substr(row, text.find('\n', row) - row);
        const auto flag = key.flag.substr(0, key.flag.find(','));
        CHECK(line.find(flag) != std::string::npos);
        if (key.kind != KeyKind::integer) continue;
        CHECK(line.find(std::to_string(key.min) + " to " + std::to_string(key.max)) !=
              std::string::npos);
    }
}

TEST_CASE("the nearest word is close, or none") {
    const std::vector<std::string> words{"name", "min_port", "max_port"};

    CHECK(nearest("nmae", words) == "name");
    CHECK(nearest("nam", words) == "name");
    CHECK(nearest("mni_prt", words) == "min_port");
    CHECK(nearest("color", words).empty());
    CHECK(nearest("", words).empty());
    CHECK(nearest("name", {}).empty());
    CHECK(nearest(std::string(65, 'n'), {std::string(66, 'n')}).empty());
}

}  // namespace lanchat::config_print_test
