#!/usr/bin/env bash
# Configures and builds a preset, and tells how far it is: a line that changes on a terminal, a few
# lines elsewhere. All that the tools say goes to a file.
#
#   cmake/build.sh LOG PRESET [CMAKE OPTION...] [-- TARGET...]
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
log=$1 preset=$2
shift 2
options=() targets=()
while (($# > 0)) && [[ $1 != -- ]]; do options+=("$1") && shift; done
(($# > 1)) && shift && targets=(--target "$@")

# In the shell itself: Debian's awk keeps what it reads until it has a whole buffer of it.
show() {
    local line done_steps all_steps tenth told='' terminal=false
    [[ -t 1 ]] && terminal=true
    while IFS= read -r line; do
        [[ $line =~ ^\[([0-9]+)/([0-9]+)\] ]] || continue
        done_steps=${BASH_REMATCH[1]} all_steps=${BASH_REMATCH[2]}
        tenth=$((10 * done_steps / all_steps))
        if $terminal; then
            printf '\r[%d/%d] ' "$done_steps" "$all_steps"
        elif [[ $tenth != "$told" ]]; then
            printf '   [%d/%d]\n' "$done_steps" "$all_steps"
        fi
        told=$tenth
    done
    if $terminal && [[ -n $told ]]; then printf '\r\e[K'; fi
}

: >"$log"
cmake --preset "$preset" "${options[@]}" >>"$log" 2>&1 </dev/null &&
    cmake --build --preset "$preset" "${targets[@]}" 2>&1 </dev/null | tee -a "$log" | show
