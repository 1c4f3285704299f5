// A sink of our own, because every line passes displayable() on its way (threat T17).
#include "app/log.hpp"

#include <fcntl.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

#include "message/text.hpp"

namespace lanchat::app {

namespace {

// Whole lines, appended at once, so that two nodes may share a file.
class LogFile {
  public:
    explicit LogFile(int fd) : fd_(fd) {}
    ~LogFile() { ::close(fd_); }
    LogFile(const LogFile&) = delete;
    LogFile& operator=(const LogFile&) = delete;

    void append(const std::string& line) const {
        // A full disk must not stop the chat, and there is nowhere left to say so.
        [[maybe_unused]] const auto wrote = ::write(fd_, line.data(), line.size());
    }

  private:
    int fd_;
};

Log::LineFunction open_file(const std::string& path) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        throw std::runtime_error("cannot open log file " + path + ": " +
                                 std::generic_category().message(errno));
    // Shared, since std::function wants what it holds to be copyable.
    auto file = std::make_shared<LogFile>(fd);
    return [file](const std::string& line) { file->append(line); };
}

}  // namespace

class Log::CleanSink : public spdlog::sinks::base_sink<std::mutex> {
  public:
    explicit CleanSink(LineFunction line) : line_(std::move(line)) {}

    void close() {
        const std::lock_guard lock(mutex_);
        line_ = nullptr;
    }

  protected:
    void sink_it_(const spdlog::details::log_msg& message) override {
        if (!line_) return;
        spdlog::memory_buf_t formatted;
        formatter_->format(message, formatted);
        std::string_view text(formatted.data(), formatted.size());
        if (text.ends_with('\n')) text.remove_suffix(1);
        line_(displayable(text) + '\n');
    }
    void flush_() override {}

  private:
    LineFunction line_;  // guarded by the mutex that spdlog gives every sink
};

Log::Log(const LogConfig& config, bool quiet, LineFunction line) {
    const bool to_file = !config.file.empty();
    sink_ = std::make_shared<CleanSink>(to_file ? open_file(config.file) : std::move(line));
    auto level = spdlog::level::from_str(config.level);
    if (quiet && !to_file && level < spdlog::level::warn) level = spdlog::level::warn;
    auto logger = std::make_shared<spdlog::logger>("lanchat", sink_);
    logger->set_pattern("%Y-%m-%d %H:%M:%S.%e %l %v");
    logger->set_level(level);
    spdlog::set_default_logger(std::move(logger));
}

Log::~Log() { sink_->close(); }

}  // namespace lanchat::app
