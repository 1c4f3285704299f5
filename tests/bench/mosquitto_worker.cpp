// An MQTT client of mosquitto, quality of service 1 throughout.
//   bench_mosquitto role=publish|subscribe|read ip=A port=P name=N
#include <mosquitto.h>

#include <condition_variable>
#include <memory>

#include "broker_worker.hpp"

namespace lanchat::bench {
namespace {

using namespace std::chrono_literals;

constexpr int quality = 1;
constexpr int keepalive_seconds = 60;
constexpr auto quiet_long_enough = 2s;  // a broker does not say when it has given everything

void need(int error, const char* doing) {
    if (error != MOSQ_ERR_SUCCESS) fail(std::string(doing) + ": " + mosquitto_strerror(error));
}

std::string_view text_of(const mosquitto_message& message) {
    return {static_cast<const char*>(message.payload),
            static_cast<std::size_t>(message.payloadlen)};
}

// A client with the library's own thread. All handlers run there.
class Client {
  public:
    // A lasting one is known to the broker by its name when it is away.
    Client(const Options& options, bool lasting);
    virtual ~Client() = default;
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    void connect();
    void disconnect();

  protected:
    virtual void connected() {}
    virtual void subscribed() {}
    virtual void answered() {}
    virtual void gone() {}
    virtual void heard(std::string_view) {}

    mosquitto* library() const { return client_.get(); }

  private:
    struct Destroyer {
        void operator()(mosquitto* client) const { mosquitto_destroy(client); }
    };
    static Client& of(void* self) { return *static_cast<Client*>(self); }

    Options options_;
    std::unique_ptr<mosquitto, Destroyer> client_;
};

Client::Client(const Options& options, bool lasting)
    : options_(options),
      client_(mosquitto_new(option(options, "name", "bench").c_str(), !lasting, this)) {
    mosquitto* client = client_.get();
    need(mosquitto_max_inflight_messages_set(client, 0), "window");
    need(mosquitto_int_option(client, MOSQ_OPT_TCP_NODELAY, 1), "options");
    mosquitto_connect_callback_set(client, [](mosquitto*, void* self, int error) {
        if (error != 0) fail(mosquitto_connack_string(error));
        of(self).connected();
    });
    mosquitto_disconnect_callback_set(client, [](mosquitto*, void* self, int) { of(self).gone(); });
    mosquitto_subscribe_callback_set(
        client, [](mosquitto*, void* self, int, int, const int*) { of(self).subscribed(); });
    mosquitto_publish_callback_set(client,
                                   [](mosquitto*, void* self, int) { of(self).answered(); });
    mosquitto_message_callback_set(client,
                                   [](mosquitto*, void* self, const mosquitto_message* message) {
                                       of(self).heard(text_of(*message));
                                   });
}

void Client::connect() {
    need(mosquitto_connect(client_.get(), option(options_, "ip", "127.0.0.1").c_str(),
                           std::stoi(option(options_, "port", "0")), keepalive_seconds),
         "connect");
    need(mosquitto_loop_start(client_.get()), "start");
}

void Client::disconnect() {
    mosquitto_disconnect(client_.get());
    mosquitto_loop_stop(client_.get(), false);
}

// The broker answers in the order of publication (MQTT 3.1.1, 4.6).
class Publisher final : public Client {
  public:
    explicit Publisher(const Options& options) : Client(options, false) {}

    void run() {
        connect();
        obey_commands(publishing_);
        gone();
        publishing_.join();
        disconnect();
    }

  private:
    void connected() override { report({{"event", "ready"}}); }

    bool publish(std::uint64_t number, const std::string& line) {
        std::unique_lock lock(mutex_);
        const auto window = std::uint64_t{window_lines};
        room_.wait(lock, [&] { return publishing_.stopped() || number < answered_ + window; });
        if (publishing_.stopped()) return false;
        lock.unlock();
        return mosquitto_publish(library(), nullptr, topic, static_cast<int>(line.size()),
                                 line.data(), quality, false) == MOSQ_ERR_SUCCESS;
    }

    void answered() override {
        std::unique_lock lock(mutex_);
        const auto number = answered_++;
        lock.unlock();
        room_.notify_one();
        publishing_.acknowledged(number);
    }

    // For good: the library would send again what was not answered.
    void gone() override {
        {
            const std::lock_guard lock(mutex_);
            publishing_.stop();
        }
        room_.notify_one();
        mosquitto_disconnect(library());
    }

    std::mutex mutex_;
    std::condition_variable room_;
    std::uint64_t answered_ = 0;  // under mutex_
    Publishing publishing_{
        [this](std::uint64_t number, const std::string& line) { return publish(number, line); }};
};

class Subscriber final : public Client {
  public:
    explicit Subscriber(const Options& options) : Client(options, true) {}

    void run() {
        connect();
        wait_for_end_of_input();
        disconnect();
    }

  private:
    void connected() override {
        need(mosquitto_subscribe(library(), nullptr, topic, quality), "subscribe");
    }
    void subscribed() override { report({{"event", "ready"}}); }
    void heard(std::string_view line) override {
        if (tally_.take(line)) report(tally_.result());
    }

    Tally tally_;
};

// Takes what the broker kept while it was away.
class Reader final : public Client {
  public:
    explicit Reader(const Options& options) : Client(options, true) {}

    void run() {
        newest_ = now_ns();
        connect();
        while (std::chrono::nanoseconds(now_ns() - newest_) < quiet_long_enough)
            std::this_thread::sleep_for(quiet_long_enough / 10);
        disconnect();
        report({{"event", "kept"}, {"numbers", numbers_.ranges()}});
    }

  private:
    void heard(std::string_view line) override {
        numbers_.add(number_of(line));
        newest_ = now_ns();
    }

    std::atomic<std::int64_t> newest_ = 0;
    Numbers numbers_;
};

void run(const std::string& role, const Options& options) {
    mosquitto_lib_init();
    if (role == "publish") Publisher(options).run();
    if (role == "subscribe") Subscriber(options).run();
    if (role == "read") Reader(options).run();
    mosquitto_lib_cleanup();
}

}  // namespace
}  // namespace lanchat::bench

int main(int argc, char** argv) {
    using namespace lanchat::bench;
    become_worker();
    const auto options = parse_options(argc, argv);
    run(option(options, "role", ""), options);
    return 0;
}
