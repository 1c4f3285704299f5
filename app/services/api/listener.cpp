// The file in the directory is looked at once a second; it is ours by its number.
#include "app/services/api/listener.hpp"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

#include "app/services/api/socket.hpp"

namespace lanchat::app::api {
namespace {

using asio::local::stream_protocol;
using namespace std::chrono_literals;

constexpr auto look_interval = 1s;
constexpr auto shortage_pause = 100ms;  // of descriptors

Failure cannot(const char* what, const std::filesystem::path& path, const std::error_code& error) {
    return {std::string("cannot ") + what + " " + path.string() + ": " + error.message()};
}

std::error_code last_error() { return {errno, std::generic_category()}; }

std::optional<std::pair<dev_t, ino_t>> number_of(const std::filesystem::path& path) {
    struct stat about {};
    if (::lstat(path.c_str(), &about) != 0) return std::nullopt;
    return std::pair(about.st_dev, about.st_ino);
}

}  // namespace

Listener::Listener(asio::io_context& loop, OnVisitor on_visitor)
    : loop_(loop),
      on_visitor_(std::move(on_visitor)),
      acceptor_(loop),
      timer_(loop),
      pause_(loop) {}

std::optional<Failure> Listener::open(const std::filesystem::path& data_dir) {
    data_dir_ = data_dir;
    path_ = data_dir / socket_name;
    if (auto why = unusable(data_dir)) return why;
    if (auto why = listen()) return why;
    *open_ = true;
    accept();
    look_soon();
    return std::nullopt;
}

// Nobody else can enter the directory, so the moment before the mode is set is no gap.
std::optional<Failure> Listener::listen() {
    if (is_served(data_dir_)) return Failure{"another node serves " + path_.string()};
    if (::unlink(path_.c_str()) != 0 && errno != ENOENT)
        return cannot("replace", path_, last_error());
    stream_protocol::acceptor fresh(loop_);
    std::error_code error;
    fresh.open(stream_protocol(), error);
    if (!error) ::fcntl(fresh.native_handle(), F_SETFD, FD_CLOEXEC);
    if (!error) fresh.bind(path_.string(), error);
    if (!error && ::chmod(path_.c_str(), 0600) != 0) error = last_error();
    if (!error) fresh.listen(stream_protocol::acceptor::max_listen_connections, error);
    if (error) return cannot("serve", path_, error);
    acceptor_ = std::move(fresh);
    file_ = number_of(path_).value_or(file_);
    return std::nullopt;
}

void Listener::close() {
    if (!std::exchange(*open_, false)) return;
    timer_.cancel();
    pause_.cancel();
    std::error_code ignored;
    acceptor_.close(ignored);
    if (is_ours()) ::unlink(path_.c_str());
}

bool Listener::is_ours() const { return number_of(path_) == file_; }

// Of a socket that was replaced meanwhile the wait ends with an error, and nothing follows.
void Listener::accept() {
    acceptor_.async_accept(
        [this, open = open_](const std::error_code& error, stream_protocol::socket socket) {
            if (!*open || error == asio::error::operation_aborted) return;
            std::error_code refused;
            if (!error) socket.native_non_blocking(true, refused);
            if (!error && !refused) on_visitor_(socket.release(refused));
            if (!error) return accept();
            pause_.expires_after(shortage_pause);
            pause_.async_wait([this, open](const std::error_code& stopped) {
                if (!stopped && *open) accept();
            });
        });
}

void Listener::look_soon() {
    timer_.expires_after(look_interval);
    timer_.async_wait([this, open = open_](const std::error_code& stopped) {
        if (!stopped && *open) look();
    });
}

// Who is connected stays so.
void Listener::look() {
    look_soon();
    if (is_ours()) return;
    const auto failure = listen();
    if (failure && !std::exchange(in_trouble_, true)) spdlog::warn("no commands: {}", failure->why);
    if (failure) return;
    in_trouble_ = false;
    spdlog::warn("{} was gone and is made again", path_.string());
    accept();
}

}  // namespace lanchat::app::api
