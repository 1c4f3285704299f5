// Goes through whatever has numbered elements, which it makes as they are looked at.
#pragma once

#include <cstddef>
#include <iterator>
#include <utility>

namespace lanchat {

template <class All>
class IndexIterator {
  public:
    using difference_type = std::ptrdiff_t;
    using value_type = decltype(std::declval<const All&>()[0]);
    using pointer = void;
    using reference = value_type;
    using iterator_category = std::input_iterator_tag;

    IndexIterator(const All& all, std::size_t n) : all_(&all), n_(n) {}
    value_type operator*() const { return (*all_)[n_]; }
    IndexIterator& operator++() {
        ++n_;
        return *this;
    }
    IndexIterator operator++(int) {
        const auto before = *this;
        ++n_;
        return before;
    }
    bool operator==(const IndexIterator& other) const { return n_ == other.n_; }

  private:
    const All* all_;
    std::size_t n_;
};

}  // namespace lanchat
