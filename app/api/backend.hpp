// What the local API asks of the node behind it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/events.hpp"
#include "message/address.hpp"
#include "message/entry.hpp"
#include "message/result.hpp"
#include "message/run.hpp"
#include "node/store/store.hpp"

namespace lanchat::app::api {

// Port. All members are called on the loop's thread, and all functions given are called there too:
// once unless said otherwise, and never before the member that took them has returned, but for
// `watch` and `subscribe`. They may be called when nobody is interested any more.
class Backend {
  public:
    template <class T>
    using Done = std::function<void(Result<T>)>;
    using Lines = std::vector<store::Line>;
    using Token = std::uint64_t;

    struct Status {
        DeviceId id;
        std::string name;
        Endpoint address;
        store::Position newest_position;         // of the last line that can be read
        std::string problem;                     // why nothing can be said now; empty: all is well
        std::vector<std::string> warnings = {};  // who cannot be found, or reached

        store::Arrival newest() const { return newest_position.arrival; }
    };

    // How many of the line's audience have stored it, and how many have left without it.
    using Delivery = controller::DeliveryCount;

    struct Saying {
        std::string room;
        std::string text;
        std::string said_id;  // empty: none
        DeviceId to = {};     // for this device alone; none: for everybody
    };

    struct Known {
        DeviceId id;
        std::string name;
    };

    struct Imported {
        std::uint64_t lines_new = 0;
        std::uint64_t runs_refused = 0;
        std::string why;  // the first one was refused
    };

    struct Listener {
        // More lines can be read now.
        std::function<void()> lines;
        // What is no message: peers that come and go, lines that did not reach one.
        std::function<void(const controller::Event&)> event;
    };

    virtual ~Backend() = default;

    virtual Status status() = 0;
    virtual std::vector<controller::PeerInfo> peers() = 0;
    // As those of the node.
    virtual Result<DeviceId> find_person(const std::string& word, bool blocked) = 0;
    virtual controller::PeerInfo about(const DeviceId& device) = 0;
    virtual std::vector<controller::PeerInfo> blocked() = 0;
    virtual std::string mark(const DeviceId& device, const std::string& name) = 0;
    using Decided = std::function<void(const std::optional<Failure>&)>;
    virtual void block(const DeviceId& device, bool on, Decided done) = 0;
    virtual std::optional<Failure> verify(const DeviceId& device) = 0;
    virtual std::optional<Failure> pin(const DeviceId& device) = 0;
    virtual void judge(const DeviceId& device, const std::string& code, bool same) = 0;

    virtual void rooms(Done<std::vector<std::string>> done) = 0;
    // Whose lines are held, here or away, with the last name each used.
    virtual void known(Done<std::vector<Known>> done) = 0;

    // Addresses of the legacy peers whose lines are held.
    virtual void legacy_authors(Done<std::vector<std::string>> done) = 0;

    // Answers with the place of the line once it is on this disk. With a said_id that was used
    // already the answer is the line of then, and nothing is added.
    virtual void publish(Saying saying, Done<LineId> done) = 0;

    // Tells the delivery of an own line: at once, and whenever it changes, until unwatched.
    virtual Token watch(const LineId& line, std::function<void(Delivery)> changed) = 0;
    virtual void unwatch(Token token) = 0;

    // As those of the store.
    virtual void newest(store::Filter filter, std::size_t count, Done<Lines> done) = 0;
    virtual void arrived(store::Arrival after, store::Filter filter, std::size_t count,
                         Done<Lines> done) = 0;
    virtual void search(std::string query, store::Filter filter, std::size_t count,
                        Done<Lines> done) = 0;
    // What a cursor names, and whether the store can prove it.
    virtual store::Position position_at(store::Arrival arrival) = 0;
    virtual void proves(const store::Position& place, Done<bool> done) = 0;
    // Whether what arrived there had been said while this node was away; so was all from before
    // its start.
    virtual bool is_history(store::Arrival arrival) = 0;

    // May be called from within a listener, and so may unsubscribe; its token is never 0.
    virtual Token subscribe(Listener listener) = 0;
    virtual void unsubscribe(Token token) = 0;

    // How much is held.
    virtual void tally(Done<store::Tally> done) = 0;
    virtual void holdings(Done<std::vector<store::Holding>> done) = 0;
    // At most as many as one page holds; none: the log ends there.
    virtual void runs(LogId log, Seq after, Done<std::vector<RunPtr>> done) = 0;
    // Verifies each, and keeps what is new of those that are sound.
    virtual void import_runs(std::vector<Run> runs, Done<Imported> done) = 0;
};

}  // namespace lanchat::app::api
