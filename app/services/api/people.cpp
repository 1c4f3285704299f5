// Block and Verify: what somebody decides about a key.
#include <deque>
#include <utility>

#include "app/services/api/convert.hpp"
#include "app/services/api/handlers.hpp"

namespace lanchat::app::api {
namespace {

// named ──verify──> comparing ──code shown──> comparing ──verified, refused, …──> ended
class Comparing : public std::enable_shared_from_this<Comparing> {
  public:
    Comparing(const Desk& desk, std::shared_ptr<VerifyCall> call)
        : node_(desk.node), call_(std::move(call)) {}

    void read() {
        call_->read([weak = weak_from_this()](v1::VerifyRequest* request) {
            if (const auto self = weak.lock()) self->got(request);
        });
    }

    void end() {
        if (const auto token = std::exchange(token_, 0)) node_.unsubscribe(token);
    }

  private:
    void got(const v1::VerifyRequest* request) {
        if (request == nullptr) {
            if (!device_) call_->fail(mistake("nobody to verify was named"));
            return;  // it listens on
        }
        if (device_) {
            node_.judge(*device_, request->code(), request->same());
        } else if (!begin(request->peer(), request->id())) {
            return;
        }
        read();
    }

    bool begin(const std::string& word, const std::string& id) {
        const auto found = node_.find_person(word, false);
        if (!found) return refuse(found.failure());
        device_ = *found;
        id_ = to_string(*found);
        token_ = node_.subscribe({[] {},
                                  [weak = weak_from_this()](const Event& event) {
                                      if (const auto self = weak.lock()) self->hear(event);
                                  }});
        using controller::Verification;
        if (!id.empty() && id != id_) {
            hear(Verification{node_.about(*device_), Verification::Stage::refused, {}});
            return true;
        }
        const auto no = id.empty() ? node_.verify(*device_) : node_.pin(*device_);
        return no ? refuse(*no) : true;
    }

    bool refuse(const Failure& why) {
        call_->fail(failure(why));
        return false;
    }

    void hear(const Event& event) {
        const auto* verification = std::get_if<controller::Verification>(&event);
        if (verification == nullptr || verification->peer.id != id_ || ended_) return;
        ended_ = verification->stage != controller::Verification::Stage::shown;
        fill(replies_.emplace_back(), *verification);
        write();
    }

    void write() {
        if (writing_ || replies_.empty()) return;
        writing_ = true;
        const auto reply = std::move(replies_.front());
        replies_.pop_front();
        call_->write(reply, [weak = weak_from_this()] {
            const auto self = weak.lock();
            if (!self) return;
            self->writing_ = false;
            if (self->ended_ && self->replies_.empty()) return self->call_->finish();
            self->write();
        });
    }

    NodePort& node_;
    std::shared_ptr<VerifyCall> call_;
    std::optional<DeviceId> device_;
    std::string id_;
    NodePort::Token token_ = 0;
    std::deque<v1::VerifyReply> replies_;
    bool writing_ = false;
    bool ended_ = false;
};

grpc::Status not_kept(bool blocked, const Failure& why) {
    return {grpc::StatusCode::INTERNAL,
            (blocked ? "it is blocked until this node ends: " : "it is still blocked: ") + why.why};
}

}  // namespace

void serve(const Desk& desk, const std::shared_ptr<BlockCall>& call) {
    const auto& request = call->request();
    auto found = desk.node.find_person(request.peer(), !request.on());
    // Who is blocked already may not be so on the disk.
    if (!found && request.on() && found.failure().kind == Failure::Kind::not_found)
        if (auto blocked = desk.node.find_person(request.peer(), true)) found = blocked;
    if (!found) return call->fail(failure(found.failure()));
    desk.node.block(*found, request.on(),
                    [&node = desk.node, weak = std::weak_ptr(call), device = *found,
                     on = request.on()](const std::optional<Failure>& failure) {
                        const auto open = weak.lock();
                        if (!open || open->has_ended()) return;
                        if (failure) return open->fail(not_kept(on, *failure));
                        v1::BlockReply reply;
                        fill(*reply.mutable_peer(), node.about(device));
                        open->answer(reply);
                    });
}

void serve(const Desk& desk, const std::shared_ptr<VerifyCall>& call) {
    const auto comparing = std::make_shared<Comparing>(desk, call);
    call->on_end([comparing] { comparing->end(); });
    comparing->read();
}

}  // namespace lanchat::app::api
