// Listeners come and go while they are told: each round is over those who were there at its start.
#include "node/port_of_node.hpp"

#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <set>
#include <utility>

#include "message/limits.hpp"

namespace lanchat {
namespace {

Result<std::vector<NodePort::Known>> authors(store::Store& history) {
    const auto holdings = history.holdings();
    if (!holdings) return Failure{holdings.why()};
    std::set<DeviceId> devices;
    for (const auto& holding : *holdings) devices.insert(holding.log.device);
    std::vector<NodePort::Known> known;
    for (const DeviceId& device : devices) {
        const auto last = history.newest(store::Filter{.author = device, .direct_too = true}, 1);
        if (!last) return Failure{last.why()};
        if (!last->empty()) known.push_back({device, last->front().entry.name});
    }
    return known;
}

}  // namespace

PortOfNode::PortOfNode(asio::io_context& loop, Node& node) : loop_(loop), node_(node) {
    node_.on_disk_news(
        [this] { each_listener([](const Listener& listener) { listener.lines(); }); });
}

template <class T, class Question>
void PortOfNode::ask(Question question, Done<T> done) {
    node_.read([&loop = loop_, question = std::move(question),
                done = std::move(done)](store::Store& history) {
        Result<T> found = question(history);
        asio::post(loop, [done, found = std::move(found)]() mutable { done(std::move(found)); });
    });
}

// Messages come by the million, so the listeners are not copied. A listener that is told stays
// until it returns, even if it unsubscribes itself.
template <class Deed>
void PortOfNode::each_listener(Deed deed) {
    const Token last = tokens_;
    auto at = listeners_.begin();
    while (at != listeners_.end() && at->first <= last) {
        const auto [token, listener] = *at;
        deed(*listener);
        at = listeners_.upper_bound(token);
    }
}

void PortOfNode::hear(const Event& event) {
    if (const auto* delivery = std::get_if<controller::Delivery>(&event)) tell_watchers(*delivery);
    each_listener([&event](const Listener& listener) { listener.event(event); });
}

void PortOfNode::tell_watchers(const controller::Delivery& delivery) {
    const auto of_line = watchers_.find(delivery.line);
    if (of_line == watchers_.end()) return;
    const auto watchers = of_line->second;  // they may unwatch
    for (const auto& [token, changed] : watchers) changed(delivery.count);
}

NodePort::Status PortOfNode::status() {
    Status status;
    status.id = *parse_device_id(node_.id());
    status.name = node_.name();
    status.address = node_.address();
    status.newest_position = position_at(node_.newest());
    status.problem = node_.disk_trouble();
    status.warnings = node_.warnings();
    status.standing = node_.standing();
    return status;
}

NodePort::Token PortOfNode::watch(const LineId& line, std::function<void(DeliveryCount)> changed) {
    const Token token = ++tokens_;
    watchers_[line][token] = changed;
    watched_[token] = line;
    changed(node_.watch(line));
    return token;
}

void PortOfNode::unwatch(Token token) {
    const auto watched = watched_.extract(token);
    if (!watched) return;
    const auto of_line = watchers_.find(watched.mapped());
    of_line->second.erase(token);
    if (of_line->second.empty()) watchers_.erase(of_line);
}

NodePort::Token PortOfNode::subscribe(Listener listener) {
    if (listener.placed && !std::exchange(tells_places_, true)) {
        node_.on_placed([this](const std::string& id, store::Arrival arrival) {
            each_listener([&](const Listener& wants) {
                if (wants.placed) wants.placed(id, arrival);
            });
        });
    }
    listeners_[++tokens_] = std::make_shared<const Listener>(std::move(listener));
    return tokens_;
}

void PortOfNode::newest(store::Filter filter, std::size_t count, Done<Lines> done) {
    filter.hidden = node_.hidden();
    ask<Lines>([filter = std::move(filter),
                count](store::Store& history) { return history.newest(filter, count); },
               std::move(done));
}

void PortOfNode::arrived(store::Arrival after, store::Filter filter, std::size_t count,
                         Done<Lines> done) {
    filter.hidden = node_.hidden();
    ask<Lines>([after, filter = std::move(filter),
                count](store::Store& history) { return history.arrived(after, filter, count); },
               std::move(done));
}

void PortOfNode::search(std::string query, store::Filter filter, std::size_t count,
                        Done<Lines> done) {
    filter.hidden = node_.hidden();
    ask<Lines>([query = std::move(query), filter = std::move(filter),
                count](store::Store& history) { return history.search(query, filter, count); },
               std::move(done));
}

void PortOfNode::rooms(Done<std::vector<std::string>> done) {
    ask<std::vector<std::string>>([](store::Store& history) { return history.rooms(); },
                                  std::move(done));
}

void PortOfNode::known(Done<std::vector<Known>> done) {
    ask<std::vector<Known>>(authors, std::move(done));
}

void PortOfNode::legacy_authors(Done<std::vector<std::string>> done) {
    ask<std::vector<std::string>>([](store::Store& history) { return history.legacy_authors(); },
                                  std::move(done));
}

void PortOfNode::proves(const store::Position& place, Done<bool> done) {
    ask<bool>([place](store::Store& history) { return history.proves(place); }, std::move(done));
}

void PortOfNode::tally(Done<store::Tally> done) {
    ask<store::Tally>([](store::Store& history) { return history.tally(); }, std::move(done));
}

void PortOfNode::holdings(Done<std::vector<store::Holding>> done) {
    ask<std::vector<store::Holding>>([](store::Store& history) { return history.holdings(); },
                                     std::move(done));
}

void PortOfNode::runs(LogId log, Seq after, Done<std::vector<RunPtr>> done) {
    ask<std::vector<RunPtr>>(
        [log, after](store::Store& history) {
            return history.runs(log, after, limits::pull_lines_max, limits::fetch_bytes_max);
        },
        std::move(done));
}

}  // namespace lanchat
