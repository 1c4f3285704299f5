// Whoever reads our output may go while there is nothing to write: then no write tells us.
#pragma once

#include <functional>
#include <thread>

#include "node/link/unique_fd.hpp"

namespace lanchat::app {

// Whether `fd` is open for writing.
bool is_writable(int fd);

// Watches from a thread of its own for as long as it lives.
class ReaderWatch {
  public:
    // `gone` is called at most once, on the watching thread: nobody can read any more what is
    // written to `fd`.
    ReaderWatch(int fd, std::function<void()> gone);
    ~ReaderWatch();
    ReaderWatch(const ReaderWatch&) = delete;
    ReaderWatch& operator=(const ReaderWatch&) = delete;

  private:
    link::UniqueFd wake_;
    std::thread thread_;
};

}  // namespace lanchat::app
