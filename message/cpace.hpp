// CPace (draft-irtf-cfrg-cpace-21, CPACE-RISTR255-SHA512): two who share a passphrase agree on a
// key, and tell by a tag that they have. Who does not know it learns nothing that could be tried
// later, and has spent one guess.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lanchat {

class CPace {
  public:
    using Scalar = std::array<std::uint8_t, 32>;  // random, below the order of the group; secret
    using Share = std::array<std::uint8_t, 32>;
    using Tag = std::array<std::uint8_t, 64>;

    enum class Role { initiator, responder };

    // What both have before the first message, byte for byte the same: the stretched passphrase,
    // what names this connection, and a session id of both sides' nonces.
    struct Terms {
        std::string_view secret;
        std::string_view channel;
        std::string_view session;
    };

    // `scalar` is wiped from the caller's copy too. `own_data` is what this side vouches for.
    CPace(const Terms& terms, Role role, Scalar&& scalar, std::string_view own_data);
    ~CPace();
    CPace(const CPace&) = delete;
    CPace& operator=(const CPace&) = delete;

    const Share& share() const { return share_; }

    // Proof of the agreed key: `own` is sent, `theirs` is what must come.
    struct Confirmation {
        Tag own;
        Tag theirs;
    };
    // None: `share` is no point of the group, or its neutral element. Whether both have used one
    // passphrase, only the tags tell.
    std::optional<Confirmation> agree(const Share& share, std::string_view their_data) const;

    // The agreed key itself (ISK), of the draft's vectors.
    using Key = std::array<std::uint8_t, 64>;
    std::optional<Key> key(const Share& share, std::string_view their_data) const;

  private:
    std::string session_;
    Role role_;
    Scalar scalar_;
    Share share_{};
    std::string own_data_;
};

// In a time that tells nothing of where they differ.
bool same(const CPace::Tag& a, const CPace::Tag& b);

}  // namespace lanchat
