// The line being typed: keys from bytes, and what they do to text and cursor.
#include <doctest/doctest.h>

#include <chrono>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "app/terminal/editor.hpp"
#include "app/terminal/graphemes.hpp"
#include "app/terminal/keys.hpp"
#include "message/text.hpp"

namespace lanchat::app::app_editor_test {
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

// The keys of `bytes` when nothing comes after them.
Keys decode_all(std::string_view bytes) {
    KeyDecoder decoder;
    Keys keys;
    decoder.put(bytes, keys);
    if (decoder.patience()) decoder.give_up(keys);
    CHECK_FALSE(decoder.patience());
    decoder.put("x", keys);
    CHECK(keys.back() == Key{KeyKind::text, "x"});
    keys.pop_back();
    return keys;
}

TEST_CASE("a paste whose end mark was lost ends with ^C, ^D, or when nothing more comes") {
    const Key hello{KeyKind::pasted, "hello"};
    CHECK(decode("\x1b[200~hello\x03") == Keys{hello, {KeyKind::interrupt, ""}});
    CHECK(decode("\x1b[200~hello\x03/quit\r", 1) == Keys{{KeyKind::pasted, "hello"},
                                                         {KeyKind::interrupt, ""},
                                                         {KeyKind::text, "/quit"},
                                                         {KeyKind::enter, ""}});
    CHECK(decode("\x1b[200~hello\x04") == Keys{hello, {KeyKind::end_of_input, ""}});
    CHECK(decode_all("\x1b[200~hello") == Keys{hello});
    CHECK(decode_all("\x1b[200~").empty());
    for (std::size_t half = 1; half < 6; ++half)
        CHECK(decode_all("\x1b[200~hello" + std::string("\x1b[201~").substr(0, half)) ==
              Keys{hello, {KeyKind::pasted, std::string("\x1b[201~").substr(0, half)}});
    // With its mark there, it is text whatever is in it.
    CHECK(decode("\x1b[200~a\x03\x04z\x1b[201~") == Keys{{KeyKind::pasted, "a\x03\x04z"}});
}

TEST_CASE("a paste that begins in another one, and an end without a beginning") {
    for (const std::size_t piece : {1U, 2U, 5U, 100U})
        CHECK(decode("\x1b[200~one \x1b[200~two\x1b[201~", piece) ==
              Keys{{KeyKind::pasted, "one two"}});
    CHECK(decode("a\x1b[201~b") == Keys{{KeyKind::text, "ab"}});
}

TEST_CASE("of a sequence that was cut in two and never goes on nothing stays behind") {
    for (const auto* bytes : {"\x1b", "\x1b[", "\x1b[1", "\x1b[1;5", "\x1bO", "\x1b[[", "\x1b[200"})
        CHECK(decode_all(bytes).empty());
    CHECK(decode_all("\xC3") == Keys{{KeyKind::text, "\uFFFD"}});
}

TEST_CASE("what begins like a string for the terminal swallows nothing that is typed") {
    for (const auto* begin : {"\x1b]", "\x1bP", "\x1b_", "\x1b^", "\x1bX"}) {
        const auto keys = decode(begin + std::string("0;title\r\x03"));
        REQUIRE(keys.size() == 3);
        CHECK(keys[0].text.ends_with("0;title"));
        CHECK(keys[1].kind == KeyKind::enter);
        CHECK(keys[2].kind == KeyKind::interrupt);
    }
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
                                {Deed::Kind::submit, "cd", true}});
}

TEST_CASE("what was pasted is known as pasted, however it is edited and recalled") {
    const auto submitted = [](Typist& typist) {
        typist.press(KeyKind::enter);
        REQUIRE(typist.deeds.size() == 1);
        return std::exchange(typist.deeds, {})[0];
    };
    Typist typist;
    CHECK(submitted(typist.paste("/quit now")) == Deed{Deed::Kind::submit, "/quit now", true});
    CHECK(submitted(typist.press(KeyKind::up)).begins_pasted);
    CHECK(submitted(typist.press(KeyKind::up).type("!")).begins_pasted);
    CHECK(submitted(typist.paste("/x").press(KeyKind::home).type(" \t")).begins_pasted);
    CHECK(submitted(typist.type("x").paste("/quit").press(KeyKind::home).press(KeyKind::erase))
              .begins_pasted);
    CHECK(submitted(typist.paste(" ").paste("/quit")).begins_pasted);
    // Typed as well: the newest counts.
    CHECK_FALSE(submitted(typist.type("/quit now")).begins_pasted);
    CHECK_FALSE(submitted(typist.press(KeyKind::up)).begins_pasted);
    CHECK_FALSE(submitted(typist.type("/msg Anna ").paste("1234")).begins_pasted);
    CHECK_FALSE(submitted(typist.paste("quit").press(KeyKind::home).type("/")).begins_pasted);
    CHECK_FALSE(submitted(typist.paste("/").press(KeyKind::backspace).type("/x")).begins_pasted);
    typist.paste("/whole\n");
    typist.deeds.clear();
    CHECK(submitted(typist.press(KeyKind::up)) == Deed{Deed::Kind::submit, "/whole", true});
}

TEST_CASE("what is pasted behind a command that was typed belongs to it, in one line") {
    for (const std::string begun : {"/msg Anna ", " /msg Anna ", "\uFF0Fmsg Anna "}) {
        Typist typist;
        typist.type(begun).paste("one\n").paste("two\n\nthree\n");
        CHECK(typist.deeds.empty());
        CHECK(typist.picture() == begun + "one two three|");
        typist.type("!");
        CHECK(typist.picture() == begun + "one two three!|");
    }
}

TEST_CASE("a line that was not taken is edited on") {
    Typist typist;
    typist.type("/home/x").press(KeyKind::enter);
    typist.editor.take_back();
    CHECK(typist.picture() == "/home/x|");
    typist.press(KeyKind::home).type("/").press(KeyKind::enter);
    CHECK(typist.deeds.back() == Deed{Deed::Kind::submit, "//home/x"});
    typist.press(KeyKind::up, 2);
    CHECK(typist.picture() == "/home/x|");
}

TEST_CASE("what was cleared, and changes to a line that was recalled, come back") {
    Typist typist;
    typist.type("one").press(KeyKind::enter).type("cleared").press(KeyKind::interrupt);
    typist.type("draft").press(KeyKind::up).type("!").press(KeyKind::up).type("?");
    CHECK(typist.picture() == "one?|");
    typist.press(KeyKind::down);
    CHECK(typist.picture() == "cleared!|");
    typist.press(KeyKind::down);
    CHECK(typist.picture() == "draft|");
    typist.press(KeyKind::up, 2).press(KeyKind::enter).press(KeyKind::up, 3);
    CHECK(typist.picture() == "one|");  // as it was said
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

TEST_CASE("a line that is too long to be said is kept, and told of") {
    Typist typist(10);
    typist.paste("123456789日");
    CHECK(typist.picture() == "123456789日|");
    typist.press(KeyKind::enter);
    CHECK(typist.deeds == Deeds{{Deed::Kind::too_long}});
    CHECK(typist.picture() == "123456789日|");
    typist.press(KeyKind::backspace).press(KeyKind::enter);
    CHECK(typist.deeds.back() == Deed{Deed::Kind::submit, "123456789", true});
    typist.deeds.clear();

    typist.paste("short\n12345678901\nrest");
    CHECK(typist.deeds ==
          Deeds{{Deed::Kind::submit_pasted, "short"}, {Deed::Kind::too_long_pasted}});
    CHECK(typist.picture() == "rest|");
    typist.press(KeyKind::up);
    CHECK(typist.picture() == "12345678901|");
}

TEST_CASE("what no longer fits into a line is left out in whole characters, and told of once") {
    Typist typist(10);
    typist.paste(std::string(39, 'x') + "日");
    CHECK(typist.picture() == std::string(39, 'x') + "|");
    typist.paste("more").type("y");
    CHECK(typist.deeds == Deeds{{Deed::Kind::cut}});
    typist.press(KeyKind::enter);
    CHECK(typist.deeds.back() == Deed{Deed::Kind::too_long});
    typist.press(KeyKind::interrupt);
    typist.deeds.clear();
    typist.paste(std::string(41, 'x') + "\n");
    CHECK(typist.deeds == Deeds{{Deed::Kind::cut}, {Deed::Kind::too_long_pasted}});
}

TEST_CASE("long lines do not fill the memory") {
    Typist typist(1 << 20);
    for (int i = 0; i < 10; ++i)
        typist.type(std::string(1 << 20, static_cast<char>('0' + i))).press(KeyKind::enter);
    typist.press(KeyKind::up, 100);
    CHECK(typist.editor.text().front() == '6');
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
            CHECK(text.size() <= 60 * Editor::draft_factor);
            const auto before = previous_cluster(text, cursor);
            CHECK((cursor == 0 || next_cluster(text, before) == cursor));
        }
    }
}

}  // namespace
}  // namespace lanchat::app::app_editor_test
