#!/usr/bin/env bash
# Makes a data directory for test_upgrade.py with a lanchat of another time: lines of a node and of a
# peer, rooms, a line with an id, direct messages and a verified person.
#
#   make_store.sh LANCHAT store_v1     the program as it was built from commit 5c0dc3b
#   make_store.sh LANCHAT store_v2                                         105e244
set -euo pipefail
lanchat=$1
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/$2
mkdir -p "$here"
work=$(mktemp -d)
nodes=()
trap 'kill "${nodes[@]}" 2>/dev/null || true; rm -rf "$work"' EXIT
ports=$((20000 + RANDOM % 20000))

node() { # NAME: standard input of the node is a pipe that stays open
    mkfifo "$work/$1.in"
    "$lanchat" --data-dir "$work/$1" --name "$1" --ports "$ports-$((ports + 3))" --plain --quiet \
        --cidr 127.0.0.1/32 <>"$work/$1.in" >"$work/$1.out" 2>"$work/$1.err" &
    nodes+=($!)
}
ask() { # NAME COMMAND...
    "$lanchat" --data-dir "$work/$1" "${@:2}"
}
until_peers() {
    for _ in $(seq 100); do
        ask "$1" peers | grep -q "$2" && return
        sleep 0.1
    done
    return 1
}

node anna
node ben
sleep 1
until_peers anna ben
for n in $(seq 40); do ask anna send "line $n of anna" >/dev/null; done
seq -f 'line %.0f of ben' 300 | ask ben send --wait all - >/dev/null
ask anna send -r dev --id job-7 --wait all 'said once' >/dev/null
ask anna send -t ben --wait all 'just us' >/dev/null
ask ben send -t anna --wait all 'just us, too' >/dev/null
id=$(ask ben identity show | grep -oE '[a-z2-7]{52}' | head -1)
ask anna verify ben --id "$id" >/dev/null
ask anna tail --json -n 1 | grep -oE '"cursor":"[^"]*"' | cut -d'"' -f4 >"$work/cursor"
ask anna history --json | sed -E 's/^[^{]*\{"v":1,"type":"message","id":"([^"]*)".*"text":"([^"]*)".*/\1 \2/' >"$work/lines"
kill "${nodes[@]}"
wait "${nodes[@]}" || true
nodes=()
rm -rf "${here:?}"/anna
mkdir "$here/anna"
cp -r "$work/anna/." "$here/anna/"
rm -f "$here"/anna/*.sock "$here"/anna/*.lock "$here"/anna/*-shm
gzip -9nf "$here/anna/history.db"
cp "$work/cursor" "$work/lines" "$here/"
