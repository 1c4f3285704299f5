// Certificates of others, as OpenSSL hands them to us: a key gets one name, or none.
#include <openssl/x509.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "message/assert.hpp"
#include "message/limits.hpp"
#include "node/link/tls.hpp"

using namespace lanchat;

namespace {

struct Free {
    void operator()(X509* certificate) const { X509_free(certificate); }
};
using Certificate = std::unique_ptr<X509, Free>;

Certificate parse(const std::uint8_t* data, std::size_t size) {
    return Certificate(d2i_X509(nullptr, &data, static_cast<long>(size)));
}

std::vector<std::uint8_t> again(X509* certificate) {
    std::vector<std::uint8_t> bytes;
    const int size = i2d_X509(certificate, nullptr);
    if (size <= 0) return bytes;
    bytes.resize(static_cast<std::size_t>(size));
    unsigned char* end = bytes.data();
    i2d_X509(certificate, &end);
    return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Certificate certificate =
        parse(data, std::min<std::size_t>(size, limits::certificate_bytes_max));
    if (!certificate) return 0;
    const auto key = link::key_of(certificate.get());
    LANCHAT_ASSERT(key == link::key_of(certificate.get()));
    // What TLS does with the key next.
    static_cast<void>(X509_get0_pubkey(certificate.get()));

    const auto bytes = again(certificate.get());
    if (bytes.empty()) return 0;
    const Certificate same = parse(bytes.data(), bytes.size());
    LANCHAT_ASSERT(!same || link::key_of(same.get()) == key);
    return 0;
}
