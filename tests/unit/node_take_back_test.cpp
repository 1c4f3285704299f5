// A node takes back what it said: the text is gone from its history, and all who listen are told.
#include <doctest/doctest.h>

#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "node/node.hpp"
#include "tests/unit/node_lives.hpp"

namespace lanchat::node_take_back_test {
namespace {

using namespace std::chrono_literals;
using controller::TakenBack;

Config config() {
    Config config;
    config.name = "alice";
    config.ip = to_string(test::here);
    config.cidrs = {Cidr{test::here, 32}};
    config.ports = test::free_ports();
    config.history.enabled = false;
    return config;
}

struct Scene {
    Scene() { REQUIRE(node.start()); }

    bool refuses(const Saying& saying) {
        std::optional<bool> refused;
        node.say(saying, [&](const Result<LineId>& said) { refused = !said; });
        REQUIRE(run_until([&] { return refused.has_value(); }));
        return *refused;
    }

    template <class Done>
    bool run_until(Done is_done) {
        const auto end = std::chrono::steady_clock::now() + 20s;
        while (!is_done() && std::chrono::steady_clock::now() < end) loop.run_one_for(100ms);
        return is_done();
    }
    LineId say(Saying saying) {
        std::optional<LineId> line;
        node.say(std::move(saying), [&](const Result<LineId>& said) {
            REQUIRE(said);
            line = *said;
        });
        REQUIRE(run_until([&] { return line.has_value(); }));
        return *line;
    }
    std::optional<Failure> take_back(const LineId& line) {
        std::optional<std::optional<Failure>> answer;
        node.take_back(line, [&](const std::optional<Failure>& done) { answer = done; });
        REQUIRE(run_until([&] { return answer.has_value(); }));
        return *answer;
    }
    std::vector<store::Line> history() {
        std::optional<std::vector<store::Line>> lines;
        node.read([&](store::Store& store) {
            auto found = store.newest({}, 9);
            asio::post(loop, [&, found = std::move(found)] { lines = *found; });
        });
        REQUIRE(run_until([&] { return lines.has_value(); }));
        return *lines;
    }

    asio::io_context loop;
    std::vector<std::string> taken;
    Node node{loop, config(), [this](const Event& event) {
                  if (const auto* back = std::get_if<TakenBack>(&event)) taken.push_back(back->id);
              }};
};

TEST_CASE("a line that is taken back has no text any more, and that is told") {
    Scene scene;
    scene.say({"one"});
    const LineId line = scene.say({"secret"});
    CHECK_FALSE(scene.take_back(line));
    REQUIRE(scene.run_until([&] { return !scene.taken.empty(); }));

    CHECK(scene.taken == std::vector<std::string>{message_id(line)});
    const auto lines = scene.history();
    REQUIRE(lines.size() == 2);
    CHECK(lines[0].entry.text == "one");
    CHECK(lines[1].entry.text.empty());
    CHECK(lines[1].body == BodyState::dropped);
}

TEST_CASE("nobody takes back what is not theirs, or not there") {
    Scene scene;
    LineId line = scene.say({"one"});
    line.seq = 7;
    CHECK(scene.take_back(line)->kind == Failure::Kind::not_found);
    line.log.device = {};
    CHECK(scene.take_back(line)->kind == Failure::Kind::invalid);
    CHECK(scene.taken.empty());
}

TEST_CASE("a line is kept with what stands beside it, if that makes sense") {
    Scene scene;
    const LineId first = scene.say({"one"});
    Saying reply{"waves"};
    reply.marks.reply_to = first;
    reply.marks.via = Via{"Zoe", "irc", {7}};
    reply.marks.urgent = reply.marks.action = true;
    scene.say(reply);
    CHECK(scene.history().back().entry.marks == reply.marks);

    Saying senseless = reply;
    senseless.marks.via->through.clear();
    CHECK(scene.refuses(senseless));
    senseless = reply;
    senseless.marks.via->name.clear();
    CHECK(scene.refuses(senseless));
    senseless = reply;
    senseless.marks.reply_to->seq = 0;
    CHECK(scene.refuses(senseless));
    senseless = reply;
    senseless.marks.reply_to->log.to = first.log.device;
    CHECK(scene.refuses(senseless));
}

TEST_CASE("an id that was used says nothing else, whatever stands beside it") {
    Scene scene;
    Saying saying{"one"};
    saying.said_id = "job-7";
    saying.marks.urgent = true;
    const LineId line = scene.say(saying);
    CHECK(scene.say(saying) == line);

    saying.marks.urgent = false;
    CHECK(scene.refuses(saying));
    CHECK(scene.history().size() == 1);
}

}  // namespace
}  // namespace lanchat::node_take_back_test
