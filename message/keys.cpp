// Ed25519 by libsodium.
#include "message/keys.hpp"

#include "message/sodium.hpp"

namespace lanchat {
namespace {

static_assert(crypto_sign_PUBLICKEYBYTES == sizeof(DeviceId::bytes));
static_assert(crypto_sign_BYTES == sizeof(Signature::bytes));
static_assert(crypto_sign_SEEDBYTES == sizeof(DeviceKey::Seed));

}  // namespace

DeviceKey::DeviceKey(Seed&& seed) {
    static_assert(crypto_sign_SECRETKEYBYTES == sizeof(secret_));
    need_sodium();
    crypto_sign_seed_keypair(id_.bytes.data(), secret_.data(), seed.data());
    sodium_memzero(seed.data(), seed.size());
}

DeviceKey::~DeviceKey() { sodium_memzero(secret_.data(), secret_.size()); }

DeviceKey::DeviceKey(DeviceKey&& other) noexcept : id_(other.id_), secret_(other.secret_) {
    sodium_memzero(other.secret_.data(), other.secret_.size());
}

DeviceKey::Seed DeviceKey::seed() const {
    Seed seed;
    crypto_sign_ed25519_sk_to_seed(seed.data(), secret_.data());
    return seed;
}

Signature DeviceKey::sign(std::string_view message) const {
    Signature signature;
    crypto_sign_detached(signature.bytes.data(), nullptr, raw(message), message.size(),
                         secret_.data());
    return signature;
}

bool verify(const DeviceId& author, std::string_view message, const Signature& signature) {
    need_sodium();
    return crypto_sign_verify_detached(signature.bytes.data(), raw(message), message.size(),
                                       author.bytes.data()) == 0;
}

}  // namespace lanchat
