// History, Search, Count and Subscribe. A page is read only when the one before has left, so a
// reader that is slow costs one page, and one that follows is woken, not fed, by new lines.
#include <algorithm>
#include <limits>
#include <utility>

#include "app/cursor.hpp"
#include "app/services/api/convert.hpp"
#include "app/services/api/handlers.hpp"
#include "app/services/api/pager.hpp"
#include "node/store/words.hpp"

namespace lanchat::app::api {
namespace {

constexpr auto no_limit = std::numeric_limits<std::uint64_t>::max();
constexpr auto unknown_place =
    "the cursor is of another store, of an older copy of this one, or of an earlier version: what"
    " came after it cannot be told. Begin anew without it: tail -n N for the newest, or history";

// Where a piece has to end before `end` so that it stays small; at least one line.
std::ptrdiff_t piece_begin(const NodePort::Lines& lines, std::ptrdiff_t end) {
    std::size_t bytes = 0;
    auto begin = end;
    while (begin > 0) {
        bytes += lines[static_cast<std::size_t>(begin - 1)].entry.text.size() + 512;
        if (begin < end && bytes > piece_bytes_max) break;
        --begin;
    }
    return begin;
}

// Pages of the order of all nodes, newest first.
template <class Call>
class Backwards : public std::enable_shared_from_this<Backwards<Call>> {
  public:
    Backwards(const Desk& desk, std::shared_ptr<Call> call, std::shared_ptr<Pager> pager)
        : node_(desk.node), call_(std::move(call)), pager_(std::move(pager)) {}

    void read() {
        pager_->next([weak = this->weak_from_this()](Result<NodePort::Lines> page) {
            if (const auto self = weak.lock()) self->got(std::move(page));
        });
    }

  private:
    void got(Result<NodePort::Lines> page) {
        if (!page) return call_->fail(failure(page.failure()));
        if (page->empty()) return call_->finish();
        lines_ = *std::move(page);
        unsent_ = std::ssize(lines_);
        write();
    }

    void write() {
        if (unsent_ == 0) return read();
        const auto begin = piece_begin(lines_, unsent_);
        const Here here(node_);
        v1::Lines piece;
        for (auto at = begin; at < unsent_; ++at) {
            const auto& line = lines_[static_cast<std::size_t>(at)];
            here.fill(*piece.add_lines(), line, line.arrival, true);
        }
        unsent_ = begin;
        call_->write(piece, [weak = this->weak_from_this()] {
            if (const auto self = weak.lock()) self->write();
        });
    }

    NodePort& node_;
    std::shared_ptr<Call> call_;
    std::shared_ptr<Pager> pager_;
    NodePort::Lines lines_;
    std::ptrdiff_t unsent_ = 0;
};

template <class Call>
void read_backwards(const Desk& desk, const std::shared_ptr<Call>& call, const std::string& query,
                    std::uint64_t count) {
    resolve(desk.node, call->request().filter(),
            [desk, weak = std::weak_ptr(call), query, count](Result<store::Filter> filter) {
                const auto open = weak.lock();
                if (!open || open->has_ended()) return;
                if (!filter) return open->fail(failure(filter.failure()));
                // A search is over all that can be read here, a history over what all can read.
                filter->direct_too = !query.empty();
                auto pager = std::make_shared<Pager>(desk.node, query, *std::move(filter),
                                                     count == 0 ? no_limit : count);
                const auto reader = std::make_shared<Backwards<Call>>(desk, open, std::move(pager));
                open->on_end([reader] {});
                reader->read();
            });
}

class Counting : public std::enable_shared_from_this<Counting> {
  public:
    Counting(const Desk& desk, std::shared_ptr<CountCall> call, store::Filter filter)
        : node_(desk.node), call_(std::move(call)), filter_(std::move(filter)) {}

    void read() {
        node_.arrived(after_, filter_, page_lines,
                      [weak = weak_from_this()](const Result<NodePort::Lines>& page) {
                          if (const auto self = weak.lock()) self->got(page);
                      });
    }

  private:
    void got(const Result<NodePort::Lines>& page) {
        if (!page) return call_->fail(failure(page.failure()));
        reply_.set_lines(reply_.lines() + page->size());
        if (page->empty()) return call_->answer(reply_);
        after_ = page->back().arrival;
        read();
    }

    NodePort& node_;
    std::shared_ptr<CountCall> call_;
    store::Filter filter_;
    store::Arrival after_ = 0;
    v1::CountReply reply_;
};

// idle ──bell──> reading ──page──> writing ──written──> writing │ reading
//   ^               │ nothing new                                   ^
//   └───────────────┘            choosing ──the newest N known──────┘
class Subscription : public std::enable_shared_from_this<Subscription> {
  public:
    Subscription(const Desk& desk, std::shared_ptr<SubscribeCall> call)
        : node_(desk.node), call_(std::move(call)) {
        filter_.room = call_->request().room();
    }

    void start() {
        const auto& with = call_->request().with();
        if (with.empty()) return begin();
        auto found = find_conversation(node_, with);
        if (!found) return call_->fail(failure(found.failure()));
        filter_.conversation = *std::move(found);
        begin();
    }

    void begin() {
        const auto& request = call_->request();
        const auto status = node_.status();
        before_ = status.newest();
        if (request.follow()) listen();
        if (request.from_case() == v1::SubscribeRequest::kSince) return resume(request.since());
        if (request.from_case() != v1::SubscribeRequest::kLast) return read();
        choose(request.last());
    }

    void resume(const std::string& since) {
        const auto place = parse_cursor(since);
        if (!place) return call_->fail(mistake("no cursor: \"" + since + "\""));
        node_.proves(*place, [weak = weak_from_this(), at = place->arrival](Result<bool> known) {
            if (const auto self = weak.lock()) self->resume_at(at, known);
        });
    }

    // Of a place that cannot be proven nobody knows what was seen.
    void resume_at(store::Arrival arrival, const Result<bool>& known) {
        if (!known) return call_->fail(failure(known.failure()));
        if (!*known && call_->request().only_known())
            return call_->fail({grpc::StatusCode::NOT_FOUND, unknown_place});
        after_ = *known ? arrival : 0;
        read();
    }

    void end() {
        if (const auto token = std::exchange(token_, 0)) node_.unsubscribe(token);
    }

  private:
    void listen() {
        token_ = node_.subscribe({[weak = weak_from_this()] {
                                      if (const auto self = weak.lock()) self->bell();
                                  },
                                  [](const controller::Event&) {}});
    }

    void bell() {
        rung_ = true;
        if (idle_) read();
    }

    // The newest are found in the order of all nodes but told in that of arrival, so that every
    // cursor among them resumes after what was told.
    void choose(std::uint64_t count) {
        pager_ = std::make_shared<Pager>(node_, std::string{}, filter_, count);
        choose_more();
    }

    void choose_more() {
        pager_->next([weak = weak_from_this()](const Result<NodePort::Lines>& page) {
            if (const auto self = weak.lock()) self->chose(page);
        });
    }

    void chose(const Result<NodePort::Lines>& page) {
        if (!page) return call_->fail(failure(page.failure()));
        for (const auto& line : *page) {
            if (line.arrival <= before_) chosen_.push_back(line.arrival);
        }
        if (!page->empty()) return choose_more();
        std::ranges::sort(chosen_);
        after_ = chosen_.empty() ? before_ : chosen_.front() - 1;
        read();
    }

    bool is_chosen(const store::Line& line) const {
        return line.arrival > before_ || chosen_.empty() ||
               std::ranges::binary_search(chosen_, line.arrival);
    }

    void read() {
        idle_ = rung_ = false;
        node_.arrived(after_, filter_, page_lines,
                      [weak = weak_from_this()](Result<NodePort::Lines> page) {
                          if (const auto self = weak.lock()) self->got(std::move(page));
                      });
    }

    void got(Result<NodePort::Lines> page) {
        if (!page) return call_->fail(failure(page.failure()));
        if (page->empty()) return caught_up();
        const bool live = page->back().arrival > before_;
        if (live && !call_->request().follow()) {
            std::erase_if(*page, [this](const auto& line) { return line.arrival > before_; });
            last_page_ = true;
        }
        if (!page->empty()) after_ = page->back().arrival;
        lines_ = *std::move(page);
        std::erase_if(lines_, [this](const auto& line) { return !is_chosen(line); });
        // After the last of the newest there may be much that arrived late and is older.
        if (!chosen_.empty() && chosen_.back() <= after_) after_ = std::max(after_, before_);
        sent_ = 0;
        write();
    }

    void caught_up() {
        if (!call_->request().follow()) return call_->finish();
        idle_ = true;
        if (rung_) read();
    }

    // The place to resume after the last of the newest is the end of what there was.
    store::Arrival cursor_after(store::Arrival arrival) const {
        return !chosen_.empty() && arrival == chosen_.back() ? before_ : arrival;
    }

    void write() {
        if (sent_ == lines_.size()) return last_page_ ? call_->finish() : read();
        const Here here(node_);
        v1::Lines piece;
        std::size_t bytes = 0;
        while (sent_ < lines_.size() && bytes < piece_bytes_max) {
            const auto& line = lines_[sent_++];
            const bool history = line.arrival <= before_ || node_.is_history(line.arrival);
            here.fill(*piece.add_lines(), line, cursor_after(line.arrival), history);
            bytes += line.entry.text.size() + 512;
        }
        call_->write(piece, [weak = weak_from_this()] {
            if (const auto self = weak.lock()) self->write();
        });
    }

    NodePort& node_;
    std::shared_ptr<SubscribeCall> call_;
    store::Filter filter_;
    store::Arrival after_ = 0;
    store::Arrival before_ = 0;  // the newest when this began
    std::shared_ptr<Pager> pager_;
    std::vector<store::Arrival> chosen_;  // sorted; of `last`
    NodePort::Lines lines_;
    std::size_t sent_ = 0;
    NodePort::Token token_ = 0;
    bool idle_ = false;
    bool rung_ = false;
    bool last_page_ = false;
};

}  // namespace

void serve(const Desk& desk, const std::shared_ptr<HistoryCall>& call) {
    read_backwards(desk, call, {}, call->request().count());
}

void serve(const Desk& desk, const std::shared_ptr<SearchCall>& call) {
    if (const auto why = store::refuse_query(call->request().query()))
        return call->fail(mistake(why->why));
    read_backwards(desk, call, call->request().query(), call->request().count());
}

void serve(const Desk& desk, const std::shared_ptr<CountCall>& call) {
    resolve(desk.node, call->request().filter(),
            [desk, weak = std::weak_ptr(call)](Result<store::Filter> filter) {
                const auto open = weak.lock();
                if (!open || open->has_ended()) return;
                if (!filter) return open->fail(failure(filter.failure()));
                const auto counting = std::make_shared<Counting>(desk, open, *std::move(filter));
                open->on_end([counting] {});
                counting->read();
            });
}

void serve(const Desk& desk, const std::shared_ptr<SubscribeCall>& call) {
    const auto subscription = std::make_shared<Subscription>(desk, call);
    call->on_end([subscription] { subscription->end(); });
    subscription->start();
}

}  // namespace lanchat::app::api
