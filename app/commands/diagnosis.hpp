// What may keep people from finding each other: from what is known here, cause first.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/services/api/client.hpp"
#include "config/config.hpp"
#include "discover/interfaces.hpp"

namespace lanchat::app {

struct Finding {
    enum class Result { ok, warn, fail };
    std::string check;
    Result result = Result::ok;
    std::string cause;  // a sentence for people
    std::string remedy = {};
};

// What is looked at.
struct Symptoms {
    Config config;
    std::vector<discover::Interface> interfaces;
    std::optional<api::Status> node = {};  // none: no node runs
    std::vector<api::Author> peers = {};
};

// Pure. In the order in which one would look.
std::vector<Finding> diagnose(const Symptoms& symptoms);

}  // namespace lanchat::app
