// Defaults, files, environment and flags put on top of each other, with who said what.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "config/environment.hpp"
#include "config/fault.hpp"
#include "config/reader.hpp"

namespace lanchat {

// Where settings may come from; the later wins. With a chosen file the other two are not read.
struct Sources {
    std::optional<std::filesystem::path> site_file;
    std::optional<std::filesystem::path> user_file;
    std::optional<std::filesystem::path> chosen_file;
    Environment environment;
    std::vector<Assignment> flags;
};

// `config` is to be used only if there are no faults. Keys without an origin have their default.
struct Settings {
    Config config;
    std::map<std::string, Origin, std::less<>> origins;
    std::vector<Fault> faults;
    std::vector<std::string> warnings;  // variables that look like ours but mean nothing to us

    Origin origin_of(std::string_view path) const;
};

Settings load(const Sources& sources);

// One file on top of the defaults, as `config check` sees it.
Settings load_text(std::string_view text, const std::string& file);

}  // namespace lanchat
