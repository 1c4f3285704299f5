// Those who are linked, and those whose key the store knows.
#include "app/api/recipient.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "controller/find_person.hpp"
#include "message/text.hpp"

namespace lanchat::app::api {
namespace {

using controller::Candidate;
using controller::PeerInfo;

const PeerInfo* with_id(const std::vector<PeerInfo>& peers, const DeviceId& id) {
    const auto text = to_string(id);
    const auto found = std::ranges::find(peers, text, &PeerInfo::id);
    return found == peers.end() ? nullptr : &*found;
}

std::vector<Candidate> candidates(Backend& backend, const std::vector<PeerInfo>& peers,
                                  const std::vector<Backend::Known>& known) {
    const DeviceId self = backend.status().id;
    std::vector<Candidate> all;
    for (const auto& one : known) {
        if (one.id == self) continue;
        Candidate candidate{one.id, {}, {}, one.written_to};
        if (!one.name.empty()) candidate.names.push_back(one.name);
        all.push_back(std::move(candidate));
    }
    for (const auto& peer : peers) {
        const auto id = parse_device_id(peer.id);
        if (id == self) continue;
        auto same =
            std::ranges::find_if(all, [&](const Candidate& one) { return id && one.device == id; });
        if (same == all.end()) same = all.insert(all.end(), Candidate{id, {}, {}, false});
        same->names.insert(same->names.begin(), peer.name);
        same->address = peer.address;
    }
    return all;
}

std::variant<Recipient, NoRecipient> chosen(Backend& backend, const std::string& peer,
                                            const std::vector<Backend::Known>& known) {
    const auto peers = backend.peers();
    for (const auto& one : peers)
        if (one.legacy && (to_string(one.address) == peer || one.name == peer))
            return NoRecipient{displayable(peer) + " is a legacy peer: it has no key, and no link" +
                                   " with it is encrypted, so no direct messages go there",
                               true};
    const auto id = controller::find_person(peer, candidates(backend, peers, known),
                                            controller::OnKeyChange::block);
    if (!id) return NoRecipient{id.why()};
    const PeerInfo* here = with_id(peers, *id);
    return Recipient{*id, here == nullptr ? backend.name_of(*id) : here->name, here != nullptr};
}

}  // namespace

void find_recipient(Backend& backend, const std::string& peer,
                    const std::function<void(const std::variant<Recipient, NoRecipient>&)>& done) {
    backend.known([&backend, peer, done](const Result<std::vector<Backend::Known>>& known) {
        if (!known) return done(NoRecipient{known.why()});
        done(chosen(backend, peer, *known));
    });
}

void publish_to(Backend& backend, const std::string& peer, Backend::Saying saying,
                const std::function<void(const Published&)>& done) {
    if (peer.empty()) {
        return backend.publish(std::move(saying), [done](const Result<LineId>& line) {
            done({line, std::nullopt, false});
        });
    }
    find_recipient(backend, peer, [&backend, saying, done](const auto& found) mutable {
        if (const auto* nobody = std::get_if<NoRecipient>(&found))
            return done({Failure{nobody->why}, std::nullopt, nobody->never});
        const auto& to = std::get<Recipient>(found);
        saying.to = to.id;
        saying.to_name = to.name;
        backend.publish(std::move(saying), [to, done](const Result<LineId>& line) {
            done({line, to, false});
        });
    });
}

}  // namespace lanchat::app::api
