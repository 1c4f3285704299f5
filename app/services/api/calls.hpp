// The four kinds of gRPC calls, served on the loop: what the completion queue's thread learns is
// posted there, and nothing else of a call happens anywhere else.
#pragma once

#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/async_stream.h>
#include <grpcpp/support/async_unary_call.h>

#include <functional>
#include <memory>
#include <unordered_map>
#include <utility>

namespace lanchat::app::api {

class Call;

// The calls that wait or run. On the loop.
class Calls {
  public:
    void add(const std::shared_ptr<Call>& call) { held_.emplace(call.get(), call); }
    void remove(const Call* call) { held_.erase(call); }
    std::size_t count() const { return held_.size(); }
    // Each is told that it has ended; gRPC gives them back one by one then.
    void end_all();

  private:
    std::unordered_map<const Call*, std::shared_ptr<Call>> held_;
};

// What gRPC gives back when something it was asked to do is done. Lives as long as its call.
struct Tag {
    Call* call = nullptr;
    std::function<void(bool ok)> done;
};

// Of any kind. `Calls` keeps it while gRPC works for it. Whoever waits for the node remembers it
// weakly: a server cannot end while something holds a call of it.
class Call : public std::enable_shared_from_this<Call> {
  public:
    explicit Call(Calls& calls) : calls_(calls) {
        context_.AsyncNotifyWhenDone(track(ended_, [this](bool) { end(); }));
        --pending_;  // comes only for calls that began
    }
    virtual ~Call() = default;
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

    // On the loop, for each tag.
    static void complete(Tag& tag, bool ok) {
        const auto self = tag.call->shared_from_this();
        --self->pending_;
        const auto done = std::exchange(tag.done, nullptr);  // it may use the tag again
        done(ok);
        self->release_if_over();
    }

    // The caller has gone, or has its answer.
    bool has_ended() const { return has_ended_; }
    // Called once when that comes to be; what it holds is let go then.
    void on_end(std::function<void()> end) { on_end_ = std::move(end); }

  protected:
    void* track(Tag& tag, std::function<void(bool)> done) {
        tag.call = this;
        tag.done = std::move(done);
        ++pending_;
        return &tag;
    }
    // For the tag with which a call begins, or does not because the server ends.
    std::function<void(bool)> started(std::function<void()> begin) {
        return [this, begin = std::move(begin)](bool ok) {
            if (!ok) return calls_.remove(this);
            ++pending_;  // of ended_
            begin();
        };
    }
    // False when an answer is of no use any more; true once.
    bool may_finish() { return !has_ended_ && !std::exchange(finished_, true); }
    bool may_go_on() const { return !has_ended_ && !finished_; }
    grpc::ServerContext& context() { return context_; }

  private:
    friend class Calls;
    void end() {
        has_ended_ = true;
        if (const auto end = std::exchange(on_end_, nullptr)) end();
    }
    void release_if_over() {
        if (has_ended_ && pending_ == 0) calls_.remove(this);
    }

    Calls& calls_;
    grpc::ServerContext context_;
    Tag ended_;
    std::function<void()> on_end_;
    int pending_ = 0;
    bool has_ended_ = false;
    bool finished_ = false;
};

inline void Calls::end_all() {
    const auto held = held_;  // an end may remove
    for (const auto& [key, call] : held) call->end();
}

// The four kinds are two choices: one request or many, one answer or many.

template <class Request, class Stream>
class OneRequest : public Call {
  public:
    explicit OneRequest(Calls& calls) : Call(calls), stream_(&context()) {}

    // `listen` asks gRPC for the next call; `begin` is told when it is there.
    template <class Listen>
    void await(Listen listen, std::function<void()> begin) {
        listen(&context(), &request_, &stream_, track(step_, started(std::move(begin))));
    }

    const Request& request() const { return request_; }

  protected:
    Request request_;
    Stream stream_;
    Tag step_;
};

template <class Request, class Stream>
class ManyRequests : public Call {
  public:
    explicit ManyRequests(Calls& calls) : Call(calls), stream_(&context()) {}

    // As above.
    template <class Listen>
    void await(Listen listen, std::function<void()> begin) {
        listen(&context(), &stream_, track(step_, started(std::move(begin))));
    }

    // One at a time. Null: there are no more.
    void read(std::function<void(Request*)> got) {
        if (!may_go_on()) return;
        stream_.Read(&request_, track(read_, [this, got = std::move(got)](bool ok) {
            got(ok ? &request_ : nullptr);
        }));
    }

  protected:
    Request request_;
    Stream stream_;
    Tag step_;
    Tag read_;
};

template <class Response, class Requests>
class OneAnswer : public Requests {
  public:
    using Requests::Requests;

    // Once; what comes after that, or after the end, is ignored.
    void answer(const Response& response) {
        if (!this->may_finish()) return;
        this->stream_.Finish(response, grpc::Status::OK, this->track(this->step_, [](bool) {}));
    }
    void fail(const grpc::Status& why) {
        if (!this->may_finish()) return;
        this->stream_.FinishWithError(why, this->track(this->step_, [](bool) {}));
    }
};

template <class Response, class Requests>
class ManyAnswers : public Requests {
  public:
    using Requests::Requests;

    // One at a time: the next one from `written`, which is told that this one has left.
    void write(const Response& response, std::function<void()> written) {
        if (!this->may_go_on()) return;
        this->stream_.Write(response,
                            this->track(this->step_, [written = std::move(written)](bool ok) {
                                if (ok) written();
                            }));
    }
    // Not while something is written.
    void finish() { fail(grpc::Status::OK); }
    void fail(const grpc::Status& why) {
        if (!this->may_finish()) return;
        this->stream_.Finish(why, this->track(this->step_, [](bool) {}));
    }
};

template <class Request, class Response>
using UnaryCall =
    OneAnswer<Response, OneRequest<Request, grpc::ServerAsyncResponseWriter<Response>>>;
template <class Request, class Response>
using ReplyStream = ManyAnswers<Response, OneRequest<Request, grpc::ServerAsyncWriter<Response>>>;
template <class Request, class Response>
using RequestStream =
    OneAnswer<Response, ManyRequests<Request, grpc::ServerAsyncReader<Response, Request>>>;
template <class Request, class Response>
using BothStream =
    ManyAnswers<Response, ManyRequests<Request, grpc::ServerAsyncReaderWriter<Response, Request>>>;

}  // namespace lanchat::app::api
