// BLAKE2b-256 by libsodium.
#include "message/hash.hpp"

#include "message/sodium.hpp"

namespace lanchat {

Hash hash_of(std::string_view bytes) {
    need_sodium();
    Hash hash;
    crypto_generichash_blake2b(hash.bytes.data(), hash.bytes.size(), raw(bytes), bytes.size(),
                               nullptr, 0);
    return hash;
}

Hash chained(const Hash& before, std::string_view entry) {
    std::string both(before.view());
    both += hash_of(entry).view();
    return hash_of(both);
}

}  // namespace lanchat
