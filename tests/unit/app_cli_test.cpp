// The command line: options, commands, exit codes, and help for who got them wrong.
#include <doctest/doctest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "config/keys.hpp"
#include "config/layers.hpp"
#include "config/print.hpp"
#include "config/version.hpp"
#include "tests/unit/app_cli_desk.hpp"

namespace lanchat::app::app_cli_test {

TEST_CASE("without options a node runs with the defaults") {
    Desk desk;

    const auto options = desk.options({});

    CHECK(options.config == Config{});
    CHECK(options.profile == "default");
    CHECK_FALSE(options.profile_chosen);
    CHECK(options.linger == std::chrono::seconds{5});
    CHECK_FALSE(options.quiet);
    CHECK(desk.err.empty());
}

TEST_CASE("every option reaches what it sets") {
    Desk desk;

    const auto options = desk.options({"-P",
                                       "p",
                                       "-d",
                                       "/d",
                                       "-n",
                                       "dana",
                                       "--ip",
                                       "10.0.0.7",
                                       "--cidr",
                                       "10.0.0.0/24",
                                       "--cidr",
                                       "10.0.1.0/24",
                                       "--ports",
                                       "5000-5002",
                                       "--peer",
                                       "10.9.9.9",
                                       "--peer=10.9.9.8:7",
                                       "--no-beacon",
                                       "--no-legacy",
                                       "--json",
                                       "--linger",
                                       "9",
                                       "--log-level",
                                       "debug",
                                       "--log-file",
                                       "/l",
                                       "-q"});

    Config expected;
    expected.ip = "10.0.0.7";
    expected.ip_is_explicit = true;
    expected.cidrs = {Cidr{Ipv4{0x0A000000}, 24}, Cidr{Ipv4{0x0A000100}, 24}};
    expected.ports = {5000, 5002};
    expected.name = "dana";
    expected.peers = {"10.9.9.9", "10.9.9.8:7"};
    expected.data_dir = "/d";
    expected.discovery.beacon = false;
    expected.security.legacy_peers = false;
    expected.ui.mode = "json";
    expected.log = {"debug", "/l"};
    CHECK(options.config == expected);
    CHECK(options.profile == "p");
    CHECK(options.profile_chosen);
    CHECK(options.linger == std::chrono::seconds{9});
    CHECK(options.quiet);
}

TEST_CASE("--lan is --cidr auto with an empty ip") {
    Desk desk;
    desk.write(".config/lanchat/config.json", R"({"ip": "127.0.0.1"})");

    const auto lan = desk.options({"--lan"}).config;
    CHECK(lan == desk.options({"--cidr", "auto", "--ip", ""}).config);
    CHECK(lan.cidr_auto);
    CHECK(lan.cidrs.empty());
    CHECK(lan.ip.empty());

    CHECK(desk.options({"--lan", "--cidr", "10.0.0.0/24"}).config.cidrs.size() == 1);
    CHECK(has(desk.refusal({"--lan", "--ip", "10.0.0.1"}), "excludes"));
}

TEST_CASE("an option may have an empty value") {
    Desk desk;
    desk.write("site.json", R"({"name": "site"})");

    CHECK(desk.options({}).config.name == "site");
    CHECK(desk.options({"-n", ""}).config.name.empty());
    CHECK(desk.options({"--name="}).config.name.empty());
    CHECK(desk.options({"--name=", "--ports", "4565"}).config.ports == PortRange{4565, 4565});
}

TEST_CASE("linger is a number of seconds or without end") {
    Desk desk;

    CHECK(desk.options({"--linger", "0"}).linger == std::chrono::seconds{0});
    CHECK_FALSE(desk.options({"--linger", "inf"}).linger.has_value());
    for (const auto* text :
         {"", "-1", "1.5", "5s", "infinite", "1000001", "99999999999999999999"}) {
        CAPTURE(text);
        CHECK(has(desk.refusal({"--linger", text}), "--linger: expected seconds"));
    }
}

TEST_CASE("bad ports and ranges are refused") {
    Desk desk;

    for (const auto* ports : {"0", "0-5", "70000", "4565-70000", "4569-4565", "x", "", "1-2-3",
                              "4565-", "-4565", " 1-2"}) {
        CAPTURE(ports);
        CHECK(has(desk.refusal({"--ports", ports}), "--ports: "));
    }
    CHECK(desk.refusal({"--cidr", "8.8.8.0/24"}) ==
          "lanchat: --cidr: cidr: 8.8.8.0/24 is not private; discovery.allow_public permits to "
          "scan it\n");
    CHECK(has(desk.refusal({"--cidr", "0.0.0.0/0"}), "not private"));
    CHECK(has(desk.refusal({"--cidr", "[10.0.0.0/24]"}), "is not a CIDR range"));
    CHECK(has(desk.refusal({"--cidr", "10.0.0.0/24", "10.0.1.0/24"}), "unknown word"));
}

TEST_CASE("a name over the limit or with controls is refused") {
    Desk desk;

    CHECK(desk.options({"-n", std::string(32, 'n')}).config.name.size() == 32);
    CHECK(has(desk.refusal({"-n", std::string(33, 'n')}), "--name: name: a name has at most"));
    CHECK(has(desk.refusal({"-n", "a\033[31m"}), "control characters"));
    CHECK(has(desk.refusal({"-n", "\xc3"}), "UTF-8"));
}

TEST_CASE("an unknown option or word is refused with the one that was meant") {
    Desk desk;

    CHECK(desk.refusal({"--prots", "1-2"}) ==
          "lanchat: unknown option \"--prots\" (did you mean --ports?)\nTry 'lanchat --help'.\n");
    CHECK(has(desk.refusal({"--lam=3"}), "\"--lam\" (did you mean --lan?)"));
    CHECK(has(desk.refusal({"conifg", "print"}), "\"conifg\" (did you mean config?)"));
    CHECK(has(desk.refusal({"config", "prnt"}), "\"prnt\" (did you mean print?)"));
    CHECK(has(desk.refusal({"config", "print", "--orign"}), "(did you mean --origin?)"));
    CHECK(has(desk.refusal({"hello world"}), "unknown word \"hello world\"\n"));
    CHECK(has(desk.refusal({"-x"}), "unknown option \"-x\"\n"));
    CHECK(has(desk.refusal({"\033[2J"}), "unknown word"));
    CHECK_FALSE(has(desk.err, "\033"));
}

TEST_CASE("what later versions will know is unknown now") {
    Desk desk;

    for (const auto* option : {"--tui", "--web", "--no-web", "--log-format=json"}) {
        CAPTURE(option);
        CHECK(has(desk.refusal({option}), "unknown option"));
    }
    for (const auto* command : {"daemon", "attach", "top", "file"}) {
        CAPTURE(command);
        CHECK(has(desk.refusal({command}), "unknown word"));
    }
}

TEST_CASE("an option in the wrong form is refused") {
    Desk desk;

    CHECK_FALSE(desk.refusal({"--ip"}).empty());
    CHECK_FALSE(desk.refusal({"-n", "a", "-n", "b"}).empty());
    CHECK_FALSE(desk.refusal({"--json=false"}).empty());
    CHECK_FALSE(desk.refusal({"--plain", "--json"}).empty());
    CHECK_FALSE(desk.refusal({"-P", "../x"}).empty());
    CHECK_FALSE(desk.refusal({"-P", ""}).empty());
    CHECK(desk.options({"--json", "--json"}).config.ui.mode == "json");
}

TEST_CASE("-P without -d is separate also where a file names the place of the data") {
    Desk desk;
    desk.environment["LANCHAT_DATA_DIR"] = "/place";

    CHECK(desk.options({}).config.data_dir == "/place");
    CHECK_FALSE(desk.options({}).profile_chosen);
    CHECK(desk.options({"-P", "bob"}).config.data_dir == "/place/bob");
    CHECK(desk.options({"-P", "bob", "-d", "/other"}).config.data_dir == "/other");
    CHECK(desk.options({"-d", "/other"}).profile_chosen);
}

TEST_CASE("the layers are read from where they belong") {
    Desk desk;
    desk.write("site.json", R"({"name": "site", "data_dir": "/site", "log": {"level": "warn"}})");
    desk.write(".config/lanchat/config.json", R"({"name": "user", "log": {"level": "error"}})");
    desk.environment["LANCHAT_LOG_LEVEL"] = "debug";

    auto config = desk.options({}).config;
    CHECK(config.data_dir == "/site");
    CHECK(config.name == "user");
    CHECK(config.log.level == "debug");
    CHECK(desk.options({"--log-level", "off"}).config.log.level == "off");

    const auto chosen = desk.write("chosen.json", "{}");
    config = desk.options({"-c", chosen.string()}).config;
    CHECK(config.name.empty());
    CHECK(config.data_dir.empty());
    CHECK(config.log.level == "debug");
}

TEST_CASE("a config file that is missing or faulty ends the program with 2") {
    Desk desk;

    CHECK(desk.refusal({"-c", "/nowhere.json"}) ==
          "/nowhere.json: cannot be read: No such file or directory\n");
    CHECK_FALSE(desk.refusal({"-c", ""}).empty());

    const auto file = desk.write(".config/lanchat/config.json", "{\n\"min_prot\": 1,\n\"ip\": 2}");
    CHECK(desk.refusal({}) == file.string() +
                                  ":2: min_prot: unknown key (did you mean min_port?)\n" +
                                  file.string() + ":3: ip: expected a string, got 2\n");
}

TEST_CASE("faults of all layers are reported in one go") {
    Desk desk;
    desk.environment["LANCHAT_MIN_PORT"] = "0";
    desk.write("site.json", "{\"x\": 1}");

    const auto text = desk.refusal({"--peer", "x"});

    CHECK(std::count(text.begin(), text.end(), '\n') == 3);
    CHECK(has(text, "site.json:1: x: unknown key\n"));
    CHECK(has(text, "\nlanchat: LANCHAT_MIN_PORT: min_port: "));
    CHECK(has(text, "\nlanchat: --peer: peers[0]: "));
}

TEST_CASE("a stranger's variable is named and stops nobody") {
    Desk desk;
    desk.environment["LANCHAT_SOMETHING_ELSE"] = "1";

    desk.options({});

    CHECK(desk.err == "lanchat: LANCHAT_SOMETHING_ELSE means nothing to lanchat and is ignored\n");
}

TEST_CASE("config print prints what a node would use") {
    Desk desk;

    const auto line = desk.run({"config", "print", "--ports", "5000-5001"});

    CHECK_FALSE(line.run);
    CHECK(line.exit_code == 0);
    CHECK(desk.err.empty());
    CHECK(load_text(desk.out, "printed").config.ports == PortRange{5000, 5001});
}

TEST_CASE("options may stand before or after a command") {
    Desk desk;

    desk.run({"-n", "dana", "config", "print"});
    const auto before = desk.out;
    desk.run({"config", "-n", "dana", "print"});
    const auto between = desk.out;
    desk.run({"config", "print", "-n", "dana"});

    CHECK(has(desk.out, "\"name\": \"dana\""));
    CHECK(before == desk.out);
    CHECK(between == desk.out);
}

TEST_CASE("config print --origin names file and line, variable and option") {
    Desk desk;
    const auto file = desk.write("site.json", "{\n\"name\": \"site\"}");
    desk.environment["LANCHAT_LOG_LEVEL"] = "off";

    desk.run({"config", "print", "--origin", "--ports", "4565"});

    CHECK(has(desk.out, "\"name\": \"site\",  // " + file.string() + ":2\n"));
    CHECK(has(desk.out, "\"level\": \"off\",  // LANCHAT_LOG_LEVEL\n"));
    CHECK(has(desk.out, "\"max_port\": 4565,  // --ports\n"));
    CHECK(has(desk.out, "\"data_dir\": \"\",  // default\n"));
}

TEST_CASE("config print of faulty settings prints the faults and exits with 2") {
    Desk desk;

    CHECK(has(desk.refusal({"config", "print", "--ip", "x"}), "--ip: ip: "));
}

TEST_CASE("config check judges one file and nothing around it") {
    Desk desk;
    desk.environment["LANCHAT_MIN_PORT"] = "x";
    const auto good = desk.write("good.json", "{}");
    const auto bad = desk.write("bad.json", "{\"ip\": 1,\n\"x\": 2}");

    CHECK(desk.run({"config", "check", good.string()}).exit_code == 0);
    CHECK(desk.out == good.string() + ": ok\n");
    CHECK(desk.err.empty());

    CHECK(desk.refusal({"config", "check", bad.string()}) ==
          bad.string() + ":1: ip: expected a string, got 1\n" + bad.string() +
              ":2: x: unknown key\n");
    CHECK(has(desk.refusal({"config", "check", "/nowhere"}), "/nowhere: cannot be read"));
    CHECK(has(desk.refusal({"config", "check"}), "needs the FILE"));
    CHECK(has(desk.refusal({"config", "check", good.string(), "x"}), "unknown word \"x\""));
}

TEST_CASE("config needs one command, and only one") {
    Desk desk;

    CHECK(has(desk.refusal({"config"}), "print, check, schema, init"));
    CHECK(has(desk.refusal({"config", "print", "schema"}), "unknown word \"schema\""));
}

TEST_CASE("config schema prints a schema, whatever the settings are") {
    Desk desk;
    desk.write("site.json", "broken");

    CHECK(desk.run({"config", "schema"}).exit_code == 0);
    CHECK(has(desk.out, "\"$schema\""));
}

TEST_CASE("config init writes a private file once and never again") {
    Desk desk;

    CHECK(desk.run({"config", "init"}).exit_code == 0);
    CHECK(desk.out == desk.user_file().string() + "\n");
    struct stat status {};
    REQUIRE(::stat(desk.user_file().c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
    REQUIRE(::stat(desk.user_file().parent_path().c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0700);
    CHECK(desk.options({}).config == Config{});

    desk.write(".config/lanchat/config.json", "mine");
    CHECK(desk.run({"config", "init"}).exit_code == 1);
    CHECK(has(desk.err, "exists already"));
    CHECK(fs::file_size(desk.user_file()) == 4);
}

TEST_CASE("config init writes to a chosen file, and fails where it cannot write") {
    Desk desk;
    const auto file = desk.home / "new.json";

    CHECK(desk.run({"-c", file.string(), "config", "init"}).exit_code == 0);
    CHECK(read_config_file(file, false).faults.empty());

    CHECK(desk.run({"-c", "/dev/null/x.json", "config", "init"}).exit_code == 1);
    CHECK(has(desk.err, "cannot write /dev/null/x.json: "));
    fs::create_symlink(desk.home / "elsewhere", desk.home / "link.json");
    CHECK(desk.run({"-c", (desk.home / "link.json").string(), "config", "init"}).exit_code == 1);
    CHECK_FALSE(fs::exists(desk.home / "elsewhere"));
    desk.environment.clear();
    CHECK(desk.run({"config", "init"}).exit_code == 1);
    CHECK(has(desk.err, "HOME"));
}

TEST_CASE("help begins with what it is and examples, and knows every option") {
    Desk desk;

    CHECK(desk.run({"--help"}).exit_code == 0);
    CHECK(desk.err.empty());
    CHECK(desk.out.find("Examples:") < desk.out.find("Options:"));
    CHECK(has(desk.out, "Exit codes:"));
    CHECK(has(desk.out, "Files:"));
    for (const auto& key : keys()) {
        CAPTURE(std::string(key.path));
        CHECK(has(desk.out, key.long_flag()));
    }

    const auto text = desk.out;
    CHECK_FALSE(desk.run({"-h"}).run);
    CHECK(desk.out == text);
    CHECK(desk.run({"--json", "--bogus", "-h"}).exit_code == 0);
    CHECK(desk.out == text);
}

TEST_CASE("the commands of config have help of their own") {
    Desk desk;

    CHECK(desk.run({"config", "--help"}).exit_code == 0);
    CHECK(has(desk.out, "lanchat config init"));
    const auto text = desk.out;
    CHECK(desk.run({"config", "check", "-h"}).exit_code == 0);
    CHECK(desk.out == text);
}

TEST_CASE("the version names the program and its libraries") {
    Desk desk;

    CHECK(desk.run({"--version"}).exit_code == 0);
    CHECK(desk.out.find("lanchat " + std::string(program_version()) + "\n") == 0);
    for (const auto* library : {"gRPC ", "protobuf ", "asio ", "nlohmann_json ", "spdlog "}) {
        const auto at = desk.out.find("\n" + std::string(library));
        CAPTURE(library);
        REQUIRE(at != std::string::npos);
        CHECK(std::isdigit(desk.out[at + 1 + std::string(library).size()]) != 0);
    }
    const auto text = desk.out;
    CHECK(desk.run({"-V"}).exit_code == 0);
    CHECK(desk.out == text);
}

TEST_CASE("output that cannot be written is a failure") {
    std::ostream broken(nullptr);
    std::ostringstream err;
    const char* const argv[] = {"lanchat", "config", "schema"};
    errno = 0;  // a reader that went away would be no failure

    const auto line = parse_command_line(3, argv, {{}, "/nowhere", broken, err});

    CHECK(line.exit_code == 1);
    CHECK(err.str() == "lanchat: cannot write the output\n");
}

}  // namespace lanchat::app::app_cli_test
