// Pieces of bytes: whatever changes, the others stay what they were.
#include "message/pieces.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace lanchat;

namespace {

std::vector<std::string> texts(const Pieces& pieces) { return {pieces.begin(), pieces.end()}; }

}  // namespace

TEST_CASE("pieces lie one behind the other, empty ones too") {
    Pieces pieces{"one", "", "three"};
    pieces.push_back("4");

    CHECK(pieces.bytes() == "onethree4");
    CHECK(texts(pieces) == std::vector<std::string>{"one", "", "three", "4"});
    CHECK(pieces.size_of(2) == 5);
    CHECK(pieces[1].empty());
}

TEST_CASE("a piece changes or goes, and the others stay") {
    Pieces pieces{"one", "two", "three"};
    pieces.replace(1, "something longer");
    CHECK(texts(pieces) == std::vector<std::string>{"one", "something longer", "three"});
    pieces.replace(1, "");
    CHECK(texts(pieces) == std::vector<std::string>{"one", "", "three"});
    pieces.erase(0);
    CHECK(texts(pieces) == std::vector<std::string>{"", "three"});
    pieces.pop_back();
    CHECK(pieces == Pieces{""});
}

TEST_CASE("bytes are cut only into pieces that make all of them") {
    using Sizes = std::vector<std::uint32_t>;
    CHECK(texts(*Pieces::cut("onetwo", Sizes{3, 0, 3})) ==
          std::vector<std::string>{"one", "", "two"});
    CHECK(Pieces::cut("", Sizes{})->empty());
    CHECK_FALSE(Pieces::cut("onetwo", Sizes{3, 2}));
    CHECK_FALSE(Pieces::cut("onetwo", Sizes{3, 4}));
    CHECK_FALSE(Pieces::cut("onetwo", Sizes{3, 0xFFFF'FFFF, 4}));  // their sum must not wrap
    CHECK_FALSE(Pieces::cut("onetwo", Sizes{}));
}
