// The strict reader of config files: JSON with // comments, where nothing is ignored silently.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "config/fault.hpp"
#include "config/keys.hpp"

namespace lanchat {

// Where an item of a list stands: its position in the list as written, and its line.
struct ItemPlace {
    int position = 0;
    int line = 0;
};

// A value for a key, not yet checked, and who gave it.
struct Assignment {
    const Key* key = nullptr;
    Value value;
    Origin origin;
    std::vector<ItemPlace> entries{};  // of a list in a file
};

// What a file says, and all that is wrong with how it says it. The values are of the right type;
// whether they make sense is decided in config/layers.hpp.
struct Reading {
    std::vector<Assignment> assignments;
    std::vector<Fault> faults;
};

// `file` is the name that messages use.
Reading read_config_text(std::string_view text, const std::string& file);

// A file that is not there is a fault, unless it `may_be_absent`.
Reading read_config_file(const std::filesystem::path& file, bool may_be_absent);

}  // namespace lanchat
