// Group commit.
#include "node/store/disk.hpp"

#include <asio/post.hpp>
#include <utility>

namespace lanchat::store {
namespace {

bool is_of(const Line& line, const VerifiedRun& run) {
    const Seq seq = line.entry.seq;
    return line.entry.log == run.log() && seq >= run.first() && seq <= run.last() &&
           line.head == run.items()[seq - run.first()].head;
}

// Lines arrive in the order of the runs they came in, so those of `runs` come next or not at all.
std::vector<Line> taken(const std::vector<RunPtr>& runs, std::vector<Line>& lines,
                        std::size_t& next) {
    std::vector<Line> own;
    for (const RunPtr& run : runs)
        while (next < lines.size() && is_of(lines[next], *run))
            own.push_back(std::move(lines[next++]));
    return own;
}

}  // namespace

Disk::Disk(asio::any_io_executor loop, std::unique_ptr<Store> store)
    : loop_(std::move(loop)), store_(std::move(store)), thread_([this] { work(); }) {}

Disk::~Disk() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    waiting_.notify_one();
    thread_.join();
}

void Disk::append(std::vector<RunPtr> runs, WallTime arrived, Appended done) {
    put(Append{std::move(runs), arrived, std::move(done)});
}

void Disk::read(Job job) { put(std::move(job)); }

void Disk::put(Task task) {
    {
        const std::lock_guard lock(mutex_);
        tasks_.push_back(std::move(task));
    }
    waiting_.notify_one();
}

void Disk::work() {
    while (true) {
        auto group = next_group();
        if (group.empty()) return;
        if (auto* job = std::get_if<Job>(&group.front()))
            (*job)(*store_);
        else
            commit(group);
    }
}

// One job, or the appends before the next one, within the bounds of a commit. Empty: it is over.
std::deque<Disk::Task> Disk::next_group() {
    std::unique_lock lock(mutex_);
    waiting_.wait(lock, [this] { return ending_ || !tasks_.empty(); });
    std::deque<Task> group;
    std::size_t entries = 0;
    std::size_t bytes = 0;
    while (!tasks_.empty()) {
        const auto* append = std::get_if<Append>(&tasks_.front());
        if (append) {
            for (const RunPtr& run : append->runs) {
                entries += run->items().size();
                bytes += run->byte_count();
            }
        }
        const bool fits = append && entries <= commit_entries_max && bytes <= commit_bytes_max;
        if (!group.empty() && !fits) break;
        group.push_back(std::move(tasks_.front()));
        tasks_.pop_front();
        if (!fits) break;
    }
    return group;
}

void Disk::commit(std::deque<Task>& group) {
    std::vector<RunPtr> runs;
    for (const Task& task : group) {
        const auto& append = std::get<Append>(task);
        runs.insert(runs.end(), append.runs.begin(), append.runs.end());
    }
    auto lines = store_->append(runs, std::get<Append>(group.back()).arrived);
    std::size_t next = 0;
    for (Task& task : group) {
        auto& append = std::get<Append>(task);
        report(std::move(append.done),
               lines ? Result<std::vector<Line>>(taken(append.runs, *lines, next))
                     : Result<std::vector<Line>>(Failure{lines.why()}));
    }
}

void Disk::report(Appended done, Result<std::vector<Line>> result) {
    asio::post(loop_, [done = std::move(done), result = std::move(result)]() mutable {
        done(std::move(result));
    });
}

}  // namespace lanchat::store
