// Lines on their way from the caller to the brain, and the answers on their way back.
#include "node/sayings.hpp"

#include <utility>

#include "message/limits.hpp"
#include "message/text.hpp"

namespace lanchat {
namespace {

bool makes_sense(const Via& via) {
    return is_name(via.name) && is_utf8(via.through) && !via.through.empty() &&
           via.through.size() <= limits::via_bytes_max &&
           via.passed.size() <= limits::via_passed_max;
}

}  // namespace

Sayings::Sayings(NodeLoop& loop, const brain::Room& room, History& history, Settings settings,
                 std::function<void(brain::Say)> feed)
    : loop_(loop), room_(room), history_(history), settings_(settings), feed_(std::move(feed)) {}

std::optional<Failure> Sayings::refuse(Saying& saying) const {
    auto& [text, room, said_id, to, marks] = saying;
    if (!history_.trouble().empty())
        return Failure{"the line cannot be stored: " + history_.trouble()};
    constexpr auto invalid = Failure::Kind::invalid;
    if (text.empty()) return Failure{"text is empty", invalid};
    if (!is_utf8(text)) text = to_utf8(text);
    if (text.size() > limits::line_bytes_max)
        return Failure{"text exceeds " + std::to_string(limits::line_bytes_max) + " bytes",
                       invalid};
    if (to != DeviceId{} && !settings_.tls)
        return Failure{"direct messages need encrypted links: security.tls is off"};
    if (room_.people().is_blocked(to)) return Failure{"it is blocked: unblock it first"};
    if (to == settings_.self) return Failure{"nobody sends direct messages to themselves", invalid};
    if (room.empty() || room.size() > limits::room_bytes_max || !is_utf8(room))
        return Failure{
            "a room name has 1 to " + std::to_string(limits::room_bytes_max) + " bytes of UTF-8",
            invalid};
    if (said_id.size() > limits::said_id_bytes_max || !is_utf8(said_id))
        return Failure{
            "an id has at most " + std::to_string(limits::said_id_bytes_max) + " bytes of UTF-8",
            invalid};
    if (marks.via && !makes_sense(*marks.via))
        return Failure{"nobody can speak for somebody without a name, or through nothing", invalid};
    if (marks.reply_to && !is_read_by_the_same(*marks.reply_to, to))
        return Failure{"that line is not read by those who are to read the reply", invalid};
    return std::nullopt;
}

bool Sayings::is_read_by_the_same(const LineId& line, const DeviceId& to) const {
    const bool is_place = line.seq != 0 && line.seq <= limits::seq_max;
    if (to == DeviceId{}) return is_place && !line.log.is_direct();
    return is_place && is_between(line.log, settings_.self, to);
}

LineId Sayings::say_now(Saying saying, bool watched) {
    const bool is_direct = saying.to != DeviceId{};
    LineId line = is_direct ? room_.next_line_to(saying.to) : room_.next_line();
    line.seq += waiting_[saying.to]++;
    feed_({std::move(saying.room), std::move(saying.text), std::move(saying.said_id), watched,
           saying.to, std::move(saying.marks)});
    return line;
}

void Sayings::say(Saying saying, WhenSaid said) {
    if (const auto no = refuse(saying)) {
        return loop_.post([said = std::move(said), no = *no] { said(no); });
    }
    if (!saying.said_id.empty()) {
        auto& waiting = said_ids_[saying.said_id];
        waiting.emplace_back(saying, std::move(said));
        if (waiting.size() == 1) say_once(saying);
        return;
    }
    unanswered_[say_now(std::move(saying), true)] = std::move(said);
}

// Only the disk knows what was said with this id by an earlier process. What comes while it looks
// is looked for together.
void Sayings::say_once(const Saying& saying) {
    new_ids_.push_back(saying);
    if (!std::exchange(looking_, true)) look();
}

void Sayings::look() {
    history_.read([this, asked = std::exchange(new_ids_, {}),
                   self = settings_.self](store::Store& history) mutable {
        std::vector<Earlier> known;
        for (const Saying& saying : asked) known.push_back(history.said(self, saying.said_id));
        loop_.post([this, asked = std::move(asked), known = std::move(known)] {
            for (std::size_t n = 0; n < asked.size(); ++n) looked(asked[n], known[n]);
            looking_ = !new_ids_.empty();
            if (looking_) look();
        });
    });
}

void Sayings::looked(const Saying& saying, const Earlier& known) {
    if (!known) return answer_all(saying, Failure{known.why()});
    if (*known) {
        const Entry& entry = (*known)->entry;
        return answer_all({entry.text, entry.room, saying.said_id, entry.log.to, entry.marks},
                          LineId{entry.log, entry.seq});
    }
    unanswered_[say_now(saying, true)] = [this, saying](const Result<LineId>& line) {
        answer_all(saying, line);
    };
}

// Whoever wanted to say something else with this id has not said it.
void Sayings::answer_all(const Saying& said_was, const Result<LineId>& line) {
    const auto waiting = said_ids_.extract(said_was.said_id);
    for (const auto& [saying, said] : waiting.mapped()) {
        const bool is_it = saying.text == said_was.text && saying.to == said_was.to &&
                           saying.marks == said_was.marks &&
                           (saying.room == said_was.room || saying.to != DeviceId{});
        if (is_it || !line) {
            said(line);
        } else {
            said(Failure{"the id \"" + saying.said_id + "\" was used for another line",
                         Failure::Kind::already_exists});
        }
    }
}

void Sayings::stored(const std::vector<RunPtr>& runs) {
    for (const RunPtr& run : runs) {
        const LineId last{run->log(), run->last()};
        for (auto it = unanswered_.lower_bound({run->log(), 0});
             it != unanswered_.end() && it->first <= last;
             it = unanswered_.lower_bound({run->log(), 0})) {
            const auto next = unanswered_.extract(it);
            next.mapped()(next.key());
        }
    }
}

}  // namespace lanchat
