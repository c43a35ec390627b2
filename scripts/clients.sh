#!/usr/bin/env bash
# Generates a Python client from docs/openapi.json and trades with it: a warning of the generator is a part of
# the API that typed clients cannot use. The TypeScript client is the dashboard (scripts/dashboard.sh).
# Needs python3 with venv and a built engine (cargo build --workspace --bins).
set -euo pipefail
cd "$(dirname "$0")/.."

generator=target/openapi-python-client
if [ ! -x $generator/bin/openapi-python-client ]; then
    python3 -m venv $generator
    $generator/bin/pip install --quiet --disable-pip-version-check openapi-python-client==0.29.1
fi

folder=$(mktemp -d)
trap 'kill "$engine" 2>/dev/null || true; wait; rm -rf "$folder"' EXIT
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
PORT=$port DATA_DIR=$folder/data SIM_PRESET=instant RUST_LOG=error ./target/debug/engine serve >"$folder/log" &
engine=$!

echo 'post_hooks: []' >"$folder/config.yml"
$generator/bin/openapi-python-client generate --path docs/openapi.json --config "$folder/config.yml" \
    --output-path "$folder/client" --fail-on-warning
PYTHONPATH=$folder/client $generator/bin/python scripts/clients/trade.py "http://127.0.0.1:$port"
