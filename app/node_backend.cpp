// Listeners come and go while they are told: each round is over those who were there at its start.
#include "app/node_backend.hpp"

#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <set>
#include <utility>

#include "message/limits.hpp"

namespace lanchat::app {
namespace {

Result<std::vector<api::Backend::Known>> authors(store::Store& history) {
    const auto holdings = history.holdings();
    if (!holdings) return Failure{holdings.why()};
    std::set<DeviceId> devices;
    for (const auto& holding : *holdings) devices.insert(holding.log.device);
    std::vector<api::Backend::Known> known;
    for (const DeviceId& device : devices) {
        const auto last = history.newest(store::Filter{.author = device, .direct_too = true}, 1);
        if (!last) return Failure{last.why()};
        if (!last->empty()) known.push_back({device, last->front().entry.name});
    }
    return known;
}

}  // namespace

template <class T, class Question>
void NodeBackend::ask(Question question, Done<T> done) {
    node_.read([&loop = loop_, question = std::move(question),
                done = std::move(done)](store::Store& history) {
        Result<T> found = question(history);
        asio::post(loop, [done, found = std::move(found)]() mutable { done(std::move(found)); });
    });
}

void NodeBackend::hear(const Event& event) {
    if (std::holds_alternative<controller::Message>(event)) return;  // those come by the store
    if (const auto* delivery = std::get_if<controller::Delivery>(&event)) {
        const auto of_line = watchers_.find(delivery->line);
        if (of_line == watchers_.end()) return;
        const auto watchers = of_line->second;  // they may unwatch
        for (const auto& [token, changed] : watchers) changed(delivery->count);
        return;
    }
    const auto listeners = listeners_;
    for (const auto& [token, listener] : listeners) listener->event(event);
}

void NodeBackend::ring() {
    const auto listeners = listeners_;
    for (const auto& [token, listener] : listeners) listener->lines();
}

api::Backend::Status NodeBackend::status() {
    Status status;
    status.id = *parse_device_id(node_.id());
    status.name = node_.name();
    status.address = node_.address();
    status.newest_position = position_at(node_.newest());
    status.problem = node_.disk_trouble();
    status.warnings = node_.warnings();
    return status;
}

std::vector<PeerInfo> NodeBackend::peers() { return node_.peers(); }

Result<DeviceId> NodeBackend::find_person(const std::string& word, bool blocked) {
    return node_.find_person(word, blocked);
}

std::string NodeBackend::mark(const DeviceId& device, const std::string& name) {
    return node_.mark(device, name);
}

void NodeBackend::block(const DeviceId& device, bool on, Decided done) {
    node_.block(device, on, std::move(done));
}

void NodeBackend::judge(const DeviceId& device, const std::string& code, bool same) {
    node_.judge(device, code, same);
}

void NodeBackend::rooms(Done<std::vector<std::string>> done) {
    ask<std::vector<std::string>>([](store::Store& history) { return history.rooms(); },
                                  std::move(done));
}

void NodeBackend::known(Done<std::vector<Known>> done) {
    ask<std::vector<Known>>(authors, std::move(done));
}

void NodeBackend::legacy_authors(Done<std::vector<std::string>> done) {
    ask<std::vector<std::string>>([](store::Store& history) { return history.legacy_authors(); },
                                  std::move(done));
}

void NodeBackend::publish(Saying saying, Done<LineId> done) {
    node_.say(
        {std::move(saying.text), std::move(saying.room), std::move(saying.said_id), saying.to},
        std::move(done));
}

api::Backend::Token NodeBackend::watch(const LineId& line, std::function<void(Delivery)> changed) {
    const Token token = ++tokens_;
    watchers_[line][token] = changed;
    watched_[token] = line;
    changed(node_.watch(line));
    return token;
}

void NodeBackend::unwatch(Token token) {
    const auto watched = watched_.extract(token);
    if (!watched) return;
    const auto of_line = watchers_.find(watched.mapped());
    of_line->second.erase(token);
    if (of_line->second.empty()) watchers_.erase(of_line);
}

void NodeBackend::newest(store::Filter filter, std::size_t count, Done<Lines> done) {
    filter.hidden = node_.hidden();
    ask<Lines>([filter = std::move(filter),
                count](store::Store& history) { return history.newest(filter, count); },
               std::move(done));
}

void NodeBackend::arrived(store::Arrival after, store::Filter filter, std::size_t count,
                          Done<Lines> done) {
    filter.hidden = node_.hidden();
    ask<Lines>([after, filter = std::move(filter),
                count](store::Store& history) { return history.arrived(after, filter, count); },
               std::move(done));
}

void NodeBackend::search(std::string query, store::Filter filter, std::size_t count,
                         Done<Lines> done) {
    filter.hidden = node_.hidden();
    ask<Lines>([query = std::move(query), filter = std::move(filter),
                count](store::Store& history) { return history.search(query, filter, count); },
               std::move(done));
}

void NodeBackend::proves(const store::Position& place, Done<bool> done) {
    ask<bool>([place](store::Store& history) { return history.proves(place); }, std::move(done));
}

bool NodeBackend::is_history(store::Arrival arrival) { return node_.is_history(arrival); }

api::Backend::Token NodeBackend::subscribe(Listener listener) {
    listeners_[++tokens_] = std::make_shared<const Listener>(std::move(listener));
    return tokens_;
}

void NodeBackend::unsubscribe(Token token) { listeners_.erase(token); }

void NodeBackend::tally(Done<store::Tally> done) {
    ask<store::Tally>([](store::Store& history) { return history.tally(); }, std::move(done));
}

void NodeBackend::holdings(Done<std::vector<store::Holding>> done) {
    ask<std::vector<store::Holding>>([](store::Store& history) { return history.holdings(); },
                                     std::move(done));
}

void NodeBackend::runs(LogId log, Seq after, Done<std::vector<RunPtr>> done) {
    ask<std::vector<RunPtr>>(
        [log, after](store::Store& history) {
            return history.runs(log, after, limits::pull_lines_max, limits::fetch_bytes_max);
        },
        std::move(done));
}

void NodeBackend::import_runs(std::vector<Run> runs, Done<Imported> done) {
    node_.import_runs(std::move(runs), [done = std::move(done)](const Result<Node::Imported>& all) {
        if (!all) return done(Failure{all.why()});
        done(Imported{all->lines_new, all->runs_refused, all->why});
    });
}

}  // namespace lanchat::app
