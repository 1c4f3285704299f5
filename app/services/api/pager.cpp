// The store gives the newest lines up to a time, inclusive: what was seen of that time is left out.
#include "app/services/api/pager.hpp"

#include <algorithm>
#include <utility>

#include "app/services/api/desk.hpp"

namespace lanchat::app::api {
namespace {

// Two legacy lines may have nothing but their arrival to tell them apart.
bool is_older(const store::Line& a, const store::Line& b) {
    if (comes_before(a.entry, b.entry)) return true;
    return !comes_before(b.entry, a.entry) && a.arrival < b.arrival;
}

}  // namespace

Pager::Pager(NodePort& node, std::string query, store::Filter filter, std::uint64_t count)
    : node_(node),
      query_(std::move(query)),
      filter_(std::move(filter)),
      left_(count),
      page_lines_(page_lines) {}

void Pager::next(NodePort::Done<NodePort::Lines> done) {
    if (left_ == 0) return done(NodePort::Lines{});
    if (oldest_) filter_.until = oldest_->entry.clock.time();
    ask(std::move(done));
}

void Pager::ask(NodePort::Done<NodePort::Lines> done) {
    auto take = [weak = weak_from_this(), done = std::move(done)](Result<NodePort::Lines> page) {
        if (const auto self = weak.lock()) self->got(std::move(page), done);
    };
    if (query_.empty()) return node_.newest(filter_, page_lines_, std::move(take));
    node_.search(query_, filter_, page_lines_, std::move(take));
}

void Pager::got(Result<NodePort::Lines> page, const NodePort::Done<NodePort::Lines>& done) {
    if (!page) return done(Failure{page.why()});
    NodePort::Lines& lines = *page;
    const bool full = lines.size() >= page_lines_;
    if (oldest_)
        std::erase_if(lines, [this](const auto& line) { return !is_older(line, *oldest_); });
    if (lines.empty() && full) {
        page_lines_ *= 2;  // a page of one instant
        return ask(done);
    }
    if (lines.size() > left_) {
        lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(left_));
    }
    left_ = full ? left_ - lines.size() : 0;
    if (!lines.empty()) oldest_ = lines.front();
    done(std::move(lines));
}

}  // namespace lanchat::app::api
