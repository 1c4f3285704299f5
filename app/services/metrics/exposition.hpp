// A node in figures, as Prometheus reads them (text format 0.0.4).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "node/port.hpp"

namespace lanchat::app::metrics {

// What is told of a moment.
struct Figures {
    NodePort::Status status;
    std::vector<PeerInfo> peers;
    store::Tally held;
    std::uint64_t lines_said = 0;  // since the start
    std::uint64_t lines_heard = 0;
    std::uint64_t resident_bytes = 0;
    double processor_seconds = 0;
};

// Names begin with lanchat_. No name, address or text of anybody is in it.
std::string exposition(const Figures& figures);

}  // namespace lanchat::app::metrics
