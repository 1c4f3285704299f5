// The one door to a running node: every face and every service speaks to the node through it, and a
// test stands in one fake for all of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "message/address.hpp"
#include "message/run.hpp"
#include "node/store/store.hpp"
#include "node/values.hpp"

namespace lanchat {

// Port. All members are called on the loop's thread, and all functions given are called there too:
// once unless said otherwise, and never before the member that took them has returned, but for
// `watch` and `subscribe`. They may be called when nobody is interested any more.
class NodePort {
  public:
    template <class T>
    using Done = std::function<void(Result<T>)>;
    using Lines = std::vector<store::Line>;
    using Token = std::uint64_t;

    virtual ~NodePort() = default;

    struct Status {
        DeviceId id;
        std::string name;
        Endpoint address;
        store::Position newest_position;         // of the last line that can be read
        std::string problem;                     // disk_trouble()
        std::vector<std::string> warnings = {};  // who cannot be found, or reached
        Standing standing = {};

        store::Arrival newest() const { return newest_position.arrival; }
    };
    virtual Status status() = 0;
    // Why the disk takes no line now, so that none can be said; empty: all is well.
    virtual const std::string& disk_trouble() const = 0;

    // Saying lines.
    //
    // To everybody in the room, for whoever asks no more after the line: the message id, or why it
    // was not said.
    virtual Result<std::string> say(std::string text, std::string room) = 0;
    // Says a line as Saying tells and answers once it is on this disk; from then on Delivery events
    // tell who has it.
    virtual void say(Saying saying, WhenSaid said) = 0;
    // Tells the delivery of an own line: at once, and whenever it changes, until unwatched.
    virtual Token watch(const LineId& line, std::function<void(DeliveryCount)> changed) = 0;
    virtual void unwatch(Token token) = 0;

    // What happens.
    struct Listener {
        // More lines can be read now, or the disk refuses lines: see disk_trouble().
        std::function<void()> lines;
        // Everything. Lines come as messages before they can be read, while `arrived` tells them in
        // order.
        std::function<void(const Event&)> event;
        // Where each line was stored, in order of arrival and before `lines`; none: not wanted.
        Placed placed = {};
    };
    // May be called from within a listener, and so may unsubscribe; its token is never 0.
    virtual Token subscribe(Listener listener) = 0;
    virtual void unsubscribe(Token token) = 0;

    // People, as the members of Node with these names.
    virtual std::vector<PeerInfo> peers() = 0;
    virtual Result<DeviceId> find_person(const std::string& word, bool blocked) = 0;
    virtual bool means_somebody(const std::string& word) = 0;
    virtual PeerInfo about(const DeviceId& device) = 0;
    virtual std::vector<PeerInfo> blocked() = 0;
    virtual std::string mark(const DeviceId& device, const std::string& name) = 0;
    virtual void block(const DeviceId& device, bool on, Decided done) = 0;
    virtual std::optional<Failure> verify(const DeviceId& device) = 0;
    virtual std::optional<Failure> pin(const DeviceId& device) = 0;
    virtual void judge(const DeviceId& device, const std::string& code, bool same) = 0;

    // The history: as the members of the store with these names.
    virtual void newest(store::Filter filter, std::size_t count, Done<Lines> done) = 0;
    virtual void arrived(store::Arrival after, store::Filter filter, std::size_t count,
                         Done<Lines> done) = 0;
    virtual void search(std::string query, store::Filter filter, std::size_t count,
                        Done<Lines> done) = 0;
    virtual void rooms(Done<std::vector<std::string>> done) = 0;
    // Whose lines are held, here or away, with the last name each used.
    struct Known {
        DeviceId id;
        std::string name;
    };
    virtual void known(Done<std::vector<Known>> done) = 0;
    // Addresses of the legacy peers whose lines are held.
    virtual void legacy_authors(Done<std::vector<std::string>> done) = 0;
    // What a cursor names, and whether the store can prove it.
    virtual store::Position position_at(store::Arrival arrival) = 0;
    virtual void proves(const store::Position& place, Done<bool> done) = 0;
    // Whether what arrived there had been said while this node was away; so was all from before
    // its start.
    virtual bool is_history(store::Arrival arrival) = 0;
    // How much is held.
    virtual void tally(Done<store::Tally> done) = 0;
    virtual void holdings(Done<std::vector<store::Holding>> done) = 0;
    // At most as many as one page holds; none: the log ends there.
    virtual void runs(LogId log, Seq after, Done<std::vector<RunPtr>> done) = 0;
    // Verifies each, and keeps what is new of those that are sound.
    virtual void import_runs(std::vector<Run> runs, Done<Imported> done) = 0;
};

}  // namespace lanchat
