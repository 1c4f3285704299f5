// `lanchat import`: takes back what export wrote. What carries no signature is refused.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "app/commands/node.hpp"
#include "app/line_buffer.hpp"
#include "message/base64.hpp"
#include "message/limits.hpp"
#include "node/keep/kept_file.hpp"
#include "node/link/unique_fd.hpp"

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
    explicit Runs(const std::string& file)
        : file_(file),
          in_(::open(file.c_str(), O_RDONLY | O_CLOEXEC)),
          lines_(limits::json_line_bytes_max) {
        if (!in_) failure_ = trouble(file_, "read");
    }

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

}  // namespace

int import_lines(api::Client& node, const Import& command, const Streams& streams) {
    Runs runs(command.file);
    if (runs.failure()) return report({1, runs.failure()->why}, streams);
    const auto answer = node.import_runs([&] { return runs.next(); });
    if (const auto* problem = std::get_if<api::Problem>(&answer)) return report(*problem, streams);
    if (!runs.failure() && runs.is_empty())
        return report({1, command.file + " is empty: there is nothing to import"}, streams);
    const auto& imported = std::get<api::Imported>(answer);
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

}  // namespace lanchat::app
