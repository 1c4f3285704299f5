// What goes into the room and what comes out: the whole vocabulary between brain and body.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "controller/events.hpp"
#include "message/extent.hpp"
#include "message/frame.hpp"

namespace lanchat::controller {

// How a link ended. `refused`: the other side ended the call in good order; `no_tls`: it was
// dialled encrypted, and the other side answered in plain HTTP/2; `other_network`: it was, and the
// other side belongs to an open network or to that of another passphrase. Of another version is
// `broken`.
enum class End { refused, broken, no_tls, other_network };

// The original's answer to a dialler that it admits.
inline constexpr const char* accepted_word = "ok";

// Inputs.
struct Sighted {
    Endpoint where;
};  // connections to it are accepted; one may be open
struct Unreachable {
    Endpoint where;
};                // a Connect led to nothing
struct Swept {};  // all addresses in range were tried once
struct Accepted {
    LinkId link;
    Endpoint from;
    bool encrypted = false;
};  // a stranger opened a link; `from` is its TCP source
struct Received {
    LinkId link;
    Frame frame;
};
struct Drained {
    LinkId link;
};  // the last Send has left; the next may come
struct Lost {
    LinkId link;
    End end;
};  // exactly once for every link that was opened
struct Probed {
    LinkId link;
    bool alive;
};  // answer to Probe
struct Say {
    std::string room;
    std::string text;
    std::string said_id{};  // the caller's, empty: none; with one it is stored before it is sent
    bool watched = false;   // Delivery events tell where it has arrived
    DeviceId to{};          // for this device alone; none: for everybody
};
struct Watch {
    LineId line;
};  // an own stored line: from now on its delivery is told
struct Stored {
    std::vector<RunPtr> runs;
};  // answer to Append: they survive a power cut
struct Fetched {
    LinkId link;
    LogId log;
    std::vector<RunPtr> runs;
};  // answer to Fetch; none: the store has nothing there
struct Examined {
    LinkId link;
    RunPtr run;
    std::vector<RunPtr> ours;
};  // answer to Examine: in order, none or the first of those that hold what was asked for
struct Frozen {
    LogId log;
    Extent extent;
};  // answer to Freeze: the proof is on the disk, and this is what counts of what is there
struct Proven {
    LinkId link;
    std::vector<Fork> proofs;
};  // answer to Prove: as many of them as are at hand
struct Trimmed {
    LogId log;
    Seq floor;
    Hash head;
};  // the store gave up all up to `floor`, where the log's head is `head`
struct Imported {
    RunPtr run;
};  // from a file; as if a peer had sent it, all of it history
struct Receive {
    bool on;
};  // whether what arrives can be taken in
struct Block {
    DeviceId who;
    bool on = true;
};
struct Verify {
    DeviceId who;
};  // begins to compare keys, or shows the code again
struct Pin {
    DeviceId who;
};  // somebody compared its whole id by other means: it is verified
struct Doubt {
    DeviceId who;
    std::optional<WallTime> verified;
};  // that it is verified could not be kept: it is what it was
struct Judge {
    DeviceId who;
    std::string code;  // the one that was looked at
    bool same = false;
};
struct Rolled {
    DeviceId who;
    Nonce nonce;
};  // answer to Roll
struct EndOfInput {
    std::optional<Duration> linger;
};
struct Leave {};
struct Wake {};
using Input =
    std::variant<Sighted, Unreachable, Swept, Accepted, Received, Drained, Lost, Probed, Say, Watch,
                 Stored, Fetched, Examined, Frozen, Proven, Trimmed, Imported, Receive, Block,
                 Verify, Pin, Doubt, Judge, Rolled, EndOfInput, Leave, Wake>;

// Effects. At most one Send is under way on a link: the next one follows its Drained.
struct Connect {
    Endpoint where;
};  // answered by Sighted or Unreachable
struct Dial {
    LinkId link;
    Endpoint where;
    Hello hello;
    bool encrypted = false;
};  // open a link and send the greeting
struct Send {
    LinkId link;
    Frame frame;
};
struct Finish {
    LinkId link;
};  // end in good order after what was sent has left
struct Drop {
    LinkId link;
};  // end at once
struct Probe {
    LinkId link;
};  // does the peer still answer? (legacy peers)
struct Append {
    RunPtr run;
    bool history = false;  // said while this node was away
};                         // keep it for good; answered by Stored, as late as it takes
struct Fetch {
    LinkId link;
    Want want;
};  // read the first part of it from the store; answered by Fetched
struct Examine {
    LinkId link;
    RunPtr run;
    Seq after;
};  // read what is kept of the same log after `after`, as far as `run` goes; answered by Examined
struct Freeze {
    Fork proof;
};  // keep it for good, behind all that was to be kept before; answered by Frozen
struct Prove {
    LinkId link;
    std::vector<LogId> logs;
};  // read their proofs from the store; answered by Proven
struct Roll {
    DeviceId who;
};  // a nonce to compare keys with; answered by Rolled
struct Remember {
    bool at_once = false;  // somebody decided something
};                         // the book of people has changed
struct Notify {
    Event event;
};
struct Stop {};  // all links are gone; nothing follows
using Effect = std::variant<Connect, Dial, Send, Finish, Drop, Probe, Append, Fetch, Examine,
                            Freeze, Prove, Roll, Remember, Notify, Stop>;

}  // namespace lanchat::controller
