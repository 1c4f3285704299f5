// Passphrase files, and the networks that data directories belong to.
#include "node/keep/network_secret.hpp"

#include "node/keep/passphrase.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <string>

#include "tests/unit/node_stores.hpp"

namespace lanchat::node_network_secret_test {
namespace {

struct Files : test::Folder {
    std::string file(const std::string& bytes, mode_t mode = 0600) const {
        const std::string path = this->path() + "/passphrase";
        std::ofstream(path, std::ios::binary) << bytes;
        ::chmod(path.c_str(), mode);
        return path;
    }
    Result<std::string> secret(const std::string& bytes, mode_t mode = 0600) const {
        auto passphrase = passphrase_in(file(bytes, mode));
        return passphrase ? network_secret(*std::move(passphrase)) : std::move(passphrase);
    }
};

TEST_CASE("a passphrase is the same however it was typed, and another one is not") {
    const Files files;
    const auto secret = files.secret("caf\xc3\xa9 with four words");

    REQUIRE(secret);
    CHECK(secret->size() == 32);
    CHECK(*files.secret("cafe\xcc\x81 with four words\r\n") == *secret);
    CHECK(*files.secret("caf\xc3\xa9 with four words\n", 0400) == *secret);
    CHECK(*files.secret("cafe with four words\n") != *secret);
}

TEST_CASE("a passphrase that others may read, or that is none, is refused") {
    const Files files;
    for (const mode_t mode : {0644U, 0640U, 0604U, 0620U})
        CHECK(files.secret("long enough a phrase", mode).why().find("chmod 600") !=
              std::string::npos);
    for (const char* bytes :
         {"", "\n", "11 letters.", "two lines of\ntext", "not \xff UTF-8 at all"})
        CHECK_FALSE(files.secret(bytes));
    CHECK_FALSE(files.secret(std::string(2000, 'x')));
    CHECK_FALSE(passphrase_in(files.path() + "/nothing"));
    CHECK_FALSE(passphrase_in(files.path()));
}

TEST_CASE("what is guessed first is refused") {
    for (const char* weak : {"password1234", "aaaaaaaaaaaaaaaa", "123456789012", "qwertyuiop12"})
        CHECK(weakness_of(weak));
    for (const char* good : {"correct horse", "four words make friends", "not the passphrase"})
        CHECK_FALSE(weakness_of(good));
    CHECK(weakness_of(std::string(1000, 'x') + "correct horse battery staple"));
}

TEST_CASE("a passphrase that was made is never the same, and is taken") {
    std::set<std::string> made;
    for (std::size_t words = passphrase_words_min; words <= passphrase_words_max; ++words) {
        const auto phrase = new_passphrase(words);
        CHECK(std::ranges::count(phrase, '-') == static_cast<std::ptrdiff_t>(words - 1));
        CHECK_FALSE(weakness_of(phrase));
        made.insert(new_passphrase(words));
        made.insert(phrase);
    }
    CHECK(made.size() == 2 * (passphrase_words_max - passphrase_words_min + 1));
}

TEST_CASE("a data directory stays with the network it was first used with") {
    for (const std::string own : {"", "one secret", "another secret"}) {
        const Files files;
        CHECK(bind_to_network(files.path(), own));
        for (const std::string asked : {"", "one secret", "another secret"}) {
            const auto bound = bind_to_network(files.path(), asked);
            CHECK(bool{bound} == (asked == own));
            if (!bound) CHECK(bound.why().find("-P") != std::string::npos);
        }
    }
}

TEST_CASE("a history from before there were closed networks is an open one's") {
    const Files files;
    std::ofstream(files.path() + "/history.db") << "some history";

    CHECK_FALSE(bind_to_network(files.path(), "one secret"));
    CHECK(bind_to_network(files.path(), ""));
}

TEST_CASE("a damaged note belongs to nobody") {
    for (const char* note : {"", "closed ", "closed x", "opened\n", "closed 00 00\n"}) {
        const Files files;
        std::ofstream(files.path() + "/network") << note;
        for (const char* secret : {"", "one secret"}) {
            const auto bound = bind_to_network(files.path(), secret);
            REQUIRE_FALSE(bound);
            CHECK(bound.why().find("-P") != std::string::npos);
        }
    }
}

TEST_CASE("without a data directory there is nothing to bind") {
    CHECK(bind_to_network("", "one secret"));
}

}  // namespace
}  // namespace lanchat::node_network_secret_test
