// Puts the layers of settings on top of each other and collects what is wrong in any of them.
#include "config/layers.hpp"

#include <algorithm>

#include "config/checks.hpp"
#include "config/nearest.hpp"

namespace lanchat {
namespace {

constexpr std::string_view prefix = "LANCHAT_";

class Stack {
  public:
    void add(const Reading& reading) {
        for (const auto& fault : reading.faults) {
            note_faulty(fault.key.substr(0, fault.key.find('[')));
            settings_.faults.push_back(fault);
        }
        for (const auto& assignment : reading.assignments) add(assignment);
    }

    void add(const Assignment& assignment) {
        const Key& key = *assignment.key;
        const std::string path(key.path);
        const auto found = problems(key, assignment.value);
        for (const auto& problem : found) report(assignment, problem);
        settings_.origins[path] = assignment.origin;
        if (found.empty()) key.set(settings_.config, assignment.value);
    }

    void add(const Environment& environment) {
        for (const auto& [variable, text] : environment) {
            if (variable.starts_with(prefix)) add_variable(variable, text);
        }
    }

    Settings finish() {
        settle(settings_, faulty_);
        sort_faults();
        return std::move(settings_);
    }

  private:
    // An unknown key makes the one that was meant unsafe to judge; a broken file (""), all of them.
    void note_faulty(const std::string& path) {
        faulty_.push_back(path);
        if (path.empty() || find_key(path) != nullptr) return;
        if (const auto meant = nearest_path(path); !meant.empty()) faulty_.push_back(meant);
    }

    // Source by source in the order in which they were read, each from its top to its end.
    void sort_faults() {
        std::map<std::string, std::size_t> rank;
        for (const auto& fault : settings_.faults) rank.emplace(fault.origin.name, rank.size());
        std::ranges::stable_sort(settings_.faults, {}, [&](const Fault& fault) {
            return std::pair{rank.at(fault.origin.name), fault.origin.line};
        });
    }

    void report(const Assignment& assignment, const Problem& problem) {
        Fault fault{assignment.origin, std::string(assignment.key->path), problem.why};
        faulty_.push_back(fault.key);
        if (problem.entry >= 0) {
            const auto entry = static_cast<std::size_t>(problem.entry);
            ItemPlace place{problem.entry, fault.origin.line};
            if (entry < assignment.entries.size()) place = assignment.entries[entry];
            fault.origin.line = place.line;
            fault.key += "[" + std::to_string(place.position) + "]";
        }
        settings_.faults.push_back(std::move(fault));
    }

    void add_variable(const std::string& variable, const std::string& text) {
        const Origin origin{Origin::Kind::environment, variable, 0};
        const auto key = std::ranges::find(keys(), variable, &Key::environment_name);
        if (key == keys().end()) return unknown_variable(origin);
        const auto value = parse_value(*key, text);
        if (value) return add(Assignment{&*key, *value, origin});
        faulty_.emplace_back(key->path);
        settings_.faults.push_back({origin, std::string(key->path), value.why()});
    }

    // A slip in one of our names is a fault; other programs may have variables of this prefix.
    void unknown_variable(const Origin& origin) {
        std::vector<std::string> names;
        for (const auto& key : keys()) {
            names.push_back(key.environment_name().substr(prefix.size()));
        }
        const auto close = nearest(std::string_view(origin.name).substr(prefix.size()), names);
        if (close.empty()) {
            settings_.warnings.push_back(origin.name + " means nothing to lanchat and is ignored");
        } else {
            settings_.faults.push_back(
                {origin, {}, "unknown variable" + did_you_mean(std::string(prefix) + close)});
        }
    }

    Settings settings_;
    std::vector<std::string> faulty_;  // keys with a fault of their own
};

}  // namespace

Origin Settings::origin_of(std::string_view path) const {
    const auto found = origins.find(path);
    return found == origins.end() ? Origin{} : found->second;
}

Settings load(const Sources& sources) {
    Stack stack;
    if (sources.chosen_file) {
        stack.add(read_config_file(*sources.chosen_file, false));
    } else {
        if (sources.site_file) stack.add(read_config_file(*sources.site_file, true));
        if (sources.user_file) stack.add(read_config_file(*sources.user_file, true));
    }
    stack.add(sources.environment);
    for (const auto& flag : sources.flags) stack.add(flag);
    return stack.finish();
}

Settings load_text(std::string_view text, const std::string& file) {
    Stack stack;
    stack.add(read_config_text(text, file));
    return stack.finish();
}

}  // namespace lanchat
