// Tail ends with whoever reads it, history with the newest line.
#include "app/commands/lines.hpp"

#include <unistd.h>

#include <stop_token>

#include "app/commands/ask.hpp"
#include "app/commands/time_words.hpp"
#include "app/commands/words.hpp"
#include "app/cursor.hpp"
#include "app/faces/json_output.hpp"
#include "app/streams/reader_watch.hpp"
#include "config/fault.hpp"
#include "node/store/words.hpp"

namespace lanchat::app {
namespace {

constexpr std::string_view tail_help = R"(lanchat tail: see what is said, in order of arrival.

Examples:
  lanchat tail                          the newest lines
  lanchat tail -f -r builds             and each new one, of one room
  lanchat tail -f --json --since "$C"   go on after the line whose cursor was C

Usage:
  lanchat tail [-r ROOM | -t PEER] [-n N] [-f] [--since CURSOR] [--json]

Options:
  -r, --room ROOM       this room only
  -t, --to PEER         what you and this peer say to each other alone
  -n, --lines N         the newest N (10); with --since: at most N, then end
  -f, --follow          go on with what comes
      --since CURSOR    everything after it; exit 1 if the store cannot prove it
      --json            lines for programs
)";

constexpr std::string_view history_help =
    R"(lanchat history: everything that was said, in the same order on every node.

Examples:
  lanchat history -n 50                 the newest 50
  lanchat history --since 2h            of the last two hours
  lanchat history --from dana --json    what dana said, for programs
  lanchat history -t bob                what you and bob said to each other alone

Usage:
  lanchat history [-r ROOM | -t PEER] [--from PEER] [--since T] [--until T] [-n N] [--json]

Options:
  -r, --room ROOM       this room only
  -t, --to PEER         what you and this peer said to each other alone
      --from PEER       id or its beginning, name or address
      --since T         2026-11-20, 2026-11-20T10:03 (local; or with Z or +02:00), or 90s, 15m, 2h,
                        7d ago
      --until T         the same; a day is meant to its end
  -n, --lines N         the newest N (all)
      --json            lines for programs
)";

constexpr std::string_view search_help =
    R"(lanchat search: the lines that hold all the words, direct messages too.

Examples:
  lanchat search fire drill             the newest 100 that hold both words
  lanchat search -n 5 --from dana lunch the newest 5 of dana's

Usage:
  lanchat search QUERY... [-r ROOM | -t PEER] [--from PEER] [-n N] [--json]

Options:
  -r, --room ROOM       this room only
  -t, --to PEER         what you and this peer said to each other alone
      --from PEER       id or its beginning, name or address
  -n, --lines N         the newest N (100)
      --json            lines for programs
)";

constexpr std::uint32_t tail_lines = 10;  // as tail(1) does
constexpr std::uint32_t search_lines = 100;

std::optional<WallTime> parse_moment(std::string_view option, const std::string& text,
                                     DayEdge edge) {
    if (text.empty()) return std::nullopt;
    if (const auto time = parse_time(text, wall_now(), edge)) return time;
    throw UsageError{
        std::string(option) +
        ": expected a time like 2026-11-20, 2026-11-20T10:03, 2026-11-20T10:03+02:00 or " +
        "15m (ago), got " + in_quotes(text)};
}

Tail to_tail(const Given& given) {
    Tail tail;
    tail.tail.room = given["--room"];
    tail.tail.with = conversation_with(given);
    tail.tail.follow = given.has("--follow");
    if (given["--since"].empty()) {
        tail.tail.last = parse_count("--lines", given["--lines"], tail_lines);
        return tail;
    }
    if (!parse_cursor(given["--since"])) {
        throw UsageError{"--since: expected the cursor of a message, got " +
                         in_quotes(given["--since"])};
    }
    tail.tail.since = given["--since"];
    if (!given["--lines"].empty()) tail.count_max = parse_count("--lines", given["--lines"], 0);
    return tail;
}

History to_history(const Given& given, bool search) {
    History history;
    auto& query = history.query;
    if (search) query.words = given.joined("QUERY");
    if (search && query.words.empty()) throw UsageError{"search needs the words to look for"};
    query.room = given["--room"];
    query.with = conversation_with(given);
    query.author = given["--from"];
    query.since = parse_moment("--since", given["--since"], DayEdge::first);
    query.until = parse_moment("--until", given["--until"], DayEdge::last);
    if (query.since && query.until && *query.until < *query.since)
        throw UsageError{"--until " + in_quotes(given["--until"]) + " is before --since " +
                         in_quotes(given["--since"]) + ": nothing lies between"};
    query.count = parse_count("--lines", given["--lines"], search ? search_lines : 0);
    if (query.count == 0 && (search || !given["--lines"].empty())) {
        throw UsageError{"--lines: expected a number above 0, got " + in_quotes(given["--lines"])};
    }
    return history;
}

int refuse_words(const Failure& why, const Streams& streams) {
    std::string text;
    append_error(text, {{}, false, "bad_query", why.why});
    if (streams.json) streams.out << text;
    return report({1, why.why}, streams);
}

}  // namespace

int Tail::operator()(api::Client& node, const Streams& streams) const {
    std::string text;  // reused
    std::uint64_t count = 0;
    if (count_max == 0U) return 0;
    if (tail.follow && !is_writable(STDOUT_FILENO))
        return report({1, "standard output is closed"}, streams);
    std::stop_source stop;
    std::optional<ReaderWatch> watch;
    if (tail.follow) watch.emplace(STDOUT_FILENO, [&stop] { stop.request_stop(); });
    const auto problem = node.tail(
        tail,
        [&](const api::Line& line) {
            text.clear();
            append_line(text, line, streams.json);
            streams.out << text;
            if (tail.follow) streams.out.flush();
            return bool(streams.out) && (!count_max || ++count < *count_max);
        },
        stop.get_token());
    watch.reset();
    return problem ? report(*problem, streams) : 0;
}

int History::operator()(api::Client& node, const Streams& streams) const {
    const auto& words = query.words;
    if (const auto why = words.empty() ? std::nullopt : store::refuse_query(words))
        return refuse_words(*why, streams);
    const auto answer = node.lines(query);
    if (const auto* problem = std::get_if<api::Problem>(&answer)) return report(*problem, streams);
    std::string text;  // reused
    for (const auto& line : std::get<std::vector<api::Line>>(answer)) {
        text.clear();
        if (!streams.json) text = local_time(line.said) + "  ";
        append_line(text, line, streams.json);
        if (!(streams.out << text)) break;
    }
    return 0;
}

Command tail_command() {
    return {.name = "tail",
            .options = {{"-r,--room"},
                        {"-n,--lines"},
                        {"-f,--follow", Option::Takes::nothing},
                        {"--since"},
                        {"-t,--to"}},
            .help = tail_help,
            .question = to_tail};
}

Command history_command() {
    return {.name = "history",
            .options =
                {{"-r,--room"}, {"--since"}, {"--until"}, {"-t,--to"}, {"--from"}, {"-n,--lines"}},
            .help = history_help,
            .question = [](const Given& given) { return to_history(given, false); }};
}

Command search_command() {
    return {.name = "search",
            .options = {{"-r,--room"},
                        {"QUERY", Option::Takes::many},
                        {"-t,--to"},
                        {"--from"},
                        {"-n,--lines"}},
            .help = search_help,
            .question = [](const Given& given) { return to_history(given, true); }};
}

}  // namespace lanchat::app
