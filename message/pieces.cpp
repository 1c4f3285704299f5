// Pieces that change their size move those behind them.
#include "message/pieces.hpp"

namespace lanchat {

void Pieces::replace(std::size_t n, std::string_view piece) {
    const auto before = static_cast<std::uint32_t>(size_of(n));
    bytes_.replace(start_of(n), before, piece);
    for (std::size_t at = n; at < ends_.size(); ++at)
        ends_[at] += static_cast<std::uint32_t>(piece.size()) - before;
}

void Pieces::erase(std::size_t n) {
    replace(n, {});
    ends_.erase(ends_.begin() + static_cast<std::ptrdiff_t>(n));
}

}  // namespace lanchat
