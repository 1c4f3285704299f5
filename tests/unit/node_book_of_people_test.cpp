// The book of people on disk: whole or not at all, and never silently forgotten.
#include "node/keep/book_of_people.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "message/limits.hpp"

namespace node_book_of_people_test {

using namespace lanchat;
using controller::Person;

namespace {

namespace fs = std::filesystem;

class Folder {
  public:
    Folder() {
        char name[] = "/tmp/lanchat-people-XXXXXX";
        path_ = ::mkdtemp(name);
    }
    ~Folder() { fs::remove_all(path_); }
    std::string file(const std::string& name = "people") const { return path_ + "/" + name; }
    const std::string& path() const { return path_; }
    std::string text() const {
        std::ostringstream all;
        all << std::ifstream(file()).rdbuf();
        return all.str();
    }
    void write(const std::string& text) const { std::ofstream(file()) << text; }

  private:
    std::string path_;
};

std::map<DeviceId, Person> some_people() {
    Person alice;
    alice.device.bytes.fill(1);
    alice.names = {"alice", "al ice\n% \x7F", "Алиса"};
    alice.first_seen = {1};
    alice.last_seen = {2};
    alice.verified = WallTime{3};
    Person mallory;
    mallory.device.bytes.fill(2);
    mallory.blocked = mallory.messaged = true;
    return {{alice.device, alice}, {mallory.device, mallory}};
}

std::vector<Person> list(const std::map<DeviceId, Person>& people) {
    std::vector<Person> all;
    for (const auto& [id, one] : people) all.push_back(one);
    return all;
}

// What came of all that was to be saved.
std::optional<Failure> outcome(asio::io_context& loop, BookOfPeople& book) {
    std::optional<std::optional<Failure>> told;
    book.when_saved([&](const std::optional<Failure>& failure) { told = failure; });
    for (int n = 0; n < 5000 && !told; ++n) {
        loop.restart();
        loop.run_for(std::chrono::milliseconds(1));
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    REQUIRE(told);
    return *told;
}

}  // namespace

TEST_CASE("book of people: a write that fails is told, and made again until the disk takes it") {
    const Folder folder;
    asio::io_context loop;
    fs::create_directory(folder.file("people.new"));  // no draft can be written there
    BookOfPeople book(loop, folder.path());
    book.save(some_people, true);

    const auto failure = outcome(loop, book);
    REQUIRE(failure);
    CHECK(failure->why.find("cannot write " + folder.file()) != std::string::npos);
    CHECK_FALSE(book.verified(some_people().begin()->first));
    CHECK_FALSE(fs::exists(folder.file()));

    fs::remove(folder.file("people.new"));
    book.stop();
    CHECK(parse_people(folder.text()));
}

TEST_CASE("book of people: when somebody was verified is known once it is on the disk") {
    const Folder folder;
    asio::io_context loop;
    const auto alice = some_people().begin()->first;
    BookOfPeople book(loop, folder.path());
    CHECK_FALSE(book.verified(alice));
    book.save(some_people, true);
    CHECK_FALSE(outcome(loop, book));
    CHECK(book.verified(alice) == WallTime{3});
    BookOfPeople next(loop, folder.path());
    next.load();
    CHECK(next.verified(alice) == WallTime{3});
}

TEST_CASE("book of people: what is written is read") {
    const auto text = people_text(some_people());
    const auto read = parse_people(text);
    REQUIRE(read);
    CHECK(*read == list(some_people()));
    CHECK(parse_people(people_text({}))->empty());
}

TEST_CASE("book of people: every change of a byte is noticed, and every cut") {
    const auto text = people_text(some_people());
    for (std::size_t at = 0; at < text.size(); ++at) {
        auto changed = text;
        changed[at] = static_cast<char>(changed[at] ^ 1);
        CHECK_FALSE(parse_people(changed));
        CHECK_FALSE(parse_people(text.substr(0, at)));
    }
}

TEST_CASE("book of people: kept in a file that is ours alone, without the draft") {
    const Folder folder;
    asio::io_context loop;
    {
        BookOfPeople book(loop, folder.path());
        CHECK(book.load().empty());
        book.save(some_people, true);
        CHECK_FALSE(outcome(loop, book));
        CHECK(BookOfPeople(loop, folder.path()).load() == list(some_people()));
    }
    struct stat about {};
    REQUIRE(::stat(folder.file().c_str(), &about) == 0);
    CHECK((about.st_mode & 0777) == 0600);
    CHECK_FALSE(fs::exists(folder.file("people.new")));
}

TEST_CASE("book of people: sightings are written at the end at the latest") {
    const Folder folder;
    asio::io_context loop;
    {
        BookOfPeople book(loop, folder.path());
        book.save(some_people, false);
        book.save(some_people, false);
        CHECK_FALSE(fs::exists(folder.file()));
    }
    CHECK(parse_people(folder.text()));
}

TEST_CASE("book of people: a damaged one is moved aside, and the next one is whole") {
    const Folder folder;
    asio::io_context loop;
    auto text = people_text(some_people());
    text[40] = 'X';
    folder.write(text);
    BookOfPeople book(loop, folder.path());
    CHECK(book.load().empty());
    CHECK(fs::exists(folder.file("people.broken-1")));
    CHECK_FALSE(fs::exists(folder.file()));
    for (const auto* cut : {"people.broken-2", "people.broken-3"}) {
        folder.write(std::string(cut).ends_with('2') ? "lanchat people 1\n" : "");
        CHECK(book.load().empty());
        CHECK(fs::exists(folder.file(cut)));
        CHECK_FALSE(fs::exists(folder.file()));
    }
}

TEST_CASE("book of people: without a directory nothing is kept") {
    asio::io_context loop;
    BookOfPeople book(loop, "");
    book.save(some_people, true);
    CHECK(book.load().empty());
}

}  // namespace node_book_of_people_test
