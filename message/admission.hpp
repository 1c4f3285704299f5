// Who may come into this network: the first words of two nodes on an encrypted connection, before
// anything else is said. Pure; reliability.md 5.4 has the reasons.
//
//   dialler -> acceptor   version, kind of network, nonce, device and its signature
//   acceptor -> dialler   the same; in a closed network also its share of CPace
//   dialler -> acceptor   closed: its share and its confirmation
//   acceptor -> dialler   closed: its confirmation, after it has verified the dialler's
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "message/cpace.hpp"
#include "message/hello.hpp"
#include "message/ids.hpp"

namespace lanchat {

class Admission {
  public:
    using Nonce = std::array<std::uint8_t, 16>;

    struct Side {
        Channel channel;
        DeviceId device;
        // What the passphrase of the network was stretched to; empty: an open network.
        std::string secret;
        Nonce nonce;           // random
        CPace::Scalar scalar;  // random, see cpace.hpp
        Signature presence;    // of the device, see hello.hpp
    };
    explicit Admission(Side side);

    enum class State {
        talking,
        admitted,
        other_network,  // open here and closed there, or the reverse
        other_version,  // of these rules: what it says next would not be understood
        refused,        // another passphrase
        nonsense,
    };
    State state() const { return state_; }

    // What is said before anything is heard.
    std::string begin() const;
    // How many bytes come next. 0: the talk is over.
    std::size_t awaited() const { return state_ == State::talking ? awaited_ : 0; }
    // Takes exactly that many; returns what to say then, also at the end of the talk.
    std::string take(std::string_view bytes);

    // Whether the other side knows enough to refuse us: if it hangs up now, it did.
    bool was_judged() const { return next_ == &Admission::take_confirmation; }

    // Whether what is to be said next lets the other side try a passphrase, or tells it whether
    // ours is its own. True once in a talk of closed networks; who is there has proven it by then.
    bool risks_guess() const { return risks_guess_; }

    // Who is there. Precondition: admitted, or a guess at risk.
    const DeviceId& device() const { return theirs_; }

  private:
    bool is_closed() const { return !side_.secret.empty(); }
    std::string introduction() const;
    std::string meet(std::string_view bytes);
    void prepare(std::string_view their_nonce);
    std::string take_share(std::string_view bytes);
    std::string take_answer(std::string_view bytes);
    std::string take_confirmation(std::string_view bytes);

    Side side_;
    State state_ = State::talking;
    std::size_t awaited_;
    std::string (Admission::*next_)(std::string_view) = &Admission::meet;
    DeviceId theirs_;
    bool risks_guess_ = false;
    std::optional<CPace> pake_;
    std::optional<CPace::Confirmation> confirmation_;
};

}  // namespace lanchat
