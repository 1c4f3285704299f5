// The peers of one part of the brain, for tests that include no other part and no room.
#pragma once

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <type_traits>

#include "controller/facts.hpp"
#include "controller/peers.hpp"
#include "controller/room_io.hpp"
#include "tests/unit/log_voice.hpp"

namespace lanchat::controller::test {

using namespace std::chrono_literals;

// This node, whose key is that of the voice of this instance.
inline Self self_of(InstanceId instance, bool tls = false) {
    const auto key = shared_key_of(static_cast<std::uint64_t>(instance));
    PeerInfo info;
    info.id = to_string(key->id());
    info.name = "me";
    return {instance, key, "me", tls, info};
}

// What a part keeps of each peer, and who it is: the roster's peers know that themselves.
template <class State>
class Crowd {
    struct Apart {
        Member who;
        State state;
    };
    struct Whole {
        State state;
    };
    static constexpr bool is_member = std::is_base_of_v<Member, State>;
    using One = std::conditional_t<is_member, Whole, Apart>;

    TouchedKeys<PersonKey> touched_;
    std::map<PersonKey, One> all_;

  public:
    Peers<State> peers{touched_};

    Member& who(const PersonKey& key) {
        if constexpr (is_member) {
            return all_.at(key).state;
        } else {
            return all_.at(key).who;
        }
    }
    State& state(const PersonKey& key) { return all_.at(key).state; }
    bool has(const PersonKey& key) const { return all_.contains(key); }

    State& place_of(const PersonKey& key) {
        State& state = all_[key].state;
        who(key).key = key;
        peers.add(who(key), state);
        return state;
    }
    void erase(const PersonKey& key) {
        peers.erase(key);
        all_.erase(key);
    }

    // A lanchat node that is linked over `link`, and says its lines in the log of its voice.
    PersonKey link(InstanceId instance, LinkId link) {
        const Voice voice(instance);
        const PersonKey key = PersonKey::of(voice.node());
        place_of(key);
        Member& one = who(key);
        one.device = voice.device();
        one.log = voice.log();
        one.up = true;
        one.active = link;
        return key;
    }
    PersonKey link_original(const Endpoint& where, LinkId link) {
        const PersonKey key = PersonKey::original_at(where);
        place_of(key);
        Member& one = who(key);
        one.address = where;
        one.up = true;
        one.active = link;
        return key;
    }
};

// The effects of one kind.
template <class Kind>
std::vector<Kind> only(const std::vector<Effect>& effects) {
    std::vector<Kind> found;
    for (const Effect& effect : effects)
        if (const auto* wanted = std::get_if<Kind>(&effect)) found.push_back(*wanted);
    return found;
}
template <class Kind>
std::vector<Kind> events(const std::vector<Effect>& effects) {
    std::vector<Kind> found;
    for (const Notify& notify : only<Notify>(effects))
        if (const auto* wanted = std::get_if<Kind>(&notify.event)) found.push_back(*wanted);
    return found;
}

}  // namespace lanchat::controller::test
