// Who speaks over an encrypted connection: a hello is signed together with the connection it is
// said on, so it is worth nothing on another one.
#pragma once

#include "message/frame.hpp"
#include "message/hash.hpp"
#include "message/keys.hpp"

namespace lanchat {

// One end of a connection, as both its ends know it.
struct Channel {
    bool dialled = false;  // by this end
    Hash own;              // this end's TLS key
    Hash peer;             // the other end's
    Hash binding;          // a secret of this connection alone (RFC 9266)
    DeviceId device{};     // whom the other end introduced itself as
};

// Before any hello: that the speaker, whose end `channel` is, holds the key of its device.
Signature sign_presence(const Channel& channel, const DeviceKey& key);
// Called by the listener: whether `device` is at the other end of `channel`.
bool verify_presence(const DeviceId& device, const Signature& signature, const Channel& channel);

// Called by the speaker, whose end `channel` is.
Signature sign(const Hello& hello, const Channel& channel, const DeviceKey& key);

// Called by the listener: whether the device that `hello` names said it at the other end of
// `channel`.
bool verify(const Hello& hello, const Channel& channel);

}  // namespace lanchat
