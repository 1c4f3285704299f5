// `lanchat import`: takes back what export wrote. What carries no signature is refused.
#include <fstream>
#include <nlohmann/json.hpp>

#include "app/commands/node.hpp"
#include "app/line_buffer.hpp"
#include "message/base64.hpp"
#include "message/limits.hpp"

namespace lanchat::app {
namespace {

using nlohmann::json;

const std::string* string_at(const json& object, const char* key) {
    const auto found = object.find(key);
    return found == object.end() ? nullptr : found->get_ptr<const std::string*>();
}

std::optional<api::SignedRun> run_of(std::string_view line) {
    const auto object = json::parse(line, nullptr, false);
    if (!object.is_object()) return std::nullopt;
    const auto* type = string_at(object, "type");
    const auto* signature = string_at(object, "signature");
    const auto entries = object.find("entries");
    if (type == nullptr || *type != "run" || signature == nullptr || entries == object.end() ||
        !entries->is_array()) {
        return std::nullopt;
    }
    api::SignedRun run;
    const auto bytes = from_base64(*signature);
    if (!bytes) return std::nullopt;
    run.signature = *bytes;
    for (const auto& entry : *entries) {
        const auto* text = entry.get_ptr<const std::string*>();
        const auto decoded = text != nullptr ? from_base64(*text) : std::nullopt;
        if (!decoded) return std::nullopt;
        run.entries.push_back(*decoded);
    }
    return run;
}

// The runs of a file; counts what is none.
class Runs {
  public:
    explicit Runs(std::istream& in) : in_(in), lines_(limits::json_line_bytes_max) {}

    std::optional<api::SignedRun> next() {
        while (true) {
            const auto found = lines_.next();
            if (found.found == LineBuffer::Found::nothing) {
                if (!read()) return std::nullopt;
                continue;
            }
            if (found.found == LineBuffer::Found::line && found.line.empty()) continue;
            if (found.found == LineBuffer::Found::line) {
                if (auto run = run_of(found.line)) return run;
            }
            ++unsigned_;
        }
    }

    std::uint64_t unsigned_lines() const { return unsigned_; }

  private:
    bool read() {
        if (lines_.has_ended()) return false;
        std::string bytes(65'536, '\0');
        in_.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        const auto size = static_cast<std::size_t>(in_.gcount());
        if (size > 0) {
            lines_.put(std::string_view(bytes).substr(0, size));
        } else {
            lines_.end();
        }
        return true;
    }

    std::istream& in_;
    LineBuffer lines_;
    std::uint64_t unsigned_ = 0;
};

}  // namespace

int import_lines(api::Client& node, const Import& command, const Streams& streams) {
    std::ifstream in(command.file, std::ios::binary);
    if (!in) return report({1, "cannot read " + command.file}, streams);
    Runs runs(in);
    const auto answer = node.import_runs([&] { return runs.next(); });
    if (const auto* problem = std::get_if<api::Problem>(&answer)) return report(*problem, streams);
    const auto& imported = std::get<api::Imported>(answer);
    streams.out << imported.lines_new << (imported.lines_new == 1 ? " new line\n" : " new lines\n");
    int exit_code = 0;
    if (imported.runs_refused > 0) {
        exit_code = report(
            {5, std::to_string(imported.runs_refused) + " runs were refused: " + imported.why},
            streams);
    }
    if (runs.unsigned_lines() > 0) {
        exit_code = report(
            {5, std::to_string(runs.unsigned_lines()) + " lines were refused: they are not signed"},
            streams);
    }
    return exit_code;
}

}  // namespace lanchat::app
