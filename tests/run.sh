#!/usr/bin/env bash
# Installs what the tests need, builds three times (each for what only it can find) and runs
# everything; then lists what did not run and why. The last line is the sum.
set -uo pipefail
export LC_ALL=C.UTF-8
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit 1
exec </dev/null

usage() {
    cat <<'TEXT'
usage: tests/run.sh [--full] [--no-install]

  --full         the counts of the promises (hundreds of starts, a minute of each flood): hours
  --no-install   install no packages (packaging/deps.txt, tests/deps.txt)
TEXT
}

install=true fuzz_seconds=15 minutes_max=60
for option in "$@"; do
    case $option in
        --full) export LANCHAT_FULL=1 fuzz_seconds=300 ;;
        --no-install) install=false ;;
        -h | --help) usage && exit 0 ;;
        *) usage >&2 && exit 2 ;;
    esac
done

results=$root/build/results
rm -rf "$results"
mkdir -p "$results"
steps=$results/steps
: >"$steps"
reports=()
began=$SECONDS

tell() { printf '\n== %s (%d:%02d)\n' "$*" $(((SECONDS - began) / 60)) $(((SECONDS - began) % 60)); }

# What comes now, and what is left after it.
part() { printf '\n==== %s\n' "$*"; }

step() { printf '%s\t%s\t%s\n' "$1" "$2" "${3:-}" >>"$steps"; }

# Ends the run: what is counted so far is all there is.
finish() {
    printf '\n'
    python3 "$root/tests/functional/tally.py" "$steps" "${reports[@]}"
    exit $?
}

# Whether to begin with one more part: a guard for machines that are far slower than two cores.
in_time() { # WHAT
    [[ ${LANCHAT_FULL:-} == 1 ]] && return
    ((SECONDS - began < minutes_max * 60)) && return
    step skip "$1" "$minutes_max minutes are over: tests/run.sh --full has no limit"
    return 1
}

# --- what is needed -----------------------------------------------------------------------------

packages() { grep -hv -e '^#' -e '^$' packaging/deps.txt tests/deps.txt; }

# A command from elsewhere serves as well as Debian's package: node and npm often come that way.
is_there() {
    dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed' && return
    case $1 in
        nodejs) command -v node ;;
        npm | cmake | ccache | mold | tmux) command -v "$1" ;;
        *) false ;;
    esac >/dev/null
}

install_packages() {
    command -v dpkg-query >/dev/null || return 0
    local missing=() package as_root=()
    while read -r package; do is_there "$package" || missing+=("$package"); done < <(packages)
    ((${#missing[@]} > 0)) || return 0
    ((EUID == 0)) || as_root=(sudo -n)
    tell "installing ${missing[*]}"
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
        --no-install-recommends "${missing[@]}" ||
        step skip packages "could not install: ${missing[*]}"
}

# The packages of the independent peer. They live in the build folder, their versions in the lock.
install_node_packages() {
    local folder=$root/build/legacy-peer log=$results/npm.log
    export LANCHAT_NODE_MODULES=$folder/node_modules
    cmp -s tests/functional/package-lock.json "$folder/installed.json" && return
    command -v npm >/dev/null || return
    tell "installing the packages of the independent peer"
    mkdir -p "$folder"
    cp tests/functional/package.json tests/functional/package-lock.json "$folder"
    if (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund) >"$log" 2>&1; then
        cp "$folder/package-lock.json" "$folder/installed.json"
    else
        tail -n 5 "$log"
        step skip "packages of the independent peer" "npm ci failed, see $log"
    fi
}

# --- builds -------------------------------------------------------------------------------------

# build PRESET [CMAKE OPTION...] [-- TARGET...]: stops the run when it fails.
build() {
    local preset=$1 log=$results/build-$1.log
    shift
    tell "building $preset"
    if cmake/build.sh "$log" "$preset" -DBUILD_TESTING=ON "$@"; then
        step pass "build $preset"
        return
    fi
    tail -n 60 "$log"
    step fail "build $preset"
    finish
}

run_tests() { # PRESET [CTEST OPTION...]
    local preset=$1
    shift
    tell "testing $preset"
    reports+=("$results/$preset.xml")
    ctest --preset "$preset" -j 2 --output-junit "$results/$preset.xml" \
        --test-output-size-passed 4000000 --test-output-size-failed 4000000 "$@"
}

# --- fuzzing ------------------------------------------------------------------------------------

clang() { command -v clang++ || command -v clang++-14; }

fuzz_targets() {
    local source
    for source in tests/fuzz/*_fuzz.cpp; do
        [[ -e $source ]] && basename "$source" .cpp
    done
}

fuzz() { # TARGET
    local target=$1 program corpus=$root/build/fuzz/corpus/$1 log=$results/$1.log
    local seeds=() options=()
    program=$(find build/fuzz -name "$target" -type f -executable | head -n 1)
    [[ -d tests/fuzz/corpus/$target ]] && seeds=("tests/fuzz/corpus/$target")
    [[ -e tests/fuzz/$target.dict ]] && options=("-dict=tests/fuzz/$target.dict")
    mkdir -p "$corpus"
    if [[ -n $program ]] && "$program" -max_total_time="$fuzz_seconds" -rss_limit_mb=2048 \
        -timeout=10 -artifact_prefix="$results/" "${options[@]}" "$corpus" "${seeds[@]}" \
        >"$log" 2>&1; then
        printf '%-32s%s\n' "$target" "$(grep -o 'Done.*' "$log" | tail -n 1)"
        step pass "fuzz $target"
    else
        printf '%-32sFAILED, see %s\n' "$target" "$log"
        tail -n 30 "$log"
        step fail "fuzz $target"
    fi
}

run_fuzz() {
    local target
    tell "fuzzing each target for $fuzz_seconds s"
    for target in $(fuzz_targets); do
        fuzz "$target" &
        (($(jobs -rp | wc -l) < 2)) || wait -n
    done
    wait
}

# --- the run ------------------------------------------------------------------------------------

$install && install_packages
install_node_packages

part "the tests under ASan and UBSan, then fuzzing, what is promised in seconds and bytes, TSan"
# What is fuzzed runs under the same sanitizers: one build of Clang's serves the tests too.
sanitized=asan
compiler=$(clang) && sanitized=fuzz
build "$sanitized" ${compiler:+"-DCMAKE_CXX_COMPILER=$compiler"}
run_tests "$sanitized"
part "fuzzing, then what is promised in seconds and bytes, TSan"
if [[ $sanitized == fuzz ]]; then
    run_fuzz
else
    step skip fuzzing "no clang++"
fi
part "what is promised in seconds and bytes, then TSan"
if in_time "what is promised in seconds and bytes"; then
    # Those promises hold for a build without sanitizers.
    build release -- lanchat echo_bot tapswitch short_lived store_tests sim
    run_tests release -L measured
fi
part "TSan"
if in_time "threads under TSan"; then
    build tsan -- unit_tests node_tests sim sim_judge_tests
    run_tests tsan -L 'unit|sim'
    step skip "TSan: values and the brain" "they have no threads; the simulator's worlds run"
    step skip "TSan: what speaks gRPC" "Debian's libgrpc is not instrumented: its locks look like races"
fi
if [[ ${LANCHAT_FULL:-} != 1 ]]; then
    step skip "full counts" "reduced: tests/run.sh --full runs them"
fi
finish
