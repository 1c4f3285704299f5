// The body of a node, for its own files only: feeds the room and does what it asks.
#pragma once

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "controller/room.hpp"
#include "discover/discovery.hpp"
#include "node/arrivals.hpp"
#include "node/keep/book_of_people.hpp"
#include "node/legacy_lines.hpp"
#include "node/link/transport.hpp"
#include "node/keep/memory_of_peers.hpp"
#include "node/node.hpp"
#include "node/places.hpp"
#include "node/reach.hpp"
#include "node/store/disk.hpp"

namespace lanchat {

namespace brain = controller;

Now clock_now();

class Node::Body {
  public:
    Body(asio::io_context& loop, Config config, Listener listener, OpenHistory open_history);
    ~Body() { stop(); }

    Result<Endpoint> start();
    std::optional<Failure> refuse(Saying& saying) const;
    LineId say_now(Saying saying, bool watched);
    void say(Saying saying, Said said);
    brain::DeliveryCount watch(const LineId& line);
    void read(store::Disk::Job job);
    void import_runs(std::vector<Run> runs, std::function<void(const Result<Imported>&)> done);
    Result<DeviceId> find_person(std::string_view word, bool blocked) const;
    bool means_somebody(std::string_view word) const;
    std::vector<PeerInfo> blocked() const;
    std::vector<std::string> warnings() const;
    void block(const DeviceId& device, bool on, Decided done);
    void feed(brain::Input input);
    void receive(bool on);
    bool has_room();
    void stop();

    asio::io_context& loop_;
    Config config_;
    Listener listener_;
    const OpenHistory open_store_;
    const InstanceId instance_;
    std::shared_ptr<const DeviceKey> key_;
    std::string secret_;  // of a closed network
    std::string id_;
    Endpoint address_;
    std::function<void()> on_room_;
    std::function<void()> on_stopped_;
    std::function<void()> on_disk_news_;
    Placed on_placed_;
    std::unique_ptr<brain::Room> room_;
    store::Eras eras_;
    Arrivals arrivals_;
    std::string disk_trouble_;  // why nothing new is taken; empty: all is well

  private:
    std::optional<Failure> open_history();
    void build(const Places& places, std::uint16_t port);
    void perform(brain::Effect& effect);
    void perform_one(brain::Connect& connect) { discovery_->dial(connect.where); }
    void perform_one(brain::Dial& dial);
    void perform_one(brain::Send& send) { transport_->send(send.link, send.frame); }
    void perform_one(brain::Finish& finish) { transport_->finish(finish.link); }
    void perform_one(brain::Drop& drop) { transport_->drop(drop.link); }
    void perform_one(brain::Probe& probe) { transport_->ask(probe.link); }
    void perform_one(brain::Append& append);
    void perform_one(brain::Freeze& freeze);
    void perform_one(brain::Examine& examine);
    void perform_one(brain::Prove& prove);
    void perform_one(brain::Fetch& fetch);
    void perform_one(brain::Roll& roll);
    void perform_one(brain::Remember& remember);
    void perform_one(brain::Notify& notify);
    void tell_verified(const brain::Verification& verification);
    void perform_one(brain::Stop& stop);
    void found(const Endpoint& where, asio::ip::tcp::socket socket);
    void post(brain::Input input);
    void write_down();
    void append(std::vector<RunPtr> runs);
    void freeze(const Fork& proof);
    LegacyLines::Hooks legacy_hooks();
    void hold_legacy();
    void written(std::uint64_t number, const std::vector<RunPtr>& runs,
                 const Result<std::vector<store::Added>>& result);
    void frozen(std::uint64_t number, const Fork& proof, const Result<Extent>& result);
    void stored_again();
    void take_note(const std::vector<RunPtr>& runs, const std::vector<store::Added>& added);
    void refuse_for_now(const std::string& why);
    void try_again_later();
    void write_refused();
    void tell_places(const std::vector<RunPtr>& runs, const std::vector<store::Added>& added);
    void arrived(store::Arrival newest);
    void answer_said(const std::vector<RunPtr>& runs);
    void say_once(const Saying& saying);
    void answer_all(const Saying& said_was, const Result<LineId>& line);
    std::uint64_t history_bytes_max() const;
    void trim_if_grown(std::size_t bytes);
    void trim();
    void trimmed(const store::Trimmed& gone);
    void arm_timer();
    void offer_room();

    std::unique_ptr<link::Transport> transport_;
    std::unique_ptr<discover::Discovery> discovery_;
    std::unique_ptr<MemoryOfPeers> memory_;
    std::unique_ptr<BookOfPeople> book_;
    std::unique_ptr<Reach> reach_;
    std::unique_ptr<store::Disk> disk_;
    std::unique_ptr<LegacyLines> legacy_lines_;  // refers to the disk
    brain::RoomSettings known_;                  // from the store
    using Write = std::variant<RunPtr, Fork>;    // what goes to the disk, in order
    std::vector<Write> unwritten_;
    std::set<RunPtr> late_;                 // runs of the past on their way to the disk
    std::map<DeviceId, Seq> says_waiting_;  // direct lines among the inputs, by recipient
    std::map<LineId, Said> unanswered_;
    // By said_id: requests whose line is not on the disk yet, or of which the disk has not told.
    std::map<std::string, std::vector<std::pair<Saying, Said>>> said_ids_;
    std::uint64_t untrimmed_bytes_ = 0;
    bool disk_pauses_ = false;
    bool legacy_waits_ = false;  // for the disk
    bool receiving_ = true;
    std::vector<Write> refused_;  // writes that failed: retried before all others
    std::uint64_t writes_ = 0;    // number of the newest write that the disk was given
    std::uint64_t written_ = 0;   // number of the newest write that the disk has answered
    asio::steady_timer timer_;
    asio::steady_timer disk_pause_;
    asio::steady_timer trim_timer_;
    Instant armed_ = Instant::max();
    std::deque<brain::Input> inputs_;
    std::vector<brain::Effect> effects_;
    std::optional<asio::ip::tcp::socket>
        in_hand_;  // the connection that the current Sighted is about
    bool feeding_ = false;
    bool room_wanted_ = false;
    bool stopped_ = false;
    std::shared_ptr<bool> here_ = std::make_shared<bool>(true);  // for handlers that outlive us
};

}  // namespace lanchat
