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
#include "controller/events.hpp"
#include "message/result.hpp"
#include "message/run.hpp"
#include "node/store/store.hpp"

namespace asio {
class io_context;
}

namespace lanchat {

using controller::Event;
using controller::PeerInfo;

// All members are called on the loop's thread unless they say otherwise; events arrive there too.
class Node {
  public:
    using Listener = std::function<void(const Event&)>;
    // Opens the history that is kept in a directory; an empty one: in memory.
    using OpenHistory =
        std::function<Result<std::unique_ptr<store::Store>>(const std::string& data_dir)>;

    // The node keeps a reference to `loop`, which must outlive it. It may go at any time, also from
    // within on_stopped, but not from within a listener; the loop may run on, and nothing of the
    // node is called any more. Tests put a disk of theirs under it with `open_history`.
    Node(asio::io_context& loop, Config config, Listener listener, OpenHistory open_history = {});
    ~Node();
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;

    // Only who knows the passphrase gets in: `secret` is what network_secret() makes of it. Before
    // start().
    void close_network(std::string secret);

    // Binds the first free port and begins to look for peers. On failure nothing is left behind.
    // May be called once.
    Result<Endpoint> start();

    const std::string& id() const;
    const std::string& name() const;
    Endpoint address() const;

    // Publishes a line to all peers. Fails, with the reason, on an empty or too long line or a bad
    // room name; invalid UTF-8 is replaced. Returns the message id.
    Result<std::string> say(std::string text, std::string room = "general");

    struct Saying {
        std::string text;
        std::string room = "general";
        std::string said_id =
            {};            // with one that this device has used the answer is the line of then
        DeviceId to = {};  // for this device alone; none: for everybody in the room
    };
    using Said = std::function<void(const Result<LineId>&)>;

    // The same, but `said` is called once the line survives a power cut here, never before this
    // returns, nor after stop; and Delivery events tell how many of those who are linked now have
    // it on their disks too.
    void say(Saying saying, Said said);

    // The delivery of an own line that is stored; events tell from now on when it changes. Not
    // from within a listener.
    controller::DeliveryCount watch(const LineId& line);

    // False while peers that keep up still have much to fetch: stop reading input until the
    // callback says otherwise. Nothing breaks if you go on, but slow peers then miss lines.
    bool has_room() const;
    void on_room(std::function<void()> callback);

    // Whether lines are taken in. Off, peers hold theirs back after a window (they see us as slow).
    void receive(bool on);

    // No more input: leaves once all was delivered, at the latest after `linger`; never if empty.
    void end_of_input(std::optional<std::chrono::seconds> linger);

    // Says goodbye and ends all links. `stopped` is called once, within 5 s, when all is over.
    void leave();
    void on_stopped(std::function<void()> callback);

    // Any thread.
    std::vector<PeerInfo> peers() const;

    // The members below need a node that has started.
    //
    // Whom a PEER that somebody typed means (controller/find_person.hpp), among those who are not
    // blocked, or those who are.
    Result<DeviceId> find_person(std::string_view word, bool blocked) const;
    // Whether the word means one of those who are not blocked, or may mean one of several.
    bool means_somebody(std::string_view word) const;
    // The last name that is known, and what is thought of it. Its address is 0 if it is not here.
    PeerInfo about(const DeviceId& device) const;
    std::vector<PeerInfo> blocked() const;
    std::set<DeviceId> hidden() const;  // the same
    // What to show after this name of this key (controller/people.hpp); as a rule nothing.
    std::string mark(const DeviceId& device, std::string_view name) const;

    // No link with it, and nothing of it is told, from now on or no longer. `done` is called once
    // that is on the disk, not before this returns, nor after stop. With a Failure it is not: a
    // block then holds until this node ends, or the disk can be written again, and who was to be
    // unblocked stays blocked.
    using Decided = std::function<void(const std::optional<Failure>&)>;
    void block(const DeviceId& device, bool on, Decided done);

    // Begins to compare keys with a peer that is linked, or shows again what is compared:
    // Verification events tell, `verified` once that is on the disk. Fails at once if it cannot be.
    std::optional<Failure> verify(const DeviceId& device);
    // Its whole id was compared by other means: it is verified from now on, here or away. Told by a
    // Verification.
    std::optional<Failure> pin(const DeviceId& device);
    // What this node's person says of the code that a Verification has shown.
    void judge(const DeviceId& device, std::string code, bool same);

    // The history.
    //
    // Runs `job` on the disk thread, between commits and in turn; it posts to the loop what it
    // found. After stop nothing is run any more.
    void read(std::function<void(store::Store&)> job);

    // More lines can be read now, or the disk refuses them: see disk_trouble().
    void on_disk_news(std::function<void()> callback);
    // Before that of each line, in order of arrival; `id` is that of its message. An arrival of 0:
    // this one will have none, or was told already.
    using Placed = std::function<void(const std::string& id, store::Arrival arrival)>;
    void on_placed(Placed callback);

    store::Arrival newest() const;
    // What to name it by, so that the store can prove it later: Store::proves().
    store::Position position_at(store::Arrival arrival) const;
    // Whether it was said while this node was away, or before it started.
    bool is_history(store::Arrival arrival) const;
    // Who cannot be found, or reached, though the configuration may look so. Logged as they come.
    std::vector<std::string> warnings() const;
    // Why nothing can be said now; empty: all is well.
    const std::string& disk_trouble() const;

    struct Imported {
        std::uint64_t lines_new = 0;
        std::uint64_t runs_refused = 0;
        std::string why;  // the first one was refused
    };
    // Verifies each run and keeps what is new, as if a peer had sent it. Answers once that is on
    // disk. Not from within a listener.
    void import_runs(std::vector<Run> runs, std::function<void(const Result<Imported>&)> done);

  private:
    class Body;
    std::unique_ptr<Body> body_;
};

}  // namespace lanchat
