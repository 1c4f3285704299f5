// What is signed: who, in which role, between which two keys, on which connection.
#include "message/hello.hpp"

#include <string>

#include "message/big_endian.hpp"

namespace lanchat {
namespace {

std::string to_bytes(const Channel& speaker) {
    std::string bytes(1, speaker.dialled ? 'd' : 'a');
    return bytes.append(speaker.own.view())
        .append(speaker.peer.view())
        .append(speaker.binding.view());
}

Channel other_end(const Channel& channel) {
    return {!channel.dialled, channel.peer, channel.own, channel.binding, {}};
}

std::string presence_text(const Channel& speaker) {
    return "lanchat/presence/1" + to_bytes(speaker);
}

std::string signed_text(const Hello& hello, const Channel& speaker) {
    std::string text = "lanchat/hello/1" + to_bytes(speaker);
    put_big_endian(text, hello.protocol);
    put_big_endian(text, hello.capabilities);
    put_big_endian(text, static_cast<std::uint64_t>(hello.instance));
    put_big_endian(text, hello.nonce);
    text += hello.epoch ? 'e' : '-';
    put_big_endian(text, hello.epoch ? static_cast<std::uint64_t>(*hello.epoch) : 0);
    return text + hello.name;
}

}  // namespace

Signature sign_presence(const Channel& channel, const DeviceKey& key) {
    return key.sign(presence_text(channel));
}

bool verify_presence(const DeviceId& device, const Signature& signature, const Channel& channel) {
    return verify(device, presence_text(other_end(channel)), signature);
}

Signature sign(const Hello& hello, const Channel& channel, const DeviceKey& key) {
    return key.sign(signed_text(hello, channel));
}

bool verify(const Hello& hello, const Channel& channel) {
    return hello.device == channel.device &&
           verify(hello.device, signed_text(hello, other_end(channel)), hello.signature);
}

}  // namespace lanchat
