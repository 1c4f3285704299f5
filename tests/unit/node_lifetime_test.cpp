// Parts of a node come and go while the loop runs on: nothing of them is touched afterwards.
#include <doctest/doctest.h>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>
#include <asio/write.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <thread>

#include "node/keep/book_of_people.hpp"
#include "node/keep/memory_of_peers.hpp"
#include "node/link/front_door.hpp"
#include "tests/unit/node_lives.hpp"
#include "tests/unit/node_stores.hpp"

namespace lanchat::node_lifetime_test {

using namespace std::chrono_literals;
using asio::ip::tcp;
using test::here;
using test::rounds;
using test::run_what_is_ready;

TEST_CASE("a front door may go while somebody knocks, waits inside, or has hung up") {
    asio::io_context loop;
    const auto ports = test::free_ports();
    for (int round = 0; round < rounds(1'000); ++round) {
        link::Guard guard;
        std::optional<link::FrontDoor> door;
        door.emplace(loop, guard, [](link::FrontDoor::Visitor) {});
        const auto port = door->open({here}, ports);
        REQUIRE(port);
        door->start();
        tcp::socket knocks(loop);
        knocks.connect(test::at(*port));
        if (round % 2 == 1) run_what_is_ready(loop);  // it waits for its first bytes
        if (round % 4 == 3) asio::write(knocks, asio::buffer("PRI", 3));
        if (round % 8 >= 4) door->close();
        door.reset();
        run_what_is_ready(loop);
    }
}

TEST_CASE("timers that are due do not look at what has gone") {
    const test::Folder folder;
    asio::io_context loop;
    auto book = std::make_unique<BookOfPeople>(loop, folder.path());
    auto memory = std::make_unique<MemoryOfPeers>(loop, folder.path());
    asio::steady_timer first(loop, 1s);
    first.async_wait([&](const asio::error_code&) {
        book.reset();
        memory.reset();
    });
    book->save([] { return std::map<DeviceId, controller::Person>{}; }, false);
    memory->met({here, 4565});
    // All are due when the loop looks, so that theirs stand in the queue behind the first one.
    std::this_thread::sleep_for(3'500ms);
    loop.poll();
    CHECK(book == nullptr);
}

TEST_CASE("a book of people may go while it is asked whether it is saved") {
    const test::Folder folder;
    asio::io_context loop;
    for (int round = 0; round < rounds(1'000); ++round) {
        bool told = false;
        {
            BookOfPeople book(loop, folder.path());
            book.save([] { return std::map<DeviceId, controller::Person>{}; }, true);
            book.when_saved([&told](const auto&) { told = true; });
        }
        run_what_is_ready(loop);
        CHECK_FALSE(told);
    }
}

}  // namespace lanchat::node_lifetime_test
