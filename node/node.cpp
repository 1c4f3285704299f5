// How a node begins, and its public face.
#include "node/node.hpp"

#include <spdlog/spdlog.h>

#include <chrono>
#include <utility>

#include "discover/interfaces.hpp"
#include "message/assert.hpp"
#include "message/limits.hpp"
#include "message/text.hpp"
#include "node/body.hpp"
#include "node/keep/device_key_file.hpp"
#include "node/keep/entropy.hpp"
#include "node/store/memory_store.hpp"
#include "node/store/sqlite_store.hpp"

namespace lanchat {
namespace {

using asio::ip::tcp;

brain::End to_brain(link::LinkEnd end) {
    switch (end) {
        case link::LinkEnd::in_order:
            return brain::End::refused;
        case link::LinkEnd::no_tls:
            return brain::End::no_tls;
        case link::LinkEnd::other_network:
            return brain::End::other_network;
        case link::LinkEnd::broken:
            break;
    }
    return brain::End::broken;
}

Result<std::unique_ptr<store::Store>> open_store(const std::string& data_dir) {
    if (data_dir.empty())
        return std::unique_ptr<store::Store>(std::make_unique<store::MemoryStore>(random_bits()));
    auto on_disk = store::open_or_recover(data_dir + "/history.db");
    if (!on_disk) return Failure{on_disk.why()};
    if (!on_disk->report.empty()) spdlog::warn("{}", on_disk->report);
    return std::move(on_disk->store);
}

// The newest line of this device, rather one whose date can be believed: where a wrong clock had
// dated its lines too late, it said the last ones in a log that is dated right (log.md 12).
Result<std::vector<store::Line>> newest_own(store::Store& history, const DeviceId& self,
                                            bool direct_too) {
    constexpr std::chrono::milliseconds lead = limits::clock_lead_max;
    const WallTime latest{clock_now().wall.ms + lead.count()};
    store::Filter filter{
        .author = self, .until = latest, .direct_too = direct_too, .met_too = true};
    auto own = history.newest(filter, 1);
    if (!own || !own->empty()) return own;
    filter.until.reset();
    return history.newest(filter, 1);
}

// The newest line of anybody that our clock may follow: what is said next may answer it.
Result<std::vector<store::Line>> newest_believed(store::Store& history, const DeviceId& self) {
    constexpr std::chrono::milliseconds followed = limits::clock_follow_max;
    const WallTime until{clock_now().wall.ms + followed.count()};
    auto heard = history.newest({.until = until, .direct_too = true, .met_too = true}, 1);
    if (!heard || !heard->empty()) return heard;
    return newest_own(history, self, true);  // our clock may be the one that is behind
}

// What a store tells a node that begins: all it holds, and where this device's last log ended.
Result<brain::RoomSettings> starting_point(store::Store& history, const DeviceId& self) {
    brain::RoomSettings known;
    const auto own = newest_own(history, self, false);
    if (!own) return Failure{own.why()};
    const LogId last = own->empty() ? LogId{} : own->front().entry.log;
    const auto failure = history.each_holding([&](const store::Holding& holding) {
        const auto& [log, extent] = holding;
        if (!own->empty() && log == last && extent.last() > 0)
            known.previous = Ended{log.epoch, extent.last(), extent.head()};
        if (brain::may_rest(log, extent) && extent.base.after == 0) {
            known.resting.add(log, extent);
        } else {
            known.held[log] = {extent, extent, false};
        }
    });
    if (failure) return *failure;
    auto met = history.met();
    if (!met) return Failure{met.why()};
    known.met = std::move(*met);
    auto lacking = history.lacking();
    if (!lacking) return Failure{lacking.why()};
    known.lacking = std::move(*lacking);
    auto dropped = history.dropped(limits::drops_remembered);
    if (!dropped) return Failure{dropped.why()};
    known.dropped = std::move(*dropped);
    const auto newest = newest_believed(history, self);
    if (!newest) return Failure{newest.why()};
    if (!newest->empty()) known.newest = newest->front().entry.clock;
    return known;
}

// Of a closed network, as far as the store tells: those who said something, and those they met.
std::vector<DeviceId> members(const brain::RoomSettings& known) {
    std::set<DeviceId> members = known.resting.devices();
    for (const auto& [log, held] : known.held) members.insert(log.device);
    for (const Met& met : known.met) members.insert(met.who);
    return {members.begin(), members.end()};
}

std::vector<Endpoint> at_port(const std::vector<Ipv4>& addresses, std::uint16_t port) {
    std::vector<Endpoint> endpoints;
    for (const Ipv4 ip : addresses) endpoints.push_back({ip, port});
    return endpoints;
}

brain::OnKeyChange rule_of(const Config& config) {
    return config.security.on_key_change == OnKeyChange::block ? brain::OnKeyChange::block
                                                               : brain::OnKeyChange::warn;
}

}  // namespace

Node::Body::Body(asio::io_context& loop, Config config, Listener listener, OpenHistory open_history)
    : loop_(loop),
      config_(std::move(config)),
      listener_(std::move(listener)),
      open_store_(open_history ? std::move(open_history) : open_store),
      instance_(random_instance()),
      history_(loop_, config_, history_hooks()),
      timer_(loop) {
    if (!config_.history.enabled) config_.data_dir.clear();
    config_.name = to_name(config_.name, "anonymous");
}

Result<Endpoint> Node::Body::start() {
    LANCHAT_ASSERT(room_ == nullptr);
    reach_ = std::make_unique<Reach>(loop_.io(), config_,
                                     [this](const Places& places) { move(places); });
    const auto places = reach_->begin();
    if (!places) return Failure{places.why()};
    if (const auto no = open_history()) return *no;
    transport_ = std::make_unique<link::Transport>(loop_.io(), key_, secret_, link_hooks());
    const auto expected = secret_.empty() ? std::vector<DeviceId>{} : members(known_);
    const auto port = transport_->open(places->listen, config_.ports, expected);
    if (!port) return Failure{port.why()};
    address_ = Endpoint{places->listen.front(), *port};
    build(*places, *port);
    spdlog::debug("listening on {} as {}", to_string(address_), id_);
    discovery_->start();
    call(*places);
    reach_->follow();
    arm_timer();
    history_.trim();
    return address_;
}

// The key and what was said before. Nothing of it is needed until the node has a port, but without
// it there is no node.
std::optional<Failure> Node::Body::open_history() {
    auto key = device_key(config_.data_dir);
    if (!key) return Failure{key.why()};
    key_ = std::move(*key);
    id_ = to_string(key_->id());
    auto opened = open_store_(config_.data_dir);
    if (!opened) return Failure{opened.why()};
    auto start = starting_point(**opened, key_->id());
    if (!start) {  // Reading met damage and left a suspicion of it: opened again, it is mended.
        opened->reset();
        opened = open_store_(config_.data_dir);
        if (!opened) return Failure{opened.why()};
        start = starting_point(**opened, key_->id());
    }
    if (!start) return Failure{start.why()};
    known_ = std::move(*start);
    history_.begin(std::move(*opened));
    return std::nullopt;
}

void Node::Body::build(const Places& places, std::uint16_t port) {
    const auto own = at_port(places.listen, port);
    known_.instance = instance_;
    known_.name = config_.name;
    known_.own = own;
    known_.legacy_peers = config_.security.legacy_peers && secret_.empty();
    known_.tls = config_.security.tls;
    known_.closed = !secret_.empty();
    known_.seed = random_bits();
    fill_random(known_.salts);
    known_.key = key_;
    book_ = std::make_unique<BookOfPeople>(loop_.io(), config_.data_dir);
    known_.people = book_->load();
    room_ = std::make_unique<brain::Room>(std::move(known_), clock_now());
    const auto feeds = [this](auto input) { feed(std::move(input)); };
    sayings_ = std::make_unique<Sayings>(loop_, *room_, history_,
                                         Sayings::Settings{key_->id(), config_.security.tls},
                                         [this](brain::Say say) { feed_line(std::move(say)); });
    people_ = std::make_unique<KnownPeople>(
        loop_, *room_, *book_, KnownPeople::Settings{key_->id(), rule_of(config_)}, feeds);
    memory_ = std::make_unique<MemoryOfPeers>(loop_.io(), config_.data_dir);
    const auto& discovery = config_.discovery;
    discovery_ = std::make_unique<discover::Discovery>(
        loop_.io(),
        discover::Settings{places.cidrs, config_.ports, own, places.given,
                           memory_->dialable(places.cidrs, config_.ports, places.given),
                           discovery.scan, discovery.scan_rate, discovery.probe_timeout,
                           discovery.rescan, random_bits()},
        discovery_hooks());
    peers_command_ = std::make_unique<discover::PeersCommand>(loop_.io(), discovery.peers_command,
                                                              config_.ports, command_hooks());
    if (discovery.beacon)
        beacon_ = std::make_unique<discover::Beacon>(
            loop_.io(), random_bits(), [this](const Endpoint& where) { called(where); });
}

// Links are asked for life also where nothing but the cable was out.
void Node::Body::move(const Places& places) {
    if (!is_running()) return;
    const auto port = transport_->move(places.listen, config_.ports);
    if (!port) return spdlog::error("this node stays where it is: {}", port.why());
    const Endpoint address{places.listen.front(), *port};
    if (address != address_) spdlog::info("this node is at {} now", to_string(address));
    address_ = address;
    const auto own = at_port(places.listen, *port);
    discovery_->move(places.cidrs, own,
                     memory_->dialable(places.cidrs, config_.ports, places.given));
    call(places);
    feed(brain::Moved{own});
}

discover::PeersCommand::Hooks Node::Body::command_hooks() {
    return {[this](std::vector<Endpoint> named) {
                if (is_running()) discovery_->name(std::move(named));
            },
            [](const std::string& trouble) {
                spdlog::warn("discovery.peers_command: {}", displayable(trouble));
            }};
}

void Node::Body::call(const Places& places) {
    peers_command_->begin();
    if (beacon_ && !beacon_->begin(places.cards, address_.port))
        spdlog::warn("beacon: not all cards take part in multicast; others are scanned for");
}

History::Hooks Node::Body::history_hooks() {
    return {[this](brain::Input input) { feed(std::move(input)); },
            [this](const std::vector<RunPtr>& runs) { sayings_->stored(runs); },
            [this](bool on) {
                legacy_waits_ = on;
                hold_legacy();
            }};
}

link::Transport::Hooks Node::Body::link_hooks() {
    std::function<void(LinkId, const UnprovenRun&)> glimpsed;
    if (glimpses_)
        glimpsed = [this](LinkId link, const UnprovenRun& run) {
            feed(brain::Glimpsed{link, run});
        };
    return {[this](LinkId link, Endpoint from, bool encrypted) {
                if (!from.ip.is_loopback() && from.ip != address_.ip) ++links_accepted_;
                feed(brain::Accepted{link, from, encrypted});
            },
            std::move(glimpsed),
            [this](LinkId link, Frame frame) {
                feed(brain::Received{link, std::move(frame)});
            },
            [this](LinkId link) { feed(brain::Drained{link}); },
            [this](LinkId link) {
                feed(brain::Probed{link, true});
            },
            [this](LinkId link, link::LinkEnd end) {
                feed(brain::Lost{link, to_brain(end)});
            },
            [this] { return room_->peers().full(); },
            [this](Endpoint where) {
                brain::Notify told{brain::OtherVersion{where}};
                perform_one(told);
            }};
}

discover::Hooks Node::Body::discovery_hooks() {
    return {[this](const Endpoint& where) { return room_->wants(where, clock_now().steady); },
            [this](const Endpoint& where, tcp::socket socket) { found(where, std::move(socket)); },
            [this](const Endpoint& where) { feed(brain::Unreachable{where}); },
            [this] { feed(brain::Swept{}); }};
}

Node::Node(asio::io_context& loop, Config config, Listener listener, OpenHistory open_history)
    : body_(std::make_unique<Body>(loop, std::move(config), std::move(listener),
                                   std::move(open_history))) {}
Node::~Node() = default;

Result<Endpoint> Node::start() { return body_->start(); }
void Node::close_network(std::string secret) { body_->close_network(std::move(secret)); }

const std::string& Node::id() const { return body_->id(); }
const std::string& Node::name() const { return body_->name(); }
Endpoint Node::address() const { return body_->address(); }

Result<std::string> Node::say(std::string text, std::string room) {
    return body_->say(std::move(text), std::move(room));
}

void Node::say(Saying saying, WhenSaid said) { body_->say(std::move(saying), std::move(said)); }
void Node::take_back(const LineId& line, Decided done) { body_->take_back(line, std::move(done)); }
DeliveryCount Node::watch(const LineId& line) { return body_->watch(line); }

bool Node::has_room() const { return body_->has_room(); }
void Node::on_room(std::function<void()> callback) { body_->on_room(std::move(callback)); }
void Node::glimpse() { body_->glimpse(); }
void Node::receive(bool on) { body_->receive(on); }

void Node::end_of_input(std::optional<std::chrono::seconds> linger) {
    body_->feed(brain::EndOfInput{linger});
}

void Node::leave() { body_->feed(brain::Leave{}); }
void Node::on_stopped(std::function<void()> callback) { body_->on_stopped(std::move(callback)); }

std::vector<PeerInfo> Node::peers() const { return body_->peers(); }

void Node::read(std::function<void(store::Store&)> job) { body_->history().read(std::move(job)); }
void Node::on_disk_news(std::function<void()> callback) {
    body_->history().on_news(std::move(callback));
}
void Node::on_placed(Placed callback) { body_->history().on_placed(std::move(callback)); }
store::Position Node::position_at(store::Arrival arrival) const {
    return body_->history().position_at(arrival);
}
store::Arrival Node::newest() const { return body_->history().newest(); }
bool Node::is_history(store::Arrival at) const { return body_->history().is_history(at); }
std::vector<std::string> Node::warnings() const { return body_->warnings(); }
Standing Node::standing() const { return body_->standing(); }
const std::string& Node::disk_trouble() const { return body_->history().trouble(); }

Result<DeviceId> Node::find_person(std::string_view word, bool blocked) const {
    return body_->people()->find(word, blocked);
}
bool Node::means_somebody(std::string_view word) const {
    return body_->people()->means_somebody(word);
}
PeerInfo Node::about(const DeviceId& device) const { return body_->room()->about(device); }
std::set<DeviceId> Node::hidden() const { return body_->people()->hidden(); }
std::vector<PeerInfo> Node::blocked() const { return body_->people()->blocked(); }
std::string Node::mark(const DeviceId& device, std::string_view name) const {
    return body_->room()->people().mark(device, name);
}
void Node::block(const DeviceId& device, bool on, Decided done) {
    body_->people()->block(device, on, std::move(done));
}
std::optional<Failure> Node::verify(const DeviceId& device) {
    return body_->people()->verify(device);
}
std::optional<Failure> Node::pin(const DeviceId& device) { return body_->people()->pin(device); }
void Node::judge(const DeviceId& device, std::string code, bool same) {
    body_->feed(brain::Judge{device, std::move(code), same});
}

void Node::import_runs(std::vector<Run> runs, std::function<void(const Result<Imported>&)> done) {
    body_->import_runs(std::move(runs), std::move(done));
}

}  // namespace lanchat
