// The command lines of the commands that ask a running node.
#include <doctest/doctest.h>

#include <string>

#include "tests/unit/app_cli_desk.hpp"

namespace lanchat::app::app_cli_commands_test {
namespace {

TEST_CASE("a command asks the node of the profile, options before or after it") {
    Desk desk;

    CHECK(desk.run({"peers"}).command->data_dir == desk.home / ".local/share/lanchat/default");
    CHECK(desk.run({"-P", "p", "peers"}).command->data_dir == desk.home / ".local/share/lanchat/p");
    CHECK(desk.run({"peers", "-P", "p"}).command->data_dir == desk.home / ".local/share/lanchat/p");
    CHECK(desk.run({"peers", "-d", "/d"}).command->data_dir == "/d");
    CHECK_FALSE(desk.run({"peers"}).command->json);
    CHECK(desk.run({"peers", "--json"}).command->json);
    CHECK(desk.run({"--json", "peers"}).command->json);
}

TEST_CASE("send takes its text as one line, even if it names a command") {
    Desk desk;

    const auto send = desk.asked<Send>({"send", "tail", "-r", "builds", "the", "config"});

    CHECK(send.text == "tail the config");
    CHECK(send.room == "builds");
    CHECK_FALSE(send.from_input);
    CHECK(send.wait.timeout_ms == 10'000);
    CHECK_FALSE(send.wait.all);
    CHECK_FALSE(send.wait.peers);
    CHECK(desk.asked<Send>({"send", "--", "--json", "-x"}).text == "--json -x");
    CHECK(desk.asked<Send>({"send", "-"}).from_input);
}

TEST_CASE("send waits as it is told") {
    Desk desk;

    const auto all =
        desk.asked<Send>({"send", "--wait", "all", "--timeout", "0.5", "--id", "7", "x"});
    CHECK(all.wait.all);
    CHECK(all.wait.timeout_ms == 500);
    CHECK(all.said_id == "7");
    CHECK(desk.asked<Send>({"send", "--wait=3", "x"}).wait.peers == 3U);
    CHECK(has(desk.refusal({"send"}), "send needs the TEXT"));
    CHECK(has(desk.refusal({"send", ""}), "send needs the TEXT"));
    CHECK(has(desk.refusal({"send", "--wait", "some", "x"}), "--wait: expected a number"));
    for (const auto* timeout : {"0", "-1", "soon", "1e99", "nan", "5x"}) {
        CHECK(has(desk.refusal({"send", std::string("--timeout=") + timeout, "x"}), "--timeout"));
    }
    CHECK(has(desk.refusal({"send", "--id", std::string(129, 'i'), "x"}), "--id"));
    CHECK(has(desk.refusal({"send", "--tiemout=1", "x"}), "did you mean --timeout?"));
}

TEST_CASE("tail begins with the newest or after a cursor") {
    Desk desk;

    CHECK(desk.asked<Tail>({"tail"}).tail.last == 10);
    CHECK(desk.asked<Tail>({"tail", "-n", "50", "-f"}).tail.last == 50);
    CHECK(desk.asked<Tail>({"tail", "-f"}).tail.follow);
    const auto since = desk.asked<Tail>({"tail", "--since", "0123456789abcdef-42", "-n", "3"});
    CHECK(since.tail.since == "0123456789abcdef-42");
    CHECK(since.count_max == 3U);
    CHECK(has(desk.refusal({"tail", "--since", "yesterday"}), "--since: expected the cursor"));
    CHECK(has(desk.refusal({"tail", "-n", "-1"}), "-1"));
}

TEST_CASE("history and search take who, where, when and how many") {
    Desk desk;

    CHECK(desk.asked<History>({"history"}).query.count == 0);
    const auto history =
        desk.asked<History>({"history", "-r", "builds", "--from", "dana", "--since",
                             "2026-11-20T10:03:11.12Z", "--until=2026-11-21T00:00Z", "-n", "5"});
    CHECK(history.query.words.empty());
    CHECK(history.query.room == "builds");
    CHECK(history.query.author == "dana");
    CHECK(history.query.since == WallTime{1'795'168'991'120});
    CHECK(history.query.until == WallTime{1'795'219'200'000});
    CHECK(history.query.count == 5);
    const auto search = desk.asked<History>({"search", "fire", "drill"});
    CHECK(search.query.words == "fire drill");
    CHECK(search.query.count == 100);
    CHECK(has(desk.refusal({"search"}), "search needs the words"));
    CHECK(has(desk.refusal({"history", "-n", "0"}), "--lines"));
    for (const auto* time : {"noon", "2026-02-30", "2026-11-20T25:00", "15", "2026-11-20x", "m"}) {
        CHECK(has(desk.refusal({"history", "--since", time}), "--since: expected a time"));
    }
}

TEST_CASE("export and import name their files and formats") {
    Desk desk;

    CHECK(desk.asked<Export>({"export"}).format == Export::Format::jsonl);
    const auto out = desk.asked<Export>({"export", "--format", "md", "-o", "f.md"});
    CHECK(out.format == Export::Format::md);
    CHECK(out.file == "f.md");
    CHECK(desk.asked<Import>({"import", "f.jsonl"}).file == "f.jsonl");
    CHECK(has(desk.refusal({"export", "--format", "pdf"}), "--format: expected jsonl or md"));
    CHECK(has(desk.refusal({"import"}), "import needs the FILE"));
    CHECK(has(desk.refusal({"import", "a", "b"}), "unknown word"));
}

TEST_CASE("every command has a help with its usage, and one thing to do") {
    Desk desk;

    for (const auto& one : all_commands()) {
        const std::string command(one.name);
        CAPTURE(command);
        CHECK(desk.run({command, "--help"}).exit_code == 0);
        CHECK(desk.out == help_of(one));
        CHECK(desk.out.starts_with("lanchat " + command + ": "));
        CHECK(has(desk.out, "Usage:\n  lanchat " + command));
        CHECK(int(bool(one.question)) + int(bool(one.deed)) + int(!one.parts.empty()) == 1);
        CHECK(bool(one.question) == (one.needs == Command::Needs::node));
        desk.run({"--help"});
        CHECK(has(desk.out, one.usage.empty() ? " " + command : one.usage));
    }
}

TEST_CASE("the help of the program and its commands is what it is known for") {
    Desk desk;

    desk.run({"--help"});
    CHECK(has(
        desk.out,
        "          send, tail, history, search, peers, rooms, status, verify, block, unblock,\n"
        "          export, import\n"
        "  lanchat [OPTIONS] doctor [--json]     why people do not find each other, and what to "
        "do\n"
        "  lanchat invite [FILE]                 make a passphrase for a closed network\n"
        "  lanchat [OPTIONS] identity COMMAND    show, export or import the key that is this "
        "node\n"));
    desk.run({"rooms", "--help"});
    CHECK(desk.out ==
          "lanchat rooms: every room something was said in.\n\nUsage:\n  lanchat rooms [--json]\n\n"
          "The node is that of the profile: -P NAME or -d DIR choose another one. Without one that "
          "runs,\ncommands other than config, doctor, identity and invite end with 3.\n"
          "The options of lanchat may stand before or after the command: lanchat --help\n");
    CHECK(has(desk.refusal({"config"}), "config needs one of: print, check, schema, init\n"));
    CHECK(has(desk.refusal({"identity"}), "identity needs one of: show, export, import\n"));
    CHECK(has(desk.refusal({"identity", "export"}), "identity export needs a FILE\n"));
    CHECK(has(desk.refusal({"config", "check"}), "config check needs the FILE to check\n"));
}

}  // namespace
}  // namespace lanchat::app::app_cli_commands_test
