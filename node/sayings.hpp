// What is said at this node, and who waits to hear that it is on the disk.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "controller/room.hpp"
#include "node/history.hpp"
#include "node/node.hpp"
#include "node/node_loop.hpp"

namespace lanchat {

namespace brain = controller;

// Loop thread only. Keeps references to the loop, the room and the history.
class Sayings {
  public:
    struct Settings {
        DeviceId self;
        bool tls = true;  // direct messages need it
    };

    Sayings(NodeLoop& loop, const brain::Room& room, History& history, Settings settings,
            std::function<void(brain::Say)> feed);
    Sayings(const Sayings&) = delete;
    Sayings& operator=(const Sayings&) = delete;

    // Why this cannot be said, if so. Replaces invalid UTF-8.
    std::optional<Failure> refuse(Saying& saying) const;
    // Precondition of both: it is not refused.
    LineId say_now(Saying saying, bool watched);
    void say(Saying saying, WhenSaid said);
    std::string id_of(const LineId& line) { return ids_.of(line); }

    // The room is about to take this, which was fed before.
    void taken(const brain::Say& say) { --waiting_[say.to]; }
    // Tells who waits for them.
    void stored(const std::vector<RunPtr>& runs);

  private:
    bool is_read_by_the_same(const LineId& line, const DeviceId& to) const;
    void say_once(const Saying& saying);
    // What was said before with an id, if anything.
    using Earlier = Result<std::optional<store::Line>>;
    void look();
    void looked(const Saying& saying, const Earlier& known);
    void answer_all(const Saying& said_was, const Result<LineId>& line);

    NodeLoop& loop_;
    const brain::Room& room_;
    History& history_;
    const Settings settings_;
    std::function<void(brain::Say)> feed_;
    std::map<DeviceId, Seq> waiting_;  // lines that the room has not taken yet, by recipient
    MessageIds ids_;
    std::map<LineId, WhenSaid> unanswered_;
    std::vector<Saying> new_ids_;  // with ids that the disk is still to be asked for
    bool looking_ = false;
    // By said_id: requests whose line is not on the disk yet, or of which the disk has not told.
    std::map<std::string, std::vector<std::pair<Saying, WhenSaid>>> said_ids_;
};

}  // namespace lanchat
