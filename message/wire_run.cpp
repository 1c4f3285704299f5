// Runs as the wire has them.
#include "message/wire_run.hpp"

#include <utility>

#include "message/exact.hpp"
#include "message/limits.hpp"
#include "message/wire_parts.hpp"

namespace lanchat {
namespace {

template <class From>
void move_all(From& from, std::vector<std::string>& to) {
    to.reserve(static_cast<std::size_t>(from.size()));
    for (auto& bytes : from) to.push_back(std::move(bytes));
}

// What its entries share; nothing of version 1.
bool take_shared(const message::Run& in, Run& run) {
    if (in.first() == 0) return in.bodies_size() == 0;
    Shared shared{{}, in.first(), {}};
    const bool is_first = shared.first == 1;
    if (!take_any_log(in, shared.log)) return false;
    if (is_first != in.before().empty() || !take_exact_or_none(in.before(), shared.before))
        return false;
    run.shared = shared;
    return true;
}

}  // namespace

void put(const VerifiedRun& run, message::Run& out) {
    out.mutable_entries()->Reserve(static_cast<int>(run.items().size()));
    for (const auto& item : run.items()) out.add_entries(item.bytes);
    out.set_signature(std::string(run.signature().view()));
    if (run.is_of_version_1()) return;
    out.mutable_bodies()->Reserve(static_cast<int>(run.items().size()));
    for (std::size_t n = 0; n < run.items().size(); ++n) {
        const auto& item = run.items()[n];
        if (item.is_apart()) out.add_apart(static_cast<std::uint32_t>(n));
        out.add_bodies(item.is_apart() ? pack(item.body_name) : item.body);
    }
    put_any(run.log(), out);
    out.set_first(run.first());
    if (run.first() != 1) out.set_before(std::string(run.before().view()));
}

void put(const Fork& proof, message::Proof& out) {
    put(*proof.a, *out.mutable_a());
    put(*proof.b, *out.mutable_b());
}

Result<RunPtr> take_run(message::Run& in) {
    Run run;
    if (!take_exact(in.signature(), run.signature)) return Failure{"run with a bad signature"};
    if (static_cast<std::size_t>(in.entries_size()) > limits::run_entries_max ||
        static_cast<std::size_t>(in.bodies_size()) > limits::run_entries_max ||
        static_cast<std::size_t>(in.apart_size()) > limits::run_entries_max)
        return Failure{"run with a bad length"};
    if (!take_shared(in, run)) return Failure{"run of no log"};
    move_all(*in.mutable_entries(), run.entries);
    move_all(*in.mutable_bodies(), run.bodies);
    run.apart.assign(in.apart().begin(), in.apart().end());
    return verify(std::move(run));
}

Result<Fork> take_proof(message::Proof& in) {
    auto a = take_run(*in.mutable_a());
    if (!a) return Failure{a.why()};
    auto b = take_run(*in.mutable_b());
    if (!b) return Failure{b.why()};
    auto fork = fork_between(*a, *b);
    if (!fork) return Failure{"proof of nothing"};
    return std::move(*fork);
}

void leave_out(const DeviceId& speaker, Runs& runs) {
    for (auto& run : runs)
        if (run.device() == speaker.view()) run.clear_device();
}

void fill_in(const DeviceId& speaker, Runs& runs) {
    for (auto& run : runs)
        if (run.first() != 0 && run.device().empty()) run.set_device(std::string(speaker.view()));
}

}  // namespace lanchat
