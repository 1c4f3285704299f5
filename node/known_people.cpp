// What people ask and decide about people; the book is written before they are told so.
#include "node/known_people.hpp"

#include <utility>

namespace lanchat {

KnownPeople::KnownPeople(NodeLoop& loop, const brain::Room& room, BookOfPeople& book,
                         Settings settings, std::function<void(brain::Input)> feed)
    : loop_(loop), room_(room), book_(book), settings_(settings), feed_(std::move(feed)) {}

bool KnownPeople::means_somebody(std::string_view word) const {
    return brain::means_somebody(word, room_.candidates(false), settings_.on_key_change);
}

Result<DeviceId> KnownPeople::find(std::string_view word, bool blocked) const {
    auto found = brain::find_person(word, room_.candidates(blocked), settings_.on_key_change);
    if (found && *found == settings_.self) return Failure{"that is this node itself"};
    return found;
}

std::vector<PeerInfo> KnownPeople::blocked() const {
    std::vector<PeerInfo> people;
    for (const auto& [device, person] : room_.people().all())
        if (person.blocked) people.push_back(room_.about(device));
    return people;
}

std::set<DeviceId> KnownPeople::hidden() const {
    std::set<DeviceId> hidden;
    for (const auto& [device, person] : room_.people().all())
        if (person.blocked) hidden.insert(device);
    return hidden;
}

std::optional<Failure> KnownPeople::verify(const DeviceId& device) {
    if (auto no = room_.refuse_verify(device, clock_now().steady)) return no;
    feed_(brain::Verify{device});
    return std::nullopt;
}

std::optional<Failure> KnownPeople::pin(const DeviceId& device) {
    if (device == settings_.self) return Failure{"that is this node itself"};
    if (room_.people().is_blocked(device)) return Failure{"unblock it first"};
    feed_(brain::Pin{device});
    return std::nullopt;
}

void KnownPeople::save(bool at_once) {
    book_.save([this] { return room_.people().all(); }, at_once);
}

// What is fed may wait until what is fed now is done; then it is on its way to the disk. A block
// that cannot be kept holds for as long as we run; of everything else nothing is left.
void KnownPeople::block(const DeviceId& device, bool on, Decided done) {
    feed_(brain::Block{device, on});
    loop_.post([this, device, on, done = std::move(done)]() mutable {
        book_.when_saved([this, device, on, done = std::move(done)](const auto& failure) {
            if (failure && !on) feed_(brain::Block{device, true});
            done(failure);
        });
    });
}

void KnownPeople::tell_kept(const brain::Verification& verification,
                            std::function<void(const Event&)> tell) {
    loop_.post([this, verification, tell = std::move(tell)]() mutable {
        book_.when_saved([this, told = std::move(verification),
                          tell = std::move(tell)](const auto& failure) mutable {
            if (failure) {
                const auto device = *parse_device_id(told.peer.id);
                feed_(brain::Doubt{device, book_.verified(device)});
                told.peer = room_.about(device);
                told.stage = brain::Verification::Stage::failed;
                told.why = failure->why;
            }
            tell(told);
        });
    });
}

}  // namespace lanchat
