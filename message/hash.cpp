// BLAKE2b-256 by libsodium.
#include "message/hash.hpp"

#include "message/assert.hpp"
#include "message/sodium.hpp"

namespace lanchat {
namespace {

template <class State>
crypto_generichash_blake2b_state* sodium(State& state) {
    static_assert(sizeof(State) == sizeof(crypto_generichash_blake2b_state));
    static_assert(alignof(State) >= alignof(crypto_generichash_blake2b_state));
    return reinterpret_cast<crypto_generichash_blake2b_state*>(&state);
}

}  // namespace

Hash hash_of(std::string_view bytes) {
    need_sodium();
    Hash hash;
    crypto_generichash_blake2b(hash.bytes.data(), hash.bytes.size(), raw(bytes), bytes.size(),
                               nullptr, 0);
    return hash;
}

Hashing::Hashing() {
    need_sodium();
    crypto_generichash_blake2b_init(sodium(state_), nullptr, 0, sizeof(Hash::bytes));
}

Hashing::Hashing(std::string_view purpose) {
    need_sodium();
    std::array<char, crypto_generichash_blake2b_PERSONALBYTES> personal{};
    LANCHAT_ASSERT(purpose.size() <= personal.size());
    purpose.copy(personal.data(), personal.size());
    crypto_generichash_blake2b_init_salt_personal(sodium(state_), nullptr, 0, sizeof(Hash::bytes),
                                                  nullptr, raw({personal.data(), personal.size()}));
}

Hashing& Hashing::add(std::string_view bytes) {
    crypto_generichash_blake2b_update(sodium(state_), raw(bytes), bytes.size());
    return *this;
}

Hashing& Hashing::add(std::uint64_t number) {
    std::array<char, sizeof number> bytes;
    for (std::size_t n = 0; n < bytes.size(); ++n)
        bytes[n] = static_cast<char>(number >> (56 - 8 * n) & 0xFF);
    return add({bytes.data(), bytes.size()});
}

Hash Hashing::done() {
    Hash hash;
    crypto_generichash_blake2b_final(sodium(state_), hash.bytes.data(), hash.bytes.size());
    return hash;
}

}  // namespace lanchat
