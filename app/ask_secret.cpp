// Signals of the keyboard are off meanwhile: none of them leaves the terminal silent.
#include "app/ask_secret.hpp"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>

#include "node/link/unique_fd.hpp"

namespace lanchat::app {
namespace {

constexpr char control_c = 3;
constexpr char control_z = 26;
constexpr char control_backslash = 28;

bool gives_up(char character) {
    return character == control_c || character == control_z || character == control_backslash;
}

class Silent {
  public:
    explicit Silent(int terminal) : terminal_(terminal) {
        is_on_ = ::tcgetattr(terminal_, &before_) == 0;
        termios silent = before_;
        silent.c_lflag &= ~static_cast<tcflag_t>(ECHO | ISIG);
        silent.c_cc[VEOL] = control_c;  // they end the line, so that nobody has to press Enter too
        silent.c_cc[VEOL2] = control_backslash;
        is_on_ = is_on_ && ::tcsetattr(terminal_, TCSAFLUSH, &silent) == 0;
    }
    ~Silent() {
        if (is_on_) ::tcsetattr(terminal_, TCSAFLUSH, &before_);
    }
    Silent(const Silent&) = delete;
    Silent& operator=(const Silent&) = delete;
    bool is_on() const { return is_on_; }

  private:
    int terminal_;
    termios before_{};
    bool is_on_ = false;
};

void show(int terminal, const std::string& text) {
    [[maybe_unused]] const auto shown = ::write(terminal, text.data(), text.size());
}

}  // namespace

Result<std::string> ask_secret(const std::string& prompt, std::size_t most) {
    const link::UniqueFd terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
    if (!terminal) return Failure{"there is no terminal to ask for the passphrase"};
    const Silent silent(terminal.get());
    if (!silent.is_on()) return Failure{"the terminal cannot hide what is typed"};
    show(terminal.get(), prompt);
    std::string typed;
    for (char character = 0; character != '\n';) {
        const auto count = ::read(terminal.get(), &character, 1);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0 || gives_up(character) || typed.size() == most) {
            show(terminal.get(), "\n");
            return Failure{"no passphrase was typed"};
        }
        if (character != '\n') typed += character;
    }
    show(terminal.get(), "\n");
    return typed;
}

}  // namespace lanchat::app
