// Files that take their place when they are whole.
#include "node/keep/kept_file.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace lanchat::node_kept_file_test {
namespace {

namespace fs = std::filesystem;

class Folder {
  public:
    Folder() {
        char name[] = "/tmp/lanchat-kept-XXXXXX";
        path_ = ::mkdtemp(name);
    }
    ~Folder() { fs::remove_all(path_); }
    std::string at(const std::string& name) const { return path_ + "/" + name; }
    std::size_t count() const {
        return static_cast<std::size_t>(
            std::distance(fs::directory_iterator(path_), fs::directory_iterator()));
    }

  private:
    std::string path_;
};

std::string text_of(const std::string& path) {
    std::ostringstream all;
    all << std::ifstream(path).rdbuf();
    return all.str();
}

void write(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::app) << text;
}

mode_t mode_of(const std::string& path) {
    struct stat about {};
    REQUIRE(::lstat(path.c_str(), &about) == 0);
    return about.st_mode & 07777;
}

std::optional<Failure> replaced(const std::string& place, const std::string& text) {
    auto draft = Draft::at(place, Draft::Over::a_file);
    if (!draft) return Failure{draft.why()};
    write(draft->path(), text);
    return draft->put_in_place();
}

TEST_CASE("a file that is not whole leaves what was there, and nothing beside it") {
    const Folder folder;
    write(folder.at("copy"), "good");
    {
        auto draft = Draft::at(folder.at("copy"), Draft::Over::a_file);
        REQUIRE(draft);
        write(draft->path(), "half");
        CHECK(text_of(folder.at("copy")) == "good");
    }
    CHECK(text_of(folder.at("copy")) == "good");
    CHECK(folder.count() == 1);
}

TEST_CASE("a new file is its owner's alone, another keeps its permissions") {
    const Folder folder;
    CHECK_FALSE(replaced(folder.at("copy"), "one"));
    CHECK(mode_of(folder.at("copy")) == 0600);
    ::chmod(folder.at("copy").c_str(), 0644);
    CHECK_FALSE(replaced(folder.at("copy"), "two"));
    CHECK(mode_of(folder.at("copy")) == 0644);
    CHECK(text_of(folder.at("copy")) == "two");
    CHECK(folder.count() == 1);
    CHECK_FALSE(replaced(folder.at(std::string(255, 'n')), "a long name"));
}

TEST_CASE("a link stays, and what it leads to is replaced, whether it is there or not") {
    const Folder folder;
    fs::create_directory(folder.at("far"));
    fs::create_symlink("far/two", folder.at("one"));
    fs::create_symlink(folder.at("one"), folder.at("zero"));
    for (const auto* text : {"first", "second"}) {
        CHECK_FALSE(replaced(folder.at("zero"), text));
        CHECK(text_of(folder.at("far/two")) == text);
        CHECK(fs::is_symlink(folder.at("one")));
        CHECK(fs::is_symlink(folder.at("zero")));
    }
    CHECK(folder.count() == 3);
    fs::create_symlink("loop", folder.at("loop"));
    CHECK(replaced(folder.at("loop"), "x"));
}

TEST_CASE("what is no file is written to, and stays what it is") {
    const Folder folder;
    const auto fifo = folder.at("fifo");
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    const int reader = ::open(fifo.c_str(), O_RDONLY | O_NONBLOCK);
    CHECK_FALSE(replaced(fifo, "through"));
    char bytes[16] = {};
    CHECK(::read(reader, bytes, sizeof bytes) == 7);
    CHECK(fs::is_fifo(fifo));
    ::close(reader);
    CHECK_FALSE(replaced("/dev/null", "away"));
    CHECK(fs::is_character_file("/dev/null"));
    CHECK(folder.count() == 1);
}

TEST_CASE("a file that is open already is appended to under its number") {
    const Folder folder;
    write(folder.at("open"), "before ");
    const int open = ::open(folder.at("open").c_str(), O_WRONLY | O_APPEND);
    const auto name = "/dev/fd/" + std::to_string(open);
    fs::create_symlink(name, folder.at("link"));
    CHECK_FALSE(replaced(name, "one "));
    CHECK_FALSE(replaced(folder.at("link"), "two"));
    CHECK(::write(open, " end", 4) == 4);
    ::close(open);
    CHECK(text_of(folder.at("open")) == "before one two end");
    CHECK(replaced(name, "closed"));
}

TEST_CASE("no folder, a folder in its place: a reason, and nothing is left behind") {
    const Folder folder;
    const auto missing = replaced(folder.at("none/copy"), "x");
    REQUIRE(missing);
    CHECK(missing->why.find("none/copy: No such file") != std::string::npos);
    fs::create_directory(folder.at("folder"));
    const auto directory = replaced(folder.at("folder"), "x");
    REQUIRE(directory);
    CHECK(directory->why.find("Is a directory") != std::string::npos);
    CHECK(folder.count() == 1);
}

TEST_CASE("a new file takes nobody's place") {
    const Folder folder;
    CHECK_FALSE(place_new_file(folder.at("key"), "mine"));
    CHECK(mode_of(folder.at("key")) == 0600);
    fs::create_symlink("nowhere", folder.at("link"));
    for (const auto* taken : {"key", "link"}) CHECK(place_new_file(folder.at(taken), "other"));
    CHECK(text_of(folder.at("key")) == "mine");
    CHECK(folder.count() == 2);

    auto draft = Draft::at(folder.at("late"), Draft::Over::nothing);
    REQUIRE(draft);
    write(folder.at("late"), "somebody was faster");
    CHECK(draft->put_in_place());
    CHECK(text_of(folder.at("late")) == "somebody was faster");
}

TEST_CASE("a file of ours is a file, and an empty one is not a missing one") {
    const Folder folder;
    CHECK(*read_kept_file(folder.at("people"), 9) == std::nullopt);
    write(folder.at("people"), "");
    CHECK(*read_kept_file(folder.at("people"), 9) == "");
    write(folder.at("people"), "123456789");
    CHECK(*read_kept_file(folder.at("people"), 9) == "123456789");
    CHECK_FALSE(read_kept_file(folder.at("people"), 8));
    fs::create_symlink("people", folder.at("link"));
    CHECK_FALSE(read_kept_file(folder.at("link"), 9));
    REQUIRE(::mkfifo(folder.at("fifo").c_str(), 0600) == 0);
    CHECK_FALSE(read_kept_file(folder.at("fifo"), 9));
    CHECK_FALSE(read_kept_file(folder.at(""), 9));
}

TEST_CASE("what is moved aside takes nobody's place") {
    const Folder folder;
    for (const auto* n : {"1", "2"}) {
        write(folder.at("people"), n);
        CHECK(move_aside(folder.at("people")) == folder.at("people.broken-") + n);
        CHECK(text_of(folder.at("people.broken-") + n) == n);
    }
    CHECK(move_aside(folder.at("people")).empty());
}

TEST_CASE("a draft that cannot be written leaves what was there") {
    const Folder folder;
    write(folder.at("people"), "good");
    fs::create_directory(folder.at("people.new"));
    CHECK(replace_file(folder.at("people"), "better"));
    CHECK(text_of(folder.at("people")) == "good");
    fs::remove(folder.at("people.new"));
    CHECK_FALSE(replace_file(folder.at("people"), "better"));
    CHECK(text_of(folder.at("people")) == "better");
    CHECK(folder.count() == 1);
}

}  // namespace
}  // namespace lanchat::node_kept_file_test
