// The line being typed: keys from bytes, and what they do to text and cursor.
#include <doctest/doctest.h>

#include <chrono>
#include <random>
#include <string>
#include <vector>

#include "app/terminal/editor.hpp"
#include "app/terminal/graphemes.hpp"
#include "app/terminal/keys.hpp"
#include "message/text.hpp"

namespace lanchat::app {
namespace {

using namespace std::chrono_literals;

using Keys = std::vector<Key>;
using Deeds = std::vector<Deed>;

// The keys of `bytes`, put in by pieces of `piece`; text that was cut is joined again.
Keys decode(std::string_view bytes, std::size_t piece = 1 << 20) {
    KeyDecoder decoder;
    Keys keys;
    for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size())))
        decoder.put(bytes.substr(0, piece), keys);
    Keys joined;
    for (const auto& key : keys) {
        const bool goes_on = !joined.empty() && joined.back().kind == key.kind && !key.text.empty();
        if (goes_on) joined.back().text += key.text;
        if (!goes_on) joined.push_back(key);
    }
    return joined;
}

KeyKind one(std::string_view bytes) {
    const auto keys = decode(bytes);
    REQUIRE(keys.size() == 1);
    return keys[0].kind;
}

TEST_CASE("keys are known by all the sequences that terminals use for them") {
    for (const auto* bytes : {"\x1b[D", "\x1bOD", "\x02"}) CHECK(one(bytes) == KeyKind::left);
    for (const auto* bytes : {"\x1b[C", "\x1bOC", "\x06"}) CHECK(one(bytes) == KeyKind::right);
    for (const auto* bytes : {"\x1b[A", "\x1bOA", "\x10"}) CHECK(one(bytes) == KeyKind::up);
    for (const auto* bytes : {"\x1b[B", "\x1bOB", "\x0e"}) CHECK(one(bytes) == KeyKind::down);
    for (const auto* bytes : {"\x1b[H", "\x1bOH", "\x1b[1~", "\x1b[7~", "\x01"})
        CHECK(one(bytes) == KeyKind::home);
    for (const auto* bytes : {"\x1b[F", "\x1bOF", "\x1b[4~", "\x1b[8~", "\x05"})
        CHECK(one(bytes) == KeyKind::end);
    for (const auto* bytes : {"\x7f", "\x08"}) CHECK(one(bytes) == KeyKind::backspace);
    for (const auto* bytes : {"\r", "\n", "\x1bOM"}) CHECK(one(bytes) == KeyKind::enter);
    CHECK(one("\x1b[3~") == KeyKind::erase);
    CHECK(one("\x1b[1;5D") == KeyKind::word_left);
    CHECK(one("\x1b[1;5C") == KeyKind::word_right);
    CHECK(one("\x03") == KeyKind::interrupt);
    CHECK(one("\x04") == KeyKind::end_of_input);
    CHECK(one("\x0b") == KeyKind::kill_after);
    CHECK(one("\x0c") == KeyKind::redraw);
    CHECK(one("\x15") == KeyKind::kill_before);
    CHECK(one("\x17") == KeyKind::kill_word);
    CHECK(one("\x1a") == KeyKind::suspend);
}

TEST_CASE("keys are the same however their bytes are cut") {
    const std::string bytes =
        "h\u00e9llo \u65e5\u672c\U0001F44D\x1b[D\x1b[3~\x1b[1;5Cx\x1b[200~two\r\nlines \u00e9\x1b[x"
        "\rand\n\nrest\x1b[201~\tend\r";
    const Keys expected{{KeyKind::text, "h\u00e9llo \u65e5\u672c\U0001F44D"},
                        {KeyKind::left, ""},
                        {KeyKind::erase, ""},
                        {KeyKind::word_right, ""},
                        {KeyKind::text, "x"},
                        {KeyKind::pasted, "two\nlines \u00e9\x1b[x\nand\n\nrest"},
                        {KeyKind::text, "\tend"},
                        {KeyKind::enter, ""}};

    for (std::size_t piece = 1; piece <= bytes.size(); ++piece)
        CHECK(decode(bytes, piece) == expected);
}

TEST_CASE("unknown sequences are left out with all their bytes") {
    CHECK(decode("a\x1b[15~b") == Keys{{KeyKind::text, "ab"}});
    CHECK(decode("a\x1b[?1;2cb") == Keys{{KeyKind::text, "ab"}});
    CHECK(decode("a\x1b[[Ab") == Keys{{KeyKind::text, "ab"}});
    CHECK(decode("a\x1bOPb") == Keys{{KeyKind::text, "ab"}});
    CHECK(decode("a\x1d\x1e"
                 "b") == Keys{{KeyKind::text, "ab"}});
}

TEST_CASE("the escape key alone does not swallow the next key") {
    CHECK(decode("\x1bx", 1) == Keys{{KeyKind::text, "x"}});
    CHECK(decode("\x1b\x1b[A", 1) == Keys{{KeyKind::up, ""}});
    CHECK(decode("\x1b[\x03", 1) == Keys{{KeyKind::interrupt, ""}});
}

TEST_CASE("no bytes become text that is not UTF-8, and ^C always gets through after them") {
    std::mt19937 random(7);
    for (int round = 0; round < 5'000; ++round) {
        std::string bytes(random() % 30, '\0');
        for (char& c : bytes)
            c = random() % 3 ? static_cast<char>(random()) : "\x1b[O~20;1"[random() % 8];
        KeyDecoder decoder;
        Keys keys;
        decoder.put(bytes, keys);
        decoder.put("\x1b[201~", keys);
        keys.clear();
        decoder.put("\x03", keys);
        CHECK_FALSE(keys.empty());
        for (const auto& key : decode(bytes, 1 + random() % 5)) CHECK(is_utf8(key.text));
    }
}

// An editor, what it was asked to do, and a picture of it: '|' is the cursor.
struct Typist {
    explicit Typist(std::size_t line_bytes_max = 1000) : editor(line_bytes_max) {}

    Typist& press(KeyKind kind, int times = 1) {
        for (; times > 0; --times) editor.press({kind, {}}, now, deeds);
        return *this;
    }
    Typist& type(std::string text) {
        editor.press({KeyKind::text, std::move(text)}, now, deeds);
        return *this;
    }
    Typist& paste(std::string text) {
        editor.press({KeyKind::pasted, std::move(text)}, now, deeds);
        return *this;
    }
    std::string picture() const {
        auto text = editor.text();
        return text.insert(editor.cursor(), "|");
    }

    Editor editor;
    Deeds deeds;
    Instant now{};
};

TEST_CASE("text goes in at the cursor") {
    Typist typist;
    typist.type("hello").press(KeyKind::left, 2).type("XY");
    CHECK(typist.picture() == "helXY|lo");
    typist.press(KeyKind::home).type("<").press(KeyKind::end).type(">");
    CHECK(typist.picture() == "<helXYlo>|");
}

TEST_CASE("the cursor steps over and deletes what a person takes for one character") {
    for (const std::string one :
         {"e\u0301", "👨‍👩‍👧", "🇩🇪", "👍🏽", "❤️", "日"}) {
        Typist typist;
        typist.type("a" + one + "b").press(KeyKind::left, 2);
        CHECK(typist.picture() == "a|" + one + "b");
        typist.press(KeyKind::right);
        CHECK(typist.picture() == "a" + one + "|b");
        typist.press(KeyKind::backspace);
        CHECK(typist.picture() == "a|b");
        typist.type(one).press(KeyKind::left).press(KeyKind::erase);
        CHECK(typist.picture() == "a|b");
    }
}

TEST_CASE("flags in a row are stepped over one by one") {
    Typist typist;
    typist.type("🇩🇪🇫🇷🇮🇹").press(KeyKind::backspace);
    CHECK(typist.picture() == "🇩🇪🇫🇷|");
    typist.press(KeyKind::left);
    CHECK(typist.picture() == "🇩🇪|🇫🇷");
}

TEST_CASE("nothing happens beyond the ends of the line") {
    Typist typist;
    typist.press(KeyKind::left).press(KeyKind::right).press(KeyKind::backspace);
    typist.press(KeyKind::erase).press(KeyKind::up).press(KeyKind::down).press(KeyKind::kill_word);
    CHECK(typist.picture() == "|");
    CHECK(typist.deeds.empty());
}

TEST_CASE("words and the parts before and after the cursor are deleted at once") {
    Typist typist;
    typist.type("one two  three  ").press(KeyKind::kill_word);
    CHECK(typist.picture() == "one two  |");
    typist.press(KeyKind::word_left).type("x");
    CHECK(typist.picture() == "one x|two  ");
    typist.press(KeyKind::word_right);
    CHECK(typist.picture() == "one xtwo|  ");
    typist.press(KeyKind::kill_after);
    CHECK(typist.picture() == "one xtwo|");
    typist.press(KeyKind::left, 3).press(KeyKind::kill_before);
    CHECK(typist.picture() == "|two");
}

TEST_CASE("enter submits the line and begins an empty one") {
    Typist typist;
    typist.type("hi").press(KeyKind::left).press(KeyKind::enter).press(KeyKind::enter);
    CHECK(typist.deeds == Deeds{{Deed::Kind::submit, "hi"}, {Deed::Kind::submit, ""}});
    CHECK(typist.picture() == "|");
}

TEST_CASE("whole pasted lines are submitted as pasted, the rest stays to be edited") {
    Typist typist;
    typist.type("a").paste("b\n\nc").type("d").press(KeyKind::enter);
    CHECK(typist.deeds == Deeds{{Deed::Kind::submit_pasted, "ab"},
                                {Deed::Kind::submit_pasted, ""},
                                {Deed::Kind::submit, "cd"}});
}

TEST_CASE("the lines before come back, and so does what was being typed") {
    Typist typist;
    for (const auto* line : {"one", "two", "two", "", "three"})
        typist.type(line).press(KeyKind::enter);
    typist.type("draft").press(KeyKind::up);
    CHECK(typist.picture() == "three|");
    typist.press(KeyKind::up);
    CHECK(typist.picture() == "two|");
    typist.press(KeyKind::up);
    CHECK(typist.picture() == "one|");
    typist.press(KeyKind::up).press(KeyKind::down);
    CHECK(typist.picture() == "two|");
    typist.press(KeyKind::down, 9);
    CHECK(typist.picture() == "draft|");
}

TEST_CASE("a hundred lines are remembered") {
    Typist typist;
    for (int i = 0; i < 150; ++i) typist.type(std::to_string(i)).press(KeyKind::enter);
    typist.press(KeyKind::up, 1000);
    CHECK(typist.picture() == "50|");
}

TEST_CASE("^C clears the line, and leaves when pressed again or on an empty line") {
    Typist typist;
    typist.type("x").press(KeyKind::interrupt);
    CHECK(typist.picture() == "|");
    CHECK(typist.deeds.empty());
    typist.type("y");
    typist.now += 2s;
    typist.press(KeyKind::interrupt);
    CHECK(typist.deeds == Deeds{{Deed::Kind::leave, ""}});

    Typist slow;
    slow.type("x").press(KeyKind::interrupt).type("y");
    slow.now += 2001ms;
    slow.press(KeyKind::interrupt);
    CHECK(slow.deeds.empty());
    slow.press(KeyKind::interrupt);
    CHECK(slow.deeds == Deeds{{Deed::Kind::leave, ""}});
}

TEST_CASE("^D ends the input only on an empty line, and deletes on others") {
    Typist typist;
    typist.type("ab").press(KeyKind::home).press(KeyKind::end_of_input);
    CHECK(typist.picture() == "|b");
    typist.press(KeyKind::end_of_input).press(KeyKind::end_of_input);
    CHECK(typist.deeds == Deeds{{Deed::Kind::end_of_input, ""}});
}

TEST_CASE("a line takes as many bytes as may be sent, in whole characters") {
    Typist typist(10);
    typist.type("123456789日");
    CHECK(typist.picture() == "123456789|");
    typist.type("xyz");
    CHECK(typist.picture() == "123456789x|");
}

TEST_CASE("random keys keep the text UTF-8 and the cursor between two characters") {
    const std::vector<std::string> texts{"a",  " ",  "\u0301", "🇩",      "👍",  "🏽", "\u200D",
                                         "日", "\t", "\u1112", "\u1161", "\n", "x y",  "\r"};
    std::mt19937 random(8);
    for (int round = 0; round < 500; ++round) {
        Typist typist(60);
        for (int step = 0; step < 60; ++step) {
            const auto kind =
                static_cast<KeyKind>(random() % (static_cast<int>(KeyKind::redraw) + 1));
            const bool takes_text =
                kind == KeyKind::text || kind == KeyKind::pasted || random() % 2;
            if (takes_text) typist.type(texts[random() % texts.size()]);
            if (kind == KeyKind::pasted) typist.paste(texts[random() % texts.size()]);
            if (kind != KeyKind::text && kind != KeyKind::pasted) typist.press(kind);

            const auto& text = typist.editor.text();
            const auto cursor = typist.editor.cursor();
            CHECK(is_utf8(text));
            CHECK(text.size() <= 60);
            const auto before = previous_cluster(text, cursor);
            CHECK((cursor == 0 || next_cluster(text, before) == cursor));
        }
    }
}

}  // namespace
}  // namespace lanchat::app
