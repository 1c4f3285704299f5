// Every bound is met here, so that no command has to ask again.
#include "app/commands/words.hpp"

#include <charconv>
#include <limits>
#include <system_error>

#include "app/api/cursor.hpp"
#include "app/time_words.hpp"
#include "config/fault.hpp"
#include "message/limits.hpp"

namespace lanchat::app {
namespace {

constexpr std::uint32_t tail_lines = 10;  // as tail(1) does
constexpr std::uint32_t search_lines = 100;
constexpr std::uint32_t timeout_ms = 10'000;
constexpr double timeout_s_max = 1'000'000;

using What = decltype(NodeCommand::what);

std::uint32_t parse_timeout(const std::string& text) {
    if (text.empty()) return timeout_ms;
    double seconds = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    const bool whole = error == std::errc{} && end == text.data() + text.size();
    if (whole && 0 < seconds && seconds <= timeout_s_max) {
        const auto ms = static_cast<std::uint32_t>(seconds * 1000);
        return ms == 0 ? 1 : ms;
    }
    throw UsageError{"--timeout: expected seconds above 0, got " + in_quotes(text)};
}

std::optional<WallTime> parse_moment(std::string_view option, const std::string& text,
                                     DayEdge edge) {
    if (text.empty()) return std::nullopt;
    if (const auto time = parse_time(text, wall_now(), edge)) return time;
    throw UsageError{
        std::string(option) +
        ": expected a time like 2026-11-20, 2026-11-20T10:03, 2026-11-20T10:03+02:00 or " +
        "15m (ago), got " + in_quotes(text)};
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
    return text;
}

// The peer of a conversation, which is in no room.
const std::string& peer_of(const CommandWords& words) {
    if (!words.peer.empty() && !words.room.empty())
        throw UsageError{"either --room or --to: what is said to one peer is in no room"};
    return words.peer;
}

Send to_send(const CommandWords& words) {
    if (words.said_id.size() > limits::said_id_bytes_max) {
        throw UsageError{"--id: at most " + std::to_string(limits::said_id_bytes_max) + " bytes"};
    }
    Send send;
    send.room = words.room;
    send.to = peer_of(words);
    send.said_id = words.said_id;
    send.from_input = words.text == std::vector<std::string>{"-"};
    send.text = send.from_input ? std::string{} : joined(words.text);
    if (!send.from_input && send.text.empty()) {
        throw UsageError{"send needs the TEXT to say, or - to say each line of standard input"};
    }
    send.wait.all = words.wait == "all";
    if (!words.wait.empty() && !send.wait.all) {
        send.wait.peers = parse_count("--wait", words.wait, 0);
    }
    send.wait.timeout_ms = parse_timeout(words.timeout);
    return send;
}

Tail to_tail(const CommandWords& words) {
    Tail tail;
    tail.tail.room = words.room;
    tail.tail.with = peer_of(words);
    tail.tail.follow = words.follow;
    if (words.since.empty()) {
        tail.tail.last = parse_count("--lines", words.count, tail_lines);
        return tail;
    }
    if (!api::parse_cursor(words.since)) {
        throw UsageError{"--since: expected the cursor of a message, got " +
                         in_quotes(words.since)};
    }
    tail.tail.since = words.since;
    if (!words.count.empty()) tail.count_max = parse_count("--lines", words.count, 0);
    return tail;
}

History to_history(const CommandWords& words, bool search) {
    History history;
    auto& query = history.query;
    if (search) query.words = joined(words.text);
    if (search && query.words.empty()) throw UsageError{"search needs the words to look for"};
    query.room = words.room;
    query.with = peer_of(words);
    query.author = words.author;
    query.since = parse_moment("--since", words.since, DayEdge::first);
    query.until = parse_moment("--until", words.until, DayEdge::last);
    if (query.since && query.until && *query.until < *query.since)
        throw UsageError{"--until " + in_quotes(words.until) + " is before --since " +
                         in_quotes(words.since) + ": nothing lies between"};
    query.count = parse_count("--lines", words.count, search ? search_lines : 0);
    if (query.count == 0 && (search || !words.count.empty())) {
        throw UsageError{"--lines: expected a number above 0, got " + in_quotes(words.count)};
    }
    return history;
}

std::string to_peer(std::string_view name, const CommandWords& words) {
    if (!words.peer.empty()) return words.peer;
    throw UsageError{std::string(name) +
                     " needs the PEER: an id or its beginning, a name or an address"};
}

Export to_export(const CommandWords& words) {
    Export out;
    out.file = words.file;
    if (words.format == "md") {
        out.format = Export::Format::md;
    } else if (!words.format.empty() && words.format != "jsonl") {
        throw UsageError{"--format: expected jsonl or md, got " + in_quotes(words.format)};
    }
    return out;
}

}  // namespace

std::uint32_t parse_count(std::string_view option, const std::string& text,
                          std::uint32_t otherwise) {
    if (text.empty()) return otherwise;
    std::uint32_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error == std::errc{} && end == text.data() + text.size()) return count;
    throw UsageError{std::string(option) + ": expected a number, got " + in_quotes(text)};
}

Verify to_verify(const CommandWords& words) {
    const Verify verify{to_peer("verify", words), words.code, words.id};
    if (!verify.id.empty() && !verify.code.empty())
        throw UsageError{"verify takes --code or --id, not both"};
    if (!verify.id.empty() && !parse_device_id(verify.id))
        throw UsageError{"--id: expected a whole id of 52 letters and digits, got " +
                         in_quotes(verify.id)};
    return verify;
}

What to_command(std::string_view name, const CommandWords& words) {
    if (name == "send") return to_send(words);
    if (name == "tail") return to_tail(words);
    if (name == "history") return to_history(words, false);
    if (name == "search") return to_history(words, true);
    if (name == "verify") return to_verify(words);
    if (name == "block" || name == "unblock") return Block{to_peer(name, words), name == "block"};
    if (name == "peers") return ListPeers{};
    if (name == "rooms") return ListRooms{};
    if (name == "status") return ShowStatus{};
    if (name == "export") return to_export(words);
    if (words.file.empty()) throw UsageError{"import needs the FILE to import"};
    return Import{words.file};
}

}  // namespace lanchat::app
