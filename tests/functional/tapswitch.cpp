// A network with delay, for kernels without netem: an Ethernet switch of TAP devices, one in each
// of the namespaces PREFIX1 … PREFIXn, that delivers every frame a fixed time later.
//
//   tapswitch PREFIX COUNT DELAY_MS      says "ready" once the devices (eth0) exist
//
// Commands on stdin, one a line: "cut I J", "heal", "delay MS"; the end of stdin ends nothing.
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <deque>
#include <iostream>
#include <map>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;
using Mac = std::array<char, 6>;

constexpr std::size_t header_bytes = 14;
constexpr std::size_t frame_bytes_max = 65'536;
constexpr int frames_per_turn = 64;

void require(bool good, const std::string& what) {
    if (!good) throw std::system_error(errno, std::generic_category(), what);
}

struct Frame {
    Clock::time_point due;
    std::size_t to;
    std::string bytes;
};

Mac mac_at(std::string_view bytes, std::size_t offset) {
    Mac mac{};
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(offset), mac.size(), mac.begin());
    return mac;
}

bool is_group(const Mac& mac) { return (mac[0] & 1) != 0; }

// A TAP device belongs to the namespace it was made in and is used from any.
int open_tap_in(const std::string& name_space) {
    const int there = open(("/var/run/netns/" + name_space).c_str(), O_RDONLY | O_CLOEXEC);
    require(there >= 0 && setns(there, CLONE_NEWNET) == 0, name_space);
    close(there);
    const int tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    require(tap >= 0, "/dev/net/tun");
    ifreq request{};
    std::strncpy(request.ifr_name, "eth0", IFNAMSIZ - 1);
    request.ifr_flags = IFF_TAP | IFF_NO_PI;
    require(ioctl(tap, TUNSETIFF, &request) == 0, "TUNSETIFF");
    return tap;
}

std::vector<int> open_taps(const std::string& prefix, std::size_t count) {
    const int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    require(home >= 0, "/proc/self/ns/net");
    std::vector<int> taps;
    for (std::size_t i = 1; i <= count; ++i)
        taps.push_back(open_tap_in(prefix + std::to_string(i)));
    require(setns(home, CLONE_NEWNET) == 0, "setns");
    close(home);
    return taps;
}

class Switch {
  public:
    Switch(std::vector<int> taps, Milliseconds delay) : taps_(std::move(taps)), delay_(delay) {}

    void run() {
        for (;;) {
            wait();
            for (std::size_t i = 0; i < taps_.size(); ++i)
                if (polled_[i].revents != 0) take_in(i);
            deliver();
            if (polled_.back().revents != 0) obey();
        }
    }

  private:
    void wait() {
        polled_.clear();
        for (const int tap : taps_) polled_.push_back({tap, POLLIN, 0});
        polled_.push_back({commands_open_ ? STDIN_FILENO : -1, POLLIN, 0});
        const auto until = time_to_next();
        const timespec span{until.count() / 1'000'000'000, until.count() % 1'000'000'000};
        require(ppoll(polled_.data(), polled_.size(), &span, nullptr) >= 0 || errno == EINTR,
                "ppoll");
    }

    std::chrono::nanoseconds time_to_next() const {
        if (frames_.empty()) return std::chrono::seconds{1};
        return std::max(std::chrono::nanoseconds{0},
                        std::chrono::nanoseconds{frames_.front().due - Clock::now()});
    }

    void take_in(std::size_t from) {
        for (int i = 0; i < frames_per_turn; ++i) {
            const ssize_t bytes = read(taps_[from], buffer_.data(), buffer_.size());
            if (bytes < static_cast<ssize_t>(header_bytes)) return;
            forward(from, {buffer_.data(), static_cast<std::size_t>(bytes)});
        }
    }

    void forward(std::size_t from, std::string_view bytes) {
        ports_[mac_at(bytes, 6)] = from;
        const Mac to = mac_at(bytes, 0);
        const auto known = is_group(to) ? ports_.end() : ports_.find(to);
        for (std::size_t port = 0; port < taps_.size(); ++port) {
            const bool wanted = known == ports_.end() || known->second == port;
            if (port != from && wanted && !cuts_.contains({from, port})) hold(port, bytes);
        }
    }

    // One delay for all keeps the queue in order of time.
    void hold(std::size_t port, std::string_view bytes) {
        auto due = Clock::now() + std::chrono::duration_cast<Clock::duration>(delay_);
        if (!frames_.empty()) due = std::max(due, frames_.back().due);
        frames_.push_back({due, port, std::string(bytes)});
    }

    void deliver() {
        const auto now = Clock::now();
        for (; !frames_.empty() && frames_.front().due <= now; frames_.pop_front()) {
            const Frame& frame = frames_.front();
            // A device that is down refuses frames, as a cable without a host would.
            [[maybe_unused]] const auto sent =
                write(taps_[frame.to], frame.bytes.data(), frame.bytes.size());
        }
    }

    void obey() {
        const ssize_t bytes = read(STDIN_FILENO, buffer_.data(), buffer_.size());
        commands_open_ = bytes > 0;
        if (!commands_open_) return;
        std::istringstream lines(std::string(buffer_.data(), static_cast<std::size_t>(bytes)));
        for (std::string line; std::getline(lines, line);) obey(line);
    }

    void obey(const std::string& line) {
        std::istringstream words(line);
        std::string verb;
        words >> verb;
        std::size_t a = 0;
        std::size_t b = 0;
        double milliseconds = 0;
        if (verb == "heal") cuts_.clear();
        if (verb == "delay" && words >> milliseconds) delay_ = Milliseconds{milliseconds};
        if (verb == "cut" && words >> a >> b) {
            cuts_.insert({a - 1, b - 1});
            cuts_.insert({b - 1, a - 1});
        }
    }

    std::vector<int> taps_;
    Milliseconds delay_;
    std::vector<pollfd> polled_;
    std::map<Mac, std::size_t> ports_;
    std::set<std::pair<std::size_t, std::size_t>> cuts_;
    std::deque<Frame> frames_;
    std::vector<char> buffer_ = std::vector<char>(frame_bytes_max);
    bool commands_open_ = true;
};

}  // namespace

int main(int argc, char** argv) {
    const std::span<char*> arguments(argv, static_cast<std::size_t>(argc));
    if (arguments.size() != 4) {
        std::cerr << "usage: tapswitch PREFIX COUNT DELAY_MS\n";
        return 2;
    }
    try {
        prctl(PR_SET_TIMERSLACK, 1000UL);  // frames wake us within a microsecond, not 50
        Switch network(open_taps(arguments[1], std::stoul(arguments[2])),
                       Milliseconds{std::stod(arguments[3])});
        std::cout << "ready" << std::endl;
        network.run();
    } catch (const std::exception& error) {
        std::cerr << "tapswitch: " << error.what() << '\n';
        return 1;
    }
}
