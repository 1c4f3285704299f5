// Runs and proofs in frames. For wire.cpp only: it holds generated code.
#pragma once

#include "message/fork.hpp"
#include "message/message.pb.h"
#include "message/run.hpp"

namespace lanchat {

void put(const VerifiedRun& run, message::Run& out);
void put(const Fork& proof, message::Proof& out);

// What is in `in` is used up. Both runs of a proof are verified.
Result<UnprovenRun> take_run(message::Run& in);
Result<Fork> take_proof(message::Proof& in);

// `speaker` does not name itself as the device of runs that it said itself (wire.hpp).
using Runs = google::protobuf::RepeatedPtrField<message::Run>;
void leave_out(const DeviceId& speaker, Runs& runs);
void fill_in(const DeviceId& speaker, Runs& runs);

}  // namespace lanchat
