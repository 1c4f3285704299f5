// `lanchat send`: one line, or each line of standard input.
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "app/commands/node.hpp"
#include "app/json_output.hpp"
#include "app/line_buffer.hpp"
#include "message/limits.hpp"
#include "message/text.hpp"

namespace lanchat::app {
namespace {

std::string too_long() {
    return "a line exceeds " + std::to_string(limits::line_bytes_max) + " bytes and was not sent";
}

// Lines of a descriptor as they are to be said. Empty ones say nothing.
class SaidLines {
  public:
    SaidLines(const Send& command, const Streams& streams)
        : command_(command), streams_(streams), lines_(limits::line_bytes_max) {}

    std::optional<api::Saying> next() {
        while (true) {
            const auto found = lines_.next();
            if (found.found == LineBuffer::Found::line) {
                ++number_;
                if (!found.line.empty()) return saying(found.line);
            } else if (found.found == LineBuffer::Found::too_long) {
                ++number_;
                ++refused_;
                report({1, too_long()}, streams_);
            } else if (!read()) {
                return std::nullopt;
            }
        }
    }

    std::uint64_t refused() const { return refused_; }

  private:
    // Each line has an id of its own, the same at every attempt.
    api::Saying saying(std::string_view line) const {
        const auto& id = command_.said_id;
        return {command_.room, to_utf8(line), id.empty() ? id : id + ":" + std::to_string(number_),
                command_.to};
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
            append_delivery(text, receipt.id, {receipt.delivered, receipt.of});
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
    const auto answer = node.publish_many([&] { return lines.next(); }, command.wait);
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

}  // namespace

int send(api::Client& node, const Send& command, const Streams& streams) {
    if (command.from_input) return send_input(node, command, streams);
    const auto text = to_utf8(command.text);
    if (text.size() > limits::line_bytes_max) return report({1, too_long()}, streams);
    const auto answer =
        node.publish({command.room, text, command.said_id, command.to}, command.wait);
    if (const auto* problem = std::get_if<api::Problem>(&answer)) return report(*problem, streams);
    return tell(std::get<api::Receipt>(answer), command, streams);
}

}  // namespace lanchat::app
