// The gRPC server behind our front door, the completion queue's thread, and the table of links.
#include "node/link/transport.hpp"

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <spdlog/spdlog.h>

#include <asio/post.hpp>
#include <chrono>
#include <map>
#include <thread>

#include "message/limits.hpp"
#include "message/wire.hpp"
#include "node/link/front_door.hpp"
#include "node/link/guard.hpp"
#include "node/link/sockets.hpp"
#include "node/link/stream.hpp"
#include "node/link/tolls.hpp"

namespace lanchat::link {
namespace {

using Acceptor = grpc::experimental::ExternalConnectionAcceptor;

constexpr int calls_awaited = 8;  // how many new calls may arrive before the loop looks
constexpr const char* method = "/message.Chat/NewNode";

void configure(grpc::ServerBuilder& builder) {
    const auto set = [&](const char* name, int value) { builder.AddChannelArgument(name, value); };
    set(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, 5000);
    set(GRPC_ARG_MAX_CONNECTION_IDLE_MS,
        15'000);  // proximity-chat never closes refused connections
    set(GRPC_ARG_MAX_CONCURRENT_STREAMS, 4);
    set(GRPC_ARG_MAX_METADATA_SIZE, 4096);
    set(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    set(GRPC_ARG_ENABLE_CHANNELZ, 0);
    set(GRPC_COMPRESSION_CHANNEL_ENABLED_ALGORITHMS_BITSET, 1);  // identity only
    set(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
    // Finds frozen legacy diallers; servers may ping as often as they like.
    set(GRPC_ARG_KEEPALIVE_TIME_MS, 4000);
    set(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 4000);
    set(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
    set(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
    set(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 1000);
    set(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 0);
    builder.SetMaxReceiveMessageSize(static_cast<int>(limits::frame_bytes_max));
    grpc::ResourceQuota quota("lanchat");
    quota.Resize(std::size_t{64} * 1024 * 1024);
    builder.SetResourceQuota(quota);
}

// "ipv4:127.0.0.1:4565", possibly percent-encoded by later versions: anything else is nobody.
Result<Endpoint> parse_peer(const std::string& peer) {
    constexpr std::string_view scheme = "ipv4:";
    if (!peer.starts_with(scheme)) return Failure{"not an IPv4 peer"};
    return parse_endpoint(std::string_view(peer).substr(scheme.size()));
}

}  // namespace

class Transport::Body {
  public:
    Body(asio::io_context& loop, Hooks hooks);
    ~Body() { stop(); }

    Result<std::uint16_t> open(const std::vector<Ipv4>& ips, PortRange ports);
    void dial(LinkId link, asio::ip::tcp::socket socket, const Frame& greeting);
    void send(LinkId link, const Frame& frame);
    void stop();

    struct Link {
        std::shared_ptr<Stream> stream;
        Guard::WatchId watch{};
        Endpoint remote;
    };
    Link* find(LinkId link);
    Guard& guard() { return guard_; }

  private:
    class NextCall;
    Result<bool> serve();
    void run_queue();
    void await_call();
    void call_arrived(std::unique_ptr<IncomingCall> call);
    void visitor_arrived(FrontDoor::Visitor visitor);
    Duration received(LinkId link, Frame frame, std::size_t bytes);
    void ended(LinkId link, bool in_order);
    void report_lost(LinkId link);

    asio::io_context& loop_;
    Hooks hooks_;
    std::shared_ptr<Stream::Hooks> stream_hooks_ = std::make_shared<Stream::Hooks>();
    Guard guard_;
    Tolls tolls_;
    FrontDoor front_door_;
    grpc::AsyncGenericService service_;
    std::unique_ptr<Acceptor> acceptor_;
    std::unique_ptr<grpc::ServerCompletionQueue> queue_;
    std::unique_ptr<grpc::Server> server_;
    std::thread queue_thread_;
    std::map<LinkId, Link> links_;
    std::uint64_t accepted_links_ = 0;
    bool stopping_ = false;
};

// Waits for one call; lives until the queue gives it back.
class Transport::Body::NextCall : public Completion {
  public:
    explicit NextCall(Body& body) : body_(body), hooks_(body.stream_hooks_) {}

    void arrive(bool ok) override {
        // Owned by the handler: a loop that has stopped lets it go unheard.
        asio::post(body_.loop_, [self = std::unique_ptr<NextCall>(this), ok] {
            if (!self->hooks_->live || !ok) return;
            self->body_.await_call();
            self->body_.call_arrived(std::move(self->incoming));
        });
    }

    std::unique_ptr<IncomingCall> incoming = std::make_unique<IncomingCall>();

  private:
    Body& body_;
    std::shared_ptr<const Stream::Hooks> hooks_;
};

Transport::Body::Body(asio::io_context& loop, Hooks hooks)
    : loop_(loop),
      hooks_(std::move(hooks)),
      front_door_(loop, guard_,
                  [this](FrontDoor::Visitor visitor) { visitor_arrived(std::move(visitor)); }) {
    stream_hooks_->received = [this](LinkId link, Frame frame, std::size_t bytes) {
        return received(link, std::move(frame), bytes);
    };
    stream_hooks_->drained = [this](LinkId link, std::size_t) { hooks_.drained(link); };
    stream_hooks_->ended = [this](LinkId link, bool in_order) { ended(link, in_order); };
}

Result<std::uint16_t> Transport::Body::open(const std::vector<Ipv4>& ips, PortRange ports) {
    auto port = front_door_.open(ips, ports);
    if (!port) return port;
    const auto serving = serve();
    if (!serving) return Failure{serving.why()};
    front_door_.start();
    return port;
}

Result<bool> Transport::Body::serve() {
    grpc::ServerBuilder builder;
    configure(builder);
    builder.RegisterAsyncGenericService(&service_);
    acceptor_ = builder.experimental().AddExternalConnectionAcceptor(
        grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
        grpc::InsecureServerCredentials());
    queue_ = builder.AddCompletionQueue();
    server_ = builder.BuildAndStart();
    if (!server_) return Failure{"gRPC would not start its server"};
    queue_thread_ = std::thread([this] { run_queue(); });
    for (int i = 0; i < calls_awaited; ++i) await_call();
    return true;
}

void Transport::Body::run_queue() {
    void* tag = nullptr;
    bool ok = false;
    while (queue_->Next(&tag, &ok)) static_cast<Completion*>(tag)->arrive(ok);
}

void Transport::Body::await_call() {
    auto* next = new NextCall(*this);  // owned by the queue, comes back in arrive()
    service_.RequestCall(&next->incoming->context, &next->incoming->call, queue_.get(),
                         queue_.get(), static_cast<Completion*>(next));
}

void Transport::Body::visitor_arrived(FrontDoor::Visitor visitor) {
    const grpc::Slice first(visitor.first_bytes);
    Acceptor::NewConnectionParameters connection;
    connection.read_buffer = grpc::ByteBuffer(&first, 1);
    connection.fd = visitor.socket.release();
    acceptor_->HandleNewConnection(&connection);  // gRPC owns the descriptor from here on
}

void Transport::Body::call_arrived(std::unique_ptr<IncomingCall> call) {
    const auto from = parse_peer(call->context.peer());
    const auto watch = from ? guard_.find(*from) : std::nullopt;
    const bool wanted =
        watch && guard_.another_call(*watch) && call->context.method() == method && !hooks_.full();
    const LinkId id{++accepted_links_ * 2 - 1};
    auto stream = std::make_shared<AcceptedStream>(loop_, id, stream_hooks_, std::move(call));
    links_.emplace(id, Link{stream, watch.value_or(Guard::WatchId{}), from ? *from : Endpoint{}});
    stream->begin();
    if (!wanted) return stream->finish();
    hooks_.accepted(id, *from);
}

void Transport::Body::dial(LinkId link, asio::ip::tcp::socket socket, const Frame& greeting) {
    asio::error_code error;
    const auto remote = socket.remote_endpoint(error);
    if (error || stopping_) return report_lost(link);
    const Endpoint to{Ipv4{remote.address().to_v4().to_uint()}, remote.port()};
    const auto watch = guard_.watch_dialled(socket.native_handle(), to);
    if (!watch) return report_lost(link);
    prepare_chat_socket(socket.native_handle());
    auto stream = std::make_shared<DialledStream>(loop_, link, stream_hooks_, socket.release(),
                                                  to_string(to), queue_.get(), encode(greeting));
    links_.emplace(link, Link{stream, *watch, to});
    stream->begin();
}

// Hooks never run inside a call of the owner.
void Transport::Body::report_lost(LinkId link) {
    asio::post(loop_, [this, hooks = stream_hooks_, link] {
        if (hooks->live) hooks_.lost(link, false);
    });
}

Transport::Body::Link* Transport::Body::find(LinkId link) {
    const auto it = links_.find(link);
    return it == links_.end() ? nullptr : &it->second;
}

void Transport::Body::send(LinkId link, const Frame& frame) {
    Link* to = find(link);
    if (to == nullptr) return;
    const std::string bytes = encode(frame);
    guard_.sent(to->watch, bytes.size());
    to->stream->send(bytes);
}

Duration Transport::Body::received(LinkId link, Frame frame, std::size_t bytes) {
    Duration pause{0};
    if (Link* from = find(link)) {
        guard_.greeted(from->watch);  // a stranger who makes no sense is dropped by the room
        guard_.valid_frame(from->watch, bytes);
        const auto now = std::chrono::steady_clock::now();
        pause = tolls_.pay(from->remote,
                           frame.runs.size() + 2 * frame.proofs.size() + frame.receipts.size(),
                           std::chrono::time_point_cast<Duration>(now));
    }
    hooks_.received(link, std::move(frame));
    return pause;
}

void Transport::Body::ended(LinkId link, bool in_order) {
    const auto it = links_.find(link);
    if (it == links_.end()) return;
    const Link gone = std::move(it->second);  // the stream dies here, on the loop
    links_.erase(it);
    guard_.over(gone.watch);
    hooks_.lost(link, in_order);
}

void Transport::Body::stop() {
    if (std::exchange(stopping_, true)) return;
    stream_hooks_->live = false;  // handlers still in the loop's queue find nobody
    front_door_.close();
    if (!server_) return;
    for (const auto& [id, link] : links_) link.stream->drop();
    server_->Shutdown(std::chrono::system_clock::now() + std::chrono::milliseconds(300));
    guard_.stop();
    queue_->Shutdown();
    queue_thread_.join();
    server_.reset();
}

Transport::Transport(asio::io_context& loop, Hooks hooks)
    : body_(std::make_unique<Body>(loop, std::move(hooks))) {}
Transport::~Transport() = default;

Result<std::uint16_t> Transport::open(const std::vector<Ipv4>& ips, PortRange ports) {
    return body_->open(ips, ports);
}

void Transport::dial(LinkId link, asio::ip::tcp::socket socket, const Frame& greeting) {
    body_->dial(link, std::move(socket), greeting);
}

void Transport::send(LinkId link, const Frame& frame) { body_->send(link, frame); }

void Transport::finish(LinkId link) {
    if (auto* known = body_->find(link)) known->stream->finish();
}

void Transport::drop(LinkId link) {
    if (auto* known = body_->find(link)) known->stream->drop();
}

bool Transport::alive(LinkId link) const {
    const auto* known = body_->find(link);
    return known != nullptr && body_->guard().alive(known->watch);
}

void Transport::stop() { body_->stop(); }

}  // namespace lanchat::link
