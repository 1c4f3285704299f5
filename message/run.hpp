// A run: consecutive entries of one log under one signature. What travels, is stored and relayed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "message/entry.hpp"
#include "message/index_iterator.hpp"
#include "message/keys.hpp"
#include "message/pieces.hpp"

namespace lanchat {

// How entries are written, hashed and signed (README.md). What was said keeps its version; new
// entries are of the last one.
enum class Version : std::uint8_t { one = 1, two, three };

// What the entries of a run have in common, from version 2 on.
struct Shared {
    LogId log;
    Seq first = 0;
    Hash before;  // all zeros if and only if `first` is 1
    Version version = Version::three;

    bool operator==(const Shared&) const = default;
};
// The version, but not of version 2 ‖ device ‖ epoch ‖ first ‖ before, if `first` is not 1 ‖ to, of
// a direct log.
std::string pack(const Shared& shared);
// Nothing if it is not just that.
std::optional<Shared> shared_from(std::string_view packed);

// A run as it came from elsewhere: nothing of it is verified.
struct Run {
    Pieces entries;                     // their bytes, opaque
    Signature signature;                // over the head after the last of them
    std::optional<Shared> shared = {};  // none: they are of version 1
    Pieces bodies = {};                 // one for each entry, empty where it has none
    // Places in `bodies`, rising, where instead of a body that is not here its name stands, packed.
    std::vector<std::uint32_t> apart = {};
};

// What an entry signs of its body. Of none it is all zeros.
struct BodyName {
    Hash hash;
    std::uint64_t size = 0;

    bool operator==(const BodyName&) const = default;
};
BodyName name_of_body(std::string_view body, Version version = Version::three);

// The body of the entry `seq` of some log.
struct Body {
    Seq seq = 0;
    std::string bytes;

    bool operator==(const Body&) const = default;
};

// hash ‖ size, and back.
std::string pack(const BodyName& name);
std::optional<BodyName> body_name_from(std::string_view packed);

// A run whose every byte its author vouches for. There is no other way to have one than to verify
// or to sign it, so code that takes one need not ask again. Never changes; shared between threads.
//
// What it holds lies in two strings, one of the entries and one of their bodies, as it travels; an
// entry is decoded when somebody wants to know what it says.
class VerifiedRun {
    // Of an entry, beside its bytes and its body.
    struct Row {
        Clock clock;
        BodyName body_name;
        Hash head;
        EntryKind kind;
    };

  public:
    // An entry of a run, as long as that is there.
    struct Item {
        Seq seq = 0;
        std::string_view bytes;
        std::string_view body;  // empty: it has none, or that is not here
        const Clock& clock;
        const BodyName& body_name;
        const Hash& before;  // of the log before this entry
        const Hash& head;    // and after it
        EntryKind kind;      // what it is, if its body makes sense
        const VerifiedRun& run;

        bool is_apart() const { return body.size() != body_name.size; }
        // What it says, with its body if that is here.
        Entry entry() const;
        // As above, into an entry whose memory is used again.
        void read(Entry& into) const;
    };
    class Items {
      public:
        explicit Items(const VerifiedRun& run) : run_(run) {}
        std::size_t size() const { return run_.rows_.size(); }
        bool empty() const { return size() == 0; }
        Item operator[](std::size_t n) const { return run_.item(n); }
        Item front() const { return run_.item(0); }
        Item back() const { return run_.item(size() - 1); }
        auto begin() const { return IndexIterator(*this, 0); }
        auto end() const { return IndexIterator(*this, size()); }

      private:
        const VerifiedRun& run_;
    };

    const LogId& log() const { return place_.log; }
    Seq first() const { return place_.first; }
    Seq last() const { return place_.first + rows_.size() - 1; }
    const Hash& before() const { return place_.before; }
    const Hash& head() const { return rows_.back().head; }
    Items items() const { return Items(*this); }  // at least one
    std::size_t size() const { return rows_.size(); }
    bool holds(Seq seq) const { return first() <= seq && seq <= last(); }
    // Precondition: the run holds `seq`.
    Item at(Seq seq) const { return item(seq - first()); }
    const Signature& signature() const { return signature_; }
    Version version() const { return place_.version; }
    // Whether its entries hold their texts themselves.
    bool is_of_version_1() const { return version() == Version::one; }
    std::optional<Shared> shared() const;  // as in Run
    // Of all entries, and of the bodies that are here; of version 1 there are none.
    const Pieces& entries() const { return entries_; }
    const Pieces& bodies() const { return bodies_; }
    // Of all entries with their bodies, wherever these are.
    std::size_t byte_count() const { return byte_count_; }

  private:
    friend class UnprovenRun;
    friend class RunMaker;
    friend std::shared_ptr<const VerifiedRun> end_of(const std::shared_ptr<const VerifiedRun>& run,
                                                     Seq after);
    friend std::vector<std::shared_ptr<const VerifiedRun>> joined(
        const std::vector<std::shared_ptr<const VerifiedRun>>& runs);
    friend std::shared_ptr<const VerifiedRun> without_body(
        const std::shared_ptr<const VerifiedRun>& run, Seq seq);
    friend std::shared_ptr<const VerifiedRun> with_body(
        const std::shared_ptr<const VerifiedRun>& run, Seq seq, std::string_view body);
    explicit VerifiedRun(const Shared& place) : place_(place) {}

    Item item(std::size_t n) const {
        const Row& row = rows_[n];
        return {first() + n, entries_[n],   is_of_version_1() ? std::string_view() : bodies_[n],
                row.clock,   row.body_name, n == 0 ? place_.before : rows_[n - 1].head,
                row.head,    row.kind,      *this};
    }
    // Why it cannot be the next one, if so. Its bytes are still to be kept; `entry` is used again.
    std::optional<Failure> take_next(std::string_view bytes, const BodyName& body_name,
                                     Entry& entry);
    void add(const Item& item);
    std::string signed_bytes() const;

    Shared place_;  // of version 1 too
    Pieces entries_;
    Pieces bodies_;
    std::vector<Row> rows_;
    Signature signature_;
    std::size_t byte_count_ = 0;
};
using RunPtr = std::shared_ptr<const VerifiedRun>;

// A run that makes sense, and of which nobody has looked yet whether its author has signed it: that
// takes longer than all the rest.
class UnprovenRun {
  public:
    // Takes a run of at most limits::run_entries_max entries and limits::run_bytes_max bytes (or
    // one larger entry) whose entries are each valid, of one log, numbered without a gap, chained
    // and with rising clocks.
    static Result<UnprovenRun> read(Run run);

    // What it would say.
    const LogId& log() const { return run_->log(); }
    Seq first() const { return run_->first(); }
    Seq last() const { return run_->last(); }
    const Hash& before() const { return run_->before(); }
    std::size_t size() const { return run_->size(); }
    std::size_t byte_count() const { return run_->byte_count(); }
    VerifiedRun::Items items() const { return run_->items(); }

    // The run, if its head is signed by the log's device.
    Result<RunPtr> prove() const;

  private:
    friend std::vector<UnprovenRun> in_fewer(const std::vector<UnprovenRun>& runs,
                                             bool newest_first, Seq limit);
    explicit UnprovenRun(RunPtr run) : run_(std::move(run)) {}

    RunPtr run_;
};

// Both in one.
Result<RunPtr> verify(Run run);

// A run that its author still adds entries to. Those are encoded as they come.
class RunMaker {
  public:
    // Preconditions: the entry is one as `verify` wants it and follows the one before, whose head
    // need not be filled in; the kind is not `other`.
    void add(const Entry& entry);

    std::size_t size() const { return run_ ? run_->size() : 0; }
    std::size_t byte_count() const { return run_ ? run_->byte_count() : 0; }
    // Precondition of both: there is such an entry.
    Entry entry(std::size_t n) const { return run_->items()[n].entry(); }
    Entry take_last();

    // Leaves no entry. Precondition: there are some, of a log of `key`, and not too many for a run.
    RunPtr sign(const DeviceKey& key);

  private:
    std::shared_ptr<VerifiedRun> run_;
};

// All of these at once. Preconditions: as above.
RunPtr sign(const std::vector<Entry>& entries, const DeviceKey& key);

// The entries of `run` above `after`, under the same signature. Precondition: there are some.
RunPtr end_of(const RunPtr& run, Seq after);

// The same entries in fewer runs: those that follow each other are one, under the signature of the
// last, which vouches for all that comes before it, as far as a run has room. Precondition: runs of
// one log, in order.
std::vector<RunPtr> joined(const std::vector<RunPtr>& runs);
// As above, but they may come newest first, and stay as they are if one of them ends above `limit`:
// what lies beyond a proven fork is joined to nothing.
std::vector<RunPtr> in_fewer(std::vector<RunPtr> runs, bool newest_first, Seq limit);
// Of runs that are not proven yet: one signature is left to look at where there were many.
std::vector<UnprovenRun> in_fewer(const std::vector<UnprovenRun>& runs, bool newest_first,
                                  Seq limit);

// The run without the body of an entry, whose name stays; the same if it has none.
// Precondition: the run holds `seq`.
RunPtr without_body(const RunPtr& run, Seq seq);
// The run with a body that was not in it. Nothing if its entry has signed another, or it is there.
// Precondition: the run holds `seq`.
RunPtr with_body(const RunPtr& run, Seq seq, std::string_view body);

// The run as it travels.
Run unverified(const VerifiedRun& run);

// The head of a log after an entry of `bytes`: H of purpose "lanchat/entry/3" over before ‖ seq ‖
// hash of the body ‖ its size ‖ bytes. What comes before the first entry of a log names it. Both
// ends of a flood do little else, so an entry of usual length and its body take a block of BLAKE2b
// each. Precondition: not of version 1.
Hash head_after(const EntryPlace& place, std::string_view bytes, const BodyName& body,
                Version version = Version::three);
// That of an entry made here.
Hash head_after(const Entry& entry);
// In a log of version 1: H(before ‖ H(bytes)).
Hash head_after_v1(const Hash& before, std::string_view bytes);

}  // namespace lanchat
