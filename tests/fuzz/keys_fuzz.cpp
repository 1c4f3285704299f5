// Bytes of a terminal, pastes with and without their end among them: whatever comes, in whatever
// pieces, text stays UTF-8, pasted text is no command, and there is a way out.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "app/terminal/editor.hpp"
#include "app/terminal/keys.hpp"
#include "message/assert.hpp"
#include "message/text.hpp"

namespace {

using namespace lanchat;

constexpr std::size_t line_bytes_max = 64;

// Whoever owns the terminal: takes some lines back, as one that may be a command.
class Desk {
  public:
    void take(const std::vector<app::Key>& keys) {
        for (const auto& key : keys) {
            LANCHAT_ASSERT(is_utf8(key.text));
            deeds_.clear();
            editor_.press(key, now_, deeds_);
            for (const auto& deed : deeds_) check(deed, key);
            check_draft();
        }
    }

  private:
    void check(const app::Deed& deed, const app::Key& key) {
        using Kind = app::Deed::Kind;
        const bool submits = deed.kind == Kind::submit || deed.kind == Kind::submit_pasted;
        LANCHAT_ASSERT(submits || deed.text.empty());
        LANCHAT_ASSERT(is_utf8(deed.text) && deed.text.size() <= line_bytes_max);
        LANCHAT_ASSERT(deed.kind != Kind::submit || key.kind == app::KeyKind::enter);
        // What was pasted does nothing but become lines, or be too long for that.
        const bool of_paste = deed.kind == Kind::submit_pasted ||
                              deed.kind == Kind::too_long_pasted || deed.kind == Kind::cut;
        LANCHAT_ASSERT(key.kind != app::KeyKind::pasted || of_paste);
        if (deed.kind == Kind::submit && deed.text.starts_with('/')) editor_.take_back();
    }
    void check_draft() const {
        LANCHAT_ASSERT(is_utf8(editor_.text()));
        LANCHAT_ASSERT(editor_.cursor() <= editor_.text().size());
        LANCHAT_ASSERT(editor_.text().size() <= line_bytes_max * app::Editor::draft_factor);
    }

    app::Editor editor_{line_bytes_max};
    std::vector<app::Deed> deeds_;
    Instant now_{};
};

// The keys of what follows, as if nothing had come before.
std::vector<app::Key> keys_of(app::KeyDecoder& decoder, std::string_view bytes) {
    std::vector<app::Key> keys;
    decoder.put(bytes, keys);
    return keys;
}

void check_way_out(app::KeyDecoder decoder) {
    const auto keys = keys_of(decoder, "\x03");
    const bool interrupts = std::ranges::any_of(
        keys, [](const app::Key& key) { return key.kind == app::KeyKind::interrupt; });
    LANCHAT_ASSERT(interrupts);
}

void check_patience(app::KeyDecoder decoder) {
    std::vector<app::Key> rest;
    decoder.give_up(rest);
    LANCHAT_ASSERT(!decoder.patience());
    const auto keys = keys_of(decoder, "x");
    LANCHAT_ASSERT(keys == (std::vector<app::Key>{{app::KeyKind::text, "x"}}));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    std::string_view input(reinterpret_cast<const char*>(bytes), size);
    app::KeyDecoder decoder;
    Desk desk;
    while (!input.empty()) {
        // The first byte of a piece says how long it is, and whether nothing comes for a while.
        const auto first = static_cast<unsigned char>(input.front());
        input.remove_prefix(1);
        const auto piece = input.substr(0, first % 64);
        desk.take(keys_of(decoder, piece));
        input.remove_prefix(piece.size());
        check_way_out(decoder);
        check_patience(decoder);
        if (first < 192 || !decoder.patience()) continue;
        std::vector<app::Key> keys;
        decoder.give_up(keys);
        desk.take(keys);
    }
    return 0;
}
