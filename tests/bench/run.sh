#!/bin/sh
# Builds the release preset and measures it; arguments go to bench.py. With `--beside COMMIT` as the
# first, that commit is built too, in a folder of its own, and both take turns.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)

build() { # FOLDER OF THE SOURCE
    (cd "$1" && cmake --preset release >/dev/null &&
        cmake --build --preset release --target lanchat_bench lanchat)
}

if [ "${1:-}" = --beside ]; then
    commit=$(git -C "$root" rev-parse --verify "${2:?a commit}^{commit}")
    other=$root/build/beside/$commit
    [ -d "$other" ] || git -C "$root" worktree add --detach "$other" "$commit"
    shift 2
    build "$other"
    set -- --beside "$other/build/release" "$@"
fi
build "$root"
exec python3 "$here/bench.py" --build "$root/build/release" "$@"
