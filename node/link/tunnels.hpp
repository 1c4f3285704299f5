// All connections on their way to gRPC. The loop carries what is said; handshakes and admission
// have a thread of their own.
#pragma once

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "message/address.hpp"
#include "message/hello.hpp"
#include "message/result.hpp"
#include "node/link/berths.hpp"
#include "node/link/passage.hpp"
#include "node/link/running.hpp"
#include "node/link/tunnel.hpp"
#include "node/link/turnstile.hpp"
#include "node/link/unique_fd.hpp"

namespace lanchat::link {

// Thread: the loop, callbacks included.
class Tunnels {
  public:
    enum class Id : std::uint64_t {};

    struct Hooks {
        // What we say of ourselves. Called on the thread of handshakes, and maybe after stop().
        Tunnel::Introduce introduce;
        // Somebody was cut, and why.
        std::function<void(const Endpoint&, std::string_view why)> cut;
        // There is something new for gRPC to read.
        std::function<void()> fed;
    };
    Tunnels(asio::io_context& loop, Hooks hooks);
    ~Tunnels() { stop(); }
    Tunnels(const Tunnels&) = delete;
    Tunnels& operator=(const Tunnels&) = delete;

    // `members`: of a closed network, as far as they are known (Turns).
    Result<bool> start(const std::vector<DeviceId>& members);

    struct Connection {
        UniqueFd socket;
        Endpoint remote;
        Passage::Role role;
        std::string first_bytes;  // read from the socket already
        bool tls = false;
    };
    struct Opening {
        Tunnel::Outcome outcome = Tunnel::Outcome::broken;
        UniqueFd inner{};                  // gRPC's end
        std::optional<Channel> channel{};  // none: not encrypted
        Id id{};
        std::string peer{};  // as gRPC names whoever calls through it
    };
    struct Told {
        std::function<void(Opening)> opened;  // once
        std::function<void()> gone;           // once after that, if it was open
    };
    // Takes the connection over. Precondition: started.
    void open(Connection connection, Told told);

    // The other end is no stranger any more, before this returns: what we answer it may leave at
    // once.
    void admit(Id id);

    // gRPC has written something: it goes out now, if the network takes it.
    void push_out(Id id);

    // Ends all, when what gRPC has written is out as far as that is possible at once. Nothing is
    // told any more.
    void stop();

  private:
    struct Way {
        Told told;
        Endpoint remote;
        Passage::Role role;
        std::optional<Channel> channel;
        std::weak_ptr<Passage> passage{};
        bool is_open = false;
        bool is_counted = false;  // by the turnstile
    };
    using TicketsPassage = std::map<Turnstile::Ticket, std::shared_ptr<Passage>>;
    class Workshop;

    void shake_hands(Connection connection, Id id, Told told);
    template <class Socket>
    void begin(Socket socket, std::string first_bytes, Id id, Way way);
    Passage::Hooks hooks_of(Id id);
    void opened(Id id, UniqueFd inner);
    void over(Id id);
    void greeted(Id id, std::shared_ptr<Passage> passage);
    void gave_up(Id id);
    void serve();
    bool long_begins(Id id);
    void long_ended(Id id);
    void serve_long();
    void leave(Way& way, bool is_admitted);
    std::shared_ptr<Passage> passage_of(Id id);
    void tell(const Told& told, Opening opening);
    std::string name_of(Id id) const;

    asio::io_context& loop_;
    Hooks hooks_;
    std::string name_;  // nobody else's: names of ours begin with it
    std::uint64_t count_ = 0;
    std::shared_ptr<Workshop> workshop_;
    Running running_;
    std::map<Id, Way> ways_;
    Turnstile turnstile_;
    TicketsPassage waiting_;
    Berths berths_;
    asio::steady_timer next_berth_;
    asio::steady_timer next_call_;
};

}  // namespace lanchat::link
