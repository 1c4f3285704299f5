// `lanchat export`: everything signed as JSON lines that import takes, or a text to read.
#include <algorithm>
#include <cerrno>
#include <fstream>
#include <map>

#include "app/commands/ask.hpp"
#include "app/commands/time_words.hpp"
#include "app/commands/transfer.hpp"
#include "app/faces/json_output.hpp"
#include "config/fault.hpp"
#include "message/comparing.hpp"
#include "message/text.hpp"
#include "node/keep/kept_file.hpp"

namespace lanchat::app {
namespace {

constexpr std::string_view export_help =
    R"(lanchat export: everything the node holds but direct messages.

Examples:
  lanchat export -o backup.jsonl        signed, for lanchat import
  lanchat export --format md | less     to read

Usage:
  lanchat export [--format jsonl|md] [-o FILE]

Options:
      --format F        jsonl: as it was signed (the default); md: a text, also of unsigned lines
  -o, --output FILE     readable by you alone; standard output, if not given
)";

// Remembers why the first write failed, which later calls of anybody forget.
class Outlet {
  public:
    explicit Outlet(std::ostream& out) : out_(out) {}

    bool put(const std::string& text) {
        errno = 0;
        if (!(out_ << text) && error_ == 0) error_ = errno;
        return bool(out_);
    }
    int error() const { return error_; }

  private:
    std::ostream& out_;
    int error_ = 0;
};

std::optional<api::Problem> write_runs(api::Client& node, Outlet& out) {
    std::string text;  // reused
    return node.export_runs([&](const Run& run) {
        text.clear();
        append_run(text, run);
        return out.put(text);
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

std::optional<api::Problem> write_text(api::Client& node, Outlet& out) {
    const auto answer = node.lines({});
    if (const auto* problem = std::get_if<api::Problem>(&answer)) return *problem;
    std::map<std::string, std::vector<const api::Line*>> rooms;
    const auto& lines = std::get<std::vector<api::Line>>(answer);
    for (const auto& line : lines)
        if (!line.disputed) rooms[comparing_key(line.room)].push_back(&line);
    for (const auto& [key, in_room] : rooms) {
        std::string text = "# " + plain_markdown(in_room.front()->room) + "\n";
        std::string day;
        for (const auto* line : in_room) append_item(text, *line, day);
        if (!out.put(text + '\n')) break;
    }
    return std::nullopt;
}

std::optional<api::Problem> write(api::Client& node, Export::Format format, Outlet& out) {
    return format == Export::Format::md ? write_text(node, out) : write_runs(node, out);
}

Export to_export(const Given& given) {
    Export out;
    out.file = given["--output"];
    if (given["--format"] == "md") {
        out.format = Export::Format::md;
    } else if (!given["--format"].empty() && given["--format"] != "jsonl") {
        throw UsageError{"--format: expected jsonl or md, got " + in_quotes(given["--format"])};
    }
    return out;
}

}  // namespace

int Export::operator()(api::Client& node, const Streams& streams) const {
    if (file.empty()) {
        Outlet out(streams.out);
        const auto problem = write(node, format, out);
        return problem ? report(*problem, streams) : 0;
    }
    auto draft = Draft::at(file, Draft::Over::a_file);
    if (!draft) return report({1, draft.why()}, streams);
    std::ofstream stream(draft->path(), std::ios::binary | std::ios::app);
    Outlet out(stream);
    const auto problem = write(node, format, out);
    errno = 0;
    stream.close();
    if (out.error() != 0) errno = out.error();
    if (!stream) return report({1, trouble(file, "write").why}, streams);
    if (problem) return report(*problem, streams);
    if (const auto no = draft->put_in_place()) return report({1, no->why}, streams);
    return 0;
}

Command export_command() {
    return {.name = "export",
            .options = {{"-o,--output"}, {"--format"}},
            .help = export_help,
            .question = to_export};
}

}  // namespace lanchat::app
