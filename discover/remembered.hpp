// The peers met before, kept in a small file, so that the next start finds them without a scan.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "message/address.hpp"
#include "message/result.hpp"

namespace lanchat::discover {

// Addresses only, newest first, at most limits::remembered_peers_max. The file is
// {"peers": ["10.0.0.7:4565", …]}. Loop thread only; load() and save() touch the disk.
class Remembered {
  public:
    explicit Remembered(std::string file);

    // A file that does not exist is an empty one. Anything else that is not exactly such a file
    // leaves us empty too, and the reason is returned; the next save() replaces it.
    std::optional<Failure> load();

    // Replaces the file in one step: after a crash it is the old one or the new one. Waits for the
    // disk (some milliseconds), so call it when peers changed and things are calm.
    std::optional<Failure> save() const;

    void met(const Endpoint& endpoint);

    const std::deque<Endpoint>& all() const { return peers_; }

    // Those that may be dialled: inside the configured range, or given by the user. What was met in
    // another network, or written by somebody else, never makes us dial anywhere new.
    std::vector<Endpoint> dialable(const std::vector<Cidr>& cidrs, PortRange ports,
                                   const std::vector<Endpoint>& given) const;

  private:
    std::string file_;
    std::deque<Endpoint> peers_;
};

}  // namespace lanchat::discover
