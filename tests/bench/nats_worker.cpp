// A client of NATS: publishes lines to a stream of JetStream on disk, or takes them from it; or
// both without a stream (flood, sink), where nothing is kept or answered.
//   bench_nats role=publish|subscribe|read|flood|sink ip=A port=P [tls=1]
// Commands of a flood on stdin: say COUNT.
#include <nats/nats.h>

#include <condition_variable>
#include <iostream>
#include <sstream>

#include "broker_worker.hpp"

namespace lanchat::bench {
namespace {

constexpr std::int64_t patience_ms = 60'000;
constexpr std::int64_t full_window_ms = 500;  // then it is looked at whether to go on

void need(natsStatus status, const char* doing) {
    if (status != NATS_OK) fail(std::string(doing) + ": " + natsStatus_GetText(status));
}

std::string_view text_of(natsMsg* message) {
    return {natsMsg_GetData(message), static_cast<std::size_t>(natsMsg_GetDataLength(message))};
}

// Everything the library makes, taken down in the right order.
class Connection {
  public:
    explicit Connection(const Options& options);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    natsConnection* connection() const { return connection_; }
    // With the stream, made if there is none.
    jsCtx* stream(jsOptions& options);
    std::uint64_t lines_kept();
    // `heard` runs on a thread of the library, for one line after another.
    void subscribe(natsMsgHandler heard, void* closure, bool from_the_beginning);
    // The same without a stream.
    void listen(natsMsgHandler heard, void* closure);

  private:
    natsConnection* connection_ = nullptr;
    jsCtx* context_ = nullptr;
    natsSubscription* subscription_ = nullptr;
};

Connection::Connection(const Options& options) {
    natsOptions* wanted = nullptr;
    const auto url =
        "nats://" + option(options, "ip", "127.0.0.1") + ':' + option(options, "port", "");
    need(natsOptions_Create(&wanted), "options");
    need(natsOptions_SetURL(wanted, url.c_str()), "address");
    need(natsOptions_SetAllowReconnect(wanted, false), "options");
    if (option(options, "tls", "0") == "1") {
        need(natsOptions_SetSecure(wanted, true), "TLS");
        need(natsOptions_SkipServerVerification(wanted, true), "TLS");  // costs nothing a line
    }
    need(natsConnection_Connect(&connection_, wanted), "connect");
    natsOptions_Destroy(wanted);
}

Connection::~Connection() {
    natsSubscription_Destroy(subscription_);
    jsCtx_Destroy(context_);
    natsConnection_Destroy(connection_);
    nats_Close();
}

jsCtx* Connection::stream(jsOptions& options) {
    need(natsConnection_JetStream(&context_, connection_, &options), "JetStream");
    const char* subjects[] = {topic};
    jsStreamConfig wanted;
    jsStreamConfig_Init(&wanted);
    wanted.Name = topic;
    wanted.Subjects = subjects;
    wanted.SubjectsLen = 1;
    wanted.Storage = js_FileStorage;
    // Of several that make it at once the server refuses some: then it is there.
    if (js_AddStream(nullptr, context_, &wanted, nullptr, nullptr) != NATS_OK) lines_kept();
    return context_;
}

std::uint64_t Connection::lines_kept() {
    jsStreamInfo* about = nullptr;
    need(js_GetStreamInfo(&about, context_, topic, nullptr, nullptr), "stream");
    const std::uint64_t lines = about->State.Msgs;
    jsStreamInfo_Destroy(about);
    return lines;
}

// The least work for the broker: a subscriber that need not acknowledge what it gets.
void Connection::subscribe(natsMsgHandler heard, void* closure, bool from_the_beginning) {
    jsSubOptions wanted;
    jsSubOptions_Init(&wanted);
    wanted.Config.AckPolicy = js_AckNone;
    wanted.Config.DeliverPolicy = from_the_beginning ? js_DeliverAll : js_DeliverNew;
    need(js_Subscribe(&subscription_, context_, topic, heard, closure, nullptr, &wanted, nullptr),
         "subscribe");
    need(natsSubscription_SetPendingLimits(subscription_, -1, -1), "subscribe");
}

void Connection::listen(natsMsgHandler heard, void* closure) {
    need(natsConnection_Subscribe(&subscription_, connection_, topic, heard, closure), "subscribe");
    need(natsSubscription_SetPendingLimits(subscription_, -1, -1), "subscribe");
    need(natsConnection_Flush(connection_), "subscribe");
}

void answered(jsCtx*, natsMsg* message, jsPubAck* answer, jsPubAckErr*, void* closure) {
    if (answer != nullptr)
        static_cast<Publishing*>(closure)->acknowledged(number_of(text_of(message)));
    natsMsg_Destroy(message);
}

void publish(Connection& broker) {
    jsCtx* stream = nullptr;
    Publishing* self = nullptr;
    Publishing publishing([&](std::uint64_t, const std::string& line) {
        const auto size = static_cast<int>(line.size());
        natsStatus status = NATS_TIMEOUT;
        while (status == NATS_TIMEOUT && !self->stopped())
            status = js_PublishAsync(stream, topic, line.data(), size, nullptr);
        return status == NATS_OK;
    });
    self = &publishing;
    jsOptions options;
    jsOptions_Init(&options);
    options.PublishAsync.MaxPending = window_lines;
    options.PublishAsync.StallWait = full_window_ms;
    options.PublishAsync.AckHandler = answered;
    options.PublishAsync.AckHandlerClosure = &publishing;
    stream = broker.stream(options);
    report({{"event", "ready"}});
    obey_commands(publishing);
    publishing.join();
    natsConnection_Close(broker.connection());
}

void heard(natsConnection*, natsSubscription*, natsMsg* message, void* closure) {
    auto& tally = *static_cast<Tally*>(closure);
    if (tally.take(text_of(message))) report(tally.result());
    natsMsg_Destroy(message);
}

void subscribe(Connection& broker) {
    Tally tally;
    jsOptions options;
    jsOptions_Init(&options);
    broker.stream(options);
    broker.subscribe(heard, &tally, false);
    report({{"event", "ready"}});
    wait_for_end_of_input();
    natsConnection_Close(broker.connection());
}

void say(Connection& broker, std::uint64_t count) {
    const auto began = now_ns();
    for (std::uint64_t n = 0; n < count; ++n) {
        const auto line = numbered_line(n, n + 1 == count);
        need(natsConnection_Publish(broker.connection(), topic, line.data(),
                                    static_cast<int>(line.size())),
             "publish");
    }
    need(natsConnection_FlushTimeout(broker.connection(), patience_ms), "publish");
    report({{"event", "said"}, {"t0", began}, {"t", now_ns()}});
}

void flood(Connection& broker) {
    report({{"event", "ready"}});
    std::string command;
    while (std::getline(std::cin, command)) {
        std::istringstream in(command);
        std::string verb;
        std::uint64_t count = 0;
        if (in >> verb >> count && verb == "say") say(broker, count);
    }
    natsConnection_Close(broker.connection());
}

void sink(Connection& broker) {
    Tally tally;
    broker.listen(heard, &tally);
    report({{"event", "ready"}});
    wait_for_end_of_input();
    natsConnection_Close(broker.connection());
}

struct Kept {
    std::mutex mutex;
    std::condition_variable complete;
    Numbers numbers;          // under mutex
    std::uint64_t count = 0;  // under mutex
    std::uint64_t awaited = 0;
};

void found(natsConnection*, natsSubscription*, natsMsg* message, void* closure) {
    auto& kept = *static_cast<Kept*>(closure);
    const std::lock_guard lock(kept.mutex);
    kept.numbers.add(number_of(text_of(message)));
    if (++kept.count == kept.awaited) kept.complete.notify_one();
    natsMsg_Destroy(message);
}

void read(Connection& broker) {
    Kept kept;
    jsOptions options;
    jsOptions_Init(&options);
    broker.stream(options);
    kept.awaited = broker.lines_kept();
    broker.subscribe(found, &kept, true);
    std::unique_lock lock(kept.mutex);
    const auto all = [&kept] { return kept.count >= kept.awaited; };
    if (!kept.complete.wait_for(lock, std::chrono::milliseconds(patience_ms), all))
        fail("the stream did not give what it says it has");
    report({{"event", "kept"}, {"numbers", kept.numbers.ranges()}});
    lock.unlock();
    natsConnection_Close(broker.connection());
}

}  // namespace
}  // namespace lanchat::bench

int main(int argc, char** argv) {
    using namespace lanchat::bench;
    become_worker();
    const auto options = parse_options(argc, argv);
    const auto role = option(options, "role", "");
    Connection broker(options);
    if (role == "publish") publish(broker);
    if (role == "subscribe") subscribe(broker);
    if (role == "read") read(broker);
    if (role == "flood") flood(broker);
    if (role == "sink") sink(broker);
    return 0;
}
