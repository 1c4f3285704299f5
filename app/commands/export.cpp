// `lanchat export`: everything signed as JSON lines that import takes, or a text to read.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <map>
#include <system_error>

#include "app/commands/node.hpp"
#include "app/json_output.hpp"
#include "app/time_words.hpp"
#include "message/text.hpp"

namespace lanchat::app {
namespace {

std::optional<api::Problem> write_runs(api::Client& node, std::ostream& out) {
    std::string text;  // reused
    return node.export_runs([&](const api::SignedRun& run) {
        text.clear();
        append_run(text, run.entries, run.signature);
        return bool(out << text);
    });
}

// What Markdown would take for markup is escaped; invisible characters never get here.
std::string plain_markdown(std::string_view text) {
    static constexpr std::string_view markup = "\\`*_{}[]<>()#+-.!|~";
    std::string out;
    for (const char c : displayable(text)) {
        if (markup.find(c) != std::string_view::npos) out += '\\';
        out += c;
    }
    return out;
}

void append_item(std::string& out, const api::Line& line, std::string& day) {
    const auto time = local_time(line.said);
    const auto this_day = time.substr(0, time.find(' '));
    if (this_day != day) out += "\n## " + (day = this_day) + "\n\n";
    out += "- " + time.substr(std::min(time.size(), this_day.size() + 1)) + " **" +
           plain_markdown(line.from.name) + "**: " + plain_markdown(line.text) + "\n";
}

std::optional<api::Problem> write_text(api::Client& node, std::ostream& out) {
    const auto answer = node.lines({});
    if (const auto* problem = std::get_if<api::Problem>(&answer)) return *problem;
    std::map<std::string, std::vector<const api::Line*>> rooms;
    const auto& lines = std::get<std::vector<api::Line>>(answer);
    for (const auto& line : lines)
        if (!line.disputed) rooms[line.room].push_back(&line);
    for (const auto& [room, in_room] : rooms) {
        std::string text = "# " + plain_markdown(room) + "\n";
        std::string day;
        for (const auto* line : in_room) append_item(text, *line, day);
        if (!(out << text << '\n')) break;
    }
    return std::nullopt;
}

std::optional<api::Problem> write(api::Client& node, Export::Format format, std::ostream& out) {
    return format == Export::Format::md ? write_text(node, out) : write_runs(node, out);
}

// For the owner alone, as everything that holds what was said.
int make_file(const std::string& file) {
    const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return errno;
    ::close(fd);
    return 0;
}

}  // namespace

int export_lines(api::Client& node, const Export& command, const Streams& streams) {
    if (command.file.empty()) {
        const auto problem = write(node, command.format, streams.out);
        return problem ? report(*problem, streams) : 0;
    }
    if (const int error = make_file(command.file)) {
        return report(
            {1, "cannot write " + command.file + ": " + std::generic_category().message(error)},
            streams);
    }
    std::ofstream out(command.file, std::ios::binary);
    if (const auto problem = write(node, command.format, out)) return report(*problem, streams);
    out.close();
    if (!out) return report({1, "cannot write " + command.file}, streams);
    return 0;
}

}  // namespace lanchat::app
