// Salts are the beginnings of keyed hashes.
#include "message/salts.hpp"

#include <algorithm>

#include "message/exact.hpp"

namespace lanchat {

Salt Salts::of(const LogId& log, Seq seq) const {
    const Hash hash = Hashing()
                          .add("lanchat/salt/1")
                          .add(view(secret_))
                          .add(log.device.view())
                          .add(static_cast<std::uint64_t>(log.epoch))
                          .add(log.to.view())
                          .add(seq)
                          .done();
    Salt salt;
    std::copy_n(hash.bytes.begin(), salt.size(), salt.begin());
    return salt;
}

}  // namespace lanchat
