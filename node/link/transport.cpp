// The gRPC server behind our front door, the channels of what we dialled, and the table of links.
#include "node/link/transport.hpp"

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <spdlog/spdlog.h>

#include <asio/post.hpp>
#include <chrono>
#include <map>
#include <set>

#include "message/hello.hpp"
#include "message/limits.hpp"
#include "message/sodium.hpp"
#include "message/text.hpp"
#include "message/wire.hpp"
#include "node/link/completions.hpp"
#include "node/link/front_door.hpp"
#include "node/link/guard.hpp"
#include "node/link/sockets.hpp"
#include "node/link/steady.hpp"
#include "node/link/stream.hpp"
#include "node/link/tolls.hpp"
#include "node/link/tunnels.hpp"

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
    set(GRPC_ARG_MAX_CONCURRENT_STREAMS, static_cast<int>(limits::calls_at_once));
    set(GRPC_ARG_MAX_METADATA_SIZE, 4096);
    set(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    set(GRPC_ARG_ENABLE_CHANNELZ, 0);
    set(GRPC_COMPRESSION_CHANNEL_ENABLED_ALGORITHMS_BITSET, 1);  // identity only
    set(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
    // Finds frozen legacy diallers; servers may ping as often as they like. The room pings peers of
    // ours before that would be due.
    set(GRPC_ARG_KEEPALIVE_TIME_MS, 4750);
    set(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 3250);
    set(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
    set(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
    set(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 1000);
    set(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 0);
    // A legacy peer's: the frame gate cuts others that say so much at once.
    builder.SetMaxReceiveMessageSize(static_cast<int>(limits::legacy_frame_bytes_max));
    grpc::ResourceQuota quota("lanchat");
    quota.Resize(std::size_t{64} * 1024 * 1024);
    builder.SetResourceQuota(quota);
}

LinkEnd end_of(Tunnel::Outcome outcome) {
    switch (outcome) {
        case Tunnel::Outcome::no_tls:
            return LinkEnd::no_tls;
        case Tunnel::Outcome::other_network:
        case Tunnel::Outcome::refused:
            return LinkEnd::other_network;
        case Tunnel::Outcome::open:
        case Tunnel::Outcome::other_version:
        case Tunnel::Outcome::broken:
            break;
    }
    return LinkEnd::broken;
}

// What we say of ourselves to whoever is to admit us.
Admission::Side introduction(const DeviceKey& key, const std::string& secret,
                             const Channel& channel) {
    Admission::Side side{channel, key.id(), secret, {}, {}, sign_presence(channel, key)};
    randombytes_buf(side.nonce.data(), side.nonce.size());
    crypto_core_ristretto255_scalar_random(side.scalar.data());
    return side;
}

}  // namespace

class Transport::Body {
  public:
    Body(asio::io_context& loop, std::shared_ptr<const DeviceKey> key, std::string secret,
         Hooks hooks);
    ~Body() { stop(); }

    Result<std::uint16_t> open(const std::vector<Ipv4>& ips, PortRange ports,
                               const std::vector<DeviceId>& members);
    Result<std::uint16_t> move(const std::vector<Ipv4>& ips, PortRange ports) {
        return front_door_.move(ips, ports);
    }
    void dial(LinkId link, asio::ip::tcp::socket socket, const Frame& greeting, bool encrypted);
    void send(LinkId link, const Frame& frame);
    void hold_legacy(bool on);
    void ask(LinkId link);
    void stop();

    struct Link {
        std::shared_ptr<Stream> stream;  // none: its tunnel is not open yet
        Guard::WatchId watch{};
        Endpoint remote;
        std::optional<Channel> channel{};  // none: not encrypted
        Tunnels::Id way{};
        bool dropped = false;
        bool is_aside = false;  // another call of a connection that has a link
        bool accepted = false;
        std::optional<bool> legacy = {};  // none: it has not greeted
    };
    Link* find(LinkId link);
    void end(LinkId link, bool at_once);

  private:
    class NextCall;
    // A connection that a call may come from.
    struct Visit {
        Guard::WatchId watch{};
        Endpoint from;
        std::optional<Channel> channel{};
        Tunnels::Id way{};
        std::string peer{};  // as gRPC names whoever calls
        bool has_called = false;
    };
    Result<bool> serve();
    void await_call();
    void call_arrived(std::unique_ptr<IncomingCall> call);
    void visitor_arrived(FrontDoor::Visitor visitor);
    void visitor_greeted(const std::shared_ptr<Visit>& visit, Tunnels::Opening opening);
    void visitor_gone(const Visit& visit);
    void tell_version(const Hash& tls_key, Endpoint where);
    void begin(LinkId link, int socket, const std::string& greeting);
    void dialled(LinkId link, const Frame& greeting, Tunnels::Opening opening);
    std::string encoded(const Link& link, const Frame& frame) const;
    Duration received(LinkId link, Frame frame);
    Duration toll(const Link& from, const Frame& frame, bool vouched);
    void ended(LinkId link, bool in_order);
    void report_lost(LinkId link);

    asio::io_context& loop_;
    std::shared_ptr<const DeviceKey> key_;
    const std::string secret_;
    Hooks hooks_;
    std::shared_ptr<Stream::Hooks> stream_hooks_ = std::make_shared<Stream::Hooks>();
    Guard guard_;
    Tolls tolls_{limits::verified_runs_per_s, limits::verified_runs_burst};
    Tolls legacy_tolls_{limits::legacy_lines_per_s, limits::legacy_lines_burst};
    bool legacy_held_ = false;
    FrontDoor front_door_;
    Tunnels tunnels_;
    std::map<std::string, std::shared_ptr<Visit>> visits_;  // by `peer`
    grpc::AsyncGenericService service_;
    std::unique_ptr<Acceptor> acceptor_;
    Completions completions_;
    std::unique_ptr<grpc::Server> server_;
    std::set<Hash> outdated_;  // TLS keys of nodes of another version that were told of
    std::map<LinkId, Link> links_;
    std::uint64_t accepted_links_ = 0;
    bool stopping_ = false;
};

// Waits for one call; lives until the queue gives it back.
class Transport::Body::NextCall : public Completion {
  public:
    explicit NextCall(Body& body) : body_(body), hooks_(body.stream_hooks_) {}

    void arrive(bool ok) override {
        const std::unique_ptr<NextCall> self(this);
        if (!hooks_->live || !ok) return;
        body_.await_call();
        body_.call_arrived(std::move(incoming));
    }

    std::unique_ptr<IncomingCall> incoming = std::make_unique<IncomingCall>();

  private:
    Body& body_;
    std::shared_ptr<const Stream::Hooks> hooks_;
};

Transport::Body::Body(asio::io_context& loop, std::shared_ptr<const DeviceKey> key,
                      std::string secret, Hooks hooks)
    : loop_(loop),
      key_(std::move(key)),
      secret_(std::move(secret)),
      hooks_(std::move(hooks)),
      front_door_(loop, guard_,
                  [this](FrontDoor::Visitor visitor) { visitor_arrived(std::move(visitor)); }),
      tunnels_(loop,
               {[key = key_, secret = secret_](const Channel& channel) {
                    return introduction(*key, secret, channel);
                },
                [this](const Endpoint& who, std::string_view why) { guard_.complain(who, why); },
                [this] { completions_.stir(); }}),
      completions_(loop) {
    if (hooks_.glimpsed)
        stream_hooks_->glimpsed = [this](LinkId link, const UnprovenRun& run) {
            const Link* from = find(link);
            if (from != nullptr && !from->is_aside) hooks_.glimpsed(link, run);
        };
    stream_hooks_->received = [this](LinkId link, Frame frame) {
        return received(link, std::move(frame));
    };
    stream_hooks_->drained = [this](LinkId link) { hooks_.drained(link); };
    stream_hooks_->answered = [this](LinkId link) { hooks_.answered(link); };
    stream_hooks_->stirred = [this] { completions_.stir(); };
    stream_hooks_->ended = [this](LinkId link, bool in_order) { ended(link, in_order); };
}

Result<std::uint16_t> Transport::Body::open(const std::vector<Ipv4>& ips, PortRange ports,
                                            const std::vector<DeviceId>& members) {
    auto port = front_door_.open(ips, ports);
    if (!port) return port;
    const auto serving = serve();
    if (!serving) return Failure{serving.why()};
    const auto digging = tunnels_.start(members);
    if (!digging) return Failure{digging.why()};
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
    completions_.begin(builder.AddCompletionQueue());
    server_ = builder.BuildAndStart();
    if (!server_) return Failure{"gRPC would not start its server"};
    for (int i = 0; i < calls_awaited; ++i) await_call();
    return true;
}

void Transport::Body::await_call() {
    auto* next = new NextCall(*this);  // owned by the queue, comes back in arrive()
    service_.RequestCall(&next->incoming->context, &next->incoming->call, completions_.queue(),
                         completions_.queue(), static_cast<Completion*>(next));
}

void Transport::Body::visitor_arrived(FrontDoor::Visitor visitor) {
    UniqueFd socket(visitor.socket.release());
    if (!visitor.tls && !secret_.empty()) return guard_.gone(visitor.watch);
    const auto visit = std::make_shared<Visit>(Visit{visitor.watch, visitor.from});
    tunnels_.open({std::move(socket), visitor.from, Passage::Role::accept,
                   std::move(visitor.first_bytes), visitor.tls},
                  {[this, hooks = stream_hooks_, visit](Tunnels::Opening opening) {
                       if (hooks->live) visitor_greeted(visit, std::move(opening));
                   },
                   [this, hooks = stream_hooks_, visit] {
                       if (hooks->live) visitor_gone(*visit);
                   }});
}

void Transport::Body::visitor_greeted(const std::shared_ptr<Visit>& visit,
                                      Tunnels::Opening opening) {
    if (opening.outcome == Tunnel::Outcome::refused)
        guard_.complain(visit->from, "does not know the passphrase");
    if (opening.outcome == Tunnel::Outcome::other_version)
        tell_version(opening.channel->peer, {visit->from.ip, 0});
    if (opening.outcome != Tunnel::Outcome::open) return guard_.gone(visit->watch);
    visit->channel = opening.channel;
    visit->way = opening.id;
    visit->peer = opening.peer;
    visits_[opening.peer] = visit;
    Acceptor::NewConnectionParameters connection;
    connection.fd = opening.inner.release();  // gRPC owns it from here on
    acceptor_->HandleNewConnection(&connection);
    completions_.stir();
}

void Transport::Body::visitor_gone(const Visit& visit) {
    guard_.gone(visit.watch);
    visits_.erase(visit.peer);
}

// Whoever dials and is dialled has one TLS key as long as its process runs.
void Transport::Body::tell_version(const Hash& tls_key, Endpoint where) {
    if (outdated_.size() < limits::outdated_told_max && outdated_.insert(tls_key).second)
        hooks_.other_version(where);
}

void Transport::Body::call_arrived(std::unique_ptr<IncomingCall> call) {
    const auto visit = visits_.find(call->context.peer());
    const bool is_known = visit != visits_.end();
    const Visit by = is_known ? *visit->second : Visit{};
    const bool wanted =
        is_known && !by.has_called && call->context.method() == method && !hooks_.full();
    if (is_known) visit->second->has_called = true;
    const LinkId id{++accepted_links_ * 2 - 1};
    auto stream = std::make_shared<AcceptedStream>(loop_, id, stream_hooks_, std::move(call));
    Link& link =
        links_.emplace(id, Link{stream, by.watch, by.from, by.channel, by.way}).first->second;
    link.is_aside = by.has_called;  // whoever is a member may ask whether we are well
    link.accepted = true;
    stream->begin();
    if (!wanted) return stream->finish();
    hooks_.accepted(id, by.from, by.channel.has_value());
}

void Transport::Body::dial(LinkId link, asio::ip::tcp::socket socket, const Frame& greeting,
                           bool encrypted) {
    asio::error_code error;
    const auto remote = socket.remote_endpoint(error);
    if (error || stopping_) return report_lost(link);
    const Endpoint to{Ipv4{remote.address().to_v4().to_uint()}, remote.port()};
    const auto watch = guard_.watch_dialled(socket.native_handle(), to);
    if (!watch) return report_lost(link);
    prepare_chat_socket(socket.native_handle());
    links_.emplace(link, Link{nullptr, *watch, to});
    tunnels_.open({UniqueFd(socket.release()), to, Passage::Role::dial, {}, encrypted},
                  {[this, hooks = stream_hooks_, link, greeting](Tunnels::Opening opening) {
                       if (hooks->live) dialled(link, greeting, std::move(opening));
                   },
                   [this, hooks = stream_hooks_, gone = *watch] {
                       if (hooks->live) guard_.gone(gone);
                   }});
}

void Transport::Body::begin(LinkId link, int socket, const std::string& greeting) {
    Link& known = *find(link);
    auto stream = std::make_shared<DialledStream>(
        loop_, link, stream_hooks_,
        DialledStream::Wire{socket, to_string(known.remote), known.channel.has_value()},
        completions_.queue(), greeting);
    known.stream = stream;
    stream->begin();
}

void Transport::Body::dialled(LinkId link, const Frame& greeting, Tunnels::Opening opening) {
    Link& known = *find(link);
    const bool is_open = opening.outcome == Tunnel::Outcome::open;
    if (is_open && !known.dropped) {
        known.channel = opening.channel;
        known.way = opening.id;
        return begin(link, opening.inner.release(), encoded(known, greeting));
    }
    if (opening.outcome == Tunnel::Outcome::other_version)
        tell_version(opening.channel->peer, known.remote);
    const LinkEnd end = known.dropped ? LinkEnd::broken : end_of(opening.outcome);
    is_open ? guard_.over(known.watch) : guard_.gone(known.watch);
    links_.erase(link);
    hooks_.lost(link, end);
}

// A hello on an encrypted connection is signed together with it.
std::string Transport::Body::encoded(const Link& link, const Frame& frame) const {
    if (!frame.hello || !link.channel) return encode(frame, key_->id());
    Frame vouched = frame;
    vouched.hello->signature = sign(*frame.hello, *link.channel, *key_);
    return encode(vouched, key_->id());
}

// Hooks never run inside a call of the owner.
void Transport::Body::report_lost(LinkId link) {
    asio::post(loop_, [this, hooks = stream_hooks_, link] {
        if (hooks->live) hooks_.lost(link, LinkEnd::broken);
    });
}

Transport::Body::Link* Transport::Body::find(LinkId link) {
    const auto it = links_.find(link);
    return it == links_.end() ? nullptr : &it->second;
}

void Transport::Body::send(LinkId link, const Frame& frame) {
    Link* to = find(link);
    if (to == nullptr || !to->stream) return;
    const std::string bytes = encoded(*to, frame);
    to->stream->send(bytes);
    tunnels_.push_out(to->way);
}

Duration Transport::Body::received(LinkId link, Frame frame) {
    Duration pause{0};
    if (Link* from = find(link)) {
        if (from->is_aside) return pause;
        const bool vouched = frame.hello && from->channel;
        if (vouched && !verify(*frame.hello, *from->channel)) {
            guard_.complain(from->remote, "is not who it says it is");
            from->stream->drop();
            return pause;
        }
        if (!from->legacy) {
            from->legacy = !frame.hello;
            guard_.greeted(from->watch);  // a stranger who makes no sense is dropped by the room
            tunnels_.admit(from->way);
        }
        from->stream->hold(*from->legacy && legacy_held_);
        pause = toll(*from, frame, vouched);
    }
    hooks_.received(link, std::move(frame));
    return pause;
}

// A legacy peer without input says lines of nothing as fast as they are taken.
Duration Transport::Body::toll(const Link& from, const Frame& frame, bool vouched) {
    const Instant now = steady_now();
    if (*from.legacy)
        return legacy_tolls_.pay(from.remote,
                                 frame.msg.empty() ? limits::legacy_lines_per_empty : 1, now);
    return tolls_.pay(
        from.remote,
        frame.runs.size() + 2 * frame.proofs.size() + frame.receipts.size() + (vouched ? 1 : 0),
        now);
}

// Who dialled us is pinged by gRPC's server, which ends the call of a program that does not answer:
// there the other host's kernel is asked.
void Transport::Body::ask(LinkId link) {
    const Link* known = find(link);
    if (known == nullptr || !known->stream) return;
    known->stream->ask();
    if (!known->accepted || !guard_.alive(known->watch)) return;
    asio::post(loop_, [this, hooks = stream_hooks_, link] {
        if (hooks->live) hooks_.answered(link);
    });
}

void Transport::Body::hold_legacy(bool on) {
    if (std::exchange(legacy_held_, on) == on) return;
    for (const auto& [id, link] : links_)
        if (link.stream && link.legacy == true) link.stream->hold(on);
}

void Transport::Body::ended(LinkId link, bool in_order) {
    const auto it = links_.find(link);
    if (it == links_.end()) return;
    const Link gone = std::move(it->second);  // the stream dies here, on the loop
    links_.erase(it);
    if (gone.is_aside) return;
    guard_.over(gone.watch);
    hooks_.lost(link, in_order ? LinkEnd::in_order : LinkEnd::broken);
}

void Transport::Body::end(LinkId link, bool at_once) {
    Link* known = find(link);
    if (known == nullptr) return;
    if (known->stream) return at_once ? known->stream->drop() : known->stream->finish();
    known->dropped = true;
    guard_.cut(known->watch);
}

void Transport::Body::stop() {
    if (std::exchange(stopping_, true)) return;
    stream_hooks_->live = false;  // handlers still in the loop's queue find nobody
    front_door_.close();
    if (!server_) return;
    tunnels_.stop();
    for (const auto& [id, link] : links_)
        if (link.stream) link.stream->drop();
    server_->Shutdown(std::chrono::system_clock::now());
    guard_.stop();
    completions_.stop();
    links_.clear();
    server_.reset();
}

Transport::Transport(asio::io_context& loop, std::shared_ptr<const DeviceKey> key,
                     std::string secret, Hooks hooks)
    : body_(std::make_unique<Body>(loop, std::move(key), std::move(secret), std::move(hooks))) {}
Transport::~Transport() = default;

Result<std::uint16_t> Transport::open(const std::vector<Ipv4>& ips, PortRange ports,
                                      const std::vector<DeviceId>& members) {
    return body_->open(ips, ports, members);
}

Result<std::uint16_t> Transport::move(const std::vector<Ipv4>& ips, PortRange ports) {
    return body_->move(ips, ports);
}

void Transport::dial(LinkId link, asio::ip::tcp::socket socket, const Frame& greeting,
                     bool encrypted) {
    body_->dial(link, std::move(socket), greeting, encrypted);
}

void Transport::send(LinkId link, const Frame& frame) { body_->send(link, frame); }

void Transport::finish(LinkId link) { body_->end(link, false); }

void Transport::drop(LinkId link) { body_->end(link, true); }

void Transport::hold_legacy(bool on) { body_->hold_legacy(on); }

void Transport::ask(LinkId link) { body_->ask(link); }

void Transport::stop() { body_->stop(); }

}  // namespace lanchat::link
