// Process-wide settings of gRPC and its dependencies.
#include "node/link/process.hpp"

#include <absl/synchronization/mutex.h>
#include <grpc/support/log.h>
#include <malloc.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <csignal>

#include "message/text.hpp"

namespace lanchat::link {
namespace {

constexpr int buffer_bytes_max = 2 * 1024 * 1024;  // a run of 256 lines takes a quarter of that
constexpr int kept_bytes_max = 4 * 1024 * 1024;

void log_grpc(gpr_log_func_args* args) { spdlog::debug("grpc: {}", displayable(args->message)); }

}  // namespace

void prepare_process() {
    absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
    // What a flood frees the next moment needs again: handed back to the kernel it costs a fault
    // for each page, and a word to all processors.
    mallopt(M_MMAP_THRESHOLD, buffer_bytes_max);
    mallopt(M_TRIM_THRESHOLD, kept_bytes_max);
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is one that cannot be written
    gpr_set_log_function(log_grpc);
    gpr_set_log_verbosity(GPR_LOG_SEVERITY_ERROR);
    rlimit files{};
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
}

}  // namespace lanchat::link
