// The tables of the store, and how older ones become today's.
#pragma once

#include <optional>

#include "message/result.hpp"
#include "node/store/sqlite.hpp"

namespace lanchat::store {

// Brings `database` to today's version, in one transaction each; creates all in an empty one.
// Refuses a version from the future.
std::optional<Failure> migrate(sqlite::Database& database);

}  // namespace lanchat::store
