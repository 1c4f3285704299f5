// A legacy peer has no key, so nothing can be for it alone.
#include "app/recipient.hpp"

#include <utility>

#include "message/text.hpp"

namespace lanchat::app {
namespace {

std::string name_if_away(const controller::PeerInfo& who) {
    if (who.address != Endpoint{}) return {};
    return who.name.empty() ? who.id.substr(0, 8) : who.name;
}

}  // namespace

std::variant<DeviceId, NoRecipient> find_recipient(NodePort& node, const std::string& peer) {
    for (const auto& one : node.peers())
        if (one.legacy && (to_string(one.address) == peer || one.name == peer))
            return NoRecipient{
                {displayable(peer) + " is a legacy peer: it has no key, and no link" +
                 " with it is encrypted, so no direct messages go there"},
                true};
    const auto found = node.find_person(peer, false);
    if (!found) return NoRecipient{found.failure()};
    return *found;
}

void publish_to(NodePort& node, const std::string& peer, Saying saying,
                const std::function<void(const Published&)>& done) {
    if (peer.empty())
        return node.say(std::move(saying), [done](const Result<LineId>& line) { done({line}); });
    const auto found = find_recipient(node, peer);
    if (const auto* nobody = std::get_if<NoRecipient>(&found))
        return done({nobody->failure, {}, nobody->never});
    saying.to = std::get<DeviceId>(found);
    node.say(std::move(saying), [&node, to = saying.to, done](const Result<LineId>& line) {
        done({line, name_if_away(node.about(to))});
    });
}

}  // namespace lanchat::app
