#!/usr/bin/env bash
# Package:   libasio-dev 1:1.22.1-1 (asio, header-only, epoll reactor), Debian 12
# Behaviour: A read whose socket was seen to be readable does not hold what was there then: it calls
#            recv() when its turn comes. So it brings bytes that arrived after a handler which ran in
#            between, and that handler's post() is still behind it: of two sockets, one event each,
#            what the second handler reads was written during the first one, and what the first one
#            posted comes after. On one thread, with nothing but post() and async_read_some().
# Matters:   "I post the change and then answer; the other end can only speak after my answer, so it
#            meets the change" is false. The answer may bring the next bytes before the change is
#            made, if anything else of that connection was waiting to be read. It is rare, and
#            depends on how quick the other end is.
# Instead:   Make what the answer presupposes true before the answer is written, in the same handler;
#            post() only what may come late.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
command -v g++ >/dev/null || { echo "g++ is missing"; exit 2; }
apt-get download -qq libasio-dev=1:1.22.1-1 >/dev/null 2>&1 || { echo "libasio-dev cannot be had"; exit 2; }
dpkg -x libasio-dev_*.deb . || exit 2
cat >try.cpp <<'P'
#include <array>
#include <asio.hpp>
#include <cstdio>
#include <string>

using Socket = asio::local::stream_protocol::socket;

int main() {
    asio::io_context loop{1};
    Socket here(loop), there(loop), connection(loop), other_end(loop);
    asio::local::connect_pair(here, there);
    asio::local::connect_pair(connection, other_end);
    std::array<char, 64> signal, room;
    bool is_changed = false;
    here.async_read_some(asio::buffer(signal), [&](std::error_code, std::size_t) {
        asio::post(loop, [&] { is_changed = true; });
        asio::write(other_end, asio::buffer("late", 4));  // as if it answered to what we say here
    });
    connection.async_read_some(asio::buffer(room), [&](std::error_code, std::size_t count) {
        std::printf("%s %d\n", std::string(room.data(), count).c_str(), is_changed);
    });
    loop.poll();  // both wait
    loop.restart();
    asio::write(there, asio::buffer("!", 1));
    asio::write(other_end, asio::buffer("early ", 6));
    loop.run();
}
P
g++ -std=c++17 -O1 -w -DASIO_STANDALONE -Iusr/include try.cpp -o try -pthread || exit 2
read -r early late changed < <(./try | tr '\n' ' ') || true
echo "asio 1.22.1: one read gave: $early $late; what was posted before the second half was written had run: ${changed:-no}"
[[ $early == early && $late == late && $changed == 0 ]]
