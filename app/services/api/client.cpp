// Synchronous stubs: a command has nothing else to do. Lines that come newest first are kept as
// they came and turned round at the end.
#include "app/services/api/client.hpp"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

#include "app/services/api/convert.hpp"
#include "app/services/api/lanchat.grpc.pb.h"
#include "app/services/api/socket.hpp"

namespace lanchat::app::api {
namespace {

Standing standing_of(const v1::StatusReply& reply) {
    Standing standing;
    standing.networks = {reply.networks().begin(), reply.networks().end()};
    standing.scan_passed = reply.scan().passed();
    standing.scan_targets = reply.scan().targets();
    standing.sweeps = reply.scan().sweeps();
    standing.sweeping = reply.scan().sweeping();
    standing.links_accepted = reply.links_accepted();
    if (reply.has_clock_ahead_ms()) standing.clock_ahead_ms = reply.clock_ahead_ms();
    standing.other_networks = {reply.other_networks().begin(), reply.other_networks().end()};
    standing.other_versions = {reply.other_versions().begin(), reply.other_versions().end()};
    standing.beacon = reply.has_beacon();
    standing.calls_sent = reply.beacon().sent();
    standing.calls_heard = reply.beacon().heard();
    return standing;
}

Problem problem_of(const grpc::Status& status) {
    switch (status.error_code()) {
        case grpc::StatusCode::INVALID_ARGUMENT:
            return {2, status.error_message()};
        case grpc::StatusCode::PERMISSION_DENIED:
            return {5, status.error_message()};
        case grpc::StatusCode::UNAVAILABLE:
        case grpc::StatusCode::CANCELLED:
            return {1, "the node has gone away"};
        case grpc::StatusCode::UNIMPLEMENTED:
            return {1, "the running node is of another version and does not know this"};
        default:
            return {1, status.error_message()};
    }
}

Author author_of(const v1::Author& author) {
    return {author.id(),        author.name(),  author.address(), author.legacy(),
            author.encrypted(), author.trust(), author.mark()};
}

std::optional<Author> recipient_of(const v1::Line& line) {
    if (!line.has_to()) return std::nullopt;
    return author_of(line.to());
}

BodyState body_of(const v1::Line& line) {
    if (line.deleted()) return BodyState::dropped;
    return line.missing() ? BodyState::lacking : BodyState::here;
}

Line line_of(const v1::Line& line) {
    std::optional<Via> via;
    if (line.has_via()) via = Via{line.via().name(), line.via().through(), {}};
    return {
        line.id(),          line.cursor(),  line.order(),    line.room(),   author_of(line.from()),
        {line.said_ms()},   line.text(),    line.history(),  line.own(),    line.disputed(),
        recipient_of(line), std::move(via), line.reply_to(), line.urgent(), line.action(),
        body_of(line)};
}

Receipt receipt_of(const v1::PublishReply& reply) {
    return {reply.id(), reply.reached(), reply.delivered(), reply.of()};
}

std::optional<store::Tally> held_of(const v1::StatusReply& reply) {
    if (!reply.has_held()) return std::nullopt;
    const auto& held = reply.held();
    std::optional<WallTime> oldest;
    if (held.has_oldest_ms()) oldest = WallTime{held.oldest_ms()};
    return store::Tally{held.lines(), held.logs(), held.trimmed(), held.bytes(), oldest};
}

void fill_request(v1::PublishRequest& request, const std::string& to, const Saying& saying,
                  const Wait& wait) {
    request.set_room(saying.room);
    request.set_text(saying.text);
    request.set_said_id(saying.said_id);
    request.set_to(to);
    request.set_timeout_ms(wait.timeout_ms);
    if (wait.all) request.mutable_wait()->set_all(true);
    if (wait.peers) request.mutable_wait()->set_peers(*wait.peers);
}

void fill_filter(v1::Filter& filter, const Query& query) {
    filter.set_room(query.room);
    filter.set_author(query.author);
    filter.set_with(query.with);
    if (query.since) filter.set_since_ms(query.since->ms);
    if (query.until) filter.set_until_ms(query.until->ms);
}

// Until all is read, or `take` is false: that ends the call.
template <class Piece, class Take>
std::optional<Problem> read(grpc::ClientContext& context, grpc::ClientReader<Piece>& reader,
                            const Take& take) {
    Piece piece;
    while (reader.Read(&piece)) {
        if (take(piece)) continue;
        context.TryCancel();
        reader.Finish();
        return std::nullopt;
    }
    const auto status = reader.Finish();
    if (!status.ok()) return problem_of(status);
    return std::nullopt;
}

Answer<std::vector<Line>> collect(grpc::ClientContext& context,
                                  grpc::ClientReader<v1::Lines>& reader) {
    std::vector<Line> lines;  // newest first
    const auto problem = read(context, reader, [&](const v1::Lines& piece) {
        for (auto at = piece.lines_size(); at > 0; --at)
            lines.push_back(line_of(piece.lines(at - 1)));
        return true;
    });
    if (problem) return *problem;
    return std::vector<Line>(std::make_move_iterator(lines.rbegin()),
                             std::make_move_iterator(lines.rend()));
}

}  // namespace

struct Client::Connection {
    std::unique_ptr<v1::Node::Stub> stub;
};

Client::Client(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

Answer<Client> Client::connect(const std::filesystem::path& data_dir) {
    if (const auto why = unusable(data_dir)) return Problem{1, why->why};
    if (!is_served(data_dir)) {
        return Problem{3, "no running node in " + data_dir.string() +
                              "; start one with: lanchat (or with the same -P or -d)"};
    }
    grpc::ChannelArguments settings;
    settings.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    settings.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    settings.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    // Every name on a socket of ours is the same one; the path would be no valid one.
    settings.SetString(GRPC_ARG_DEFAULT_AUTHORITY, "localhost");
    auto channel = grpc::CreateCustomChannel(socket_address(data_dir),
                                             grpc::InsecureChannelCredentials(), settings);
    return Client(std::make_unique<Connection>(Connection{v1::Node::NewStub(std::move(channel))}));
}

Answer<Receipt> Client::publish(const std::string& to, const Saying& saying, const Wait& wait) {
    grpc::ClientContext context;
    v1::PublishRequest request;
    v1::PublishReply reply;
    fill_request(request, to, saying, wait);
    const auto status = connection_->stub->Publish(&context, request, &reply);
    if (status.error_code() == grpc::StatusCode::INVALID_ARGUMENT)
        return Problem{1, status.error_message()};  // the line, not the words of the command
    if (!status.ok()) return problem_of(status);
    return receipt_of(reply);
}

Answer<BulkReceipt> Client::publish_many(const std::string& to,
                                         const std::function<std::vector<Saying>()>& next,
                                         const Wait& wait) {
    grpc::ClientContext context;
    v1::PublishManyReply reply;
    const auto writer = connection_->stub->PublishMany(&context, &reply);
    std::uint64_t sent = 0;
    while (true) {
        const auto sayings = next();
        if (sayings.empty()) break;
        v1::PublishRequest request;
        fill_request(request, to, sayings.front(), wait);
        for (const Saying& more : std::span(sayings).subspan(1)) {
            auto& line = *request.add_more();
            line.set_text(more.text);
            line.set_said_id(more.said_id);
        }
        sent += sayings.size();
        if (!writer->Write(request)) break;  // Finish tells why
    }
    writer->WritesDone();
    const auto status = writer->Finish();
    if (!status.ok()) return problem_of(status);
    if (reply.said() + reply.refused() < sent)
        return Problem{1,
                       "the node that runs is older than this program and has not taken all "
                       "lines: start it anew"};
    return BulkReceipt{reply.said(), reply.refused(), reply.why(), receipt_of(reply.last()),
                       reply.first_refused()};
}

std::optional<Problem> Client::tail(const Tail& tail, const std::function<bool(const Line&)>& take,
                                    const std::stop_token& stop) {
    grpc::ClientContext context;
    const std::stop_callback on_stop(stop, [&context] { context.TryCancel(); });
    v1::SubscribeRequest request;
    request.set_room(tail.room);
    request.set_follow(tail.follow);
    request.set_with(tail.with);
    if (tail.since) {
        request.set_since(*tail.since);
        request.set_only_known(true);
    } else {
        request.set_last(tail.last);
    }
    const auto reader = connection_->stub->Subscribe(&context, request);
    const auto problem = read(context, *reader, [&](const v1::Lines& piece) {
        return std::all_of(piece.lines().begin(), piece.lines().end(),
                           [&](const v1::Line& line) { return take(line_of(line)); });
    });
    return stop.stop_requested() ? std::nullopt : problem;
}

Answer<std::vector<Line>> Client::lines(const Query& query) {
    grpc::ClientContext context;
    if (query.words.empty()) {
        v1::HistoryRequest request;
        fill_filter(*request.mutable_filter(), query);
        request.set_count(query.count);
        return collect(context, *connection_->stub->History(&context, request));
    }
    v1::SearchRequest request;
    request.set_query(query.words);
    fill_filter(*request.mutable_filter(), query);
    request.set_count(query.count);
    return collect(context, *connection_->stub->Search(&context, request));
}

Answer<Roster> Client::peers() {
    grpc::ClientContext context;
    v1::PeersReply reply;
    const auto status = connection_->stub->Peers(&context, {}, &reply);
    if (!status.ok()) return problem_of(status);
    Roster roster;
    for (const auto& peer : reply.peers()) roster.peers.push_back(author_of(peer));
    for (const auto& peer : reply.blocked()) roster.blocked.push_back(author_of(peer));
    return roster;
}

Answer<Author> Client::block(const std::string& peer, bool on) {
    grpc::ClientContext context;
    v1::BlockRequest request;
    v1::BlockReply reply;
    request.set_peer(peer);
    request.set_on(on);
    const auto status = connection_->stub->Block(&context, request, &reply);
    if (!status.ok()) return problem_of(status);
    return author_of(reply.peer());
}

Answer<Comparison> Client::verify(
    const std::string& peer, const std::string& id,
    const std::function<std::optional<bool>(const Comparison&)>& compare) {
    grpc::ClientContext context;
    const auto stream = connection_->stub->Verify(&context);
    v1::VerifyRequest request;
    request.set_peer(peer);
    request.set_id(id);
    stream->Write(request);
    Comparison last;
    v1::VerifyReply reply;
    while (stream->Read(&reply)) {
        last = {author_of(reply.peer()), reply.code(), reply.stage(), reply.why()};
        if (last.stage != "shown") continue;
        const auto same = compare(last);
        if (!same) continue;
        request.Clear();
        request.set_code(last.code);
        request.set_same(*same);
        stream->Write(request);
    }
    const auto status = stream->Finish();
    if (!status.ok()) return problem_of(status);
    return last;
}

Answer<std::vector<std::string>> Client::rooms() {
    grpc::ClientContext context;
    v1::RoomsReply reply;
    const auto status = connection_->stub->Rooms(&context, {}, &reply);
    if (!status.ok()) return problem_of(status);
    return std::vector<std::string>(reply.rooms().begin(), reply.rooms().end());
}

Answer<Status> Client::status() {
    grpc::ClientContext context;
    v1::StatusReply reply;
    const auto status = connection_->stub->Status(&context, {}, &reply);
    if (!status.ok()) return problem_of(status);
    return Status{reply.id(),
                  reply.name(),
                  reply.address(),
                  reply.version(),
                  reply.cursor(),
                  reply.peers(),
                  reply.problem(),
                  held_of(reply),
                  reply.socket(),
                  {reply.warnings().begin(), reply.warnings().end()},
                  {reply.addresses().begin(), reply.addresses().end()},
                  standing_of(reply)};
}

std::optional<Problem> Client::export_runs(const std::function<bool(const Run&)>& take) {
    grpc::ClientContext context;
    const auto reader = connection_->stub->Export(&context, {});
    return read(context, *reader, [&](const v1::Run& run) {
        const auto taken = run_from(run);
        return taken && take(*taken);
    });
}

Answer<Imported> Client::import_runs(const std::function<std::optional<Run>()>& next) {
    grpc::ClientContext context;
    v1::ImportReply reply;
    const auto writer = connection_->stub->Import(&context, &reply);
    while (auto run = next()) {
        v1::Run request;
        fill(request, *run);
        if (!writer->Write(request)) break;  // Finish tells why
    }
    writer->WritesDone();
    const auto status = writer->Finish();
    if (!status.ok()) return problem_of(status);
    return Imported{reply.lines_new(), reply.runs_refused(), reply.why()};
}

}  // namespace lanchat::app::api
