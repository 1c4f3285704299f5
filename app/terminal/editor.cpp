// One function for each family of keys.
#include "app/terminal/editor.hpp"

#include <algorithm>
#include <utility>

#include "app/terminal/graphemes.hpp"
#include "app/terminal/slashes.hpp"
#include "message/blank.hpp"

namespace lanchat::app {

void Editor::press(const Key& key, Instant now, std::vector<Deed>& out) {
    obey(key, now, out);
    // What stands around the cursor now may have joined to one cluster.
    if (cursor_ > 0)
        cursor_ = std::max(cursor_, next_cluster(text_, previous_cluster(text_, cursor_)));
}

void Editor::obey(const Key& key, Instant now, std::vector<Deed>& out) {
    if (key.kind != KeyKind::pasted) joins_ = false;
    switch (key.kind) {
        case KeyKind::text:
            return insert(key.text, false, out);
        case KeyKind::pasted:
            return paste(key.text, out);
        case KeyKind::enter:
            return submit(out);
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

void Editor::insert(std::string_view text, bool pasted, std::vector<Deed>& out) {
    // Only whole code points go in when the line is nearly full.
    auto length = std::min(text.size(), draft_factor * line_bytes_max_ - text_.size());
    const auto is_inside = [&](std::size_t at) {
        return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
    };
    while (length > 0 && is_inside(length)) --length;
    text_.insert(cursor_, text.substr(0, length));
    pasted_.insert(cursor_, length, pasted ? '1' : '0');
    cursor_ += length;
    if (length < text.size() && !std::exchange(cut_, true)) out.push_back({Deed::Kind::cut});
}

void Editor::paste(std::string_view text, std::vector<Deed>& out) {
    for (;;) {
        const auto end = text.find('\n');
        const auto line = text.substr(0, end);
        if (!line.empty() && std::exchange(joins_, false)) insert(" ", true, out);
        insert(line, true, out);
        if (end == text.npos) return;
        text.remove_prefix(end + 1);
        // What is pasted behind "/msg PEER" is for that peer, all of it, and once Enter is pressed.
        joins_ = is_typed_command();
        if (!joins_) submit_pasted(out);
    }
}

void Editor::submit(std::vector<Deed>& out) {
    if (text_.size() > line_bytes_max_) return out.push_back({Deed::Kind::too_long});
    const bool pasted = begins_pasted();
    remember();
    out.push_back({Deed::Kind::submit, std::move(text_), pasted});
    clear();
}

void Editor::submit_pasted(std::vector<Deed>& out) {
    remember();
    if (text_.size() > line_bytes_max_) {
        out.push_back({Deed::Kind::too_long_pasted});
    } else {
        out.push_back({Deed::Kind::submit_pasted, std::move(text_)});
    }
    clear();
}

void Editor::take_back() {
    if (!history_.empty()) replace(history_.back());
}

bool Editor::begins_pasted() const {
    const auto first = blanks_before(text_);
    return first < pasted_.size() && pasted_[first] == '1';
}

bool Editor::is_typed_command() const {
    return !begins_pasted() && (text_.starts_with('/') || resembles_command(text_));
}

void Editor::remember() {
    const Draft draft{text_, pasted_};
    if (text_.empty() || (!history_.empty() && history_.back() == draft)) return;
    history_bytes_ += text_.size();
    history_.push_back(draft);
    while (history_.size() > history_lines_max ||
           (history_bytes_ > history_bytes_max && history_.size() > 1)) {
        history_bytes_ -= history_.front().text.size();
        history_.pop_front();
    }
}

void Editor::clear() {
    cut_ = false;
    edited_.clear();
    replace({});
    recalled_ = history_.size();
}

void Editor::interrupt(Instant now, std::vector<Deed>& out) {
    const bool again = interrupted_ && now - *interrupted_ <= interrupt_interval;
    if (text_.empty() || again) return out.push_back({Deed::Kind::leave, {}});
    interrupted_ = now;
    remember();
    clear();
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
    pasted_.erase(begin, end - begin);
    cursor_ = begin;
}

void Editor::recall(KeyKind direction) {
    const bool up = direction == KeyKind::up;
    if (up ? recalled_ == 0 : recalled_ == history_.size()) return;
    edited_[recalled_] = {text_, pasted_};
    recalled_ += up ? std::size_t(-1) : 1;
    const auto edited = edited_.find(recalled_);
    replace(edited == edited_.end() ? history_[recalled_] : edited->second);
}

void Editor::replace(Draft draft) {
    text_ = std::move(draft.text);
    pasted_ = std::move(draft.pasted);
    cursor_ = text_.size();
}

}  // namespace lanchat::app
