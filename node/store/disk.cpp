// Group commit.
#include "node/store/disk.hpp"

#include <asio/post.hpp>
#include <chrono>
#include <set>
#include <utility>

namespace lanchat::store {
namespace {

// Without anything to do: then the store does what could wait.
constexpr auto pause = std::chrono::milliseconds(20);

// Takes from `added`, which lies in the order of what was asked for, what one asker gets: its own
// runs, each with those that had waited for it, which nobody `asked` for now.
std::vector<Added> taken(const std::vector<RunPtr>& runs, const std::set<RunPtr>& asked,
                         std::deque<Added>& added) {
    std::vector<Added> own;
    for (const RunPtr& run : runs) {
        if (added.empty() || added.front().run != run) continue;
        do {
            own.push_back(std::move(added.front()));
            added.pop_front();
        } while (!added.empty() &&
                 (added.front().run == run || !asked.contains(added.front().run)));
    }
    return own;
}

}  // namespace

Disk::Disk(asio::any_io_executor loop, std::unique_ptr<Store> store, ToldOfBodies bodies)
    : loop_(std::move(loop)),
      store_(std::move(store)),
      bodies_(std::move(bodies)),
      thread_([this] { work(); }) {}

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

bool Disk::may_append_at_once() const { return store_->is_quick() && !is_busy_ && tasks_.empty(); }

void Disk::resume() {
    const std::lock_guard lock(mutex_);
    ++turn_;
}

void Disk::freeze(Fork proof, Frozen done) { put(Freeze{std::move(proof), std::move(done)}); }

void Disk::read(Job job) { put(std::move(job)); }

void Disk::put(Task task) {
    {
        const std::lock_guard lock(mutex_);
        auto* append = std::get_if<Append>(&task);
        if (append) append->turn = turn_;
        if (auto* freeze = std::get_if<Freeze>(&task)) freeze->turn = turn_;
        const bool at_once = append && may_append_at_once();
        tasks_.push_back(std::move(task));
        if (at_once) return commit(tasks_), tasks_.clear();
    }
    waiting_.notify_one();
}

void Disk::work() {
    while (true) {
        auto group = next_group();
        if (group.empty()) return;
        if (auto* job = std::get_if<Job>(&group.front()))
            (*job)(*store_);
        else if (auto* freeze = std::get_if<Freeze>(&group.front()))
            freeze_now(*freeze);
        else
            commit(group);
    }
}

// One job or proof, or the appends before the next one, within the bounds of a commit. Empty: it is
// over.
std::deque<Disk::Task> Disk::next_group() {
    std::unique_lock lock(mutex_);
    is_busy_ = false;
    const auto wanted = [this] { return ending_ || !tasks_.empty(); };
    while (is_behind_ && !waiting_.wait_for(lock, pause, wanted)) {
        is_busy_ = true;
        lock.unlock();
        is_behind_ = store_->catch_up();
        lock.lock();
        is_busy_ = false;
    }
    waiting_.wait(lock, wanted);
    is_busy_ = is_behind_ = true;
    std::deque<Task> group;
    std::size_t entries = 0;
    std::size_t bytes = 0;
    while (!tasks_.empty()) {
        const auto* append = std::get_if<Append>(&tasks_.front());
        if (append) {
            for (const RunPtr& run : append->runs) {
                entries += run->size();
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
    while (!group.empty() && std::get<Append>(group.front()).turn <= refused_turn_) {
        report(std::move(std::get<Append>(group.front()).done),
               Result<std::vector<Added>>(Failure{refusal_}));
        group.pop_front();
    }
    if (group.empty()) return;
    std::vector<RunPtr> runs;
    for (const Task& task : group) {
        const auto& append = std::get<Append>(task);
        runs.insert(runs.end(), append.runs.begin(), append.runs.end());
    }
    const auto result = store_->append(runs, std::get<Append>(group.back()).arrived);
    if (!result) {
        refused_turn_ = std::get<Append>(group.back()).turn;
        refusal_ = result.why();
    }
    tell_of_bodies();
    const std::set<RunPtr> asked(runs.begin(), runs.end());
    std::deque<Added> added;
    if (result) added.assign(result->begin(), result->end());
    for (Task& task : group) {
        auto& append = std::get<Append>(task);
        report(std::move(append.done),
               result ? Result<std::vector<Added>>(taken(append.runs, asked, added))
                      : Result<std::vector<Added>>(Failure{result.why()}));
    }
}

void Disk::tell_of_bodies() {
    auto news = store_->take_body_news();
    if (news.empty() || !bodies_) return;
    asio::post(loop_,
               [told = bodies_, news = std::move(news)]() mutable { told(std::move(news)); });
}

void Disk::freeze_now(Freeze& freeze) {
    if (freeze.turn <= refused_turn_)
        return report(std::move(freeze.done), Result<Extent>(Failure{refusal_}));
    auto result = store_->freeze(freeze.proof);
    if (!result) {
        refused_turn_ = freeze.turn;
        refusal_ = result.why();
    }
    report(std::move(freeze.done), std::move(result));
}

template <class Done, class Value>
void Disk::report(Done done, Result<Value> result) {
    asio::post(loop_, [done = std::move(done), result = std::move(result)]() mutable {
        done(std::move(result));
    });
}

}  // namespace lanchat::store
