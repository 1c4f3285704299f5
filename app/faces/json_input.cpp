// Reads only the top-level fields, as they stream by: no document is built, so nesting costs
// nothing.
#include "app/faces/json_input.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "config/nearest.hpp"
#include "message/frame.hpp"
#include "message/limits.hpp"
#include "message/text.hpp"

namespace lanchat::app {

namespace {

constexpr int depth_max = 16;

enum class Kind { absent, string, number, other };

struct Field {
    std::string_view name;
    Kind kind = Kind::absent;
    std::string string = {};
    std::int64_t number = 0;
};

// What nlohmann's parser calls. Its names are not ours to choose.
class Fields : public nlohmann::json_sax<nlohmann::json> {
  public:
    Field v{"v"}, type{"type"}, room{"room"}, to{"to"}, text{"text"}, ref{"ref"};
    std::optional<std::string> unknown;  // the first key that no request has
    std::optional<std::string> twice;    // the first key that came again
    bool is_object = false;
    bool too_deep = false;
    bool half_a_pair = false;  // of surrogates: no character

    bool null() override { return take(Kind::other); }
    bool boolean(bool) override { return take(Kind::other); }
    bool number_integer(number_integer_t value) override { return take(Kind::number, {}, value); }
    bool number_unsigned(number_unsigned_t value) override {
        const bool fits = std::in_range<std::int64_t>(value);
        return take(Kind::number, {}, fits ? static_cast<std::int64_t>(value) : -1);
    }
    bool number_float(number_float_t, const string_t&) override { return take(Kind::other); }
    bool string(string_t& value) override { return take(Kind::string, std::move(value)); }
    bool binary(binary_t&) override { return take(Kind::other); }
    bool start_object(std::size_t) override {
        if (depth_ == 0) is_object = true;
        return enter();
    }
    bool start_array(std::size_t) override { return enter(); }
    bool end_object() override { return leave(); }
    bool end_array() override { return leave(); }
    bool key(string_t& name) override {
        if (depth_ != 1) return true;
        current_ = field(name);
        if (current_ == nullptr) {
            if (!unknown) unknown = to_name(name, "");
        } else if (current_->kind != Kind::absent) {
            if (!twice) twice = name;
            current_ = nullptr;  // the first one stays
        }
        return true;
    }
    bool parse_error(std::size_t, const std::string&,
                     const nlohmann::detail::exception& fault) override {
        half_a_pair = std::string_view(fault.what()).find("surrogate") != std::string_view::npos;
        return false;
    }

    static std::vector<std::string> names() { return {"v", "type", "room", "to", "text", "ref"}; }

  private:
    Field* field(std::string_view name) {
        for (Field* one : {&v, &type, &room, &to, &text, &ref})
            if (one->name == name) return one;
        return nullptr;
    }
    bool take(Kind kind, std::string string = {}, std::int64_t number = 0) {
        if (depth_ != 1 || current_ == nullptr) return true;
        current_->kind = kind;
        current_->string = std::move(string);
        current_->number = number;
        return true;
    }
    bool enter() {
        take(Kind::other);
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

bool is_given(const Field& field) { return field.kind != Kind::absent; }

std::optional<Refusal> must_be(const Field& field, Kind kind, std::string_view words) {
    if (!is_given(field) || field.kind == kind) return std::nullopt;
    return Refusal{"bad_request", std::string(field.name) + " must be " + std::string(words)};
}

std::optional<Refusal> refuse_kind(const Fields& fields) {
    if (fields.twice) return Refusal{"bad_request", "key \"" + *fields.twice + "\" is given twice"};
    if (auto no = must_be(fields.ref, Kind::string, "a string")) return no;
    if (auto no = must_be(fields.v, Kind::number, "1, a number")) return no;
    if (is_given(fields.v) && fields.v.number != 1) return Refusal{"unsupported", "v must be 1"};
    if (fields.type.kind != Kind::string) return Refusal{"bad_request", "type must be a string"};
    if (fields.type.string != "send")
        return Refusal{"unknown_type", "unknown type " + to_name(fields.type.string, "\"\"")};
    if (!fields.unknown) return std::nullopt;
    const auto meant = nearest(*fields.unknown, Fields::names());
    return Refusal{"bad_request", "unknown key \"" + *fields.unknown + "\"" +
                                      (meant.empty() ? "" : ", did you mean \"" + meant + "\"?")};
}

std::optional<Refusal> refuse_content(const Fields& fields) {
    const auto& room = fields.room.string;
    const auto& text = fields.text.string;
    for (const auto* field : {&fields.room, &fields.to, &fields.text})
        if (auto no = must_be(*field, Kind::string, "a string")) return no;
    if (is_given(fields.to) && fields.to.string.empty())
        return Refusal{"bad_request", "to must name a peer"};
    if (is_given(fields.to) && is_given(fields.room))
        return Refusal{"bad_request", "either to or room: direct messages are in no room"};
    if (is_given(fields.room) && (room.empty() || room.size() > limits::room_bytes_max))
        return Refusal{"bad_room", "a room name has 1 to 64 bytes"};
    if (!is_given(fields.text)) return Refusal{"bad_request", "text is missing"};
    if (text.empty()) return Refusal{"empty", "text is empty"};
    if (text.size() > limits::line_bytes_max)
        return Refusal{"too_long", "text exceeds 65536 bytes"};
    return std::nullopt;
}

std::optional<Refusal> refuse(const Fields& fields) {
    if (auto refusal = refuse_kind(fields)) return refusal;
    return refuse_content(fields);
}

// Behind `at`, where a key ended: the string that is its value, with its quotes.
std::string_view value_at(std::string_view line, std::size_t at) {
    const auto skip = [&] { at = std::min(line.find_first_not_of(" \t\r", at), line.size()); };
    skip();
    if (!line.substr(at).starts_with(':')) return {};
    ++at;
    skip();
    if (!line.substr(at).starts_with('"')) return {};
    for (auto end = at + 1; end < line.size(); ++end) {
        if (line[end] == '"') return line.substr(at, end + 1 - at);
        if (line[end] == '\\') ++end;
    }
    return {};
}

// The ref of a line that is no JSON object: whoever sent it waits for an answer. In a string there
// is no quote without a backslash, so what is found is no part of a text.
std::optional<std::string> ref_in(std::string_view line) {
    constexpr std::string_view key = "\"ref\"";
    for (auto at = line.find(key); at != line.npos; at = line.find(key, at + 1)) {
        const auto value = value_at(line, at + key.size());
        if (value.empty()) continue;
        const auto parsed = nlohmann::json::parse(value, nullptr, false);
        if (parsed.is_string()) return parsed.get<std::string>();
    }
    return std::nullopt;
}

JsonError no_object(const Fields& fields, std::string_view line) {
    const auto* why = fields.too_deep      ? "nested too deeply"
                      : fields.half_a_pair ? "half of a surrogate pair is no character"
                                           : "not a JSON object";
    // Of an object that breaks off, the ref at its top is better than one found anywhere.
    if (fields.is_object && fields.ref.kind == Kind::string)
        return {fields.ref.string, true, "bad_json", why};
    const auto ref = ref_in(line);
    return {ref.value_or(""), ref.has_value(), "bad_json", why};
}

}  // namespace

std::variant<SendRequest, JsonError> parse_json_line(std::string_view line) {
    const auto utf8 = to_utf8(line);
    Fields fields;
    if (!nlohmann::json::sax_parse(utf8, &fields) || !fields.is_object)
        return no_object(fields, utf8);
    const bool has_ref = fields.ref.kind == Kind::string;
    if (auto refusal = refuse(fields))
        return JsonError{std::move(fields.ref.string), has_ref, refusal->code, refusal->why};
    const bool has_room = fields.room.kind == Kind::string;
    return SendRequest{std::move(fields.text.string),
                       has_room ? std::move(fields.room.string) : general_room,
                       std::move(fields.ref.string), has_ref, std::move(fields.to.string)};
}

}  // namespace lanchat::app
