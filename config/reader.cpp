// Walks a config file with nlohmann's SAX parser, because its tree forgets lines and duplicates.
#include "config/reader.hpp"

#include <cerrno>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <system_error>

#include "config/source_text.hpp"
#include "message/limits.hpp"

namespace lanchat {
namespace {

using nlohmann::json;

constexpr int depth_max = 16;  // our own files have three levels

// An input iterator that tells how far the parser has read.
class Cursor {
  public:
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = const char&;

    Cursor(const char* at, const char** reached) : at_(at), reached_(reached) {}
    reference operator*() const { return *at_; }
    Cursor& operator++() {
        ++at_;
        *reached_ = at_;
        return *this;
    }
    Cursor operator++(int) {
        const Cursor before = *this;
        ++*this;
        return before;
    }
    bool operator==(const Cursor& other) const { return at_ == other.at_; }

  private:
    const char* at_;
    const char** reached_;
};

std::string shortened(const json& value) {
    return value.is_string() ? in_quotes(value.get_ref<const std::string&>()) : value.dump();
}

// Null stands for "of the wrong type".
std::optional<Value> scalar_value(const Key& key, const json& value) {
    using Texts = std::vector<std::string>;
    if (key.kind == KeyKind::boolean && value.is_boolean()) return Value{value.get<bool>()};
    if (key.kind == KeyKind::integer && value.is_number_integer()) {
        // Beyond int64 everything is out of range anyway, and must not wrap around into it.
        const bool huge = value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX;
        return Value{huge ? INT64_MAX : value.get<std::int64_t>()};
    }
    if (!value.is_string()) return std::nullopt;
    if (key.kind == KeyKind::text || key.kind == KeyKind::choice) {
        return Value{value.get<std::string>()};
    }
    // One range is so common that it may stand without brackets.
    if (key.path == "cidr") return Value{Texts{value.get<std::string>()}};
    return std::nullopt;
}

class Walker : public nlohmann::json_sax<json> {
  public:
    Walker(std::string_view text, const char* const* reached, std::string file)
        : text_(text), counted_(text.data()), reached_(reached), file_(std::move(file)) {}

    Reading take() { return std::move(reading_); }

    bool null() override { return scalar(nullptr); }
    bool boolean(bool value) override { return scalar(value); }
    bool number_integer(std::int64_t value) override { return scalar(value); }
    bool number_unsigned(std::uint64_t value) override { return scalar(value); }
    bool number_float(double value, const std::string&) override { return scalar(value); }
    bool string(std::string& value) override { return scalar(value); }
    bool binary(json::binary_t&) override { return false; }  // JSON text has none

    bool start_object(std::size_t) override {
        if (!deeper()) return false;
        if (skip_from_ > 0 || depth_ == 1) return true;
        if (depth_ == 2 && key_ == nullptr && is_section(path_)) {
            section_ = path_;
            return true;
        }
        return composite_refused("an object");
    }

    bool end_object() override {
        if (depth_ == 2 && skip_from_ == 0) section_.clear();
        return shallower();
    }

    bool start_array(std::size_t) override {
        if (!deeper()) return false;
        if (skip_from_ > 0) return true;
        if (depth_ == 1) return root_refused();
        if (key_ == nullptr || key_->kind != KeyKind::list || in_list_) {
            return composite_refused("a list");
        }
        in_list_ = true;
        position_ = 0;
        list_ = Assignment{key_, std::vector<std::string>{}, origin(key_line_), {}};
        return true;
    }

    bool end_array() override {
        if (in_list_ && skip_from_ == 0) {
            in_list_ = false;
            // Nothing is left to judge where every entry was refused.
            if (position_ == 0 || !list_.entries.empty()) {
                reading_.assignments.push_back(std::move(list_));
            }
        }
        return shallower();
    }

    bool key(std::string& name) override {
        if (skip_from_ > 0) return true;
        path_ = section_.empty() ? name : section_ + "." + name;
        key_line_ = line();
        key_ = name.find('.') == std::string::npos ? find_key(path_) : nullptr;
        const auto [first, fresh] = seen_.emplace(std::pair{section_, name}, key_line_);
        if (!fresh) {
            fault("given twice, first on line " + std::to_string(first->second));
        } else if (key_ == nullptr && (!section_.empty() || !is_section(name))) {
            fault("unknown key" + unknown_hint(name));
        }
        return true;
    }

    bool parse_error(std::size_t position, const std::string&,
                     const nlohmann::detail::exception& error) override {
        const auto [row, column] = place_of_byte(text_, position);
        std::string why = error.what();
        // "[json.exception…] parse error at line 3, column 5: syntax error while …", or, without a
        // place, "[json.exception…] number overflow parsing '1e400'"
        const auto colon = why.find(": ");
        const auto bracket = why.find("] ");
        if (colon != std::string::npos) {
            why.erase(0, colon + 2);
        } else if (bracket != std::string::npos) {
            why.erase(0, bracket + 2);
        }
        reading_.faults.push_back({origin(row), {}, why, column});
        return false;
    }

  private:
    Origin origin(int at_line) const { return {Origin::Kind::file, file_, at_line}; }

    // The line of the byte read last.
    int line() {
        for (; counted_ + 1 < *reached_; ++counted_) line_ += *counted_ == '\n' ? 1 : 0;
        return line_;
    }

    void fault(std::string why) {
        reading_.faults.push_back({origin(key_line_), path_, std::move(why)});
    }

    std::string unknown_hint(const std::string& name) const {
        const bool dotted = section_.empty() && find_key(name) != nullptr;
        if (!dotted) return did_you_mean(nearest_path(path_));
        const Key& meant = known_key(name);
        return " (write \"" + std::string(meant.leaf()) + "\" inside \"" +
               std::string(meant.section()) + "\")";
    }

    bool deeper() {
        if (++depth_ <= depth_max) return true;
        reading_.faults.push_back({origin(line()), {}, "nested too deeply"});
        return false;
    }

    bool shallower() {
        if (skip_from_ == depth_) skip_from_ = 0;
        --depth_;
        return true;
    }

    bool root_refused() {
        reading_.faults.push_back({origin(line()), {}, "expected an object: { … }"});
        return false;
    }

    bool composite_refused(const std::string& what) {
        skip_from_ = depth_;
        if (in_list_) {
            entry_refused(what);
        } else {
            refuse_type(what);
        }
        return true;
    }

    // An unknown key has been reported already; what it holds is of no interest.
    void refuse_type(const std::string& got) {
        if (key_ != nullptr) {
            fault("expected " + expectation(*key_) + ", got " + got);
        } else if (section_.empty() && is_section(path_)) {
            fault("expected an object, got " + got);
        }
    }

    void entry_refused(const std::string& got) {
        const auto path = path_ + "[" + std::to_string(position_++) + "]";
        reading_.faults.push_back({origin(line()), path, "expected a string, got " + got});
    }

    void append(std::string entry) {
        std::get<std::vector<std::string>>(list_.value).push_back(std::move(entry));
        list_.entries.push_back({position_++, line()});
    }

    bool scalar(const json& value) {
        if (skip_from_ > 0) return true;
        if (depth_ == 0) return root_refused();
        if (in_list_) {
            if (value.is_string()) {
                append(value.get<std::string>());
            } else {
                entry_refused(value.dump());
            }
            return true;
        }
        auto converted = key_ == nullptr ? std::nullopt : scalar_value(*key_, value);
        if (converted) {
            reading_.assignments.push_back({key_, *converted, origin(key_line_), {}});
        } else {
            refuse_type(shortened(value));
        }
        return true;
    }

    std::string_view text_;
    const char* counted_;
    const char* const* reached_;
    std::string file_;
    Reading reading_;
    std::map<std::pair<std::string, std::string>, int> seen_;  // section and key -> line
    std::string section_;
    std::string path_;
    const Key* key_ = nullptr;  // null: unknown, or a section
    int key_line_ = 1;
    int line_ = 1;
    int depth_ = 0;
    int skip_from_ = 0;  // depth of a value that is skipped with all it holds; 0: none
    bool in_list_ = false;
    int position_ = 0;  // of the next entry
    Assignment list_;
};

Reading unreadable(const std::string& file, std::string why) {
    return {{}, {{{Origin::Kind::file, file, 0}, {}, std::move(why)}}};
}

}  // namespace

Reading read_config_text(std::string_view text, const std::string& file) {
    if (text.size() > limits::config_bytes_max) {
        return unreadable(
            file, "larger than " + std::to_string(limits::config_bytes_max / 1024) + " KiB");
    }
    if (const auto nul = text.find('\0'); nul != std::string_view::npos) {
        // The parser would take it for the end of the file and ignore the rest.
        const auto [row, column] = place_of_byte(text, nul + 1);
        return {{}, {{{Origin::Kind::file, file, row}, {}, "a NUL byte", column}}};
    }
    const std::string plain = without_comments(text);
    const char* reached = plain.data();
    Walker walker(plain, &reached, file);
    json::sax_parse(Cursor(plain.data(), &reached), Cursor(plain.data() + plain.size(), &reached),
                    &walker);
    return walker.take();
}

Reading read_config_file(const std::filesystem::path& file, bool may_be_absent) {
    errno = 0;
    std::ifstream in(file, std::ios::binary);
    if (!in) {
        const int error = errno;
        if (may_be_absent && (error == ENOENT || error == ENOTDIR)) return {};
        return unreadable(file.string(),
                          "cannot be read: " + std::generic_category().message(error));
    }
    std::string text(limits::config_bytes_max + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (in.bad()) {
        return unreadable(file.string(),
                          "cannot be read: " + std::generic_category().message(errno));
    }
    text.resize(static_cast<std::size_t>(in.gcount()));
    return read_config_text(text, file.string());
}

}  // namespace lanchat
