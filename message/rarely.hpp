// A value that is there only now and then: like std::optional, but where it is not it takes the
// room of a pointer. For what millions of values could have and few have.
#pragma once

#include <memory>
#include <optional>
#include <utility>

namespace lanchat {

template <class T>
class Rarely {
  public:
    Rarely() = default;
    // As std::optional is made: of a value, or of none.
    Rarely(T value) : value_(std::make_unique<T>(std::move(value))) {}  // NOLINT(*-explicit-*)
    Rarely(std::nullopt_t) {}                                           // NOLINT(*-explicit-*)
    Rarely(std::optional<T> value) {                                    // NOLINT(*-explicit-*)
        if (value) value_ = std::make_unique<T>(std::move(*value));
    }
    Rarely(const Rarely& other) : value_(other ? std::make_unique<T>(*other) : nullptr) {}
    Rarely(Rarely&&) noexcept = default;
    Rarely& operator=(const Rarely& other) { return *this = Rarely(other); }
    Rarely& operator=(Rarely&&) noexcept = default;
    ~Rarely() = default;

    explicit operator bool() const { return value_ != nullptr; }
    bool has_value() const { return value_ != nullptr; }
    operator std::optional<T>() const {  // NOLINT(*-explicit-*)
        return value_ ? std::optional<T>(*value_) : std::nullopt;
    }
    // Preconditions: it is there.
    const T& operator*() const { return *value_; }
    T& operator*() { return *value_; }
    const T* operator->() const { return value_.get(); }
    T* operator->() { return value_.get(); }

    T& emplace() { return *(value_ = std::make_unique<T>()); }
    void reset() { value_.reset(); }

    bool operator==(const Rarely& other) const {
        return value_ && other.value_ ? *value_ == *other.value_ : value_ == other.value_;
    }

  private:
    std::unique_ptr<T> value_;
};

}  // namespace lanchat
