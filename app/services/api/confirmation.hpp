// Tells when a line is on disk here and at as many others as were asked for, or that time is up.
#pragma once

#include <asio/steady_timer.hpp>
#include <functional>
#include <memory>

#include "app/services/api/desk.hpp"
#include "app/services/api/lanchat.pb.h"

namespace lanchat::app::api {

class Confirmation : public std::enable_shared_from_this<Confirmation> {
  public:
    using Answer = std::function<void(const v1::PublishReply&)>;

    // `answer` is called once, unless end() comes first.
    Confirmation(const Desk& desk, const v1::PublishRequest& request, Answer answer);

    void start();  // time runs from here
    void stored(const LineId& line);
    void end();

  private:
    void changed(DeliveryCount delivery);
    bool has_originals() const;
    void answer(bool reached);

    NodePort& node_;
    asio::steady_timer timer_;
    v1::Wait wait_;
    std::uint32_t timeout_ms_;
    Answer answer_;
    v1::PublishReply reply_;
    NodePort::Token watch_ = 0;
};

}  // namespace lanchat::app::api
