// The device key on disk: a file of its own, so that it survives whatever happens to the history.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "message/keys.hpp"
#include "message/result.hpp"

namespace lanchat {

// The key in `data_dir`/device.key (32 bytes, for its owner only), made there if there is none. An
// empty directory: a key that is gone with the process. A key that others may read or that has
// another length is a Failure: nothing is guessed about an identity.
Result<std::shared_ptr<const DeviceKey>> device_key(const std::string& data_dir);

// Who `data_dir` is, if a node has ever started there.
Result<DeviceId> device_in(const std::string& data_dir);

// Copies the key to a new `file`, for its owner only, and back. Another key that is in `data_dir`
// already is never replaced. Precondition of the import: no node runs there.
std::optional<Failure> export_device_key(const std::string& data_dir, const std::string& file);
std::optional<Failure> import_device_key(const std::string& file, const std::string& data_dir);

}  // namespace lanchat
