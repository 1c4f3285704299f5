// What the tests of the local API share: a node that is made up, its socket, commands run on it.
#pragma once

#include <doctest/doctest.h>

#include <grpcpp/grpcpp.h>
#include <sys/mman.h>
#include <unistd.h>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <chrono>
#include <filesystem>
#include <future>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "app/commands/ask.hpp"
#include "app/commands/lines.hpp"
#include "app/commands/people.hpp"
#include "app/commands/roster.hpp"
#include "app/commands/send.hpp"
#include "app/commands/transfer.hpp"
#include "app/services/api/lanchat.grpc.pb.h"
#include "app/services/api/server.hpp"
#include "app/services/api/socket.hpp"
#include "tests/unit/app_fake_node.hpp"

namespace lanchat::app {

namespace fs = std::filesystem;
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

// A node with its loop on a thread; `node` is touched by on_loop() once that runs.
class RunningNode {
  public:
    template <class Deed>
    auto on_loop(Deed deed) {
        std::packaged_task<decltype(deed(node_))()> task([&] { return deed(node_); });
        auto result = task.get_future();
        asio::post(loop_, [&task] { task(); });
        return result.get();
    }

    explicit RunningNode(const fs::path& dir) : work_(loop_.get_executor()), node_(loop_) {
        server_ = std::make_unique<api::Server>(loop_, node_);
        const auto failed = server_->start(dir);
        CAPTURE((failed ? failed->why : ""));
        REQUIRE_FALSE(failed);
        thread_ = std::thread([this] { loop_.run(); });
    }
    ~RunningNode() {
        on_loop([this](FakeNode&) { server_.reset(); });
        work_.reset();
        thread_.join();
    }
    RunningNode(const RunningNode&) = delete;
    RunningNode& operator=(const RunningNode&) = delete;

    void stop_serving() {
        on_loop([this](FakeNode&) { server_.reset(); });
    }

    // Until it is so, or the test fails.
    template <class Condition>
    void wait_until(Condition condition) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        while (!on_loop(condition)) {
            REQUIRE(std::chrono::steady_clock::now() < end);
            std::this_thread::yield();
        }
    }

  private:
    asio::io_context loop_{1};
    asio::executor_work_guard<asio::io_context::executor_type> work_;
    FakeNode node_;
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
class TypedInput {
  public:
    explicit TypedInput(const std::string& text) {
        file_ = ::memfd_create("input", 0);
        REQUIRE(::write(file_, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
        ::lseek(file_, 0, SEEK_SET);
    }
    ~TypedInput() { ::close(file_); }
    TypedInput(const TypedInput&) = delete;
    TypedInput& operator=(const TypedInput&) = delete;
    int fd() const { return file_; }

  private:
    int file_ = -1;
};

// One node in a folder, and commands that are run against it.
class Office {
  public:
    Outcome run(Question question, bool as_json = true, const std::string& input = {}) {
        const TypedInput given(input);
        std::ostringstream out;
        std::ostringstream err;
        const int exit_code =
            run_command({folder.path, as_json, std::move(question)}, given.fd(), out, err);
        return {exit_code, out.str(), err.str()};
    }

    std::unique_ptr<v1::Node::Stub> stub() const {
        return v1::Node::NewStub(grpc::CreateChannel(api::socket_address(folder.path),
                                                     grpc::InsecureChannelCredentials()));
    }

    Folder folder;
    RunningNode node{folder.path};
};

inline Send say(const std::string& text) {
    Send send;
    send.text = text;
    send.wait.timeout_ms = 10'000;
    return send;
}

inline Tail newest(std::uint32_t last) {
    Tail tail;
    tail.tail.last = last;
    return tail;
}

inline Tail after(const std::string& cursor) {
    Tail tail;
    tail.tail.since = cursor;
    return tail;
}

using Texts = std::vector<std::string>;

}  // namespace lanchat::app
