// The rules that every history is held to.
#include "tests/sim/history.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <utility>

#include "tests/sim/numbers.hpp"

namespace lanchat::sim {
namespace {

using Pair = std::pair<std::size_t, std::size_t>;  // node, peer

// Ten minutes, and what a frame may be on its way.
constexpr std::int64_t off_ms_max = 10 * 60'000 + 30'000;

// The slowest disk has written a line by then.
constexpr Duration flush_time = std::chrono::seconds(2);

// By then everybody who is linked knows what the clocks of all the others show: they tell it with
// what goes anyway, and who is silent is pinged.
constexpr Duration clocks_told_time = std::chrono::seconds(15);

class Judge {
  public:
    explicit Judge(const History& history) : history_(history) {}

    std::vector<std::string> verdict() {
        for (const auto& record : history_.records) follow(record);
        check_disks();
        check_agreement();
        check_letters();
        check_forks();
        check_reports();
        check_quiet_lines();
        check_presence();
        check_deliveries();
        return std::move(faults_);
    }

  private:
    void follow(const Record& record) {
        const Pair pair{record.node, record.peer};
        const bool moves = record.what == What::up || record.what == What::down;
        if (moves && record.when >= history_.quiet_from && !is_odd(record.peer))
            fault("flap", record);
        if (tells_of_lines(record.what) && !may_know(record.node, record.peer))
            fault("overheard", record);
        if (moves || record.what == What::clock_set) clocks_change(record);
        switch (record.what) {
            case What::clock_set:
                return;
            case What::placed:
                if (!is_one_key(record.number, record.peer)) fault("place of another key", record);
                return;
            case What::told:
                if (!may_know(record.number, record.peer)) fault("told to a wrong key", record);
                return;
            case What::carried:
                if (kind(record.peer) != Kind::stranger && !is_one_key(record.number, record.peer))
                    fault("receipt to a wrong key", record);
                return;
            case What::up:
                if (kind(record.peer) == Kind::stranger) strangers_.insert(record.peer);
                if (!up_.insert(pair).second) fault("up twice", record);
                return;
            case What::down:
                if (up_.erase(pair) == 0) fault("down without up", record);
                return;
            case What::said:
                return said(record);
            case What::shown:
                return shown(record);
            case What::undelivered:
                reported_[pair] += record.number;
                return;
            case What::loaded:
                if (record.number > 0 && !is_known(record.peer, record.number))
                    fault("phantom", record);
                loaded_[pair].add(record.text, record.number);
                seen_[pair].add(record.text, record.number);
                return;
            case What::stored:
                if (!seen_[pair].holds(record.text, record.number))
                    fault("stored and not shown", record);
                flushed_[pair].add(record.text, record.number);
                return;
            case What::lacks:
                lacking_[pair].insert(record.number);
                return;
            case What::filled:
                lacking_[pair].erase(record.number);
                return;
            case What::exchanged:
                if (record.when >= history_.still_from) fault("stuck", record);
                return;
            case What::delivered:
                return delivered(record);
            case What::forked:
                endings_[pair].forked = record.number;
                return;
            case What::holds:
                return holds(record);
        }
    }

    static bool tells_of_lines(What what) {
        return what == What::shown || what == What::loaded || what == What::stored ||
               what == What::holds;
    }

    bool is_letters(std::size_t author) const { return !person(author).to.empty(); }

    bool may_know(std::size_t node, std::size_t author) const {
        return !is_letters(author) || person(node).device == person(author).device ||
               person(node).device == person(author).to;
    }

    bool is_one_key(std::size_t a, std::size_t b) const {
        return person(a).device == person(b).device;
    }

    // Strangers may say what they like of themselves, once they are somebody's peers.
    void delivered(const Record& record) {
        std::size_t flushed = 0;
        const std::size_t strangers = strangers_.size();
        for (std::size_t node = 0; node < history_.people.size(); ++node) {
            const auto lacking = lacking_.find({node, record.peer});
            const bool lacks = lacking != lacking_.end() && lacking->second.contains(record.number);
            if (node != record.node && !lacks &&
                (is_in(flushed_, node, record) || is_in(loaded_, node, record)))
                ++flushed;
        }
        if (record.delivered > flushed + strangers) fault("delivered and not stored", record);
        missing_[{record.peer, record.number}] = record;
    }

    static bool is_in(const std::map<Pair, Numbers>& kept, std::size_t node, const Record& line) {
        const auto it = kept.find({node, line.peer});
        return it != kept.end() && it->second.holds(line.number - 1, line.number);
    }

    void check_deliveries() {
        if (!history_.all_is_told) return;
        std::set<Pair> quiet;
        for (const Record& line : quiet_said_) quiet.insert({line.peer, line.number});
        for (const auto& [line, record] : missing_)
            if (quiet.contains(line) && person(record.node).alive && record.missing > 0)
                fault("everywhere and not known to be", record);
    }

    void said(const Record& record) {
        if (kind(record.node) == Kind::legacy) {
            legacy_said_[record.node].insert(record.text);
        } else {
            if (!said_.emplace(Pair{record.peer, record.number}, record.text).second)
                fault("number said twice", record);
            said_when_.emplace(Pair{record.peer, record.number}, record.when);
            seen_[{record.node, record.peer}].add(record.number - 1, record.number);
            if (is_letters(record.peer)) letters_.insert(record.text);
            if (!record.hidden) check_order(record);
            if (record.clocks_agree && std::abs(record.ahead_ms) > off_ms_max)
                fault("dated wrongly", record);
        }
        if (is_letters(record.peer)) return;  // nobody else is to have them
        if (record.hidden) return;            // nobody waits for it
        for (auto it = up_.lower_bound({record.node, 0}); it != up_.end(); ++it) {
            if (it->first != record.node) break;
            if (kind(it->second) == Kind::lanchat)
                owed_[{it->second, record.node}].push_back({record.peer, record.number});
        }
        if (record.when >= history_.quiet_from) quiet_said_.push_back(record);
    }

    void shown(const Record& record) {
        const Pair pair{record.node, record.peer};
        const bool reader_is_legacy = kind(record.node) == Kind::legacy;
        if (kind(record.peer) == Kind::legacy || reader_is_legacy) return legacy_shown(record);
        if (record.number == 0) return;  // a stranger in the guise of a legacy peer
        if (kind(record.peer) == Kind::lanchat) {
            const auto line = said_.find({record.peer, record.number});
            if (line == said_.end() || line->second != record.text) return fault("phantom", record);
            if (!record.hidden) check_tense(record);
            if (!record.hidden) may_be_answered(record);
        }
        Numbers& seen = seen_[pair];
        const auto before = record.number - 1;
        if (seen.holds(before, record.number)) return fault("duplicate", record);
        if (before != seen.newest() && !record.history) fault("inverted", record);
        seen.add(before, record.number);
    }

    void clocks_change(const Record& record) {
        if (record.what == What::clock_set)
            clock_set_ = record.when;
        else if (kind(record.peer) != Kind::legacy)
            others_changed_[record.node] = record.when;
    }

    // Since when both have had the same company, and have known their clocks.
    Instant steady_since(std::size_t a, std::size_t b) {
        return std::max({clock_set_, others_changed_[a], others_changed_[b]}) + clocks_told_time;
    }

    void may_be_answered(const Record& line) {
        const std::size_t author = process(line.peer);
        const Instant since = steady_since(line.node, author);
        if (said_when_.at({line.peer, line.number}) < since) return;
        Question& newest = questions_[{line.node, author}];
        if (newest.steady_since != since) newest = {since, 0};
        newest.clock = std::max(newest.clock, line.clock);
    }

    // What is said after a line was shown comes after it in the order of all lines, if its author
    // is here and both see the same others.
    void check_order(const Record& answer) {
        for (auto it = questions_.lower_bound({answer.node, 0}); it != questions_.end(); ++it) {
            const auto& [pair, question] = *it;
            if (pair.first != answer.node) break;
            const Instant since = steady_since(pair.first, pair.second);
            if (question.steady_since != since || answer.when < since) continue;
            if (answer.clock <= question.clock && have_same_clocks(pair.first, pair.second))
                fault("answered before it was asked", answer);
        }
    }

    // Strangers may tell everybody something else.
    bool have_same_clocks(std::size_t a, std::size_t b) const {
        const auto company = company_of(a);
        if (company != company_of(b) || !company.contains(b)) return false;
        const auto strange = std::ranges::count_if(
            company, [&](std::size_t who) { return kind(who) == Kind::stranger; });
        const bool all_right =
            std::ranges::none_of(company, [&](std::size_t who) { return person(who).odd_clock; });
        return strange == 0 ||
               (all_right && 2 * static_cast<std::size_t>(strange) < company.size());
    }

    std::set<std::size_t> company_of(std::size_t node) const {
        std::set<std::size_t> company{node};
        for (auto it = up_.lower_bound({node, 0}); it != up_.end() && it->first == node; ++it)
            if (kind(it->second) != Kind::legacy) company.insert(it->second);
        return company;
    }

    std::size_t process(std::size_t author) const {
        return person(author).page_of.value_or(author);
    }

    // History is what was said while the reader was away. What reaches a neighbour later than its
    // reader comes as news from there, unless the reader is linked with its author, who lists what
    // is flushed. Who has just begun tells by the clocks what is older than it.
    void check_tense(const Record& record) {
        const Instant said = said_when_.at({record.peer, record.number});
        if (record.history && said >= history_.quiet_from) fault("present as history", record);
        const Person& reader = person(record.node);
        const Instant dated = record.when + std::chrono::milliseconds(record.ahead_ms);
        const bool can_tell = history_.lines_are_pushed && !reader.odd_clock &&
                              record.clocks_agree && up_.contains({record.node, record.peer});
        if (!record.history && can_tell && std::max(said, dated) + flush_time < reader.born)
            fault("history as present", record);
    }

    void legacy_shown(const Record& record) {
        const bool both_legacy = kind(record.node) == Kind::legacy;
        if (letters_.contains(record.text)) fault("overheard", record);
        if (kind(record.peer) == Kind::stranger) return;
        ++copies_[{{record.node, record.peer}, record.text}];
        if (both_legacy || kind(record.peer) != Kind::legacy) return;
        if (!legacy_said_[record.peer].contains(record.text)) fault("phantom", record);
        if (copies_[{{record.node, record.peer}, record.text}] > 1) fault("duplicate", record);
    }

    void holds(const Record& record) {
        const Head head{record.number, record.text};
        endings_[{record.node, record.peer}].head = head;
        if (kind(record.peer) == Kind::stranger || is_letters(record.peer)) return;
        const auto [first, is_new] = heads_.emplace(record.peer, head);
        ++holders_[record.peer];
        if (!is_new && first->second != head) fault("diverged", record);
    }

    // Who continues a data directory finds there what was flushed.
    void check_disks() {
        for (std::size_t node = 0; node < history_.people.size(); ++node) {
            const auto before = person(node).follows;
            if (!before) continue;
            for (auto it = flushed_.lower_bound({*before, 0}); it != flushed_.end(); ++it) {
                if (it->first.first != *before) break;
                const Pair pair{node, it->first.second};
                if (const auto lost = it->second.first_beyond(loaded_[pair]))
                    fault("flushed and forgotten", pair, *lost);
            }
        }
    }

    // What one of the living has, all of them have; and what one of the living said.
    void check_agreement() {
        std::map<std::size_t, Numbers> known;  // author: lines
        for (const auto& [pair, seen] : seen_)
            if (is_living(pair.first)) known[pair.second].add(seen);
        std::ptrdiff_t living = 0;
        for (std::size_t node = 0; node < history_.people.size(); ++node)
            living += is_living(node) ? 1 : 0;
        for (const auto& [author, lines] : known) {
            if (kind(author) != Kind::lanchat || lines.newest() == 0 || is_letters(author))
                continue;
            for (std::size_t node = 0; node < history_.people.size(); ++node)
                if (is_living(node)) check_lost({node, author}, lines);
            if (holders_[author] != living) fault("diverged", {author, author}, lines.newest());
        }
    }

    // Of each two devices, as far as they can reach each other: what one of them has, both have.
    void check_letters() {
        for (std::size_t log = 0; log < history_.people.size(); ++log) {
            if (!is_letters(log)) continue;
            for (std::size_t one = 0; one < history_.people.size(); ++one)
                for (std::size_t other = 0; other < history_.people.size(); ++other)
                    if (is_living(one) && is_living(other) && should_meet(one, other) &&
                        person(one).device == person(log).device &&
                        person(other).device == person(log).to)
                        check_letters(log, one, other);
        }
    }

    void check_letters(std::size_t log, std::size_t one, std::size_t other) {
        check_lost({one, log}, seen_[{other, log}]);
        check_lost({other, log}, seen_[{one, log}]);
        if (endings_[{one, log}] != endings_[{other, log}])
            fault("diverged", {one, log}, endings_[{one, log}].head.first);
    }

    void check_forks() {
        std::map<std::size_t, std::pair<std::size_t, Ending>> proven;  // author: node
        for (const auto& [pair, ending] : endings_)
            if (is_living(pair.first) && ending.forked != 0 && !is_letters(pair.second))
                proven.emplace(pair.second, std::pair{pair.first, ending});
        for (const auto& [author, first] : proven)
            for (std::size_t node = 0; node < history_.people.size(); ++node)
                if (is_living(node) && endings_[{node, author}] != first.second)
                    fault("forked apart", {node, author}, first.second.forked);
    }

    void check_lost(Pair pair, const Numbers& lines) {
        if (const auto lost = lines.first_beyond(seen_[pair])) fault("lost", pair, *lost);
    }

    // Who left in good order has told what those who were there did not get.
    void check_reports() {
        for (const auto& [pair, lines] : owed_) {
            const auto [reader, author] = pair;
            if (person(author).alive || person(author).ever_killed) continue;
            if (!person(reader).alive || !up_.contains({author, reader})) continue;
            const auto lost = static_cast<std::uint64_t>(
                std::ranges::count_if(lines, [&, who = reader](const Pair& line) {
                    return !seen_[{who, line.first}].holds(line.second - 1, line.second);
                }));
            if (lost > reported_[{author, reader}]) fault("lost and not reported", pair, lost);
        }
        // A stranger may come back as one who has nothing, and miss all of it again.
        for (const auto& [pair, lines] : reported_)
            if (kind(pair.second) != Kind::stranger &&
                lines > said_by(pair.first) * lives_of(pair.second))
                fault("reported more than was said", pair, lines);
    }

    void check_quiet_lines() {
        for (const auto& line : quiet_said_)
            for (std::size_t reader = 0; reader < history_.people.size(); ++reader) {
                if (reader == line.node || !should_meet(reader, line.node)) continue;
                if (kind(reader) != Kind::legacy && kind(line.node) != Kind::legacy) continue;
                if (!person(reader).alive || !person(line.node).alive) continue;
                const auto copies = copies_[{{reader, line.node}, line.text}];
                if (copies == 1) continue;
                fault(copies == 0 ? "lost in the quiet time" : "duplicate", {reader, line.node},
                      line.number);
            }
    }

    void check_presence() {
        for (std::size_t node = 0; node < history_.people.size(); ++node) {
            if (!is_living(node)) continue;
            for (std::size_t peer = 0; peer < history_.people.size(); ++peer) {
                if (peer == node) continue;
                const bool up = up_.contains({node, peer});
                const bool there = person(peer).alive && should_meet(node, peer);
                if (up && !there && !is_odd(peer)) fault("ghost", {node, peer}, 0);
                if (!up && there) fault("missing", {node, peer}, 0);
            }
        }
    }

    bool should_meet(std::size_t a, std::size_t b) const {
        if (kind(a) == Kind::stranger || kind(b) == Kind::stranger) return false;
        if (kind(a) == Kind::legacy && kind(b) == Kind::legacy) return false;  // their own affair
        if (history_.apart.contains({std::min(a, b), std::max(a, b)})) return false;
        if (kind(a) == Kind::legacy) return person(b).takes_legacy;
        return kind(b) != Kind::legacy || person(a).takes_legacy;
    }

    bool is_known(std::size_t author, std::uint64_t number) const {
        return kind(author) == Kind::stranger || said_.contains({author, number});
    }

    std::uint64_t said_by(std::size_t author) const {
        std::uint64_t lines = 0;
        for (const auto& line : said_) {
            const std::size_t log = line.first.first;
            if (log == author || person(log).page_of == author) ++lines;
        }
        return lines;
    }

    // A report names a device: it may mean the process before.
    std::uint64_t lives_of(std::size_t who) const {
        if (person(who).device.empty()) return 1;
        return static_cast<std::uint64_t>(
            std::ranges::count(history_.people, person(who).device, &Person::device));
    }

    const Person& person(std::size_t who) const { return history_.people[who]; }
    Kind kind(std::size_t who) const { return person(who).kind; }
    bool is_living(std::size_t who) const {
        return kind(who) == Kind::lanchat && person(who).alive;
    }

    // A stranger who lives may come and go as it likes.
    bool is_odd(std::size_t who) const { return kind(who) == Kind::stranger && person(who).alive; }

    void fault(const std::string& what, const Record& record) {
        fault(what, Pair{record.node, record.peer}, record.number, record.when);
    }
    void fault(const std::string& what, Pair pair, std::uint64_t number,
               Instant when = Instant::max()) {
        std::string words = what + ": at " + person(pair.first).name + ", about " +
                            person(pair.second).name + ", " + std::to_string(number);
        if (when != Instant::max())
            words += ", at " + std::to_string(when.time_since_epoch().count()) + " us";
        faults_.push_back(std::move(words));
    }

    using Head = std::pair<std::uint64_t, std::uint64_t>;  // number, fingerprint

    struct Ending {
        std::uint64_t forked = 0;
        Head head;
        bool operator==(const Ending&) const = default;
    };

    struct Question {
        Instant steady_since{};
        std::uint64_t clock = 0;
    };

    const History& history_;
    std::vector<std::string> faults_;
    std::map<Pair, Ending> endings_;  // node, author
    std::set<Pair> up_;
    std::set<std::size_t> strangers_;  // that ever came to anybody
    std::map<std::pair<std::size_t, std::uint64_t>, std::uint64_t> said_;  // author, number: text
    std::map<Pair, Instant> said_when_;                                    // author, number
    std::map<std::size_t, std::set<std::uint64_t>> legacy_said_;
    std::set<std::uint64_t> letters_;
    std::map<Pair, std::vector<Pair>> owed_;  // reader, process: log, number
    std::map<Pair, Numbers> seen_;     // reader, author: shown to it or its directory's users
    std::map<Pair, Numbers> loaded_;   // node, author
    std::map<Pair, Numbers> flushed_;  // node, author
    std::map<Pair, std::set<std::uint64_t>> lacking_;  // node, author: without their bodies
    std::map<std::size_t, Head> heads_;                // author
    std::map<std::size_t, std::ptrdiff_t> holders_;    // author
    std::map<Pair, std::uint64_t> reported_;           // author, reader
    std::map<std::pair<Pair, std::uint64_t>, std::uint64_t> copies_;  // reader+author, text
    std::map<Pair, Question> questions_;             // node, process: the newest it was shown
    std::map<std::size_t, Instant> others_changed_;  // node
    Instant clock_set_{};
    std::vector<Record> quiet_said_;
    std::map<Pair, Record> missing_;  // log, number: what was told of it last
};

}  // namespace

std::uint64_t fingerprint(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    return hash;
}

std::vector<std::string> judge(const History& history) { return Judge(history).verdict(); }

}  // namespace lanchat::sim
