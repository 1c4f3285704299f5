// The only file that knows CLI11: it finds the words; the table of keys and the list of commands
// say which there are and what they mean.
#include "app/cli.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <deque>
#include <exception>
#include <iostream>
#include <map>
#include <memory>
#include <span>
#include <system_error>
#include <vector>

#include "app/commands/ask.hpp"
#include "app/commands/command.hpp"
#include "app/commands/config.hpp"
#include "app/help.hpp"
#include "app/profile.hpp"
#include "config/layers.hpp"
#include "config/nearest.hpp"
#include "message/text.hpp"

namespace lanchat::app {
namespace {

constexpr std::string_view default_site_file = "/etc/lanchat/config.json";
constexpr std::int64_t linger_s_max = 1'000'000;  // beyond eleven days "inf" is meant

// What was written, as it was written.
struct Words {
    std::map<std::string_view, std::string> values;              // key path -> text
    std::map<std::string_view, std::vector<std::string>> lists;  // key path -> entries
    std::string config_file;
    std::string profile = "default";
    std::string ports;
    std::string linger;
    bool lan = false;
    bool no_beacon = false;
    bool no_legacy = false;
    bool ephemeral = false;
    bool plain = false;
    bool json = false;
    bool quiet = false;
};

// A command as CLI11 knows it, and where CLI11 puts what was given for each option.
struct Spoken {
    struct Slot {
        const Option& option;
        CLI::Option* found = nullptr;
        std::string one = {};
        std::vector<std::string> many = {};
        bool flag = false;

        std::string_view name() const { return option.names.substr(option.names.rfind(',') + 1); }
    };

    const Command& command;
    CLI::App* app;
    std::deque<Slot> slots = {};  // which stay where they are
    std::vector<std::unique_ptr<Spoken>> parts = {};

    void add(const Option& option) {
        auto& slot = slots.emplace_back(Slot{option});
        const std::string names(option.names);
        switch (option.takes) {
            case Option::Takes::one:
                slot.found = app->add_option(names, slot.one);
                return;
            case Option::Takes::many:
                slot.found = app->add_option(names, slot.many);
                return;
            case Option::Takes::nothing:
                slot.found = app->add_flag(names, slot.flag);
        }
    }

    Given given() const {
        Given given;
        for (const auto& slot : slots) {
            if (slot.option.takes == Option::Takes::many) given.put(slot.name(), slot.many);
            if (slot.option.takes == Option::Takes::one && slot.found->count() > 0)
                given.put(slot.name(), {slot.one});
            if (slot.flag) given.put(slot.name(), {});
        }
        return given;
    }

    // The first of `spoken` that was written.
    static const Spoken* written(const std::vector<std::unique_ptr<Spoken>>& spoken) {
        const auto found =
            std::ranges::find_if(spoken, [](const auto& one) { return one->app->parsed(); });
        return found == spoken.end() ? nullptr : found->get();
    }
};

class Parser {
  public:
    Parser() : app_("", "lanchat") {
        app_.allow_extras();  // reported by us, with a guess at what was meant
        add_key_options();
        app_.add_option("-c,--config", words.config_file)->type_name("FILE");
        app_.add_option("-P,--profile", words.profile)->type_name("NAME");
        app_.add_option("--ports", words.ports)->type_name("MIN-MAX");
        app_.add_option("--linger", words.linger)->type_name("S");
        add_flag("--no-beacon", words.no_beacon);
        add_flag("--no-legacy", words.no_legacy);
        add_flag("--ephemeral", words.ephemeral);
        add_flag("--lan", words.lan)->excludes(app_.get_option("--ip"));
        auto* plain = add_flag("--plain", words.plain);
        add_flag("--json", words.json)->excludes(plain);
        add_flag("-q,--quiet", words.quiet);
        app_.set_version_flag("-V,--version", std::string());
        app_.require_subcommand(0, 1);
        for (const auto& command : all_commands()) add_command(app_, command, commands_);
    }

    // Throws CLI::Error or UsageError.
    void parse(std::span<const char* const> arguments) {
        std::vector<std::string> backwards;  // CLI11 takes them from the end
        for (const std::string argument : arguments) {
            // CLI11 would take the next word for the value that is left empty.
            const bool empty_value = argument.starts_with("--") && argument.ends_with("=");
            backwards.push_back(argument.substr(0, argument.size() - (empty_value ? 1 : 0)));
            if (empty_value) backwards.emplace_back();
        }
        std::ranges::reverse(backwards);
        app_.parse(backwards);
        refuse_unknown();
        refuse_incomplete();
    }

    bool given(const std::string& option) const { return app_.count(option) > 0; }

    // The command that was written: `config` for `config print`. None: a node is to be run.
    const Spoken* top() const { return Spoken::written(commands_); }
    // `print` for `config print`.
    const Spoken* command() const {
        const auto* first = top();
        return first == nullptr || first->parts.empty() ? first : Spoken::written(first->parts);
    }

    Words words;

  private:
    void add_key_options() {
        for (const auto& key : keys()) {
            if (key.metavar.empty()) continue;
            const std::string flag(key.flag);
            if (key.kind == KeyKind::list) {
                app_.add_option(flag, words.lists[key.path])
                    ->expected(1)
                    ->allow_extra_args(false)
                    ->take_all()
                    ->type_name(std::string(key.metavar));
            } else {
                app_.add_option(flag, words.values[key.path])->type_name(std::string(key.metavar));
            }
        }
    }

    CLI::Option* add_flag(const std::string& name, bool& given) {
        return app_.add_flag(name, given)->disable_flag_override()->take_last();
    }

    static void add_command(CLI::App& parent, const Command& command,
                            std::vector<std::unique_ptr<Spoken>>& spoken) {
        auto* app = parent.add_subcommand(std::string(command.name));
        app->allow_extras();
        app->fallthrough();  // the options of the program may follow its commands
        auto& added = *spoken.emplace_back(std::make_unique<Spoken>(Spoken{command, app}));
        for (const auto& option : command.options) added.add(option);
        if (!command.parts.empty()) app->require_subcommand(0, 1);
        for (const auto& part : command.parts) add_command(*app, part, added.parts);
    }

    void refuse_incomplete() const {
        const auto* written = command();
        if (top() != nullptr && written == nullptr) {
            std::string parts;
            for (const auto& part : top()->command.parts)
                parts += (parts.empty() ? "" : ", ") + std::string(part.name);
            throw UsageError{std::string(top()->command.name) + " needs one of: " + parts};
        }
        if (written == nullptr) return;
        for (const auto& slot : written->slots)
            if (!slot.option.if_missing.empty() && slot.one.empty())
                throw UsageError{std::string(slot.option.if_missing)};
    }

    static void add_options(const CLI::App& app, std::vector<std::string>& known) {
        for (const auto* option : app.get_options()) {
            if (!option->get_lnames().empty()) {
                known.push_back("--" + option->get_lnames().front());
            }
        }
    }

    void refuse_unknown() const {
        auto unknown = app_.remaining(true);
        std::erase(unknown, "--");  // it only says that no options follow
        if (unknown.empty()) return;
        const std::string word = unknown.front().substr(0, unknown.front().find('='));
        const bool is_option = word.starts_with("-");
        std::vector<std::string> known;
        if (is_option) {
            for (const auto& spoken : commands_)
                for (const auto& part : spoken->parts) add_options(*part->app, known);
            add_options(app_, known);
            for (const auto* command : app_.get_subcommands()) add_options(*command, known);
        } else {
            const CLI::App& parent = top() != nullptr && !top()->parts.empty() ? *top()->app : app_;
            for (const auto* command : parent.get_subcommands({})) {
                known.push_back(command->get_name());
            }
        }
        std::erase(known, word);  // it is known, but not in this place
        throw UsageError{(is_option ? "unknown option " : "unknown word ") + in_quotes(word) +
                         did_you_mean(nearest(word, known))};
    }

    CLI::App app_;
    std::vector<std::unique_ptr<Spoken>> commands_;
};

Assignment from_flag(std::string_view path, std::string_view flag, Value value) {
    return {&known_key(path), std::move(value), {Origin::Kind::flag, std::string(flag), 0}, {}};
}

void add_key_flags(const Parser& parser, std::vector<Assignment>& flags) {
    for (const auto& key : keys()) {
        if (key.metavar.empty() || !parser.given(std::string(key.long_flag()))) continue;
        if (key.kind == KeyKind::list) {
            flags.push_back(from_flag(key.path, key.long_flag(), parser.words.lists.at(key.path)));
        } else {
            flags.push_back(from_flag(key.path, key.long_flag(), parser.words.values.at(key.path)));
        }
    }
}

// An entry of --cidr beside --lan is one more range.
void add_lan(const Words& words, std::vector<Assignment>& flags) {
    std::vector<std::string> ranges = words.lists.at("cidr");
    ranges.insert(ranges.begin(), "auto");
    flags.push_back(from_flag("cidr", "--lan", ranges));
    flags.push_back(from_flag("ip", "--lan", std::string{}));
}

// The range is taken apart here, so that each end meets the bounds of its key.
void add_ports(const std::string& text, std::vector<Assignment>& flags) {
    const auto dash = text.find('-');
    const auto max_text = dash == std::string::npos ? text : text.substr(dash + 1);
    const auto min = parse_value(known_key("min_port"), text.substr(0, dash));
    const auto max = parse_value(known_key("max_port"), max_text);
    if (!min || !max) {
        throw UsageError{"--ports: expected a range like 4565-4569, got " + in_quotes(text)};
    }
    flags.push_back(from_flag("min_port", "--ports", *min));
    flags.push_back(from_flag("max_port", "--ports", *max));
}

std::vector<Assignment> assignments(const Parser& parser) {
    const Words& words = parser.words;
    std::vector<Assignment> flags;
    add_key_flags(parser, flags);
    if (words.lan) add_lan(words, flags);
    if (parser.given("--ports")) add_ports(words.ports, flags);
    if (words.no_beacon) flags.push_back(from_flag("discovery.beacon", "--no-beacon", false));
    if (words.no_legacy) flags.push_back(from_flag("security.legacy_peers", "--no-legacy", false));
    if (words.ephemeral) flags.push_back(from_flag("history.enabled", "--ephemeral", false));
    if (words.plain) flags.push_back(from_flag("ui.mode", "--plain", std::string("plain")));
    if (words.json) flags.push_back(from_flag("ui.mode", "--json", std::string("json")));
    return flags;
}

std::optional<std::chrono::seconds> parse_linger(const std::string& text) {
    if (text == "inf") return std::nullopt;
    std::int64_t seconds = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    const bool whole = error == std::errc{} && end == text.data() + text.size();
    if (whole && 0 <= seconds && seconds <= linger_s_max) return std::chrono::seconds{seconds};
    throw UsageError{"--linger: expected seconds from 0 to " + std::to_string(linger_s_max) +
                     ", or inf, got " + in_quotes(text)};
}

RunOptions run_options(const Parser& parser, Config config) {
    RunOptions options;
    options.profile = parser.words.profile;
    options.profile_chosen = parser.given("--profile") || parser.given("--data-dir");
    options.quiet = parser.words.quiet;
    if (parser.given("--linger")) options.linger = parse_linger(parser.words.linger);
    // A profile of one's own is separate also where a file or a variable names the place.
    const bool shared_place = !config.data_dir.empty() && !parser.given("--data-dir");
    if (parser.given("--profile") && shared_place) {
        config.data_dir = std::filesystem::path(config.data_dir) / options.profile;
    }
    options.config = std::move(config);
    return options;
}

void check_profile(const std::string& name) {
    if (is_profile_name(name)) return;
    throw UsageError{"--profile: expected letters, digits, - _ . and no leading dot, got " +
                     in_quotes(name)};
}

std::optional<std::filesystem::path> chosen_file(const Parser& parser) {
    if (!parser.given("--config")) return std::nullopt;
    return parser.words.config_file;
}

CommandLine done(int exit_code) { return {std::nullopt, std::nullopt, exit_code}; }

// Throws UsageError.
CommandLine ask_node(const Parser& parser, const Spoken& spoken, const RunOptions& options,
                     const Surroundings& around) {
    NodeCommand command;
    command.ask = spoken.command.question(spoken.given());
    command.json = parser.words.json;
    // Where the node that is asked keeps its socket.
    const auto dir =
        profile_directory(options.profile, options.config.data_dir, around.environment);
    if (!dir) {
        around.err << "lanchat: " << dir.why() << '\n';
        return done(1);
    }
    command.data_dir = *dir;
    return {std::nullopt, std::move(command), 0};
}

// Throws UsageError for what no fault of a key covers.
CommandLine carry_out(const Parser& parser, const Surroundings& around) {
    using Needs = Command::Needs;
    check_profile(parser.words.profile);
    const auto* spoken = parser.command();
    const Given given = spoken != nullptr ? spoken->given() : Given{};
    Call call{given,
              parser.words.profile,
              user_config_file(around.environment),
              chosen_file(parser),
              around.out,
              around.err};
    if (spoken != nullptr && spoken->command.needs == Needs::nothing)
        return done(spoken->command.deed(call));
    const auto settings = load({around.site_config_file, call.user_file, call.chosen_file,
                                around.environment, assignments(parser)});
    auto options = run_options(parser, settings.config);
    if (!report(settings, around.err)) return done(2);
    if (spoken == nullptr) return {std::move(options), std::nullopt, 0};
    if (spoken->command.needs == Needs::node) return ask_node(parser, *spoken, options, around);
    call.settings = &settings;
    call.data_dir = options.config.data_dir;
    call.json = parser.words.json;
    return done(spoken->command.deed(call));
}

int usage_error(const std::string& why, std::ostream& err) {
    err << "lanchat: " << displayable(why) << "\nTry 'lanchat --help'.\n";
    return 2;
}

CommandLine parse_or_explain(std::span<const char* const> arguments, const Surroundings& around) {
    Parser parser;
    try {
        parser.parse(arguments);
        return carry_out(parser, around);
    } catch (const UsageError& error) {
        return done(usage_error(error.why, around.err));
    } catch (const CLI::CallForHelp&) {
        const auto* top = parser.top();
        around.out << (top != nullptr ? help_of(top->command) : help_text());
    } catch (const CLI::CallForVersion&) {
        around.out << version_text();
    } catch (const CLI::ParseError& error) {
        return done(usage_error(error.what(), around.err));
    }
    return {};
}

}  // namespace

CommandLine parse_command_line(int argc, const char* const* argv, const Surroundings& around) {
    const std::span all(argv, static_cast<std::size_t>(argc));
    const auto result = parse_or_explain(all.empty() ? all : all.subspan(1), around);
    const int exit_code = flushed(around.out, around.err, result.exit_code);
    return exit_code == result.exit_code ? result : done(exit_code);
}

CommandLine parse_command_line(int argc, const char* const* argv) {
    return parse_command_line(argc, argv,
                              {process_environment(), default_site_file, std::cout, std::cerr});
}

}  // namespace lanchat::app
