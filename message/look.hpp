// What a name looks like: names that people may take for each other have one look.
#pragma once

#include <string>
#include <string_view>

namespace lanchat {

// The skeleton of UTS 39 of what displayable_name() shows, and coarser than that: without regard
// to case, to spaces and to what leaves no trace, and with i and l as one. Only to be compared.
std::string look_of(std::string_view name);

}  // namespace lanchat
