// The file of remembered peers: what survives, what is refused, and who may be dialled.
#include "discover/remembered.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "message/limits.hpp"

namespace discover_remembered_test {

using namespace lanchat;
using discover::Remembered;

namespace {

Endpoint endpoint(const std::string& text) { return *parse_endpoint(text); }
Endpoint nth(std::uint32_t n) { return {Ipv4{0x0A000000 + n}, 4565}; }

class Folder {
  public:
    Folder() {
        std::string made = (std::filesystem::temp_directory_path() / "lanchat-XXXXXX").string();
        REQUIRE(::mkdtemp(made.data()) != nullptr);
        path_ = made;
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    std::string file() const { return (path_ / "peers.json").string(); }
    std::size_t entries() const {
        return static_cast<std::size_t>(
            std::distance(std::filesystem::directory_iterator(path_), {}));
    }
    void write(const std::string& text) const { std::ofstream(file()) << text; }
    std::string read() const {
        std::ifstream in(file());
        return {std::istreambuf_iterator<char>(in), {}};
    }

  private:
    std::filesystem::path path_;
};

// Empty when the file is taken, else why not.
std::string refusal(const std::string& text) {
    const Folder folder;
    folder.write(text);
    Remembered remembered(folder.file());
    remembered.met(nth(1));
    const auto failure = remembered.load();
    if (failure) CHECK(remembered.all().empty());
    return failure ? failure->why : "";
}

}  // namespace

TEST_CASE("what was saved is loaded again, newest first") {
    const Folder folder;
    Remembered before(folder.file());
    for (const char* text : {"10.0.0.1:4565", "10.0.0.2:4566", "10.0.0.3:1", "10.0.0.1:4565"}) {
        before.met(endpoint(text));
    }
    REQUIRE_FALSE(before.save());

    Remembered after(folder.file());
    REQUIRE_FALSE(after.load());

    CHECK(after.all() == std::deque<Endpoint>{endpoint("10.0.0.1:4565"), endpoint("10.0.0.3:1"),
                                              endpoint("10.0.0.2:4566")});
}

TEST_CASE("an empty list survives too, and a file that does not exist is an empty list") {
    const Folder folder;
    Remembered remembered(folder.file());

    CHECK_FALSE(remembered.load());
    CHECK_FALSE(remembered.save());
    CHECK_FALSE(remembered.load());
    CHECK(remembered.all().empty());
}

TEST_CASE("only the newest 256 are kept, and a full list survives") {
    const Folder folder;
    Remembered remembered(folder.file());
    for (std::uint32_t n = 0; n < 300; ++n) remembered.met(nth(n));
    REQUIRE(remembered.all().size() == limits::remembered_peers_max);
    REQUIRE_FALSE(remembered.save());

    REQUIRE_FALSE(remembered.load());

    CHECK(remembered.all().size() == limits::remembered_peers_max);
    CHECK(remembered.all().front() == nth(299));
    CHECK(remembered.all().back() == nth(300 - limits::remembered_peers_max));
}

TEST_CASE("the file is private and nothing else is left in its folder") {
    const Folder folder;
    folder.write("old");
    Remembered remembered(folder.file());
    remembered.met(nth(1));

    REQUIRE_FALSE(remembered.save());

    struct stat status {};
    REQUIRE(::stat(folder.file().c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
    CHECK(folder.entries() == 1);
}

TEST_CASE("a leftover of a crash, even a link elsewhere, is not written through") {
    const Folder folder;
    const Folder elsewhere;
    elsewhere.write("precious");
    std::filesystem::create_symlink(elsewhere.file(), folder.file() + ".new");
    Remembered remembered(folder.file());

    CHECK_FALSE(remembered.save());

    CHECK(elsewhere.read() == "precious");
    CHECK(folder.entries() == 1);
}

TEST_CASE("a folder that does not exist is a failure that names the file") {
    Remembered remembered("/nonexistent/folder/peers.json");

    const auto failure = remembered.save();

    REQUIRE(failure);
    CHECK(failure->why.find("/nonexistent/folder/peers.json") != std::string::npos);
}

TEST_CASE("a file that is not exactly a list of peers leaves the list empty, with the reason") {
    for (const char* text : {"",
                             " ",
                             "{",
                             "{}",
                             "[]",
                             "null",
                             "{\"peers\"}",
                             "{\"peers\": }",
                             "{\"peers\": [}",
                             "{\"peers\": [\"10.0.0.1:4565\"]",
                             "{\"peers\": [\"10.0.0.1:4565\"}",
                             "{\"peers\": [\"10.0.0.1:4565\",]}",
                             "{\"peers\": [\"10.0.0.1:4565\"]} x",
                             "{\"peers\": [\"10.0.0.1:4565\" \"10.0.0.2:4565\"]}",
                             "{\"peers\": [4565]}",
                             "{\"peers\": [\"10.0.0.1\"]}",
                             "{\"peers\": [\"10.0.0.1:0\"]}",
                             "{\"peers\": [\"10.0.0.1:70000\"]}",
                             "{\"peers\": [\"10.0.0.256:4565\"]}",
                             "{\"peers\": [\"10.0.0.1:\\u0034565\"]}",
                             "{\"peers\": [], \"more\": []}",
                             "{\"friends\": []}",
                             "{\"peers\": [\"10.0.0.1:4565",
                             "\xff\xfe"}) {
        CAPTURE(text);
        CHECK_FALSE(refusal(text).empty());
    }
    CHECK(refusal("\n{ \"peers\" :\t[ \"10.0.0.1:4565\" , \"10.0.0.1:4565\" ] }\r\n").empty());
}

TEST_CASE("no truncated list is accepted") {
    const std::string whole = R"({"peers": ["10.0.0.1:4565", "10.0.0.2:4566"]})";

    for (std::size_t n = 0; n < whole.size(); ++n) {
        CAPTURE(n);
        CHECK_FALSE(refusal(whole.substr(0, n)).empty());
    }
    CHECK(refusal(whole).empty());
}

TEST_CASE("too many peers, a huge file, a folder and a FIFO are refused") {
    std::string many = "{\"peers\": [";
    for (std::uint32_t n = 0; n <= limits::remembered_peers_max; ++n) {
        many += (n > 0 ? ",\"" : "\"") + to_string(nth(n)) + "\"";
    }
    CHECK(refusal(many + "]}").find("too many") != std::string::npos);
    CHECK(refusal("{\"peers\": []" + std::string(1'000'000, ' ') + "}").find("too large") !=
          std::string::npos);

    const Folder folder;
    std::filesystem::create_directory(folder.file());
    CHECK(Remembered(folder.file()).load());
    const Folder other;
    REQUIRE(::mkfifo(other.file().c_str(), 0600) == 0);
    CHECK(Remembered(other.file()).load());
}

TEST_CASE("only addresses in range, or given, may be dialled") {
    Remembered remembered("unused");
    for (const char* text : {"10.0.0.5:4565", "10.0.0.6:9999", "8.8.8.8:4565", "8.8.4.4:53"}) {
        remembered.met(endpoint(text));
    }

    const auto allowed = remembered.dialable({*parse_cidr("10.0.0.0/24")}, {4565, 4569},
                                             {endpoint("8.8.4.4:53"), endpoint("1.2.3.4:5")});

    CHECK(allowed == std::vector<Endpoint>{endpoint("8.8.4.4:53"), endpoint("10.0.0.5:4565")});
}

}  // namespace discover_remembered_test
