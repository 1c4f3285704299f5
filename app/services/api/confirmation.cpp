// Whoever holds the confirmation keeps it alive; timer and node only remember it.
#include "app/services/api/confirmation.hpp"

#include <algorithm>
#include <asio/io_context.hpp>
#include <chrono>
#include <system_error>
#include <utility>

namespace lanchat::app::api {

Confirmation::Confirmation(const Desk& desk, const v1::PublishRequest& request, Answer answer)
    : node_(desk.node),
      timer_(desk.loop),
      wait_(request.wait()),
      timeout_ms_(request.timeout_ms()),
      answer_(std::move(answer)) {
    // All who are to have it are one, and who is away will come back.
    if (!request.to().empty() && wait_.all()) wait_.set_peers(1);
}

void Confirmation::start() {
    if (timeout_ms_ == 0) return;
    timer_.expires_after(std::chrono::milliseconds(timeout_ms_));
    timer_.async_wait([weak = weak_from_this()](std::error_code cancelled) {
        const auto self = weak.lock();
        if (self && !cancelled) self->answer(false);
    });
}

void Confirmation::stored(const LineId& line) {
    if (!answer_) return;
    reply_.set_id(message_id(line));
    if (wait_.who_case() == v1::Wait::WHO_NOT_SET) return answer(true);
    const auto watch = node_.watch(line, [weak = weak_from_this()](DeliveryCount delivery) {
        if (const auto self = weak.lock()) self->changed(delivery);
    });
    if (answer_) {
        watch_ = watch;
    } else {
        node_.unwatch(watch);  // answered at once
    }
}

void Confirmation::changed(DeliveryCount delivery) {
    reply_.set_delivered(delivery.delivered);
    reply_.set_of(delivery.of);
    const auto all = delivery.of - delivery.gone;
    const auto wanted = wait_.who_case() == v1::Wait::kPeers ? wait_.peers() : all;
    if (wanted == 0 && delivery.of == 0 && has_originals()) return answer(false);
    if (delivery.delivered >= wanted) answer(true);
}

bool Confirmation::has_originals() const {
    const auto peers = node_.peers();
    return std::ranges::any_of(peers, [](const auto& peer) { return peer.legacy; });
}

void Confirmation::answer(bool reached) {
    const auto answer = std::exchange(answer_, nullptr);
    if (!answer) return;
    const auto self = shared_from_this();  // the answer may let go of it
    end();
    reply_.set_reached(reached);
    answer(reply_);
}

void Confirmation::end() {
    answer_ = nullptr;
    timer_.cancel();
    if (const auto watch = std::exchange(watch_, 0)) node_.unwatch(watch);
}

}  // namespace lanchat::app::api
