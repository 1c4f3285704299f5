// The body of a node: feeds the room with what happens and does what the room asks for.
#include "node/node.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <utility>

#include "controller/room.hpp"
#include "discover/discovery.hpp"
#include "discover/interfaces.hpp"
#include "message/assert.hpp"
#include "message/limits.hpp"
#include "message/text.hpp"
#include "node/entropy.hpp"
#include "node/link/transport.hpp"
#include "node/memory_of_peers.hpp"
#include "node/places.hpp"

namespace lanchat {
namespace {

using asio::ip::tcp;
namespace brain = controller;

Now clock_now() {
    using namespace std::chrono;
    return {time_point_cast<Duration>(steady_clock::now()),
            WallTime{duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count()}};
}

}  // namespace

class Node::Body {
  public:
    Body(asio::io_context& loop, Config config, Listener listener);
    ~Body() { stop(); }

    Result<Endpoint> start();
    Result<std::string> say(std::string text, std::string room);
    void feed(brain::Input input);
    bool has_room();
    void stop();

    asio::io_context& loop_;
    Config config_;
    Listener listener_;
    const InstanceId instance_{random_instance()};
    std::string id_ = to_string(instance_);
    Endpoint address_;
    std::function<void()> on_room_;
    std::function<void()> on_stopped_;
    std::unique_ptr<brain::Room> room_;
    Seq said_ = 0;  // numbers lines as the room does

  private:
    void build(const Places& places, std::uint16_t port);
    void perform(brain::Effect& effect);
    void perform_one(brain::Connect& connect) { discovery_->dial(connect.where); }
    void perform_one(brain::Dial& dial);
    void perform_one(brain::Send& send) { transport_->send(send.link, send.frame); }
    void perform_one(brain::Finish& finish) { transport_->finish(finish.link); }
    void perform_one(brain::Drop& drop) { transport_->drop(drop.link); }
    void perform_one(brain::Probe& probe);
    void perform_one(brain::Notify& notify);
    void perform_one(brain::Stop& stop);
    void found(const Endpoint& where, tcp::socket socket);
    void post(brain::Input input);
    void arm_timer();
    void offer_room();

    std::unique_ptr<link::Transport> transport_;
    std::unique_ptr<discover::Discovery> discovery_;
    std::unique_ptr<MemoryOfPeers> memory_;
    asio::steady_timer timer_;
    Instant armed_ = Instant::max();
    std::deque<brain::Input> inputs_;
    std::vector<brain::Effect> effects_;
    std::optional<tcp::socket> in_hand_;  // the connection that the current Sighted is about
    bool feeding_ = false;
    bool room_wanted_ = false;
    bool stopped_ = false;
    std::shared_ptr<bool> here_ = std::make_shared<bool>(true);  // for handlers that outlive us
};

Node::Body::Body(asio::io_context& loop, Config config, Listener listener)
    : loop_(loop), config_(std::move(config)), listener_(std::move(listener)), timer_(loop) {
    config_.name = to_name(config_.name, "anonymous");
}

Result<Endpoint> Node::Body::start() {
    LANCHAT_ASSERT(room_ == nullptr);
    const auto places = find_places(config_);
    if (!places) return Failure{places.why()};
    transport_ = std::make_unique<link::Transport>(
        loop_, link::Transport::Hooks{
                   [this](LinkId link, Endpoint from) {
                       feed(brain::Accepted{link, from});
                   },
                   [this](LinkId link, Frame frame) {
                       feed(brain::Received{link, std::move(frame)});
                   },
                   [this](LinkId link) { feed(brain::Drained{link}); },
                   [this](LinkId link, bool in_order) {
                       feed(brain::Lost{link, in_order ? brain::End::refused : brain::End::broken});
                   },
                   [this] { return room_->peers().full(); }});
    const auto port = transport_->open(places->listen, config_.ports);
    if (!port) return Failure{port.why()};
    address_ = Endpoint{places->listen.front(), *port};
    build(*places, *port);
    spdlog::debug("listening on {} as {}", to_string(address_), id_);
    discovery_->start();
    arm_timer();
    return address_;
}

void Node::Body::build(const Places& places, std::uint16_t port) {
    std::vector<Endpoint> own;
    for (const Ipv4 ip : places.listen) own.push_back({ip, port});
    room_ = std::make_unique<brain::Room>(
        brain::RoomSettings{instance_, config_.name, own, config_.security.legacy_peers,
                            random_bits()},
        clock_now());
    memory_ = std::make_unique<MemoryOfPeers>(loop_, config_.data_dir);
    const auto& discovery = config_.discovery;
    discovery_ = std::make_unique<discover::Discovery>(
        loop_,
        discover::Settings{places.cidrs, config_.ports, own, places.given,
                           memory_->dialable(places.cidrs, config_.ports, places.given),
                           discovery.scan, discovery.scan_rate, discovery.probe_timeout,
                           discovery.rescan, random_bits()},
        discover::Hooks{
            [this](const Endpoint& where) { return room_->wants(where, clock_now().steady); },
            [this](const Endpoint& where, tcp::socket socket) { found(where, std::move(socket)); },
            [this](const Endpoint& where) { feed(brain::Unreachable{where}); },
            [this] { feed(brain::Swept{}); }});
}

Result<std::string> Node::Body::say(std::string text, std::string room) {
    if (stopped_ || room_ == nullptr) return Failure{"the node is not running"};
    if (text.empty()) return Failure{"text is empty"};
    if (!is_utf8(text)) text = to_utf8(text);
    if (text.size() > limits::line_bytes_max)
        return Failure{"text exceeds " + std::to_string(limits::line_bytes_max) + " bytes"};
    if (room.empty() || room.size() > limits::room_bytes_max || !is_utf8(room))
        return Failure{"a room name has 1 to " + std::to_string(limits::room_bytes_max) +
                       " bytes of UTF-8"};
    const Seq seq = ++said_;
    feed(brain::Say{std::move(room), std::move(text)});
    return message_id(log_, seq);
}

// Listeners may call back into the node: what they cause waits until the effects at hand are done.
void Node::Body::feed(brain::Input input) {
    if (stopped_ || room_ == nullptr) return;
    inputs_.push_back(std::move(input));
    if (std::exchange(feeding_, true)) return;
    while (!inputs_.empty() && !stopped_) {
        const brain::Input next = std::move(inputs_.front());
        inputs_.pop_front();
        room_->step(next, clock_now(), effects_);
        auto effects = std::exchange(effects_, {});
        for (auto& effect : effects) perform(effect);
        effects.clear();
        if (effects_.empty()) effects_.swap(effects);  // keeps the allocation
    }
    feeding_ = false;
    if (stopped_) return;
    arm_timer();
    offer_room();
}

void Node::Body::perform(brain::Effect& effect) {
    std::visit([this](auto& one) { perform_one(one); }, effect);
}

void Node::Body::found(const Endpoint& where, tcp::socket socket) {
    in_hand_ = std::move(socket);
    feed(brain::Sighted{where});
    in_hand_.reset();  // not wanted after all
}

void Node::Body::perform_one(brain::Dial& dial) {
    asio::error_code error = asio::error::not_connected;
    const auto local = in_hand_ ? in_hand_->local_endpoint(error) : tcp::endpoint{};
    if (error) return post(brain::Lost{dial.link, brain::End::broken});
    Frame greeting;
    greeting.msg = to_string(Endpoint{Ipv4{local.address().to_v4().to_uint()}, address_.port});
    greeting.hello = dial.hello;
    transport_->dial(dial.link, *std::exchange(in_hand_, std::nullopt), greeting);
}

void Node::Body::perform_one(brain::Probe& probe) {
    post(brain::Probed{probe.link, transport_->alive(probe.link)});
}

void Node::Body::perform_one(brain::Notify& notify) {
    if (const auto* up = std::get_if<brain::PeerUp>(&notify.event)) {
        spdlog::debug("linked with {}", to_string(up->peer.address));
        memory_->met(up->peer.address);
    }
    if (const auto* down = std::get_if<brain::PeerDown>(&notify.event))
        spdlog::debug("no longer linked with {}", to_string(down->peer.address));
    listener_(notify.event);
}

void Node::Body::perform_one(brain::Stop&) {
    asio::post(loop_, [this, here = here_] {
        if (!*here) return;
        stop();
        if (on_stopped_) on_stopped_();
    });
}

void Node::Body::post(brain::Input input) {
    asio::post(loop_, [this, here = here_, input = std::move(input)]() mutable {
        if (*here) feed(std::move(input));
    });
}

// One timer: it is moved only when something is due earlier. Firing too early costs one look.
void Node::Body::arm_timer() {
    const auto next = room_->next_wakeup();
    if (!next || *next >= armed_) return;
    armed_ = *next;
    timer_.expires_at(armed_);
    timer_.async_wait([this](const asio::error_code& error) {
        if (error || stopped_) return;
        armed_ = Instant::max();
        const auto due = room_->next_wakeup();
        if (due && *due <= clock_now().steady) return feed(brain::Wake{});
        arm_timer();
    });
}

bool Node::Body::has_room() {
    room_wanted_ = room_ != nullptr && !room_->has_room(clock_now().steady);
    return !room_wanted_;
}

void Node::Body::offer_room() {
    if (!room_wanted_ || !room_->has_room(clock_now().steady)) return;
    room_wanted_ = false;
    if (on_room_) asio::post(loop_, on_room_);
}

void Node::Body::stop() {
    if (std::exchange(stopped_, true)) return;
    timer_.cancel();
    if (discovery_) discovery_->stop();
    if (transport_) transport_->stop();
    if (memory_) memory_->stop();
    *here_ = false;
}

Node::Node(asio::io_context& loop, Config config, Listener listener)
    : body_(std::make_unique<Body>(loop, std::move(config), std::move(listener))) {}
Node::~Node() = default;

Result<Endpoint> Node::start() { return body_->start(); }
const std::string& Node::id() const { return body_->id_; }
const std::string& Node::name() const { return body_->config_.name; }
Endpoint Node::address() const { return body_->address_; }

Result<std::string> Node::say(std::string text, std::string room) {
    return body_->say(std::move(text), std::move(room));
}

bool Node::has_room() const { return body_->has_room(); }
void Node::on_room(std::function<void()> callback) { body_->on_room_ = std::move(callback); }
void Node::receive(bool on) { body_->feed(brain::Receive{on}); }

void Node::end_of_input(std::optional<std::chrono::seconds> linger) {
    body_->feed(brain::EndOfInput{linger});
}

void Node::leave() { body_->feed(brain::Leave{}); }
void Node::on_stopped(std::function<void()> callback) { body_->on_stopped_ = std::move(callback); }

std::vector<PeerInfo> Node::peers() const {
    return body_->room_ ? body_->room_->peers().linked() : std::vector<PeerInfo>{};
}

}  // namespace lanchat
