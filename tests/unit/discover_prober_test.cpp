// Single probes against real sockets on loopback.
#include "discover/prober.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "discover_sockets.hpp"
#include "message/limits.hpp"

namespace discover_prober_test {

using namespace lanchat;
using namespace lanchat::testing;
using namespace std::chrono_literals;
using discover::Prober;
using discover::ProberSettings;
using discover::Purpose;
using Outcome = Prober::Outcome;

namespace {

const Ipv4 loopback{0x7F000001};

Instant now() { return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now()); }

// A prober that notes what it is told.
struct Fixture {
    struct Ending {
        Endpoint target;
        Outcome outcome;
        asio::ip::tcp::socket socket;
    };

    explicit Fixture(std::chrono::milliseconds timeout = 5s, std::vector<Ipv4> own = {loopback})
        : prober(loop, ProberSettings{{*parse_cidr("127.0.0.0/8")}, std::move(own), 500, timeout},
                 [this](const Endpoint& target, Outcome outcome, asio::ip::tcp::socket socket) {
                     endings.push_back({target, outcome, std::move(socket)});
                 }) {}

    Outcome probe(const Endpoint& target) {
        endings.clear();
        REQUIRE(prober.start(target, now()));
        REQUIRE(endings.empty());
        REQUIRE(run_until(loop, [&] { return !endings.empty(); }));
        REQUIRE(endings.size() == 1);
        REQUIRE(endings.front().target == target);
        REQUIRE(endings.front().socket.is_open() ==
                (endings.front().outcome == Outcome::connected));
        return endings.front().outcome;
    }

    asio::io_context loop;
    std::vector<Ending> endings;
    Prober prober;
};

// An own network where every connect comes from port 40000: a connect to it finds itself.
bool enter_network_with_one_port() {
    if (::unshare(CLONE_NEWNET) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return false;
    const int any = ::socket(AF_INET, SOCK_DGRAM, 0);
    ifreq request{};
    std::memcpy(request.ifr_name, "lo", sizeof "lo");
    request.ifr_flags = IFF_UP;
    const bool is_up = ::ioctl(any, SIOCSIFFLAGS, &request) == 0;
    ::close(any);
    std::FILE* range = std::fopen("/proc/sys/net/ipv4/ip_local_port_range", "w");
    if (range == nullptr) return false;
    std::fputs("40000 40000", range);
    return std::fclose(range) == 0 && is_up;
}

constexpr int as_it_should = 0;
constexpr int wrong = 1;
constexpr int cannot_test = 2;

int exit_code_of_child(int (*body)()) {
    const auto child = ::fork();
    if (child == 0) ::_exit(body());
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : wrong;
}

bool connects_to_itself() {
    const int raw = ::socket(AF_INET, SOCK_STREAM, 0);
    const auto address = to_sockaddr({loopback, 40000});
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    const bool connected = ::connect(raw, generic, sizeof address) == 0;
    const linger reset{1, 0};
    ::setsockopt(raw, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    ::close(raw);
    return connected;
}

int probe_ourselves() {
    if (!enter_network_with_one_port() || !connects_to_itself()) return cannot_test;
    asio::io_context loop;
    int refused = 0;
    int others = 0;
    Prober prober(loop, ProberSettings{{}, {}, 500, 5s},
                  [&](const Endpoint&, Outcome outcome, const asio::ip::tcp::socket&) {
                      ++(outcome == Outcome::refused ? refused : others);
                  });
    if (!prober.start({loopback, 40000}, now())) return wrong;
    run_until(loop, [&] { return refused + others > 0; });
    return refused == 1 && others == 0 ? as_it_should : wrong;
}

// The only ephemeral port is taken for this target by a first connection.
int run_out_of_ports() {
    if (!enter_network_with_one_port()) return cannot_test;
    asio::io_context loop;
    std::vector<asio::ip::tcp::socket> sockets;
    int failures = 0;
    Prober prober(loop, ProberSettings{{}, {loopback}, 500, 5s},
                  [&](const Endpoint&, Outcome outcome, asio::ip::tcp::socket socket) {
                      if (outcome != Outcome::connected) ++failures;
                      sockets.push_back(std::move(socket));
                  });
    const int acceptor = ::socket(AF_INET, SOCK_STREAM, 0);
    const Endpoint target{loopback, 50000};
    const auto address = to_sockaddr(target);
    if (::bind(acceptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(acceptor, 9) != 0 || !prober.start(target, now())) {
        return cannot_test;
    }
    if (!run_until(loop, [&] { return sockets.size() == 1; }) || failures > 0) return wrong;
    if (prober.start(target, now()) || prober.probing(target)) return wrong;
    if (*prober.earliest(target, Purpose::dial, now()) <= now()) return wrong;
    return as_it_should;
}

void check_child(int (*body)()) {
    const auto code = exit_code_of_child(body);
    if (code == cannot_test) {
        MESSAGE("skipped: this machine does not let us make a network namespace");
        return;
    }
    CHECK(code == as_it_should);
}

}  // namespace

TEST_CASE("a listener is connected to, and the socket is ready to be handed on") {
    const Listener listener;
    Fixture fixture;

    REQUIRE(fixture.probe(listener.endpoint()) == Outcome::connected);

    auto& socket = fixture.endings.front().socket;
    CHECK(socket.remote_endpoint().port() == listener.endpoint().port);
    CHECK(listener.accepted().size() == 1);
    CHECK((::fcntl(socket.native_handle(), F_GETFD) & FD_CLOEXEC) != 0);
    CHECK((::fcntl(socket.native_handle(), F_GETFL) & O_NONBLOCK) != 0);
    linger held{};
    socklen_t size = sizeof held;
    REQUIRE(::getsockopt(socket.native_handle(), SOL_SOCKET, SO_LINGER, &held, &size) == 0);
    CHECK(held.l_onoff == 0);
    CHECK(fixture.prober.in_flight() == 0);
}

TEST_CASE("a closed port refuses") {
    const BoundSocket closed;
    Fixture fixture;

    CHECK(fixture.probe(closed.endpoint()) == Outcome::refused);
}

TEST_CASE("a silent address times out after the timeout") {
    const Silent silent;
    Fixture fixture(50ms);
    const auto begin = now();

    CHECK(fixture.probe(silent.at(loopback)) == Outcome::timed_out);
    CHECK(now() - begin >= 50ms);
    CHECK(now() - begin < 60s);
}

TEST_CASE("an address without a route is unreachable") {
    Fixture fixture;

    CHECK(fixture.probe({Ipv4{0xFFFFFFFF}, 9}) == Outcome::unreachable);
}

TEST_CASE(
    "a listening address that is gone makes targets unreachable instead of waiting for ever") {
    Fixture fixture(5s, {Ipv4{0xCB007107}});  // documentation range, nobody's

    CHECK(fixture.probe({Ipv4{0xCB007108}, 9}) == Outcome::unreachable);
}

TEST_CASE("a connect comes from the listening address") {
    const Listener listener;
    Fixture fixture(5s, {Ipv4{0x7F000909}});

    REQUIRE(fixture.probe(listener.endpoint()) == Outcome::connected);

    const auto accepted = listener.accepted();
    REQUIRE(accepted.size() == 1);
    CHECK(to_string(accepted.front().ip) == "127.0.9.9");
}

TEST_CASE("an answer that came while the loop was held up still counts") {
    const Listener listener;
    Fixture fixture(0ms);

    for (int n = 0; n < 50; ++n) CHECK(fixture.probe(listener.endpoint()) == Outcome::connected);
}

TEST_CASE("probes in flight are bounded, and one that ends makes room") {
    const Silent silent;
    Fixture fixture(100ms);
    std::uint32_t started = 0;
    const auto room = [&] {
        return fixture.prober.earliest(silent.at(Ipv4{0x7F000002}), Purpose::dial, now());
    };

    while (room() && started <= limits::probes_in_flight_max) {
        REQUIRE(fixture.prober.start(silent.at(Ipv4{0x7F010000 + started}), now()));
        ++started;
    }

    CHECK(started <= limits::probes_in_flight_max);
    CHECK(fixture.prober.in_flight() == started);
    CHECK(run_until(fixture.loop, [&] { return room().has_value(); }));
    CHECK(run_until(fixture.loop, [&] { return fixture.endings.size() == started; }));
    CHECK(fixture.prober.in_flight() == 0);
}

TEST_CASE("without descriptors a probe is not begun, and can be begun later") {
    const Listener listener;
    const auto target = listener.endpoint();
    Fixture fixture;
    {
        const NoDescriptors none;
        CHECK_FALSE(fixture.prober.start(target, now()));
    }
    CHECK_FALSE(fixture.prober.probing(target));
    CHECK(fixture.endings.empty());
    CHECK(fixture.prober.earliest(target, Purpose::dial, now()).value() > now());

    CHECK(fixture.probe(target) == Outcome::connected);
}

TEST_CASE("the longer descriptors are missing the longer the prober waits, up to a second") {
    const Listener listener;
    const auto target = listener.endpoint();
    Fixture fixture;
    std::vector<Duration> waits;
    const NoDescriptors none;
    const auto begin = now();

    for (int n = 0; n < 10; ++n) {
        CHECK_FALSE(fixture.prober.start(target, begin));
        waits.push_back(*fixture.prober.earliest(target, Purpose::dial, begin) - begin);
    }

    CHECK(waits.front() == 50ms);
    CHECK(waits[1] == 100ms);
    CHECK(waits.back() == 1s);
}

TEST_CASE("a connection of the kernel to itself is nobody") { check_child(probe_ourselves); }

TEST_CASE("without ephemeral ports a probe is not begun") { check_child(run_out_of_ports); }

TEST_CASE("rate and silent neighbours delay a network probe, loopback is not counted") {
    asio::io_context loop;
    Prober prober(loop, ProberSettings{{}, {}, 1, 5s},
                  [](const Endpoint&, Outcome, const asio::ip::tcp::socket&) {});
    const Endpoint broadcast{Ipv4{0xFFFFFFFF}, 9};  // counts, but no packet leaves
    const BoundSocket closed;
    const auto begin = now();
    REQUIRE(prober.start(broadcast, begin));

    CHECK(*prober.earliest({Ipv4{0xFFFFFFFF}, 10}, Purpose::dial, begin) > begin + 900ms);
    CHECK(*prober.earliest(closed.endpoint(), Purpose::scan, begin) == begin);
}

TEST_CASE("after stop nothing is reported and nothing is left to do") {
    const Listener listener;
    const Silent silent;
    const BoundSocket closed;
    Fixture fixture(20ms);
    for (const auto& target : {listener.endpoint(), silent.at(loopback), closed.endpoint()}) {
        REQUIRE(fixture.prober.start(target, now()));
    }

    fixture.prober.stop();
    fixture.loop.run();

    CHECK(fixture.endings.empty());
    CHECK(fixture.prober.in_flight() == 0);
}

TEST_CASE("a prober may be stopped from within what it reports") {
    const Silent silent;
    asio::io_context loop;
    int reports = 0;
    Prober* itself = nullptr;
    Prober prober(loop, ProberSettings{{}, {}, 500, 10ms},
                  [&](const Endpoint&, Outcome, const asio::ip::tcp::socket&) {
                      ++reports;
                      itself->stop();
                  });
    itself = &prober;
    for (std::uint32_t n = 1; n < 20; ++n) {
        REQUIRE(prober.start(silent.at(Ipv4{0x7F000000 + n}), now()));
    }

    loop.run();

    CHECK(reports == 1);
}

}  // namespace discover_prober_test
