// Pieces of bytes, one behind the other in one string.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "message/index_iterator.hpp"

namespace lanchat {

// At most 2^32 - 1 bytes in all. Views of pieces hold until the next change.
class Pieces {
  public:
    Pieces() = default;
    Pieces(std::initializer_list<std::string_view> pieces) {
        for (const auto piece : pieces) push_back(piece);
    }
    template <std::forward_iterator Each>
    Pieces(Each from, Each to) {
        for (; from != to; ++from) push_back(*from);
    }
    // `bytes` cut into pieces of these sizes, one behind the other. Nothing if they are of another
    // length.
    template <class Sizes>
    static std::optional<Pieces> cut(std::string bytes, const Sizes& sizes);

    std::size_t size() const { return ends_.size(); }
    bool empty() const { return ends_.empty(); }
    std::string_view operator[](std::size_t n) const {
        return std::string_view(bytes_).substr(start_of(n), ends_[n] - start_of(n));
    }
    std::string_view front() const { return (*this)[0]; }
    std::string_view back() const { return (*this)[size() - 1]; }
    auto begin() const { return IndexIterator(*this, 0); }
    auto end() const { return IndexIterator(*this, size()); }
    // All of them.
    const std::string& bytes() const { return bytes_; }
    std::size_t size_of(std::size_t n) const { return ends_[n] - start_of(n); }

    // Gives back memory for pieces that will not come.
    void fit() {
        ends_.shrink_to_fit();
        bytes_.shrink_to_fit();
    }
    void push_back(std::string_view piece) {
        bytes_ += piece;
        ends_.push_back(static_cast<std::uint32_t>(bytes_.size()));
    }
    void pop_back() { erase(size() - 1); }
    void replace(std::size_t n, std::string_view piece);
    void erase(std::size_t n);

    bool operator==(const Pieces&) const = default;

  private:
    std::size_t start_of(std::size_t n) const { return n == 0 ? 0 : ends_[n - 1]; }

    std::string bytes_;
    std::vector<std::uint32_t> ends_;  // of each, in `bytes_`
};

template <class Sizes>
std::optional<Pieces> Pieces::cut(std::string bytes, const Sizes& sizes) {
    Pieces pieces;
    pieces.ends_.reserve(static_cast<std::size_t>(sizes.size()));
    std::uint64_t end = 0;
    for (const std::uint32_t size : sizes) {
        end += size;
        if (end > bytes.size()) return std::nullopt;
        pieces.ends_.push_back(static_cast<std::uint32_t>(end));
    }
    if (end != bytes.size()) return std::nullopt;
    pieces.bytes_ = std::move(bytes);
    return pieces;
}

}  // namespace lanchat
