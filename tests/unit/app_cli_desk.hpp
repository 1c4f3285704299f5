// A place to try command lines in.
#pragma once

#include <doctest/doctest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "app/cli.hpp"
#include "app/commands/lines.hpp"
#include "app/commands/people.hpp"
#include "app/commands/send.hpp"
#include "app/commands/transfer.hpp"

namespace lanchat::app {

namespace fs = std::filesystem;

// A home of its own in which command lines are tried.
class Desk {
  public:
    Desk() {
        std::string pattern = (fs::temp_directory_path() / "lanchat-XXXXXX").string();
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        home = pattern;
        environment = {{"HOME", home.string()}};
    }
    ~Desk() {
        std::error_code ignored;
        fs::remove_all(home, ignored);
    }
    Desk(const Desk&) = delete;
    Desk& operator=(const Desk&) = delete;

    CommandLine run(const std::vector<std::string>& arguments) {
        std::vector<const char*> argv{"lanchat"};
        for (const auto& argument : arguments) argv.push_back(argument.c_str());
        std::ostringstream out_text;
        std::ostringstream err_text;
        auto line = parse_command_line(static_cast<int>(argv.size()), argv.data(),
                                       {environment, home / "site.json", out_text, err_text});
        out = out_text.str();
        err = err_text.str();
        return line;
    }

    RunOptions options(const std::vector<std::string>& arguments) {
        const auto line = run(arguments);
        CAPTURE(err);
        REQUIRE(line.run);
        CHECK(line.exit_code == 0);
        CHECK(out.empty());
        return *line.run;
    }

    // What a node is to be asked.
    template <class What>
    What asked(const std::vector<std::string>& arguments) {
        const auto line = run(arguments);
        CAPTURE(err);
        REQUIRE(line.command);
        CHECK_FALSE(line.run);
        REQUIRE(line.command->ask.template target<What>() != nullptr);
        return *line.command->ask.template target<What>();
    }

    // Checks that nothing is to be run, and that the refusal is on stderr only.
    std::string refusal(const std::vector<std::string>& arguments) {
        const auto line = run(arguments);
        CHECK_FALSE(line.run);
        CHECK_FALSE(line.command);
        CHECK(line.exit_code == 2);
        CHECK(out.empty());
        return err;
    }

    fs::path write(const std::string& name, const std::string& text) const {
        fs::create_directories((home / name).parent_path());
        std::ofstream(home / name) << text;
        return home / name;
    }

    fs::path user_file() const { return home / ".config" / "lanchat" / "config.json"; }

    fs::path home;
    Environment environment;
    std::string out;
    std::string err;
};

inline bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace lanchat::app
