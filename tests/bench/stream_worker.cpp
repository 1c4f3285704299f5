// Bare gRPC: an asynchronous bidirectional stream of byte messages and nothing around it.
//   bench_stream role=echo|sink         serves on a free port, which it reports
//   bench_stream role=dial to=PORT,...  then commands on stdin: echo COUNT WARMUP MIN_MS MAX_MS,
//                                       say COUNT LINES_PER_MESSAGE
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <memory>
#include <sstream>
#include <thread>

#include "node/link/process.hpp"
#include "worker.hpp"

namespace lanchat::bench {
namespace {

// Tags are addresses in an array, so that a number comes back from each.
constexpr std::size_t tags_max = 64;
char tags[tags_max];

void* tag_of(std::size_t number) { return tags + number; }
std::size_t number_of(const void* tag) {
    return static_cast<std::size_t>(static_cast<const char*>(tag) - tags);
}

grpc::ByteBuffer to_buffer(std::string_view bytes) {
    const grpc::Slice slice(bytes.data(), bytes.size());
    return {&slice, 1};
}

// The one call a server takes; a single thread does everything.
class Service {
  public:
    int run(bool echoes);

  private:
    void take(const grpc::ByteBuffer& message);

    grpc::AsyncGenericService service_;
    std::unique_ptr<grpc::ServerCompletionQueue> queue_;
    grpc::GenericServerContext context_;
    grpc::GenericServerAsyncReaderWriter call_{&context_};
    Tally tally_;
};

int Service::run(bool echoes) {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterAsyncGenericService(&service_);
    queue_ = builder.AddCompletionQueue();
    const auto server = builder.BuildAndStart();
    if (!server) return 1;
    service_.RequestCall(&context_, &call_, queue_.get(), queue_.get(), tag_of(1));
    report({{"event", "ready"}, {"port", port}});
    void* tag = nullptr;
    bool ok = false;
    if (!queue_->Next(&tag, &ok) || !ok) return 1;
    grpc::ByteBuffer message;
    call_.Read(&message, tag_of(2));
    while (queue_->Next(&tag, &ok) && ok) {
        const bool is_read = tag == tag_of(2);
        if (is_read && echoes) {
            call_.Write(message, tag_of(3));
            continue;
        }
        if (is_read) take(message);
        call_.Read(&message, tag_of(2));
    }
    _exit(0);  // the caller is gone: nothing is left to be done in order
}

void Service::take(const grpc::ByteBuffer& message) {
    grpc::Slice slice;
    if (!message.DumpToSingleSlice(&slice).ok()) return;
    const std::string_view lines(reinterpret_cast<const char*>(slice.begin()), slice.size());
    for (std::size_t at = 0; at + line_bytes <= lines.size(); at += line_bytes)
        if (tally_.take(lines.substr(at, line_bytes))) report(tally_.result());
}

class Client {
  public:
    int run(const std::string& ports);

  private:
    struct Stream {
        grpc::ClientContext context;
        std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call;
        std::uint64_t said = 0;
    };

    void dial(const std::string& port);
    void obey(const std::string& command);
    void measure_echo(EchoPlan plan);
    void say(std::uint64_t count, std::size_t at_once);
    bool write_next(std::size_t stream, std::uint64_t count, std::size_t at_once);
    std::size_t next();

    grpc::CompletionQueue queue_;
    std::vector<std::shared_ptr<grpc::Channel>> channels_;
    std::vector<std::unique_ptr<Stream>> streams_;
    std::string bytes_;
};

int Client::run(const std::string& ports) {
    std::istringstream in(ports);
    for (std::string port; std::getline(in, port, ',') && streams_.size() < tags_max;) dial(port);
    report({{"event", "ready"}});
    for (std::string command; std::getline(std::cin, command);) obey(command);
    _exit(0);
}

std::size_t Client::next() {
    void* tag = nullptr;
    bool ok = false;
    if (!queue_.Next(&tag, &ok) || !ok) _exit(1);
    return number_of(tag);
}

void Client::dial(const std::string& port) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    channels_.push_back(grpc::CreateCustomChannel("127.0.0.1:" + port,
                                                  grpc::InsecureChannelCredentials(), arguments));
    auto stream = std::make_unique<Stream>();
    stream->call = grpc::GenericStub(channels_.back())
                       .PrepareCall(&stream->context, "/message.Chat/NewNode", &queue_);
    stream->call->StartCall(tag_of(1));
    next();
    streams_.push_back(std::move(stream));
}

void Client::obey(const std::string& command) {
    std::istringstream in(command);
    std::string verb;
    in >> verb;
    EchoPlan plan;
    std::uint64_t count = 0;
    std::size_t at_once = 1;
    if (verb == "echo" && in >> plan.count >> plan.warmup >> plan.pause_ms_min >> plan.pause_ms_max)
        measure_echo(plan);
    if (verb == "say" && in >> count >> at_once) say(count, at_once);
}

void Client::measure_echo(EchoPlan plan) {
    EchoSamples samples(plan);
    auto& call = *streams_.front()->call;
    const std::string line = numbered_line(0, false);
    grpc::ByteBuffer answer;
    while (!samples.done()) {
        call.Read(&answer, tag_of(2));
        if (const int pause = samples.pause_ms())
            std::this_thread::sleep_for(std::chrono::milliseconds(pause));
        samples.began();
        call.Write(to_buffer(line), tag_of(3));
        // The answer may be here before the write is reported.
        for (int left = 2; left > 0; --left)
            if (next() == 2) samples.ended();
    }
    report(samples.result());
}

bool Client::write_next(std::size_t stream, std::uint64_t count, std::size_t at_once) {
    auto& to = *streams_[stream];
    const auto lines = std::min<std::uint64_t>(at_once, count - to.said);
    if (lines == 0) return false;
    for (std::size_t i = 0; i < lines; ++i, ++to.said)
        write_line(bytes_.data() + i * line_bytes, to.said, to.said + 1 == count);
    to.call->Write(to_buffer({bytes_.data(), lines * line_bytes}), tag_of(stream));
    return true;
}

void Client::say(std::uint64_t count, std::size_t at_once) {
    const auto began = now_ns();
    bytes_.assign(at_once * line_bytes, '\0');
    std::size_t in_flight = 0;
    for (std::size_t i = 0; i < streams_.size(); ++i) {
        streams_[i]->said = 0;
        if (write_next(i, count, at_once)) ++in_flight;
    }
    while (in_flight > 0)
        if (!write_next(next(), count, at_once)) --in_flight;
    report({{"event", "said"}, {"t0", began}, {"t", now_ns()}});
}

// A server whose starter has gone must not stay.
void leave_with_stdin() {
    std::thread([] {
        for (std::string line; std::getline(std::cin, line);) {
        }
        _exit(0);
    }).detach();
}

}  // namespace
}  // namespace lanchat::bench

int main(int argc, char** argv) {
    using namespace lanchat::bench;
    lanchat::link::prepare_process();
    become_worker();
    const auto options = parse_options(argc, argv);
    const auto role = option(options, "role", "echo");
    if (role == "dial") return Client().run(option(options, "to", ""));
    leave_with_stdin();
    return Service().run(role == "echo");
}
