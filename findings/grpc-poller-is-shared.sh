#!/usr/bin/env bash
# Package:   libgrpc++-dev 1.51.1-3+b1 (gRPC's C++ API on its C core), Debian 12
# Behaviour: With gRPC's own choice of a poller, epoll1, a thread that waits in CompletionQueue::Next
#            of a queue on which nothing ever happens does the reading and writing for the other
#            queues of the process too: of 1 000 echoes on queues that another thread polls with
#            AsyncNext and no time to wait, it wakes some 2 500 times, and each of them comes as late
#            as that thread is scheduled. With GRPC_POLL_STRATEGY=poll it sleeps all along, and the
#            thread that polls a queue does the work of that queue.
# Matters:   Who polls a queue on a loop of their own, to spare a thread and its wake-ups, gets none
#            of that as soon as any library in the process waits in a queue of its own; and a
#            completion can come between two looks, when nobody will look again.
# Instead:   Set GRPC_POLL_STRATEGY=poll before gRPC begins, and look once more a little later.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
command -v g++ >/dev/null || { echo "g++ is missing"; exit 2; }
grpc=1.51.1-3+b1
packages=(libgrpc++-dev=$grpc libgrpc-dev=$grpc libgrpc++1.51=$grpc libgrpc29=$grpc
    libprotobuf-dev libprotobuf32 libabsl-dev libabsl20220623 libre2-9 libc-ares2)
apt-get download -qq "${packages[@]}" >/dev/null 2>&1 ||
    { echo "${packages[0]} cannot be had"; exit 2; }
for package in *.deb; do dpkg -x "$package" . || exit 2; done
cat >try.cpp <<'P'
#include <grpcpp/create_channel_posix.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/server_posix.h>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <thread>

using Then = std::function<void(bool)>;

int main() {
    constexpr int echoes = 1000;
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return 2;
    for (const int end : ends) fcntl(end, F_SETFL, O_NONBLOCK);
    grpc::ServerBuilder builder;
    grpc::AsyncGenericService service;
    builder.RegisterAsyncGenericService(&service);
    const auto theirs = builder.AddCompletionQueue();
    const auto server = builder.BuildAndStart();
    grpc::AddInsecureChannelFromFd(server.get(), ends[0]);
    grpc::CompletionQueue ours;

    grpc::CompletionQueue idle;
    long woken = 0;
    std::thread waiter([&] {
        void* tag;
        bool ok;
        while (idle.Next(&tag, &ok)) continue;
        rusage usage{};
        getrusage(RUSAGE_THREAD, &usage);
        woken = usage.ru_nvcsw;
    });

    grpc::GenericServerContext served;
    grpc::GenericServerAsyncReaderWriter answer(&served);
    grpc::ByteBuffer heard;
    Then read_there, write_there;
    read_there = [&](bool ok) { if (ok) answer.Write(heard, &write_there); };
    write_there = [&](bool ok) { heard.Clear(); if (ok) answer.Read(&heard, &read_there); };
    Then called = [&](bool) { answer.Read(&heard, &read_there); };
    service.RequestCall(&served, &answer, theirs.get(), theirs.get(), &called);

    const auto channel = grpc::CreateCustomInsecureChannelFromFd("x", ends[1], {});
    grpc::ClientContext context;
    const auto call = grpc::GenericStub(channel).PrepareCall(&context, "/a/b", &ours);
    grpc::ByteBuffer echo;
    int count = 0;
    Then read_here, started, said = [](bool) {};
    const auto say = [&] {
        const grpc::Slice slice(std::string(100, 'x'));
        call->Write(grpc::ByteBuffer(&slice, 1), &said);
    };
    read_here = [&](bool ok) {
        if (!ok || ++count == echoes) return;
        echo.Clear();
        call->Read(&echo, &read_here);
        say();
    };
    started = [&](bool) { call->Read(&echo, &read_here); say(); };
    call->StartCall(&started);

    const auto look = [](grpc::CompletionQueue& queue) {
        void* tag;
        bool ok;
        while (queue.AsyncNext(&tag, &ok, gpr_time_0(GPR_CLOCK_MONOTONIC)) ==
               grpc::CompletionQueue::GOT_EVENT)
            (*static_cast<Then*>(tag))(ok);
    };
    for (const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
         count < echoes && std::chrono::steady_clock::now() < until;) {
        look(ours);
        look(*theirs);
    }
    context.TryCancel();
    idle.Shutdown();
    waiter.join();
    std::printf("%d %ld\n", count, woken);
    std::fflush(stdout);
    _Exit(0);
}
P
libraries=$PWD/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH 2>/dev/null || echo x86_64-linux-gnu)
g++ -std=c++17 -O1 -w -Iusr/include try.cpp -o try -L"$libraries" -Wl,-rpath,"$libraries" \
    -Wl,--allow-shlib-undefined -lgrpc++ -lgrpc -lgpr -labsl_synchronization -pthread || exit 2
declare -A woken
for poller in epoll1 poll; do
    read -r count woken[$poller] < <(GRPC_POLL_STRATEGY=$poller ./try)
    [[ $count == 1000 ]] || { echo "$poller: $count of 1000 echoes"; exit 1; }
    echo "gRPC 1.51.1, $poller: a thread that waits elsewhere woke ${woken[$poller]} times for 1000 echoes"
done
((woken[epoll1] > 300 && woken[poll] < 50))
