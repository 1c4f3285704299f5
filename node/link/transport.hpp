// The transport: links as NewNode streams over TCP connections, one gRPC server and many channels.
#pragma once

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "message/address.hpp"
#include "message/frame.hpp"
#include "message/ids.hpp"
#include "message/keys.hpp"
#include "message/result.hpp"

namespace lanchat::link {

// How a link ended: the other side ended the call in good order; something broke; or, of a dial,
// the other side answered TLS with plain HTTP/2, or belongs to another network.
enum class LinkEnd { in_order, broken, no_tls, other_network };

// Everything on the loop, hooks included. Hooks are never called from within a call of ours.
class Transport {
  public:
    struct Hooks {
        std::function<void(LinkId, Endpoint from, bool encrypted)> accepted;
        // A line that comes alone, before it is proven. What comes next of that link is received,
        // of that frame, or lost. Empty: lines are proven first.
        std::function<void(LinkId, const UnprovenRun&)> glimpsed;
        std::function<void(LinkId, Frame)> received;
        std::function<void(LinkId)> drained;
        std::function<void(LinkId)> answered;
        // Once for every link that was dialled or accepted; nothing follows for that link.
        std::function<void(LinkId, LinkEnd)> lost;
        // Refuse strangers before they cost anything. Any thread.
        std::function<bool()> full;
        // A node of another version of lanchat, told once of each process; the port is 0 if it
        // dialled us.
        std::function<void(Endpoint)> other_version;
    };

    // `key` signs who we are on encrypted links. Who is not who it says it is there, is cut off,
    // and so is who does not know `secret`, what the network's passphrase was stretched to; empty:
    // an open network. Only there links may be plain.
    Transport(asio::io_context& loop, std::shared_ptr<const DeviceKey> key, std::string secret,
              Hooks hooks);
    ~Transport();
    Transport(const Transport&) = delete;
    Transport& operator=(const Transport&) = delete;

    // Binds the first port that is free on all `ips` and starts to serve. `members`: of a closed
    // network, as far as they are known (Turns).
    Result<std::uint16_t> open(const std::vector<Ipv4>& ips, PortRange ports,
                               const std::vector<DeviceId>& members = {});

    // Listens on other addresses from now on, at the same port if that is free there. Links stay.
    Result<std::uint16_t> move(const std::vector<Ipv4>& ips, PortRange ports);

    // Opens a link over a connected socket; the greeting is its first frame.
    void dial(LinkId link, asio::ip::tcp::socket socket, const Frame& greeting, bool encrypted);

    // Precondition: the last frame of this link has drained. Unknown links are ignored, since a
    // link may end while the order is under way.
    void send(LinkId link, const Frame& frame);
    void finish(LinkId link);
    void drop(LinkId link);

    // On: nothing is read from legacy peers, those to come included, until it is off again.
    void hold_legacy(bool on);

    // Asks an original whether it is still there. If it is, `answered` is called.
    void ask(LinkId link);

    // Ends everything, blocking for at most half a second; no hook is called after.
    void stop();

  private:
    class Body;
    std::unique_ptr<Body> body_;
};

}  // namespace lanchat::link
