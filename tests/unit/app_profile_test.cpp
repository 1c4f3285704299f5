// Profiles: one node per directory, private files, and a second start that is told who came first.
#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <utility>

#include "app/profile.hpp"
#include "message/limits.hpp"

namespace lanchat::app::app_profile_test {
namespace {

namespace fs = std::filesystem;

// A place below which $XDG_DATA_HOME lies for as long as the test runs.
class DataHome {
  public:
    DataHome() {
        std::string pattern = (fs::temp_directory_path() / "lanchat-XXXXXX").string();
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        path = pattern;
        if (const char* before = std::getenv("XDG_DATA_HOME")) before_ = before;
        ::setenv("XDG_DATA_HOME", path.c_str(), 1);
    }
    ~DataHome() {
        if (before_) {
            ::setenv("XDG_DATA_HOME", before_->c_str(), 1);
        } else {
            ::unsetenv("XDG_DATA_HOME");
        }
        std::error_code ignored;
        fs::remove_all(path, ignored);
    }
    DataHome(const DataHome&) = delete;
    DataHome& operator=(const DataHome&) = delete;

    fs::path path;

  private:
    std::optional<std::string> before_;
};

unsigned mode(const fs::path& path) {
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    return status.st_mode & 07777;
}

std::string this_process() { return "process " + std::to_string(::getpid()); }

}  // namespace

TEST_CASE("a profile lives below the XDG data directory, for its owner alone") {
    const DataHome home;

    const auto profile = Profile::open("dana", "", true);

    REQUIRE(profile);
    CHECK(profile->name() == "dana");
    CHECK(profile->dir() == home.path / "lanchat" / "dana");
    CHECK(mode(home.path / "lanchat") == 0700);
    CHECK(mode(profile->dir()) == 0700);
    CHECK(mode(profile->dir() / "lock") == 0600);
}

TEST_CASE("a data directory is used as it is named, made with its parents") {
    const DataHome home;
    const auto dir = home.path / "a" / "b";

    const auto profile = Profile::open("default", dir.string(), true);

    REQUIRE(profile);
    CHECK(profile->dir() == dir);
    CHECK(mode(home.path / "a") == 0700);
    CHECK(mode(dir) == 0700);
}

TEST_CASE("a chosen profile that is in use is refused and its process named") {
    const DataHome home;
    const auto first = Profile::open("dana", "", true);
    REQUIRE(first);

    const auto second = Profile::open("dana", "", true);

    REQUIRE_FALSE(second);
    CHECK(second.why() == "profile \"dana\" is in use by " + this_process());
}

TEST_CASE("a chosen data directory that is in use is refused and its process named") {
    const DataHome home;
    const auto dir = (home.path / "d").string();
    const auto first = Profile::open("default", dir, true);
    REQUIRE(first);

    const auto second = Profile::open("other", dir, true);

    REQUIRE_FALSE(second);
    CHECK(second.why() == "data directory \"" + dir + "\" is in use by " + this_process());
}

TEST_CASE("a default profile that is in use gives way to the next") {
    const DataHome home;
    const auto first = Profile::open("default", "", false);
    const auto second = Profile::open("default", "", false);
    auto third = Profile::open("default", "", false);
    REQUIRE((first && second && third));

    CHECK(second->name() == "default-2");
    CHECK(second->dir() == home.path / "lanchat" / "default-2");
    CHECK(third->name() == "default-3");
}

TEST_CASE("a data directory of the config that is in use gets its next profiles inside") {
    const DataHome home;
    const auto dir = home.path / "d";
    const auto first = Profile::open("default", dir.string(), false);
    const auto second = Profile::open("default", dir.string(), false);
    REQUIRE((first && second));

    CHECK(first->dir() == dir);
    CHECK(second->dir() == dir / "default-2");
}

TEST_CASE("the lock ends with the profile, moves with it, and is not held twice") {
    const DataHome home;
    {
        auto first = Profile::open("dana", "", true);
        REQUIRE(first);
        const Profile moved = std::move(*first);
        CHECK_FALSE(Profile::open("dana", "", true));
        CHECK(moved.name() == "dana");
    }

    auto again = Profile::open("dana", "", true);
    REQUIRE(again);
    auto other = Profile::open("bob", "", true);
    REQUIRE(other);
    *again = std::move(*other);
    CHECK(again->name() == "bob");
    CHECK_FALSE(Profile::open("bob", "", true));
}

TEST_CASE("a dead process's pid in the lock file is no lock") {
    const DataHome home;
    fs::create_directories(home.path / "lanchat" / "dana");
    std::ofstream(home.path / "lanchat" / "dana" / "lock") << "999999999999999 old and long";

    const auto profile = Profile::open("dana", "", true);

    REQUIRE(profile);
    std::ifstream in(profile->dir() / "lock");
    std::string text;
    std::getline(in, text, '\0');
    CHECK(text == std::to_string(::getpid()) + "\n");
}

TEST_CASE("a lock is not inherited by programs that we start") {
    const DataHome home;
    const auto before = ::open("/dev/null", O_RDONLY);
    ::close(before);

    const auto profile = Profile::open("dana", "", true);

    // The lowest free descriptor is given out first, so this is the lock's.
    REQUIRE(profile);
    CHECK((::fcntl(before, F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("a place that cannot be made or used is a failure that names it") {
    const DataHome home;
    const auto file = home.path / "file";
    std::ofstream(file) << "x";

    const auto inside = Profile::open("default", (file / "d").string(), true);
    const auto itself = Profile::open("default", file.string(), true);

    REQUIRE_FALSE(inside);
    CHECK(inside.why().find((file / "d").string()) != std::string::npos);
    REQUIRE_FALSE(itself);
    CHECK(itself.why().find(file.string()) != std::string::npos);
}

TEST_CASE("a lock file that is a link is not followed") {
    const DataHome home;
    const auto dir = home.path / "d";
    fs::create_directories(dir);
    std::ofstream(home.path / "precious") << "keep me";
    fs::create_symlink(home.path / "precious", dir / "lock");

    CHECK_FALSE(Profile::open("default", dir.string(), true));
    CHECK(fs::file_size(home.path / "precious") == 7);
}

TEST_CASE("the name of a profile is the name of a directory and nothing more") {
    for (const auto* name : {"a", "default-2", "A_b.c", "0"}) {
        CAPTURE(name);
        CHECK(is_profile_name(name));
    }
    for (const auto* name : {"", ".", "..", ".a", "a/b", "../a", "a b", "a\n", "\u00fc", "a:b"}) {
        CAPTURE(name);
        CHECK_FALSE(is_profile_name(name));
        CHECK_FALSE(Profile::open(name, "", true));
    }
    CHECK(is_profile_name(std::string(limits::name_bytes_max, 'a')));
    CHECK_FALSE(is_profile_name(std::string(limits::name_bytes_max + 1, 'a')));
}

}  // namespace lanchat::app::app_profile_test
