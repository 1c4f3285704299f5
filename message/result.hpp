// Result<T>: a value, or the reason in words why there is none.
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace lanchat {

// Why something from outside (network, disk, user) could not be done; a sentence for people.
struct Failure {
    // For programs: what was asked for makes no sense, is not there, is there in another form, or
    // anything else.
    enum class Kind { other, invalid, not_found, already_exists };

    std::string why;
    Kind kind = Kind::other;
};

template <class T>
class [[nodiscard]] Result {
  public:
    Result(T value) : held_(std::move(value)) {}
    Result(Failure failure) : held_(std::move(failure)) {}

    explicit operator bool() const { return held_.index() == 0; }
    // Precondition of the accessors: the matching state. std::get enforces it.
    const T& operator*() const& { return std::get<0>(held_); }
    T& operator*() & { return std::get<0>(held_); }
    T&& operator*() && { return std::get<0>(std::move(held_)); }
    const T* operator->() const { return &std::get<0>(held_); }
    T* operator->() { return &std::get<0>(held_); }
    const std::string& why() const { return std::get<1>(held_).why; }
    const Failure& failure() const { return std::get<1>(held_); }

  private:
    std::variant<T, Failure> held_;
};

}  // namespace lanchat
