// Attach: a front end says lines and hears what happens. Lines are read from the store page by
// page, everything else waits in a bounded queue; who lets that overflow is cut off.
#include <deque>
#include <map>
#include <utility>

#include "app/api/convert.hpp"
#include "app/api/handlers.hpp"
#include "app/api/recipient.hpp"
#include "message/frame.hpp"

namespace lanchat::app::api {
namespace {

class Attachment : public std::enable_shared_from_this<Attachment> {
  public:
    Attachment(const Desk& desk, std::shared_ptr<AttachCall> call)
        : backend_(desk.backend), call_(std::move(call)) {}

    void start() {
        const auto status = backend_.status();
        after_ = status.newest();
        v1::Happening first;
        fill(*first.mutable_ready(), status, backend_.peers().size());
        queue_.push_back(std::move(first));
        const auto weak = weak_from_this();
        token_ = backend_.subscribe({[weak] {
                                         if (const auto self = weak.lock()) self->bell();
                                     },
                                     [weak](const controller::Event& event) {
                                         if (const auto self = weak.lock()) self->hear(event);
                                     }});
        go_on();
        read();
    }

    void end() {
        if (const auto token = std::exchange(token_, 0)) backend_.unsubscribe(token);
        for (const auto& [head, watch] : std::exchange(watches_, {})) backend_.unwatch(watch);
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
        publish_to(backend_, saying->to(),
                   {saying->room().empty() ? general_room : saying->room(), saying->text(),
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
            backend_.unwatch(first->second);
            watches_.erase(first);
        }
        const auto id = message_id(line);
        watches_[line] =
            backend_.watch(line, [weak = weak_from_this(), id](Backend::Delivery delivery) {
                if (const auto self = weak.lock()) self->delivered(id, delivery);
            });
    }

    void delivered(const std::string& id, Backend::Delivery delivery) {
        v1::Happening happening;
        auto& out = *happening.mutable_delivery();
        out.set_id(id);
        out.set_delivered(delivery.delivered);
        out.set_of(delivery.of);
        tell(std::move(happening));
    }

    // What it hears.
    void hear(const controller::Event& event) {
        v1::Happening happening;
        if (const auto* up = std::get_if<controller::PeerUp>(&event)) {
            fill(*happening.mutable_peer()->mutable_peer(), up->peer);
            happening.mutable_peer()->set_up(true);
        } else if (const auto* down = std::get_if<controller::PeerDown>(&event)) {
            fill(*happening.mutable_peer()->mutable_peer(), down->peer);
            happening.mutable_peer()->set_reason(std::string(to_word(down->reason)));
        } else if (const auto* missed = std::get_if<controller::Undelivered>(&event)) {
            auto& out = *happening.mutable_undelivered();
            fill(*out.mutable_peer(), missed->peer);
            out.set_lines(missed->lines);
            out.set_reason(std::string(to_word(missed->reason)));
        } else if (const auto* forked = std::get_if<controller::Forked>(&event)) {
            fill(*happening.mutable_forked()->mutable_author(), forked->author);
        } else if (const auto* changed = std::get_if<controller::KeyChanged>(&event)) {
            fill(*happening.mutable_key_changed()->mutable_now(), changed->now);
            fill(*happening.mutable_key_changed()->mutable_known(), changed->known);
        } else if (const auto* verification = std::get_if<controller::Verification>(&event)) {
            fill(*happening.mutable_verification(), *verification);
        } else {
            return;  // messages come by the store, deliveries to who watches
        }
        tell(std::move(happening));
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
        backend_.arrived(after_, {.direct_too = true}, page_lines,
                         [weak = weak_from_this()](const Result<Backend::Lines>& lines) {
                             if (const auto self = weak.lock()) self->paged(lines);
                         });
    }

    void paged(const Result<Backend::Lines>& lines) {
        paging_ = false;
        if (!lines) return call_->fail(failure(lines.failure()));
        const Here here(backend_);
        for (const auto& line : *lines) {
            v1::Happening happening;
            here.fill(*happening.mutable_line(), line, line.arrival,
                      backend_.is_history(line.arrival));
            queue_.push_back(std::move(happening));
            after_ = line.arrival;
        }
        rung_ = rung_ || lines->size() >= page_lines;
        go_on();
    }

    Backend& backend_;
    std::shared_ptr<AttachCall> call_;
    std::deque<v1::Happening> queue_;
    std::map<LineId, Backend::Token> watches_;
    store::Arrival after_ = 0;
    Backend::Token token_ = 0;
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
