// Who is meant by a PEER that somebody typed: an id or its beginning, a name, or an address.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "message/address.hpp"
#include "message/ids.hpp"
#include "message/result.hpp"

namespace lanchat::controller {

// Somebody who is linked now or remembered.
struct Candidate {
    std::optional<DeviceId> device;   // none: a legacy peer
    std::vector<std::string> names;   // that it used, as they came
    std::optional<Endpoint> address;  // where it is linked from now
    bool vouched = false;             // verified, or written to directly (log.md 24)
};

// What a name means that a vouched key used and another key uses now.
enum class OnKeyChange { block, warn };

inline constexpr std::size_t id_beginning_min = 4;

// A word that means several people means none: the failure lists them by their ids. A name is not
// enough where it is that of another key that is linked or vouched for, or looks like it
// (comparing.hpp, look.hpp), or is an address where another is linked; of keys that are neither,
// whoever is here comes first. `NAME·BEGINNING`, as people are shown, is enough.
Result<DeviceId> find_person(std::string_view word, const std::vector<Candidate>& known,
                             OnKeyChange on_key_change);

// Whether the word means one, or may mean one of several: then no other reading of what was typed
// is to be tried. Every id and every address means somebody, known or not.
bool means_somebody(std::string_view word, const std::vector<Candidate>& known,
                    OnKeyChange on_key_change);

// The shortest beginning of the id, of at least 4 characters, that does not look like the same
// part of one of the others.
std::string beginning_of(const DeviceId& device, const std::vector<DeviceId>& others);

// An id as it looks: letters that look alike are one. In this order none has a longer beginning in
// common with any other one than with one of its neighbours.
std::string look_of_id(const DeviceId& device);

// Between a name and the beginning of an id.
inline constexpr std::string_view mark_sign = "·";

}  // namespace lanchat::controller
