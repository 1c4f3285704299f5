// A connection on its way to gRPC. gRPC speaks to a local socket; what comes in over the network
// goes there once the frame gate has let it pass, and what gRPC writes goes out to the network.
//
// Who comes to us as a stranger gets no further than this at first: it is told that we speak HTTP/2
// and what it says is kept until its greeting is whole. Only then gRPC hears of it at all.
#pragma once

#include <asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "node/link/tls_socket.hpp"
#include "node/link/unique_fd.hpp"

namespace lanchat::link {

// Thread: that of the executor of its socket, for everything. It lives until both directions are
// over; then it closes the connection.
class Passage {
  public:
    enum class Role { dial, accept };

    struct Hooks {
        // A stranger has greeted. Whoever is called keeps it, and lets it through when it is its
        // turn.
        std::function<void(std::shared_ptr<Passage>)> greeted;
        // The connection was cut, or its other end hung up, while it waited for its turn: it must
        // not be kept any more.
        std::function<void()> gave_up;
        // A message begins that is longer than any of ours. False: not now, it waits for go_on.
        std::function<bool()> long_begins;
        // The long message is whole, or nothing more of it will come.
        std::function<void()> long_ended;
        // gRPC's end of the way.
        std::function<void(UniqueFd inner)> opened;
        // There is something new for gRPC at its end, or room for more.
        std::function<void()> fed;
        // The connection was cut, and why.
        std::function<void(std::string_view why)> refused;
        // gRPC has let go of its end, or never had one. The last call.
        std::function<void()> over;
    };

    virtual ~Passage() = default;

    // `first_bytes` were read from the socket already.
    virtual void begin(std::string first_bytes) = 0;
    virtual void let_through() = 0;
    // The other end is no stranger any more.
    virtual void admit() = 0;
    // gRPC may have written something: it goes out now, if the network takes it.
    virtual void push_out() = 0;
    // Its long message may come now.
    virtual void go_on() = 0;
    // Ends it as what takes more than was granted.
    virtual void refuse(std::string_view why) = 0;
    // Ends it at once, in whatever state.
    virtual void cut() = 0;
    // The same, but what gRPC has written already leaves if it can.
    virtual void leave() = 0;
};

// `name` is the abstract name (unix(7)) of the socket that gRPC speaks to, by which gRPC tells
// later whose call it is; empty: none.
std::shared_ptr<Passage> make_passage(asio::ip::tcp::socket socket, Passage::Role role,
                                      std::string name, Passage::Hooks hooks);
std::shared_ptr<Passage> make_passage(TlsSocket socket, Passage::Role role, std::string name,
                                      Passage::Hooks hooks);

}  // namespace lanchat::link
