// A name is a claim, an id is a fact: where both fit different keys, neither is believed.
#include "controller/find_person.hpp"

#include <algorithm>
#include <set>

#include "message/look.hpp"
#include "message/text.hpp"

namespace lanchat::controller {
namespace {

using Ids = std::set<DeviceId>;

constexpr std::size_t listed_max = 8;

bool has_name_like(const Candidate& one, std::string_view look) {
    return std::ranges::any_of(one.names, [&](const auto& name) { return look_of(name) == look; });
}

// Those who have a claim to the name: who is here or vouched for; else whoever had it.
Ids named(std::string_view word, const std::vector<Candidate>& known, OnKeyChange on_key_change) {
    const auto look = look_of(word);
    Ids here, vouched, others;
    for (const auto& one : known) {
        if (!one.device || !has_name_like(one, look)) continue;
        if (one.address) here.insert(*one.device);
        if (one.vouched) vouched.insert(*one.device);
        if (!one.address && !one.vouched) others.insert(*one.device);
    }
    if (here.empty() && vouched.empty()) return others;
    if (on_key_change == OnKeyChange::block || here.empty()) here.merge(vouched);
    return here;
}

Ids with_beginning(std::string_view word, const std::vector<Candidate>& known) {
    Ids found;
    if (word.size() < id_beginning_min) return found;
    for (const auto& one : known)
        if (one.device && to_string(*one.device).starts_with(word)) found.insert(*one.device);
    return found;
}

// Of `NAME·BEGINNING`.
Ids marked(std::string_view word, const std::vector<Candidate>& known) {
    const auto sign = word.rfind(mark_sign);
    if (sign == word.npos) return {};
    const auto look = look_of(word.substr(0, sign));
    Ids found = with_beginning(word.substr(sign + mark_sign.size()), known);
    std::erase_if(found, [&](const DeviceId& id) {
        return std::ranges::none_of(known, [&](const Candidate& one) {
            return one.device == id && has_name_like(one, look);
        });
    });
    return found;
}

std::string name_of(const DeviceId& id, const std::vector<Candidate>& known) {
    const auto one =
        std::ranges::find_if(known, [&](const Candidate& each) { return each.device == id; });
    return one == known.end() || one->names.empty() ? "?" : displayable_name(one->names.front());
}

Failure ambiguous(std::string_view word, const Ids& meant, const std::vector<Candidate>& known) {
    std::string why = "\"" + displayable(word) + "\" may be any of:";
    const std::vector<DeviceId> all(meant.begin(), meant.end());
    for (std::size_t n = 0; n < std::min(all.size(), listed_max); ++n)
        why += ' ' + name_of(all[n], known) + std::string(mark_sign) + beginning_of(all[n], all);
    if (all.size() > listed_max) why += " …";
    return Failure{why + "; name one by the beginning of its id"};
}

Result<DeviceId> find_at(const Endpoint& address, const std::vector<Candidate>& known) {
    for (const auto& one : known) {
        if (one.address != address) continue;
        if (one.device) return *one.device;
        return Failure{to_string(address) + " is a legacy peer: it has no key"};
    }
    return Failure{"nobody is linked at " + to_string(address)};
}

bool spells(const Candidate& one, std::string_view word) {
    // Only the case may differ; what else looks alike is somebody else's name.
    return std::ranges::any_of(one.names, [&](const std::string& name) {
        return name == word || same_but_case(name, word);
    });
}

}  // namespace

Result<DeviceId> find_person(std::string_view word, const std::vector<Candidate>& known,
                             OnKeyChange on_key_change) {
    if (const auto whole = parse_device_id(word)) return *whole;
    if (const auto address = parse_endpoint(word)) return find_at(*address, known);
    const Ids by_name = named(word, known, on_key_change);
    Ids meant = by_name;
    meant.merge(with_beginning(word, known));
    meant.merge(marked(word, known));
    if (meant.empty()) return Failure{"nobody called \"" + displayable(word) + "\" is known here"};
    if (meant.size() > 1) return ambiguous(word, meant, known);
    const DeviceId found = *meant.begin();
    const bool is_spelt = std::ranges::any_of(
        known, [&](const Candidate& one) { return one.device == found && spells(one, word); });
    if (by_name.contains(found) && !is_spelt && !with_beginning(word, known).contains(found))
        return ambiguous(word, meant, known);
    return found;
}

namespace {

// How an id looks, as look_of() would say it.
std::string expanded(std::string_view id) {
    std::string looks;
    for (const char c : id) {
        if (c == 'm') looks += 'r';
        looks += c == 'm' ? 'n' : c == 'i' ? 'l' : c;
    }
    return looks;
}

std::size_t common(std::string_view a, std::string_view b) {
    return static_cast<std::size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
}

}  // namespace

std::string look_of_id(const DeviceId& device) { return expanded(to_string(device)); }

std::string beginning_of(const DeviceId& device, const std::vector<DeviceId>& others) {
    const std::string id = to_string(device);
    const std::string looks = expanded(id);
    std::size_t alike = 0;
    for (const DeviceId& other : others)
        if (other != device) alike = std::max(alike, common(looks, look_of_id(other)));
    std::size_t length = id_beginning_min;
    while (length < id.size() && expanded(id.substr(0, length)).size() <= alike) ++length;
    return id.substr(0, length);
}

}  // namespace lanchat::controller
