// OpenSSL's share: an Ed25519 key, a certificate around it, and what is refused.
#include "node/link/tls.hpp"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>
#include <memory>
#include <string_view>

#include "message/limits.hpp"

namespace lanchat::link {
namespace {

template <auto Free>
struct Freer {
    template <class T>
    void operator()(T* thing) const {
        Free(thing);
    }
};
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;

// Nobody's name: the program and the version of its admission, which was left out while it was 1.
constexpr std::string_view common_name = "lanchat 3";
constexpr std::string_view first_common_name = "lanchat";
constexpr long a_day = 24 * 60 * 60;
constexpr long validity = 20 * 365 * a_day;  // of a key for one process: clocks may be wrong

bool name_and_date(X509* certificate) {
    std::array<unsigned char, 16> serial{};
    if (RAND_bytes(serial.data(), static_cast<int>(serial.size())) != 1) return false;
    serial[0] &= 0x7F;  // positive
    const std::unique_ptr<BIGNUM, Freer<BN_free>> number(
        BN_bin2bn(serial.data(), static_cast<int>(serial.size()), nullptr));
    if (!number || !BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)))
        return false;
    X509_NAME* name = X509_get_subject_name(certificate);
    return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                      reinterpret_cast<const unsigned char*>(common_name.data()),
                                      static_cast<int>(common_name.size()), -1, 0) == 1 &&
           X509_set_issuer_name(certificate, name) == 1 &&
           X509_gmtime_adj(X509_getm_notBefore(certificate), -a_day) != nullptr &&
           X509_gmtime_adj(X509_getm_notAfter(certificate), validity) != nullptr;
}

Certificate certify(EVP_PKEY* key) {
    Certificate certificate(X509_new());
    constexpr long version_3 = 2;
    const bool made = certificate && X509_set_version(certificate.get(), version_3) == 1 &&
                      name_and_date(certificate.get()) &&
                      X509_set_pubkey(certificate.get(), key) == 1 &&
                      X509_sign(certificate.get(), key, nullptr) > 0;
    return made ? std::move(certificate) : nullptr;
}

// Every certificate is taken: TLS proves that its key is there, and nothing else is asked of it. So
// OpenSSL does not even look for a chain, through extensions that a stranger wrote.
int take_any(X509_STORE_CTX*, void*) { return 1; }

bool restrict(SSL_CTX* context) {
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    SSL_CTX_set_cert_verify_callback(context, take_any, nullptr);
    SSL_CTX_set_max_cert_list(context, limits::certificate_bytes_max);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(context, 1);  // a record is one call of the kernel, not two
    return SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1 &&
           SSL_CTX_set_num_tickets(context, 0) == 1 &&
           SSL_CTX_set1_sigalgs_list(context, "ed25519") == 1 &&
           SSL_CTX_set1_groups_list(context, "X25519:P-256") == 1;
}

}  // namespace

Result<Tls> Tls::make() {
    const Failure failure{"OpenSSL would not make a key for TLS"};
    const Key key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    if (!key) return failure;
    const Certificate certificate = certify(key.get());
    if (!certificate) return failure;
    const auto name = key_of(certificate.get());
    asio::ssl::context context(asio::ssl::context::tls);
    SSL_CTX* const native = context.native_handle();
    if (!name || !restrict(native) || SSL_CTX_use_certificate(native, certificate.get()) != 1 ||
        SSL_CTX_use_PrivateKey(native, key.get()) != 1)
        return failure;
    return Tls(std::move(context), *name);
}

std::optional<TlsKey> key_of(const X509* certificate) {
    std::array<unsigned char, limits::tls_key_bytes_max> bytes;
    X509_PUBKEY* key = X509_get_X509_PUBKEY(certificate);
    const int size = key == nullptr ? 0 : i2d_X509_PUBKEY(key, nullptr);
    if (size <= 0 || static_cast<std::size_t>(size) > bytes.size()) return std::nullopt;
    unsigned char* end = bytes.data();
    i2d_X509_PUBKEY(key, &end);
    return TlsKey{
        hash_of({reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(size)})};
}

std::optional<TlsKey> own_key(SSL* connection) {
    const X509* certificate = SSL_get_certificate(connection);
    return certificate == nullptr ? std::nullopt : key_of(certificate);
}

std::optional<TlsKey> peer_key(SSL* connection) {
    const X509* certificate = SSL_get0_peer_certificate(connection);
    return certificate == nullptr ? std::nullopt : key_of(certificate);
}

bool is_of_other_version(SSL* connection) {
    const X509* certificate = SSL_get0_peer_certificate(connection);
    std::array<char, 32> name{};
    if (certificate == nullptr ||
        X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name.data(),
                                  static_cast<int>(name.size())) < 0)
        return false;
    const std::string_view shown(name.data());
    return shown.starts_with(first_common_name) && shown != common_name;
}

std::optional<Hash> channel_binding(SSL* connection) {
    constexpr std::string_view label = "EXPORTER-Channel-Binding";
    Hash binding;
    const int done =
        SSL_export_keying_material(connection, binding.bytes.data(), binding.bytes.size(),
                                   label.data(), label.size(), nullptr, 0, 0);
    return done == 1 ? std::optional(binding) : std::nullopt;
}

}  // namespace lanchat::link
