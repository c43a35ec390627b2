#!/usr/bin/env bash
# Runs every command of docs/TUTORIAL.md, as a newcomer would, against a debug engine of its own.
# Needs a built engine (cargo build -p engine).
set -euo pipefail
cd "$(dirname "$0")/.."

engine_program=$(realpath "${CARGO_TARGET_DIR:-target}/debug/engine")
port=$((20000 + RANDOM % 20000))
folder=$(mktemp -d)
finish() {
    kill "$engine" 2>/dev/null || true
    wait "$engine" 2>/dev/null || true
    rm -rf "$folder"
}
trap finish EXIT
"$engine_program" --port "$port" --data-dir "$folder/data" --sim-preset ideal --rust-log error >"$folder/log" &
engine=$!
until curl -s -o /dev/null "http://127.0.0.1:$port/health/ready"; do
    kill -0 "$engine"
    sleep 0.05
done

# What is marked as commands, with the engine that was built and the port that is free.
awk '/^```sh$/ { inside = 1; next } /^```/ { inside = 0 } inside' docs/TUTORIAL.md |
    sed -e "s|localhost:3000|localhost:$port|g" \
        -e "1i curl() { command curl -w '%{stderr}HTTP %{http_code}\\\\n' \"\$@\"; }" \
        -e "s|^alias engine=.*|engine() { \"$engine_program\" \"\$@\"; }|" >"$folder/tutorial.sh"
ENGINE_URL=http://127.0.0.1:$port bash -euo pipefail "$folder/tutorial.sh" >"$folder/output" 2>&1 ||
    { cat "$folder/tutorial.sh" "$folder/output" >&2; exit 1; }
# curl is content with every answer: placed, known, listed, explained, quoted, refused.
answers=$(sed -n 's/.*HTTP \([0-9]*\)$/\1/p' "$folder/output" | xargs)
[ "$answers" = "201 200 200 200 200 400" ] ||
    { echo "the tutorial was answered with $answers" >&2; cat "$folder/output" >&2; exit 1; }
echo "every command of the tutorial works"
