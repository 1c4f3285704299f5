// Every bound of the program, in one place. Each has a test that meets it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace lanchat::limits {

using namespace std::chrono_literals;

// What is said.
inline constexpr std::size_t line_bytes_max = 65'536;
inline constexpr std::size_t room_bytes_max = 64;
inline constexpr std::size_t name_bytes_max = 64;
inline constexpr std::size_t name_code_points_max = 32;

// What travels. A sender aims at the target; a receiver takes up to the cap.
inline constexpr std::size_t frame_bytes_target = 65'536;
inline constexpr std::size_t frame_bytes_max = 262'144;
inline constexpr std::size_t legacy_frame_bytes_max = std::size_t{4} * 1024 * 1024;  // grpc-go's
inline constexpr std::size_t frame_runs_max = 256;
inline constexpr std::size_t frame_heads_max = 1'024;
inline constexpr std::size_t frame_wants_max = 256;
inline constexpr std::size_t frame_receipts_max = 64;
inline constexpr std::size_t frame_proofs_max = 16;
inline constexpr std::size_t frame_lacks_max = 64;
inline constexpr std::size_t frame_places_max = 256;
inline constexpr std::size_t frame_bodies_max = 256;  // of one log; and so many logs

// What a log is made of. A run of one entry may be larger.
inline constexpr std::size_t run_entries_max = 256;
inline constexpr std::size_t run_bytes_max = 65'536;  // of its entries with their bodies
inline constexpr std::size_t entry_bytes_max = line_bytes_max + 1'024;  // with its body
inline constexpr std::size_t via_bytes_max = 32;
inline constexpr std::size_t via_passed_max = 8;                  // bridges
inline constexpr std::uint64_t seq_max = std::uint64_t{1} << 62;  // what follows fits as well
inline constexpr std::size_t said_id_bytes_max = 128;

inline constexpr std::size_t logs_at_hand = 4'096;      // of more those rest that do not change
inline constexpr std::size_t openings_at_once = 4'096;  // logs that a device begins here, then
inline constexpr std::chrono::microseconds opening_interval = 15'625us;  // from one to the next
inline constexpr std::size_t openings_remembered = 4'096;                // devices
inline constexpr auto seal_delay = 2ms;  // of a line that nobody waits for, to be signed

// Sync.
inline constexpr auto news_delay = 60ms;  // of telling others that a log grew
inline constexpr auto pull_delay = 40ms;  // for its author to send it by itself
inline constexpr auto pull_timeout = 5s;  // then somebody else is asked
inline constexpr std::size_t pulls_max = 64;
inline constexpr std::size_t pull_lines_max = 2'048;     // per question
inline constexpr std::size_t pulled_lines_max = 12'288;  // in all questions that are open
inline constexpr std::size_t recent_lines = 64;          // asked for first
inline constexpr std::size_t in_order_lines = 16'384;    // or all in order, if so few are missing
inline constexpr std::size_t fetch_bytes_max = 262'144;  // per read of the store
inline constexpr std::size_t heads_per_frame = 512;
inline constexpr std::size_t news_per_peer_max = 4'096;
inline constexpr auto round_settles = 2s;  // after the last change logs are compared
inline constexpr auto round_latest = 60s;  // or so long after the first, while lines never cease
inline constexpr auto round_pace = 500ms;  // from one peer to the next
inline constexpr auto round_pause_min =
    3s;  // with one peer; doubled as long as nothing comes of it
inline constexpr auto round_pause_max = 60s;
inline constexpr auto round_answer = 1s;  // from one answer to the next to the same peer
inline constexpr auto news_wait = 3s;     // over a new link, for what is no news to be told
inline constexpr std::size_t questions_per_peer_max = 256;

// Bodies that are not with their entries.
inline constexpr std::size_t lack_ranges_max = 64;       // told of a log at once
inline constexpr std::size_t lacks_max = 65'536;         // of more nobody is asked
inline constexpr std::size_t lacking_logs_max = 256;     // of which a peer is heard to lack some
inline constexpr std::size_t drops_remembered = 65'536;  // to show nothing that comes after them

// The clock.
inline constexpr auto clock_lead_max = 10min;   // past the median: what is later needs a new log
inline constexpr auto clock_follow_max = 9min;  // medians differ a little, and move
inline constexpr auto clock_own_max = 8min;     // off the median: what we date others follow
inline constexpr auto clock_apart_max = 24h * 36'525;  // of two the later counts: a century
inline constexpr auto wall_told_interval = 4s;  // of telling it, with a frame that goes anyway
inline constexpr auto epoch_interval = 10s;     // between two logs of one process, at least
inline constexpr std::size_t pages_max = 16;    // logs of one process that it speaks of

// Names of those who were met, in a closed network.
inline constexpr std::size_t names_max = 65'536;  // in all logs; also devices that are accepted
inline constexpr auto met_interval = 1s;          // from one entry to the next
inline constexpr std::chrono::microseconds met_delay = 2s;  // of the first, at most so much more

// Receipts: what is told of the lines of those who cannot hear it.
inline constexpr auto receipt_interval = 250ms;
inline constexpr std::size_t receipts_max = 4'096;           // remembered, of others
inline constexpr std::size_t receipts_per_peer_max = 1'024;  // waiting for it
inline constexpr std::size_t far_members_max = 256;
// Forks.
inline constexpr std::size_t inquiries_per_peer_max = 64;    // where branches part
inline constexpr std::size_t examinations_per_peer_max = 4;  // runs compared with ours at once
inline constexpr auto proof_delay = 500ms;                   // for a peer to tell that it knows
inline constexpr auto proof_pause = 250ms;    // between frames of proofs; of one log it doubles
inline constexpr auto proof_pause_max = 60s;  // up to this

// What is kept for others: own lines not yet acknowledged by everybody.
inline constexpr std::size_t ledger_lines_max = 10'000;
inline constexpr std::size_t ledger_bytes_max = std::size_t{4} * 1024 * 1024;
inline constexpr std::size_t window_lines_max = 2'048;  // given to a peer, not yet acknowledged
inline constexpr std::size_t window_bytes_max = std::size_t{512} * 1024;
// What a legacy peer fell behind for. Without its gap a line may be reported twice, never not at
// all.
inline constexpr std::size_t gaps_max = 64;

// Who is here.
inline constexpr std::size_t peers_max = 256;
inline constexpr std::size_t peers_reserved = 16;  // of these, for who is vouched for
inline constexpr std::size_t links_per_peer_max = 4;
inline constexpr std::size_t contacts_max = 65'536;
inline constexpr std::size_t outdated_told_max =
    64;  // nodes of other versions: more are not told of
inline constexpr std::size_t doubted_max =
    256;  // keys that did not prove what was shown: with so many nobody's lines are shown before

// The book of people.
inline constexpr std::size_t people_max = 4'096;  // that nobody here vouched for or blocked
inline constexpr std::size_t names_per_person_max = 4;
inline constexpr std::size_t people_file_bytes_max = std::size_t{16} * 1024 * 1024;
inline constexpr auto verify_timeout = 5min;
inline constexpr std::size_t verifications_per_minute_max = 3;  // with one key

// How long we wait.
inline constexpr auto greeting_timeout = 5s;       // from connection to a valid first frame
inline constexpr auto ping_after = 4s;             // of silence
inline constexpr auto ping_together = 1s;          // earlier, when another link is asked anyway
inline constexpr auto ping_timeout = 4s;           // then the link is dead
inline constexpr auto legacy_answer_timeout = 8s;  // of a legacy peer that is asked instead
inline constexpr auto surplus_timeout = 2s;        // for the dialler of a duplicate to end it
inline constexpr auto missed_report_interval = 1s;
inline constexpr auto takeover_timeout = 1s;  // an old link that a newcomer challenges
inline constexpr auto relink_grace = 2s;      // a lost peer may come back for its lines
inline constexpr auto ack_delay = 20ms;
inline constexpr std::size_t ack_bytes_per_line = 512;  // a longer line counts as several
inline constexpr std::size_t ack_lines_max = 256;       // unacknowledged lines that force an ack
inline constexpr auto stall_timeout = 1s;    // no ack progress: stop waiting for this peer
inline constexpr auto goodbye_timeout = 1s;  // links get this long to end cleanly
inline constexpr auto startup_grace = 5s;    // stdin waits this long for a first peer

// What waits for the disk. From half of it on nothing more is asked for.
inline constexpr std::size_t unstored_bytes_max = std::size_t{16} * 1024 * 1024;
inline constexpr std::size_t line_memory_bytes = 512;  // that a line takes beside its bytes

// What legacy peers said and is not on the disk yet: then nothing more is read from them.
inline constexpr std::size_t legacy_unwritten_lines_max = 4'096;
inline constexpr auto legacy_group_interval = 10ms;  // from one commit of theirs to the next
inline constexpr std::size_t legacy_unwritten_bytes_max = std::size_t{1024} * 1024;

// What is kept.
inline constexpr auto trim_interval = 1h;
inline constexpr std::size_t trim_runs_max = 4'096;          // at once
inline constexpr std::chrono::milliseconds rest_after = 1h;  // runs are joined; and so near in time
inline constexpr std::size_t rest_runs_max = 1'024;          // looked at, at once
inline constexpr std::size_t rest_entries_max = 64;          // of those that became one
inline constexpr std::size_t rest_bytes_max = 16'384;
inline constexpr std::uint64_t rest_arrivals_max = 1'024;  // from its first line to its last
inline constexpr std::size_t memory_history_bytes_max = std::size_t{64} * 1024 * 1024;
inline constexpr std::size_t late_stretches_max = 65'536;  // of lines said while we were away

// The front door.
inline constexpr std::size_t connections_max = 512;
inline constexpr std::size_t strangers_max = 64;        // connections without a valid greeting
inline constexpr std::size_t strangers_per_ip_max = 8;  // loopback: no per-address cap
inline constexpr std::size_t passphrase_bytes_max = 1024;
inline constexpr std::size_t passphrase_chars_min = 12;

// Guesses at a passphrase, theirs at ours and ours at theirs.
inline constexpr std::size_t guesses_at_once = 4;
inline constexpr auto guess_interval = 1s;  // of one more that may fail
inline constexpr std::size_t guesses_per_address = 5;
inline constexpr auto guess_address_window = 1min;
inline constexpr auto guess_key_pause = 24h;  // between two of one TLS key
inline constexpr std::size_t guesses_waiting_max = 64;
inline constexpr std::size_t guesses_remembered = 4'096;
inline constexpr std::size_t network_note_bytes_max = 256;
inline constexpr std::size_t tls_key_bytes_max = 256;  // SubjectPublicKeyInfo
inline constexpr long certificate_bytes_max = 4096;
inline constexpr std::size_t stranger_burst_bytes = std::size_t{256} * 1024;
inline constexpr std::size_t stranger_bytes_per_s = std::size_t{64} * 1024;
inline constexpr std::size_t stranger_bytes_max = std::size_t{16} * 1024;  // of HTTP/2, in all
inline constexpr std::size_t greeting_bytes_max = 4'096;
inline constexpr std::size_t header_bytes_max = 4'096;      // of a block, as they travel
inline constexpr std::size_t calls_at_once = 4;             // of a member's connection
inline constexpr std::size_t stranger_calls_at_once = 16;   // with gRPC
inline constexpr std::size_t stranger_calls_per_s = 64;     // of all strangers together
inline constexpr std::size_t admissions_burst = 512;        // whose calls do not count as such
inline constexpr auto complaint_interval = 1min;            // of cut strangers, all together
inline constexpr std::size_t verified_runs_burst = 16'384;  // signatures of others, an address
inline constexpr std::size_t verified_runs_per_s = 4'096;   // then reading waits
inline constexpr std::size_t legacy_lines_burst = 32'768;   // of a legacy peer
inline constexpr std::size_t legacy_lines_per_s = 32'768;   // then reading waits
inline constexpr std::size_t legacy_lines_per_empty = 32;   // what a line of nothing counts as

// Discovery.
inline constexpr std::size_t targets_max = 65'536;
inline constexpr std::size_t probes_in_flight_max = 256;
inline constexpr std::size_t new_on_link_addresses_max = 256;  // per window
inline constexpr auto on_link_window = 3s;  // an unresolved neighbour lives so long
inline constexpr std::size_t remembered_peers_max = 256;
inline constexpr auto peers_command_time = 10s;
inline constexpr std::size_t peers_command_bytes_max = 65'536;
inline constexpr std::size_t printed_lines_max = 4'096;
inline constexpr int hints_per_s = 256;  // calls of beacons that are looked into
inline constexpr auto call_pause_min = 10s;
inline constexpr auto call_pause_each = 50ms;     // caller: a LAN sees 20 calls a second at most
inline constexpr std::size_t sought_at_once = 3;  // peers that are asked for others, by who is new
inline constexpr auto seek_interval = 60s;        // then one of them, with a ping
inline constexpr std::size_t callers_max = 4'096;

// Local input and output.
inline constexpr std::size_t json_line_bytes_max = std::size_t{1024} * 1024;
inline constexpr std::size_t unplaced_lines_max = 4096;  // told to a program once on disk
inline constexpr std::size_t missed_shown_max = 50;      // lines said while we were away
inline constexpr auto missed_delay = 150ms;              // of showing them, while they gather
inline constexpr auto missed_pause = 500ms;  // without more of them, then we tell how many are not
inline constexpr std::size_t output_bytes_max = std::size_t{8} * 1024 * 1024;
inline constexpr std::size_t config_bytes_max = std::size_t{64} * 1024;

}  // namespace lanchat::limits
