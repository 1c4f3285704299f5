// Whom this node knows: what its person asks of the book of people, and what is written of it.
#include <algorithm>
#include <utility>

#include "node/body.hpp"
#include "node/entropy.hpp"

namespace lanchat {
namespace {

Nonce random_nonce() {
    Nonce nonce;
    fill_random(nonce.bytes);
    return nonce;
}

}  // namespace

Result<DeviceId> Node::Body::find_person(std::string_view word, bool blocked) const {
    if (room_ == nullptr) return Failure{"the node is not running"};
    const auto on_change = config_.security.on_key_change == OnKeyChange::block
                               ? brain::OnKeyChange::block
                               : brain::OnKeyChange::warn;
    auto found = brain::find_person(word, room_->candidates(blocked), on_change);
    if (found && *found == key_->id()) return Failure{"that is this node itself"};
    return found;
}

std::vector<PeerInfo> Node::Body::blocked() const {
    std::vector<PeerInfo> people;
    for (const auto& [device, person] : room_->people().all())
        if (person.blocked) people.push_back(room_->about(device));
    return people;
}

void Node::Body::block(const DeviceId& device, bool on, std::function<void()> done) {
    feed(brain::Block{device, on});
    book_->when_saved(std::move(done));
}

void Node::Body::perform_one(brain::Roll& roll) { post(brain::Rolled{roll.who, random_nonce()}); }

void Node::Body::perform_one(brain::Remember& remember) {
    book_->save([this] { return people_text(room_->people().all()); }, remember.at_once);
}

}  // namespace lanchat
