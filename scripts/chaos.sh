#!/usr/bin/env bash
# Breaks a running engine in every way it can and checks that its promises hold: private PostgreSQL
# and Redis, two APIs, three workers, clients that repeat and followers that reconnect, and a nemesis.
#
#   ./scripts/chaos.sh --seed 7 --minutes 5 --rate 40
#   ./scripts/chaos.sh --minutes 45 --rate 45 --report table.md     # the long run
#
# Ends with status 1, the seed and the offending order's whole history if a promise was broken.
# DEBUG_BUILD=1 uses the debug build, which is quicker to make.
set -euo pipefail
cd "$(dirname "$0")/.."

profile=release flag=--release
[ -z "${DEBUG_BUILD:-}" ] || { profile=debug flag=; }
cargo build --locked $flag --workspace --bins
exec "target/$profile/chaos" "$@"
