// Plain mode: who is here, and what the person at the terminal decides about them.
#include <utility>

#include "app/plain.hpp"
#include "app/plain_text.hpp"

namespace lanchat::app {
namespace {

std::string with_trust(const controller::PeerInfo& peer) {
    return describe(peer) + (peer.legacy ? "" : ", " + std::string(to_word(peer.trust)));
}

}  // namespace

void PlainFace::show_peers() {
    const auto peers = chat_.peers();
    note(std::to_string(peers.size()) + (peers.size() == 1 ? " peer" : " peers"));
    for (const auto& peer : peers) note("  " + with_trust(peer));
    if (!chat_.blocked) return;
    for (const auto& peer : chat_.blocked()) note("  " + with_trust(peer));
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
    if (!chat_.find_person) return std::nullopt;
    const auto found = chat_.find_person(word, blocked);
    if (found) return *found;
    note(word.empty() ? "whom? a name, an id or its beginning, or an address" : found.why());
    return std::nullopt;
}

// "PEER", "PEER yes" or "PEER no".
void PlainFace::verify(const std::string& words) {
    const auto blank = words.rfind(' ');
    const auto last = blank == words.npos ? "" : words.substr(blank + 1);
    const bool answers = last == "yes" || last == "no";
    const auto who = find(answers ? words.substr(0, blank) : words, false);
    if (!who) return;
    const auto code = codes_.find(to_string(*who));
    if (answers && code == codes_.end()) return note("no code is compared with it now");
    if (answers) return chat_.judge(*who, std::string(code->second), last == "yes");
    if (const auto no = chat_.verify(*who)) note(no->why);
}

void PlainFace::block(const std::string& word, bool on) {
    const auto who = find(word, !on);
    if (!who) return;
    chat_.block(*who, on);
    note(describe(chat_.about(*who)) + (on ? " is blocked" : " is no longer blocked"));
}

}  // namespace lanchat::app
