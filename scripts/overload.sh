#!/usr/bin/env bash
# Ten times the orders that can be executed, for two minutes: shows that the API refuses what it cannot
# take, stays small and quick, loses nothing it took, and takes orders again soon after.
#
#   ./scripts/overload.sh            # 120 s
#   SECONDS_OF_LOAD=30 ./scripts/overload.sh
#
# One worker executes 50 orders at once, each of about 0.7 s, which sustains about 70 orders a second.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ -z "${TEST_DATABASE_URL:-}" ]; then
    cargo build --locked --profile dist --workspace --bins
    exec ./scripts/servers.sh "$0" "$@"
fi

seconds=${SECONDS_OF_LOAD:-120} rate=700
export DATABASE_URL=$TEST_DATABASE_URL REDIS_URL=$TEST_REDIS_URL RUST_LOG=error PAPER_BALANCES=SOL=9000000000
export SIM_PRESET=ideal SIM_LANDING_MIN_MS=400 SIM_LANDING_MAX_MS=600 WORKER_CONCURRENCY=50 MAX_IN_FLIGHT_ORDERS=2000
bin=${ENGINE_PROGRAMS:-target/dist}
port=${PORT:-3870}
PORT=$port "$bin/order-api" & api=$!
WORKER_PORT=$((port + 1)) "$bin/order-worker" & worker=$!
trap 'kill $api $worker 2>/dev/null; wait' EXIT
until "$bin/order-api" --check --port "$port" && "$bin/order-worker" --check --worker-port $((port + 1)); do sleep 0.1; done 2>/dev/null

rss() { awk '/^VmRSS/ { print $2 }' "/proc/$1/status"; }
samples=$(mktemp)
(while sleep 1; do echo "$(rss $api) $(rss $worker)"; done) >"$samples" & sampler=$!
before="$(rss $api) $(rss $worker)"

"$bin/engine" bench --yes --url "http://127.0.0.1:$port" --rate $rate --seconds "$seconds" --concurrency 128 --accept-only
burst_over=$(date +%s%N)
until curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/api/orders/execute" \
    -H 'content-type: application/json' -d '{"tokenIn":"SOL","tokenOut":"USDC","amountIn":"1"}' | grep -q 201; do
    sleep 0.05
done
echo "orders are accepted again $((($(date +%s%N) - burst_over) / 1000000)) ms after the burst"
kill $sampler
echo "resident memory, KiB, API and worker: $before before, at most $(awk '{ if ($1 > a) a = $1; if ($2 > w) w = $2 } END { print a, w }' "$samples")"
rm -f "$samples"

psql() { command psql -X -t -A "$DATABASE_URL" -c "$1"; }
until [ "$(psql "SELECT count(*) FROM orders WHERE wake_at IS NOT NULL")" = 0 ]; do sleep 0.5; done
echo "orders stored, confirmed, landed on chain: $(psql "SELECT (SELECT count(*) FROM orders), (SELECT count(*) FROM orders WHERE status = 'confirmed'), (SELECT count(*) FROM simulated_transactions WHERE outcome = 'landed')")"
