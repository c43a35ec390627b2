#!/usr/bin/env bash
# The whole test command: installs what the tests need where it may, starts private throw-away
# servers, and runs formatting, lints, all tests, the Postman collection against real processes, and a
# short check of the API against its own description. Needs Rust; everything else it brings.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n== %s\n' "$1"; }

# Debian's packages that the tests need and this machine lacks.
missing=()
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || missing+=(postgresql)
ls /usr/lib/*/faketime/libfaketime.so.1 >/dev/null 2>&1 || missing+=(libfaketime)
command -v redis-server >/dev/null || missing+=(redis-server)
[ -x /usr/sbin/pgbouncer ] || missing+=(pgbouncer)
[ -x /usr/sbin/nginx ] || missing+=(nginx-light)
command -v caddy >/dev/null || missing+=(caddy)
command -v cc >/dev/null || missing+=(build-essential)
command -v node >/dev/null || missing+=(nodejs)
command -v npm >/dev/null || missing+=(npm)
command -v chromium >/dev/null || missing+=(chromium)
command -v jq >/dev/null || missing+=(jq)
command -v script >/dev/null || missing+=(bsdutils)
python3 -c 'import venv, ensurepip' 2>/dev/null || missing+=(python3-venv)
if [ "${#missing[@]}" -gt 0 ]; then
    step "install ${missing[*]}"
    if ! command -v apt-get >/dev/null; then
        echo "please install: ${missing[*]} (PostgreSQL 15 or later, Redis 7 or later)" >&2
        exit 1
    fi
    as_root=()
    [ "$(id -u)" = 0 ] || as_root=(sudo)
    "${as_root[@]}" apt-get update -qq
    DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq "${missing[@]}" </dev/null
fi

# Nothing is built twice in one run, so incremental files would only cost time and disk.
[ -z "${CI:-}" ] || export CARGO_INCREMENTAL=0

step "formatting"
cargo fmt --all --check

step "lints"
cargo clippy --locked --workspace --all-targets -- -D warnings

step "build"
cargo build --locked --workspace --bins

step "commands of the pages"
./scripts/docs.sh

step "dashboard"
./scripts/dashboard.sh

step "tests"
./scripts/servers.sh cargo test --locked --workspace --no-fail-fast

step "Postman collection, with newman"
./scripts/servers.sh ./scripts/postman.sh

step "the API against its description, with schemathesis"
./scripts/contract.sh

step "a generated Python client"
./scripts/clients.sh

step "dependencies"
if command -v cargo-deny >/dev/null; then
    cargo deny check bans licenses sources # advisories need the internet: the CI workflow checks them
else
    echo "cargo-deny is not installed, so licenses and sources are left to the CI workflow"
fi
