// Process-wide settings of gRPC and its dependencies.
#include "node/link/process.hpp"

#include <absl/synchronization/mutex.h>
#include <grpc/support/log.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <csignal>

#include "message/text.hpp"

namespace lanchat::link {
namespace {

void log_grpc(gpr_log_func_args* args) { spdlog::debug("grpc: {}", displayable(args->message)); }

}  // namespace

void prepare_process() {
    absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
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
