// `lanchat identity show|export FILE|import FILE`: who this node is. Works without a running node.
#pragma once

#include <ostream>
#include <string>

namespace lanchat::app {

struct Identity {
    enum class What { show, export_key, import_key };
    What what = What::show;
    std::string file;
    std::string profile;
    std::string data_dir;  // empty: that of the profile
};

// Returns the exit code.
int identity(const Identity& command, std::ostream& out, std::ostream& err);

}  // namespace lanchat::app
