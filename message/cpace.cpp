// Every string is laid out as the draft says, sections 5 to 7 and 9.4; the group is libsodium's.
#include "message/cpace.hpp"

#include "message/assert.hpp"
#include "message/exact.hpp"
#include "message/sodium.hpp"

namespace lanchat {
namespace {

constexpr std::string_view group_name = "CPaceRistretto255";
constexpr std::size_t hash_block_bytes = 128;  // of SHA-512

// prepend_len: LEB128.
std::string with_length(std::string_view bytes) {
    std::string out;
    std::size_t rest = bytes.size();
    do {
        const bool more = rest >= 128;
        out += static_cast<char>((rest & 127) | (more ? 128 : 0));
        rest >>= 7;
    } while (rest > 0);
    return out.append(bytes);
}

CPace::Key sha512(std::string_view bytes) {
    CPace::Key hash;
    crypto_hash_sha512(hash.data(), raw(bytes), bytes.size());
    return hash;
}

CPace::Share generator(const CPace::Terms& terms) {
    std::string text = with_length(group_name) + with_length(terms.secret);
    const std::size_t taken = text.size() + 1;
    const std::string padding(taken < hash_block_bytes ? hash_block_bytes - taken : 0, '\0');
    text += with_length(padding) + with_length(terms.channel) + with_length(terms.session);
    auto hash = sha512(text);
    CPace::Share point;
    crypto_core_ristretto255_from_hash(point.data(), hash.data());
    sodium_memzero(text.data(), text.size());
    sodium_memzero(hash.data(), hash.size());
    return point;
}

}  // namespace

CPace::CPace(const Terms& terms, Role role, Scalar&& scalar, std::string_view own_data)
    : session_(terms.session), role_(role), scalar_(scalar), own_data_(own_data) {
    need_sodium();
    sodium_memzero(scalar.data(), scalar.size());
    const Share base = generator(terms);
    LANCHAT_ASSERT(crypto_scalarmult_ristretto255(share_.data(), scalar_.data(), base.data()) == 0);
}

CPace::~CPace() { sodium_memzero(scalar_.data(), scalar_.size()); }

std::optional<CPace::Key> CPace::key(const Share& share, std::string_view their_data) const {
    Share common;
    if (crypto_scalarmult_ristretto255(common.data(), scalar_.data(), share.data()) != 0)
        return std::nullopt;
    const std::string ours = with_length(view(share_)) + with_length(own_data_);
    const std::string theirs = with_length(view(share)) + with_length(their_data);
    std::string text = with_length(std::string(group_name) + "_ISK") + with_length(session_) +
                       with_length(view(common)) +
                       (role_ == Role::initiator ? ours + theirs : theirs + ours);
    const Key key = sha512(text);
    sodium_memzero(text.data(), text.size());
    sodium_memzero(common.data(), common.size());
    return key;
}

std::optional<CPace::Confirmation> CPace::agree(const Share& share,
                                                std::string_view their_data) const {
    auto agreed = key(share, their_data);
    if (!agreed) return std::nullopt;
    auto mac_key = sha512("CPaceMac" + session_ + std::string(view(*agreed)));
    const auto tag_of = [&](const Share& whose, std::string_view data) {
        const std::string said = with_length(view(whose)) + with_length(data);
        Tag tag;
        crypto_auth_hmacsha512_state state;
        crypto_auth_hmacsha512_init(&state, mac_key.data(), mac_key.size());
        crypto_auth_hmacsha512_update(&state, raw(said), said.size());
        crypto_auth_hmacsha512_final(&state, tag.data());
        return tag;
    };
    const Confirmation tags{tag_of(share_, own_data_), tag_of(share, their_data)};
    sodium_memzero(agreed->data(), agreed->size());
    sodium_memzero(mac_key.data(), mac_key.size());
    return tags;
}

bool same(const CPace::Tag& a, const CPace::Tag& b) {
    return sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace lanchat
