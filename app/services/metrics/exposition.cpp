// One family after the other: what it means, its kind, its samples.
#include "app/services/metrics/exposition.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "config/version.hpp"

namespace lanchat::app::metrics {
namespace {

class Writer {
  public:
    void family(std::string_view name, std::string_view kind, std::string_view help) {
        name_ = name;
        line("# HELP ", help);
        line("# TYPE ", kind);
    }
    template <class Number>
    void sample(Number value, std::string_view labels = {}) {
        std::array<char, 32> digits{};
        const auto end = std::to_chars(digits.begin(), digits.end(), value).ptr;
        out_.append("lanchat_").append(name_).append(labels);
        out_.append(" ").append(digits.begin(), end).append("\n");
    }
    template <class Number>
    void gauge(std::string_view name, std::string_view help, Number value) {
        family(name, "gauge", help);
        sample(value);
    }
    template <class Number>
    void counter(std::string_view name, std::string_view help, Number value) {
        family(name, "counter", help);
        sample(value);
    }
    std::string all() { return std::move(out_); }

  private:
    void line(std::string_view what, std::string_view text) {
        out_.append(what).append("lanchat_").append(name_).append(" ").append(text).append("\n");
    }

    std::string out_;
    std::string_view name_;
};

std::size_t count(const std::vector<PeerInfo>& peers, bool legacy) {
    return static_cast<std::size_t>(std::ranges::count(peers, legacy, &PeerInfo::legacy));
}

void put_network(const Figures& figures, Writer& out) {
    const Standing& standing = figures.status.standing;
    out.family("peers", "gauge", "Who is linked.");
    out.sample(count(figures.peers, false), "{kind=\"lanchat\"}");
    out.sample(count(figures.peers, true), "{kind=\"original\"}");
    out.counter("links_accepted_total", "Links that other machines have dialled.",
                standing.links_accepted);
    out.family("beacons_total", "counter", "Calls by multicast.");
    out.sample(standing.calls_sent, "{direction=\"sent\"}");
    out.sample(standing.calls_heard, "{direction=\"heard\"}");
    out.counter("sweeps_total", "Sweeps of the scan that are over.", standing.sweeps);
    out.gauge("sweep_passed", "Places that the present sweep has passed.", standing.scan_passed);
    out.gauge("sweep_targets", "Places that a sweep visits.", standing.scan_targets);
    out.gauge("warnings", "What keeps this node from being found or reached.",
              figures.status.warnings.size());
    if (!standing.clock_ahead_ms) return;
    out.gauge("clock_ahead_seconds", "How far this clock is ahead of those of the peers.",
              static_cast<double>(*standing.clock_ahead_ms) / 1'000);
}

void put_history(const Figures& figures, Writer& out) {
    out.gauge("history_lines", "Lines that are held.", figures.held.lines);
    out.gauge("history_logs", "Logs that they are of.", figures.held.logs);
    out.gauge("history_bytes", "What they take on disk, or in memory.", figures.held.bytes);
    out.counter("history_trimmed_total", "Lines of these logs that are held no more.",
                figures.held.trimmed);
    out.gauge("disk_trouble", "1 while no line can be stored.",
              figures.status.problem.empty() ? 0 : 1);
}

}  // namespace

std::string exposition(const Figures& figures) {
    Writer out;
    out.family("info", "gauge", "The version that runs.");
    out.sample(1, "{version=\"" + std::string(program_version()) + "\"}");
    put_network(figures, out);
    put_history(figures, out);
    out.family("lines_total", "counter", "Lines since the start.");
    out.sample(figures.lines_said, "{direction=\"said\"}");
    out.sample(figures.lines_heard, "{direction=\"heard\"}");
    out.gauge("resident_bytes", "Memory of the process.", figures.resident_bytes);
    out.counter("processor_seconds_total", "Processor time of the process.",
                figures.processor_seconds);
    return out.all();
}

}  // namespace lanchat::app::metrics
