// JSON mode: one object a line, both ways, for programs.
#pragma once

#include <string>
#include <string_view>

#include "app/faces/face.hpp"
#include "app/faces/json_input.hpp"
#include "app/faces/json_output.hpp"
#include "app/faces/json_queue.hpp"

namespace lanchat::app {

class JsonFace : public Face {
  public:
    explicit JsonFace(Surface surface);

    void ready(const Readiness& node) override;
    void hear(const Event& event) override;
    void disk_has_news() override;
    bool wants_places() const override { return true; }
    void placed(const std::string& id, store::Arrival arrival) override;
    void bye(std::string_view reason) override;
    std::size_t line_bytes_max() const override;
    void take_line(std::string_view line) override;
    void refuse_too_long() override;
    // A program whose own lines come back is to read them; then it may write on.
    bool echoes() const override { return true; }

  private:
    void tell(const Event& event, const std::string& cursor);
    void say_and_tell(SendRequest request);
    void tell_one(SendRequest request);
    void acknowledge(const SendRequest& request, const Result<LineId>& line);
    void refuse(const JsonError& error);

    Surface surface_;
    JsonQueue queue_;
    std::string line_;  // reused: messages come by the million
};

}  // namespace lanchat::app
