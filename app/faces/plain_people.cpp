// Plain mode: who is here, and what the person at the terminal decides about them.
#include <utility>

#include "app/faces/plain.hpp"
#include "app/faces/plain_text.hpp"
#include "app/recipient.hpp"
#include "message/frame.hpp"
#include "message/limits.hpp"
#include "message/text.hpp"

namespace lanchat::app {
namespace {

std::string with_trust(const controller::PeerInfo& peer) {
    return describe(peer) + (peer.legacy ? "" : ", " + std::string(to_word(peer.trust)));
}

// A legacy peer has no id.
std::string key_of(const controller::PeerInfo& peer) {
    return peer.legacy ? to_string(peer.address) : peer.id;
}

constexpr std::size_t peer_bytes_max = limits::name_bytes_max + 64;  // with a mark

}  // namespace

void PlainFace::show_peers() {
    const auto peers = surface_.node.peers();
    note(std::to_string(peers.size()) + (peers.size() == 1 ? " peer" : " peers"));
    for (const auto& peer : peers) note("  " + with_trust(peer));
    for (const auto& peer : surface_.node.blocked()) note("  " + with_trust(peer));
}

void PlainFace::show_verification(const controller::Verification& verification) {
    const auto& peer = verification.peer;
    note(describe(verification));
    if (verification.stage != controller::Verification::Stage::shown) {
        codes_.erase(peer.id);
        return;
    }
    codes_[peer.id] = verification.code;
    const auto word = peer.id.substr(0, 8);
    note("  your id " + own_id_ + ", its id " + peer.id);
    note("  ask for the code that is seen there, by voice; if it is the same: /verify " + word +
         " yes, else: /verify " + word + " no (or lanchat verify " + word + ")");
}

std::optional<DeviceId> PlainFace::find(const std::string& word, bool blocked) {
    const auto found = surface_.node.find_person(word, blocked);
    if (found) return *found;
    note(word.empty() ? "whom? a name, an id or its beginning, or an address" : found.why());
    return std::nullopt;
}

// "PEER", "PEER yes", "PEER no" or "PEER ID".
void PlainFace::verify(const std::string& words) {
    const auto blank = words.rfind(' ');
    const auto last = blank == words.npos ? "" : words.substr(blank + 1);
    const bool answers = last == "yes" || last == "no";
    const auto id = parse_device_id(last);
    // A name may end so, too.
    if ((answers || id) && surface_.node.means_somebody(words))
        return note("\"" + displayable(words) + "\" is a name, too: use the beginning of an id");
    const auto who = find(answers || id ? words.substr(0, blank) : words, false);
    if (!who) return;
    if (id && *id != *who) return note("its id is another one: " + to_string(*who));
    if (id) {
        if (const auto no = surface_.node.pin(*who)) note(no->why);
        return;
    }
    const auto code = codes_.find(to_string(*who));
    if (answers && code == codes_.end()) return note("no code is compared with it now");
    if (answers) return surface_.node.judge(*who, std::string(code->second), last == "yes");
    if (const auto no = surface_.node.verify(*who)) note(no->why);
}

void PlainFace::block(const std::string& word, bool on) {
    const auto who = find(word, !on);
    if (!who) return;
    surface_.node.block(*who, on, [this, device = *who, on](const std::optional<Failure>& failure) {
        const auto peer = describe(surface_.node.about(device));
        if (!failure) return note(peer + (on ? " is blocked" : " is no longer blocked"));
        note(peer + (on ? " is blocked until this node ends: " : " is still blocked: ") +
             failure->why);
    });
}

// Names may have blanks: the longest beginning that means somebody is the peer. Where it may mean
// several it still is, so that no shorter one is taken instead; a peer of whom nothing but the name
// was typed is not a shorter one with a text.
std::size_t PlainFace::end_of_peer(const std::string& words) const {
    const auto first = words.find_first_of(" \t");
    if (first == words.npos) return first;
    auto end =
        words.size() <= peer_bytes_max ? words.size() : words.find_last_of(" \t", peer_bytes_max);
    for (; end != words.npos && end > first; end = words.find_last_of(" \t", end - 1))
        if (surface_.node.means_somebody(words.substr(0, end))) return end;
    return first;
}

// Who is meant may be another one than who was thought of.
std::string PlainFace::shown_as(const std::string& peer) const {
    const auto who = surface_.node.find_person(peer, false);
    return who ? describe(surface_.node.about(*who)) : displayable(peer);
}

void PlainFace::tell(const std::string& peer_and_text) {
    const auto end = end_of_peer(peer_and_text);
    const auto text = end == peer_and_text.npos ? end : peer_and_text.find_first_not_of(" \t", end);
    if (text == peer_and_text.npos) return note("/msg needs a PEER and the TEXT to say to it");
    const auto peer = peer_and_text.substr(0, end);
    publish_to(
        surface_.node, peer, {peer_and_text.substr(text), general_room},
        [this, to = shown_as(peer)](const Published& said) {
            if (!said.line) return note(said.line.why());
            if (!said.waits_for.empty())
                return note(displayable_name(said.waits_for) + " is away: it waits until you meet");
            if (!options_.quiet) note("said to " + to + " alone");
        });
}

bool PlainFace::is_muted(const controller::PeerInfo& author) const {
    return !muted_.empty() && muted_.contains(key_of(author));
}

void PlainFace::mute(const std::string& word, bool on) {
    std::string who;
    for (const auto& peer : surface_.node.peers())
        if (peer.legacy && key_of(peer) == word) who = word;
    if (who.empty()) {
        const auto found = find(word, false);
        if (!found) return;
        who = to_string(*found);
    }
    if (on) muted_.insert(who);
    if (!on && muted_.erase(who) == 0) return note(displayable(word) + " was not muted");
    note(displayable(word) +
         (on ? " is not shown any more: lanchat history has its lines" : " is shown again"));
}

}  // namespace lanchat::app
