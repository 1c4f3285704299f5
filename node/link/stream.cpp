// The life of a stream, the same in both roles, and the two roles' calls.
#include "node/link/stream.hpp"

#include <grpcpp/create_channel_posix.h>
#include <spdlog/spdlog.h>

#include <utility>

#include "message/assert.hpp"
#include "message/limits.hpp"
#include "message/text.hpp"

namespace lanchat::link {
namespace {

grpc::ByteBuffer to_buffer(const std::string& bytes) {
    const grpc::Slice slice(bytes);
    return {&slice, 1};
}

// Only a legacy peer may say more at once than fits into a frame of ours.
grpc::ChannelArguments channel_arguments(const std::string& authority, bool encrypted) {
    grpc::ChannelArguments arguments;
    arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY, authority);
    arguments.SetInt(GRPC_ARG_MINIMAL_STACK, 1);
    arguments.SetInt(GRPC_ARG_ENABLE_CHANNELZ, 0);
    arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    arguments.SetInt(GRPC_COMPRESSION_CHANNEL_ENABLED_ALGORITHMS_BITSET, 1);  // identity only
    arguments.SetInt(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
    arguments.SetMaxReceiveMessageSize(
        static_cast<int>(encrypted ? limits::frame_bytes_max : limits::legacy_frame_bytes_max));
    return arguments;
}

}  // namespace

void Stream::Operation::arrive(bool ok) {
    const auto stream = stream_.shared_from_this();
    if (stream->hooks_->live) (stream.get()->*then_)(ok);
}

void Stream::Read::arrive(bool ok) {
    const auto stream = stream_.shared_from_this();
    if (!stream->hooks_->live) return;
    if (!ok) return stream->read_done(false, Failure{"end of stream"});
    grpc::Slice slice;
    const bool is_whole = buffer.DumpToSingleSlice(&slice).ok();
    buffer.Clear();
    if (!is_whole) return stream->read_done(true, Failure{"unreadable message"});
    const std::string_view bytes(reinterpret_cast<const char*>(slice.begin()), slice.size());
    if (std::exchange(is_first_, false)) return stream->read_done(true, greeting(bytes));
    auto frame = UnprovenFrame::read(bytes, speaker_);
    if (!frame) return stream->read_done(true, Failure{frame.why()});
    if (stream->glimpse(*frame)) return stream->prove_later(std::move(*frame));
    stream->read_done(true, std::move(*frame).prove());
}

Result<Frame> Stream::Read::greeting(std::string_view bytes) {
    auto greeting = decode_greeting(bytes);
    if (greeting && greeting->hello) speaker_ = greeting->hello->device;
    return greeting;
}

Stream::Stream(asio::io_context& loop, LinkId id, std::shared_ptr<const Hooks> hooks)
    : id_(id),
      hooks_(std::move(hooks)),
      start_(*this, &Stream::started),
      write_(*this, &Stream::write_done),
      half_close_(*this, &Stream::half_closed),
      end_(*this, &Stream::end_done),
      read_(*this),
      pause_(loop) {}

void Stream::send(const std::string& bytes) {
    LANCHAT_ASSERT(!writing_);
    if (ending_ || half_closed_ || read_over_) return;
    writing_ = true;
    start_write(to_buffer(bytes), &write_);
    hooks_->stirred();
}

void Stream::finish() {
    finish_wanted_ = true;
    advance();
    read_held();
}

void Stream::drop() {
    if (!ended_) cancel();
    dropped_ = true;
    hooks_->stirred();
    read_held();
}

void Stream::hold(bool on) {
    held_ = on;
    if (!on) read_held();
}

// Reads what was not to be read; or learns that nothing is left to be read.
void Stream::read_held() {
    if (std::exchange(read_waits_, false) && !ending_) read_next();
}

void Stream::started(bool ok) {
    running_ = true;
    read_over_ = !ok;
    if (ok) {
        read_next();
        on_started();
    }
    advance();
}

void Stream::read_next() {
    read_waits_ = held_ && !finish_wanted_ && !dropped_;
    reading_ = !read_waits_;
    if (read_waits_) return;
    start_read(&read_.buffer, &read_);
    hooks_->stirred();
}

// A line that comes alone is shown before it is proven.
bool Stream::glimpse(const UnprovenFrame& frame) {
    if (!hooks_->glimpsed || frame.runs().size() != 1) return false;
    hooks_->glimpsed(id_, frame.runs().front());
    return true;
}

// Once what the glimpse has caused is out: what is ready now has its turn before.
void Stream::prove_later(UnprovenFrame frame) {
    after(Duration{0}, [frame = std::move(frame)](Stream& stream) mutable {
        stream.read_done(true, std::move(frame).prove());
    });
}

void Stream::read_done(bool ok, Result<Frame> frame) {
    reading_ = false;
    if (!ok) {
        read_over_ = true;
        return advance();
    }
    Duration pause{0};
    if (frame) {
        pause = hooks_->received(id_, std::move(*frame));
    } else {
        spdlog::debug("link {}: {}", static_cast<std::uint64_t>(id_), displayable(frame.why()));
        drop();
    }
    pause > Duration{0} ? read_after(pause) : read_next();
}

// What the other side sends meanwhile fills its window, and then it waits too.
void Stream::read_after(Duration pause) {
    after(pause, [](Stream& stream) { stream.read_next(); });
}

// The stream lives as long as it counts as reading.
template <class Act>
void Stream::after(Duration pause, Act act) {
    reading_ = true;
    pause_.expires_after(pause);
    pause_.async_wait(
        [stream = weak_from_this(), act = std::move(act)](const asio::error_code& error) mutable {
            const auto here = stream.lock();
            if (error || !here || !here->hooks_->live) return;
            if (!here->ending_) return act(*here);
            here->reading_ = false;  // the call was ended meanwhile: nothing may be read any more
            here->advance();
        });
}

void Stream::write_done(bool ok) {
    writing_ = false;
    if (ok && !ending_) hooks_->drained(id_);
    advance();
}

void Stream::half_closed(bool) {
    writing_ = false;
    advance();
}

void Stream::end_done(bool ok) {
    ended_ = true;
    in_order_ = ended_in_order(ok);
    advance();
}

// Whatever may happen next, happens here.
void Stream::advance() {
    if (!running_ || writing_) return;
    if (ended_ && !reading_) return hooks_->ended(id_, in_order_);
    if (ending_) return;
    if (read_over_ || (finish_wanted_ && !dialled())) {
        ending_ = true;
        start_end(&end_);
        return hooks_->stirred();
    }
    if (finish_wanted_ && !half_closed_) {
        half_closed_ = writing_ = true;
        start_half_close(&half_close_);
        hooks_->stirred();
    }
}

// A second call on the connection: gRPC's own question whether a service is well. Whatever a
// program says to it, be it that it never heard of that, it answers by itself; PINGs it may take
// amiss. Lives until the queue gives it back.
class DialledStream::Question : public Completion {
  public:
    explicit Question(DialledStream& stream)
        : link_(stream.id()),
          hooks_(stream.hooks()),
          channel_(stream.channel_),
          call_(grpc::GenericStub(channel_).PrepareUnaryCall(
              context.get(), "/grpc.health.v1.Health/Check", {}, stream.queue_)) {
        call_->StartCall();
        call_->Finish(&answer_, &status_, static_cast<Completion*>(this));
        hooks_->stirred();
    }

    void arrive(bool) override {
        const std::unique_ptr<Question> self(this);
        if (hooks_->live && was_answered()) hooks_->answered(link_);
    }

    std::shared_ptr<grpc::ClientContext> context = std::make_shared<grpc::ClientContext>();

  private:
    // Else gRPC has given up by itself.
    bool was_answered() const {
        return status_.error_code() != grpc::StatusCode::CANCELLED &&
               status_.error_code() != grpc::StatusCode::UNAVAILABLE &&
               status_.error_code() != grpc::StatusCode::DEADLINE_EXCEEDED;
    }

    LinkId link_;
    std::shared_ptr<const Hooks> hooks_;
    std::shared_ptr<grpc::Channel> channel_;
    grpc::ByteBuffer answer_;
    grpc::Status status_;
    std::unique_ptr<grpc::GenericClientAsyncResponseReader> call_;
};

DialledStream::DialledStream(asio::io_context& loop, LinkId id, std::shared_ptr<const Hooks> hooks,
                             Wire wire, grpc::CompletionQueue* queue, std::string greeting)
    : Stream(loop, id, std::move(hooks)), queue_(queue), greeting_(std::move(greeting)) {
    channel_ = grpc::CreateCustomInsecureChannelFromFd(
        wire.authority, wire.fd, channel_arguments(wire.authority, wire.encrypted));
    call_ = grpc::GenericStub(channel_).PrepareCall(&context_, "/message.Chat/NewNode", queue);
}

// An answer must not keep the queue waiting.
DialledStream::~DialledStream() {
    if (const auto question = question_.lock()) question->TryCancel();
}

void DialledStream::ask() {
    if (question_.expired()) question_ = (new Question(*this))->context;  // owned by the queue
}

void DialledStream::begin() {
    call_->StartCall(start_operation());
    hooks()->stirred();
}

void DialledStream::on_started() { send(std::exchange(greeting_, {})); }

void DialledStream::start_read(grpc::ByteBuffer* into, Completion* done) {
    call_->Read(into, done);
}

void DialledStream::start_write(const grpc::ByteBuffer& from, Completion* done) {
    call_->Write(from, done);
}

void DialledStream::start_half_close(Completion* done) { call_->WritesDone(done); }

void DialledStream::start_end(Completion* done) { call_->Finish(&status_, done); }

void DialledStream::cancel() {
    context_.TryCancel();
    if (const auto question = question_.lock()) question->TryCancel();
}

bool DialledStream::ended_in_order(bool ok) const { return ok && status_.ok(); }

AcceptedStream::AcceptedStream(asio::io_context& loop, LinkId id,
                               std::shared_ptr<const Hooks> hooks,
                               std::unique_ptr<IncomingCall> incoming)
    : Stream(loop, id, std::move(hooks)), incoming_(std::move(incoming)) {}

void AcceptedStream::begin() { started(true); }

void AcceptedStream::start_read(grpc::ByteBuffer* into, Completion* done) {
    incoming_->call.Read(into, done);
}

void AcceptedStream::start_write(const grpc::ByteBuffer& from, Completion* done) {
    incoming_->call.Write(from, done);
}

void AcceptedStream::start_half_close(Completion* done) { start_end(done); }

void AcceptedStream::start_end(Completion* done) { incoming_->call.Finish(grpc::Status::OK, done); }

void AcceptedStream::cancel() {
    cancelled_ = true;
    incoming_->context.TryCancel();
}

bool AcceptedStream::ended_in_order(bool ok) const { return ok && !cancelled_; }

}  // namespace lanchat::link
