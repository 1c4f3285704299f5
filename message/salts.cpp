// Salts are the halves of keyed hashes.
#include "message/salts.hpp"

#include <algorithm>

#include "message/exact.hpp"

namespace lanchat {

Salt Salts::of(const LogId& log, Seq seq) {
    Salt salt;
    static_assert(2 * sizeof salt == sizeof(Hash::bytes));
    if (!pair_of_salts_ || pair_ != seq / 2 || log_ != log) {
        log_ = log;
        pair_ = seq / 2;
        pair_of_salts_ = drawn(log_, pair_);
    }
    const auto half = seq % 2 * salt.size();
    std::copy_n(pair_of_salts_->bytes.begin() + static_cast<std::ptrdiff_t>(half), salt.size(),
                salt.begin());
    return salt;
}

Hash Salts::drawn(const LogId& log, Seq pair) const {
    return Hashing()
        .add("lanchat/salts/1")
        .add(view(secret_))
        .add(log.device.view())
        .add(static_cast<std::uint64_t>(log.epoch))
        .add(log.to.view())
        .add(pair)
        .done();
}

}  // namespace lanchat
