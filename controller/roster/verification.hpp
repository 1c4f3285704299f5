// Comparing keys with one peer: the steps of it, and what they lead to.
#pragma once

#include <deque>
#include <optional>
#include <string>

#include "message/frame.hpp"
#include "message/short_code.hpp"

namespace lanchat::controller {

// asker:    rolled ─commit─> ──nonce──> open ─> both see the code ─> both agree ─> verified
// answerer: commit, rolled ─nonce─> ──open──> both see the code ─> both agree ─> verified
// Whatever comes out of turn refuses it.
class Verifying {
  public:
    enum class Next { wait, show, verified, refused };

    // At the side that asks, and at the side that is asked once the commitment has come.
    Verifying(const DeviceId& self, const DeviceId& other);
    Verifying(const DeviceId& self, const DeviceId& other, const Hash& commitment);

    Next rolled(const Nonce& nonce);
    Next take(const VerifyStep& step);
    // What this node's person says of the code.
    Next judge(bool same);

    bool asked_by_us() const { return !commitment_; }
    bool has_nonce() const { return mine_.has_value(); }
    const std::string& code() const { return code_; }  // empty: not yet

    // What is to be sent, in order.
    std::deque<VerifyStep> steps;

  private:
    Next agreed() const;
    Next refuse();
    Next show();
    void say(VerifyStep::Kind kind, std::string_view bytes = {});

    TwoKeys keys_;
    std::optional<Hash> commitment_;  // of the other, if it asks
    std::optional<Nonce> mine_;
    std::optional<Nonce> theirs_;
    std::string code_;
    bool we_agree_ = false;
    bool they_agree_ = false;
};

}  // namespace lanchat::controller
