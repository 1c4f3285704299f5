// A name is a claim, an id is a fact: where both fit different keys, neither is believed.
#include "controller/find_person.hpp"

#include <algorithm>
#include <set>

#include "message/comparing.hpp"
#include "message/look.hpp"
#include "message/text.hpp"

namespace lanchat::controller {
namespace {

using Ids = std::set<DeviceId>;

constexpr std::size_t listed_max = 8;

// To somebody's eyes: a capital may look like a letter that its small one does not look like.
class Sought {
  public:
    explicit Sought(std::string_view word) : look_(look_of(word)), key_(comparing_key(word)) {}

    bool may_be(const Candidate& one) const {
        return std::ranges::any_of(one.names, [&](const auto& name) {
            return look_of(name) == look_ || comparing_key(name) == key_;
        });
    }

  private:
    std::string look_;
    std::string key_;
};

// Those who have a claim to the name: who is here or vouched for; else whoever had it.
Ids named(std::string_view word, const std::vector<Candidate>& known, OnKeyChange on_key_change) {
    const Sought sought(word);
    Ids here, vouched, others;
    for (const auto& one : known) {
        if (!one.device || !sought.may_be(one)) continue;
        if (one.address) here.insert(*one.device);
        if (one.vouched) vouched.insert(*one.device);
        if (!one.address && !one.vouched) others.insert(*one.device);
    }
    if (here.empty() && vouched.empty()) return others;
    if (on_key_change == OnKeyChange::block || here.empty()) here.merge(vouched);
    return here;
}

// Ids are written in lower case; who types one may not care.
Ids with_beginning(std::string_view word, const std::vector<Candidate>& known) {
    Ids found;
    if (word.size() < id_beginning_min) return found;
    const auto beginning = in_lower_case(word);
    for (const auto& one : known)
        if (one.device && to_string(*one.device).starts_with(beginning)) found.insert(*one.device);
    return found;
}

// Of `NAME·BEGINNING`.
Ids marked(std::string_view word, const std::vector<Candidate>& known) {
    const auto sign = word.rfind(mark_sign);
    if (sign == word.npos) return {};
    const Sought sought(word.substr(0, sign));
    Ids found = with_beginning(word.substr(sign + mark_sign.size()), known);
    std::erase_if(found, [&](const DeviceId& id) {
        return std::ranges::none_of(
            known, [&](const Candidate& one) { return one.device == id && sought.may_be(one); });
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

// All whom a word that is neither an id nor an address may mean.
Ids meant_by(std::string_view word, const std::vector<Candidate>& known,
             OnKeyChange on_key_change) {
    Ids meant = named(word, known, on_key_change);
    meant.merge(with_beginning(word, known));
    meant.merge(marked(word, known));
    return meant;
}

Result<DeviceId> find_at(const Endpoint& address, const std::vector<Candidate>& known) {
    for (const auto& one : known) {
        if (one.address != address) continue;
        if (one.device) return *one.device;
        return Failure{to_string(address) + " is a legacy peer: it has no key"};
    }
    return Failure{"nobody is linked at " + to_string(address), Failure::Kind::not_found};
}

bool spells(const Candidate& one, std::string_view word) {
    // What looks alike and is no more is somebody else's name.
    return std::ranges::any_of(one.names,
                               [&](const std::string& name) { return is_same_name(name, word); });
}

}  // namespace

Result<DeviceId> find_person(std::string_view word, const std::vector<Candidate>& known,
                             OnKeyChange on_key_change) {
    if (const auto whole = parse_device_id(word)) return *whole;
    const Ids by_name = named(word, known, on_key_change);
    if (const auto address = parse_endpoint(word)) {
        const auto there = find_at(*address, known);
        Ids meant = by_name;
        if (there) meant.insert(*there);
        return there && meant.size() > 1 ? ambiguous(word, meant, known) : there;
    }
    const Ids meant = meant_by(word, known, on_key_change);
    if (meant.empty())
        return Failure{"nobody called \"" + displayable(word) + "\" is known here",
                       Failure::Kind::not_found};
    if (meant.size() > 1) return ambiguous(word, meant, known);
    const DeviceId found = *meant.begin();
    const bool is_spelt = std::ranges::any_of(
        known, [&](const Candidate& one) { return one.device == found && spells(one, word); });
    if (by_name.contains(found) && !is_spelt && !with_beginning(word, known).contains(found))
        return ambiguous(word, meant, known);
    return found;
}

bool means_somebody(std::string_view word, const std::vector<Candidate>& known,
                    OnKeyChange on_key_change) {
    return parse_device_id(word) || parse_endpoint(word) ||
           !meant_by(word, known, on_key_change).empty();
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
