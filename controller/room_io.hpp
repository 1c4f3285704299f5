// What goes into the room and what comes out: the whole vocabulary between brain and body.
#pragma once

#include <cstdint>
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

// ---- Inputs: what happened ----------------------------------------------------------------------

// Something accepts connections at `where`, and one to it may be open. Discovery tells it, also as
// the answer to Connect.
struct Sighted {
    Endpoint where;
};

// Nothing accepts connections at `where`. Answer to Connect.
struct Unreachable {
    Endpoint where;
};

// Discovery has tried all addresses in its range once.
struct Swept {};

// From now on this node listens at `own`, or its network is back: links over what is gone are dead,
// and nothing tells which of them.
struct Moved {
    std::vector<Endpoint> own;
};

// A stranger opened a link; `from` is its TCP source.
struct Accepted {
    LinkId link;
    Endpoint from;
    bool encrypted = false;
};

// A whole frame came over a link.
struct Received {
    LinkId link;
    Frame frame;
};

// A run in a frame that is being proven: Received of that frame is what comes next of this link, or
// Lost.
struct Glimpsed {
    LinkId link;
    UnprovenRun run;
};

// The last frame of a link has left: the next Send may follow.
struct Drained {
    LinkId link;
};

// A link has ended. Comes exactly once for every link that was opened.
struct Lost {
    LinkId link;
    End end;
};

// Whether the peer of a link still answers. Answer to Probe.
struct Probed {
    LinkId link;
    bool alive;
};

// This node's person or program says a line.
struct Say {
    std::string room;
    std::string text;
    std::string said_id{};  // the caller's, empty: none; with one it is stored before it is sent
    bool watched = false;   // Delivery events tell where it has arrived
    DeviceId to{};          // for this device alone; none: for everybody
    Marks marks{};
};

// This node's person takes back an own line of this device. It must be the entry that makes `head`.
struct TakeBack {
    Dropped what;
};

// Delivery events are to tell from now on where an own stored line has arrived.
struct Watch {
    LineId line;
};

// Runs survive a power cut from now on. Answer to Append.
struct Stored {
    std::vector<RunPtr> runs;
};

// Answer to Fetch. No runs: the store has nothing there.
struct Fetched {
    LinkId link;
    LogId log;
    std::vector<RunPtr> runs;
};

// What has become of bodies since this was told last: of what was appended, and of Fill.
struct BodiesChanged {
    std::vector<BodyNews> news;
};

// Answer to Look: those bodies that the store has.
struct Found {
    LinkId link;
    LogId log;
    std::vector<Body> bodies;
};

// Answer to Fill: entries whose bodies were lacking and are kept from now on, with what they say.
struct Filled {
    std::vector<Entry> entries;
};

// Answer to Examine: the first of the runs that hold what was asked for, in order; or none.
struct Examined {
    LinkId link;
    RunPtr run;
    std::vector<RunPtr> ours;
};

// The proof of a fork is on the disk; `extent` is what counts of the log from now on. Answer to
// Freeze.
struct Frozen {
    LogId log;
    Extent extent;
};

// Answer to Prove: those proofs that the store has.
struct Proven {
    LinkId link;
    std::vector<Fork> proofs;
};

// The store has dropped the entries of a log up to `floor`; `head` is the hash of the entry there.
struct Trimmed {
    LogId log;
    Seq floor;
    Hash head;
};

// A run from a file. It is treated as if a peer had sent it, and all of it as history.
struct Imported {
    RunPtr run;
};

// Whether lines of others can be taken in from now on.
struct Receive {
    bool on;
};

// This node's person blocks somebody, or ends that.
struct Block {
    DeviceId who;
    bool on = true;
};

// This node's person begins to compare keys with somebody, or wants to see the code again.
struct Verify {
    DeviceId who;
};

// This node's person has compared somebody's whole id by other means: the key is verified.
struct Pin {
    DeviceId who;
};

// A verification could not be written to the book of people and is undone. `verified`: since when
// the person was verified before; none: not at all.
struct Doubt {
    DeviceId who;
    std::optional<WallTime> verified;
};

// What this node's person says of the code that was shown.
struct Judge {
    DeviceId who;
    std::string code;  // the one that was looked at
    bool same = false;
};

// Answer to Roll: a random nonce.
struct Rolled {
    DeviceId who;
    Nonce nonce;
};

// Nothing more will be said. With a `linger` the room leaves once all is delivered, at the latest
// then.
struct EndOfInput {
    std::optional<Duration> linger;
};

// This node is to say goodbye and end all links.
struct Leave {};

// The time has come that Room::next_wakeup named.
struct Wake {};

using Input =
    std::variant<Sighted, Unreachable, Swept, Moved, Accepted, Glimpsed, Received, Drained, Lost,
                 Probed, Say, TakeBack, Watch, Stored, Fetched, BodiesChanged, Found, Filled,
                 Examined, Frozen, Proven, Trimmed, Imported, Receive, Block, Verify, Pin, Doubt,
                 Judge, Rolled, EndOfInput, Leave, Wake>;

// ---- Effects: what the body has to do -----------------------------------------------------------

// Try whether something accepts connections at `where`. Answered by Sighted or Unreachable.
struct Connect {
    Endpoint where;
};

// Open a link and send the greeting. Its end is told by Lost.
struct Dial {
    LinkId link;
    Endpoint where;
    Hello hello;
    bool encrypted = false;
};

// Send a frame. At most one is under way on a link: the next one follows its Drained.
struct Send {
    LinkId link;
    Frame frame;
};

// End a link in good order once what was sent has left.
struct Finish {
    LinkId link;
};

// End a link at once.
struct Drop {
    LinkId link;
};

// Find out whether the peer of a link, an original, still answers. Answered by Probed.
struct Probe {
    LinkId link;
};

// Keep a run for good. Answered by Stored, as late as it takes.
struct Append {
    RunPtr run;
    bool history = false;  // said while this node was away
};

// Read the first part of what a peer wants from the store. Answered by Fetched.
struct Fetch {
    LinkId link;
    Want want;
};

// Look in the store for the bodies of these entries. Answered by Found.
struct Look {
    LinkId link;
    LogId log;
    std::vector<Seq> entries;
};

// Keep those bodies that are lacking and are what their entries have signed. Answered by
// BodiesChanged and Filled, if there are any.
struct Fill {
    LogId log;
    std::vector<Body> bodies;
};

// Read what the store keeps of the log of `run`, after `after` and as far as `run` goes. Answered
// by Examined.
struct Examine {
    LinkId link;
    RunPtr run;
    Seq after;
};

// Keep the proof of a fork for good, after all that was to be kept before. Answered by Frozen.
struct Freeze {
    Fork proof;
};

// Read the proofs of these logs' forks from the store. Answered by Proven.
struct Prove {
    LinkId link;
    std::vector<LogId> logs;
};

// Draw a random nonce to compare keys with. Answered by Rolled.
struct Roll {
    DeviceId who;
};

// Write down the book of people, which has changed.
struct Remember {
    bool at_once = false;  // somebody decided something
};

// Tell an event to whoever watches this node.
struct Notify {
    Event event;
};

// All links are gone: this is the last effect.
struct Stop {};

using Effect = std::variant<Connect, Dial, Send, Finish, Drop, Probe, Append, Fetch, Look, Fill,
                            Examine, Freeze, Prove, Roll, Remember, Notify, Stop>;
using Effects = std::vector<Effect>;

// Links we dial have even ids, given by the room; the body numbers accepted ones with odd ids.
constexpr bool is_dialled(LinkId id) { return static_cast<std::uint64_t>(id) % 2 == 0; }

}  // namespace lanchat::controller
