// JSON mode: what is written is exactly what the interface promises, and no input can break it.
#include <doctest/doctest.h>

#include <chrono>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>
#include <string>
#include <variant>
#include <vector>

#include "app/faces/json.hpp"
#include "app/faces/json_input.hpp"
#include "app/faces/json_output.hpp"
#include "message/limits.hpp"
#include "message/text.hpp"
#include "tests/unit/app_stage.hpp"

namespace lanchat::app::app_json_test {
namespace {

using controller::DownReason;
using controller::Forked;
using controller::Message;
using controller::PeerDown;
using controller::PeerInfo;
using controller::PeerUp;
using controller::Undelivered;
using controller::UndeliveredReason;
using nlohmann::json;

std::string escaped(std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
}

std::string utc(std::int64_t ms) {
    std::string out;
    append_utc(out, WallTime{ms});
    return out;
}

std::string written(const controller::Event& event) {
    std::string out;
    append_event(out, event);
    return out;
}

TEST_CASE("every ASCII character is escaped as nlohmann does, but for DEL") {
    for (int c = 0; c < 0x7F; ++c) {
        const auto text = "a" + std::string(1, static_cast<char>(c)) + "b";
        CHECK(escaped(text) == json(text).dump());
    }
    CHECK(escaped("\x7f") == "\"\\u007f\"");
}

TEST_CASE("a line with a ref is acknowledged, one without is not, and a refusal names it") {
    Stage stage;
    JsonFace face{stage.surface()};

    face.take_line(R"({"type":"send","text":"hi","ref":"42"})");
    face.take_line(R"({"type":"send","text":"hi"})");
    stage.node.refusal = "no";
    face.take_line(R"({"type":"send","text":"no","ref":"43"})");
    stage.settle();

    std::istringstream lines(stage.out);
    std::vector<json> told;
    for (std::string line; std::getline(lines, line);) told.push_back(json::parse(line));
    REQUIRE(told.size() == 2);
    CHECK(told[0] == json{{"v", 1}, {"type", "ack"}, {"ref", "42"}, {"id", stage.node.id_of(0)}});
    CHECK(told[1].at("type") == "error");
    CHECK(told[1].at("ref") == "43");
    CHECK(told[1].at("code") == "refused");
}

TEST_CASE("a delivery tells the line and how many have it") {
    const auto told = json::parse(written(controller::Delivery{"a:1", {}, {2, 3, 1}}));

    CHECK(told == json{{"v", 1}, {"type", "delivery"}, {"id", "a:1"}, {"delivered", 2}, {"of", 3}});
}

TEST_CASE("C1 controls are escaped, and other characters of two bytes are not") {
    CHECK(escaped("\u009b31m") == "\"\\u009b31m\"");
    CHECK(escaped("\u0080\u009f\u00a0\u00e9") == "\"\\u0080\\u009f\u00a0\u00e9\"");
}

TEST_CASE("any UTF-8 comes back unchanged from the other side") {
    std::mt19937 random(4);
    for (int round = 0; round < 20'000; ++round) {
        std::string bytes(random() % 40, '\0');
        for (char& c : bytes) c = static_cast<char>(random() % 3 ? random() % 0x80 : random());
        const auto text = to_utf8(bytes);
        CHECK(json::parse(escaped(text)).get<std::string>() == text);
    }
}

TEST_CASE("times are written in UTC with milliseconds") {
    CHECK(utc(0) == "1970-01-01T00:00:00.000Z");
    CHECK(utc(1'795'168'991'120) == "2026-11-20T10:03:11.120Z");
    CHECK(utc(951'782'400'001) == "2000-02-29T00:00:00.001Z");
    CHECK(utc(-1) == "1969-12-31T23:59:59.999Z");
}

TEST_CASE("times that no calendar holds become the nearest that it does") {
    CHECK(utc(std::numeric_limits<std::int64_t>::max()) == "9999-12-31T23:59:59.999Z");
    CHECK(utc(std::numeric_limits<std::int64_t>::min()) == "0000-01-01T00:00:00.000Z");
    CHECK(utc(253'402'300'799'999) == "9999-12-31T23:59:59.999Z");
    CHECK(utc(253'402'300'800'000) == "9999-12-31T23:59:59.999Z");
    CHECK(utc(-62'167'219'200'000) == "0000-01-01T00:00:00.000Z");
    CHECK(utc(-62'167'219'200'001) == "0000-01-01T00:00:00.000Z");
}

TEST_CASE("ready, error and bye are what the interface shows") {
    std::string out;
    append_ready(out, {"k3f9", "da\"na", {{0x7F000001}, 4565}, "ab-7"});
    CHECK(out == R"({"v":1,"type":"ready","id":"k3f9","name":"da\"na","address":"127.0.0.1:4565",)"
                 R"("rooms":["general"],"cursor":"ab-7"})"
                 "\n");
    out.clear();
    append_error(out, {"43", true, "too_long", "text exceeds 65536 bytes"});
    append_error(out, {"", false, "bad_json", "no"});
    append_bye(out, "eof");
    CHECK(out == R"({"v":1,"type":"error","ref":"43","code":"too_long",)"
                 R"("message":"text exceeds 65536 bytes"})"
                 "\n"
                 R"({"v":1,"type":"error","code":"bad_json","message":"no"})"
                 "\n"
                 R"({"v":1,"type":"bye","reason":"eof"})"
                 "\n");
}

std::string words_of(const std::vector<std::string>& told) {
    std::string all;
    for (const auto& word : told) all += (all.empty() ? "" : " ") + word;
    return all;
}

// What a program is told, by the id of a message and its cursor, or by the type of an event.
struct Queue {
    JsonQueue queue{[this](const controller::Event& event, const std::string& cursor) {
        const auto* message = std::get_if<Message>(&event);
        told.push_back(message == nullptr ? "event" : message->id + '@' + cursor);
    }};
    std::vector<std::string> told;

    void hear(const std::string& id) {
        Message message;
        message.id = id;
        queue.push(message);
    }
};

TEST_CASE("messages are told in order of arrival, other events after what came before them") {
    Queue queue;
    queue.queue.push(PeerUp{});
    queue.hear("a");
    queue.queue.push(PeerUp{});
    queue.hear("b");
    CHECK(words_of(queue.told) == "event");

    queue.queue.placed("b", "7");
    CHECK(words_of(queue.told) == "event b@7");

    queue.queue.placed("a", "8");
    CHECK(words_of(queue.told) == "event b@7 a@8 event");
}

TEST_CASE("a message that will be on no disk is told as it is, and once") {
    Queue queue;
    queue.hear("a");
    queue.queue.placed("a", "");
    queue.hear("b");
    queue.queue.push(PeerUp{});
    queue.queue.release();
    queue.queue.placed("b", "9");

    CHECK(words_of(queue.told) == "a@ b@ event");
}

TEST_CASE("a disk that does not answer delays a bounded number of messages") {
    Queue queue;
    for (std::size_t n = 0; n <= limits::unplaced_lines_max; ++n) queue.hear(std::to_string(n));

    CHECK(words_of(queue.told) == "0@");
}

TEST_CASE("what waits for the disk is told before the end") {
    Stage stage;
    const std::string& told = stage.out;
    JsonFace face{stage.surface()};
    Message message;
    message.id = "a1b2:7";
    message.text = "hi";

    face.hear(message);
    CHECK(told.empty());
    face.bye("eof");

    CHECK(told.find(R"("text":"hi")") < told.find(R"("type":"bye")"));
}

TEST_CASE("another network or version is told with its address, and a peer with how its link is") {
    CHECK(written(controller::OtherNetwork{alice.address}) ==
          R"({"v":1,"type":"other_network","address":"127.0.0.1:4566"})"
          "\n");
    CHECK(written(controller::OtherVersion{alice.address}) ==
          R"({"v":1,"type":"other_version","address":"127.0.0.1:4566"})"
          "\n");
    CHECK(written(controller::OtherVersion{{alice.address.ip, 0}}) ==
          R"({"v":1,"type":"other_version","address":"127.0.0.1"})"
          "\n");
    PeerInfo peer = alice;
    peer.encrypted = true;
    CHECK(written(PeerUp{peer}).find(R"("encrypted":true)") != std::string::npos);
}

TEST_CASE("a fork is told with its author's id and exact name") {
    PeerInfo author = alice;
    author.name = "al\"ice";
    CHECK(written(Forked{author}) == R"({"v":1,"type":"forked","id":"a1b2","name":"al\"ice"})"
                                     "\n");
}

TEST_CASE("peers come and go as the interface shows") {
    const std::string peer =
        R"("peer":{"address":"127.0.0.1:4566","id":"a1b2","name":"alice","trust":"unverified",)"
        R"("legacy":false,"encrypted":false})";
    CHECK(written(PeerUp{alice}) == R"({"v":1,"type":"peer","event":"up",)" + peer + "}\n");
    CHECK(written(PeerDown{alice, DownReason::left}) ==
          R"({"v":1,"type":"peer","event":"down",)" + peer + R"(,"reason":"left"})" + "\n");
    CHECK(json::parse(written(PeerDown{alice, DownReason::lost}))["reason"] == "lost");
    CHECK(json::parse(written(PeerDown{alice, DownReason::replaced}))["reason"] == "replaced");
    CHECK(written(Undelivered{alice, 12, UndeliveredReason::slow}) ==
          R"({"v":1,"type":"undelivered",)" + peer + R"(,"lines":12,"reason":"slow"})" + "\n");
    CHECK(json::parse(written(Undelivered{alice, 1, UndeliveredReason::gone}))["reason"] == "gone");
    CHECK(json::parse(written(Undelivered{alice, 1, UndeliveredReason::too_long}))["reason"] ==
          "too_long");
}

TEST_CASE("a message is what the interface shows, with its text exact") {
    const Message message{"a1b2:7",       "ops", alice, WallTime{1'795'168'991'120},
                          "hi\n\t\"\x1b", false};

    CHECK(written(message) ==
          R"({"v":1,"type":"message","id":"a1b2:7","order":")" + std::string(112, '0') +
              R"(","room":"ops","from":{"id":"a1b2",)"
              R"("name":"alice","address":"127.0.0.1:4566","legacy":false},)"
              R"("ts":"2026-11-20T10:03:11.120Z","text":"hi\n\t\"\u001b","history":false})"
              "\n");
}

TEST_CASE("own lines say so, and a legacy peer has no id") {
    const auto own = json::parse(written(Message{"1:1", "general", alice, {}, "x", true}));
    CHECK(own["own"] == true);
    const auto legacy = json::parse(written(Message{"1:1", "general", old_one, {}, "x", false}));
    CHECK_FALSE(legacy.contains("own"));
    CHECK(legacy["from"] == json{{"id", ""},
                                 {"name", "192.168.1.7:4569"},
                                 {"address", "192.168.1.7:4569"},
                                 {"legacy", true}});
}

TEST_CASE("lines at odd times say so") {
    Message message{"1:1", "general", alice, {}, "x"};
    CHECK_FALSE(json::parse(written(message)).contains("late"));
    CHECK_FALSE(json::parse(written(message)).contains("clock_ahead"));
    message.late = message.clock_ahead = true;
    CHECK(json::parse(written(message))["late"] == true);
    CHECK(json::parse(written(message))["clock_ahead"] == true);
}

TEST_CASE("events with any text are one line that parses to what was put in") {
    std::mt19937 random(5);
    for (int round = 0; round < 5'000; ++round) {
        std::string bytes(random() % 30, '\0');
        for (char& c : bytes) c = static_cast<char>(random());
        const auto text = to_utf8(bytes);
        PeerInfo from = alice;
        from.name = text;
        const auto line = written(Message{"i", text, from, WallTime{}, text, false});
        CHECK(line.find('\n') == line.size() - 1);
        const auto parsed = json::parse(line);
        CHECK(parsed["text"] == text);
        CHECK(parsed["room"] == text);
        CHECK(parsed["from"]["name"] == text);
    }
}

JsonError refusal(std::string_view line) {
    auto parsed = parse_json_line(line);
    REQUIRE(std::holds_alternative<JsonError>(parsed));
    return std::get<JsonError>(parsed);
}

SendRequest request(std::string_view line) {
    auto parsed = parse_json_line(line);
    REQUIRE(std::holds_alternative<SendRequest>(parsed));
    return std::get<SendRequest>(parsed);
}

TEST_CASE("a send request gives text, room and ref") {
    const auto full = request(R"({"v":1,"type":"send","room":"ops","text":"a\nb ü","ref":"42"})");
    CHECK(full.text == "a\nb ü");
    CHECK(full.room == "ops");
    CHECK(full.ref == "42");
    CHECK(full.has_ref);

    const auto least = request(R"( {"text":"/quit","type":"send"} )");
    CHECK(least.text == "/quit");
    CHECK(least.room == "general");
    CHECK_FALSE(least.has_ref);
}

TEST_CASE("a line that is not a JSON object is refused as such") {
    for (const std::string line :
         {"", " ", "hello", "[]", "[1,2]", "\"text\"", "7", "null", "{", "{\"type\":", "{}{}",
          "{'a':1}", "{\"type\":\"send\",\"text\":\"\\ud800\"}", "{\"text\":1e999999}", "// {}",
          "\xFF\xFE"})
        CHECK(refusal(line).code == "bad_json");
}

TEST_CASE("each fault of a request has its code, and the ref comes back with it") {
    const auto code = [](const std::string& fields) {
        const auto error = refusal(R"({"ref":"r",)" + fields + "}");
        CHECK(error.has_ref);
        CHECK(error.ref == "r");
        CHECK_FALSE(error.message.empty());
        return error.code;
    };
    CHECK(code(R"("text":"x")") == "bad_request");
    CHECK(code(R"("type":1,"text":"x")") == "bad_request");
    CHECK(code(R"("type":"dance","text":"x")") == "unknown_type");
    CHECK(code(R"("type":"send")") == "bad_request");
    CHECK(code(R"("type":"send","text":null)") == "bad_request");
    CHECK(code(R"("type":"send","text":["x"])") == "bad_request");
    CHECK(code(R"("type":"send","text":{"text":"x"})") == "bad_request");
    CHECK(code(R"("type":"send","text":"")") == "empty");
    CHECK(code(R"("type":"send","text":"x","room":7)") == "bad_request");
    CHECK(code(R"("type":"send","text":"x","room":"")") == "bad_room");
    CHECK(code(R"("type":"send","text":"x","to":null)") == "bad_request");
    CHECK(code(R"("type":"send","text":"x","to":"")") == "bad_request");
    CHECK(code(R"("type":"send","text":"x","to":"alice","room":"den")") == "bad_request");
    CHECK(code(R"("type":"send","text":"x","v":2)") == "unsupported");
    CHECK(code(R"("type":"send","text":"x","v":"1")") == "bad_request");
    CHECK(code(R"("type":"send","text":"x","v":1.0)") == "bad_request");
    CHECK(code(R"("type":"send","text":"x","v":18446744073709551615)") == "unsupported");
}

TEST_CASE("a request with a key that is unknown, comes twice or has a wrong type is refused") {
    const std::vector<std::pair<std::string, std::string>> faults{
        {R"("peer":"bob")", "peer"},
        {R"("To":"bob")", "To"},
        {R"("txet":"x")", "text"},  // is meant
        {R"("urgent":true)", "urgent"},
        {R"("new":[{"text":"no"}])", "new"},
        {R"("":1)", "\"\""},
        {R"("to":"bob","to":"bob")", "to"},
        {R"("t\u006f":"bob","to":"eve")", "to"},
        {R"("text":"other")", "text"},
        {R"("room":"a","room":null)", "room"},
        {R"("type":"dance")", "type"},
        {R"("v":true)", "v"},
        {R"("room":{})", "room"},
        {R"("room":null)", "room"},
        {R"("to":["bob"])", "to"},
    };
    for (const auto& [fields, key] : faults)
        for (const bool first : {true, false}) {
            const std::string rest = R"("type":"send","text":"secret","ref":"r")";
            const auto error =
                refusal("{" + (first ? fields + "," + rest : rest + "," + fields) + "}");
            CHECK(error.code == "bad_request");
            CHECK(error.message.find(key) != std::string::npos);
            CHECK(error.has_ref);
            CHECK(error.ref == "r");
        }
    CHECK(refusal(R"({"type":"send","text":"x","ref":"r","ref":"s"})").ref == "r");
}

TEST_CASE("a line that is no JSON object has its ref where one can be read") {
    for (const std::string line :
         {R"({"ref":"r")", R"({"ref":"r","type":"send","text":"x" "room":"y"})",
          R"({"type":"send","text":"x","ref":"r"} y)",
          R"({"type":"send","text":"\ud800","ref":"r"})",
          R"({"type":"send","text":"a
b","ref" : "r"})",
          R"({"type":"send","text":'x',"ref":"r"})", R"({"type":"send",,"text":"x","ref":"r"})",
          R"([{"type":"send","text":"x","ref":"r"}])", R"("type":"send","text":"x","ref":"\u0072")",
          R"({"type":"send","text":"unclosed,"ref":"r"})", R"({"text":NaN,"ref":"r"})",
          R"({"type":"ref","text":"say \"ref\":\"no\"","ref":"r")"}) {
        const auto error = refusal(line);
        CHECK(error.code == "bad_json");
        CHECK(error.has_ref);
        CHECK(error.ref == "r");
    }
    for (const std::string line : {R"({"ref":5)", R"({"ref")", R"({"ref":)", R"({"ref":"r)",
                                   R"({"ref":"r\)", R"({"text":"ref",)", R"("ref":"\ud800")"})
        CHECK_FALSE(refusal(line).has_ref);
}

TEST_CASE("a ref that is no string is refused") {
    const auto error = refusal(R"({"type":"send","text":"x","ref":42})");
    CHECK(error.code == "bad_request");
    CHECK_FALSE(error.has_ref);
}

TEST_CASE("a text of the limit passes and one byte more does not") {
    const auto line = [](std::size_t bytes) {
        return R"({"type":"send","text":")" + std::string(bytes, 'x') + "\"}";
    };
    CHECK(request(line(limits::line_bytes_max)).text.size() == limits::line_bytes_max);
    const auto error = refusal(line(limits::line_bytes_max + 1));
    CHECK(error.code == "too_long");
    CHECK(error.message == "text exceeds 65536 bytes");

    const auto room = [](std::size_t bytes) {
        return R"({"type":"send","text":"x","room":")" + std::string(bytes, 'r') + "\"}";
    };
    CHECK(request(room(limits::room_bytes_max)).room.size() == limits::room_bytes_max);
    CHECK(refusal(room(limits::room_bytes_max + 1)).code == "bad_room");
}

TEST_CASE("invalid UTF-8 is replaced before it is read") {
    CHECK(request("{\"type\":\"send\",\"text\":\"a\xFF\"}").text == "a\uFFFD");
}

TEST_CASE("deep nesting costs an error and nothing more") {
    const auto bytes = limits::json_line_bytes_max;
    CHECK(refusal(std::string(bytes, '[')).code == "bad_json");
    CHECK(refusal(R"({"x":)" + std::string(bytes, '[')).message == "nested too deeply");
    CHECK(refusal(R"({"x":)" + std::string(15, '[') + std::string(15, ']') + "}").code ==
          "bad_request");
    CHECK(refusal(R"({"x":)" + std::string(16, '[') + std::string(16, ']') + "}").code ==
          "bad_json");
}

TEST_CASE("no bytes make the reader throw") {
    std::mt19937 random(6);
    const std::string seed = R"({"v":1,"type":"send","room":"ops","text":"a\u0041","ref":"42"})";
    for (int round = 0; round < 20'000; ++round) {
        auto line = seed;
        for (int change = 0; change < 3; ++change)
            line[random() % line.size()] = static_cast<char>(random());
        line.resize(random() % 4 ? line.size() : random() % line.size());
        CHECK_NOTHROW(parse_json_line(line));
    }
}

struct Face : Stage {
    JsonFace face{surface()};
};

TEST_CASE("the face says what it is sent and reports what the node refuses") {
    Face face;

    face.face.take_line(R"({"type":"send","text":"hi","room":"ops"})");
    CHECK(face.out.empty());
    CHECK(face.node.said == std::vector<std::string>{"ops|hi"});

    face.node.refusal = "be\033cause";
    face.face.take_line(R"({"type":"send","text":"no","ref":"9"})");
    face.settle();
    CHECK(json::parse(face.out) == json{{"v", 1},
                                        {"type", "error"},
                                        {"ref", "9"},
                                        {"code", "refused"},
                                        {"message", "be\033cause"}});
}

TEST_CASE("a line beyond the limit is an error object") {
    Face face;

    face.face.refuse_too_long();

    const auto error = json::parse(face.out);
    CHECK(error["code"] == "too_long");
    CHECK(error["message"] == "line exceeds 1048576 bytes");
}

}  // namespace
}  // namespace lanchat::app::app_json_test
