// TLS 1.3 (RFC 8446) between nodes: both ends show a certificate that they made themselves, and
// prove to hold its key. Who that is, is told and signed inside, by the device key.
#pragma once

#include <asio/ssl/context.hpp>
#include <optional>

#include "message/hash.hpp"
#include "message/result.hpp"

namespace lanchat::link {

// Names a TLS key: the hash of its SubjectPublicKeyInfo.
struct TlsKey {
    Hash hash;
    auto operator<=>(const TlsKey&) const = default;
};

// A key and a certificate that are gone with the process: no file to steal, nothing to renew.
class Tls {
  public:
    static Result<Tls> make();

    const TlsKey& key() const { return key_; }
    asio::ssl::context& context() { return context_; }

  private:
    Tls(asio::ssl::context context, const TlsKey& key) : context_(std::move(context)), key_(key) {}

    asio::ssl::context context_;
    TlsKey key_;
};

// Whose certificate it is. None: its key does not fit limits::tls_key_bytes_max.
std::optional<TlsKey> key_of(const X509* certificate);

// Whose certificate this end has shown.
std::optional<TlsKey> own_key(SSL* connection);

// Whose certificate the other end has shown. Precondition: the handshake is over.
std::optional<TlsKey> peer_key(SSL* connection);

// Whether the other end shows the certificate of a lanchat whose admission is of another version. A
// hint and no proof: it is asked for only where somebody has hung up without a word.
bool is_of_other_version(SSL* connection);

// 32 bytes that only the two ends of this connection know, the same at both (RFC 9266).
std::optional<Hash> channel_binding(SSL* connection);

}  // namespace lanchat::link
