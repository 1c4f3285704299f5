// Two pumps, each with one buffer: a side that does not read stops the other side's.
#include "node/link/passage.hpp"

#include <algorithm>
#include <asio/buffer.hpp>
#include <asio/local/connect_pair.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/steady_timer.hpp>
#include <asio/write.hpp>
#include <chrono>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

#include "node/link/frame_gate.hpp"
#include "node/link/steady.hpp"
#include "node/link/tcp_state.hpp"

namespace lanchat::link {
namespace {

using asio::ip::tcp;

tcp::socket& tcp_of(tcp::socket& socket) { return socket; }
tcp::socket& tcp_of(TlsSocket& socket) { return socket.next_layer(); }

// How often we look whether somebody to whom we do not listen is still there.
constexpr auto absence_interval = std::chrono::milliseconds(100);

// Most links say little most of the time, and there are many: it grows when it was full, and
// shrinks again with what comes.
class Buffer {
  public:
    // For the next read, of no more than `most`. What was read before is gone.
    asio::mutable_buffer to_fill(std::size_t most = largest) {
        if (bytes_.size() != wanted_) bytes_ = std::vector<char>(wanted_);
        return asio::buffer(bytes_.data(), std::min(bytes_.size(), most));
    }

    std::string_view filled(std::size_t count) {
        if (count == wanted_) wanted_ = std::min(2 * wanted_, largest);
        if (count < wanted_ / 4) wanted_ = std::max(wanted_ / 2, least);
        return {bytes_.data(), count};
    }

  private:
    static constexpr std::size_t least = 1024;
    static constexpr std::size_t largest = std::size_t{16} * 1024;  // a TLS record

    std::size_t wanted_ = least;
    std::vector<char> bytes_;
};

// greeting ──whole──> waiting ──let_through──> open ──cut, or the network's end──> draining
// A dialled connection is open from the beginning. While it drains, what gRPC still writes is read
// and forgotten, until gRPC closes its end. Who says more than a stranger may, behind its greeting,
// is not listened to until it is admitted.
template <class Outer>
class Way final : public Passage, public std::enable_shared_from_this<Way<Outer>> {
  public:
    Way(Outer outer, Role role, std::string name, Hooks hooks)
        : outer_(std::move(outer)),
          inner_(outer_.get_executor()),
          look_again_(outer_.get_executor()),
          role_(role),
          gate_(role == Role::accept ? FrameGate::Peer::client : FrameGate::Peer::server,
                !std::is_same_v<Outer, TlsSocket>),
          name_(std::move(name)),
          hooks_(std::move(hooks)) {}
    ~Way() override {
        end_long_message();
        hooks_.over();
    }
    Way(const Way&) = delete;
    Way& operator=(const Way&) = delete;

    void begin(std::string first_bytes) override {
        if (role_ == Role::dial) return let_through();
        asio::async_write(outer_, asio::buffer(http2_no_settings),
                          [self = this->shared_from_this(), first = std::move(first_bytes)](
                              const asio::error_code& error, std::size_t) {
                              if (!error) self->take_greeting(first);
                          });
    }

    void let_through() override {
        is_waiting_ = false;
        asio::local::stream_protocol::socket far(outer_.get_executor());
        asio::error_code no;
        asio::local::connect_pair(inner_, far, no);
        if (!no && !name_.empty())
            inner_.bind(asio::local::stream_protocol::endpoint('\0' + name_), no);
        if (!no) tcp_of(outer_).non_blocking(true, no);
        if (!no) inner_.non_blocking(true, no);
        if (!no) far.non_blocking(true, no);
        if (no) return close_outer();
        is_open_ = true;
        asio::async_write(inner_, asio::buffer(greeting_),
                          [self = this->shared_from_this()](auto error, std::size_t) {
                              self->greeting_ = {};
                              self->hooks_.fed();
                              if (!error) self->pump_in();
                          });
        push_out();
        hooks_.opened(UniqueFd(far.release()));
    }

    void push_out() override {
        while (is_open_ && !is_giving_ && !is_over_) {
            const auto buffer = out_.to_fill();
            asio::error_code no;
            const auto count = inner_.read_some(buffer, no);
            if (no == asio::error::would_block) return await_output();
            if (no) return ended_here();
            if (count == buffer.size()) hooks_.fed();  // it may have waited for room
            if (!is_draining_) give(out_.filled(count));
        }
    }

    void admit() override {
        gate_.admit();
        go_on();
    }

    void go_on() override {
        if (std::exchange(is_held_, false)) pump_in();
    }

    void refuse(std::string_view why) override {
        hooks_.refused(why);
        drain();
    }

    void cut() override {
        is_waiting_ = is_held_ = false;
        close_outer();
        asio::error_code ignored;
        inner_.close(ignored);
        hooks_.fed();
    }

    void leave() override {
        push_out();
        cut();
    }

  private:
    void take_greeting(std::string_view bytes) {
        if (const auto why = gate_.take(bytes, steady_now())) return refuse(*why);
        greeting_ += bytes;
        if (gate_.has_greeted()) {
            is_waiting_ = true;
            look();
            return hooks_.greeted(this->shared_from_this());
        }
        if (gate_.room() == 0) return refuse("more bytes than a greeting needs");
        outer_.async_read_some(in_.to_fill(gate_.room()),
                               [self = this->shared_from_this()](auto error, std::size_t count) {
                                   if (!error) self->take_greeting(self->in_.filled(count));
                               });
    }

    void pump_in() {
        if (gate_.room() == 0) {
            if (!gate_.has_greeted()) return refuse("more bytes than a greeting needs");
            return hold();
        }
        if (!settle_long_message()) return hold();
        outer_.async_read_some(in_.to_fill(gate_.room()), [self = this->shared_from_this()](
                                                              auto error, std::size_t count) {
            error ? self->ended_there() : self->take(self->in_.filled(count));
        });
    }

    // Whether what comes next may come now.
    bool settle_long_message() {
        const auto coming = gate_.long_message();
        if (coming == long_message_) return true;
        end_long_message();
        long_message_ = coming;
        return coming == 0 || hooks_.long_begins();
    }

    void end_long_message() {
        if (std::exchange(long_message_, 0) != 0) hooks_.long_ended();
    }

    void hold() {
        is_held_ = true;
        look();
    }

    // Nobody reads from it, so nobody would see it end.
    void look() {
        look_again_.expires_after(absence_interval);
        look_again_.async_wait([self = this->shared_from_this()](const asio::error_code& stopped) {
            if (stopped || !(self->is_waiting_ || self->is_held_)) return;
            if (self->is_there()) return self->look();
            if (self->is_waiting_) self->hooks_.gave_up();
            self->is_waiting_ ? self->cut() : self->drain();
        });
    }

    // Who is held may have said all.
    bool is_there() {
        const auto state = tcp_state(tcp_of(outer_).native_handle());
        return state && (state->established || (is_held_ && state->has_said_all));
    }

    void take(std::string_view bytes) {
        if (const auto why = gate_.take(bytes, steady_now())) return refuse(*why);
        asio::error_code no;
        const auto count = inner_.write_some(asio::buffer(bytes), no);
        if (no && no != asio::error::would_block) return cut();
        hooks_.fed();
        if (count == bytes.size()) return pump_in();
        asio::async_write(inner_, asio::buffer(bytes.substr(count)),
                          [self = this->shared_from_this()](auto error, std::size_t) {
                              self->hooks_.fed();
                              error ? self->cut() : self->pump_in();
                          });
    }

    // What gRPC writes by itself nobody else tells.
    void await_output() {
        if (std::exchange(awaits_output_, true)) return;
        inner_.async_wait(asio::socket_base::wait_read,
                          [self = this->shared_from_this()](auto error) {
                              self->awaits_output_ = false;
                              error ? self->ended_here() : self->push_out();
                          });
    }

    void give(std::string_view bytes) {
        gate_.gave(bytes);
        asio::error_code no;
        const auto count = outer_.write_some(asio::buffer(bytes), no);
        if (!no && count == bytes.size()) return;
        is_giving_ = true;
        asio::async_write(outer_, asio::buffer(bytes.substr(count)),
                          [self = this->shared_from_this()](auto error, std::size_t) {
                              self->is_giving_ = false;
                              if (error) self->drain();
                              self->push_out();
                          });
    }

    // gRPC hears of it when it has read all, and closes its end.
    void ended_there() {
        asio::error_code ignored;
        inner_.shutdown(asio::socket_base::shutdown_send, ignored);
        hooks_.fed();
    }

    // All that gRPC has written is out.
    void ended_here() {
        if (std::exchange(is_over_, true)) return;
        if (is_draining_) return cut();
        if constexpr (std::is_same_v<Outer, TlsSocket>)
            outer_.async_shutdown([self = this->shared_from_this()](const asio::error_code&,
                                                                    std::size_t) { self->cut(); });
        else
            cut();
    }

    void drain() {
        is_draining_ = true;
        is_held_ = false;
        close_outer();
        if (is_open_) ended_there();
    }

    void close_outer() {
        asio::error_code ignored;
        look_again_.cancel();
        end_long_message();
        // The guard holds a descriptor of the connection too.
        tcp_of(outer_).shutdown(asio::socket_base::shutdown_both, ignored);
        tcp_of(outer_).close(ignored);
    }

    Outer outer_;
    asio::local::stream_protocol::socket inner_;
    asio::steady_timer look_again_;
    Role role_;
    FrameGate gate_;
    std::string name_;
    Hooks hooks_;
    std::string greeting_;
    std::uint64_t long_message_ = 0;  // that comes
    bool is_waiting_ = false;         // for its turn
    bool is_held_ = false;            // until it is admitted, or its long message may come
    bool is_open_ = false;
    bool is_draining_ = false;
    bool is_giving_ = false;  // what gRPC wrote is on its way out
    bool is_over_ = false;    // gRPC has closed its end
    bool awaits_output_ = false;
    Buffer in_;
    Buffer out_;
};

}  // namespace

std::shared_ptr<Passage> make_passage(tcp::socket socket, Passage::Role role, std::string name,
                                      Passage::Hooks hooks) {
    return std::make_shared<Way<tcp::socket>>(std::move(socket), role, std::move(name),
                                              std::move(hooks));
}

std::shared_ptr<Passage> make_passage(TlsSocket socket, Passage::Role role, std::string name,
                                      Passage::Hooks hooks) {
    return std::make_shared<Way<TlsSocket>>(std::move(socket), role, std::move(name),
                                            std::move(hooks));
}

}  // namespace lanchat::link
