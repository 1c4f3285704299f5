// Reads only the top-level fields, as they stream by: no document is built, so nesting costs
// nothing.
#include "app/json_input.hpp"

#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "message/frame.hpp"
#include "message/limits.hpp"
#include "message/text.hpp"

namespace lanchat::app {

namespace {

constexpr int depth_max = 16;

enum class Kind { absent, string, number, other };

struct Field {
    Kind kind = Kind::absent;
    std::string string;
    std::int64_t number = 0;
};

// What nlohmann's parser calls. Its names are not ours to choose.
class Fields : public nlohmann::json_sax<nlohmann::json> {
  public:
    Field v, type, room, to, text, ref;
    bool is_object = false;
    bool too_deep = false;

    bool null() override { return take({Kind::other, {}, 0}); }
    bool boolean(bool) override { return take({Kind::other, {}, 0}); }
    bool number_integer(number_integer_t value) override { return take({Kind::number, {}, value}); }
    bool number_unsigned(number_unsigned_t value) override {
        return take({Kind::number,
                     {},
                     std::in_range<std::int64_t>(value) ? static_cast<std::int64_t>(value) : -1});
    }
    bool number_float(number_float_t, const string_t&) override {
        return take({Kind::other, {}, 0});
    }
    bool string(string_t& value) override { return take({Kind::string, std::move(value), 0}); }
    bool binary(binary_t&) override { return take({Kind::other, {}, 0}); }
    bool start_object(std::size_t) override {
        if (depth_ == 0) is_object = true;
        return enter();
    }
    bool start_array(std::size_t) override { return enter(); }
    bool end_object() override { return leave(); }
    bool end_array() override { return leave(); }
    bool key(string_t& name) override {
        if (depth_ == 1) current_ = field(name);
        return true;
    }
    bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
        return false;
    }

  private:
    Field* field(std::string_view name) {
        if (name == "v") return &v;
        if (name == "type") return &type;
        if (name == "room") return &room;
        if (name == "to") return &to;
        if (name == "text") return &text;
        if (name == "ref") return &ref;
        return nullptr;
    }
    bool take(Field value) {
        if (depth_ == 1 && current_ != nullptr) *current_ = std::move(value);
        return true;
    }
    bool enter() {
        take({Kind::other, {}, 0});
        too_deep = ++depth_ > depth_max;
        return !too_deep;
    }
    bool leave() {
        --depth_;
        return true;
    }

    int depth_ = 0;
    Field* current_ = nullptr;
};

struct Refusal {
    const char* code;
    std::string why;
};

std::optional<Refusal> refuse_kind(const Fields& fields) {
    if (fields.v.kind != Kind::absent && (fields.v.kind != Kind::number || fields.v.number != 1))
        return Refusal{"unsupported", "v must be 1"};
    if (fields.type.kind != Kind::string) return Refusal{"bad_request", "type must be a string"};
    if (fields.type.string != "send")
        return Refusal{"unknown_type", "unknown type " + to_name(fields.type.string, "\"\"")};
    return std::nullopt;
}

std::optional<Refusal> refuse_content(const Fields& fields) {
    const bool room_is_there = fields.room.kind != Kind::absent;
    if (room_is_there && fields.room.kind != Kind::string)
        return Refusal{"bad_request", "room must be a string"};
    const bool is_direct = fields.to.kind != Kind::absent;
    if (is_direct && (fields.to.kind != Kind::string || fields.to.string.empty()))
        return Refusal{"bad_request", "to must name a peer"};
    if (is_direct && room_is_there)
        return Refusal{"bad_request", "either to or room: direct messages are in no room"};
    const auto room_bytes = fields.room.string.size();
    if (room_is_there && (room_bytes == 0 || room_bytes > limits::room_bytes_max))
        return Refusal{"bad_room", "a room name has 1 to 64 bytes"};
    if (fields.text.kind != Kind::string) return Refusal{"bad_request", "text must be a string"};
    if (fields.text.string.empty()) return Refusal{"empty", "text is empty"};
    if (fields.text.string.size() > limits::line_bytes_max)
        return Refusal{"too_long", "text exceeds 65536 bytes"};
    return std::nullopt;
}

std::optional<Refusal> refuse(const Fields& fields) {
    if (fields.ref.kind != Kind::absent && fields.ref.kind != Kind::string)
        return Refusal{"bad_request", "ref must be a string"};
    if (auto refusal = refuse_kind(fields)) return refusal;
    return refuse_content(fields);
}

}  // namespace

std::variant<SendRequest, JsonError> parse_json_line(std::string_view line) {
    const auto utf8 = to_utf8(line);
    Fields fields;
    if (!nlohmann::json::sax_parse(utf8, &fields)) {
        const auto* why = fields.too_deep ? "nested too deeply" : "not a JSON object";
        return JsonError{{}, false, "bad_json", why};
    }
    if (!fields.is_object) return JsonError{{}, false, "bad_json", "not a JSON object"};
    const bool has_ref = fields.ref.kind == Kind::string;
    if (auto refusal = refuse(fields))
        return JsonError{std::move(fields.ref.string), has_ref, refusal->code, refusal->why};
    const bool has_room = fields.room.kind == Kind::string;
    return SendRequest{std::move(fields.text.string),
                       has_room ? std::move(fields.room.string) : general_room,
                       std::move(fields.ref.string), has_ref, std::move(fields.to.string)};
}

}  // namespace lanchat::app
