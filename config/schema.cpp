// Makes the JSON Schema from the key table.
#include "config/schema.hpp"

#include <nlohmann/json.hpp>

#include "config/keys.hpp"

namespace lanchat {
namespace {

using Tree = nlohmann::ordered_json;

void describe_list(const Key& key, Tree& out) {
    Tree list = {{"type", "array"},
                 {"items", {{"type", "string"}}},
                 {"minItems", key.min},
                 {"maxItems", key.max}};
    if (key.path == "cidr") {
        out["anyOf"] = Tree::array({{{"type", "string"}}, list});
    } else {
        out.update(list);
    }
}

Tree describe(const Key& key) {
    Tree out = {{"description", key.about}};
    out["default"] = std::visit([](const auto& held) { return Tree(held); }, key.standard());
    switch (key.kind) {
        case KeyKind::boolean:
            out["type"] = "boolean";
            break;
        case KeyKind::integer:
            out["type"] = "integer";
            out["minimum"] = key.min;
            out["maximum"] = key.max;
            break;
        case KeyKind::text:
            out["type"] = "string";
            break;
        case KeyKind::choice:
            out["enum"] = std::vector<std::string>(key.choices.begin(), key.choices.end());
            break;
        case KeyKind::list:
            describe_list(key, out);
            break;
    }
    return out;
}

Tree closed_object() {
    return {{"type", "object"}, {"additionalProperties", false}, {"properties", Tree::object()}};
}

}  // namespace

std::string config_schema() {
    Tree schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                   {"title", "Settings of lanchat"}};
    schema.update(closed_object());
    for (const auto& key : keys()) {
        Tree* parent = &schema["properties"];
        if (!key.section().empty()) {
            Tree& section = (*parent)[std::string(key.section())];
            if (section.is_null()) section = closed_object();
            parent = &section["properties"];
        }
        (*parent)[std::string(key.leaf())] = describe(key);
    }
    return schema.dump(2) + "\n";
}

}  // namespace lanchat
