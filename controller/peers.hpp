// The peers as one part of the brain sees them: who each is, and what that part keeps of it.
#pragma once

#include <cstddef>
#include <iterator>
#include <map>
#include <optional>

#include "controller/facts.hpp"
#include "controller/timed_map.hpp"

namespace lanchat::controller {

// `State` is the part's own struct. The whole of a peer, of which it is a member, belongs to the
// room, which adds and erases. Everything can be looked at freely; who touches a peer can change
// it, and the room then asks again when something is due of it.
template <class State>
class Peers {
    struct Place {
        const Member* who;
        State* state;
    };
    using Places = std::map<PersonKey, Place>;

  public:
    struct Seen {
        const Member& who;
        const State& state;
    };
    struct Touched {
        const Member& who;
        State& state;
    };

    template <class View>
    class Iterator {
      public:
        using difference_type = std::ptrdiff_t;
        using value_type = View;
        using pointer = void;
        using reference = View;
        using iterator_category = std::input_iterator_tag;

        explicit Iterator(typename Places::const_iterator at) : at_(at) {}
        View operator*() const { return {*at_->second.who, *at_->second.state}; }
        Iterator& operator++() {
            ++at_;
            return *this;
        }
        bool operator==(const Iterator&) const = default;

      private:
        typename Places::const_iterator at_;
    };

    explicit Peers(TouchedKeys<PersonKey>& touched) : touched_(touched) {}

    auto begin() const { return Iterator<Seen>(places_.begin()); }
    auto end() const { return Iterator<Seen>(places_.end()); }
    auto after(const PersonKey& key) const { return Iterator<Seen>(places_.upper_bound(key)); }

    // Nothing: it is not there.
    std::optional<Seen> find(const PersonKey& key) const {
        const auto it = places_.find(key);
        if (it == places_.end()) return std::nullopt;
        return Seen{*it->second.who, *it->second.state};
    }
    std::optional<Touched> touch(const PersonKey& key) {
        const auto it = places_.find(key);
        if (it == places_.end()) return std::nullopt;
        touched_.keys.push_back(key);
        return Touched{*it->second.who, *it->second.state};
    }

    // All of them.
    struct All {
        Iterator<Touched> first;
        Iterator<Touched> last;
        auto begin() const { return first; }
        auto end() const { return last; }
    };
    All touch_all() {
        touched_.all = true;
        return {Iterator<Touched>(places_.begin()), Iterator<Touched>(places_.end())};
    }

    // Who is linked and says its lines in `log`.
    std::optional<Seen> speaker_of(const LogId& log) const {
        if (log.is_direct()) return linked_with(log.device);
        if (const auto peer = find(PersonKey::of(node_of(log)))) return peer;
        for (const Seen& peer : *this)
            if (!peer.who.key.legacy && peer.who.log == log) return peer;
        return std::nullopt;
    }
    std::optional<Seen> linked_with(const DeviceId& device) const {
        for (const Seen& peer : *this)
            if (!peer.who.key.legacy && peer.who.up && peer.who.device == device) return peer;
        return std::nullopt;
    }
    // As far as we know: of the second log of a process that we are not linked with it is nobody.
    NodeId author_of(const LogId& log) const {
        const auto speaker = speaker_of(log);
        return speaker ? speaker->who.key.node : node_of(log);
    }

    // For the room: `who` and `state` stay where they are until they are erased.
    void add(const Member& who, State& state) {
        places_.insert_or_assign(who.key, Place{&who, &state});
    }
    void erase(const PersonKey& key) { places_.erase(key); }

  private:
    TouchedKeys<PersonKey>& touched_;
    Places places_;
};

}  // namespace lanchat::controller
