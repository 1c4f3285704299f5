// Stretching the passphrase, and the note in the data directory.
#include "node/keep/network_secret.hpp"

#include <unistd.h>

#include <array>

#include "message/limits.hpp"
#include "message/sodium.hpp"
#include "node/keep/kept_file.hpp"
#include "node/keep/passphrase.hpp"

namespace lanchat {
namespace {

constexpr std::size_t secret_bytes = 32;
constexpr std::string_view salt_name = "lanchat/room-salt/1";  // nobody knows the network before
constexpr std::size_t memory = std::size_t{64} * 1024 * 1024;
constexpr unsigned long long passes = 2;
constexpr std::string_view open_network = "open\n";

std::string hash_for(const std::string& secret, const std::string& note) {
    std::array<unsigned char, 32> hash{};
    crypto_generichash(hash.data(), hash.size(),
                       reinterpret_cast<const unsigned char*>(note.data()), note.size(),
                       reinterpret_cast<const unsigned char*>(secret.data()), secret.size());
    std::string text(2 * hash.size() + 1, '\0');
    sodium_bin2hex(text.data(), text.size(), hash.data(), hash.size());
    text.pop_back();
    return text;
}

// The salt keeps two directories of one network from being recognised as such.
std::string note_for(const std::string& secret, const std::string& salt) {
    if (secret.empty()) return std::string(open_network);
    return "closed " + salt + ' ' + hash_for(secret, "lanchat/network/1" + salt) + '\n';
}

std::string some_salt() {
    std::array<unsigned char, 16> salt{};
    randombytes_buf(salt.data(), salt.size());
    std::string text(2 * salt.size() + 1, '\0');
    sodium_bin2hex(text.data(), text.size(), salt.data(), salt.size());
    text.pop_back();
    return text;
}

bool belongs(const std::string& note, const std::string& secret) {
    if (secret.empty() || !note.starts_with("closed ")) return note == note_for(secret, "");
    const auto salt = note.substr(7, note.find(' ', 7) - 7);
    return note == note_for(secret, salt);
}

bool is_note(std::string_view note) {
    return note == open_network || (note.starts_with("closed ") && note.ends_with('\n'));
}

// Yesterday's closed history must not get into today's open network by a guess.
Failure unknown_network(const std::string& path) {
    return Failure{path + " is damaged: which network this data belongs to cannot be told. Put it" +
                   " back from a copy, or choose another profile with -P; only if it was the open" +
                   " network, write the word open into it"};
}

Failure another_network(const std::string& data_dir, const std::string& which) {
    return Failure{data_dir + " belongs to another network (" + which +
                   "): choose another profile with -P"};
}

}  // namespace

Result<std::string> network_secret(std::string passphrase) {
    need_sodium();
    if (auto weak = weakness_of(passphrase)) return *weak;
    std::array<unsigned char, crypto_hash_sha256_BYTES> salt{};
    crypto_hash_sha256(salt.data(), reinterpret_cast<const unsigned char*>(salt_name.data()),
                       salt_name.size());
    static_assert(crypto_pwhash_SALTBYTES <= crypto_hash_sha256_BYTES);
    std::string secret(secret_bytes, '\0');
    const int no = crypto_pwhash(reinterpret_cast<unsigned char*>(secret.data()), secret.size(),
                                 passphrase.data(), passphrase.size(), salt.data(), passes, memory,
                                 crypto_pwhash_ALG_ARGON2ID13);
    sodium_memzero(passphrase.data(), passphrase.size());
    if (no != 0) return Failure{"not enough memory for the passphrase"};
    return secret;
}

Result<bool> bind_to_network(const std::string& data_dir, const std::string& secret) {
    if (data_dir.empty()) return true;
    need_sodium();
    const std::string path = data_dir + "/network";
    const auto note = read_kept_file(path, limits::network_note_bytes_max);
    if (!note) return Failure{note.why()};
    if (*note) {
        if (belongs(**note, secret)) return true;
        if (!is_note(**note)) return unknown_network(path);
        return another_network(data_dir,
                               **note == open_network ? "an open one" : "another passphrase");
    }
    // A history without a note was written before there were closed networks.
    const bool used = ::access((data_dir + "/history.db").c_str(), F_OK) == 0;
    if (used && !secret.empty()) return another_network(data_dir, "an open one");
    if (auto no = replace_file(path, note_for(secret, some_salt()))) return *no;
    return true;
}

}  // namespace lanchat
