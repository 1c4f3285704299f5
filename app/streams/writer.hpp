// A thread that writes to a descriptor which may block for ever, so that the loop never does.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace lanchat::app {

// Used from one thread. The destructor does not wait: a write that hangs is left behind with its
// own copy of the descriptor, since nothing but the reader at the other end can end it.
class Writer {
  public:
    // `idle` is called on the writing thread each time everything handed over was dealt with.
    Writer(int fd, std::function<void()> idle);
    ~Writer();
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    // Takes the bytes; leaves `bytes` empty, with a buffer to reuse.
    void take(std::string& bytes);

    bool is_idle() const;
    // Bytes that were taken and are now written, or lost because the descriptor failed.
    std::size_t bytes_done() const;
    // The errno for which the descriptor cannot be written to any more; 0 while it can.
    int failure() const;

  private:
    struct Shared;
    static void work(const std::shared_ptr<Shared>& shared);
    static void write_all(Shared& shared, const std::string& bytes);

    // Shared with the thread, which may outlive this object.
    std::shared_ptr<Shared> shared_;
};

}  // namespace lanchat::app
