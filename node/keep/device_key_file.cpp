// Reading the key, and making it so that a power cut leaves either none or all of it.
#include "node/keep/device_key_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <utility>

#include "node/keep/entropy.hpp"
#include "node/keep/kept_file.hpp"
#include "node/link/unique_fd.hpp"

namespace lanchat {
namespace {

using link::UniqueFd;
using Key = Result<std::shared_ptr<const DeviceKey>>;

DeviceKey::Seed random_seed() {
    DeviceKey::Seed seed{};
    fill_random(seed);
    return seed;
}

Key from_seed(DeviceKey::Seed&& seed) { return std::make_shared<const DeviceKey>(std::move(seed)); }

Result<DeviceKey::Seed> read_seed(const UniqueFd& file, const std::string& path) {
    struct stat about {};
    if (::fstat(file.get(), &about) != 0) return trouble(path, "read");
    if ((about.st_mode & 077) != 0)
        return Failure{path + " may be read by others: chmod 600 it, if nobody has"};
    DeviceKey::Seed seed{};
    const auto size = ::read(file.get(), seed.data(), seed.size());
    if (size < 0) return trouble(path, "read");
    if (static_cast<std::size_t>(size) != seed.size() || about.st_size != size)
        return Failure{path + " is not a device key: move it aside to get a new identity"};
    return seed;
}

Result<DeviceKey::Seed> read_seed(const std::string& path) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!file) return trouble(path, "read");
    return read_seed(file, path);
}

std::string key_path(const std::string& data_dir) { return data_dir + "/device.key"; }

std::string_view bytes_of(const DeviceKey::Seed& seed) {
    return {reinterpret_cast<const char*>(seed.data()), seed.size()};
}

}  // namespace

Key device_key(const std::string& data_dir) {
    if (data_dir.empty()) return from_seed(random_seed());
    const std::string path = key_path(data_dir);
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!file && errno != ENOENT) return trouble(path, "read");
    auto seed = file ? read_seed(file, path) : random_seed();
    if (!seed) return Failure{seed.why()};
    if (!file)
        if (auto no = replace_file(path, bytes_of(*seed))) return *no;
    return from_seed(std::move(*seed));
}

Result<DeviceId> device_in(const std::string& data_dir) {
    auto seed = read_seed(key_path(data_dir));
    if (!seed) return Failure{seed.why()};
    return DeviceKey(std::move(*seed)).id();
}

std::optional<Failure> export_device_key(const std::string& data_dir, const std::string& file) {
    const auto seed = read_seed(key_path(data_dir));
    if (!seed) return Failure{seed.why()};
    return place_new_file(file, bytes_of(*seed));
}

std::optional<Failure> import_device_key(const std::string& file, const std::string& data_dir) {
    const auto seed = read_seed(file);
    if (!seed) return Failure{seed.why()};
    const std::string path = key_path(data_dir);
    if (::access(path.c_str(), F_OK) != 0) return replace_file(path, bytes_of(*seed));
    const auto held = read_seed(path);
    if (held && *held == *seed) return std::nullopt;
    return Failure{path + " is another identity: move it aside first"};
}

}  // namespace lanchat
