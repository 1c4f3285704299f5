// The node's values as messages of the API, and back.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "app/services/api/lanchat.pb.h"
#include "node/port.hpp"

namespace lanchat::app::api {

// Who is here at the moment: what a stored line does not tell about its author.
class Here {
  public:
    // Lives no longer than the node.
    explicit Here(NodePort& node);

    // `cursor_at`: the arrival to resume after, which is not always its own.
    void fill(v1::Line& out, const store::Line& line, store::Arrival cursor_at, bool history) const;

  private:
    NodePort& node_;
    std::string self_;
    std::map<std::string, std::string> addresses_;  // id -> address
};

void fill(v1::Author& out, const controller::PeerInfo& peer);
void fill(v1::VerifyReply& out, const controller::Verification& verification);
void fill(v1::Held& out, const store::Tally& tally);
void fill(v1::StatusReply& out, const NodePort::Status& status, std::size_t peers);
void fill(v1::Run& out, const Run& run);
// Nothing if it carries no signature, or names no log.
std::optional<Run> run_from(const v1::Run& in);

// A filter whose author is found among those who are here and those whose lines are held, and so
// is the one of whose conversation with us they are. Fails if none or several are meant.
void resolve(NodePort& node, const v1::Filter& filter,
             const std::function<void(Result<store::Filter>)>& done);

// What a peer and this node say to each other alone (store::conversation_of).
Result<std::string> find_conversation(NodePort& node, const std::string& peer);

}  // namespace lanchat::app::api
