// What the local API asks, answered by the node of this process.
#pragma once

#include <map>
#include <memory>

#include "app/api/backend.hpp"
#include "node/node.hpp"

namespace asio {
class io_context;
}

namespace lanchat::app {

// Used on the loop's thread. The node has started and outlives it.
class NodeBackend : public api::Backend {
  public:
    NodeBackend(asio::io_context& loop, Node& node) : loop_(loop), node_(node) {}

    // Every event of the node.
    void hear(const Event& event);
    // More lines can be read now.
    void ring();

    Status status() override;
    std::vector<PeerInfo> peers() override;
    Result<DeviceId> find_person(const std::string& word, bool blocked) override;
    PeerInfo about(const DeviceId& device) override { return node_.about(device); }
    std::vector<PeerInfo> blocked() override { return node_.blocked(); }
    std::string mark(const DeviceId& device, const std::string& name) override;
    void block(const DeviceId& device, bool on, Decided done) override;
    std::optional<Failure> verify(const DeviceId& device) override { return node_.verify(device); }
    std::optional<Failure> pin(const DeviceId& device) override { return node_.pin(device); }
    void judge(const DeviceId& device, const std::string& code, bool same) override;
    void rooms(Done<std::vector<std::string>> done) override;
    void known(Done<std::vector<Known>> done) override;
    void legacy_authors(Done<std::vector<std::string>> done) override;
    void publish(Saying saying, Done<LineId> done) override;
    Token watch(const LineId& line, std::function<void(Delivery)> changed) override;
    void unwatch(Token token) override;
    void newest(store::Filter filter, std::size_t count, Done<Lines> done) override;
    void arrived(store::Arrival after, store::Filter filter, std::size_t count,
                 Done<Lines> done) override;
    void search(std::string query, store::Filter filter, std::size_t count,
                Done<Lines> done) override;
    store::Position position_at(store::Arrival arrival) override {
        return node_.position_at(arrival);
    }
    void proves(const store::Position& place, Done<bool> done) override;
    bool is_history(store::Arrival arrival) override;
    Token subscribe(Listener listener) override;
    void unsubscribe(Token token) override;
    void tally(Done<store::Tally> done) override;
    void holdings(Done<std::vector<store::Holding>> done) override;
    void runs(LogId log, Seq after, Done<std::vector<RunPtr>> done) override;
    void import_runs(std::vector<Run> runs, Done<Imported> done) override;

  private:
    // Answers with what `question` finds in the store.
    template <class T, class Question>
    void ask(Question question, Done<T> done);

    asio::io_context& loop_;
    Node& node_;
    Token tokens_ = 0;
    std::map<LineId, std::map<Token, std::function<void(Delivery)>>> watchers_;
    std::map<Token, LineId> watched_;
    std::map<Token, std::shared_ptr<const Listener>> listeners_;
};

}  // namespace lanchat::app
