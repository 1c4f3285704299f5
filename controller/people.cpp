// Names are found by how they look.
#include "controller/people.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "message/comparing.hpp"
#include "message/limits.hpp"
#include "message/look.hpp"

namespace lanchat::controller {
namespace {

constexpr std::int64_t day_ms = std::int64_t{24} * 3600 * 1000;

// It might pass for the mark of somebody else, or for the address of a legacy peer.
bool is_doubtful(std::string_view look) {
    static const std::string sign = look_of(mark_sign);
    static const std::string colon = look_of("\uFF1A");
    return look.find(sign) != look.npos || look.find(colon) != look.npos;
}

// Under which a name is found: how it looks, and how it is compared. A line break is in neither.
std::array<std::string, 2> looks_of(std::string_view name) {
    return {look_of(name), '\n' + comparing_key(name)};
}

// Those whose ids look most like that of the device, which may be one of them.
std::vector<DeviceId> neighbours(const std::map<std::string, DeviceId>& alike,
                                 const DeviceId& device) {
    std::vector<DeviceId> found;
    auto next = alike.lower_bound(look_of_id(device));
    if (next != alike.begin()) found.push_back(std::prev(next)->second);
    if (next != alike.end() && next->second == device) ++next;
    if (next != alike.end()) found.push_back(next->second);
    return found;
}

}  // namespace

People::People(const DeviceId& self, std::string_view own_name, std::vector<Person> kept)
    : self_(self) {
    add_look(self_, own_name);
    for (Person& one : kept) {
        if (one.device == self_) continue;
        for (const auto& name : one.names) add_look(one.device, name);
        people_.insert_or_assign(one.device, std::move(one));
    }
    make_room();
    unsaved_ = Unsaved::nothing;
    changed_.clear();
}

Person& People::person(const DeviceId& device, WallTime now) {
    const auto [it, is_new] = people_.try_emplace(device);
    Person& one = it->second;
    if (is_new) {
        one.device = device;
        one.first_seen = now;
    }
    if (is_new || now.ms - one.last_seen.ms > day_ms)
        unsaved_ = std::max(unsaved_, Unsaved::sightings);
    one.last_seen = std::max(one.last_seen, now);
    return one;
}

bool People::saw(const DeviceId& device, std::string_view name, WallTime now) {
    if (device == self_) return false;
    Person& one = person(device, now);
    if (!one.names.empty() && one.names.front() == name) return false;
    const auto known = std::ranges::find(one.names, name);
    const bool is_new = known == one.names.end();
    if (is_new) {
        one.names.insert(one.names.begin(), std::string(name));
        add_look(device, name);
    } else {
        std::rotate(one.names.begin(), known, known + 1);
    }
    while (one.names.size() > limits::names_per_person_max) {
        const auto oldest = std::move(one.names.back());
        one.names.pop_back();
        remove_look(device, oldest);
    }
    unsaved_ = std::max(unsaved_, Unsaved::sightings);
    make_room();
    return is_new;
}

void People::verify(const DeviceId& device, std::optional<WallTime> when, WallTime now) {
    person(device, now).verified = when;
    decided(device);
}

void People::block(const DeviceId& device, bool on, WallTime now) {
    person(device, now).blocked = on;
    decided(device);
}

void People::message(const DeviceId& device, WallTime now) {
    if (std::exchange(person(device, now).messaged, true)) return;
    decided(device);
}

void People::decided(const DeviceId& device) {
    ++version_;
    changed_.insert(device);
    unsaved_ = Unsaved::decisions;
}

Trust People::trust(const DeviceId& device) const {
    const Person* one = find(device);
    if (one == nullptr) return Trust::unverified;
    if (one->blocked) return Trust::blocked;
    return one->verified ? Trust::verified : Trust::unverified;
}

std::string People::mark(const DeviceId& device, std::string_view name) const {
    if (last_.version == version_ && last_.device == device && last_.name == name)
        return last_.mark;
    std::vector<DeviceId> others;
    for (const auto& look : looks_of(name))
        if (const auto alike = by_look_.find(look); alike != by_look_.end())
            std::ranges::copy(neighbours(alike->second, device), std::back_inserter(others));
    std::string mark;
    if (!others.empty() || is_doubtful(look_of(name))) mark = beginning_of(device, others);
    last_ = {device, std::string(name), version_, mark};
    return mark;
}

const Person* People::claimant(const DeviceId& device, std::string_view name) const {
    const Person* self = find(device);
    if (device == self_ || (self != nullptr && self->vouched())) return nullptr;
    for (const auto& look : looks_of(name)) {
        const auto alike = by_look_.find(look);
        if (alike == by_look_.end()) continue;
        for (const auto& [id, other] : alike->second) {
            const Person* one = find(other);
            if (other != device && one != nullptr && one->vouched()) return one;
        }
    }
    return nullptr;
}

const Person* People::find(const DeviceId& device) const {
    const auto it = people_.find(device);
    return it == people_.end() ? nullptr : &it->second;
}

People::Unsaved People::take_unsaved() { return std::exchange(unsaved_, Unsaved::nothing); }

void People::add_look(const DeviceId& device, std::string_view name) {
    for (const auto& look : looks_of(name)) {
        Alike& alike = by_look_[look];
        if (alike.emplace(look_of_id(device), device).second) alike_changed(alike, device);
    }
}

void People::remove_look(const DeviceId& device, std::string_view name) {
    std::set<std::string> used;
    if (const Person* one = find(device))
        for (const auto& other : one->names)
            for (auto& look : looks_of(other)) used.insert(std::move(look));
    for (const auto& look : looks_of(name)) {
        const auto it = by_look_.find(look);
        if (used.contains(look) || it == by_look_.end()) continue;
        it->second.erase(look_of_id(device));
        alike_changed(it->second, device);
        if (it->second.empty()) by_look_.erase(it);
    }
}

// Its own mark, and those of whom it looks most like.
void People::alike_changed(const Alike& alike, const DeviceId& device) {
    ++version_;
    changed_.insert(device);
    for (const DeviceId& other : neighbours(alike, device)) changed_.insert(other);
}

void People::make_room() {
    const auto may_go = [this](const Person& one) {
        return !one.kept_for_ever() && !here_.contains(one.device);
    };
    if (people_.size() <= limits::people_max) return;
    std::vector<std::pair<WallTime, DeviceId>> strangers;
    for (const auto& [device, one] : people_)
        if (may_go(one)) strangers.emplace_back(one.last_seen, device);
    if (strangers.size() <= limits::people_max) return;
    // Some more than must be, so that a flood of keys does not look through all for each.
    std::ranges::sort(strangers);
    strangers.resize(strangers.size() - limits::people_max * 7 / 8);
    for (const auto& [seen, device] : strangers) {
        const auto names = std::exchange(people_[device].names, {});
        for (const auto& name : names) remove_look(device, name);
        people_.erase(device);
    }
}

}  // namespace lanchat::controller
