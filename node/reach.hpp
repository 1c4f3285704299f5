// Where this node can be found, and whom it looks for: what is not as it may be taken to be.
#pragma once

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "discover/interfaces.hpp"
#include "node/places.hpp"

namespace lanchat {

// Loop thread only.
class Reach {
  public:
    using Interfaces = std::function<Result<std::vector<discover::Interface>>()>;

    // Looks at the interfaces every few seconds, if an address can go. Tests give their own.
    Reach(asio::io_context& loop, const Places& places,
          Interfaces interfaces = discover::interfaces);
    ~Reach() { stop(); }

    std::vector<std::string> warnings() const;
    void look();
    void stop();

  private:
    bool cannot_go() const;
    bool is_somewhere() const;
    void look_soon();

    std::vector<Ipv4> listen_;
    std::vector<std::string> narrowed_;
    Interfaces interfaces_;
    asio::steady_timer timer_;
    bool nowhere_ = false;
    std::shared_ptr<bool> here_ = std::make_shared<bool>(true);  // for handlers that outlive us
};

}  // namespace lanchat
