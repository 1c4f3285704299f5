// Prints configs by hand, line by line, since a JSON tree has no place for comments.
#include "config/print.hpp"

#include <functional>
#include <nlohmann/json.hpp>

#include "message/text.hpp"

namespace lanchat {
namespace {

using nlohmann::json;

std::string to_json(const Key& key, const Value& value) {
    json tree = std::visit([](const auto& held) { return json(held); }, value);
    if (key.path == "cidr" && tree.size() == 1) tree = json(tree.front());
    // A path given as a flag may be any bytes.
    return tree.dump(-1, ' ', false, json::error_handler_t::replace);
}

// What to print of one key: its lines, given its place and the comma that has to follow.
using PrintKey = std::function<std::string(const Key& key, const std::string& indent, bool last)>;

std::string quoted_key(std::string_view name) { return "\"" + std::string(name) + "\": "; }

// The table lists keys section by section, so one pass opens and closes each object once.
std::string print_object(const PrintKey& print_key) {
    std::string out = "{\n";
    std::string_view open;
    const auto all = keys();
    for (std::size_t i = 0; i < all.size(); ++i) {
        const auto section = all[i].section();
        const bool ends = i + 1 == all.size() || all[i + 1].section() != section;
        if (section != open) out += "  " + quoted_key(section) + "{\n";
        open = section;
        const bool last = ends && (!section.empty() || i + 1 == all.size());
        out += print_key(all[i], section.empty() ? "  " : "    ", last);
        if (ends && !section.empty()) out += i + 1 == all.size() ? "  }\n" : "  },\n";
    }
    return out + "}\n";
}

}  // namespace

std::string print_config(const Settings& settings, bool with_origins) {
    return print_object([&](const Key& key, const std::string& indent, bool last) {
        std::string line = indent + quoted_key(key.leaf()) +
                           to_json(key, key.get(settings.config)) + (last ? "" : ",");
        if (with_origins) line += "  // " + displayable(to_string(settings.origin_of(key.path)));
        return line + "\n";
    });
}

std::string starter_file() {
    return "// Settings of lanchat. Every line shows the default: take away the // before a key\n"
           "// to change it. `lanchat config check FILE` tells what is wrong, if anything is.\n" +
           print_object([](const Key& key, const std::string& indent, bool last) {
               const auto member = quoted_key(key.leaf()) + to_json(key, key.standard());
               const auto text = last ? member : "// " + member + ",";
               return indent + "// " + std::string(key.about) + "\n" + indent + text + "\n";
           });
}

}  // namespace lanchat
