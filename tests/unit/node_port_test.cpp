// The port of a node: listeners that come and go while they are told.
#include <doctest/doctest.h>

#include <asio/io_context.hpp>
#include <string>

#include "node/node.hpp"
#include "node/port_of_node.hpp"

namespace lanchat::node_port_test {
namespace {

using controller::OtherVersion;

// A node that was never started: what it would tell is told by hand.
struct Scene {
    NodePort::Token listen(std::function<void()> heard) {
        return port.subscribe({[] {}, [heard](const Event&) { heard(); }});
    }
    void happen() { port.hear(OtherVersion{}); }

    asio::io_context loop;
    Node node{loop, {}, [](const Event&) {}};
    PortOfNode port{loop, node};
    std::string told;
};

TEST_CASE("each listener is told, in the order in which they came") {
    Scene scene;
    scene.listen([&] { scene.told += 'a'; });
    const auto gone = scene.listen([&] { scene.told += 'b'; });
    scene.listen([&] { scene.told += 'c'; });

    scene.happen();
    scene.port.unsubscribe(gone);
    scene.happen();

    CHECK(scene.told == "abcac");
}

TEST_CASE("a listener may end its own subscription and that of the next one") {
    Scene scene;
    NodePort::Token own = 0;
    NodePort::Token next = 0;
    std::string kept = "still here";
    own = scene.port.subscribe({[] {},
                                [&, kept](const Event&) {
                                    scene.port.unsubscribe(own);
                                    scene.port.unsubscribe(next);
                                    scene.told += kept;
                                }});
    next = scene.listen([&] { scene.told += "never"; });
    scene.listen([&] { scene.told += '.'; });

    scene.happen();
    scene.happen();

    CHECK(scene.told == "still here..");
}

TEST_CASE("whoever comes while others are told hears the next event first") {
    Scene scene;
    scene.listen([&] { scene.listen([&] { scene.told += 'x'; }); });

    scene.happen();
    CHECK(scene.told.empty());
    scene.happen();
    CHECK(scene.told == "x");
}

}  // namespace
}  // namespace lanchat::node_port_test
