// The simulated body of a lanchat node: it interprets the effects of a real Room, as node/ does.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "controller/room.hpp"
#include "tests/sim/disk.hpp"
#include "tests/sim/history.hpp"
#include "tests/sim/network.hpp"

namespace lanchat::sim {

using controller::PeerInfo;

// What a node needs of the world around it.
struct Surroundings {
    Schedule& schedule;
    Network& network;
    Marks& marks;
    History& history;
    std::map<std::string, std::size_t>& names;    // of people, by node, log or legacy address
    std::map<std::string, std::size_t>& tenants;  // who listens where, by address
    const std::set<Endpoint>& range;              // every address that a sweep may find
    bool trace = false;
    bool tls = false;                                         // lanchat nodes speak TLS
    bool closed = false;                                      // whoever is linked is a member
    std::map<std::string, std::set<std::size_t>> codes = {};  // that were shown, and to whom
    std::set<DeviceId> planted = {};                          // authors that no handshake ever had
    std::map<LineId, std::uint64_t> said = {};                // what each line of a node says
    std::set<LineId> taken_back = {};
    std::set<std::pair<LineId, std::uint64_t>> forged = {};  // what nobody has signed

    // The index of whoever is called so; a new stranger when nobody is.
    std::size_t person(const std::string& name);
    std::size_t person(const NodeId& node);
};

// Where the schedule begins.
inline constexpr std::int64_t true_time_ms = 1'700'000'000'000;

struct BodySettings {
    InstanceId instance{};
    std::vector<Endpoint> listens;  // the first is the one it knows of
    bool legacy_peers = true;
    bool push = true;
    std::uint64_t seed = 0;
    Duration step_delay{0};  // slow machines think later
    std::shared_ptr<const DeviceKey> key;
    std::shared_ptr<Disk> disk;
    bool slow_disk = false;
    bool forgetful = false;   // by mistake it tells no news: only comparing all logs repairs that
    bool gives_bare = false;  // what others ask it for comes without some bodies
    bool glimpses = false;    // it shows lines before they are proven
    std::int64_t clock_off_ms = 0;
    bool clock_jumps = false;  // sooner or later
    controller::Haste haste = {};
    std::optional<std::size_t> follows;  // whose disk it was until now
    std::optional<DeviceId> may_block = {};
    bool blocks = false;  // from the beginning
    // A planted fault: who shows an instance is taken for who showed it first, whatever the key is.
    bool by_instance = false;
};

// Holds the room to its contract: one Send at a time on a link, nothing after Finish or Drop, no
// spinning, no Stop with open links, a PeerMap that says what the events said, nothing told as
// stored that a power cut would take.
class Body : public Party {
  public:
    Body(Surroundings& around, BodySettings settings);

    void say(std::string text, bool watched = false);
    void tell(const DeviceId& to, std::string text, bool watched);
    void take_back_one();  // of its lines, or of those that its device said before
    void leave();
    void end_of_input(Duration linger);
    void receive(bool on);
    void block(bool on) { post(controller::Block{*settings_.may_block, on}); }
    void verify(const DeviceId& who) { post(controller::Verify{who}); }
    void freeze();
    void thaw();
    void die(bool power_cut);
    void move_to(Endpoint where);         // which it is told
    void set_clock_off(std::int64_t ms);  // further than it is
    // Into the history: where each log ends here.
    void tell_heads() const;
    // Against what the events said.
    void check_peer_map() const;

    bool alive() const { return alive_; }
    bool frozen() const { return frozen_; }
    bool leaving() const { return leaving_; }
    bool blocks(const Body& other) const {
        return blocks_ && settings_.may_block == other.settings_.key->id();
    }
    const LogId& own_log() const { return own_log_; }
    bool has_room() const { return room_.has_room(around_.schedule.now()); }
    const BodySettings& settings() const { return settings_; }
    std::size_t person() const { return person_; }
    const controller::PeerMap& peers() const { return room_.peers(); }

    void accepted(Plug plug, Endpoint from) override;
    void arrived(Plug plug, const std::string& bytes) override;
    void drained(Plug plug) override;
    void ended(Plug plug, End end) override;

  private:
    struct Open {
        Plug plug;
        Endpoint remote;
        bool encrypted = false;
        bool introduced = false;  // the room knows of it
        bool busy = false;
        bool finished = false;
        bool dropped = false;
        bool over = false;           // ended; its Lost may still wait in the inbox
        bool greeted = false;        // a first frame came
        std::optional<NodeId> node;  // from its hello; a legacy peer has none
        DeviceId device;
        std::string id;       // of the device, as in PeerInfo
        bool listed = false;  // all that may lack there was told
    };
    // A peer as announced, and which process it is.
    struct Known {
        PeerInfo peer;
        std::size_t person;
    };
    struct Queued {
        controller::Input input;
        Plug plug;
        std::size_t bytes = 0;  // to give back to flow control
    };

    Now now() const;
    void post(controller::Input input) { enqueue({std::move(input), {}, 0}); }
    void post_later(Duration delay, controller::Input input);
    void enqueue(Queued queued);
    void run();
    void step(std::span<const controller::Input> inputs);
    void arm();
    void wake();
    void count_wakes();
    void sweep();
    void probed(Endpoint where, bool open);
    void lost(LinkId id, End end);
    void stop_within(Duration time);
    controller::RoomSettings room_settings() const;
    void tell_loaded() const;
    void flush_soon();
    void flush(std::size_t writes, bool tell);
    void flush(const RunPtr& run, bool tell);
    void tell_hidden(const RunPtr& run, const Extent& before);
    void note_unseen(const VerifiedRun& run);
    void tell_unseen(const LogId& log, Seq last);
    void tell_of_bodies();
    void check_late() const;
    RunPtr bare(RunPtr run);
    std::vector<RunPtr> ours_like(const controller::Examine& examine) const;
    void mark_extent(const Extent& before, const Extent& after);
    Duration disk_delay();

    void perform(const controller::Effect& effect);
    void perform(const controller::Connect&);
    void perform(const controller::Dial&);
    void perform(const controller::Send&);
    void perform(const controller::Finish&);
    void perform(const controller::Drop&);
    void perform(const controller::Probe&);
    void perform(const controller::Append&);
    void perform(const controller::Fetch&);
    void perform(const controller::Look&);
    void perform(const controller::Fill&);
    void perform(const controller::Examine&);
    void perform(const controller::Freeze&);
    void perform(const controller::Prove&);
    void perform(const controller::Roll&);
    void perform(const controller::Remember&) {}
    void perform(const controller::Notify&);
    void perform(const controller::Stop&);
    void note(const controller::PeerUp&);
    void note(const controller::PeerDown&);
    void note(const controller::PeerMoved&);
    void note(const controller::Message&);
    void note(const controller::Glimpse&);
    void note(const controller::Withdrawn&);
    void note(const controller::Forked&);
    void note(const controller::TakenBack&);
    void note(const controller::OtherNetwork&);
    void note(const controller::OtherVersion&) {}
    void note(const controller::Delivery&);
    void note(const controller::Undelivered&);
    void note(const controller::KeyChanged&);
    void note(const controller::Verification&);
    void check_glimpses(const controller::Input& input) const;
    void check_stored(const Open& link, const Frame& frame) const;
    void note_told(const Open& link, const Frame& frame) const;
    NodeId likely_node(const PeerInfo& peer) const;
    std::size_t person_behind(const PeerInfo& peer);

    // Which rare branch was taken, judged from outside.
    void mark_step(const controller::Input& input, const std::vector<controller::Effect>& effects);
    void mark_ties(LinkId loser, const Frame& frame, bool said_by_us);
    void mark_challenge(const controller::Received& received,
                        const std::vector<controller::Effect>& effects);
    void mark_comparison(Open& link, const Frame& frame);
    void mark_fork(const controller::Input& input, const controller::Freeze& freeze);
    void mark_outcome(const std::vector<controller::Effect>& effects);

    Open& usable(LinkId id, const char* what);
    void record(What what, std::size_t peer, std::uint64_t number = 0,
                std::uint64_t text = 0) const;
    void note_page();
    void note_letters(const LogId& log);
    void note_letters_to(const controller::Input& input);
    void mark_receipts(const Frame& frame) const;
    bool most_clocks_are_right() const;
    std::size_t author_of(const LogId& log) const;
    void mark_line(const controller::Message& line, std::size_t author) const;
    void trace(const std::string& words) const;

    Surroundings& around_;
    BodySettings settings_;
    std::size_t person_;
    std::int64_t wall_ms_ = true_time_ms + settings_.clock_off_ms;
    controller::Room room_;
    LogId own_log_ = room_.next_line().log;
    std::set<LogId> own_logs_{own_log_};  // that it speaks in, or did before it turned a page
    std::optional<Instant> page_turned_;
    Rng rng_;

    bool alive_ = true;
    bool frozen_ = false;
    bool leaving_ = false;
    bool blocks_ = settings_.blocks;
    std::set<LineId> told_;  // of whom it may block, and what is no line
    struct Unseen {
        std::uint64_t text = 0;
        bool is_met = false;
    };
    struct Early {
        LinkId link;
        std::uint64_t text = 0;
    };
    std::map<LineId, Early> glimpsed_;  // lines that are shown and not proven
    std::map<LineId, Unseen> unseen_;   // entries of the step at hand that are shown to nobody
    std::set<LineId> bare_;             // lines that are here without their bodies
    std::set<LineId> on_their_way_;     // entries that are not on the disk yet
    std::set<Dropped> dropped_;         // as the room knows it
    bool run_due_ = false;
    std::optional<Instant> must_stop_by_;  // once it was told to leave
    std::deque<Queued> inbox_;
    std::map<LinkId, Open> links_;
    std::unordered_map<std::uint64_t, LinkId> ids_;  // by number of the plug
    std::uint64_t accepted_ = 0;

    std::optional<Instant> armed_for_;  // the wake that counts
    Instant last_wake_{};
    int wakes_at_once_ = 0;

    Duration sweep_pause_{std::chrono::seconds(1)};
    int probes_open_ = 0;

    std::deque<std::variant<RunPtr, Fork>> unflushed_;
    bool flushing_ = false;

    std::map<InstanceId, DeviceId> first_with_{{settings_.instance, settings_.key->id()}};
    std::map<Endpoint, Known> up_;
    std::set<std::size_t> up_people_;
    std::map<Endpoint, std::size_t> met_at_;  // the last person there
    std::map<std::size_t, Instant> lost_at_;
    std::optional<LinkId> heard_from_;  // the link of the input at hand, if a frame came
    LinkId glimpsing_{};                // or is being proven
    bool heard_receipt_ = false;        // in the input at hand
    std::set<LinkId> challenged_;
};

}  // namespace lanchat::sim
