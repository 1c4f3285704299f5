// Those parts of a frame on the wire in which nothing is signed by its author.
#include "message/wire_parts.hpp"

#include <string>
#include <string_view>
#include <utility>

#include "message/exact.hpp"
#include "message/limits.hpp"
#include "message/text.hpp"

namespace lanchat {
namespace {

constexpr std::pair<Bye, message::Bye::Why> byes[] = {
    {Bye::leaving, message::Bye::LEAVING},
    {Bye::duplicate, message::Bye::DUPLICATE},
    {Bye::busy, message::Bye::BUSY},
    {Bye::taken, message::Bye::TAKEN},
};

void put(const NodeId& node, message::Node& out) {
    out.set_device(std::string(node.device.view()));
    out.set_instance(static_cast<std::uint64_t>(node.instance));
}

Result<NodeId> take_node(const message::Node& in) {
    NodeId node;
    if (!take_exact(in.device(), node.device)) return Failure{"linked with nobody"};
    node.instance = InstanceId{in.instance()};
    return node;
}

}  // namespace

void put(const Hello& hello, message::Hello& out) {
    out.set_protocol(hello.protocol);
    out.set_instance(static_cast<std::uint64_t>(hello.instance));
    out.set_name(hello.name);
    out.set_capabilities(hello.capabilities);
    out.set_nonce(hello.nonce);
    out.set_device(std::string(hello.device.view()));
    if (hello.renews) out.set_renews(true);
    if (hello.epoch) out.set_epoch(static_cast<std::uint64_t>(*hello.epoch));
    if (hello.signature != Signature{}) out.set_signature(std::string(hello.signature.view()));
}

Result<Hello> take_hello(message::Hello& in) {
    if (in.instance() == 0) return Failure{"hello without an instance"};
    if (!is_name(in.name())) return Failure{"hello with a bad name"};
    DeviceId device;
    if (!take_exact(in.device(), device)) return Failure{"hello with a bad device"};
    Hello hello{in.protocol(),     InstanceId{in.instance()},
                in.nonce(),        std::move(*in.mutable_name()),
                in.capabilities(), device};
    hello.renews = in.renews();
    if (in.has_epoch()) hello.epoch = Epoch{in.epoch()};
    if (!in.signature().empty() && !take_exact(in.signature(), hello.signature))
        return Failure{"hello with a bad signature"};
    return hello;
}

void put(const Digest& digest, message::Digest& out) {
    out.set_all(std::string(digest.all.view()));
    for (const ShortHash& bucket : digest.buckets) out.mutable_buckets()->append(bucket.view());
    out.set_asks(digest.asks);
}

void put(const VerifyStep& step, message::Verify& out) {
    const std::string bytes(step.bytes.begin(), step.bytes.end());
    switch (step.kind) {
        case VerifyStep::Kind::commit:
            return out.set_commit(bytes);
        case VerifyStep::Kind::nonce:
            return out.set_nonce(bytes);
        case VerifyStep::Kind::open:
            return out.set_open(bytes);
        case VerifyStep::Kind::agree:
            return out.set_agree(true);
        case VerifyStep::Kind::refuse:
            return out.set_refuse(true);
    }
}

void put(const Ping& ping, message::Ping& out) {
    out.set_nonce(ping.nonce);
    out.set_reply(ping.reply);
}

void put(Bye bye, message::Bye& out) {
    for (const auto& [why, word] : byes)
        if (why == bye) out.set_why(word);
}

Result<Ping> take_ping(const message::Ping& in) { return Ping{in.nonce(), in.reply()}; }

Result<Bye> take_bye(const message::Bye& in) {
    for (const auto& [why, word] : byes)
        if (word == in.why()) return why;
    return Bye::unknown;
}

void put(const Linked& linked, message::Linked& out) {
    out.set_round(linked.round);
    for (const NodeId& who : linked.came) put(who, *out.add_came());
    for (const NodeId& who : linked.went) put(who, *out.add_went());
}

Result<Linked> take_linked(const message::Linked& in) {
    Linked linked;
    linked.round = in.round();
    if (auto no = take_all(in.came(), limits::peers_max, linked.came, take_node)) return *no;
    if (auto no = take_all(in.went(), limits::peers_max, linked.went, take_node)) return *no;
    return linked;
}

Result<Digest> take_digest(const message::Digest& in) {
    Digest digest{{}, {}, in.asks()};
    if (!take_exact(in.all(), digest.all)) return Failure{"digest with a bad length"};
    const std::string_view buckets = in.buckets();
    constexpr std::size_t size = sizeof(ShortHash::bytes);
    if (buckets.empty()) return digest;
    if (buckets.size() != digest_buckets * size) return Failure{"digest with bad buckets"};
    digest.buckets.resize(digest_buckets);
    for (std::size_t n = 0; n < digest_buckets; ++n)
        if (!take_exact(buckets.substr(n * size, size), digest.buckets[n]))
            return Failure{"digest with bad buckets"};
    return digest;
}

// A step that this version does not know ends the verification: nothing is agreed to by accident.
Result<VerifyStep> take_verify(const message::Verify& in) {
    using Kind = VerifyStep::Kind;
    VerifyStep step;
    if (in.step_case() == message::Verify::kAgree && in.agree()) step.kind = Kind::agree;
    const std::string* bytes = nullptr;
    if (in.step_case() == message::Verify::kCommit) {
        step.kind = Kind::commit;
        bytes = &in.commit();
    } else if (in.step_case() == message::Verify::kNonce) {
        step.kind = Kind::nonce;
        bytes = &in.nonce();
    } else if (in.step_case() == message::Verify::kOpen) {
        step.kind = Kind::open;
        bytes = &in.open();
    }
    if (bytes != nullptr && !take_exact(*bytes, step)) return Failure{"verify with a bad length"};
    return step;
}

}  // namespace lanchat
