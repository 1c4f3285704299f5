// Ids become text here; nothing is cut or cleaned: what is drawn is the business of who draws.
#include "app/services/api/convert.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "app/cursor.hpp"
#include "config/version.hpp"
#include "message/comparing.hpp"
#include "message/exact.hpp"
#include "message/text.hpp"

namespace lanchat::app::api {
namespace {

constexpr std::size_t prefix_characters_min = 4;

store::Filter without_author(const v1::Filter& filter) {
    store::Filter out;
    out.room = filter.room();
    if (filter.has_since_ms()) out.since = WallTime{filter.since_ms()};
    if (filter.has_until_ms()) out.until = WallTime{filter.until_ms()};
    return out;
}

// Who may be meant by a word: a name, an address, or the beginning of an id.
struct Meant {
    std::set<DeviceId> chosen;

    void consider(std::string_view word, const DeviceId& id, std::string_view name) {
        const bool begins =
            word.size() >= prefix_characters_min && to_string(id).starts_with(in_lower_case(word));
        if (begins || is_same_name(name, word)) chosen.insert(id);
    }

    bool is_nobody() const { return chosen.empty(); }

    // Where a name is also the beginning of another's id, neither is believed.
    Result<DeviceId> choose(const std::string& word) const {
        if (chosen.size() == 1) return *chosen.begin();
        if (chosen.empty())
            return Failure{"no lines of \"" + word + "\" are known here", Failure::Kind::not_found};
        std::string why = "\"" + word + "\" is ambiguous:";
        for (const auto& id : chosen) why += " " + to_string(id);
        return Failure{why};
    }
};

Meant considered(NodePort& node, const std::string& word) {
    Meant meant;
    const auto self = node.status();
    meant.consider(word, self.id, self.name);
    meant.consider(word, self.id, to_string(self.address));
    for (const auto& peer : node.peers()) {
        const auto id = parse_device_id(peer.id);
        if (!id) continue;
        meant.consider(word, *id, peer.name);
        meant.consider(word, *id, to_string(peer.address));
    }
    return meant;
}

}  // namespace

Here::Here(NodePort& node) : node_(node) {
    const auto status = node.status();
    self_ = to_string(status.id);
    addresses_[self_] = to_string(status.address);
    for (const auto& peer : node.peers()) addresses_[peer.id] = to_string(peer.address);
}

namespace {

void fill_marks(v1::Line& out, const Entry& entry) {
    const Marks& marks = entry.marks;
    if (marks.via) {
        out.mutable_via()->set_name(marks.via->name);
        out.mutable_via()->set_through(marks.via->through);
    }
    if (marks.reply_to) out.set_reply_to(message_id(*marks.reply_to));
    out.set_urgent(marks.urgent);
    out.set_action(marks.action);
}

}  // namespace

void Here::fill(v1::Line& out, const store::Line& line, store::Arrival cursor_at,
                bool history) const {
    const Entry& entry = line.entry;
    out.set_id(id_of(line));
    out.set_cursor(to_string(node_.position_at(cursor_at)));
    out.set_order(order_of(entry.clock, {entry.log, entry.seq}));
    out.set_room(entry.room);
    out.set_said_ms(entry.clock.time().ms);
    out.set_text(entry.text);
    out.set_history(history);
    out.set_disputed(line.disputed);
    fill_marks(out, entry);
    out.set_missing(line.body == BodyState::lacking);
    out.set_deleted(line.body == BodyState::dropped);
    auto& from = *out.mutable_from();
    from.set_name(entry.name);
    from.set_legacy(line.legacy);
    if (line.legacy) {
        from.set_address(entry.name);
        return;
    }
    from.set_id(to_string(entry.log.device));
    from.set_mark(node_.mark(entry.log.device, entry.name));
    out.set_own(from.id() == self_);
    const auto set_address = [this](v1::Author& author) {
        const auto place = addresses_.find(author.id());
        if (place != addresses_.end()) author.set_address(place->second);
    };
    set_address(from);
    if (!entry.log.is_direct()) return;
    out.clear_room();
    out.mutable_to()->set_id(to_string(entry.log.to));
    out.mutable_to()->set_name(node_.about(entry.log.to).name);
    set_address(*out.mutable_to());
}

void fill(v1::Author& out, const controller::PeerInfo& peer) {
    out.set_id(peer.id);
    out.set_name(peer.name);
    if (peer.address != Endpoint{}) out.set_address(to_string(peer.address));
    out.set_legacy(peer.legacy);
    out.set_encrypted(peer.encrypted);
    out.set_trust(std::string(to_word(peer.trust)));
    out.set_mark(peer.mark);
}

void fill(v1::StatusReply& out, const NodePort::Status& status, std::size_t peers) {
    out.set_id(to_string(status.id));
    out.set_name(status.name);
    out.set_address(to_string(status.address));
    out.set_version(std::string(program_version()));
    out.set_cursor(to_string(status.newest_position));
    out.set_peers(static_cast<std::uint32_t>(peers));
    out.set_problem(status.problem);
    for (const auto& warning : status.warnings) out.add_warnings(warning);
    const Standing& standing = status.standing;
    for (const Endpoint& address : standing.addresses) out.add_addresses(to_string(address));
    for (const auto& network : standing.networks) out.add_networks(network);
    out.mutable_scan()->set_passed(standing.scan_passed);
    out.mutable_scan()->set_targets(standing.scan_targets);
    out.mutable_scan()->set_sweeps(standing.sweeps);
    out.mutable_scan()->set_sweeping(standing.sweeping);
    out.set_links_accepted(standing.links_accepted);
    if (standing.clock_ahead_ms) out.set_clock_ahead_ms(*standing.clock_ahead_ms);
    for (const auto& other : standing.other_networks) out.add_other_networks(other);
    for (const auto& other : standing.other_versions) out.add_other_versions(other);
    if (!standing.beacon) return;
    out.mutable_beacon()->set_sent(standing.calls_sent);
    out.mutable_beacon()->set_heard(standing.calls_heard);
}

void fill(v1::VerifyReply& out, const controller::Verification& verification) {
    fill(*out.mutable_peer(), verification.peer);
    out.set_code(verification.code);
    out.set_stage(std::string(to_word(verification.stage)));
    out.set_why(verification.why);
}

void fill(v1::Held& out, const store::Tally& tally) {
    out.set_lines(tally.lines);
    out.set_logs(tally.logs);
    out.set_trimmed(tally.trimmed);
    out.set_bytes(tally.bytes);
    if (tally.oldest) out.set_oldest_ms(tally.oldest->ms);
}

namespace {

// It has no name but its address, and is known by that when it is gone, too.
void find_legacy_author(NodePort& node, const std::string& word, store::Filter found,
                        const Failure& why,
                        const std::function<void(Result<store::Filter>)>& done) {
    node.legacy_authors([word, found = std::move(found), why,
                         done](Result<std::vector<std::string>> heard) mutable {
        if (!heard) return done(heard.failure());
        if (std::ranges::find(*heard, word) == heard->end()) return done(why);
        found.legacy_author = word;
        done(std::move(found));
    });
}

void find_author(NodePort& node, const std::string& word, store::Filter found,
                 const std::function<void(Result<store::Filter>)>& done) {
    if (word.empty()) return done(std::move(found));
    if (const auto id = parse_device_id(word)) {
        found.author = *id;
        return done(std::move(found));
    }
    auto meant = considered(node, word);
    node.known(
        [&node, word, found, meant, done](Result<std::vector<NodePort::Known>> known) mutable {
            if (!known) return done(known.failure());
            for (const auto& author : *known) meant.consider(word, author.id, author.name);
            const auto chosen = meant.choose(word);
            if (chosen) found.author = *chosen;
            if (chosen) return done(std::move(found));
            if (!meant.is_nobody()) return done(chosen.failure());
            find_legacy_author(node, word, std::move(found), chosen.failure(), done);
        });
}

}  // namespace

void resolve(NodePort& node, const v1::Filter& filter,
             const std::function<void(Result<store::Filter>)>& done) {
    auto found = without_author(filter);
    if (!filter.with().empty()) {
        auto conversation = find_conversation(node, filter.with());
        if (!conversation) return done(conversation.failure());
        found.conversation = *std::move(conversation);
    }
    find_author(node, filter.author(), std::move(found), done);
}

Result<std::string> find_conversation(NodePort& node, const std::string& peer) {
    const auto who = node.find_person(peer, false);
    if (!who) return who.failure();
    return store::conversation_of(node.status().id, *who);
}

void fill(v1::Run& out, const Run& run) {
    out.set_signature(std::string(run.signature.view()));
    if (run.shared) out.set_shared(pack(*run.shared));
    for (const auto entry : run.entries) out.add_entries(std::string(entry));
    for (const auto body : run.bodies) out.add_bodies(std::string(body));
    for (const std::uint32_t place : run.apart) out.add_apart(place);
}

std::optional<Run> run_from(const v1::Run& in) {
    Run run;
    if (!take_exact(in.signature(), run.signature)) return std::nullopt;
    if (!in.shared().empty()) {
        run.shared = shared_from(in.shared());
        if (!run.shared) return std::nullopt;
    }
    run.entries = Pieces(in.entries().begin(), in.entries().end());
    run.bodies = Pieces(in.bodies().begin(), in.bodies().end());
    run.apart.assign(in.apart().begin(), in.apart().end());
    return run;
}

}  // namespace lanchat::app::api
