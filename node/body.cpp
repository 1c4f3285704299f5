// Feeds the room with what happens and does what the room asks for.
#include "node/body.hpp"

#include <spdlog/spdlog.h>

#include <asio/post.hpp>
#include <chrono>
#include <utility>

namespace lanchat {

using asio::ip::tcp;

Now clock_now() {
    using namespace std::chrono;
    return {time_point_cast<Duration>(steady_clock::now()),
            WallTime{duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count()}};
}

// Listeners may call back into the node: what they cause waits until the effects at hand are done.
void Node::Body::feed(brain::Input input) {
    if (stopped_ || room_ == nullptr) return;
    inputs_.push_back(std::move(input));
    if (std::exchange(feeding_, true)) return;
    while (!inputs_.empty() && !stopped_) {
        const brain::Input next = std::move(inputs_.front());
        inputs_.pop_front();
        if (const auto* say = std::get_if<brain::Say>(&next)) --says_waiting_[say->to];
        room_->step(next, clock_now(), effects_);
        auto effects = std::exchange(effects_, {});
        for (auto& effect : effects) perform(effect);
        effects.clear();
        if (effects_.empty()) effects_.swap(effects);  // keeps the allocation
    }
    feeding_ = false;
    write_down();
    if (stopped_) return;
    arm_timer();
    offer_room();
}

void Node::Body::perform(brain::Effect& effect) {
    std::visit([this](auto& one) { perform_one(one); }, effect);
}

void Node::Body::found(const Endpoint& where, tcp::socket socket) {
    in_hand_ = std::move(socket);
    feed(brain::Sighted{where});
    in_hand_.reset();  // not wanted after all
}

void Node::Body::perform_one(brain::Dial& dial) {
    asio::error_code error = asio::error::not_connected;
    const auto local = in_hand_ ? in_hand_->local_endpoint(error) : tcp::endpoint{};
    if (error) return post(brain::Lost{dial.link, brain::End::broken});
    Frame greeting;
    greeting.msg = to_string(Endpoint{Ipv4{local.address().to_v4().to_uint()}, address_.port});
    greeting.hello = dial.hello;
    transport_->dial(dial.link, *std::exchange(in_hand_, std::nullopt), greeting, dial.encrypted);
}

void Node::Body::perform_one(brain::Notify& notify) {
    if (const auto* up = std::get_if<brain::PeerUp>(&notify.event)) {
        spdlog::debug("linked with {}", to_string(up->peer.address));
        memory_->met(up->peer.address);
    }
    if (const auto* down = std::get_if<brain::PeerDown>(&notify.event))
        spdlog::debug("no longer linked with {}", to_string(down->peer.address));
    const auto* message = std::get_if<brain::Message>(&notify.event);
    if (message != nullptr && message->from.legacy && legacy_lines_)
        legacy_lines_->add(
            {message->id, message->said, message->room, message->from.name, message->text});
    const auto* verification = std::get_if<brain::Verification>(&notify.event);
    if (verification != nullptr && verification->stage == brain::Verification::Stage::verified)
        return tell_verified(*verification);  // once it is kept
    listener_(notify.event);
}

void Node::Body::perform_one(brain::Stop&) {
    asio::post(loop_, [this, here = here_] {
        if (!*here) return;
        stop();
        const auto told = std::move(on_stopped_);  // it may be the end of us
        if (told) told();
    });
}

void Node::Body::post(brain::Input input) {
    asio::post(loop_, [this, here = here_, input = std::move(input)]() mutable {
        if (*here) feed(std::move(input));
    });
}

// One timer: it is moved only when something is due earlier. Firing too early costs one look.
void Node::Body::arm_timer() {
    const auto next = room_->next_wakeup();
    if (!next || *next >= armed_) return;
    armed_ = *next;
    timer_.expires_at(armed_);
    timer_.async_wait([this, here = here_](const asio::error_code& error) {
        if (error || !*here) return;
        armed_ = Instant::max();
        const auto due = room_->next_wakeup();
        if (due && *due <= clock_now().steady) return feed(brain::Wake{});
        arm_timer();
    });
}

void Node::Body::receive(bool on) {
    receiving_ = on;
    hold_legacy();
    feed(brain::Receive{on});
}

// A legacy peer has no window of lines, so it is not read from while its lines cannot be taken in.
void Node::Body::hold_legacy() {
    if (transport_) transport_->hold_legacy(legacy_waits_ || !receiving_);
}

bool Node::Body::has_room() {
    room_wanted_ = room_ != nullptr && !room_->has_room(clock_now().steady);
    return !room_wanted_;
}

void Node::Body::offer_room() {
    if (!room_wanted_ || !room_->has_room(clock_now().steady)) return;
    room_wanted_ = false;
    asio::post(loop_, [this, here = here_] {
        if (*here && on_room_) on_room_();
    });
}

void Node::Body::stop() {
    if (std::exchange(stopped_, true)) return;
    timer_.cancel();
    if (discovery_) discovery_->stop();
    if (transport_) transport_->stop();
    if (memory_) memory_->stop();
    if (book_) book_->stop();
    if (reach_) reach_->stop();
    trim_timer_.cancel();
    disk_pause_.cancel();
    if (disk_) write_refused();
    if (legacy_lines_) legacy_lines_->write_all();
    legacy_lines_.reset();
    disk_.reset();  // waits until all is on the disk
    *here_ = false;
}

}  // namespace lanchat
