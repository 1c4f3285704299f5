// What is signed: who, in which role, between which two keys, on which connection.
#include "message/hello.hpp"

#include <string>

#include "message/big_endian.hpp"

namespace lanchat {
namespace {

std::string signed_text(const Hello& hello, const Channel& speaker) {
    std::string text = "lanchat/hello/1";
    text += speaker.dialled ? 'd' : 'a';
    text += speaker.own.view();
    text += speaker.peer.view();
    text += speaker.binding.view();
    put_big_endian(text, hello.protocol);
    put_big_endian(text, hello.capabilities);
    put_big_endian(text, static_cast<std::uint64_t>(hello.instance));
    put_big_endian(text, hello.nonce);
    text += hello.epoch ? 'e' : '-';
    put_big_endian(text, hello.epoch ? static_cast<std::uint64_t>(*hello.epoch) : 0);
    return text + hello.name;
}

}  // namespace

Signature sign(const Hello& hello, const Channel& channel, const DeviceKey& key) {
    return key.sign(signed_text(hello, channel));
}

bool verify(const Hello& hello, const Channel& channel) {
    const Channel there{!channel.dialled, channel.peer, channel.own, channel.binding, {}};
    return hello.device == channel.device &&
           verify(hello.device, signed_text(hello, there), hello.signature);
}

}  // namespace lanchat
