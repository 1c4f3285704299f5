// The local API: server and client over a real socket, before a node that is made up.
#include <doctest/doctest.h>

#include <grpcpp/grpcpp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "app/api/client.hpp"
#include "app/api/cursor.hpp"
#include "app/api/desk.hpp"
#include "app/api/lanchat.grpc.pb.h"
#include "app/api/server.hpp"
#include "app/api/socket.hpp"
#include "app/commands/node.hpp"
#include "message/limits.hpp"
#include "tests/unit/app_api_backend.hpp"

namespace lanchat::app {
namespace {

namespace fs = std::filesystem;
using api::Backend;
using api::FakeBackend;
using nlohmann::json;

class Folder {
  public:
    Folder() {
        std::string pattern = (fs::temp_directory_path() / "lanchat-XXXXXX").string();
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        path = pattern;
    }
    ~Folder() {
        std::error_code ignored;
        fs::remove_all(path, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    fs::path path;
};

// A node with its loop on a thread; `backend` is touched by on_loop() once that runs.
class RunningNode {
  public:
    template <class Deed>
    auto on_loop(Deed deed) {
        std::packaged_task<decltype(deed(backend_))()> task([&] { return deed(backend_); });
        auto result = task.get_future();
        asio::post(loop_, [&task] { task(); });
        return result.get();
    }

    explicit RunningNode(const fs::path& dir) : work_(loop_.get_executor()), backend_(loop_) {
        server_ = std::make_unique<api::Server>(loop_, backend_);
        const auto failed = server_->start(dir);
        CAPTURE((failed ? failed->why : ""));
        REQUIRE_FALSE(failed);
        thread_ = std::thread([this] { loop_.run(); });
    }
    ~RunningNode() {
        on_loop([this](FakeBackend&) { server_.reset(); });
        work_.reset();
        thread_.join();
    }
    RunningNode(const RunningNode&) = delete;
    RunningNode& operator=(const RunningNode&) = delete;

    // Until it is so, or the test fails.
    template <class Condition>
    void wait_until(Condition condition) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (!on_loop(condition)) {
            REQUIRE(std::chrono::steady_clock::now() < end);
            std::this_thread::yield();
        }
    }

  private:
    asio::io_context loop_{1};
    asio::executor_work_guard<asio::io_context::executor_type> work_;
    FakeBackend backend_;
    std::unique_ptr<api::Server> server_;
    std::thread thread_;
};

struct Outcome {
    int exit_code = 0;
    std::string out;
    std::string err;

    std::vector<json> objects() const {
        std::vector<json> objects;
        std::istringstream lines(out);
        for (std::string line; std::getline(lines, line);) objects.push_back(json::parse(line));
        return objects;
    }
    std::vector<std::string> texts() const {
        std::vector<std::string> texts;
        for (const auto& object : objects()) texts.push_back(object.at("text"));
        return texts;
    }
};

// A descriptor to read `text` from.
class Given {
  public:
    explicit Given(const std::string& text) {
        file_ = ::memfd_create("input", 0);
        REQUIRE(::write(file_, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
        ::lseek(file_, 0, SEEK_SET);
    }
    ~Given() { ::close(file_); }
    Given(const Given&) = delete;
    Given& operator=(const Given&) = delete;
    int fd() const { return file_; }

  private:
    int file_ = -1;
};

// One node in a folder, and commands that are run against it.
class Desk {
  public:
    Outcome run(decltype(NodeCommand::what) what, bool as_json = true,
                const std::string& input = {}) {
        const Given given(input);
        std::ostringstream out;
        std::ostringstream err;
        const int exit_code =
            run_command({folder.path, as_json, std::move(what)}, given.fd(), out, err);
        return {exit_code, out.str(), err.str()};
    }

    std::unique_ptr<v1::Node::Stub> stub() const {
        return v1::Node::NewStub(grpc::CreateChannel(api::socket_address(folder.path),
                                                     grpc::InsecureChannelCredentials()));
    }

    Folder folder;
    RunningNode node{folder.path};
};

Send say(const std::string& text) {
    Send send;
    send.text = text;
    send.wait.timeout_ms = 10'000;
    return send;
}

Tail newest(std::uint32_t last) {
    Tail tail;
    tail.tail.last = last;
    return tail;
}

Tail after(const std::string& cursor) {
    Tail tail;
    tail.tail.since = cursor;
    return tail;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("what send says is what tail shows") {
    Desk desk;

    const auto sent = desk.run(say("hello: world"), false);
    const auto seen = desk.run(newest(10), false);

    CHECK(sent.exit_code == 0);
    CHECK(sent.out.empty());
    CHECK(seen.exit_code == 0);
    CHECK(seen.out == "me: hello: world\n");
}

TEST_CASE("a message object has every field of the interface") {
    Desk desk;
    desk.node.on_loop([](FakeBackend& node) { node.hear("hi"); });

    const auto object = desk.run(newest(1)).objects().at(0);

    CHECK(object.at("v") == 1);
    CHECK(object.at("type") == "message");
    CHECK(object.at("id").get<std::string>().size() == 26);
    CHECK(object.at("cursor") == "0000000000abcdef-1");
    CHECK(object.at("order").get<std::string>().size() == 112);
    CHECK(object.at("room") == "general");
    CHECK(object.at("from").at("name") == "alice");
    CHECK(object.at("from").at("address") == "127.0.0.1:4566");
    CHECK(object.at("from").at("legacy") == false);
    CHECK(object.at("ts") == "1970-01-01T00:00:01.001Z");
    CHECK(object.at("history") == true);
    CHECK_FALSE(object.contains("own"));
}

TEST_CASE("an own line says so, and a legacy peer has no id") {
    Desk desk;
    desk.run(say("mine"));
    desk.node.on_loop([](FakeBackend& node) { node.hear_legacy("old"); });

    const auto objects = desk.run(newest(2)).objects();

    CHECK(objects.at(0).at("own") == true);
    CHECK(objects.at(1).at("from").at("legacy") == true);
    CHECK(objects.at(1).at("from").at("id") == "");
    CHECK(objects.at(1).at("from").at("address") == "127.0.0.1:4569");
}

TEST_CASE("the order string sorts lines as history does") {
    std::vector<Entry> entries(5);
    entries[1].seq = 1;
    entries[2].log.epoch = Epoch{1};
    entries[3].log.device.bytes[31] = 0xA0;
    entries[4].clock = Clock{0x1'0000'0000};

    for (const auto& a : entries) {
        for (const auto& b : entries) {
            CHECK(comes_before(a, b) == (api::order_of(a) < api::order_of(b)));
        }
    }
}

TEST_CASE("only a cursor is taken for one") {
    const api::Cursor cursor{0xFFFFFFFFFFFFFFFF, 18'446'744'073'709'551'615U};

    CHECK(api::parse_cursor(api::to_string(cursor)) == cursor);
    for (const auto* text : {"", "-", "0000000000000000", "0000000000000000-", "000000000000000g-1",
                             "0000000000000000-1x", "0000000000000000-18446744073709551616"}) {
        CHECK_FALSE(api::parse_cursor(text));
    }
}

TEST_CASE("a cursor resumes without a gap or a repeat") {
    Desk desk;
    desk.node.on_loop([](FakeBackend& node) {
        for (int i = 0; i < 600; ++i) node.hear(std::to_string(i));
    });
    const auto all = desk.run(newest(600)).objects();

    for (const std::size_t at : {0U, 255U, 256U, 598U, 599U}) {
        const auto rest = desk.run(after(all.at(at).at("cursor"))).texts();
        CHECK(rest.size() == 599 - at);
        if (!rest.empty()) CHECK(rest.front() == std::to_string(at + 1));
    }
}

TEST_CASE("a line that arrived late and is old is not among the newest, nor lost for a cursor") {
    Desk desk;
    desk.node.on_loop([](FakeBackend& node) {
        for (const auto* text : {"a", "b", "c"}) node.hear(text);
        node.hear("ancient", "general", 1);
    });

    const auto two = desk.run(newest(2));
    const auto cursor = two.objects().back().at("cursor");
    desk.node.on_loop([](FakeBackend& node) { node.hear("d"); });

    CHECK(two.texts() == Texts{"b", "c"});
    CHECK(desk.run(after(cursor)).texts() == Texts{"d"});
}

TEST_CASE("a cursor of another store gives everything again, marked history") {
    Desk desk;
    desk.node.on_loop([](FakeBackend& node) {
        node.hear("a");
        node.hear("b");
    });

    const auto again = desk.run(after("0000000000000001-2"));

    CHECK(again.texts() == Texts{"a", "b"});
    for (const auto& object : again.objects()) CHECK(object.at("history") == true);
}

TEST_CASE("a subscriber that follows hears what comes as live, but not what came late") {
    Desk desk;
    auto stub = desk.stub();
    grpc::ClientContext context;
    v1::SubscribeRequest request;
    request.set_last(10);
    request.set_follow(true);
    desk.node.on_loop([](FakeBackend& node) {
        node.hear("before");
        node.late_arrival = 3;
    });

    const auto reader = stub->Subscribe(&context, request);
    v1::Lines piece;
    REQUIRE(reader->Read(&piece));
    CHECK(piece.lines(0).history());
    std::vector<bool> history;
    for (const auto* text : {"live", "late"}) {
        desk.node.on_loop([text](FakeBackend& node) { node.hear(text); });
        REQUIRE(reader->Read(&piece));
        CHECK(piece.lines(0).text() == text);
        history.push_back(piece.lines(0).history());
    }
    context.TryCancel();

    CHECK(history == std::vector<bool>{false, true});
    desk.node.wait_until([](FakeBackend& node) { return node.listener_count() == 0; });
}

TEST_CASE("a subscriber that does not read holds back its own pages, and misses nothing") {
    Desk desk;
    const std::string text(30'000, 'x');
    constexpr std::size_t count = 4'000;
    auto stub = desk.stub();
    grpc::ClientContext context;
    v1::SubscribeRequest request;
    request.set_last(0);
    request.set_follow(true);
    const auto reader = stub->Subscribe(&context, request);
    desk.node.wait_until([](FakeBackend& node) { return node.listener_count() == 1; });

    desk.node.on_loop([&](FakeBackend& node) {
        for (std::size_t i = 0; i < count; ++i) node.hear(text);
    });
    // A call that is answered later than many pages would have been read.
    for (int i = 0; i < 50; ++i) REQUIRE(desk.run(ListRooms{}).exit_code == 0);
    const auto pages = desk.node.on_loop([](FakeBackend& node) { return node.pages_read; });
    CHECK(pages < count / api::page_lines / 2);

    std::size_t got = 0;
    v1::Lines piece;
    while (got < count && reader->Read(&piece)) got += static_cast<std::size_t>(piece.lines_size());
    context.TryCancel();
    CHECK(got == count);
}

TEST_CASE("history is in the order of all nodes, across any number of pages") {
    Desk desk;
    constexpr std::int64_t count = 1'000;
    desk.node.on_loop([](FakeBackend& node) {
        for (std::int64_t i = 0; i < count; ++i) {
            node.hear("l", "general", 1 + i * 7'919 % count);
        }
        // More at one instant than a page holds.
        for (int i = 0; i < 600; ++i) node.hear("same", "general", 5'000);
    });

    const auto all = desk.run(History{}).objects();

    REQUIRE(all.size() == 1'600);
    for (std::size_t i = 1; i < all.size(); ++i) {
        REQUIRE(all[i - 1].at("order").get<std::string>() < all[i].at("order").get<std::string>());
    }
}

TEST_CASE("history and search obey room, author, time and number") {
    Desk desk;
    desk.run(say("from me"));
    desk.node.on_loop([](FakeBackend& node) {
        node.hear("in builds", "builds", 2'000);
        node.hear("early", "general", 3'000);
        node.hear("late", "general", 4'000);
    });
    const auto texts = [&](auto change) {
        History history;
        change(history.query);
        return desk.run(history).texts();
    };
    const auto id = desk.node.on_loop([](FakeBackend& node) { return to_string(node.other()); });

    CHECK(texts([](auto& query) { query.room = "builds"; }) == Texts{"in builds"});
    CHECK(texts([](auto& query) { query.author = "me"; }) == Texts{"from me"});
    CHECK(texts([&](auto& query) { query.author = id.substr(0, 4); }).size() == 3);
    CHECK(texts([](auto& query) { query.author = "127.0.0.1:4566"; }).size() == 3);
    CHECK(texts([](auto& query) { query.since = WallTime{3'000}; }) == Texts{"early", "late"});
    CHECK(texts([](auto& query) { query.until = WallTime{2'999}; }).size() == 2);
    CHECK(texts([](auto& query) { query.count = 1; }) == Texts{"late"});
    CHECK(texts([](auto& query) { query.words = "l"; }).size() == 3);
    History unknown;
    unknown.query.author = "nobody";
    CHECK(desk.run(unknown).exit_code == 1);
}

TEST_CASE("count tells how many lines pass a filter") {
    Desk desk;
    desk.node.on_loop([](FakeBackend& node) {
        for (int i = 0; i < 700; ++i) node.hear("x", i % 7 == 0 ? "builds" : "general");
    });
    grpc::ClientContext context;
    v1::CountRequest request;
    v1::CountReply reply;
    request.mutable_filter()->set_room("builds");

    REQUIRE(desk.stub()->Count(&context, request, &reply).ok());

    CHECK(reply.lines() == 100);
}

TEST_CASE("send waits for as many as it was told, and says when they were too few") {
    Desk desk;
    desk.node.on_loop([](FakeBackend& node) { node.deliver({1, 3}); });
    auto some = say("x");
    some.wait.peers = 1;
    auto all = say("y");
    all.wait.all = true;
    all.wait.timeout_ms = 50;

    CHECK(desk.run(some).exit_code == 0);
    const auto late = desk.run(all);
    CHECK(late.exit_code == 4);
    CHECK(late.err == "lanchat: not delivered in time: delivered to 1 of 3\n");
    CHECK(late.objects().at(0).at("type") == "ack");
    CHECK(late.objects().at(1) == json{{"v", 1},
                                       {"type", "delivery"},
                                       {"id", late.objects().at(0).at("id")},
                                       {"delivered", 1},
                                       {"of", 3}});
    CHECK(desk.node.on_loop([](FakeBackend& node) { return node.watch_count(); }) == 0);

    all.wait.timeout_ms = 10'000;
    auto delivered = std::async(std::launch::async, [&] { return desk.run(all).exit_code; });
    desk.node.wait_until([](FakeBackend& node) { return node.watch_count() == 1; });
    desk.node.on_loop([](FakeBackend& node) { node.deliver({3, 3}); });
    CHECK(delivered.get() == 0);
}

TEST_CASE("a caller that leaves is no longer waited for") {
    Desk desk;
    desk.node.on_loop([](FakeBackend& node) { node.deliver({0, 1}); });
    auto stub = desk.stub();
    grpc::ClientContext context;
    v1::PublishRequest request;
    v1::PublishReply reply;
    request.set_text("x");
    request.mutable_wait()->set_all(true);

    auto answer = std::async(std::launch::async,
                             [&] { return stub->Publish(&context, request, &reply).ok(); });
    desk.node.wait_until([](FakeBackend& node) { return node.watch_count() == 1; });
    context.TryCancel();

    CHECK_FALSE(answer.get());
    desk.node.wait_until([](FakeBackend& node) { return node.watch_count() == 0; });
}

TEST_CASE("the same id says a line once") {
    Desk desk;
    auto send = say("once");
    send.said_id = "job-7";

    const auto first = desk.run(send);
    const auto second = desk.run(send);

    CHECK(first.out == second.out);
    CHECK(first.objects().at(0).at("ref") == "job-7");
    CHECK(desk.run(History{}).texts() == Texts{"once"});
}

TEST_CASE("each line of standard input is said in order, and too long ones are refused") {
    Desk desk;
    Send send;
    send.from_input = true;
    send.said_id = "n";
    std::string input;
    for (int i = 0; i < 3'000; ++i) input += std::to_string(i) + "\n";
    input += "\n" + std::string(limits::line_bytes_max + 1, 'x') + "\nlast";

    const auto sent = desk.run(send, false, input);
    const auto again = desk.run(send, false, input);
    const auto texts = desk.run(History{}).texts();

    CHECK(sent.exit_code == 1);
    CHECK(sent.err == "lanchat: a line exceeds 65536 bytes and was not sent\n");
    CHECK(again.exit_code == 1);
    REQUIRE(texts.size() == 3'001);
    for (std::size_t i = 0; i < 3'000; ++i) REQUIRE(texts[i] == std::to_string(i));
    CHECK(texts.back() == "last");
}

TEST_CASE("a refusal of the node is told and is exit 1") {
    Desk desk;
    desk.node.on_loop([](FakeBackend& node) { node.refusal = "the disk is full"; });
    Send bulk;
    bulk.from_input = true;

    const auto one = desk.run(say("x"));
    const auto many = desk.run(bulk, false, "a\nb\n");

    CHECK(one.exit_code == 1);
    CHECK(one.err == "lanchat: the disk is full\n");
    CHECK(many.exit_code == 1);
    CHECK(many.err == "lanchat: 2 lines were refused: the disk is full\n");
}

TEST_CASE("peers, rooms and status are shown for people and programs") {
    Desk desk;

    const auto peer = desk.run(ListPeers{}).objects().at(0);
    CHECK(peer.at("type") == "peer");
    CHECK(peer.at("peer").at("name") == "alice");
    CHECK(desk.run(ListPeers{}, false).out.starts_with("alice (127.0.0.1:4566)  "));
    CHECK(desk.run(ListRooms{}, false).out == "builds\ngeneral\n");
    CHECK(desk.run(ListRooms{}).objects().at(1).at("name") == "general");
    const auto status = desk.run(ShowStatus{}).objects().at(0);
    CHECK(status.at("type") == "status");
    CHECK(status.at("cursor") == "0000000000abcdef-0");
    CHECK(status.at("peers") == 1);
    CHECK(desk.run(ShowStatus{}, false).out.starts_with("name      me\n"));
}

TEST_CASE("an export is taken back whole, once, and what is not signed is refused") {
    Desk desk;
    Desk elsewhere;
    for (const auto* text : {"a", "b", "c"}) desk.run(say(text));
    desk.node.on_loop([](FakeBackend& node) { node.hear("d"); });
    const auto file = (desk.folder.path / "backup.jsonl").string();

    CHECK(desk.run(Export{Export::Format::jsonl, file}).exit_code == 0);
    CHECK(elsewhere.run(Import{file}).out == "4 new lines\n");
    CHECK(elsewhere.run(Import{file}).out == "0 new lines\n");
    const auto hash = [](const Outcome& outcome) {
        std::vector<std::string> ids;
        for (const auto& object : outcome.objects()) ids.push_back(object.at("id"));
        return ids;
    };
    CHECK(hash(desk.run(History{})) == hash(elsewhere.run(History{})));

    std::ofstream(file, std::ios::app) << desk.run(newest(1)).out << "not even JSON\n";
    const auto refused = elsewhere.run(Import{file});
    CHECK(refused.exit_code == 5);
    CHECK(refused.err == "lanchat: 2 lines were refused: they are not signed\n");
}

TEST_CASE("a forged run is refused, and the sound ones beside it are taken") {
    Desk desk;
    Desk elsewhere;
    desk.run(say("a"));
    desk.node.on_loop([](FakeBackend& node) { node.hear("b"); });
    const auto file = desk.folder.path / "backup.jsonl";
    auto runs = desk.run(Export{}).objects();
    REQUIRE(runs.size() == 2);
    runs[0]["signature"] = runs[1]["signature"];
    std::ofstream(file) << runs[0].dump() << '\n' << runs[1].dump() << '\n';

    const auto imported = elsewhere.run(Import{file.string()});

    CHECK(imported.exit_code == 5);
    CHECK(imported.out == "1 new line\n");
}

TEST_CASE("an export to read has rooms, names and no markup of others") {
    Desk desk;
    desk.node.on_loop([](FakeBackend& node) { node.hear("# <b>hi*", "builds"); });

    const auto text = desk.run(Export{Export::Format::md, {}}, false).out;

    CHECK(text.starts_with("# builds\n\n## 19"));
    CHECK(text.find("**alice**: \\# \\<b\\>hi\\*\n") != std::string::npos);
}

TEST_CASE("an attached front end says lines and hears everything") {
    Desk desk;
    auto stub = desk.stub();
    grpc::ClientContext context;
    const auto stream = stub->Attach(&context);
    v1::Happening happening;
    REQUIRE(stream->Read(&happening));
    CHECK(happening.ready().name() == "me");

    v1::Saying saying;
    saying.set_ref("42");
    saying.set_text("hello");
    REQUIRE(stream->Write(saying));
    bool acknowledged = false;
    bool shown = false;
    bool delivered = false;
    while (!(acknowledged && shown && delivered) && stream->Read(&happening)) {
        acknowledged = acknowledged || happening.ack().ref() == "42";
        shown = shown || happening.line().text() == "hello";
        delivered = delivered || happening.has_delivery();
    }
    stream->WritesDone();
    while (stream->Read(&happening)) {
    }

    CHECK((acknowledged && shown && delivered));
    CHECK(stream->Finish().ok());
    desk.node.wait_until(
        [](FakeBackend& node) { return node.listener_count() == 0 && node.watch_count() == 0; });
}

TEST_CASE("without a node every command is exit 3 and says how to start one") {
    const Folder folder;
    std::ostringstream out;
    std::ostringstream err;

    CHECK(run_command({folder.path, false, say("x")}, 0, out, err) == 3);
    CHECK(out.str().empty());
    CHECK(err.str().find("no running node in " + folder.path.string()) != std::string::npos);
    CHECK(err.str().find("start one with: lanchat") != std::string::npos);
}

TEST_CASE("the socket is the owner's alone and gone at the end") {
    const Folder folder;
    {
        const RunningNode node(folder.path);
        struct stat status {};
        REQUIRE(::stat((folder.path / api::socket_name).c_str(), &status) == 0);
        CHECK((status.st_mode & 0777) == 0600);
    }
    CHECK_FALSE(fs::exists(folder.path / api::socket_name));
}

TEST_CASE("a socket left behind is replaced, one that is served is not") {
    const Folder folder;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::ranges::copy((folder.path / api::socket_name).string(), address.sun_path);
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    REQUIRE(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    ::close(fd);

    const RunningNode node(folder.path);

    CHECK(api::is_served(folder.path));
    asio::io_context loop;
    FakeBackend backend(loop);
    const auto why = api::Server(loop, backend).start(folder.path);
    REQUIRE(why);
    CHECK(why->why.starts_with("another node serves "));
    CHECK(api::is_served(folder.path));
}

TEST_CASE("a path that no socket can have is a failure that says so") {
    const Folder folder;
    const auto deep = folder.path / std::string(100, 'x');
    fs::create_directory(deep);
    asio::io_context loop;
    FakeBackend backend(loop);

    const auto why = api::Server(loop, backend).start(deep);
    REQUIRE(why);
    CHECK(why->why.find("too long") != std::string::npos);
    std::ostringstream out;
    std::ostringstream err;
    CHECK(run_command({deep, false, ListRooms{}}, 0, out, err) == 1);
    CHECK(err.str().find("too long") != std::string::npos);
}

TEST_CASE("a folder with any name can hold the socket") {
    const Folder folder;
    const auto odd = folder.path / "a b%41?#ü";
    fs::create_directory(odd);
    const RunningNode node(odd);
    std::ostringstream out;
    std::ostringstream err;

    CHECK(run_command({odd, false, ListRooms{}}, 0, out, err) == 0);
    CHECK(out.str() == "builds\ngeneral\n");
}

TEST_CASE("the end of the node ends every call") {
    const Folder folder;
    std::optional<RunningNode> node(std::in_place, folder.path);
    Tail tail = newest(0);
    tail.tail.follow = true;
    std::ostringstream out;
    std::ostringstream err;

    auto followed = std::async(std::launch::async, [&] {
        return run_command({folder.path, false, tail}, 0, out, err);
    });
    node->wait_until([](FakeBackend& backend) { return backend.listener_count() == 1; });
    node.reset();

    CHECK(followed.get() == 1);
    CHECK(err.str() == "lanchat: the node has gone away\n");
}

}  // namespace lanchat::app
