// The ledger: against a model that keeps everything, and at its bounds.
#include "controller/ledger.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "message/limits.hpp"
#include "message/rng.hpp"
#include "message/wire.hpp"

namespace lanchat::controller {
namespace {

// Everything ever said; what the ledger may have forgotten is computed from scratch.
struct Model {
    std::vector<Line> said;

    Seq base() const {
        std::size_t bytes = 0;
        Seq kept = 0;
        while (kept < said.size() && kept < limits::ledger_lines_max) {
            bytes += encoded_bytes(said[said.size() - 1 - kept]);
            if (bytes > limits::ledger_bytes_max) break;
            ++kept;
        }
        return said.size() - kept;
    }
    std::size_t bytes_after(Seq after) const {
        std::size_t bytes = 0;
        for (Seq seq = std::max(after, base()); seq < said.size(); ++seq)
            bytes += encoded_bytes(said[seq]);
        return bytes;
    }
};

TEST_CASE("a ledger answers as if it kept everything") {
    Rng rng(5);
    Ledger ledger;
    Model model;
    for (int i = 0; i < 12'000; ++i) {
        const std::size_t size = rng.below(400) == 0 ? rng.below(60'000) : rng.below(300);
        const std::string text(1 + size, 'x');
        const Seq seq = ledger.append(WallTime{i}, "general", text);
        model.said.push_back({seq, WallTime{i}, "general", text});
        REQUIRE(seq == model.said.size());
        if (i % 97 != 0) continue;

        REQUIRE(ledger.head() == model.said.size());
        REQUIRE(ledger.base() == model.base());
        const Seq after = ledger.base() + rng.below(ledger.head() - ledger.base() + 1);
        REQUIRE(ledger.bytes_after(after) == model.bytes_after(after));
        const auto lines = ledger.after(after, 1 + rng.below(300), 1 + rng.below(100'000));
        for (std::size_t n = 0; n < lines.size(); ++n) REQUIRE(lines[n] == model.said[after + n]);
        REQUIRE(lines.empty() == (after == ledger.head()));
    }
}

TEST_CASE("an empty ledger has nothing to give") {
    const Ledger ledger;

    CHECK(ledger.head() == 0);
    CHECK(ledger.base() == 0);
    CHECK(ledger.after(0, 10, 1000).empty());
    CHECK(ledger.bytes_after(0) == 0);
}

TEST_CASE("no more lines are kept than the limit") {
    Ledger ledger;
    for (std::size_t i = 0; i < limits::ledger_lines_max; ++i) ledger.append({}, "general", "x");
    CHECK(ledger.base() == 0);

    ledger.append({}, "general", "x");

    CHECK(ledger.base() == 1);
    CHECK(ledger.head() == limits::ledger_lines_max + 1);
    CHECK(ledger.at(2).seq == 2);
}

TEST_CASE("no more bytes are kept than the limit") {
    Ledger ledger;
    const std::string longest(limits::line_bytes_max, 'x');
    while (ledger.base() == 0) ledger.append({}, "general", longest);

    CHECK(ledger.bytes_after(0) <= limits::ledger_bytes_max);
    CHECK(ledger.bytes_after(0) + limits::line_bytes_max + 100 > limits::ledger_bytes_max);
}

TEST_CASE("a batch holds whole lines up to the bytes asked for, but at least one") {
    Ledger ledger;
    for (int i = 0; i < 10; ++i) ledger.append({}, "general", std::string(1000, 'x'));
    const std::size_t one = encoded_bytes(ledger.at(1));

    CHECK(ledger.after(0, 100, 1).size() == 1);
    CHECK(ledger.after(0, 100, 3 * one).size() == 3);
    CHECK(ledger.after(0, 100, 4 * one - 1).size() == 3);
    CHECK(ledger.after(0, 2, 100 * one).size() == 2);
    CHECK(ledger.after(8, 100, 100 * one).front().seq == 9);
}

TEST_CASE("bytes of what is gone are not counted") {
    Ledger ledger;
    for (std::size_t i = 0; i < limits::ledger_lines_max + 500; ++i)
        ledger.append({}, "general", "x");

    CHECK(ledger.bytes_after(3) == ledger.bytes_after(ledger.base()));
    CHECK(ledger.bytes_after(ledger.head()) == 0);
    CHECK(ledger.bytes_after(ledger.head() + 5) == 0);
}

}  // namespace
}  // namespace lanchat::controller
