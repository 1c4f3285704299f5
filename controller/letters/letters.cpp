// Numbers and signs what is said to single devices.
#include "controller/letters/letters.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "message/assert.hpp"
#include "message/hash.hpp"

namespace lanchat::controller {

Letters::Letters(std::shared_ptr<const DeviceKey> key, std::uint64_t secret, const Salts& salts)
    : key_(std::move(key)), secret_(secret), salts_(salts) {}

LogId Letters::log_to(const DeviceId& to) const {
    std::string text = "lanchat/direct/1" + std::to_string(secret_);
    text += to.view();
    const Hash hash = hash_of(text);
    std::uint64_t epoch = 0;
    for (std::size_t n = 0; n < sizeof epoch; ++n) epoch = epoch << 8 | hash.bytes[n];
    return {key_->id(), Epoch{epoch}, to};
}

Entry Letters::add(Entry entry) {
    LANCHAT_ASSERT(entry.log.to != DeviceId{} && entry.log.to != key_->id());
    Log& log = logs_[entry.log.to];
    entry.log = log_to(entry.log.to);
    entry.seq = ++log.head;
    entry.salt = salts_.of(entry.log, entry.seq);
    log.draft.add(entry);
    return entry;
}

LineId Letters::next_line(const DeviceId& to) const {
    const auto log = logs_.find(to);
    return {log_to(to), log == logs_.end() ? 1 : log->second.head + 1};
}

bool Letters::is_full(const DeviceId& to) const {
    const auto log = logs_.find(to);
    return log != logs_.end() && log->second.draft.is_full();
}

bool Letters::has_unsealed() const {
    return std::ranges::any_of(logs_, [](const auto& log) { return !log.second.draft.empty(); });
}

std::vector<RunPtr> Letters::seal() {
    std::vector<RunPtr> runs;
    for (auto& [to, log] : logs_)
        while (RunPtr run = log.draft.seal(*key_)) runs.push_back(std::move(run));
    return runs;
}

void Letters::turn_page(std::uint64_t secret) {
    LANCHAT_ASSERT(!has_unsealed());
    logs_.clear();
    secret_ = secret;
}

bool Letters::is_own(const LogId& log) const {
    return log.is_direct() && log.device == key_->id() && logs_.contains(log.to) &&
           log == log_to(log.to);
}

std::vector<LineId> Letters::heads() const {
    std::vector<LineId> heads;
    for (const auto& [to, log] : logs_) heads.push_back({log_to(to), log.head});
    return heads;
}

}  // namespace lanchat::controller
