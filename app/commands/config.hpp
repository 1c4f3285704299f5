// `lanchat config print|check|schema|init`: results on `out`, everything else on `err`. All return
// the exit code.
#pragma once

#include <filesystem>
#include <optional>
#include <ostream>

#include "config/layers.hpp"

namespace lanchat::app {

// One line per fault and warning, as every command and the node itself report them. True if the
// settings can be used.
bool report(const Settings& settings, std::ostream& err);

// Precondition: report() was true.
int config_print(const Settings& settings, bool with_origins, std::ostream& out);

int config_check(const std::filesystem::path& file, std::ostream& out, std::ostream& err);

int config_schema_to(std::ostream& out);

// Writes the starter file; one that exists already is never touched.
int config_init(const std::optional<std::filesystem::path>& file, std::ostream& out,
                std::ostream& err);

}  // namespace lanchat::app
