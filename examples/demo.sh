#!/usr/bin/env bash
# Four nodes on this machine find each other, talk, lose one of them and get it back, who then hears
# what she missed. At the end what each of them said is compared with what each of them heard, and a
# table tells what held.
set -euo pipefail
export LC_ALL=C.UTF-8
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
program=$root/build/release/lanchat

usage() {
    cat <<'TEXT'
usage: examples/demo.sh [--keep] [--no-install]

  --keep         leave the nodes running and tell how to join them
  --no-install   do not install missing packages (packaging/deps.txt)
TEXT
}

keep=false install=true
for option in "$@"; do
    case $option in
        --keep) keep=true ;;
        --no-install) install=false ;;
        -h | --help) usage && exit 0 ;;
        *) usage >&2 && exit 2 ;;
    esac
done

names=(alice bob carol dave)
declare -A color_of=([alice]=36 [bob]=33 [carol]=35 [dave]=32)
# A run is one life of a node: carol has two. Its output, and what it ought to hear, bear its name.
declare -A pid_of=() run_of=()
runs=() folder='' failures=0

colors=false
[[ -t 1 && -z ${NO_COLOR:-} && ${TERM:-dumb} != dumb ]] && colors=true

paint() { # CODE TEXT
    if $colors; then printf '\e[%sm%s\e[0m' "$1" "$2"; else printf '%s' "$2"; fi
}

tell() { printf '%s\n' "$(paint 2 "-- $*")"; }

die() {
    printf 'demo: %s\n' "$*" >&2
    exit 1
}

# --- what is needed -----------------------------------------------------------------------------

missing_packages() {
    local package
    while read -r package; do
        [[ -z $package || $package == \#* ]] && continue
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
            printf '%s ' "$package"
    done <"$root/packaging/deps.txt"
}

install_packages() {
    $install && command -v dpkg-query >/dev/null || return 0
    local missing as_root=()
    missing=$(missing_packages)
    [[ -z $missing ]] && return 0
    ((EUID == 0)) || as_root=(sudo)
    tell "installing $missing"
    "${as_root[@]}" apt-get update -qq </dev/null
    # shellcheck disable=SC2086  # a list of words
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
        --no-install-recommends $missing </dev/null
}

build() {
    local log options=()
    log=$(mktemp)
    # A build folder that is already there keeps its choice, so that tests are not taken from it.
    [[ -e $root/build/release/CMakeCache.txt ]] || options=(-DBUILD_TESTING=OFF)
    tell "building release into build/release (the first time takes minutes)"
    if ! "$root/cmake/build.sh" "$log" release "${options[@]}" -- lanchat; then
        tail -n 40 "$log" >&2
        rm -f "$log"
        die "the build failed"
    fi
    rm -f "$log"
}

# --- nodes --------------------------------------------------------------------------------------

is_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

find_ports() { # sets first_port and last_port: eight neighbours nobody listens on
    local try port
    for try in {1..100}; do
        first_port=$((20000 + RANDOM % 10000)) last_port=$((first_port + 7))
        for ((port = first_port; port <= last_port; port++)); do
            is_taken "$port" && continue 2
        done
        return 0
    done
    die "no eight free ports in a row after $try tries"
}

write_config() {
    cat >"$folder/demo.json" <<TEXT
{ "ip": "127.0.0.1", "cidr": "127.0.0.1/32", "min_port": $first_port, "max_port": $last_port }
TEXT
}

# What is said while somebody is away is heard by her next life.
start() { # NAME RUN
    local name=$1 run=$2 pipe=$folder/$1.in
    [[ -p $pipe ]] || mkfifo "$pipe"
    # Open for both, the pipe never ends, whoever writes to it comes and goes.
    "$program" --json -c "$folder/demo.json" -n "$name" -d "$folder/data/$name" --no-beacon \
        --linger inf <>"$pipe" >"$folder/$run.out" 2>"$folder/$run.err" &
    pid_of[$run]=$! run_of[$name]=$run
    runs+=("$run")
    touch "$folder/$name.missed"
    mv "$folder/$name.missed" "$folder/$run.expected"
    disown
}

is_running() { kill -0 "${pid_of[$1]}" 2>/dev/null; }

stop_nodes() {
    local run
    for run in "${!pid_of[@]}"; do kill "${pid_of[$run]}" 2>/dev/null || true; done
    wait_for 6 nobody_runs && return 0
    for run in "${!pid_of[@]}"; do kill -9 "${pid_of[$run]}" 2>/dev/null || true; done
    return 1
}

nobody_runs() {
    local run
    for run in "${!pid_of[@]}"; do ! is_running "$run" || return 1; done
}

clean_up() {
    local code=$?
    trap - EXIT INT TERM
    if [[ -n $folder ]] && ! { $keep && ((code == 0)); }; then
        stop_nodes || true
        rm -rf "$folder"
    fi
    exit "$code"
}

# --- what the nodes tell ------------------------------------------------------------------------

wait_for() { # SECONDS COMMAND...
    local deadline=$((${EPOCHREALTIME/./} + $1 * 1000000))
    shift
    until "$@"; do
        ((${EPOCHREALTIME/./} < deadline)) || return 1
        sleep 0.02
    done
}

# Every message of a run as AUTHOR<tab>TEXT, own ones included.
messages() {
    awk -v OFS='\t' '
        function field(key) {
            if (!match($0, "\"" key "\":\"[^\"]*\"")) return ""
            return substr($0, RSTART + length(key) + 4, RLENGTH - length(key) - 5)
        }
        /"type":"message"/ { print field("name"), field("text") }' "$folder/$1.out"
}

# How often a run told of an event (up, down) of a peer.
events() { # RUN EVENT NAME
    grep '"type":"peer"' "$folder/$1.out" | grep "\"event\":\"$2\"" | grep -c "\"name\":\"$3\"" ||
        true
}

is_linked() { # NAME...: each of them has all the others
    local a b run
    for a in "$@"; do
        run=${run_of[$a]}
        for b in "$@"; do
            [[ $a == "$b" ]] && continue
            (($(events "$run" up "$b") - $(events "$run" down "$b") == 1)) || return 1
        done
    done
}

all_have_heard() { # NAME...: as many lines as were meant for them
    local name
    for name in "$@"; do
        (($(messages "${run_of[$name]}" | wc -l) >= \
            $(wc -l <"$folder/${run_of[$name]}.expected"))) || return 1
    done
}

all_saw_go() { # GONE NAME...
    local gone=$1 name
    shift
    for name in "$@"; do (($(events "${run_of[$name]}" down "$gone") > 0)) || return 1; done
}

# --- the play -----------------------------------------------------------------------------------

milliseconds_since() { printf '%d' $(((${EPOCHREALTIME/./} - $1) / 1000)); }

expect() { # NAME TEXT: said by NAME, so everybody ought to hear it, now or when back
    local name
    for name in "${names[@]}"; do
        if [[ " ${present[*]} " == *" $name "* ]]; then
            printf '%s\t%s\n' "$1" "$2" >>"$folder/${run_of[$name]}.expected"
        else
            printf '%s\t%s\n' "$1" "$2" >>"$folder/$name.missed"
        fi
    done
}

say() { # NAME TEXT
    local name=$1 text=$2 heard
    expect "$name" "$text"
    printf '{"type":"send","text":"%s"}\n' "$text" >"$folder/$name.in"
    heard="heard by $(others "$name")"
    wait_for 5 all_have_heard "${present[@]}" || heard="not heard by all within 5 s"
    printf '%s  %s  %s\n' "$(paint "${color_of[$name]}" "$(printf '%5s' "$name")")" "$text" \
        "$(paint 2 "($heard)")"
}

others() { # NAME
    local name listed=()
    for name in "${present[@]}"; do [[ $name == "$1" ]] || listed+=("$name"); done
    printf '%s' "${listed[*]}"
}

count_all_at_once() { # FROM TO
    local name i began
    for name in "${present[@]}"; do
        for ((i = $1; i <= $2; i++)); do
            expect "$name" "$name counts $i"
            printf '{"type":"send","text":"%s counts %d"}\n' "$name" "$i"
        done >"$folder/$name.burst"
    done
    began=${EPOCHREALTIME/./}
    for name in "${present[@]}"; do cat "$folder/$name.burst" >"$folder/$name.in" & done
    wait_for 10 all_have_heard "${present[@]}" || true
    tell "all ${#present[@]} counted from $1 to $2 at once:" \
        "everything was everywhere after $(milliseconds_since "$began") ms"
}

meet() { # NAME...: waits for the mesh
    local began=$1
    shift
    if wait_for 10 is_linked "$@"; then
        tell "all $# have found each other after $(milliseconds_since "$began") ms"
    else
        tell "not everybody found everybody within 10 s"
    fi
}

play() {
    local name began=${EPOCHREALTIME/./}
    tell "starting ${names[*]} on 127.0.0.1, ports $first_port-$last_port"
    for name in "${names[@]}"; do start "$name" "$name"; done
    present=("${names[@]}")
    meet "$began" "${present[@]}"
    say alice "hello, is anybody here?"
    say bob "here! we met by trying port after port"
    say carol "four of us, and no server"
    say dave "coffee at ten? ☕"
    count_all_at_once 1 25

    began=${EPOCHREALTIME/./}
    kill -9 "${pid_of[carol]}"
    present=(alice bob dave)
    wait_for 5 all_saw_go carol "${present[@]}" || true
    tell "carol was killed (kill -9); all others noticed after $(milliseconds_since "$began") ms"
    say bob "did carol just vanish?"
    say dave "she did. the three of us go on"

    # Nobody starts a program again in an instant. The others have long gone on by then.
    sleep 2
    began=${EPOCHREALTIME/./}
    start carol carol-again
    present=("${names[@]}")
    meet "$began" "${present[@]}"
    wait_for 5 all_have_heard carol || true
    tell "carol has heard what was said while she was away"
    say carol "I am back"
    say alice "good to have you here again"
    count_all_at_once 26 50
}

# --- the checks ---------------------------------------------------------------------------------

row() { # VERDICT WHAT DETAIL
    local color=2
    [[ $1 == PASS ]] || failures=$((failures + 1)) color=31
    printf '%s %-46s %s\n' "$1" "$2" "$(paint "$color" "$3")"
}

check() { # WHAT DETAIL COMMAND...
    local what=$1 detail=$2
    shift 2
    if "$@"; then row PASS "$what" "$detail"; else row FAIL "$what" "$detail"; fi
}

same() { [[ $1 == "$2" ]]; }

check_lines() { # RUN
    local run=$1 heard expected counted author order=true
    heard=$(messages "$run") expected=$(<"$folder/$run.expected")
    counted=$(wc -l <<<"$heard")
    check "every line at $run exactly once" "$counted of $(wc -l <<<"$expected") lines" \
        same "$(sort <<<"$heard")" "$(sort <<<"$expected")"
    for author in "${names[@]}"; do
        same "$(grep "^$author"$'\t' <<<"$heard")" "$(grep "^$author"$'\t' <<<"$expected")" ||
            order=false
    done
    check "every author's lines at $run in order" "" $order
}

# The established TCP connections of a process, one LOCAL REMOTE a line.
connections() { # PID
    find "/proc/$1/fd" -lname 'socket:*' -printf '%l\n' 2>/dev/null | tr -dc '0-9\n' | sort -u |
        awk 'NR == FNR { mine[$1]; next } $4 == "01" && $10 in mine { print $2, $3 }' \
            - /proc/net/tcp
}

count_connections() { # NAME NAME
    awk 'NR == FNR { there[$2 " " $1]; next } $0 in there { n++ } END { print n + 0 }' \
        <(connections "${pid_of[${run_of[$1]}]}") <(connections "${pid_of[${run_of[$2]}]}")
}

has_one_connection() { (($(count_connections "$1" "$2") == 1)); }

check_pair() { # NAME NAME
    local a=$1 b=$2 lives=1 ups downs
    [[ $a == carol || $b == carol ]] && lives=2
    # The one of the two that lived through it all has seen every link of the pair.
    [[ $a == carol ]] && a=$2 && b=$1
    ups=$(events "${run_of[$a]}" up "$b") downs=$(events "${run_of[$a]}" down "$b")
    wait_for 2 has_one_connection "$a" "$b" || true
    check "one link between $a and $b" \
        "connections: $(count_connections "$a" "$b"), came up: $ups, went down: $downs" \
        same "$(count_connections "$a" "$b") $ups $downs" "1 $lives $((lives - 1))"
}

all_run() {
    local name
    for name in "${names[@]}"; do is_running "${run_of[$name]}" || return 1; done
}

check_all() {
    local run i j
    printf '\n'
    for run in "${runs[@]}"; do [[ $run == carol ]] || check_lines "$run"; done
    check_lines carol
    for ((i = 0; i < ${#names[@]}; i++)); do
        for ((j = i + 1; j < ${#names[@]}; j++)); do check_pair "${names[i]}" "${names[j]}"; done
    done
    check "all four nodes are running" "" all_run
}

tell_how_to_join() {
    local pids=() name
    for name in "${names[@]}"; do pids+=("${pid_of[${run_of[$name]}]}"); done
    cat <<TEXT

The four nodes go on. Join them, as often as you like, from another terminal:

    $program --ports $first_port-$last_port

They only listen; speak for alice with
    echo '{"type":"send","text":"hi"}' >$folder/alice.in
See what she hears with
    tail -f $folder/alice.out
End it with
    kill ${pids[*]}; rm -rf $folder
TEXT
}

install_packages
build
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
folder=$(mktemp -d -t lanchat-demo.XXXXXX)
find_ports
write_config
play
check_all
if $keep && ((failures == 0)); then
    tell_how_to_join
else
    check "all nodes left within 5 s of SIGTERM" "" stop_nodes
fi
((failures == 0))
