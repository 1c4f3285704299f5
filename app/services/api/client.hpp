// The other side of the local API: what a command asks of the running node. Blocks until it knows.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

#include "message/run.hpp"
#include "message/time.hpp"
#include "node/store/store.hpp"
#include "node/values.hpp"

namespace lanchat::app::api {

// Why a command ends without what it was for.
struct Problem {
    int exit_code = 1;
    std::string why;
};
template <class T>
using Answer = std::variant<T, Problem>;

struct Author {
    std::string id;
    std::string name;
    std::string address;  // empty: not here now
    bool legacy = false;
    bool encrypted = false;
    std::string trust;  // of peers
    std::string mark;   // to be shown after the name
};

struct Line {
    std::string id;
    std::string cursor;
    std::string order;
    std::string room;
    Author from;
    WallTime said;
    std::string text;
    bool history = false;
    bool own = false;
    bool disputed = false;  // its author signed another line for its place, or for one before it
    std::optional<Author> to = {};  // for this one alone
    // As in controller::Message.
    std::optional<Via> via = {};
    std::string reply_to = {};
    bool urgent = false;
    bool action = false;
    BodyState body = BodyState::here;
};

struct Status {
    std::string id;
    std::string name;
    std::string address;
    std::string version;
    std::string cursor;
    std::uint32_t peers = 0;
    std::string problem;
    std::optional<store::Tally> held;
    std::string socket = {};
    std::vector<std::string> warnings = {};
    std::vector<std::string> addresses = {};
    Standing standing = {};  // but for its addresses
};

struct Query {
    std::string words;  // empty: all lines
    std::string room;
    std::string author;
    std::optional<WallTime> since;
    std::optional<WallTime> until;
    std::uint64_t count = 0;  // 0: all
    std::string with = {};    // only what is said to or by this peer alone
};

struct Tail {
    std::string room;
    std::optional<std::string> since;
    std::uint32_t last = 0;  // without `since`
    bool follow = false;
    std::string with = {};  // as in Query
};

// Who has to have stored what is said before the answer comes.
struct Wait {
    bool all = false;
    std::optional<std::uint32_t> peers;
    std::uint32_t timeout_ms = 0;
};

struct Receipt {
    std::string id;
    bool reached = false;
    std::uint32_t delivered = 0;
    std::uint32_t of = 0;
};

struct BulkReceipt {
    std::uint64_t said = 0;
    std::uint64_t refused = 0;
    std::string why;
    Receipt last;
    std::uint64_t first_refused = 0;  // its number, from 1
};

struct Roster {
    std::vector<Author> peers;
    std::vector<Author> blocked;
};

// How far the comparing of keys is.
struct Comparison {
    Author peer;
    std::string code;
    std::string stage;
    std::string why = {};  // it failed
};

class Client {
  public:
    // Exit code 3 if no node runs there.
    static Answer<Client> connect(const std::filesystem::path& data_dir);

    Client(Client&&) noexcept;
    Client& operator=(Client&&) noexcept;
    ~Client();

    // To the peer that the word `to` means; empty: to everybody in the room.
    Answer<Receipt> publish(const std::string& to, const Saying& saying, const Wait& wait);
    // `next` gives those that are at hand, all for one room and at most limits::run_entries_max;
    // none: that was all.
    Answer<BulkReceipt> publish_many(const std::string& to,
                                     const std::function<std::vector<Saying>()>& next,
                                     const Wait& wait);

    // In order of arrival, until `take` is false, all were given, or `stop` says so, which any
    // thread may let it do.
    std::optional<Problem> tail(const Tail& tail, const std::function<bool(const Line&)>& take,
                                const std::stop_token& stop);
    // In the order of all nodes, oldest first.
    Answer<std::vector<Line>> lines(const Query& query);

    Answer<Roster> peers();
    Answer<Author> block(const std::string& peer, bool on);
    // `compare` is asked, each time a code is shown, whether it is that of the other side; nothing:
    // it does not say. The last stage is the answer. With an `id` nothing is compared but that.
    Answer<Comparison> verify(const std::string& peer, const std::string& id,
                              const std::function<std::optional<bool>(const Comparison&)>& compare);
    Answer<std::vector<std::string>> rooms();
    Answer<Status> status();

    std::optional<Problem> export_runs(const std::function<bool(const Run&)>& take);
    Answer<Imported> import_runs(const std::function<std::optional<Run>()>& next);

  private:
    struct Connection;
    explicit Client(std::unique_ptr<Connection> connection);
    std::unique_ptr<Connection> connection_;
};

}  // namespace lanchat::app::api
