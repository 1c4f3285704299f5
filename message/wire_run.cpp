// Runs as the wire has them.
#include "message/wire_run.hpp"

#include <utility>

#include "message/exact.hpp"
#include "message/limits.hpp"
#include "message/wire_parts.hpp"

namespace lanchat {
namespace {

// Pieces lie on the wire in one slice, with their sizes beside it.
template <class Sizes>
void put_sizes(const Pieces& pieces, Sizes& sizes) {
    sizes.Reserve(static_cast<int>(pieces.size()));
    for (std::size_t n = 0; n < pieces.size(); ++n)
        sizes.Add(static_cast<std::uint32_t>(pieces.size_of(n)));
}

bool is_too_many(int count) { return static_cast<std::size_t>(count) > limits::run_entries_max; }

// False if they are of another length than their sizes tell.
template <class Sizes>
bool take_pieces(std::string& slice, const Sizes& sizes, Pieces& pieces) {
    auto cut = Pieces::cut(std::move(slice), sizes);
    if (cut) pieces = std::move(*cut);
    return cut.has_value();
}

// It is told from version 3 on.
std::optional<Version> version_of(const message::Run& in) {
    constexpr auto three = static_cast<std::uint32_t>(Version::three);
    if (in.version() == 0) return Version::two;
    return in.version() == three ? std::optional(Version::three) : std::nullopt;
}

// What its entries share; nothing of version 1.
bool take_shared(const message::Run& in, Run& run) {
    const bool has_pieces = in.entry_sizes_size() > 0 || in.body_sizes_size() > 0;
    if ((in.first() == 0) == has_pieces || (has_pieces && in.old_entries_size() > 0)) return false;
    if (in.first() == 0) return in.version() == 0;
    const auto version = version_of(in);
    if (!version) return false;
    Shared shared{{}, in.first(), {}, *version};
    const bool is_first = shared.first == 1;
    if (!take_any_log(in, shared.log)) return false;
    if (is_first != in.before().empty() || !take_exact_or_none(in.before(), shared.before))
        return false;
    run.shared = shared;
    return true;
}

}  // namespace

void put(const VerifiedRun& run, message::Run& out) {
    out.set_signature(std::string(run.signature().view()));
    if (run.is_of_version_1()) {
        for (const auto bytes : run.entries()) out.add_old_entries(std::string(bytes));
        return;
    }
    out.set_entries(run.entries().bytes());
    put_sizes(run.entries(), *out.mutable_entry_sizes());
    if (run.byte_count() == run.entries().bytes().size() + run.bodies().bytes().size()) {
        out.set_bodies(run.bodies().bytes());
        put_sizes(run.bodies(), *out.mutable_body_sizes());
    } else {
        const Run apart = unverified(run);
        out.set_bodies(apart.bodies.bytes());
        put_sizes(apart.bodies, *out.mutable_body_sizes());
        out.mutable_apart()->Add(apart.apart.begin(), apart.apart.end());
    }
    if (run.version() != Version::two) out.set_version(static_cast<std::uint32_t>(run.version()));
    put_any(run.log(), out);
    out.set_first(run.first());
    if (run.first() != 1) out.set_before(std::string(run.before().view()));
}

void put(const Fork& proof, message::Proof& out) {
    put(*proof.a, *out.mutable_a());
    put(*proof.b, *out.mutable_b());
}

Result<UnprovenRun> take_run(message::Run& in) {
    Run run;
    if (!take_exact(in.signature(), run.signature)) return Failure{"run with a bad signature"};
    if (is_too_many(in.old_entries_size()) || is_too_many(in.entry_sizes_size()) ||
        is_too_many(in.body_sizes_size()) || is_too_many(in.apart_size()))
        return Failure{"run with a bad length"};
    if (!take_shared(in, run)) return Failure{"run of no log"};
    if (!run.shared) {
        run.entries = Pieces(in.old_entries().begin(), in.old_entries().end());
    } else if (!take_pieces(*in.mutable_entries(), in.entry_sizes(), run.entries) ||
               !take_pieces(*in.mutable_bodies(), in.body_sizes(), run.bodies)) {
        return Failure{"run with a bad length"};
    }
    run.apart.assign(in.apart().begin(), in.apart().end());
    return UnprovenRun::read(std::move(run));
}

Result<Fork> take_proof(message::Proof& in) {
    const auto proven = [](message::Run& run) {
        const auto read = take_run(run);
        return read ? read->prove() : Result<RunPtr>(Failure{read.why()});
    };
    const auto a = proven(*in.mutable_a());
    if (!a) return Failure{a.why()};
    const auto b = proven(*in.mutable_b());
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
