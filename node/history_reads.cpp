// What is asked of the disk, read between its writes.
#include <spdlog/spdlog.h>

#include <utility>

#include "message/limits.hpp"
#include "node/history.hpp"

namespace lanchat {
namespace {

// Whoever asked is answered also when the disk cannot be read.
template <class T>
std::vector<T> or_nothing(Result<std::vector<T>> found) {
    if (found) return std::move(*found);
    spdlog::warn("history: {}", found.why());
    return {};
}

}  // namespace

void History::read(store::Disk::Job job) {
    if (disk_) disk_->read(std::move(job));
}

void History::fetch(const brain::Fetch& fetch) {
    read([this, fetch](store::Store& history) {
        const auto& [log, after, seq, newest_first] = fetch.want;
        auto runs =
            newest_first
                ? history.runs_back_from(log, seq, limits::pull_lines_max, limits::fetch_bytes_max)
                : history.runs(log, after, limits::pull_lines_max, limits::fetch_bytes_max);
        loop_.post([this, fetch, runs = std::move(runs)]() mutable {
            hooks_.feed(brain::Fetched{fetch.link, fetch.want.log, or_nothing(std::move(runs))});
        });
    });
}

void History::look(const brain::Look& look) {
    read([this, look](store::Store& history) {
        auto bodies = history.bodies(look.log, look.entries, limits::frame_bytes_target);
        loop_.post([this, look, bodies = std::move(bodies)]() mutable {
            hooks_.feed(brain::Found{look.link, look.log, or_nothing(std::move(bodies))});
        });
    });
}

// A disk that does not take them now is asked again when they are given again.
void History::fill(brain::Fill fill) {
    read([this, fill = std::move(fill)](store::Store& history) {
        auto lines = history.fill(fill.log, fill.bodies);
        loop_.post([this, lines = std::move(lines), news = history.take_body_news()]() mutable {
            if (!lines) return refuse_for_now(lines.why());
            if (!news.empty()) hooks_.feed(brain::BodiesChanged{std::move(news)});
            brain::Filled filled;
            for (store::Line& line : *lines) filled.entries.push_back(std::move(line.entry));
            if (!filled.entries.empty()) hooks_.feed(std::move(filled));
        });
    });
}

// All that is held of the log is handed to the disk before the read.
void History::examine(const brain::Examine& examine) {
    write();
    read([this, examine](store::Store& history) {
        auto ours = history.runs(examine.run->log(), examine.after, 2 * limits::run_entries_max,
                                 limits::fetch_bytes_max);
        loop_.post([this, examine, ours = std::move(ours)]() mutable {
            hooks_.feed(brain::Examined{examine.link, examine.run, or_nothing(std::move(ours))});
        });
    });
}

void History::prove(const brain::Prove& prove) {
    read([this, prove](store::Store& history) {
        std::vector<Fork> proofs;
        std::size_t bytes = 0;
        for (const LogId& log : prove.logs) {
            const auto proof = history.proof_of(log);
            if (!proof || !*proof) continue;
            bytes += (*proof)->a->byte_count() + (*proof)->b->byte_count();
            proofs.push_back(**proof);
            if (bytes >= limits::frame_bytes_target) break;
        }
        loop_.post([this, link = prove.link, proofs = std::move(proofs)]() mutable {
            hooks_.feed(brain::Proven{link, std::move(proofs)});
        });
    });
}

}  // namespace lanchat
