// The port of a node of this process: hands questions on, and tells every listener what happens.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "node/node.hpp"
#include "node/port.hpp"

namespace lanchat {

// Used on the loop's thread. The node outlives it, and has started before anything is asked.
class PortOfNode : public NodePort {
  public:
    // Takes the node's on_disk_news, and its on_placed once somebody wants that.
    PortOfNode(asio::io_context& loop, Node& node);

    // To be called with every event of the node.
    void hear(const Event& event);

    Status status() override;
    const std::string& disk_trouble() const override { return node_.disk_trouble(); }
    Result<std::string> say(std::string text, std::string room) override {
        return node_.say(std::move(text), std::move(room));
    }
    void say(Saying saying, WhenSaid said) override {
        node_.say(std::move(saying), std::move(said));
    }
    Token watch(const LineId& line, std::function<void(DeliveryCount)> changed) override;
    void unwatch(Token token) override;
    Token subscribe(Listener listener) override;
    void unsubscribe(Token token) override { listeners_.erase(token); }

    std::vector<PeerInfo> peers() override { return node_.peers(); }
    Result<DeviceId> find_person(const std::string& word, bool blocked) override {
        return node_.find_person(word, blocked);
    }
    bool means_somebody(const std::string& word) override { return node_.means_somebody(word); }
    PeerInfo about(const DeviceId& device) override { return node_.about(device); }
    std::vector<PeerInfo> blocked() override { return node_.blocked(); }
    std::string mark(const DeviceId& device, const std::string& name) override {
        return node_.mark(device, name);
    }
    void block(const DeviceId& device, bool on, Decided done) override {
        node_.block(device, on, std::move(done));
    }
    std::optional<Failure> verify(const DeviceId& device) override { return node_.verify(device); }
    std::optional<Failure> pin(const DeviceId& device) override { return node_.pin(device); }
    void judge(const DeviceId& device, const std::string& code, bool same) override {
        node_.judge(device, code, same);
    }

    void newest(store::Filter filter, std::size_t count, Done<Lines> done) override;
    void arrived(store::Arrival after, store::Filter filter, std::size_t count,
                 Done<Lines> done) override;
    void search(std::string query, store::Filter filter, std::size_t count,
                Done<Lines> done) override;
    void rooms(Done<std::vector<std::string>> done) override;
    void known(Done<std::vector<Known>> done) override;
    void legacy_authors(Done<std::vector<std::string>> done) override;
    store::Position position_at(store::Arrival arrival) override {
        return node_.position_at(arrival);
    }
    void proves(const store::Position& place, Done<bool> done) override;
    bool is_history(store::Arrival arrival) override { return node_.is_history(arrival); }
    void tally(Done<store::Tally> done) override;
    void holdings(Done<std::vector<store::Holding>> done) override;
    void runs(LogId log, Seq after, Done<std::vector<RunPtr>> done) override;
    void import_runs(std::vector<Run> runs, Done<Imported> done) override {
        node_.import_runs(std::move(runs), std::move(done));
    }

  private:
    // Answers with what `question` finds in the store.
    template <class T, class Question>
    void ask(Question question, Done<T> done);
    template <class Deed>
    void each_listener(Deed deed);
    void tell_watchers(const controller::Delivery& delivery);

    asio::io_context& loop_;
    Node& node_;
    Token tokens_ = 0;
    std::map<LineId, std::map<Token, std::function<void(DeliveryCount)>>> watchers_;
    std::map<Token, LineId> watched_;
    std::map<Token, std::shared_ptr<const Listener>> listeners_;
    bool tells_places_ = false;
};

}  // namespace lanchat
