// The options of a chat connection, set the same way on dialled and accepted sockets.
#pragma once

namespace lanchat::link {

// gRPC sets none of these on descriptors it is handed.
void prepare_chat_socket(int fd);

}  // namespace lanchat::link
