// `lanchat doctor`: why nobody is there.
#include <algorithm>

#include "app/commands/ask.hpp"
#include "app/commands/command.hpp"
#include "app/commands/diagnosis.hpp"
#include "app/faces/json_output.hpp"
#include "app/profile.hpp"
#include "message/text.hpp"

namespace lanchat::app {
namespace {

constexpr std::string_view doctor_help =
    R"(lanchat doctor: why people do not find each other, and what to do.

It looks at the network cards of this machine and asks the node that runs, if there is one.
Each line is a check: ok, warn or FAIL, the cause, and below it what mends it.

Usage:
  lanchat doctor [--json]

Exit code 1 if a check failed.
)";

std::string_view word_of(Finding::Result result) {
    switch (result) {
        case Finding::Result::ok:
            return "ok";
        case Finding::Result::warn:
            return "warn";
        case Finding::Result::fail:
            break;
    }
    return "fail";
}

void append_text(std::string& out, const Finding& finding) {
    std::string head(finding.result == Finding::Result::fail ? "FAIL" : word_of(finding.result));
    head.resize(6, ' ');
    head += finding.check;
    head.resize(std::max<std::size_t>(head.size() + 1, 18), ' ');
    out += head + displayable(finding.cause) + '\n';
    if (!finding.remedy.empty())
        out += std::string(18, ' ') + "-> " + displayable(finding.remedy) + '\n';
}

Symptoms symptoms_of(const Call& call) {
    Symptoms symptoms{call.settings->config, {}};
    if (auto cards = discover::interfaces()) symptoms.interfaces = std::move(*cards);
    const auto dir = profile_directory(call.profile, call.data_dir, process_environment());
    if (!dir) return symptoms;
    auto node = api::Client::connect(*dir);
    auto* client = std::get_if<api::Client>(&node);
    if (client == nullptr) return symptoms;
    auto status = client->status();
    auto roster = client->peers();
    if (auto* known = std::get_if<api::Status>(&status)) symptoms.node = std::move(*known);
    if (auto* known = std::get_if<api::Roster>(&roster)) symptoms.peers = std::move(known->peers);
    return symptoms;
}

int examine(const Call& call) {
    bool failed = false;
    std::string text;
    for (const Finding& finding : diagnose(symptoms_of(call))) {
        failed = failed || finding.result == Finding::Result::fail;
        if (call.json)
            append_finding(text, finding.check, word_of(finding.result), finding.cause,
                           finding.remedy);
        else
            append_text(text, finding);
    }
    call.out << text;
    return failed ? 1 : 0;
}

}  // namespace

Command doctor_command() {
    return {.name = "doctor",
            .needs = Command::Needs::settings,
            .help = doctor_help,
            .deed = examine,
            .usage = "lanchat [OPTIONS] doctor [--json]",
            .summary = "why people do not find each other, and what to do"};
}

}  // namespace lanchat::app
