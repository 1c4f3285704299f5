// Whom this node knows: what its person asks of the book of people, and what is written of it.
#include <algorithm>
#include <asio/post.hpp>
#include <utility>

#include "node/body.hpp"
#include "node/keep/entropy.hpp"

namespace lanchat {
namespace {

Nonce random_nonce() {
    Nonce nonce;
    fill_random(nonce.bytes);
    return nonce;
}

brain::OnKeyChange rule_of(const Config& config) {
    return config.security.on_key_change == OnKeyChange::block ? brain::OnKeyChange::block
                                                               : brain::OnKeyChange::warn;
}

}  // namespace

bool Node::Body::means_somebody(std::string_view word) const {
    return room_ != nullptr &&
           brain::means_somebody(word, room_->candidates(false), rule_of(config_));
}

Result<DeviceId> Node::Body::find_person(std::string_view word, bool blocked) const {
    if (room_ == nullptr) return Failure{"the node is not running"};
    auto found = brain::find_person(word, room_->candidates(blocked), rule_of(config_));
    if (found && *found == key_->id()) return Failure{"that is this node itself"};
    return found;
}

std::vector<std::string> Node::Body::warnings() const {
    return reach_ ? reach_->warnings() : std::vector<std::string>{};
}

std::vector<PeerInfo> Node::Body::blocked() const {
    std::vector<PeerInfo> people;
    for (const auto& [device, person] : room_->people().all())
        if (person.blocked) people.push_back(room_->about(device));
    return people;
}

// What is fed may wait until what is fed now is done; then it is on its way to the disk. A block
// that cannot be kept holds for as long as we run; of everything else nothing is left.
void Node::Body::block(const DeviceId& device, bool on, Decided done) {
    feed(brain::Block{device, on});
    asio::post(loop_, [this, here = here_, device, on, done = std::move(done)]() mutable {
        if (!*here) return;
        book_->when_saved([this, device, on, done = std::move(done)](const auto& failure) {
            if (failure && !on) feed(brain::Block{device, true});
            done(failure);
        });
    });
}

void Node::Body::tell_verified(const brain::Verification& verification) {
    asio::post(loop_, [this, here = here_, verification]() mutable {
        if (!*here) return;
        book_->when_saved([this, told = std::move(verification)](const auto& failure) mutable {
            if (failure) {
                const auto device = *parse_device_id(told.peer.id);
                feed(brain::Doubt{device, book_->verified(device)});
                told.peer = room_->about(device);
                told.stage = brain::Verification::Stage::failed;
                told.why = failure->why;
            }
            listener_(told);
        });
    });
}

void Node::Body::perform_one(brain::Roll& roll) { post(brain::Rolled{roll.who, random_nonce()}); }

void Node::Body::perform_one(brain::Remember& remember) {
    book_->save([this] { return room_->people().all(); }, remember.at_once);
}

}  // namespace lanchat
