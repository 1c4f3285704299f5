// Publish, one line or many, and what can be answered at once: peers, rooms, status.
#include <utility>

#include "app/recipient.hpp"
#include "app/services/api/confirmation.hpp"
#include "app/services/api/convert.hpp"
#include "app/services/api/handlers.hpp"
#include "message/frame.hpp"
#include "message/limits.hpp"

namespace lanchat::app::api {
namespace {

Saying saying_of(const v1::PublishRequest& request) {
    return {request.text(), request.room().empty() ? general_room : request.room(),
            request.said_id()};
}

grpc::Status no_recipient(const NoRecipient& nobody) {
    if (!nobody.never) return failure(nobody.failure);
    return {grpc::StatusCode::PERMISSION_DENIED, nobody.failure.why};
}

// Reads as far ahead as the bounds allow, so that many lines share one flush of the disk.
class Bulk : public std::enable_shared_from_this<Bulk> {
  public:
    Bulk(const Desk& desk, std::shared_ptr<PublishManyCall> call)
        : desk_(desk), call_(std::move(call)) {}

    void read() {
        reading_ = true;
        call_->read([self = weak_from_this()](v1::PublishRequest* request) {
            if (const auto bulk = self.lock()) bulk->got(request);
        });
    }

    void end() {
        if (confirmation_) confirmation_->end();
    }

  private:
    void got(v1::PublishRequest* request) {
        reading_ = false;
        if (request == nullptr) {
            ended_ = true;
            return finish_if_done();
        }
        if (static_cast<std::size_t>(request->more_size()) >= limits::run_entries_max)
            return call_->fail(mistake("too many lines in one request"));
        last_.mutable_wait()->CopyFrom(request->wait());
        last_.set_timeout_ms(request->timeout_ms());
        last_.set_to(request->to());
        Saying saying = saying_of(*request);
        if (!request->to().empty()) {
            if (!find(request->to())) return;
            saying.to = *to_;
        }
        say(saying);
        for (const auto& more : request->more()) {
            saying.text = more.text();
            saying.said_id = more.said_id();
            say(saying);
        }
        read_if_room();
    }

    void say(Saying saying) {
        const auto bytes = saying.text.size();
        ++lines_;
        ++lines_waiting_;
        bytes_waiting_ += bytes;
        desk_.node.say(std::move(saying), [weak = weak_from_this(), bytes,
                                           number = lines_](const Result<LineId>& said) {
            if (const auto bulk = weak.lock()) bulk->said(said, bytes, number);
        });
    }

    // Once, for all lines that follow: whoever is meant stays the same.
    bool find(const std::string& peer) {
        if (to_ && to_word_ == peer) return true;
        auto found = find_recipient(desk_.node, peer);
        if (auto* nobody = std::get_if<NoRecipient>(&found)) {
            nobody->failure.why.insert(0, "line " + std::to_string(lines_ + 1) + ": ");
            return call_->fail(no_recipient(*nobody)), false;
        }
        to_ = std::get<DeviceId>(found);
        to_word_ = peer;
        return true;
    }

    // Those that are refused may be told before others that were read earlier.
    void said(const Result<LineId>& line, std::size_t bytes, std::uint64_t number) {
        --lines_waiting_;
        bytes_waiting_ -= bytes;
        if (line) {
            reply_.set_said(reply_.said() + 1);
            last_line_ = *line;
        } else {
            if (reply_.refused() == 0 || number < reply_.first_refused()) {
                reply_.set_why(line.why());
                reply_.set_first_refused(number);
            }
            reply_.set_refused(reply_.refused() + 1);
        }
        read_if_room();
        finish_if_done();
    }

    void read_if_room() {
        const bool room = lines_waiting_ < bulk_lines_max && bytes_waiting_ < bulk_bytes_max;
        if (room && !reading_ && !ended_) read();
    }

    void finish_if_done() {
        if (!ended_) return;
        if (!confirmation_) {
            confirmation_ = std::make_shared<Confirmation>(
                desk_, last_, [this](const v1::PublishReply& last) { answer(last); });
            confirmation_->start();
        }
        if (lines_waiting_ > 0) return;
        if (last_line_) return confirmation_->stored(*last_line_);
        v1::PublishReply nothing;
        nothing.set_reached(true);
        answer(nothing);
    }

    void answer(const v1::PublishReply& last) {
        *reply_.mutable_last() = last;
        call_->answer(reply_);
    }

    Desk desk_;
    std::shared_ptr<PublishManyCall> call_;
    v1::PublishManyReply reply_;
    v1::PublishRequest last_;
    std::optional<DeviceId> to_;
    std::string to_word_;
    std::optional<LineId> last_line_;
    std::shared_ptr<Confirmation> confirmation_;
    std::uint64_t lines_ = 0;
    std::size_t lines_waiting_ = 0;
    std::size_t bytes_waiting_ = 0;
    bool reading_ = false;
    bool ended_ = false;
};

}  // namespace

grpc::Status mistake(const std::string& why) { return {grpc::StatusCode::INVALID_ARGUMENT, why}; }
grpc::Status failure(const Failure& why) {
    switch (why.kind) {
        case Failure::Kind::invalid:
            return mistake(why.why);
        case Failure::Kind::not_found:
            return {grpc::StatusCode::NOT_FOUND, why.why};
        case Failure::Kind::already_exists:
            return {grpc::StatusCode::ALREADY_EXISTS, why.why};
        case Failure::Kind::other:
            break;
    }
    return {grpc::StatusCode::FAILED_PRECONDITION, why.why};
}

void serve(const Desk& desk, const std::shared_ptr<PublishCall>& call) {
    const auto confirmation = std::make_shared<Confirmation>(
        desk, call->request(), [weak = std::weak_ptr(call)](const v1::PublishReply& reply) {
            if (const auto open = weak.lock()) open->answer(reply);
        });
    call->on_end([confirmation] { confirmation->end(); });
    confirmation->start();
    publish_to(desk.node, call->request().to(), saying_of(call->request()),
               [confirmation, weak = std::weak_ptr(call)](const Published& said) {
                   if (said.line) return confirmation->stored(*said.line);
                   confirmation->end();
                   const auto open = weak.lock();
                   if (open) open->fail(no_recipient({said.line.failure(), said.never}));
               });
}

void serve(const Desk& desk, const std::shared_ptr<PublishManyCall>& call) {
    const auto bulk = std::make_shared<Bulk>(desk, call);
    call->on_end([bulk] { bulk->end(); });
    bulk->read();
}

void serve(const Desk& desk, const std::shared_ptr<PeersCall>& call) {
    v1::PeersReply reply;
    for (const auto& peer : desk.node.peers()) fill(*reply.add_peers(), peer);
    for (const auto& peer : desk.node.blocked()) fill(*reply.add_blocked(), peer);
    call->answer(reply);
}

void serve(const Desk& desk, const std::shared_ptr<RoomsCall>& call) {
    desk.node.rooms([weak = std::weak_ptr(call)](const Result<std::vector<std::string>>& rooms) {
        const auto open = weak.lock();
        if (!open) return;
        if (!rooms) return open->fail(failure(rooms.failure()));
        v1::RoomsReply reply;
        for (const auto& room : *rooms) reply.add_rooms(room);
        open->answer(reply);
    });
}

// A node whose store cannot be read has a status too.
void serve(const Desk& desk, const std::shared_ptr<StatusCall>& call) {
    desk.node.tally([desk, weak = std::weak_ptr(call)](const Result<store::Tally>& tally) {
        const auto open = weak.lock();
        if (!open) return;
        v1::StatusReply reply;
        fill(reply, desk.node.status(), desk.node.peers().size());
        reply.set_socket(desk.socket);
        if (tally) {
            fill(*reply.mutable_held(), *tally);
        } else if (reply.problem().empty()) {
            reply.set_problem(tally.why());
        }
        open->answer(reply);
    });
}

}  // namespace lanchat::app::api
