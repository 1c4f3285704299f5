// Where a node keeps its data, and the lock that keeps two nodes out of one profile.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "config/environment.hpp"
#include "message/result.hpp"

namespace lanchat::app {

// Letters, digits and - _ . with no leading dot, at most 64 bytes: it becomes a directory name.
bool is_profile_name(std::string_view name);

// Where the data of a profile is, whether it exists or not. `data_dir` empty: as below.
Result<std::filesystem::path> profile_directory(const std::string& name,
                                                const std::string& data_dir,
                                                const Environment& environment);

// A locked data directory; the lock ends with the object (and with the process, however it ends).
class Profile {
  public:
    // `data_dir` empty: $XDG_DATA_HOME/lanchat/NAME (or ~/.local/share/…). Creates it 0700. If it
    // is in use: with `chosen` a failure that names the process, else the next of NAME-2, NAME-3,
    // …, which live beside it, or inside `data_dir`.
    static Result<Profile> open(const std::string& name, const std::string& data_dir, bool chosen);

    Profile(Profile&& other) noexcept;
    Profile& operator=(Profile&& other) noexcept;
    ~Profile();

    const std::string& name() const { return name_; }
    const std::filesystem::path& dir() const { return dir_; }

  private:
    Profile(std::string name, std::filesystem::path dir, int lock_fd);

    std::string name_;
    std::filesystem::path dir_;
    int lock_fd_ = -1;
};

}  // namespace lanchat::app
