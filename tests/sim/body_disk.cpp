// What the simulated body keeps: runs on their way to the disk, and what the disk tells.
#include <algorithm>
#include <utility>

#include "tests/sim/body.hpp"

namespace lanchat::sim {

using namespace controller;
using namespace std::chrono_literals;

LogId Body::own_log() const {
    return {settings_.key->id(), Epoch{static_cast<std::uint64_t>(settings_.instance)}};
}

std::size_t Body::author_of(const LogId& log) const { return around_.person(log_name(log)); }

RoomSettings Body::room_settings() const {
    RoomSettings room;
    room.instance = settings_.instance;
    room.name = "node";
    room.own = {settings_.listens.front()};
    room.legacy_peers = settings_.legacy_peers;
    room.push = settings_.push;
    room.seed = settings_.seed;
    room.key = settings_.key;
    settings_.disk->tell(room);
    return room;
}

void Body::tell_loaded() const {
    for (const auto& [log, runs] : settings_.disk->all())
        record(What::loaded, author_of(log), runs.back()->last());
}

void Body::tell_heads() const {
    for (const auto& [log, runs] : settings_.disk->all())
        record(What::holds, author_of(log), runs.back()->last(),
               fingerprint(runs.back()->head().view()));
}

void Body::perform(const Append& append) {
    unflushed_.push_back(append.run);
    flush_soon();
}

// What has gathered while the disk was busy goes together.
void Body::flush_soon() {
    if (flushing_ || unflushed_.empty()) return;
    flushing_ = true;
    around_.schedule.after(disk_delay(), [this, runs = unflushed_.size()] {
        if (!alive_) return;
        flushing_ = false;
        flush(runs, true);
        flush_soon();
    });
}

void Body::flush(std::size_t runs, bool tell) {
    Stored stored;
    for (; runs > 0; --runs) {
        stored.runs.push_back(std::move(unflushed_.front()));
        unflushed_.pop_front();
        const RunPtr& run = stored.runs.back();
        require(settings_.disk->keep(run), "what is stored chains to what is there");
        if (tell) record(What::stored, author_of(run->log()), run->last());
    }
    if (tell) post(std::move(stored));
}

Duration Body::disk_delay() {
    const auto [least, most] =
        settings_.slow_disk ? std::pair{500'000U, 2'000'000U} : std::pair{100U, 20'000U};
    return Duration{static_cast<Duration::rep>(least + rng_.below(most - least))};
}

void Body::perform(const Fetch& fetch) {
    post_later(disk_delay(),
               Fetched{fetch.link, fetch.log, settings_.disk->runs(fetch.log, fetch.after)});
}

void Body::check_stored(const Open& link, const Frame& frame) const {
    for (const Head& head : frame.have) {
        require(head.seq <= settings_.disk->seq_of(head.log), "what is told is on the disk");
        if (head.seq == settings_.disk->seq_of(head.log))
            require(head.head == settings_.disk->head_of(head.log), "what is told is true");
    }
    if (!frame.received || !link.instance) return;
    const LogId log{link.device, Epoch{static_cast<std::uint64_t>(*link.instance)}};
    require(*frame.received <= settings_.disk->seq_of(log), "what is acknowledged is on the disk");
}

}  // namespace lanchat::sim
