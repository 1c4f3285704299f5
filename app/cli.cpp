// The only file that knows CLI11: it finds the words, the key table says what they mean.
#include "app/cli.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <exception>
#include <iostream>
#include <map>
#include <span>
#include <system_error>
#include <vector>

#include "app/command_help.hpp"
#include "app/commands/config.hpp"
#include "app/commands/identity.hpp"
#include "app/commands/invite.hpp"
#include "app/commands/words.hpp"
#include "app/help.hpp"
#include "app/profile.hpp"
#include "config/layers.hpp"
#include "config/nearest.hpp"
#include "message/text.hpp"
#include "node/keep/passphrase.hpp"

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
    std::string checked_file;
    std::string key_file;
    std::string invite_file;
    std::string invite_words;
    bool lan = false;
    bool no_beacon = false;
    bool no_legacy = false;
    bool ephemeral = false;
    bool plain = false;
    bool json = false;
    bool quiet = false;
    bool with_origins = false;
    CommandWords command;
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
        add_commands();
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
        if (in_config() && command().empty()) {
            throw UsageError{"config needs one of: print, check, schema, init"};
        }
        if (in_identity() && command().empty()) {
            throw UsageError{"identity needs one of: show, export, import"};
        }
        if (in_identity() && command() != "show" && words.key_file.empty()) {
            throw UsageError{"identity " + command() + " needs a FILE"};
        }
        if (command() == "check" && !check_->count("FILE")) {
            throw UsageError{"config check needs the FILE to check"};
        }
    }

    bool given(const std::string& option) const { return app_.count(option) > 0; }
    bool in_config() const { return config_->parsed(); }
    bool in_identity() const { return identity_->parsed(); }
    bool in_invite() const { return invite_->parsed(); }

    // The command that asks a node; empty if there is none.
    std::string node_command() const {
        const auto commands = app_.get_subcommands();
        const bool asks = !commands.empty() && !in_config() && !in_identity() && !in_invite();
        return asks ? commands.front()->get_name() : std::string{};
    }

    // Of `lanchat config` or `identity`; empty when a node is to be run.
    std::string command() const {
        const auto commands = (in_identity() ? identity_ : config_)->get_subcommands();
        return commands.empty() ? std::string{} : commands.front()->get_name();
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

    void add_commands() {
        app_.require_subcommand(0, 1);
        config_ = add_command(app_, "config");
        config_->require_subcommand(0, 1);
        add_command(*config_, "print")->add_flag("--origin", words.with_origins);
        check_ = add_command(*config_, "check");
        check_->add_option("FILE", words.checked_file);
        add_command(*config_, "schema");
        add_command(*config_, "init");
        identity_ = add_command(app_, "identity");
        identity_->require_subcommand(0, 1);
        add_command(*identity_, "show");
        for (const auto* name : {"export", "import"})
            add_command(*identity_, name)->add_option("FILE", words.key_file);
        invite_ = add_command(app_, "invite");
        invite_->add_option("FILE", words.invite_file);
        invite_->add_option("--words", words.invite_words);
        add_node_commands();
    }

    void add_node_commands() {
        auto& in = words.command;
        auto* send = add_node_command("send", "-r,--room", in.room);
        send->add_option("--id", in.said_id);
        send->add_option("--wait", in.wait);
        send->add_option("--timeout", in.timeout);
        send->add_option("TEXT", in.text);
        auto* tail = add_node_command("tail", "-r,--room", in.room);
        tail->add_option("-n,--lines", in.count);
        tail->add_flag("-f,--follow", in.follow);
        tail->add_option("--since", in.since);
        auto* history = add_node_command("history", "-r,--room", in.room);
        history->add_option("--since", in.since);
        history->add_option("--until", in.until);
        auto* search = add_node_command("search", "-r,--room", in.room);
        search->add_option("QUERY", in.text);
        for (auto* command : {send, tail, history, search}) command->add_option("-t,--to", in.peer);
        for (auto* command : {history, search}) {
            command->add_option("--from", in.author);
            command->add_option("-n,--lines", in.count);
        }
        auto* verify = add_node_command("verify", "PEER", in.peer);
        verify->add_option("--code", in.code);
        verify->add_option("--id", in.id);
        for (const auto* name : {"block", "unblock"}) add_node_command(name, "PEER", in.peer);
        for (const auto* name : {"peers", "rooms", "status"}) add_command(app_, name);
        auto* out = add_node_command("export", "-o,--output", in.file);
        out->add_option("--format", in.format);
        add_node_command("import", "FILE", in.file);
    }

    CLI::App* add_node_command(const std::string& name, const std::string& option,
                               std::string& value) {
        auto* command = add_command(app_, name);
        command->add_option(option, value);
        return command;
    }

    static CLI::App* add_command(CLI::App& parent, const std::string& name) {
        auto* command = parent.add_subcommand(name);
        command->allow_extras();
        command->fallthrough();  // the options of the program may follow its commands
        return command;
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
            known.emplace_back("--origin");
            add_options(app_, known);
            for (const auto* command : app_.get_subcommands()) add_options(*command, known);
        } else {
            const CLI::App& parent = in_config() ? *config_ : in_identity() ? *identity_ : app_;
            for (const auto* command : parent.get_subcommands({})) {
                known.push_back(command->get_name());
            }
        }
        std::erase(known, word);  // it is known, but not in this place
        throw UsageError{(is_option ? "unknown option " : "unknown word ") + in_quotes(word) +
                         did_you_mean(nearest(word, known))};
    }

    CLI::App app_;
    CLI::App* config_ = nullptr;
    CLI::App* check_ = nullptr;
    CLI::App* identity_ = nullptr;
    CLI::App* invite_ = nullptr;
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

// Where the node that is asked keeps its socket.
CommandLine ask_node(const Parser& parser, const std::string& name, const RunOptions& options,
                     const Surroundings& around) {
    NodeCommand command;
    command.what = to_command(name, parser.words.command);
    command.json = parser.words.json;
    const auto dir =
        profile_directory(options.profile, options.config.data_dir, around.environment);
    if (!dir) {
        around.err << "lanchat: " << dir.why() << '\n';
        return {std::nullopt, std::nullopt, 1};
    }
    command.data_dir = *dir;
    return {std::nullopt, std::move(command), 0};
}

int ask_key(const Parser& parser, const RunOptions& options, const Surroundings& around) {
    Identity identity;
    const auto command = parser.command();
    if (command == "export") identity.what = Identity::What::export_key;
    if (command == "import") identity.what = Identity::What::import_key;
    identity.file = parser.words.key_file;
    identity.profile = options.profile;
    identity.data_dir = options.config.data_dir;
    return app::identity(identity, around.out, around.err);
}

// Throws UsageError.
int make_invitation(const Words& words, const Surroundings& around) {
    Invite invite;
    invite.file = words.invite_file;
    invite.words = parse_count("--words", words.invite_words, default_passphrase_words);
    if (invite.words < passphrase_words_min || invite.words > passphrase_words_max)
        throw UsageError{"--words: from " + std::to_string(passphrase_words_min) + " to " +
                         std::to_string(passphrase_words_max)};
    return app::invite(invite, around.out, around.err);
}

// Throws UsageError for what no fault of a key covers.
CommandLine carry_out(const Parser& parser, const Surroundings& around) {
    const auto command = parser.command();
    const auto user_file = user_config_file(around.environment);
    const auto chosen = chosen_file(parser);
    check_profile(parser.words.profile);
    if (command == "schema") return {std::nullopt, std::nullopt, config_schema_to(around.out)};
    if (command == "check") {
        return {std::nullopt, std::nullopt,
                config_check(parser.words.checked_file, around.out, around.err)};
    }
    if (command == "init") {
        return {std::nullopt, std::nullopt,
                config_init(chosen ? chosen : user_file, around.out, around.err)};
    }
    if (parser.in_invite())
        return {std::nullopt, std::nullopt, make_invitation(parser.words, around)};
    const auto settings =
        load({around.site_config_file, user_file, chosen, around.environment, assignments(parser)});
    auto options = run_options(parser, settings.config);
    if (!report(settings, around.err)) return {std::nullopt, std::nullopt, 2};
    if (command == "print") {
        return {std::nullopt, std::nullopt,
                config_print(settings, parser.words.with_origins, around.out)};
    }
    if (parser.in_identity()) return {std::nullopt, std::nullopt, ask_key(parser, options, around)};
    if (const auto name = parser.node_command(); !name.empty()) {
        return ask_node(parser, name, options, around);
    }
    return {std::move(options), std::nullopt, 0};
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
        return {std::nullopt, std::nullopt, usage_error(error.why, around.err)};
    } catch (const CLI::CallForHelp&) {
        const auto command = parser.node_command();
        around.out << (parser.in_config()     ? config_help_text()
                       : parser.in_identity() ? command_help_text("identity")
                       : parser.in_invite()   ? command_help_text("invite")
                       : !command.empty()     ? command_help_text(command)
                                              : help_text());
    } catch (const CLI::CallForVersion&) {
        around.out << version_text();
    } catch (const CLI::ParseError& error) {
        return {std::nullopt, std::nullopt, usage_error(error.what(), around.err)};
    }
    return {};
}

}  // namespace

CommandLine parse_command_line(int argc, const char* const* argv, const Surroundings& around) {
    const std::span all(argv, static_cast<std::size_t>(argc));
    auto result = parse_or_explain(all.empty() ? all : all.subspan(1), around);
    if (around.out) errno = 0;  // else it still tells why writing failed
    around.out.flush();
    const bool nobody_reads = errno == EPIPE;  // `| head` has what it wanted
    if (around.out || nobody_reads || result.exit_code != 0) return result;
    around.err << "lanchat: cannot write the output\n";
    return {std::nullopt, std::nullopt, 1};
}

CommandLine parse_command_line(int argc, const char* const* argv) {
    return parse_command_line(argc, argv,
                              {process_environment(), default_site_file, std::cout, std::cerr});
}

}  // namespace lanchat::app
