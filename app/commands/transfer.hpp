// `lanchat export` and `import`: everything a node holds, out and in again.
#pragma once

#include <string>

#include "app/commands/command.hpp"

namespace lanchat::app {

struct Export {
    enum class Format { jsonl, md };
    Format format = Format::jsonl;
    std::string file;  // empty: standard output

    int operator()(api::Client& node, const Streams& streams) const;
};

struct Import {
    std::string file;

    int operator()(api::Client& node, const Streams& streams) const;
};

}  // namespace lanchat::app
