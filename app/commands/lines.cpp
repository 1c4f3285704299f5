// `lanchat tail`, `history` and `search`: lines as they came, or in the order of all nodes.
#include <unistd.h>

#include <stop_token>

#include "app/commands/node.hpp"
#include "app/json_output.hpp"
#include "app/reader_watch.hpp"
#include "app/time_words.hpp"
#include "node/store/words.hpp"

namespace lanchat::app {

int tail(api::Client& node, const Tail& command, const Streams& streams) {
    std::string text;  // reused
    std::uint64_t count = 0;
    if (command.count_max == 0U) return 0;
    if (command.tail.follow && !is_writable(STDOUT_FILENO))
        return report({1, "standard output is closed"}, streams);
    std::stop_source stop;
    std::optional<ReaderWatch> watch;
    if (command.tail.follow) watch.emplace(STDOUT_FILENO, [&stop] { stop.request_stop(); });
    const auto problem = node.tail(
        command.tail,
        [&](const api::Line& line) {
            text.clear();
            append_line(text, line, streams.json);
            streams.out << text;
            if (command.tail.follow) streams.out.flush();
            return bool(streams.out) && (!command.count_max || ++count < *command.count_max);
        },
        stop.get_token());
    watch.reset();
    return problem ? report(*problem, streams) : 0;
}

namespace {

int refuse_words(const Failure& why, const Streams& streams) {
    std::string text;
    append_error(text, {{}, false, "bad_query", why.why});
    if (streams.json) streams.out << text;
    return report({1, why.why}, streams);
}

}  // namespace

int history(api::Client& node, const History& command, const Streams& streams) {
    const auto& words = command.query.words;
    if (const auto why = words.empty() ? std::nullopt : store::refuse_query(words))
        return refuse_words(*why, streams);
    const auto answer = node.lines(command.query);
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

}  // namespace lanchat::app
