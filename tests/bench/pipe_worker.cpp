// Talks to a lanchat process over its pipes: our stdin is its stdout, our stdout its stdin.
//   bench_pipe report=FD                          answers every line
//   bench_pipe report=FD count=N warmup=N         measures round trips and reports them on FD
#include <iostream>
#include <string>

#include <unistd.h>

#include "worker.hpp"

namespace lanchat::bench {
namespace {

// Plain mode shows a line as "NAME: TEXT". Empty at the end.
std::string hear() {
    std::string line;
    if (!std::getline(std::cin, line)) return {};
    const auto colon = line.find(": ");
    return colon == std::string::npos ? line : line.substr(colon + 2);
}

void say(std::string line) {
    line += '\n';
    if (::write(STDOUT_FILENO, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
        _exit(1);
}

void answer() {
    for (std::string line = hear(); !line.empty(); line = hear()) say(line);
}

int measure(EchoPlan plan, int report_descriptor) {
    EchoSamples samples(plan);
    const std::string line = numbered_line(0, false);
    while (!samples.done()) {
        samples.began();
        say(line);
        if (hear() != line) return 1;
        samples.ended();
    }
    report_to(report_descriptor, samples.result());
    return 0;
}

}  // namespace
}  // namespace lanchat::bench

int main(int argc, char** argv) {
    using namespace lanchat::bench;
    become_worker();
    std::ios::sync_with_stdio(false);
    const auto options = parse_options(argc, argv);
    EchoPlan plan;
    plan.count = std::stoull(option(options, "count", "0"));
    plan.warmup = std::stoull(option(options, "warmup", "0"));
    if (plan.count > 0) return measure(plan, std::stoi(option(options, "report", "2")));
    answer();
    return 0;
}
