// Edit distance with swaps, bounded so that nobody waits for a silly key.
#include "config/nearest.hpp"

#include <algorithm>
#include <cstddef>

namespace lanchat {
namespace {

constexpr std::size_t word_bytes_max = 64;  // longer ones are no slip of the finger
constexpr std::size_t slips_max = 3;

std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
    for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t wrong = a[i - 1] == b[j - 1] ? 0 : 1;
            d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + wrong});
            const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
        }
    }
    return d[a.size()][b.size()];
}

}  // namespace

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
    if (word.empty() || word.size() > word_bytes_max) return {};
    std::string best;
    std::size_t best_distance = std::clamp(word.size() / 3, std::size_t{1}, slips_max) + 1;
    for (const auto& candidate : candidates) {
        const std::size_t slips = distance(word, candidate);
        if (slips >= best_distance) continue;
        best = candidate;
        best_distance = slips;
    }
    return best;
}

}  // namespace lanchat
