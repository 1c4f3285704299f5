// The terminal in raw mode, and back again however the program ends.
#pragma once

namespace lanchat::app {

// One object at a time. From its making on, a crash (SIGSEGV, SIGABRT, …) restores the terminal
// before it takes its course.
class RawMode {
  public:
    explicit RawMode(int fd);
    ~RawMode() { leave(); }
    RawMode(const RawMode&) = delete;
    RawMode& operator=(const RawMode&) = delete;

    // False when the descriptor is no terminal.
    bool enter();
    void leave();

    // For ends that run no destructors. Safe in signal handlers.
    static void restore_now();

  private:
    int fd_;
};

}  // namespace lanchat::app
