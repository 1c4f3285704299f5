// Passphrase files, and the networks that data directories belong to.
#include "node/network_secret.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <fstream>
#include <string>

#include "tests/unit/node_stores.hpp"

namespace lanchat {
namespace {

struct Files : test::Folder {
    std::string file(const std::string& bytes, mode_t mode = 0600) const {
        const std::string path = this->path() + "/passphrase";
        std::ofstream(path, std::ios::binary) << bytes;
        ::chmod(path.c_str(), mode);
        return path;
    }
    Result<std::string> secret(const std::string& bytes, mode_t mode = 0600) const {
        return network_secret(file(bytes, mode));
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

TEST_CASE("no file is an open network") { CHECK(network_secret("")->empty()); }

TEST_CASE("a passphrase that others may read, or that is none, is refused") {
    const Files files;
    for (const mode_t mode : {0644U, 0640U, 0604U, 0620U})
        CHECK(files.secret("long enough a phrase", mode).why().find("chmod 600") !=
              std::string::npos);
    for (const char* bytes :
         {"", "\n", "11 letters.", "two lines of\ntext", "not \xff UTF-8 at all"})
        CHECK_FALSE(files.secret(bytes));
    CHECK_FALSE(files.secret(std::string(2000, 'x')));
    CHECK_FALSE(network_secret(files.path() + "/nothing"));
    CHECK_FALSE(network_secret(files.path()));
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
    std::ofstream(files.path() + "/network") << "";  // the power went before it was written

    CHECK_FALSE(bind_to_network(files.path(), "one secret"));
    CHECK(bind_to_network(files.path(), ""));
}

TEST_CASE("a damaged note belongs to nobody") {
    for (const char* note : {"closed ", "closed x", "opened\n", "closed 00 00\n"}) {
        const Files files;
        std::ofstream(files.path() + "/network") << note;
        CHECK_FALSE(bind_to_network(files.path(), ""));
        CHECK_FALSE(bind_to_network(files.path(), "one secret"));
    }
}

TEST_CASE("without a data directory there is nothing to bind") {
    CHECK(bind_to_network("", "one secret"));
}

}  // namespace
}  // namespace lanchat
