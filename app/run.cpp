// What has to be there before a session can begin: data directory, name, log.
#include "app/run.hpp"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <utility>

#include "app/ask_secret.hpp"
#include "app/profile.hpp"
#include "app/session.hpp"
#include "message/limits.hpp"
#include "message/text.hpp"
#include "node/keep/network_secret.hpp"
#include "node/keep/passphrase.hpp"

namespace lanchat::app {

namespace {

std::string user_name() {
    const passwd* user = ::getpwuid(::getuid());
    std::string name = user != nullptr ? to_name(user->pw_name, "") : "";
    const char* variable = std::getenv("USER");
    if (name.empty() && variable != nullptr) name = to_name(variable, "");
    return name.empty() ? "anonymous" : name;
}

int refuse(const std::string& why, int code = 1) {
    std::cerr << "lanchat: " + displayable(why) + "\n";
    return code;
}

// Where systemd puts it (LoadCredential=lanchat.passphrase:FILE); empty: nowhere.
std::string passphrase_credential() {
    const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
    if (folder == nullptr) return {};
    const auto file = std::string(folder) + "/lanchat.passphrase";
    return ::access(file.c_str(), F_OK) == 0 ? file : std::string();
}

Result<std::string> asked_passphrase() {
    auto typed = ask_secret("Passphrase: ", limits::passphrase_bytes_max);
    return typed ? normal_passphrase(*std::move(typed)) : std::move(typed);
}

// Empty: an open network.
Result<std::string> secret_of(const SecurityConfig& security) {
    const std::string file =
        security.passphrase_file.empty() ? passphrase_credential() : security.passphrase_file;
    if (file.empty()) return std::string();
    if (!security.tls) return Failure{"a passphrase needs encryption: security.tls is off"};
    const bool asks = file == "-";
    auto phrase = asks ? asked_passphrase() : passphrase_in(file);
    if (!phrase) return phrase;
    auto secret = network_secret(*std::move(phrase));
    if (secret || asks) return secret;
    return Failure{file + ": " + secret.why()};
}

int start(const RunOptions& options, const Config& config) {
    const auto secret = secret_of(config.security);
    if (!secret) return refuse(secret.why(), 2);
    const auto bound = bind_to_network(config.data_dir, *secret);
    if (!bound) return refuse(bound.why(), 2);
    return Session(options, config, *secret).run();
}

}  // namespace

int run(const RunOptions& options) {
    auto config = options.config;
    if (config.name.empty()) config.name = user_name();
    if (!config.history.enabled) {  // nothing of it needs a place
        config.data_dir.clear();
        return start(options, config);
    }
    const auto profile = Profile::open(options.profile, config.data_dir, options.profile_chosen);
    if (!profile) return refuse(profile.why());
    if (profile->name() != options.profile)
        std::cerr << "lanchat: profile " + options.profile + " is in use, taking " +
                         profile->name() + "\n";
    config.data_dir = profile->dir().string();

    return start(options, config);
}

}  // namespace lanchat::app
