#!/usr/bin/env bash
# Runs the Postman collection with newman against the services mode: two APIs and two workers as real
# processes over the servers of TEST_DATABASE_URL and TEST_REDIS_URL (see servers.sh).
set -euo pipefail
cd "$(dirname "$0")/.."

newman=target/newman/node_modules/.bin/newman
[ -x "$newman" ] || npm install --silent --no-fund --no-audit --prefix target/newman newman@6.2.2 >/dev/null

export DATABASE_URL=$TEST_DATABASE_URL REDIS_URL=$TEST_REDIS_URL REDIS_PREFIX=postman
export SIM_PRESET=ideal RUST_LOG=warn
started=()
trap 'kill "${started[@]}" 2>/dev/null || true; wait' EXIT

free_port() { node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })'; }
ports=()
for _ in 1 2; do
    port=$(free_port)
    PORT=$port ./target/debug/order-api & started+=($!)
    ports+=("$port")
    port=$(free_port)
    WORKER_PORT=$port ./target/debug/order-worker & started+=($!)
    ports+=("$port")
done
for port in "${ports[@]}"; do
    for _ in $(seq 150); do
        node -e "fetch('http://127.0.0.1:$port/health/ready').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))" && break
        sleep 0.2
    done
done
"$newman" run postman/order-execution-engine.postman_collection.json \
    --env-var "baseUrl=http://127.0.0.1:${ports[0]}" --delay-request 20 --color off --reporter-cli-no-banner
