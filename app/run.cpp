// What has to be there before a session can begin: data directory, name, log.
#include "app/run.hpp"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>

#include "app/profile.hpp"
#include "app/session.hpp"
#include "message/text.hpp"

namespace lanchat::app {

namespace {

std::string user_name() {
    const passwd* user = ::getpwuid(::getuid());
    std::string name = user != nullptr ? to_name(user->pw_name, "") : "";
    const char* variable = std::getenv("USER");
    if (name.empty() && variable != nullptr) name = to_name(variable, "");
    return name.empty() ? "anonymous" : name;
}

int refuse(const std::string& why) {
    std::cerr << "lanchat: " + displayable(why) + "\n";
    return 1;
}

}  // namespace

int run(const RunOptions& options) {
    auto config = options.config;
    if (config.name.empty()) config.name = user_name();
    if (!config.history.enabled) {  // nothing of it needs a place
        config.data_dir.clear();
        return Session(options, config).run();
    }
    const auto profile = Profile::open(options.profile, config.data_dir, options.profile_chosen);
    if (!profile) return refuse(profile.why());
    if (profile->name() != options.profile)
        std::cerr << "lanchat: profile " + options.profile + " is in use, taking " +
                         profile->name() + "\n";
    config.data_dir = profile->dir().string();

    return Session(options, config).run();
}

}  // namespace lanchat::app
