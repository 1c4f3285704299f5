// Every message has a fixed length, so there is nothing to parse.
#include "message/admission.hpp"

#include <algorithm>

#include "message/assert.hpp"
#include "message/exact.hpp"

namespace lanchat {
namespace {

constexpr char version = 3;
constexpr std::size_t share_bytes = sizeof(CPace::Share);
constexpr std::size_t tag_bytes = sizeof(CPace::Tag);
constexpr std::size_t nonce_at = 2;  // version and kind before
constexpr std::size_t device_at = nonce_at + sizeof(Admission::Nonce);
constexpr std::size_t presence_at = device_at + sizeof(DeviceId::bytes);
constexpr std::size_t introduction_bytes = presence_at + sizeof(Signature::bytes);

template <std::size_t N>
std::array<std::uint8_t, N> take_array(std::string_view bytes) {
    std::array<std::uint8_t, N> out;
    std::copy_n(bytes.begin(), N, out.begin());
    return out;
}

// What each side vouches for with its confirmation.
std::string claim(bool dialled) { return std::string(1, version) + (dialled ? 'd' : 'a'); }

}  // namespace

Admission::Admission(Side side) : side_(std::move(side)), awaited_(introduction_bytes) {}

std::string Admission::begin() const {
    return side_.channel.dialled ? introduction() : std::string();
}

std::string Admission::introduction() const {
    std::string said{version, is_closed() ? 'c' : 'o'};
    said += view(side_.nonce);
    said += side_.device.view();
    return said += side_.presence.view();
}

std::string Admission::take(std::string_view bytes) {
    LANCHAT_ASSERT(state_ == State::talking && bytes.size() == awaited_);
    risks_guess_ = false;
    return (this->*next_)(bytes);
}

std::string Admission::meet(std::string_view bytes) {
    const char kind = bytes[1];
    if (kind != 'c' && kind != 'o') return state_ = State::nonsense, "";
    if (bytes[0] != version) return state_ = State::other_version, "";
    const auto nonce = bytes.substr(nonce_at, sizeof(Nonce));
    Signature presence;
    const bool whole = take_exact(bytes.substr(device_at, sizeof(theirs_.bytes)), theirs_) &&
                       take_exact(bytes.substr(presence_at), presence);
    LANCHAT_ASSERT(whole);
    if (!verify_presence(theirs_, presence, side_.channel)) return state_ = State::nonsense, "";
    std::string answer = side_.channel.dialled ? "" : introduction();
    if ((kind == 'c') != is_closed()) return state_ = State::other_network, answer;
    if (!is_closed()) return state_ = State::admitted, answer;
    prepare(nonce);
    if (side_.channel.dialled) {
        awaited_ = share_bytes;
        next_ = &Admission::take_share;
    } else {
        awaited_ = share_bytes + tag_bytes;
        next_ = &Admission::take_answer;
        risks_guess_ = true;
        answer += view(pake_->share());
    }
    return answer;
}

void Admission::prepare(std::string_view their_nonce) {
    const bool first = side_.channel.dialled;
    const auto both = [first](std::string_view own, std::string_view theirs) {
        return first ? std::string(own).append(theirs) : std::string(theirs).append(own);
    };
    // All parts but the last one have a fixed length.
    const std::string channel =
        "lanchat/cpace/1" + both(side_.channel.own.view(), side_.channel.peer.view()) +
        both(side_.device.view(), theirs_.view()) + std::string(side_.channel.binding.view());
    pake_.emplace(CPace::Terms{side_.secret, channel, both(view(side_.nonce), their_nonce)},
                  first ? CPace::Role::initiator : CPace::Role::responder, std::move(side_.scalar),
                  claim(first));
}

std::string Admission::take_share(std::string_view bytes) {
    confirmation_ = pake_->agree(take_array<share_bytes>(bytes), claim(false));
    if (!confirmation_) return state_ = State::nonsense, "";
    awaited_ = tag_bytes;
    next_ = &Admission::take_confirmation;
    risks_guess_ = true;
    return std::string(view(pake_->share())).append(view(confirmation_->own));
}

std::string Admission::take_answer(std::string_view bytes) {
    confirmation_ = pake_->agree(take_array<share_bytes>(bytes), claim(true));
    if (!confirmation_) return state_ = State::nonsense, "";
    take_confirmation(bytes.substr(share_bytes));
    return state_ == State::admitted ? std::string(view(confirmation_->own)) : "";
}

std::string Admission::take_confirmation(std::string_view bytes) {
    state_ = same(take_array<tag_bytes>(bytes), confirmation_->theirs) ? State::admitted
                                                                       : State::refused;
    return "";
}

}  // namespace lanchat
