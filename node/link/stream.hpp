// One NewNode stream on the completion queue, in either role.
//
// Thread: the loop, which is the queue's thread too.
#pragma once

#include <grpcpp/client_context.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/generic/generic_stub.h>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "message/frame.hpp"
#include "message/ids.hpp"
#include "message/result.hpp"
#include "message/time.hpp"
#include "message/wire.hpp"
#include "node/link/completions.hpp"

namespace lanchat::link {

// dialled:  start ──> reading and writing ──WritesDone──> reading ──false──> Finish ──> ended
// accepted:           reading and writing ──Finish (ours, or after their WritesDone)──> ended
// A dropped stream is cancelled: its operations fail and it ends the same way.
class Stream : public std::enable_shared_from_this<Stream> {
  public:
    // Shared by all streams of a transport. Once `live` is false, completions are let go unheard.
    struct Hooks {
        bool live = true;
        // A frame of one run has come and is proven after this: received comes next, or ended.
        // Empty: nobody wants to know.
        std::function<void(LinkId, const UnprovenRun&)> glimpsed;
        // Tells how long the next frame waits to be read.
        std::function<Duration(LinkId, Frame)> received;
        std::function<void(LinkId)> drained;
        // The program at the other end has answered ask().
        std::function<void(LinkId)> answered;
        // gRPC was asked for something.
        std::function<void()> stirred;
        // The last call on this stream. `in_order`: the other side ended it without an error.
        std::function<void(LinkId, bool in_order)> ended;
    };

    Stream(asio::io_context& loop, LinkId id, std::shared_ptr<const Hooks> hooks);
    virtual ~Stream() = default;
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    LinkId id() const { return id_; }

    // Precondition: the previous send was drained (gRPC aborts on a second write in flight).
    void send(const std::string& bytes);
    // Ends the call in good order once the write in flight has left.
    void finish();
    void drop();
    // Asks the program at the other end, not only its kernel, whether it is there. Only who dialled
    // can ask a program that does not know how to answer our pings.
    virtual void ask() {}
    // On: nothing more is read until it is off, or until the call is to end.
    void hold(bool on);

  protected:
    const std::shared_ptr<const Hooks>& hooks() const { return hooks_; }

    // One kind of operation of a stream; at most one of each is in flight.
    class Operation : public Completion {
      public:
        using Then = void (Stream::*)(bool ok);
        Operation(Stream& stream, Then then) : stream_(stream), then_(then) {}
        void arrive(bool ok) override;

      private:
        Stream& stream_;
        Then then_;
    };
    class Read : public Completion {
      public:
        explicit Read(Stream& stream) : stream_(stream) {}
        void arrive(bool ok) override;
        grpc::ByteBuffer buffer;

      private:
        Result<Frame> greeting(std::string_view bytes);

        Stream& stream_;
        bool is_first_ = true;
        DeviceId speaker_;  // as its hello says
    };

    virtual void start_read(grpc::ByteBuffer* into, Completion* done) = 0;
    virtual void start_write(const grpc::ByteBuffer& from, Completion* done) = 0;
    // Says that no more comes from us; the dialling side then waits for the status.
    virtual void start_half_close(Completion* done) = 0;
    virtual void start_end(Completion* done) = 0;
    virtual void cancel() = 0;
    virtual bool ended_in_order(bool ok) const = 0;
    virtual bool dialled() const = 0;
    virtual void on_started() {}

    void started(bool ok);
    Operation* start_operation() { return &start_; }

  private:
    bool glimpse(const UnprovenFrame& frame);
    void prove_later(UnprovenFrame frame);
    void read_done(bool ok, Result<Frame> frame);
    void write_done(bool ok);
    void half_closed(bool ok);
    void end_done(bool ok);
    void read_next();
    void read_after(Duration pause);
    template <class Act>
    void after(Duration pause, Act act);
    void read_held();
    void advance();

    LinkId id_;
    std::shared_ptr<const Hooks> hooks_;
    Operation start_;
    Operation write_;
    Operation half_close_;
    Operation end_;
    Read read_;
    asio::steady_timer pause_;
    bool running_ = false;
    bool reading_ = false;
    bool writing_ = false;
    bool read_over_ = false;
    bool held_ = false;
    bool read_waits_ = false;  // it is held
    bool finish_wanted_ = false;
    bool dropped_ = false;
    bool half_closed_ = false;
    bool ending_ = false;
    bool ended_ = false;
    bool in_order_ = false;
};

// The call a dialler makes over a connected socket.
class DialledStream final : public Stream {
  public:
    // What was dialled.
    struct Wire {
        int fd;
        std::string authority;
        bool encrypted;
    };
    // Takes the descriptor over; `greeting` is the first frame's bytes.
    DialledStream(asio::io_context& loop, LinkId id, std::shared_ptr<const Hooks> hooks, Wire wire,
                  grpc::CompletionQueue* queue, std::string greeting);
    ~DialledStream() override;
    void begin();
    void ask() override;

  private:
    void start_read(grpc::ByteBuffer* into, Completion* done) override;
    void start_write(const grpc::ByteBuffer& from, Completion* done) override;
    void start_half_close(Completion* done) override;
    void start_end(Completion* done) override;
    void cancel() override;
    bool ended_in_order(bool ok) const override;
    bool dialled() const override { return true; }
    void on_started() override;

    class Question;

    grpc::CompletionQueue* queue_;
    std::string greeting_;
    // Destroyed in reverse order: the call before its context, the channel last; on the loop,
    // since gRPC must not lose its last channel on a thread of its own.
    std::shared_ptr<grpc::Channel> channel_;
    grpc::ClientContext context_;
    std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call_;
    grpc::Status status_;
    std::weak_ptr<grpc::ClientContext> question_;  // of the one that is under way
};

// A call that arrived at our server.
struct IncomingCall {
    grpc::GenericServerContext context;
    grpc::GenericServerAsyncReaderWriter call{&context};
};

class AcceptedStream final : public Stream {
  public:
    AcceptedStream(asio::io_context& loop, LinkId id, std::shared_ptr<const Hooks> hooks,
                   std::unique_ptr<IncomingCall> incoming);
    void begin();

  private:
    void start_read(grpc::ByteBuffer* into, Completion* done) override;
    void start_write(const grpc::ByteBuffer& from, Completion* done) override;
    void start_half_close(Completion* done) override;
    void start_end(Completion* done) override;
    void cancel() override;
    bool ended_in_order(bool ok) const override;
    bool dialled() const override { return false; }

    std::unique_ptr<IncomingCall> incoming_;
    bool cancelled_ = false;
};

}  // namespace lanchat::link
