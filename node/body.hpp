// The body of a node, for its own files only: feeds the brain with what happens and does what it
// asks. Its parts (history, sayings, known_people) each do one side of that.
#pragma once

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controller/room.hpp"
#include "discover/beacon.hpp"
#include "discover/discovery.hpp"
#include "discover/peers_command.hpp"
#include "node/history.hpp"
#include "node/keep/book_of_people.hpp"
#include "node/keep/memory_of_peers.hpp"
#include "node/known_people.hpp"
#include "node/link/transport.hpp"
#include "node/node.hpp"
#include "node/node_loop.hpp"
#include "node/places.hpp"
#include "node/reach.hpp"
#include "node/sayings.hpp"

namespace lanchat {

class Node::Body {
  public:
    Body(asio::io_context& loop, Config config, Listener listener, OpenHistory open_history);
    ~Body() { stop(); }

    void close_network(std::string secret) { secret_ = std::move(secret); }
    void glimpse() { glimpses_ = true; }
    Result<Endpoint> start();
    void stop();

    // Node's members of these names say what they mean.
    const std::string& id() const { return id_; }
    const std::string& name() const { return config_.name; }
    Endpoint address() const { return address_; }
    Result<std::string> say(std::string text, std::string room);
    void say(Saying saying, WhenSaid said);
    void take_back(const LineId& line, Decided done);
    brain::DeliveryCount watch(const LineId& line);
    void receive(bool on);
    bool has_room();
    void on_room(std::function<void()> callback) { on_room_ = std::move(callback); }
    void on_stopped(std::function<void()> callback) { on_stopped_ = std::move(callback); }
    std::vector<PeerInfo> peers() const;
    std::vector<std::string> warnings() const;
    Standing standing() const;
    void import_runs(std::vector<Run> runs, std::function<void(const Result<Imported>&)> done);

    // The brain takes this as soon as it has taken what was fed before; a line at the latest when
    // this turn of the loop is over.
    void feed(brain::Input input);
    void feed_line(brain::Say say);

    History& history() { return history_; }
    const brain::Room* room() const { return room_.get(); }  // both of them: null until the start
    KnownPeople* people() const { return people_.get(); }

  private:
    std::optional<Failure> open_history();
    void build(const Places& places, std::uint16_t port);
    void move(const Places& places);
    void call(const Places& places);
    History::Hooks history_hooks();
    link::Transport::Hooks link_hooks();
    discover::Hooks discovery_hooks();
    discover::PeersCommand::Hooks command_hooks();
    void found(const Endpoint& where, asio::ip::tcp::socket socket);
    void called(const Endpoint& where);
    void share_scan();
    void take_inputs();
    bool is_running() const { return !stopped_ && room_ != nullptr; }
    void arm_timer();
    void offer_room();
    void hold_legacy();

    void perform(brain::Effect& effect);
    void perform_one(brain::Connect& connect) { discovery_->dial(connect.where); }
    void perform_one(brain::Dial& dial);
    void perform_one(brain::Send& send) { transport_->send(send.link, send.frame); }
    void perform_one(brain::Finish& finish) { transport_->finish(finish.link); }
    void perform_one(brain::Drop& drop) { transport_->drop(drop.link); }
    void perform_one(brain::Probe& probe) { transport_->ask(probe.link); }
    void perform_one(brain::Append& append) { history_.add(std::move(append)); }
    void perform_one(brain::Freeze& freeze) { history_.add(std::move(freeze)); }
    void perform_one(brain::Examine& examine) { history_.examine(examine); }
    void perform_one(brain::Prove& prove) { history_.prove(prove); }
    void perform_one(brain::Fetch& fetch) { history_.fetch(fetch); }
    void perform_one(brain::Look& look) { history_.look(look); }
    void perform_one(brain::Fill& fill) { history_.fill(std::move(fill)); }
    void perform_one(brain::Roll& roll);
    void perform_one(brain::Remember& remember) { people_->save(remember.at_once); }
    void perform_one(brain::Notify& notify);
    void perform_one(brain::Stop& stop);

    NodeLoop loop_;
    Config config_;
    const Listener listener_;
    const OpenHistory open_store_;
    const InstanceId instance_;
    std::shared_ptr<const DeviceKey> key_;
    std::string secret_;  // of a closed network
    std::string id_;
    Endpoint address_;
    std::function<void()> on_room_;
    std::function<void()> on_stopped_;

    brain::RoomSettings known_;  // from the store
    std::unique_ptr<brain::Room> room_;
    std::unique_ptr<MemoryOfPeers> memory_;
    std::unique_ptr<BookOfPeople> book_;
    std::unique_ptr<Reach> reach_;
    History history_;
    std::unique_ptr<Sayings> sayings_;
    std::unique_ptr<KnownPeople> people_;
    std::unique_ptr<link::Transport> transport_;
    std::unique_ptr<discover::Discovery> discovery_;
    std::unique_ptr<discover::Beacon> beacon_;  // none: it is switched off
    std::unique_ptr<discover::PeersCommand> peers_command_;

    asio::steady_timer timer_;
    Instant armed_ = Instant::max();
    std::vector<brain::Input> inputs_;
    std::vector<brain::Input> taken_;  // empty; the room of those that were taken last
    std::size_t waiting_bytes_ = 0;    // of the lines in `inputs_`
    bool takes_soon_ = false;          // that is posted
    std::vector<brain::Effect> effects_;
    // The connection that the current Sighted is about.
    std::optional<asio::ip::tcp::socket> in_hand_;
    bool feeding_ = false;
    bool room_wanted_ = false;
    std::uint64_t links_accepted_ = 0;      // from other machines
    std::set<std::string> other_networks_;  // and versions: some of those that were met
    std::set<std::string> other_versions_;
    bool legacy_waits_ = false;  // for the disk
    bool receiving_ = true;
    bool glimpses_ = false;
    bool stopped_ = false;
};

}  // namespace lanchat
