// Where this node can be found, and whom it looks for: follows the machine's interfaces.
#pragma once

#include <asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "discover/interface_watch.hpp"
#include "discover/interfaces.hpp"
#include "node/places.hpp"

namespace lanchat {

// Loop thread only.
class Reach {
  public:
    using Interfaces = std::function<Result<std::vector<discover::Interface>>()>;
    // The node is to listen and look elsewhere from now on, or what it listens at can be reached
    // again.
    using Moved = std::function<void(const Places&)>;

    // Keeps a reference to `config`, which must outlive it. Tests give interfaces of their own.
    Reach(asio::io_context& loop, const Config& config, Moved moved,
          Interfaces interfaces = discover::interfaces);
    ~Reach() { stop(); }

    // Where to begin. To be called once, before all that follows; a Failure: nowhere.
    Result<Places> begin();
    // To be called once, when `moved` may be.
    void follow();

    const Places& places() const { return places_; }
    std::vector<std::string> warnings() const;
    // Whenever the kernel says that something has changed, if an address can go.
    void look();
    void stop();

  private:
    bool cannot_go() const;
    void take(Places found);
    void tell(bool nowhere);

    const Config& config_;
    Moved moved_;
    Interfaces interfaces_;
    asio::io_context& loop_;
    Places places_;
    std::set<Ipv4> usable_;  // of those that we listen at
    bool has_address_ = true;
    bool nowhere_ = false;
    std::unique_ptr<discover::InterfaceWatch> watch_;
};

}  // namespace lanchat
