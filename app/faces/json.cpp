// Joins what is read and written to the node.
#include "app/faces/json.hpp"

#include <utility>
#include <variant>

#include "app/cursor.hpp"
#include "app/recipient.hpp"
#include "message/frame.hpp"
#include "message/limits.hpp"

namespace lanchat::app {

JsonFace::JsonFace(Surface surface)
    : surface_(std::move(surface)),
      queue_([this](const auto& event, const auto& cursor) { tell(event, cursor); }) {}

void JsonFace::ready(const Readiness& node) {
    line_.clear();
    append_ready(line_, node);
    surface_.out(line_);
}

void JsonFace::hear(const Event& event) {
    queue_.push(event);
    disk_has_news();
}

// While the disk takes nothing, what was heard is told without a place.
void JsonFace::disk_has_news() {
    if (!surface_.node.disk_trouble().empty()) queue_.release();
}

void JsonFace::placed(const std::string& id, store::Arrival arrival) {
    queue_.placed(id, arrival == 0 ? "" : to_string(surface_.node.position_at(arrival)));
}

void JsonFace::tell(const Event& event, const std::string& cursor) {
    line_.clear();
    append_event(line_, event, cursor);
    surface_.out(line_);
}

std::size_t JsonFace::line_bytes_max() const { return limits::json_line_bytes_max; }

void JsonFace::take_line(std::string_view line) {
    auto parsed = parse_json_line(line);
    if (const auto* error = std::get_if<JsonError>(&parsed)) return refuse(*error);
    auto& request = std::get<SendRequest>(parsed);
    if (!request.to.empty()) return tell_one(std::move(request));
    if (request.has_ref) return say_and_tell(std::move(request));
    const auto said = surface_.node.say(std::move(request.text), std::move(request.room));
    if (!said) refuse({{}, false, "refused", said.why()});
}

void JsonFace::say_and_tell(SendRequest request) {
    Saying saying{std::move(request.text), std::move(request.room)};
    surface_.node.say(std::move(saying),
                      [this, request = std::move(request)](const Result<LineId>& line) {
                          acknowledge(request, line);
                      });
}

void JsonFace::tell_one(SendRequest request) {
    Saying saying{std::move(request.text), general_room};
    const auto peer = std::move(request.to);
    publish_to(surface_.node, peer, std::move(saying),
               [this, request = std::move(request)](const Published& said) {
                   acknowledge(request, said.line);
               });
}

void JsonFace::acknowledge(const SendRequest& request, const Result<LineId>& line) {
    if (!line) return refuse({request.ref, request.has_ref, "refused", line.why()});
    if (!request.has_ref) return;
    line_.clear();
    append_ack(line_, request.ref, message_id(*line));
    surface_.out(line_);
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
    surface_.out(line_);
}

void JsonFace::bye(std::string_view reason) {
    queue_.release();
    line_.clear();
    append_bye(line_, reason);
    surface_.out(line_);
}

}  // namespace lanchat::app
