// One thread waits for gRPC and drops what it gets into the loop's inbox. The end runs that inbox
// itself: gRPC does not let go of a server before every call of it was given back.
#include "app/services/api/server.hpp"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <chrono>
#include <mutex>
#include <thread>

#include "app/services/api/calls.hpp"
#include "app/services/api/handlers.hpp"
#include "app/services/api/lanchat.grpc.pb.h"
#include "app/services/api/listener.hpp"
#include "app/services/api/socket.hpp"

namespace lanchat::app::api {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t calls_max = 256;  // the owner's own programs, so far beyond need

using Service = v1::Node::AsyncService;
using Acceptor = grpc::experimental::ExternalConnectionAcceptor;

void configure(grpc::ServerBuilder& builder) {
    builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    // Reflection is served by a thread of gRPC's own; it needs no more than one.
    builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
    builder.SetSyncServerOption(grpc::ServerBuilder::MIN_POLLERS, 1);
    builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 1);
}

// Of this process: every server that is built later has it.
void offer_reflection() {
    static std::once_flag once;
    std::call_once(once, grpc::reflection::InitProtoReflectionServerBuilderPlugin);
}

}  // namespace

class Server::Body {
  public:
    Body(asio::io_context& loop, NodePort& node)
        : desk_{loop, node},
          inbox_work_(inbox_.get_executor()),
          listener_(loop, [this](int socket) { hand_over(socket); }) {}

    ~Body() {
        if (server_) stop();
    }

    std::optional<Failure> start(const fs::path& data_dir) {
        offer_reflection();
        grpc::ServerBuilder builder;
        configure(builder);
        acceptor_ = builder.experimental().AddExternalConnectionAcceptor(
            grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
            grpc::InsecureServerCredentials());
        builder.RegisterService(&service_);
        queue_ = builder.AddCompletionQueue();
        server_ = builder.BuildAndStart();
        if (!server_) return Failure{"gRPC would not start its server"};
        desk_.socket = fs::absolute(data_dir / socket_name).string();
        accept_all();
        thread_ = std::thread([this] { wait(); });
        return listener_.open(data_dir);
    }

  private:
    // gRPC owns it from here on.
    void hand_over(int socket) {
        Acceptor::NewConnectionParameters connection;
        connection.fd = socket;
        acceptor_->HandleNewConnection(&connection);
    }

    template <class Kind, class Listen>
    void accept(Listen listen) {
        const auto call = std::make_shared<Kind>(calls_);
        calls_.add(call);
        // It keeps itself only until it begins: the tag forgets what it did.
        call->await(listen, [this, listen, call] {
            if (stopping_) return calls_.end_all();
            accept<Kind>(listen);
            if (calls_.count() > calls_max) {
                return call->fail({grpc::StatusCode::RESOURCE_EXHAUSTED, "too many calls"});
            }
            serve(desk_, call);
        });
    }

    template <class Kind, class Method>
    void accept_requests(Method method) {
        accept<Kind>([this, method](auto* context, auto* request, auto* answer, void* tag) {
            (service_.*method)(context, request, answer, queue_.get(), queue_.get(), tag);
        });
    }

    template <class Kind, class Method>
    void accept_streams(Method method) {
        accept<Kind>([this, method](auto* context, auto* stream, void* tag) {
            (service_.*method)(context, stream, queue_.get(), queue_.get(), tag);
        });
    }

    void accept_all() {
        accept_requests<PublishCall>(&Service::RequestPublish);
        accept_requests<CountCall>(&Service::RequestCount);
        accept_requests<PeersCall>(&Service::RequestPeers);
        accept_requests<RoomsCall>(&Service::RequestRooms);
        accept_requests<StatusCall>(&Service::RequestStatus);
        accept_requests<SubscribeCall>(&Service::RequestSubscribe);
        accept_requests<HistoryCall>(&Service::RequestHistory);
        accept_requests<SearchCall>(&Service::RequestSearch);
        accept_requests<ExportCall>(&Service::RequestExport);
        accept_streams<PublishManyCall>(&Service::RequestPublishMany);
        accept_streams<ImportCall>(&Service::RequestImport);
        accept_streams<AttachCall>(&Service::RequestAttach);
        accept_requests<BlockCall>(&Service::RequestBlock);
        accept_streams<VerifyCall>(&Service::RequestVerify);
    }

    void wait() {
        void* tag = nullptr;
        bool ok = false;
        while (queue_->Next(&tag, &ok)) {
            asio::post(inbox_, [done = static_cast<Tag*>(tag), ok] { Call::complete(*done, ok); });
            asio::post(desk_.loop, [body = std::weak_ptr(alive_), this] {
                if (body.lock()) inbox_.poll();
            });
        }
        inbox_work_.reset();
    }

    void stop() {
        listener_.close();
        stopping_ = true;  // the queue takes nothing new once it is shut down
        calls_.end_all();
        std::thread ending([this] {
            server_->Shutdown(std::chrono::system_clock::now());
            queue_->Shutdown();
        });
        inbox_.run();
        thread_.join();
        ending.join();
        server_.reset();
    }

    Desk desk_;
    Service service_;
    asio::io_context inbox_{1};
    asio::executor_work_guard<asio::io_context::executor_type> inbox_work_;
    std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // for posts that come after the end
    Listener listener_;
    std::unique_ptr<Acceptor> acceptor_;
    std::unique_ptr<grpc::ServerCompletionQueue> queue_;
    std::unique_ptr<grpc::Server> server_;
    Calls calls_;
    bool stopping_ = false;
    std::thread thread_;
};

Server::Server(asio::io_context& loop, NodePort& node)
    : body_(std::make_unique<Body>(loop, node)) {}
Server::~Server() = default;

std::optional<Failure> Server::start(const fs::path& data_dir) { return body_->start(data_dir); }

}  // namespace lanchat::app::api
