// Entries of version 1, which hold device, number and text themselves. None is made any more; those
// that were said keep their form for ever.
#pragma once

#include <string_view>

#include "message/entry.hpp"

namespace lanchat {

// Judges by the bytes alone, as `decode_entry` does.
Result<Entry> decode_entry_v1(std::string_view bytes);

}  // namespace lanchat
