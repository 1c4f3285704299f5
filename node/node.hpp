// A lanchat node: the public face for whoever embeds one. Start it, say lines, hear events.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "message/result.hpp"
#include "message/run.hpp"
#include "node/values.hpp"

namespace asio {
class io_context;
}

namespace lanchat {

// All members are called on the loop's thread unless they say otherwise; events arrive there too.
class Node {
  public:
    using Listener = std::function<void(const Event&)>;
    // Opens the history that is kept in a directory; an empty one: in memory.
    using OpenHistory =
        std::function<Result<std::unique_ptr<store::Store>>(const std::string& data_dir)>;

    // The node keeps a reference to `loop`, which must outlive it. The node may be destroyed at any
    // time, also from within on_stopped, but not from within a listener; the loop may run on, and
    // calls nothing of the node any more. Tests pass an `open_history` that opens a disk of theirs.
    Node(asio::io_context& loop, Config config, Listener listener, OpenHistory open_history = {});
    ~Node();
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;

    // Links are made only with nodes that know the passphrase. `secret` is what network_secret()
    // makes of the passphrase. To be called before start().
    void close_network(std::string secret);

    // Events show a line that its author's own link brings before anybody has looked whether it
    // is signed (Glimpse), which saves 50 us; then as always (Message), or not at all (Withdrawn).
    // What is acknowledged, stored and handed on is always proven. To be called before start().
    void glimpse();

    // Binds the first free port and begins to look for peers. On failure nothing is left behind.
    // May be called once.
    Result<Endpoint> start();

    const std::string& id() const;
    const std::string& name() const;
    Endpoint address() const;

    // Publishes a line to all peers. Fails, with the reason, on an empty or too long line or a bad
    // room name; invalid UTF-8 is replaced. Returns the message id.
    Result<std::string> say(std::string text, std::string room = "general");

    // Says a line as above, and calls `said` once the line survives a power cut here: never before
    // say() returns, nor after the node has stopped. From then on Delivery events tell how many of
    // the peers that are linked now have the line on their disks too.
    void say(Saying saying, WhenSaid said);

    // Takes back a line of this device, whichever process said it, to everybody or to one alone.
    // Its text leaves the disks of all whose build knows that. `done` is called once it is said, as
    // a line is: never before this returns, nor after the node has stopped. A TakenBack event tells
    // when the text has gone here. A Failure: this node holds no such line of its own.
    void take_back(const LineId& line, Decided done);

    // The delivery of an own line that is stored; events tell from now on when it changes. Not
    // from within a listener.
    DeliveryCount watch(const LineId& line);

    // False while peers that keep up still have much to fetch: the caller had better say nothing
    // more until on_room's callback is called. A caller that goes on breaks nothing, but slow peers
    // get those lines later, from the history, and slow originals not at all.
    bool has_room() const;
    void on_room(std::function<void()> callback);

    // Whether this node takes lines of others. While it is off, each peer holds its lines back once
    // its window is full: to the peers this node looks slow.
    void receive(bool on);

    // Tells that the caller says nothing more: the node leaves once all lines are delivered, at the
    // latest after `linger`. Without a `linger` it stays.
    void end_of_input(std::optional<std::chrono::seconds> linger);

    // Says goodbye and ends all links. When all is over, within 5 s, on_stopped's callback is
    // called once.
    void leave();
    void on_stopped(std::function<void()> callback);

    // Any thread.
    std::vector<PeerInfo> peers() const;

    // The members below need a node that has started.
    //
    // The device that a typed PEER means (controller/find_person.hpp): among the blocked people, or
    // among all others.
    Result<DeviceId> find_person(std::string_view word, bool blocked) const;
    // Whether the word means somebody who is not blocked, even if it does not tell which of
    // several.
    bool means_somebody(std::string_view word) const;
    // The device's last known name, and whether it is verified or blocked. The address is 0 unless
    // the device is linked.
    PeerInfo about(const DeviceId& device) const;
    std::vector<PeerInfo> blocked() const;
    std::set<DeviceId> hidden() const;  // the same people, by their keys alone
    // The mark that tells this key from others with a name that looks alike, to be shown behind the
    // name (controller/people.hpp). Empty as a rule.
    std::string mark(const DeviceId& device, std::string_view name) const;

    // Blocks a device, or ends that: no link is made with a blocked device, and no event tells of
    // it. `done` is called once the decision is on the disk, not before this returns, nor after the
    // node has stopped. A Failure says that the decision is not on the disk: a block then holds
    // until this node ends or the disk can be written again; a device that was to be unblocked
    // stays blocked.
    void block(const DeviceId& device, bool on, Decided done);

    // Begins to compare keys with a linked peer, or shows again what is being compared.
    // Verification events tell the steps; the last one, `verified`, comes once it is on the disk.
    // Fails at once if the peer cannot be verified now.
    std::optional<Failure> verify(const DeviceId& device);
    // Marks a device as verified, because its whole id was compared by other means; it may be away.
    // A Verification event tells when that is on the disk.
    std::optional<Failure> pin(const DeviceId& device);
    // Tells whether the person at this node says that the code which a Verification has shown is
    // the same as the other person's.
    void judge(const DeviceId& device, std::string code, bool same);

    // The history.
    //
    // Runs `job` on the disk thread, between commits and in the order of calls. The job itself
    // posts its answer to the loop. Once the node has stopped no job is run any more.
    void read(std::function<void(store::Store&)> job);

    // The callback is called when more lines can be read, or the disk refuses lines: see
    // disk_trouble().
    void on_disk_news(std::function<void()> callback);
    // The callback tells where each line was stored, in order of arrival and before on_disk_news's.
    void on_placed(Placed callback);

    store::Arrival newest() const;
    // A name for the place of an arrival that a later store can prove or reject: Store::proves().
    store::Position position_at(store::Arrival arrival) const;
    // Whether the line of that arrival was said while this node was away, or before it started.
    bool is_history(store::Arrival arrival) const;
    Standing standing() const;
    // Why nodes may not be found or reached although the configuration looks as if they were. Each
    // is logged when it arises.
    std::vector<std::string> warnings() const;
    // Why the disk takes no line now, so that none can be said; empty: all is well.
    const std::string& disk_trouble() const;

    // Verifies each run and keeps what is new, as if a peer had sent it. `done` is called once that
    // is on the disk. Not to be called from within a listener.
    void import_runs(std::vector<Run> runs, std::function<void(const Result<Imported>&)> done);

  private:
    class Body;
    std::unique_ptr<Body> body_;
};

}  // namespace lanchat
