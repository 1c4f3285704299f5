// Export and Import: runs go out as they are held, and come in like those of any peer.
#include <utility>

#include "app/services/api/convert.hpp"
#include "app/services/api/handlers.hpp"

namespace lanchat::app::api {
namespace {

class Exporting : public std::enable_shared_from_this<Exporting> {
  public:
    Exporting(const Desk& desk, std::shared_ptr<ExportCall> call)
        : node_(desk.node), call_(std::move(call)) {}

    void start() {
        node_.holdings([weak = weak_from_this()](Result<std::vector<store::Holding>> logs) {
            const auto self = weak.lock();
            if (!self) return;
            if (!logs) return self->call_->fail(failure(logs.failure()));
            self->logs_ = *std::move(logs);
            std::erase_if(self->logs_, [](const auto& held) { return held.log.is_direct(); });
            self->next_log();
        });
    }

  private:
    void next_log() {
        if (logs_.empty()) return call_->finish();
        after_ = logs_.back().extent.base.after;
        read();
    }

    void read() {
        node_.runs(logs_.back().log, after_,
                   [weak = weak_from_this()](Result<std::vector<RunPtr>> runs) {
                       if (const auto self = weak.lock()) self->got(std::move(runs));
                   });
    }

    void got(Result<std::vector<RunPtr>> runs) {
        if (!runs) return call_->fail(failure(runs.failure()));
        if (runs->empty()) {
            logs_.pop_back();
            return next_log();
        }
        runs_ = *std::move(runs);
        sent_ = 0;
        after_ = runs_.back()->last();
        write();
    }

    void write() {
        if (sent_ == runs_.size()) return read();
        v1::Run run;
        fill(run, unverified(*runs_[sent_++]));
        call_->write(run, [weak = weak_from_this()] {
            if (const auto self = weak.lock()) self->write();
        });
    }

    NodePort& node_;
    std::shared_ptr<ExportCall> call_;
    std::vector<store::Holding> logs_;  // still to be told, from the back
    Seq after_ = 0;
    std::vector<RunPtr> runs_;
    std::size_t sent_ = 0;
};

// Some runs are handed over together; meanwhile nothing is read.
class Importing : public std::enable_shared_from_this<Importing> {
  public:
    Importing(const Desk& desk, std::shared_ptr<ImportCall> call)
        : node_(desk.node), call_(std::move(call)) {}

    void read() {
        call_->read([weak = weak_from_this()](v1::Run* run) {
            if (const auto self = weak.lock()) self->got(run);
        });
    }

  private:
    void got(v1::Run* run) {
        if (run == nullptr) {
            ended_ = true;
            return runs_.empty() ? call_->answer(reply_) : hand_over();
        }
        take(*run);
        if (runs_.size() < import_runs_max && bytes_ < piece_bytes_max) return read();
        hand_over();
    }

    void take(const v1::Run& run) {
        auto taken = run_from(run);
        if (!taken) return refuse("a run without a signature", 1);
        bytes_ += run.ByteSizeLong();
        runs_.push_back(*std::move(taken));
    }

    void refuse(const std::string& why, std::uint64_t runs) {
        if (reply_.runs_refused() == 0) reply_.set_why(why);
        reply_.set_runs_refused(reply_.runs_refused() + runs);
    }

    void hand_over() {
        bytes_ = 0;
        node_.import_runs(std::exchange(runs_, {}),
                          [weak = weak_from_this()](const Result<Imported>& imported) {
                              if (const auto self = weak.lock()) self->handed_over(imported);
                          });
    }

    void handed_over(const Result<Imported>& imported) {
        if (!imported) return call_->fail(failure(imported.failure()));
        reply_.set_lines_new(reply_.lines_new() + imported->lines_new);
        if (imported->runs_refused > 0) refuse(imported->why, imported->runs_refused);
        if (ended_) return call_->answer(reply_);
        read();
    }

    NodePort& node_;
    std::shared_ptr<ImportCall> call_;
    v1::ImportReply reply_;
    std::vector<Run> runs_;
    std::size_t bytes_ = 0;
    bool ended_ = false;
};

}  // namespace

void serve(const Desk& desk, const std::shared_ptr<ExportCall>& call) {
    const auto exporting = std::make_shared<Exporting>(desk, call);
    call->on_end([exporting] {});
    exporting->start();
}

void serve(const Desk& desk, const std::shared_ptr<ImportCall>& call) {
    const auto importing = std::make_shared<Importing>(desk, call);
    call->on_end([importing] {});
    importing->read();
}

}  // namespace lanchat::app::api
