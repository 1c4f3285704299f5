// Joins what is read and written to the node.
#include "app/json.hpp"

#include <utility>
#include <variant>

#include "app/json_input.hpp"
#include "message/limits.hpp"

namespace lanchat::app {

JsonFace::JsonFace(Chat chat, Sink out)
    : chat_(std::move(chat)),
      out_(std::move(out)),
      queue_([this](const auto& event, const auto& cursor) { tell(event, cursor); }) {}

void JsonFace::ready(const Readiness& node) {
    line_.clear();
    append_ready(line_, node);
    out_(line_);
}

void JsonFace::tell(const controller::Event& event, const std::string& cursor) {
    line_.clear();
    append_event(line_, event, cursor);
    out_(line_);
}

void JsonFace::take_line(std::string_view line) {
    auto parsed = parse_json_line(line);
    if (const auto* error = std::get_if<JsonError>(&parsed)) return refuse(*error);
    auto& request = std::get<SendRequest>(parsed);
    if (!request.to.empty()) return tell_one(std::move(request));
    if (request.has_ref) return say_and_tell(std::move(request));
    const auto said = chat_.say(std::move(request.text), std::move(request.room));
    if (!said) refuse({{}, false, "refused", said.why()});
}

void JsonFace::say_and_tell(SendRequest request) {
    chat_.say_and_tell(std::move(request.text), std::move(request.room),
                       [this, ref = std::move(request.ref)](const Result<std::string>& id) {
                           if (!id) return refuse({ref, true, "refused", id.why()});
                           line_.clear();
                           append_ack(line_, ref, *id);
                           out_(line_);
                       });
}

void JsonFace::tell_one(SendRequest request) {
    chat_.tell(
        std::move(request.to), std::move(request.text),
        [this, ref = std::move(request.ref), has_ref = request.has_ref](const Chat::Told& told) {
            if (!told.id) return refuse({ref, has_ref, "refused", told.id.why()});
            if (!has_ref) return;
            line_.clear();
            append_ack(line_, ref, *told.id);
            out_(line_);
        });
}

void JsonFace::refuse_too_long() {
    refuse({{},
            false,
            "too_long",
            "line exceeds " + std::to_string(limits::json_line_bytes_max) + " bytes"});
}

void JsonFace::refuse(const JsonError& error) {
    line_.clear();
    append_error(line_, error);
    out_(line_);
}

void JsonFace::bye(std::string_view reason) {
    release();
    line_.clear();
    append_bye(line_, reason);
    out_(line_);
}

}  // namespace lanchat::app
