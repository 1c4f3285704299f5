// Which rare branch of the room was taken, judged from its inputs and effects alone.
#include <algorithm>
#include <cstdio>
#include <utility>

#include "tests/sim/body.hpp"

namespace lanchat::sim {

using namespace controller;

void Body::mark_step(const Input& input, const std::vector<Effect>& effects) {
    const auto* received = std::get_if<Received>(&input);
    if (received != nullptr && received->frame.hello &&
        received->frame.hello->node() == NodeId{settings_.key->id(), settings_.instance})
        around_.marks.hit(Mark::self_dial);
    if (received != nullptr) mark_ties(received->link, received->frame, false);
    for (const Effect& effect : effects) {
        if (const auto* send = std::get_if<Send>(&effect)) {
            if (send->frame.bye == Bye::busy) around_.marks.hit(Mark::refused_busy);
            mark_ties(send->link, send->frame, true);
        }
        if (const auto* freeze = std::get_if<Freeze>(&effect)) mark_fork(input, *freeze);
        const auto* drop = std::get_if<Drop>(&effect);
        if (drop == nullptr || !std::holds_alternative<Wake>(input)) continue;
        const auto it = links_.find(drop->link);
        if (it != links_.end() && it->second.node && !it->second.finished)
            around_.marks.hit(Mark::dead_link_found);
    }
    mark_outcome(effects);
    if (received != nullptr) mark_challenge(*received, effects);
}

void Body::mark_fork(const Input& input, const Freeze& freeze) {
    const bool by_us = std::holds_alternative<Examined>(input);
    around_.marks.hit(by_us ? Mark::fork_proven : Mark::proof_handed_on);
    const bool is_lower = settings_.disk->extent_of(freeze.proof.log).forked != 0;
    if (by_us && is_lower) around_.marks.hit(Mark::fork_bisected);
}

// The dialler of the loser says `duplicate`. At its side the other's dial stays, or another of its
// own; who hears it and has dialled too has won.
void Body::mark_ties(LinkId loser, const Frame& frame, bool said_by_us) {
    const auto it = links_.find(loser);
    if (frame.bye != Bye::duplicate || it == links_.end() || is_dialled(loser) != said_by_us)
        return;
    bool dialled = false;
    bool accepted = false;
    for (const auto& [id, link] : links_) {
        if (id == loser || link.finished || link.dropped || !link.node) continue;
        if (link.node != it->second.node) continue;
        (is_dialled(id) ? dialled : accepted) = true;
    }
    if (said_by_us && dialled) around_.marks.hit(Mark::tie_same_direction);
    if (said_by_us && accepted && !dialled) around_.marks.hit(Mark::tie_other_dial_stays);
    if (!said_by_us && dialled) around_.marks.hit(Mark::tie_own_dial_stays);
}

void Body::mark_challenge(const Received& received, const std::vector<Effect>& effects) {
    const bool asks = std::ranges::any_of(effects, [&](const Effect& effect) {
        if (std::holds_alternative<Probe>(effect)) return true;
        const auto* send = std::get_if<Send>(&effect);
        return send != nullptr && send->link != received.link && send->frame.ping &&
               !send->frame.ping->reply;
    });
    if (asks) challenged_.insert(received.link);
}

void Body::mark_comparison(Open& link, const Frame& frame) {
    Marks& marks = around_.marks;
    if (frame.digest && frame.listing) marks.hit(Mark::part_listed);
    if (frame.digest && !frame.digest->asks && frame.digest->buckets.empty())
        marks.hit(Mark::logs_alike);
    if (!frame.differ) return;
    marks.hit(Mark::logs_differ);
    if (std::exchange(link.listed, true)) marks.hit(Mark::found_later);
}

void Body::mark_outcome(const std::vector<Effect>& effects) {
    const bool replaced = std::ranges::any_of(effects, [](const Effect& effect) {
        const auto* notify = std::get_if<Notify>(&effect);
        const auto* down = notify == nullptr ? nullptr : std::get_if<PeerDown>(&notify->event);
        return down != nullptr && down->reason == DownReason::replaced;
    });
    for (const Effect& effect : effects) {
        const auto* send = std::get_if<Send>(&effect);
        const auto* finish = std::get_if<Finish>(&effect);
        const LinkId id = send != nullptr     ? send->link
                          : finish != nullptr ? finish->link
                                              : LinkId{};
        if (challenged_.erase(id) == 0) continue;
        around_.marks.hit(replaced ? Mark::challenge_silent : Mark::challenge_alive);
    }
}

void Body::mark_line(const Message& line, std::size_t author) const {
    const bool is_up = up_people_.contains(author);
    if (line.late) around_.marks.hit(Mark::late_line);
    if (line.clock_ahead) around_.marks.hit(Mark::clock_ahead);
    if (author == person_) return;
    Marks& marks = around_.marks;
    if (line.line.log.is_direct()) {
        if (!line.own) marks.hit(line.history ? Mark::letter_waited : Mark::letter);
        if (line.own && line.history) marks.hit(Mark::letter_back);
        return;
    }
    if (line.own) marks.hit(Mark::own_line_back);
    if (line.history) marks.hit(Mark::history_line);
    if (is_up) return;
    const Person& who = around_.history.people[author];
    marks.hit(who.alive ? Mark::line_through_others : Mark::line_of_the_gone);
}

void Body::mark_receipts(const Frame& frame) const {
    for (const Receipt& receipt : frame.receipts)
        if (receipt.instance != settings_.instance) around_.marks.hit(Mark::receipt_carried);
}

void Body::trace(const std::string& words) const {
    if (!around_.trace) return;
    const auto us = around_.schedule.now().time_since_epoch().count();
    std::printf("%10.6f %-22s %s\n", static_cast<double>(us) / 1e6,
                to_string(settings_.listens.front()).c_str(), words.c_str());
}

}  // namespace lanchat::sim
