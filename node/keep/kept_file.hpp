// Files that are read and replaced whole.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "message/result.hpp"

namespace lanchat {

// Whole, at most `most` bytes; no value: there is no such file. A Failure if others than its owner
// may read a file that only the owner should.
enum class Readers { owner, anybody };
Result<std::optional<std::string>> read_small_file(const std::string& path, std::size_t most,
                                                   Readers readers);
// Reads a file that only we write: anything else at `path` is a Failure, a symbolic link too.
Result<std::optional<std::string>> read_kept_file(const std::string& path, std::size_t most);

// Out of the way of a new one, for people to look at. Returns where it is then; empty: it stayed.
std::string move_aside(const std::string& path);

// "cannot DOING PATH: " and what errno says.
Failure trouble(const std::string& path, const char* doing);

// Flushes the directory of `path`, so that the names in it survive a power cut.
bool flush_directory_of(const std::string& path);

// In the data directory, which is locked. Readable by its owner alone. A power cut leaves what was
// there before, or `text`; never a part of it. The folder must exist.
std::optional<Failure> replace_file(const std::string& path, std::string_view text);

// A file that somebody named. It is written beside its place and takes it once it is whole and on
// the disk; until then, and if it never is, what was there stays. What cannot be replaced because
// it is no file (a pipe, a terminal, /dev/stdout) is written to directly.
class Draft {
  public:
    enum class Over { a_file, nothing };

    // Over a file that keeps its permissions; a new one is its owner's alone. With Over::nothing
    // anything that is there already is a Failure.
    static Result<Draft> at(const std::string& place, Over over);
    Draft(Draft&& other) noexcept;
    Draft& operator=(Draft&&) = delete;
    ~Draft();

    // What to write to; it exists, and is to be appended to.
    const std::string& path() const { return path_; }
    // Once all is written.
    std::optional<Failure> put_in_place();

  private:
    Draft(std::string place, std::string path, Over over)
        : place_(std::move(place)), path_(std::move(path)), over_(over) {}
    bool is_direct() const { return path_ == place_; }

    std::string place_;
    std::string path_;  // empty: over, or moved from
    Over over_;
};

// A new file with this text, for its owner alone. What is there already stays, and is a Failure.
std::optional<Failure> place_new_file(const std::string& path, std::string_view text);

}  // namespace lanchat
