// A lanchat node: the public face for whoever embeds one. Start it, say lines, hear events.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "controller/events.hpp"
#include "message/result.hpp"

namespace asio {
class io_context;
}

namespace lanchat {

using controller::Event;
using controller::PeerInfo;

// All members are called on the loop's thread unless they say otherwise; events arrive there too.
class Node {
  public:
    using Listener = std::function<void(const Event&)>;

    // The node keeps a reference to `loop`, which must outlive it.
    Node(asio::io_context& loop, Config config, Listener listener);
    ~Node();
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;

    // Binds the first free port and begins to look for peers. On failure nothing is left behind.
    // May be called once.
    Result<Endpoint> start();

    const std::string& id() const;
    const std::string& name() const;
    Endpoint address() const;

    // Publishes a line to all peers. Fails, with the reason, on an empty or too long line or a bad
    // room name; invalid UTF-8 is replaced. Returns the message id.
    Result<std::string> say(std::string text, std::string room = "general");

    // False while peers that keep up still have much to fetch: stop reading input until the
    // callback says otherwise. Nothing breaks if you go on, but slow peers then miss lines.
    bool has_room() const;
    void on_room(std::function<void()> callback);

    // Whether lines are taken in. Off, peers hold theirs back after a window (they see us as slow).
    void receive(bool on);

    // No more input: leaves once all was delivered, at the latest after `linger`; never if empty.
    void end_of_input(std::optional<std::chrono::seconds> linger);

    // Says goodbye and ends all links. `stopped` is called once, within 5 s, when all is over.
    void leave();
    void on_stopped(std::function<void()> callback);

    // Any thread.
    std::vector<PeerInfo> peers() const;

  private:
    class Body;
    std::unique_ptr<Body> body_;
};

}  // namespace lanchat
