// Publishing and commands, whichever the broker.
#include "broker_worker.hpp"

#include <unistd.h>

#include <iostream>
#include <sstream>

namespace lanchat::bench {

void Publishing::begin(std::uint64_t count) {
    join();
    count_ = count;
    began_ = now_ns();
    thread_ = std::thread([this] {
        for (std::uint64_t n = 0; n < count_ && !stopped_; ++n)
            if (!publish_(n, numbered_line(n, n + 1 == count_))) return;
    });
}

void Publishing::acknowledged(std::uint64_t number) {
    const std::lock_guard lock(mutex_);
    numbers_.add(number);
    if (++answered_ == count_) report({{"event", "stored"}, {"t0", began_}, {"t", now_ns()}});
}

void Publishing::report_acknowledged() {
    const std::lock_guard lock(mutex_);
    report({{"event", "acknowledged"}, {"numbers", numbers_.ranges()}});
}

void Publishing::join() {
    if (thread_.joinable()) thread_.join();
}

void obey_commands(Publishing& publishing) {
    std::string command;
    while (std::getline(std::cin, command)) {
        std::istringstream in(command);
        std::string verb;
        std::uint64_t count = 0;
        in >> verb;
        if (verb == "store" && in >> count) publishing.begin(count);
        if (verb == "acknowledged") publishing.report_acknowledged();
    }
    publishing.stop();
}

void wait_for_end_of_input() {
    std::string ignored;
    while (std::getline(std::cin, ignored)) continue;
}

void fail(const std::string& why) { _exit(failed(why)); }

}  // namespace lanchat::bench
