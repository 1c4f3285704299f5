// `lanchat import`: takes back what export wrote. What carries no signature is refused.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "app/commands/ask.hpp"
#include "app/commands/transfer.hpp"
#include "app/streams/line_buffer.hpp"
#include "message/base64.hpp"
#include "message/exact.hpp"
#include "message/limits.hpp"
#include "node/keep/kept_file.hpp"
#include "node/link/unique_fd.hpp"

namespace lanchat::app {
namespace {

constexpr std::string_view import_help =
    R"(lanchat import: take back what export wrote, here or elsewhere.

Lines that are known are skipped, those without a valid signature refused (exit 5).

Usage:
  lanchat import FILE
)";

using nlohmann::json;

const std::string* string_at(const json& object, const char* key) {
    const auto found = object.find(key);
    return found == object.end() ? nullptr : found->get_ptr<const std::string*>();
}

std::optional<std::string> bytes_of(const json& value) {
    const auto* text = value.get_ptr<const std::string*>();
    return text == nullptr ? std::nullopt : from_base64(*text);
}

// False: one of them is none. What is not there is empty.
bool take_bytes(const json& object, const char* key, Pieces& all) {
    const auto found = object.find(key);
    if (found == object.end()) return true;
    if (!found->is_array()) return false;
    for (const auto& value : *found) {
        auto bytes = bytes_of(value);
        if (!bytes) return false;
        all.push_back(*bytes);
    }
    return true;
}

bool take_places(const json& object, std::vector<std::uint32_t>& places) {
    const auto found = object.find("apart");
    if (found == object.end()) return true;
    if (!found->is_array()) return false;
    for (const auto& value : *found) {
        const auto* place = value.get_ptr<const std::uint64_t*>();
        if (place == nullptr || *place > limits::run_entries_max) return false;
        places.push_back(static_cast<std::uint32_t>(*place));
    }
    return true;
}

std::optional<Run> run_of(std::string_view line) {
    const auto object = json::parse(line, nullptr, false);
    if (!object.is_object()) return std::nullopt;
    const auto* type = string_at(object, "type");
    const auto* signature = string_at(object, "signature");
    if (type == nullptr || *type != "run" || signature == nullptr) return std::nullopt;
    Run run;
    const auto bytes = from_base64(*signature);
    if (!bytes || !take_exact(*bytes, run.signature)) return std::nullopt;
    if (const auto* shared = string_at(object, "shared")) {
        const auto packed = from_base64(*shared);
        if (packed) run.shared = shared_from(*packed);
        if (!run.shared) return std::nullopt;
    }
    if (!take_bytes(object, "entries", run.entries) || !take_bytes(object, "bodies", run.bodies) ||
        !take_places(object, run.apart))
        return std::nullopt;
    return run;
}

// The runs of a file; counts what is none.
class Runs {
  public:
    explicit Runs(const std::string& file)
        : file_(file),
          in_(::open(file.c_str(), O_RDONLY | O_CLOEXEC)),
          lines_(limits::json_line_bytes_max) {
        if (!in_) failure_ = trouble(file_, "read");
    }

    std::optional<Run> next() {
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
    // Why not all of it was read.
    const std::optional<Failure>& failure() const { return failure_; }
    bool is_empty() const { return bytes_ == 0; }

  private:
    bool read() {
        if (lines_.has_ended() || failure_) return false;
        std::string bytes(65'536, '\0');
        const auto size = ::read(in_.get(), bytes.data(), bytes.size());
        if (size < 0 && errno == EINTR) return true;
        if (size < 0) failure_ = trouble(file_, "read");
        if (size <= 0) return lines_.end(), !failure_;
        bytes_ += static_cast<std::uint64_t>(size);
        lines_.put(std::string_view(bytes).substr(0, static_cast<std::size_t>(size)));
        return true;
    }

    std::string file_;
    link::UniqueFd in_;
    LineBuffer lines_;
    std::uint64_t bytes_ = 0;
    std::uint64_t unsigned_ = 0;
    std::optional<Failure> failure_;
};

Import to_import(const Given& given) {
    if (given["FILE"].empty()) throw UsageError{"import needs the FILE to import"};
    return {given["FILE"]};
}

}  // namespace

int Import::operator()(api::Client& node, const Streams& streams) const {
    Runs runs(file);
    if (runs.failure()) return report({1, runs.failure()->why}, streams);
    const auto answer = node.import_runs([&] { return runs.next(); });
    if (const auto* problem = std::get_if<api::Problem>(&answer)) return report(*problem, streams);
    if (!runs.failure() && runs.is_empty())
        return report({1, file + " is empty: there is nothing to import"}, streams);
    const auto& imported = std::get<Imported>(answer);
    if (!runs.failure() || imported.lines_new > 0)
        streams.out << imported.lines_new
                    << (imported.lines_new == 1 ? " new line\n" : " new lines\n");
    int exit_code = runs.failure() ? report({1, runs.failure()->why}, streams) : 0;
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

Command import_command() {
    return {.name = "import", .options = {{"FILE"}}, .help = import_help, .question = to_import};
}

}  // namespace lanchat::app
