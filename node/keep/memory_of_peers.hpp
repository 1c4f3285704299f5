// Remembers peers across restarts without making the loop wait for the disk.
#pragma once

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <asio/thread_pool.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "discover/remembered.hpp"
#include "message/address.hpp"

namespace lanchat {

// Loop thread only; files are written on a thread of its own, some seconds after a change.
class MemoryOfPeers {
  public:
    // An empty directory: nothing is remembered.
    MemoryOfPeers(asio::io_context& loop, const std::string& data_dir);
    ~MemoryOfPeers() { stop(); }

    std::vector<Endpoint> dialable(const std::vector<Cidr>& cidrs, PortRange ports,
                                   const std::vector<Endpoint>& given) const;
    void met(const Endpoint& peer);

    // Writes what is unwritten and waits for it.
    void stop();

  private:
    void save();

    std::optional<discover::Remembered> remembered_;
    asio::steady_timer timer_;
    asio::thread_pool disk_{1};
    bool unsaved_ = false;
    std::shared_ptr<bool> here_ = std::make_shared<bool>(true);  // for handlers that outlive us
};

}  // namespace lanchat
