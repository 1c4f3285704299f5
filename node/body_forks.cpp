// Forks on their way to the disk and back: what is compared, frozen and proven.
#include <spdlog/spdlog.h>

#include <asio/post.hpp>
#include <utility>

#include "message/limits.hpp"
#include "node/body.hpp"

namespace lanchat {

// All that is held of the log is handed to the disk before the read.
void Node::Body::perform_one(brain::Examine& examine) {
    write_down();
    disk_->read([this, here = here_, examine](store::Store& history) {
        auto ours = history.runs(examine.run->log(), examine.after, 2 * limits::run_entries_max,
                                 limits::fetch_bytes_max);
        asio::post(loop_, [this, here, examine, ours = std::move(ours)]() mutable {
            if (!*here) return;
            if (!ours) spdlog::warn("history: {}", ours.why());
            feed(brain::Examined{examine.link, examine.run,
                                 ours ? std::move(*ours) : std::vector<RunPtr>{}});
        });
    });
}

void Node::Body::perform_one(brain::Freeze& freeze) {
    unwritten_.emplace_back(std::move(freeze.proof));
}

void Node::Body::freeze(const Fork& proof) {
    const std::uint64_t number = ++writes_;
    disk_->freeze(proof, [this, here = here_, number, proof](const Result<Extent>& result) {
        if (*here) frozen(number, proof, result);
    });
}

void Node::Body::frozen(std::uint64_t number, const Fork& proof, const Result<Extent>& result) {
    written_ = number;
    if (!result) {
        refused_.emplace_back(proof);
        return refuse_for_now(result.why());
    }
    stored_again();
    feed(brain::Frozen{proof.log, *result});
}

void Node::Body::perform_one(brain::Prove& prove) {
    disk_->read([this, here = here_, prove](store::Store& history) {
        std::vector<Fork> proofs;
        std::size_t bytes = 0;
        for (const LogId& log : prove.logs) {
            const auto proof = history.proof_of(log);
            if (!proof || !*proof) continue;
            bytes += (*proof)->a->byte_count() + (*proof)->b->byte_count();
            proofs.push_back(**proof);
            if (bytes >= limits::frame_bytes_target) break;
        }
        asio::post(loop_, [this, here, link = prove.link, proofs = std::move(proofs)]() mutable {
            if (*here) feed(brain::Proven{link, std::move(proofs)});
        });
    });
}

}  // namespace lanchat
