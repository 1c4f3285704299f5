#!/usr/bin/env bash
# Package:   libasio-dev 1:1.22.1-1 (asio, header-only, epoll reactor), Debian 12
# Behaviour: async_read_some() on a stream socket calls recv() before it waits, each time, also right
#            after a read that got less than there was room for: of 1 000 messages that come one by
#            one it makes 2 000 calls, of which 1 000 fail with EAGAIN. What it could know (its epoll
#            is edge-triggered, so nothing more is there) it uses after the end of the stream only.
#            async_wait(wait_read) and a read of one's own save that call, and cost an epoll_ctl()
#            that arms the descriptor anew for each message: 1 000 more than the other way.
# Matters:   Half of the calls of a relay of small messages are for nothing, whichever way is chosen.
# Instead:   Let several messages share a read (join what waits before it is written), and do not
#            expect async_wait to save a call.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
command -v g++ >/dev/null || { echo "g++ is missing"; exit 2; }
apt-get download -qq libasio-dev=1:1.22.1-1 >/dev/null 2>&1 || { echo "libasio-dev cannot be had"; exit 2; }
dpkg -x libasio-dev_*.deb . || exit 2
cat >try.cpp <<'P'
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <asio.hpp>
#include <cerrno>
#include <cstdio>
#include <functional>

static int reads, vain, armed;
extern "C" {
ssize_t __real_recv(int, void*, size_t, int);
int __real_epoll_ctl(int, int, int, epoll_event*);
ssize_t __wrap_recv(int fd, void* to, size_t size, int flags) {
    const ssize_t got = __real_recv(fd, to, size, flags);
    ++reads;
    vain += got < 0 && errno == EAGAIN;
    return got;
}
int __wrap_epoll_ctl(int epoll, int what, int fd, epoll_event* event) {
    armed += what == EPOLL_CTL_MOD;
    return __real_epoll_ctl(epoll, what, fd, event);
}
}

int main(int argc, char** argv) {
    const bool waits = argc > 1 && argv[1][0] == 'w';
    constexpr int messages = 1000;
    asio::io_context loop;
    asio::local::stream_protocol::socket here(loop), there(loop);
    asio::local::connect_pair(here, there);
    here.non_blocking(true);
    std::array<char, 4096> room;
    int heard = 0;
    const auto say = [&] { asio::write(there, asio::buffer("a message", 9)); };
    std::function<void()> listen;
    const auto take = [&](std::error_code error, std::size_t count) {
        if (error || count != 9) std::abort();
        if (++heard == messages) return;
        listen();
        asio::post(loop, say);  // while it waits
    };
    listen = [&] {
        if (!waits) return here.async_read_some(asio::buffer(room), take);
        here.async_wait(asio::socket_base::wait_read, [&](std::error_code error) {
            if (error) std::abort();
            const auto count = here.read_some(asio::buffer(room), error);
            take(error, count);
        });
    };
    listen();
    reads = vain = armed = 0;
    asio::post(loop, say);
    loop.run();
    std::printf("%d %d %d\n", reads, vain, armed);
}
P
g++ -std=c++17 -O1 -w -DASIO_STANDALONE -Iusr/include try.cpp -o try -pthread \
    -Wl,--wrap=recv,--wrap=epoll_ctl || exit 2
read -r reads vain armed < <(./try)
echo "asio 1.22.1, async_read_some: $reads calls of recv for 1000 messages, $vain in vain; epoll_ctl $armed times"
read -r waited_reads waited_vain waited_armed < <(./try w)
echo "asio 1.22.1, async_wait and a read: $waited_reads calls of recv, $waited_vain in vain; epoll_ctl $waited_armed times"
((vain > 900 && armed < 100 && waited_vain < 100 && waited_armed > 900))
