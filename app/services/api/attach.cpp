// Attach: a front end says lines and hears what happens. Lines are read from the store page by
// page, everything else waits in a bounded queue; who lets that overflow is cut off.
#include <deque>
#include <map>
#include <utility>

#include "app/on_event.hpp"
#include "app/recipient.hpp"
#include "app/services/api/convert.hpp"
#include "app/services/api/handlers.hpp"
#include "message/frame.hpp"

namespace lanchat::app::api {
namespace {

using controller::Delivery;
using controller::Forked;
using controller::Glimpse;
using controller::KeyChanged;
using controller::Message;
using controller::OtherNetwork;
using controller::OtherVersion;
using controller::PeerDown;
using controller::PeerMoved;
using controller::PeerUp;
using controller::TakenBack;
using controller::Undelivered;
using controller::Verification;
using controller::Withdrawn;

v1::Happening happening_of(const PeerUp& up) {
    v1::Happening happening;
    fill(*happening.mutable_peer()->mutable_peer(), up.peer);
    happening.mutable_peer()->set_up(true);
    return happening;
}

v1::Happening happening_of(const PeerDown& down) {
    v1::Happening happening;
    fill(*happening.mutable_peer()->mutable_peer(), down.peer);
    happening.mutable_peer()->set_reason(std::string(to_word(down.reason)));
    return happening;
}

v1::Happening happening_of(const Undelivered& missed) {
    v1::Happening happening;
    auto& out = *happening.mutable_undelivered();
    fill(*out.mutable_peer(), missed.peer);
    out.set_lines(missed.lines);
    out.set_reason(std::string(to_word(missed.reason)));
    return happening;
}

v1::Happening happening_of(const Forked& forked) {
    v1::Happening happening;
    fill(*happening.mutable_forked()->mutable_author(), forked.author);
    return happening;
}

v1::Happening happening_of(const TakenBack& taken) {
    v1::Happening happening;
    happening.mutable_deleted()->set_id(taken.id);
    fill(*happening.mutable_deleted()->mutable_by(), taken.by);
    return happening;
}

v1::Happening happening_of(const KeyChanged& changed) {
    v1::Happening happening;
    fill(*happening.mutable_key_changed()->mutable_now(), changed.now);
    fill(*happening.mutable_key_changed()->mutable_known(), changed.known);
    return happening;
}

v1::Happening happening_of(const Verification& verification) {
    v1::Happening happening;
    fill(*happening.mutable_verification(), verification);
    return happening;
}

class Attachment : public std::enable_shared_from_this<Attachment> {
  public:
    Attachment(const Desk& desk, std::shared_ptr<AttachCall> call)
        : node_(desk.node), call_(std::move(call)) {}

    void start() {
        const auto status = node_.status();
        after_ = status.newest();
        v1::Happening first;
        fill(*first.mutable_ready(), status, node_.peers().size());
        queue_.push_back(std::move(first));
        const auto weak = weak_from_this();
        token_ = node_.subscribe({[weak] {
                                      if (const auto self = weak.lock()) self->bell();
                                  },
                                  [weak](const Event& event) {
                                      if (const auto self = weak.lock()) self->hear(event);
                                  }});
        go_on();
        read();
    }

    void end() {
        if (const auto token = std::exchange(token_, 0)) node_.unsubscribe(token);
        for (const auto& [head, watch] : std::exchange(watches_, {})) node_.unwatch(watch);
    }

  private:
    // What the front end says.
    void read() {
        reading_ = true;
        call_->read([weak = weak_from_this()](v1::Saying* saying) {
            if (const auto self = weak.lock()) self->got(saying);
        });
    }

    void got(v1::Saying* saying) {
        reading_ = false;
        if (saying == nullptr) {
            ended_ = true;
            return go_on();
        }
        ++unanswered_;
        publish_to(node_, saying->to(),
                   {saying->text(), saying->room().empty() ? general_room : saying->room(),
                    saying->said_id()},
                   [weak = weak_from_this(), ref = saying->ref()](const Published& said) {
                       if (const auto self = weak.lock()) self->answer(ref, said.line);
                   });
        read_if_room();
    }

    void read_if_room() {
        const bool room = unanswered_ + queue_.size() < bulk_lines_max;
        if (room && !reading_ && !ended_) read();
    }

    void answer(const std::string& ref, const Result<LineId>& said) {
        --unanswered_;
        v1::Happening happening;
        if (said) {
            happening.mutable_ack()->set_ref(ref);
            happening.mutable_ack()->set_id(message_id(*said));
            tell(std::move(happening));
            return watch(*said);
        }
        happening.mutable_refusal()->set_ref(ref);
        happening.mutable_refusal()->set_why(said.why());
        tell(std::move(happening));
    }

    void watch(const LineId& line) {
        if (watches_.contains(line)) return;
        if (watches_.size() >= watched_lines_max) {
            const auto first = watches_.begin();
            node_.unwatch(first->second);
            watches_.erase(first);
        }
        const auto id = message_id(line);
        watches_[line] = node_.watch(line, [weak = weak_from_this(), id](DeliveryCount delivery) {
            if (const auto self = weak.lock()) self->delivered(id, delivery);
        });
    }

    void delivered(const std::string& id, DeliveryCount delivery) {
        v1::Happening happening;
        auto& out = *happening.mutable_delivery();
        out.set_id(id);
        out.set_delivered(delivery.delivered);
        out.set_of(delivery.of);
        tell(std::move(happening));
    }

    // What it hears.
    void hear(const Event& event) {
        const auto tell_of = [this](const auto& what) { tell(happening_of(what)); };
        // Messages come by the store, deliveries to who watches.
        std::visit(OnEvent{[&](const PeerUp& up) { tell_of(up); },
                           [&](const PeerDown& down) { tell_of(down); },
                           [&](const Undelivered& missed) { tell_of(missed); },
                           [&](const Forked& forked) { tell_of(forked); },
                           [&](const TakenBack& taken) { tell_of(taken); },
                           [&](const KeyChanged& changed) { tell_of(changed); },
                           [&](const Verification& verification) { tell_of(verification); },
                           PassOver<PeerMoved, Message, Glimpse, Withdrawn, Delivery, OtherNetwork,
                                    OtherVersion>{}},
                   event);
    }

    void tell(v1::Happening happening) {
        if (overflowed_) return;
        queue_.push_back(std::move(happening));
        overflowed_ = queue_.size() > happenings_max;
        go_on();
    }

    void bell() {
        rung_ = true;
        go_on();
    }

    // One thing at a time: what waits, then what is new in the store.
    void go_on() {
        if (writing_ || paging_) return;
        if (overflowed_) return call_->fail({grpc::StatusCode::RESOURCE_EXHAUSTED, "too slow"});
        if (!queue_.empty()) return write();
        if (rung_) return page();
        if (ended_ && unanswered_ == 0) call_->finish();
    }

    void write() {
        writing_ = true;
        const auto happening = std::move(queue_.front());
        queue_.pop_front();
        call_->write(happening, [weak = weak_from_this()] {
            const auto self = weak.lock();
            if (!self) return;
            self->writing_ = false;
            self->read_if_room();
            self->go_on();
        });
    }

    void page() {
        paging_ = true;
        rung_ = false;
        node_.arrived(after_, {.direct_too = true}, page_lines,
                      [weak = weak_from_this()](const Result<NodePort::Lines>& lines) {
                          if (const auto self = weak.lock()) self->paged(lines);
                      });
    }

    void paged(const Result<NodePort::Lines>& lines) {
        paging_ = false;
        if (!lines) return call_->fail(failure(lines.failure()));
        const Here here(node_);
        for (const auto& line : *lines) {
            v1::Happening happening;
            here.fill(*happening.mutable_line(), line, line.arrival,
                      node_.is_history(line.arrival));
            queue_.push_back(std::move(happening));
            after_ = line.arrival;
        }
        rung_ = rung_ || lines->size() >= page_lines;
        go_on();
    }

    NodePort& node_;
    std::shared_ptr<AttachCall> call_;
    std::deque<v1::Happening> queue_;
    std::map<LineId, NodePort::Token> watches_;
    store::Arrival after_ = 0;
    NodePort::Token token_ = 0;
    std::size_t unanswered_ = 0;
    bool reading_ = false;
    bool writing_ = false;
    bool paging_ = false;
    bool rung_ = false;
    bool ended_ = false;
    bool overflowed_ = false;
};

}  // namespace

void serve(const Desk& desk, const std::shared_ptr<AttachCall>& call) {
    const auto attachment = std::make_shared<Attachment>(desk, call);
    call->on_end([attachment] { attachment->end(); });
    attachment->start();
}

}  // namespace lanchat::app::api
