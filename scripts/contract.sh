#!/usr/bin/env bash
# Checks that the API is what it says it is: schemathesis reads /api/openapi.json of a running engine
# and sends what that admits, and what it does not. No answer may be a 5xx or differ from the document.
# Needs python3 with venv and a built engine (cargo build -p engine).
#
#   CONTRACT_EXAMPLES=2000 ./scripts/contract.sh    a long run: at most so many requests for each call and phase
#   CONTRACT_SEED=7 ./scripts/contract.sh           with other requests
set -euo pipefail
cd "$(dirname "$0")/.."

schemathesis=target/schemathesis
if [ ! -x $schemathesis/bin/st ]; then
    python3 -m venv $schemathesis
    $schemathesis/bin/pip install --quiet --disable-pip-version-check schemathesis==4.32.5
fi

folder=$(mktemp -d)
trap 'kill "$engine" 2>/dev/null || true; wait; rm -rf "$folder"' EXIT
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
PORT=$port DATA_DIR=$folder SIM_PRESET=instant RUST_LOG=error ./target/debug/engine serve &
engine=$!

$schemathesis/bin/st --config-file scripts/schemathesis.toml run "http://127.0.0.1:$port/api/openapi.json" \
    --wait-for-schema 30 --seed "${CONTRACT_SEED:-1}" --max-examples "${CONTRACT_EXAMPLES:-25}"
