// The program's log: where it goes, from which level on, and nothing in it that steers a terminal.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "config/config.hpp"

namespace lanchat::app {

// While it lives, spdlog's default logger writes as `config` says; afterwards what is logged goes
// nowhere. Make it before there are threads that log.
class Log {
  public:
    using LineFunction = std::function<void(std::string)>;

    // quiet: nothing below a warning. What is not for a file goes to `line`, newline included, from
    // any thread. Throws when the file cannot be opened.
    Log(const LogConfig& config, bool quiet, LineFunction line);
    ~Log();
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;

  private:
    class CleanSink;
    std::shared_ptr<CleanSink> sink_;  // shared with spdlog
};

}  // namespace lanchat::app
