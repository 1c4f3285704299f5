// The book of people: which keys were met, under which names, and what was decided about them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "controller/events.hpp"
#include "controller/find_person.hpp"
#include "message/ids.hpp"
#include "message/time.hpp"

namespace lanchat::controller {

// A key is trusted on first use: what is known of it never goes over to another one.
struct Person {
    DeviceId device;
    std::vector<std::string> names;  // the newest first
    WallTime first_seen;
    WallTime last_seen;
    std::optional<WallTime> verified;
    bool blocked = false;
    bool messaged = false;  // directly

    // Its name is not handed to another key silently (log.md 24).
    bool vouched() const { return !blocked && (verified || messaged); }
    bool kept_for_ever() const { return verified || blocked || messaged; }
    bool operator==(const Person&) const = default;
};

// Bounded: whoever invents keys drives out others of whom nothing was decided and who are not
// here, the longest unseen first. This device is in it under its own name.
class People {
  public:
    People(const DeviceId& self, std::string_view own_name, std::vector<Person> kept);

    // The device has used this name. True if that is the first time.
    bool saw(const DeviceId& device, std::string_view name, WallTime now);
    void came(const DeviceId& device) { here_.insert(device); }
    void went(const DeviceId& device) { here_.erase(device); }

    void verify(const DeviceId& device, WallTime now) { verify(device, now, now); }
    void verify(const DeviceId& device, std::optional<WallTime> when, WallTime now);
    void block(const DeviceId& device, bool on, WallTime now);
    void message(const DeviceId& device, WallTime now);

    Trust trust(const DeviceId& device) const;
    bool is_blocked(const DeviceId& device) const { return trust(device) == Trust::blocked; }

    // What is to be shown after this name of this key: nothing, or the beginning of its id where
    // the name looks like one of another key, or like a marked name or an address.
    std::string mark(const DeviceId& device, std::string_view name) const;

    // Another key that is vouched for and used a name that looks like this one.
    const Person* claimant(const DeviceId& device, std::string_view name) const;

    const Person* find(const DeviceId& device) const;
    const std::map<DeviceId, Person>& all() const { return people_; }

    // The people whose shown name or marks have changed since the last call.
    std::set<DeviceId> take_changed() { return std::exchange(changed_, {}); }

    // What has to be written down since the last time it was asked.
    enum class Unsaved { nothing, sightings, decisions };
    Unsaved take_unsaved();

  private:
    // Who used names that look alike, by the looks of their ids.
    using Alike = std::map<std::string, DeviceId>;

    Person& person(const DeviceId& device, WallTime now);
    void add_look(const DeviceId& device, std::string_view name);
    void remove_look(const DeviceId& device, std::string_view name);
    void make_room();
    void alike_changed(const Alike& alike, const DeviceId& device);
    void decided(const DeviceId& device);

    DeviceId self_;
    std::map<DeviceId, Person> people_;  // without this device
    std::map<std::string, Alike> by_look_;
    std::set<DeviceId> here_;
    std::uint64_t version_ = 1;  // grows with every change of what is shown of anybody
    std::set<DeviceId> changed_;
    Unsaved unsaved_ = Unsaved::nothing;

    // The answer for the last mark that was asked for: lines of one author come in rows.
    struct Answer {
        DeviceId device;
        std::string name;
        std::uint64_t version = 0;
        std::string mark;
    };
    mutable Answer last_;
};

}  // namespace lanchat::controller
