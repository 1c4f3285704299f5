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
#include "node/device_key_file.hpp"
#include "node/entropy.hpp"
#include "node/link/transport.hpp"
#include "node/memory_of_peers.hpp"
#include "node/places.hpp"
#include "node/store/disk.hpp"
#include "node/store/memory_store.hpp"
#include "node/store/sqlite_store.hpp"

namespace lanchat {
namespace {

using asio::ip::tcp;
namespace brain = controller;

Now clock_now() {
    using namespace std::chrono;
    return {time_point_cast<Duration>(steady_clock::now()),
            WallTime{duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count()}};
}

Result<std::unique_ptr<store::Store>> open_store(const std::string& data_dir) {
    if (data_dir.empty())
        return std::unique_ptr<store::Store>(std::make_unique<store::MemoryStore>(random_bits()));
    auto on_disk = store::open_or_recover(data_dir + "/history.db");
    if (!on_disk) return Failure{on_disk.why()};
    if (!on_disk->report.empty()) spdlog::warn("{}", on_disk->report);
    return std::move(on_disk->store);
}

// What a store tells a node that begins: all it holds, and where this device's last log ended.
Result<brain::RoomSettings> starting_point(store::Store& history, const DeviceId& self) {
    brain::RoomSettings known;
    const auto holdings = history.holdings();
    if (!holdings) return Failure{holdings.why()};
    for (const auto& holding : *holdings)
        known.held[holding.log] =
            brain::Held{holding.seq, holding.head, holding.seq, holding.head, holding.floor, false};
    const auto own = history.newest(store::Filter{.author = self}, 1);
    if (!own) return Failure{own.why()};
    if (own->empty()) return known;
    const Entry& last = own->front().entry;
    known.newest = last.clock;
    const auto held = known.held.find(last.log);
    if (held != known.held.end())
        known.previous = Ended{last.log.epoch, held->second.seq, held->second.head};
    return known;
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
    std::shared_ptr<const DeviceKey> key_;
    std::string id_;
    Endpoint address_;
    std::function<void()> on_room_;
    std::function<void()> on_stopped_;
    std::unique_ptr<brain::Room> room_;
    Seq said_ = 0;  // numbers lines as the room does

  private:
    std::optional<Failure> open_history();
    LogId own_log() const { return {key_->id(), Epoch{static_cast<std::uint64_t>(instance_)}}; }
    void build(const Places& places, std::uint16_t port);
    void perform(brain::Effect& effect);
    void perform_one(brain::Connect& connect) { discovery_->dial(connect.where); }
    void perform_one(brain::Dial& dial);
    void perform_one(brain::Send& send) { transport_->send(send.link, send.frame); }
    void perform_one(brain::Finish& finish) { transport_->finish(finish.link); }
    void perform_one(brain::Drop& drop) { transport_->drop(drop.link); }
    void perform_one(brain::Probe& probe);
    void perform_one(brain::Append& append) { unwritten_.push_back(std::move(append.run)); }
    void perform_one(brain::Fetch& fetch);
    void perform_one(brain::Notify& notify);
    void perform_one(brain::Stop& stop);
    void found(const Endpoint& where, tcp::socket socket);
    void post(brain::Input input);
    void write_down();
    void write_down_unsigned(const brain::Message& message);
    void written(const std::vector<RunPtr>& runs, const Result<std::vector<store::Line>>& result);
    void arm_timer();
    void offer_room();

    std::unique_ptr<link::Transport> transport_;
    std::unique_ptr<discover::Discovery> discovery_;
    std::unique_ptr<MemoryOfPeers> memory_;
    std::unique_ptr<store::Disk> disk_;
    brain::RoomSettings known_;  // from the store
    std::vector<RunPtr> unwritten_;
    std::string disk_trouble_;  // why nothing new is taken; empty: all is well
    bool disk_pauses_ = false;
    asio::steady_timer timer_;
    asio::steady_timer disk_pause_;
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
    : loop_(loop),
      config_(std::move(config)),
      listener_(std::move(listener)),
      timer_(loop),
      disk_pause_(loop) {
    config_.name = to_name(config_.name, "anonymous");
}

Result<Endpoint> Node::Body::start() {
    LANCHAT_ASSERT(room_ == nullptr);
    const auto places = find_places(config_);
    if (!places) return Failure{places.why()};
    if (const auto no = open_history()) return *no;
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

// The key and what was said before. Nothing of it is needed until the node has a port, but without
// it there is no node.
std::optional<Failure> Node::Body::open_history() {
    auto key = device_key(config_.data_dir);
    if (!key) return Failure{key.why()};
    key_ = std::move(*key);
    id_ = to_string(key_->id());
    auto opened = open_store(config_.data_dir);
    if (!opened) return Failure{opened.why()};
    auto start = starting_point(**opened, key_->id());
    if (!start) {  // Reading met damage and left a suspicion of it: opened again, it is mended.
        opened->reset();
        opened = open_store(config_.data_dir);
        if (!opened) return Failure{opened.why()};
        start = starting_point(**opened, key_->id());
    }
    if (!start) return Failure{start.why()};
    known_ = std::move(*start);
    disk_ = std::make_unique<store::Disk>(loop_.get_executor(), std::move(*opened));
    return std::nullopt;
}

void Node::Body::build(const Places& places, std::uint16_t port) {
    std::vector<Endpoint> own;
    for (const Ipv4 ip : places.listen) own.push_back({ip, port});
    known_.instance = instance_;
    known_.name = config_.name;
    known_.own = own;
    known_.legacy_peers = config_.security.legacy_peers;
    known_.seed = random_bits();
    known_.key = key_;
    room_ = std::make_unique<brain::Room>(std::move(known_), clock_now());
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
    if (!disk_trouble_.empty()) return Failure{"the line cannot be stored: " + disk_trouble_};
    if (text.empty()) return Failure{"text is empty"};
    if (!is_utf8(text)) text = to_utf8(text);
    if (text.size() > limits::line_bytes_max)
        return Failure{"text exceeds " + std::to_string(limits::line_bytes_max) + " bytes"};
    if (room.empty() || room.size() > limits::room_bytes_max || !is_utf8(room))
        return Failure{"a room name has 1 to " + std::to_string(limits::room_bytes_max) +
                       " bytes of UTF-8"};
    const Seq seq = ++said_;
    feed(brain::Say{std::move(room), std::move(text), {}});
    return message_id(own_log(), seq);
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
    write_down();
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
    const auto* message = std::get_if<brain::Message>(&notify.event);
    if (message != nullptr && message->from.legacy) write_down_unsigned(*message);
    listener_(notify.event);
}

void Node::Body::perform_one(brain::Fetch& fetch) {
    disk_->read([this, here = here_, fetch](store::Store& history) {
        auto runs =
            history.runs(fetch.log, fetch.after, limits::pull_lines_max, limits::fetch_bytes_max);
        asio::post(loop_, [this, here, fetch, runs = std::move(runs)]() mutable {
            if (!*here) return;
            if (!runs) spdlog::warn("history: {}", runs.why());
            feed(brain::Fetched{fetch.link, fetch.log,
                                runs ? std::move(*runs) : std::vector<RunPtr>{}});
        });
    });
}

// A legacy peer's line is no part of any log, but of what people want to read again.
void Node::Body::write_down_unsigned(const brain::Message& message) {
    disk_->read([message](store::Store& history) {
        const auto line =
            history.append_legacy(message.said, message.room, message.from.name, message.text);
        if (!line) spdlog::warn("history: {}", line.why());
    });
}

// What one turn of the loop brought goes to the disk together.
void Node::Body::write_down() {
    if (unwritten_.empty() || !disk_ || disk_pauses_) return;
    auto runs = std::exchange(unwritten_, {});
    disk_->append(runs, clock_now().wall,
                  [this, here = here_, runs](const Result<std::vector<store::Line>>& result) {
                      if (*here) written(runs, result);
                  });
}

// What was said is never taken back: a disk that refuses it is asked again until it takes it.
void Node::Body::written(const std::vector<RunPtr>& runs,
                         const Result<std::vector<store::Line>>& result) {
    if (result) {
        if (!std::exchange(disk_trouble_, {}).empty()) spdlog::warn("lines can be stored again");
        return feed(brain::Stored{runs});
    }
    if (disk_trouble_.empty()) spdlog::error("lines cannot be stored: {}", result.why());
    disk_trouble_ = result.why();
    unwritten_.insert(unwritten_.begin(), runs.begin(), runs.end());
    if (std::exchange(disk_pauses_, true)) return;
    disk_pause_.expires_after(std::chrono::seconds(1));
    disk_pause_.async_wait([this, here = here_](const asio::error_code& error) {
        if (error || !*here) return;
        disk_pauses_ = false;
        write_down();
    });
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
    disk_pause_.cancel();
    disk_pauses_ = false;
    write_down();
    disk_.reset();  // waits until all is on the disk
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
