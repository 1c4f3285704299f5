// A map that knows when something is to be done with which of its values.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "message/time.hpp"

namespace lanchat::controller {

// What was touched since the map was asked for the last time.
template <class Key>
struct TouchedKeys {
    std::vector<Key> keys;  // some several times
    bool all = false;
};

// A value can be looked at freely, but only who touches it can change it. So the map knows which
// may be due at another time than before, and retime() asks about these and no others.
template <class Key, class Value>
class TimedMap {
    struct Timed : Value {
        std::optional<Instant> timed_for;
    };

  public:
    auto begin() const { return values_.begin(); }
    auto end() const { return values_.end(); }
    bool empty() const { return values_.empty(); }
    auto after(const Key& key) const { return values_.upper_bound(key); }

    // Null: it is not there.
    const Value* find(const Key& key) const {
        const auto it = values_.find(key);
        return it == values_.end() ? nullptr : &it->second;
    }
    Value* touch(const Key& key) {
        const auto it = values_.find(key);
        if (it == values_.end()) return nullptr;
        touched_.keys.push_back(key);
        return &it->second;
    }

    // Touches it; a new one when it is not there.
    Value& operator[](const Key& key) {
        touched_.keys.push_back(key);
        return values_[key];
    }

    // All of them, each with its key.
    struct All {
        typename std::map<Key, Timed>::iterator first;
        typename std::map<Key, Timed>::iterator last;
        auto begin() const { return first; }
        auto end() const { return last; }
    };
    All touch_all() {
        touched_.all = true;
        return {values_.begin(), values_.end()};
    }

    // For views of parts of the values, which note there whom they touch.
    TouchedKeys<Key>& touched() { return touched_; }

    void erase(const Key& key) {
        const auto it = values_.find(key);
        if (it == values_.end()) return;
        set(key, it->second, std::nullopt);
        values_.erase(it);
    }

    // `due_of(value)`: when something is to be done with it, if ever. It may touch other maps.
    template <class DueOf>
    void retime(const DueOf& due_of) {
        if (std::exchange(touched_.all, false)) {
            for (auto& [key, value] : values_) set(key, value, due_of(value));
            touched_.keys.clear();
            return;
        }
        auto& keys = touched_.keys;
        std::ranges::sort(keys);
        keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
        for (const Key& key : keys)
            if (const auto it = values_.find(key); it != values_.end())
                set(key, it->second, due_of(it->second));
        touched_.keys.clear();
    }

    // As of the last retime(): the earliest time, and the keys whose time has come, in order.
    std::optional<Instant> next() const {
        if (order_.empty()) return std::nullopt;
        return order_.begin()->first;
    }
    std::vector<Key> due(Instant now) const {
        std::vector<Key> keys;
        for (auto it = order_.begin(); it != order_.end() && it->first <= now; ++it)
            keys.push_back(it->second);
        std::ranges::sort(keys);
        return keys;
    }

  private:
    using Place = std::pair<Instant, Key>;

    void set(const Key& key, Timed& value, std::optional<Instant> due) {
        if (value.timed_for == due) return;
        const auto before = std::exchange(value.timed_for, due);
        if (!before) {
            order_.emplace(*due, key);
        } else if (!due) {
            order_.erase(Place{*before, key});
        } else {
            auto place = order_.extract(Place{*before, key});
            place.value().first = *due;
            order_.insert(std::move(place));
        }
    }

    std::map<Key, Timed> values_;
    TouchedKeys<Key> touched_;  // since the last retime()
    std::set<Place> order_;     // by time
};

}  // namespace lanchat::controller
