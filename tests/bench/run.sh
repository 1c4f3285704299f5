#!/bin/sh
# Builds the release preset and measures it; arguments go to bench.py.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
cd "$root"
cmake --preset release >/dev/null
cmake --build --preset release --target lanchat_bench lanchat
exec python3 "$here/bench.py" --build "$root/build/release" "$@"
