// Parts of a frame to protobuf and back. For wire.cpp only: nobody else sees the generated code.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

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
