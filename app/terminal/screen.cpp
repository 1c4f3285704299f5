// Every picture is: erase the line, print what is new, draw the line.
#include "app/terminal/screen.hpp"

#include <utility>

#include <asio/post.hpp>

#include "message/text.hpp"

namespace lanchat::app {

Screen::Screen(asio::io_context& loop, Sink out, ScreenSize size)
    : loop_(loop), out_(std::move(out)), size_(size), self_(std::make_shared<Screen*>(this)) {}

Screen::~Screen() { *self_ = nullptr; }

void Screen::show(EditLine line) {
    if (visible_ && line == line_) return;
    line_ = std::move(line);
    visible_ = true;
    draw_later();
}

void Screen::print(std::string_view lines) {
    // Without a line to keep whole, output needs no drawing.
    if (!visible_ && above_.empty() && drawn_.bytes.empty()) return out_(lines);
    above_ += lines;
    draw_later();
}

void Screen::accept(std::string_view prompt, std::string_view text) {
    above_ += prompt;
    above_ += displayable(text);
    above_ += '\n';
    draw_later();
}

void Screen::resize(ScreenSize size) {
    if (size == size_) return;
    size_ = size;
    if (visible_) draw_later();
}

void Screen::redraw() {
    out_("\x1b[H\x1b[2J");
    restart();
}

void Screen::restart() {
    drawn_ = {};
    if (visible_) draw_later();
}

void Screen::hide() {
    visible_ = false;
    line_ = {};
    draw_now();
}

void Screen::draw_later() {
    if (std::exchange(draw_posted_, true)) return;
    asio::post(loop_, [self = self_] {
        if (!*self) return;
        (*self)->draw_posted_ = false;
        (*self)->draw_now();
    });
}

void Screen::draw_now() {
    std::string bytes;
    if (!drawn_.bytes.empty()) bytes = erase(drawn_);
    bytes += above_;
    above_.clear();
    drawn_ = visible_ ? draw(line_, size_) : Drawing{};
    bytes += drawn_.bytes;
    if (!bytes.empty()) out_(bytes);
}

}  // namespace lanchat::app
