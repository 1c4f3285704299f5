// Parts of a frame to protobuf and back. For wire.cpp and wire_run.cpp: nobody else sees the
// generated code.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "message/exact.hpp"
#include "message/frame.hpp"
#include "message/message.pb.h"
#include "message/result.hpp"

namespace lanchat {

void put(const Hello& hello, message::Hello& out);
void put(const Linked& linked, message::Linked& out);
void put(const Digest& digest, message::Digest& out);
void put(const VerifyStep& step, message::Verify& out);
void put(const Ping& ping, message::Ping& out);
void put(Bye bye, message::Bye& out);

// What comes back keeps every limit of message/limits.hpp; else why it does not.
Result<Hello> take_hello(message::Hello& in);
Result<Linked> take_linked(const message::Linked& in);
Result<Digest> take_digest(const message::Digest& in);
Result<VerifyStep> take_verify(const message::Verify& in);
Result<Ping> take_ping(const message::Ping& in);
Result<Bye> take_bye(const message::Bye& in);

// A log, and one that may be direct, in whatever names it.
template <class Out>
void put(const LogId& log, Out& out) {
    out.set_device(std::string(log.device.view()));
    out.set_epoch(static_cast<std::uint64_t>(log.epoch));
}

template <class Out>
void put_any(const LogId& log, Out& out) {
    put(log, out);
    if (log.is_direct()) out.set_to(std::string(log.to.view()));
}

template <class In>
bool take_log(const In& in, LogId& log) {
    log.epoch = Epoch{in.epoch()};
    return take_exact(in.device(), log.device);
}

template <class In>
bool take_any_log(const In& in, LogId& log) {
    return take_log(in, log) && take_exact_or_none(in.to(), log.to);
}

// What is no more than `most` elements, each taken by `take`; or the first failure.
template <class In, class Out, class Take>
std::optional<Failure> take_all(In& in, std::size_t most, std::vector<Out>& out, Take take) {
    if (static_cast<std::size_t>(in.size()) > most) return Failure{"frame with too many parts"};
    out.reserve(static_cast<std::size_t>(in.size()));
    for (auto& element : in) {
        auto taken = take(element);
        if (!taken) return Failure{taken.why()};
        out.push_back(std::move(*taken));
    }
    return std::nullopt;
}

}  // namespace lanchat
