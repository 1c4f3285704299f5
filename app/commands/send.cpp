// Lines of standard input are read as fast as the node takes them.
#include "app/commands/send.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <system_error>
#include <utility>
#include <vector>

#include "app/commands/ask.hpp"
#include "app/commands/words.hpp"
#include "app/faces/json_output.hpp"
#include "app/streams/line_buffer.hpp"
#include "config/fault.hpp"
#include "message/limits.hpp"
#include "message/text.hpp"

namespace lanchat::app {
namespace {

constexpr std::string_view send_help = R"(lanchat send: say a line through the node that runs.

Examples:
  lanchat send lunch at noon            everything after the options is the line
  lanchat send --wait all 'going down'  return when every live peer has stored it
  make 2>&1 | lanchat send -r builds -  each line of standard input
  lanchat send --id job-7 done          said once, however often this is run
  lanchat send -t bob 'are you there?'  to bob alone; waits for him if he is away

Usage:
  lanchat send [-r ROOM | -t PEER] [--id ID] [--wait N|all] [--timeout S] TEXT... | -

Options:
  -r, --room ROOM       general, if not given
  -t, --to PEER         to this peer alone: id or its beginning, name or address
      --id ID           makes the call idempotent; lines of standard input get ID:1, ID:2, ...
      --wait N|all      until N peers, or all live ones, have stored it; else 4
      --timeout S       seconds to wait (10)
      --json            print an ack, and with --wait the delivery
)";

constexpr std::uint32_t timeout_ms = 10'000;
constexpr double timeout_s_max = 1'000'000;

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

std::string too_long() {
    return "a line exceeds " + std::to_string(limits::line_bytes_max) + " bytes and was not sent";
}

// Lines of a descriptor as they are to be said. Empty ones say nothing.
class SaidLines {
  public:
    SaidLines(const Send& command, const Streams& streams)
        : command_(command), streams_(streams), lines_(limits::line_bytes_max) {}

    // The next ones, as many as can be told without waiting for more; none: that was all.
    std::vector<Saying> next() {
        std::vector<Saying> sayings;
        std::size_t bytes = 0;
        while (sayings.size() < limits::run_entries_max && bytes < limits::run_bytes_max) {
            const auto found = lines_.next();
            if (found.found == LineBuffer::Found::line) {
                ++number_;
                if (found.line.empty()) continue;
                sayings.push_back(saying(found.line));
                bytes += found.line.size();
            } else if (found.found == LineBuffer::Found::too_long) {
                ++number_;
                ++refused_;
                report({1, too_long()}, streams_);
            } else if (!sayings.empty() || !read()) {
                break;
            }
        }
        return sayings;
    }

    std::uint64_t refused() const { return refused_; }

  private:
    // Each line has an id of its own, the same at every attempt.
    Saying saying(std::string_view line) const {
        const auto& id = command_.said_id;
        return {to_utf8(line), command_.room, id.empty() ? id : id + ":" + std::to_string(number_)};
    }

    bool read() {
        if (lines_.has_ended()) return false;
        std::array<char, 65'536> bytes{};
        const auto size = ::read(streams_.in, bytes.data(), bytes.size());
        if (size < 0 && errno == EINTR) return true;
        if (size > 0) {
            lines_.put({bytes.data(), static_cast<std::size_t>(size)});
        } else {
            lines_.end();
        }
        return true;
    }

    const Send& command_;
    const Streams& streams_;
    LineBuffer lines_;
    std::uint64_t number_ = 0;
    std::uint64_t refused_ = 0;
};

int tell(const api::Receipt& receipt, const Send& command, const Streams& streams) {
    std::string text;
    if (streams.json && !receipt.id.empty()) {
        append_ack(text, command.said_id, receipt.id);
        if (command.wait.all || command.wait.peers) {
            append_delivery(text, receipt.id, {receipt.delivered, receipt.of, 0});
        }
    }
    streams.out << text;
    if (receipt.reached) return 0;
    if (!receipt.id.empty() && receipt.of == 0 && command.wait.all)
        return report({4, "it cannot be told whether it was delivered: only originals are linked"},
                      streams);
    const auto what = receipt.id.empty() ? std::string("not on this node's disk")
                                         : "delivered to " + std::to_string(receipt.delivered) +
                                               " of " + std::to_string(receipt.of);
    return report({4, "not delivered in time: " + what}, streams);
}

int send_input(api::Client& node, const Send& command, const Streams& streams) {
    SaidLines lines(command, streams);
    const auto answer = node.publish_many(
        command.to, [&] { return lines.next(); }, command.wait);
    if (const auto* problem = std::get_if<api::Problem>(&answer)) return report(*problem, streams);
    const auto& receipt = std::get<api::BulkReceipt>(answer);
    if (receipt.refused > 0) {
        report({1, std::to_string(receipt.refused) + " lines were refused: " + receipt.why +
                       " (the first is number " + std::to_string(receipt.first_refused) +
                       " of those sent)"},
               streams);
    }
    const int exit_code =
        receipt.said > 0 || !receipt.last.reached ? tell(receipt.last, command, streams) : 0;
    return exit_code == 0 && receipt.refused + lines.refused() > 0 ? 1 : exit_code;
}

Send to_send(const Given& given) {
    if (given["--id"].size() > limits::said_id_bytes_max) {
        throw UsageError{"--id: at most " + std::to_string(limits::said_id_bytes_max) + " bytes"};
    }
    Send send;
    send.room = given["--room"];
    send.to = conversation_with(given);
    send.said_id = given["--id"];
    send.from_input = given.all("TEXT") == std::vector<std::string>{"-"};
    send.text = send.from_input ? std::string{} : given.joined("TEXT");
    if (!send.from_input && send.text.empty()) {
        throw UsageError{"send needs the TEXT to say, or - to say each line of standard input"};
    }
    const auto& wait = given["--wait"];
    send.wait.all = wait == "all";
    if (!wait.empty() && !send.wait.all) send.wait.peers = parse_count("--wait", wait, 0);
    send.wait.timeout_ms = parse_timeout(given["--timeout"]);
    return send;
}

}  // namespace

int Send::operator()(api::Client& node, const Streams& streams) const {
    if (from_input) return send_input(node, *this, streams);
    const auto utf8 = to_utf8(text);
    if (utf8.size() > limits::line_bytes_max) return report({1, too_long()}, streams);
    const auto answer = node.publish(to, {utf8, room, said_id}, wait);
    if (const auto* problem = std::get_if<api::Problem>(&answer)) return report(*problem, streams);
    return tell(std::get<api::Receipt>(answer), *this, streams);
}

Command send_command() {
    return {.name = "send",
            .options = {{"-r,--room"},
                        {"-t,--to"},
                        {"--id"},
                        {"--wait"},
                        {"--timeout"},
                        {"TEXT", Option::Takes::many}},
            .help = send_help,
            .question = to_send};
}

}  // namespace lanchat::app
