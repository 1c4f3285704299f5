// What each method of the service does. All on the loop.
#pragma once

#include <memory>
#include <string>

#include "app/services/api/calls.hpp"
#include "app/services/api/desk.hpp"
#include "app/services/api/lanchat.pb.h"

namespace lanchat::app::api {

using PublishCall = UnaryCall<v1::PublishRequest, v1::PublishReply>;
using CountCall = UnaryCall<v1::CountRequest, v1::CountReply>;
using PeersCall = UnaryCall<v1::PeersRequest, v1::PeersReply>;
using RoomsCall = UnaryCall<v1::RoomsRequest, v1::RoomsReply>;
using StatusCall = UnaryCall<v1::StatusRequest, v1::StatusReply>;
using SubscribeCall = ReplyStream<v1::SubscribeRequest, v1::Lines>;
using HistoryCall = ReplyStream<v1::HistoryRequest, v1::Lines>;
using SearchCall = ReplyStream<v1::SearchRequest, v1::Lines>;
using ExportCall = ReplyStream<v1::ExportRequest, v1::Run>;
using PublishManyCall = RequestStream<v1::PublishRequest, v1::PublishManyReply>;
using ImportCall = RequestStream<v1::Run, v1::ImportReply>;
using BlockCall = UnaryCall<v1::BlockRequest, v1::BlockReply>;
using VerifyCall = BothStream<v1::VerifyRequest, v1::VerifyReply>;
using AttachCall = BothStream<v1::Saying, v1::Happening>;

void serve(const Desk& desk, const std::shared_ptr<PublishCall>& call);
void serve(const Desk& desk, const std::shared_ptr<PublishManyCall>& call);
void serve(const Desk& desk, const std::shared_ptr<SubscribeCall>& call);
void serve(const Desk& desk, const std::shared_ptr<HistoryCall>& call);
void serve(const Desk& desk, const std::shared_ptr<SearchCall>& call);
void serve(const Desk& desk, const std::shared_ptr<CountCall>& call);
void serve(const Desk& desk, const std::shared_ptr<PeersCall>& call);
void serve(const Desk& desk, const std::shared_ptr<RoomsCall>& call);
void serve(const Desk& desk, const std::shared_ptr<StatusCall>& call);
void serve(const Desk& desk, const std::shared_ptr<ExportCall>& call);
void serve(const Desk& desk, const std::shared_ptr<ImportCall>& call);
void serve(const Desk& desk, const std::shared_ptr<BlockCall>& call);
void serve(const Desk& desk, const std::shared_ptr<VerifyCall>& call);
void serve(const Desk& desk, const std::shared_ptr<AttachCall>& call);

// The caller's mistake, and what could not be done.
grpc::Status mistake(const std::string& why);
grpc::Status failure(const Failure& why);

}  // namespace lanchat::app::api
