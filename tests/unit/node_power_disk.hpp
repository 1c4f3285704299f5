// A disk for SQLite that loses power: keeps what was flushed, and of the rest what chance lets it.
#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace lanchat::test {

// One at a time; SQLite knows it as `power_disk`. Files live in memory by name. Every write,
// truncation, flush and deletion counts as an operation.
class PowerDisk {
  public:
    enum class Fault {
        none,
        power,  // this operation and all after it fail
        full,   // this write alone fails for want of space
        flush,  // the first `times` flushes from this operation on fail
    };

    PowerDisk();
    ~PowerDisk();
    PowerDisk(const PowerDisk&) = delete;
    PowerDisk& operator=(const PowerDisk&) = delete;

    static constexpr auto name = "power_disk";

    // From now on; the count of operations begins anew.
    void arm(Fault fault, long at_operation, int times = 1);
    long operations() const { return operations_; }
    bool struck() const { return struck_; }
    bool is_out_of_power() const { return struck_ && fault_ == Fault::power; }

    // What is not flushed is dropped, kept, or torn into 512-byte sectors that are kept or not.
    void lose_power(std::mt19937_64& rng);

    struct Write {
        std::size_t offset;
        std::string bytes;
        bool truncates;
    };
    struct File {
        std::string flushed;
        std::string now;
        std::vector<Write> unflushed;
    };
    using Files = std::map<std::string, File>;
    Files& files() { return files_; }

    // Whether the operation about to happen fails.
    bool fails(bool is_flush, bool needs_space);

  private:
    Files files_;
    Fault fault_ = Fault::none;
    long at_ = 0;
    long operations_ = 0;
    int left_ = 0;  // failures still to come
    bool struck_ = false;
};

}  // namespace lanchat::test
