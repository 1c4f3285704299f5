// The order of the steps is what makes 42 bits enough: see message/short_code.hpp.
#include "controller/roster/verification.hpp"

#include <algorithm>

namespace lanchat::controller {

Verifying::Verifying(const DeviceId& self, const DeviceId& other) : keys_{self, other} {}
Verifying::Verifying(const DeviceId& self, const DeviceId& other, const Hash& commitment)
    : keys_{other, self}, commitment_(commitment) {}

Verifying::Next Verifying::rolled(const Nonce& nonce) {
    if (mine_) return Next::wait;
    mine_ = nonce;
    if (asked_by_us()) {
        say(VerifyStep::Kind::commit, commitment_to(nonce, keys_).view());
    } else {
        say(VerifyStep::Kind::nonce, nonce.view());
    }
    return Next::wait;
}

Verifying::Next Verifying::take(const VerifyStep& step) {
    using Kind = VerifyStep::Kind;
    if (step.kind == Kind::agree && !code_.empty()) {
        they_agree_ = true;
        return agreed();
    }
    const Kind awaited = asked_by_us() ? Kind::nonce : Kind::open;
    if (step.kind == Kind::refuse) return Next::refused;
    if (step.kind != awaited || !mine_ || theirs_) return refuse();
    theirs_ = Nonce{step.bytes};
    if (asked_by_us()) {
        say(Kind::open, mine_->view());
    } else if (commitment_to(*theirs_, keys_) != *commitment_) {
        return refuse();
    }
    return show();
}

Verifying::Next Verifying::judge(bool same) {
    if (code_.empty()) return Next::wait;
    if (!same) return refuse();
    if (!we_agree_) say(VerifyStep::Kind::agree);
    we_agree_ = true;
    return agreed();
}

Verifying::Next Verifying::show() {
    code_ =
        asked_by_us() ? short_code(keys_, *mine_, *theirs_) : short_code(keys_, *theirs_, *mine_);
    return Next::show;
}

Verifying::Next Verifying::agreed() const {
    return we_agree_ && they_agree_ ? Next::verified : Next::wait;
}

Verifying::Next Verifying::refuse() {
    say(VerifyStep::Kind::refuse);
    return Next::refused;
}

void Verifying::say(VerifyStep::Kind kind, std::string_view bytes) {
    VerifyStep step{kind, {}};
    std::copy(bytes.begin(), bytes.end(), step.bytes.begin());
    steps.push_back(step);
}

}  // namespace lanchat::controller
