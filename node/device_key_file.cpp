// Reading the key, and making it so that a power cut leaves either none or all of it.
#include "node/device_key_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "node/entropy.hpp"
#include "node/link/unique_fd.hpp"

namespace lanchat {
namespace {

using link::UniqueFd;
using Key = Result<std::shared_ptr<const DeviceKey>>;

Failure trouble(const std::string& path, const char* doing) {
    return Failure{std::string("cannot ") + doing + " " + path + ": " + std::strerror(errno)};
}

DeviceKey::Seed random_seed() {
    DeviceKey::Seed seed{};
    for (std::size_t i = 0; i < seed.size(); i += sizeof(std::uint64_t)) {
        const std::uint64_t bits = random_bits();
        std::memcpy(seed.data() + i, &bits, sizeof bits);
    }
    return seed;
}

Key from_seed(DeviceKey::Seed&& seed) { return std::make_shared<const DeviceKey>(std::move(seed)); }

Key read_key(const UniqueFd& file, const std::string& path) {
    struct stat about {};
    if (::fstat(file.get(), &about) != 0) return trouble(path, "read");
    if ((about.st_mode & 077) != 0)
        return Failure{path + " may be read by others: chmod 600 it, if nobody has"};
    DeviceKey::Seed seed{};
    const auto size = ::read(file.get(), seed.data(), seed.size());
    if (size < 0) return trouble(path, "read");
    if (static_cast<std::size_t>(size) != seed.size() || about.st_size != size)
        return Failure{path + " is not a device key: move it aside to get a new identity"};
    return from_seed(std::move(seed));
}

bool write_all(const std::string& path, const DeviceKey::Seed& seed) {
    const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    return file && ::write(file.get(), seed.data(), seed.size()) == std::ssize(seed) &&
           ::fsync(file.get()) == 0;
}

Key make_key(const std::string& dir, const std::string& path) {
    auto seed = random_seed();
    const std::string draft = path + ".new";
    const UniqueFd folder(::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder || !write_all(draft, seed) || ::rename(draft.c_str(), path.c_str()) != 0 ||
        ::fsync(folder.get()) != 0)
        return trouble(path, "write");
    return from_seed(std::move(seed));
}

}  // namespace

Key device_key(const std::string& data_dir) {
    if (data_dir.empty()) return from_seed(random_seed());
    const std::string path = data_dir + "/device.key";
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (file) return read_key(file, path);
    if (errno != ENOENT) return trouble(path, "read");
    return make_key(data_dir, path);
}

}  // namespace lanchat
