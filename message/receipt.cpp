// What a receipt's signature is made over.
#include "message/receipt.hpp"

#include <string>

#include "message/big_endian.hpp"

namespace lanchat {
namespace {

// All of it: nothing of a receipt can be taken for another.
std::string signed_bytes(const Receipt& receipt) {
    std::string out = "lanchat/have/1";
    out += receipt.member.view();
    put_big_endian(out, static_cast<std::uint64_t>(receipt.instance));
    out += receipt.log.device.view();
    put_big_endian(out, static_cast<std::uint64_t>(receipt.log.epoch));
    put_big_endian(out, receipt.after);
    put_big_endian(out, receipt.last);
    put_big_endian(out, receipt.count);
    return out;
}

}  // namespace

void sign(Receipt& receipt, const DeviceKey& key) {
    receipt.signature = key.sign(signed_bytes(receipt));
}

bool verify(const Receipt& receipt) {
    return verify(receipt.member, signed_bytes(receipt), receipt.signature);
}

}  // namespace lanchat
