// What a command of the command line is: its words, its help, and what it does. Parsing, --help and
// the exit code follow from this; app/commands/all.cpp lists all of them.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "app/services/api/client.hpp"
#include "config/layers.hpp"

namespace lanchat::app {

// A mistake in how the program was called; a sentence for people.
struct UsageError {
    std::string why;
};

// "-r,--room" is an option, "FILE" a word without one.
struct Option {
    enum class Takes { one, many, nothing };
    std::string_view names;
    Takes takes = Takes::one;
    std::string_view if_missing =
        {};  // the usage error if it is not given; empty: it may be missing
};

// What was written behind a command, as it was written. Options go by their last name: "--room".
class Given {
  public:
    // Empty: not given.
    const std::string& operator[](std::string_view option) const;
    bool has(std::string_view option) const { return values_.contains(option); }
    const std::vector<std::string>& all(std::string_view option) const;
    // All of them, as one text.
    std::string joined(std::string_view option) const;

    void put(std::string_view option, std::vector<std::string> values);

  private:
    std::map<std::string_view, std::vector<std::string>> values_;
};

// What a command reads and writes.
struct Streams {
    int in = 0;
    std::ostream& out;
    std::ostream& err;
    bool json = false;
};

// What a command asks of the node that runs. Returns the exit code: 0 done, 1 failed, 2 usage, 3 no
// running node, 4 not delivered in time, 5 refused.
using Question = std::function<int(api::Client& node, const Streams& streams)>;

// What a command that asks no node works with.
struct Call {
    const Given& given;
    std::string profile;
    std::optional<std::filesystem::path> user_file;    // of the settings
    std::optional<std::filesystem::path> chosen_file;  // by --config
    std::ostream& out;
    std::ostream& err;
    // Of a command that needs the settings.
    const Settings* settings = nullptr;
    std::string data_dir = {};  // empty: that of the profile
    bool json = false;
};

struct Command {
    enum class Needs { nothing, settings, node };

    std::string_view name;
    Needs needs = Needs::node;
    std::vector<Option> options = {};
    std::string_view help = {};
    // One of the three: what it asks of a node, what it does without one, or the commands under it.
    // The first two throw UsageError; the second returns the exit code.
    std::function<Question(const Given&)> question = {};
    std::function<int(const Call&)> deed = {};
    std::vector<Command> parts = {};
    // The rows of lanchat --help for a command that asks no node.
    std::string_view usage = {};
    std::string_view summary = {};
    bool is_about_node = true;  // then its help tells which node that is
};

const std::vector<Command>& all_commands();

// What `lanchat COMMAND --help` prints.
std::string help_of(const Command& command);

}  // namespace lanchat::app
