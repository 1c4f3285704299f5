// One function for each family of keys.
#include "app/terminal/editor.hpp"

#include <algorithm>
#include <utility>

#include "app/terminal/graphemes.hpp"

namespace lanchat::app {

void Editor::press(const Key& key, Instant now, std::vector<Deed>& out) {
    obey(key, now, out);
    // What stands around the cursor now may have joined to one cluster.
    if (cursor_ > 0)
        cursor_ = std::max(cursor_, next_cluster(text_, previous_cluster(text_, cursor_)));
}

void Editor::obey(const Key& key, Instant now, std::vector<Deed>& out) {
    switch (key.kind) {
        case KeyKind::text:
            return insert(key.text);
        case KeyKind::pasted:
            return paste(key.text, out);
        case KeyKind::enter:
            return submit(Deed::Kind::submit, out);
        case KeyKind::interrupt:
            return interrupt(now, out);
        case KeyKind::end_of_input:
            return end_of_input(out);
        case KeyKind::suspend:
            return out.push_back({Deed::Kind::suspend, {}});
        case KeyKind::redraw:
            return out.push_back({Deed::Kind::redraw, {}});
        case KeyKind::up:
        case KeyKind::down:
            return recall(key.kind);
        case KeyKind::left:
        case KeyKind::right:
        case KeyKind::word_left:
        case KeyKind::word_right:
        case KeyKind::home:
        case KeyKind::end:
            return move(key.kind);
        case KeyKind::backspace:
        case KeyKind::erase:
        case KeyKind::kill_before:
        case KeyKind::kill_after:
        case KeyKind::kill_word:
            return remove(key.kind);
    }
}

void Editor::insert(std::string_view text) {
    // Only whole code points go in when the line is nearly full.
    auto length = std::min(text.size(), line_bytes_max_ - text_.size());
    const auto is_inside = [&](std::size_t at) {
        return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
    };
    while (length > 0 && is_inside(length)) --length;
    text_.insert(cursor_, text.substr(0, length));
    cursor_ += length;
}

void Editor::paste(std::string_view text, std::vector<Deed>& out) {
    for (auto end = text.find('\n'); end != text.npos; end = text.find('\n')) {
        insert(text.substr(0, end));
        submit(Deed::Kind::submit_pasted, out);
        text.remove_prefix(end + 1);
    }
    insert(text);
}

void Editor::submit(Deed::Kind kind, std::vector<Deed>& out) {
    const bool is_new = history_.empty() || history_.back() != text_;
    if (!text_.empty() && is_new) history_.push_back(text_);
    if (history_.size() > history_lines_max) history_.pop_front();
    out.push_back({kind, std::move(text_)});
    draft_.clear();
    replace({});
    recalled_ = history_.size();
}

void Editor::interrupt(Instant now, std::vector<Deed>& out) {
    const bool again = interrupted_ && now - *interrupted_ <= interrupt_interval;
    if (text_.empty() || again) return out.push_back({Deed::Kind::leave, {}});
    interrupted_ = now;
    replace({});
    recalled_ = history_.size();
}

void Editor::end_of_input(std::vector<Deed>& out) {
    if (text_.empty()) return out.push_back({Deed::Kind::end_of_input, {}});
    remove(KeyKind::erase);
}

void Editor::move(KeyKind kind) {
    switch (kind) {
        case KeyKind::left:
            cursor_ = previous_cluster(text_, cursor_);
            break;
        case KeyKind::right:
            cursor_ = next_cluster(text_, cursor_);
            break;
        case KeyKind::word_left:
            cursor_ = word_start(text_, cursor_);
            break;
        case KeyKind::word_right:
            cursor_ = word_end(text_, cursor_);
            break;
        case KeyKind::home:
            cursor_ = 0;
            break;
        default:
            cursor_ = text_.size();
            break;
    }
}

void Editor::remove(KeyKind kind) {
    switch (kind) {
        case KeyKind::backspace:
            return remove(previous_cluster(text_, cursor_), cursor_);
        case KeyKind::erase:
            return remove(cursor_, next_cluster(text_, cursor_));
        case KeyKind::kill_before:
            return remove(0, cursor_);
        case KeyKind::kill_after:
            return remove(cursor_, text_.size());
        default:
            return remove(word_start(text_, cursor_), cursor_);
    }
}

void Editor::remove(std::size_t begin, std::size_t end) {
    text_.erase(begin, end - begin);
    cursor_ = begin;
}

void Editor::recall(KeyKind direction) {
    const bool up = direction == KeyKind::up;
    if (up ? recalled_ == 0 : recalled_ == history_.size()) return;
    if (recalled_ == history_.size()) draft_ = text_;
    recalled_ += up ? std::size_t(-1) : 1;
    replace(recalled_ == history_.size() ? draft_ : history_[recalled_]);
}

void Editor::replace(std::string text) {
    text_ = std::move(text);
    cursor_ = text_.size();
}

}  // namespace lanchat::app
