// What is said and heard, on its way to the disk and back.
#pragma once

#include <asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "config/config.hpp"
#include "controller/room_io.hpp"
#include "node/arrivals.hpp"
#include "node/legacy_lines.hpp"
#include "node/node.hpp"
#include "node/node_loop.hpp"
#include "node/store/disk.hpp"

namespace lanchat {

namespace brain = controller;

// Loop thread only. What the brain asks for is answered by an input.
class History {
  public:
    struct Hooks {
        std::function<void(brain::Input)> feed;
        // The runs survive a power cut; called before the brain hears of it.
        std::function<void(const std::vector<RunPtr>&)> stored;
        std::function<void(bool on)> hold_legacy;  // reading from originals
    };

    // Keeps a reference to both, which must outlive it.
    History(NodeLoop& loop, const Config& config, Hooks hooks);
    ~History() { stop(); }
    History(const History&) = delete;
    History& operator=(const History&) = delete;

    // To be called once, before all that follows.
    void begin(std::unique_ptr<store::Store> store);

    // What is added goes to the disk, in order, with the next write(). A disk that refuses it is
    // asked again until it takes it.
    void add(brain::Append append);
    void add(brain::Freeze freeze);
    void add(store::Heard line);  // of an original
    void write();

    // Each reads what was added so far, too.
    void fetch(const brain::Fetch& fetch);
    void look(const brain::Look& look);
    void fill(brain::Fill fill);
    void examine(const brain::Examine& examine);
    void prove(const brain::Prove& prove);
    void read(store::Disk::Job job);

    // Drops what is too old or too much and joins what rests; from then on whenever it is due.
    void trim();

    // Waits until all that was added is on the disk, as far as that takes it.
    void stop();

    // Node's members of these names say what they mean.
    void on_news(std::function<void()> callback) { on_news_ = std::move(callback); }
    void on_placed(Placed callback) { on_placed_ = std::move(callback); }
    store::Arrival newest() const { return arrivals_.newest(); }
    store::Position position_at(store::Arrival arrival) const { return eras_.at(arrival); }
    bool is_history(store::Arrival arrival) const { return arrivals_.is_history(arrival); }
    const std::string& trouble() const { return trouble_; }

  private:
    using Write = std::variant<RunPtr, Fork>;

    LegacyLines::Hooks legacy_hooks();
    void append(std::vector<RunPtr> runs);
    void written(std::uint64_t number, const std::vector<RunPtr>& runs,
                 const Result<std::vector<store::Added>>& result);
    void freeze(const Fork& proof);
    void frozen(std::uint64_t number, const Fork& proof, const Result<Extent>& result);
    void stored_again();
    void take_note(const std::vector<RunPtr>& runs, const std::vector<store::Added>& added);
    void tell_places(const std::vector<RunPtr>& runs, const std::vector<store::Added>& added);
    void arrived(store::Arrival newest);
    void refuse_for_now(const std::string& why);
    void try_again_later();
    void write_refused();
    std::uint64_t bytes_max() const;
    void trim_if_grown(std::size_t bytes);
    void trimmed(const store::Trimmed& gone);
    void join();

    NodeLoop& loop_;
    const Config& config_;
    Hooks hooks_;
    std::function<void()> on_news_;
    Placed on_placed_;

    std::unique_ptr<store::Disk> disk_;
    std::unique_ptr<LegacyLines> legacy_lines_;  // refers to the disk
    store::Eras eras_;
    Arrivals arrivals_;

    std::vector<Write> unwritten_;
    std::vector<Write> refused_;  // writes that failed: retried before all others
    std::set<RunPtr> late_;       // runs of the past on their way to the disk
    std::uint64_t writes_ = 0;    // number of the newest write that the disk was given
    std::uint64_t written_ = 0;   // number of the newest write that the disk has answered
    std::string trouble_;         // why nothing new is taken; empty: all is well
    bool pauses_ = false;         // after a refusal
    asio::steady_timer pause_;

    std::uint64_t untrimmed_bytes_ = 0;
    asio::steady_timer trim_timer_;
};

}  // namespace lanchat
