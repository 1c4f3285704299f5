// Examples first, as in the help of the program.
#include "app/command_help.hpp"

#include <array>

namespace lanchat::app {
namespace {

struct Text {
    std::string_view command;
    std::string_view help;
};

constexpr std::array texts{
    Text{"send", R"(lanchat send: say a line through the node that runs.

Examples:
  lanchat send lunch at noon            everything after the options is the line
  lanchat send --wait all 'going down'  return when every live peer has stored it
  make 2>&1 | lanchat send -r builds -  each line of standard input
  lanchat send --id job-7 done          said once, however often this is run
  lanchat send -t bob 'are you there?'  to bob alone; waits for him if he is away

Usage:
  lanchat send [-r ROOM | -t PEER] [--id ID] [--wait N|all] [--timeout S] TEXT... | -

Options:
  -r, --room ROOM       general, if not given
  -t, --to PEER         to this peer alone: id or its beginning, name or address
      --id ID           makes the call idempotent; lines of standard input get ID:1, ID:2, ...
      --wait N|all      until N peers, or all live ones, have stored it; else 4
      --timeout S       seconds to wait (10)
      --json            print an ack, and with --wait the delivery
)"},
    Text{"tail", R"(lanchat tail: see what is said, in order of arrival.

Examples:
  lanchat tail                          the newest lines
  lanchat tail -f -r builds             and each new one, of one room
  lanchat tail -f --json --since "$C"   go on after the line whose cursor was C

Usage:
  lanchat tail [-r ROOM | -t PEER] [-n N] [-f] [--since CURSOR] [--json]

Options:
  -r, --room ROOM       this room only
  -t, --to PEER         what you and this peer say to each other alone
  -n, --lines N         the newest N (10); with --since: at most N, then end
  -f, --follow          go on with what comes
      --since CURSOR    everything after it; exit 1 if the store cannot prove it
      --json            lines for programs
)"},
    Text{"history", R"(lanchat history: everything that was said, in the same order on every node.

Examples:
  lanchat history -n 50                 the newest 50
  lanchat history --since 2h            of the last two hours
  lanchat history --from dana --json    what dana said, for programs
  lanchat history -t bob                what you and bob said to each other alone

Usage:
  lanchat history [-r ROOM | -t PEER] [--from PEER] [--since T] [--until T] [-n N] [--json]

Options:
  -r, --room ROOM       this room only
  -t, --to PEER         what you and this peer said to each other alone
      --from PEER       id or its beginning, name or address
      --since T         2026-11-20, 2026-11-20T10:03 (local; or with Z or +02:00), or 90s, 15m, 2h,
                        7d ago
      --until T         the same; a day is meant to its end
  -n, --lines N         the newest N (all)
      --json            lines for programs
)"},
    Text{"search", R"(lanchat search: the lines that hold all the words, direct messages too.

Examples:
  lanchat search fire drill             the newest 100 that hold both words
  lanchat search -n 5 --from dana lunch the newest 5 of dana's

Usage:
  lanchat search QUERY... [-r ROOM | -t PEER] [--from PEER] [-n N] [--json]

Options:
  -r, --room ROOM       this room only
  -t, --to PEER         what you and this peer said to each other alone
      --from PEER       id or its beginning, name or address
  -n, --lines N         the newest N (100)
      --json            lines for programs
)"},
    Text{"peers", R"(lanchat peers: who is linked to the node that runs, and who is blocked.

Usage:
  lanchat peers [--json]
)"},
    Text{"verify",
         R"(lanchat verify: make sure that a peer's key is its person's, not somebody's between you.

Both of you see a code of four words and a number. Compare it where you know each other's voice or
face, not in this chat. When both say that it is the same, each marks the other as verified.

Examples:
  lanchat verify alice                       shows the code and asks
  lanchat verify alice --code 'a b c d 0417' says yes to this code only, no to any other
  lanchat verify alice --id ID               if that is its id, which you have from itself:
                                             alone, at once, whether it is here or not

Usage:
  lanchat verify PEER [--code CODE | --id ID] [--json]

PEER is an id or its beginning, a name that only one key uses, or an address. The other side joins
with lanchat verify, or /verify where it chats. The whole ID is what lanchat identity tells its
owner: 52 letters and digits. Exit 5: refused, 4: nobody answered for 5 minutes.
)"},
    Text{"block", R"(lanchat block: no link with a peer, and nothing that it says is shown.

What it says is kept and handed on to others, so that all have the same history; it is told no more
than that the link has ended. A legacy peer has no key and cannot be blocked.

Usage:
  lanchat block PEER
)"},
    Text{"unblock",
         R"(lanchat unblock: take back lanchat block; history shows what was said meanwhile.

Usage:
  lanchat unblock PEER
)"},
    Text{"rooms", R"(lanchat rooms: every room something was said in.

Usage:
  lanchat rooms [--json]
)"},
    Text{"status", R"(lanchat status: how the running node is.

It tells who it is, how many peers are linked, the cursor to go on from with tail --since, how many
lines of how many logs it holds, how many it trimmed, the bytes on disk, when the oldest line was
said, its version and socket, warnings, and the problem if nothing can be said now.

Usage:
  lanchat status [--json]
)"},
    Text{"export", R"(lanchat export: everything the node holds but direct messages.

Examples:
  lanchat export -o backup.jsonl        signed, for lanchat import
  lanchat export --format md | less     to read

Usage:
  lanchat export [--format jsonl|md] [-o FILE]

Options:
      --format F        jsonl: as it was signed (the default); md: a text, also of unsigned lines
  -o, --output FILE     readable by you alone; standard output, if not given
)"},
    Text{"identity", R"(lanchat identity: the key that is this node, in the data directory.

Whoever has the key can speak as this node: keep an exported one as you keep a password.

Usage:
  lanchat identity show          its public half, the id
  lanchat identity export FILE   into a new file, readable by you alone
  lanchat identity import FILE   where there is none yet and no node runs
)"},
    Text{"invite", R"(lanchat invite: a passphrase for a closed network, made of random words.

Everybody who is to be in it starts lanchat with --passphrase-file, and nobody else gets in.

Usage:
  lanchat invite [FILE] [--words N]

  FILE                  keeps it, readable by you alone; it must not exist yet
      --words N         from 4 to 16 words, 8 bits each (5)
)"},
    Text{"import", R"(lanchat import: take back what export wrote, here or elsewhere.

Lines that are known are skipped, those without a valid signature refused (exit 5).

Usage:
  lanchat import FILE
)"},
};

constexpr std::string_view closing = R"(
The node is that of the profile: -P NAME or -d DIR choose another one. Without one that runs,
commands other than config, identity and invite end with 3.
The options of lanchat may stand before or after the command: lanchat --help
)";

}  // namespace

std::string command_help_text(std::string_view command) {
    for (const auto& text : texts) {
        if (text.command == command) return std::string(text.help).append(closing);
    }
    return {};
}

}  // namespace lanchat::app
