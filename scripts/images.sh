#!/usr/bin/env bash
# Starts the images with Compose as a user would and looks at what they do: an order goes through the proxy to its
# end, with several APIs and workers; events arrive while they happen; an API may die; the engine in one process
# keeps its orders over a restart. Builds the images first unless they are there. Needs docker with Compose, curl, jq.
# It uses projects and volumes of its own. On failure the logs of the containers are in target/images.
set -euo pipefail
cd "$(dirname "$0")/.."

export PORT=${PORT:-3900} SIM_PRESET=ideal POSTGRES_PASSWORD='p@ss/w:rd #1' REDIS_PASSWORD=not-a-secret
url=http://127.0.0.1:$PORT
logs=target/images
mkdir -p "$logs"

step() { printf '\n== %s\n' "$1"; }
services() { docker compose --project-name images-services --file docker-compose.yml "$@"; }
embedded() { docker compose --project-name images-embedded --file docker-compose.engine.yml "$@"; }

finish() {
    status=$?
    trap - EXIT
    if [ "$status" != 0 ]; then
        services ps --all >"$logs/services.log" 2>&1 || true
        services logs --no-color --timestamps >>"$logs/services.log" 2>&1 || true
        embedded ps --all >"$logs/engine.log" 2>&1 || true
        embedded logs --no-color --timestamps >>"$logs/engine.log" 2>&1 || true
        echo "failed; the logs are in $logs" >&2
    fi
    services down --volumes --timeout 15 >/dev/null 2>&1 || true
    embedded down --volumes --timeout 15 >/dev/null 2>&1 || true
    exit "$status"
}
trap finish EXIT

# Places an order and prints its id.
place() {
    curl -fsS "$url/api/orders/execute" -H 'content-type: application/json' \
        -d '{"tokenIn":"SOL","tokenOut":"USDC","amountIn":"1"}' | jq -er .orderId
}

status_of() { curl -fsS "$url/api/orders/$1" | jq -er .status; }

# Waits until an order has ended; it must be confirmed.
confirmed() {
    for _ in $(seq 60); do
        status=$(status_of "$1")
        case $status in
        confirmed) return ;;
        failed | canceled | expired) break ;;
        esac
        sleep 0.5
    done
    echo "order $1 is $status, not confirmed" >&2
    return 1
}

# expect STATUS curl-arguments: the status of an answer.
expect() {
    found=$(curl -s -o /dev/null -w '%{http_code}' "${@:2}") || true
    [ "$found" = "$1" ] || { echo "curl ${*:2}: $found, not $1" >&2; return 1; }
}

step "services: 2 APIs, 2 workers"
services up --detach --wait --wait-timeout 180 --scale api=2 --scale worker=2
order=$(place)
confirmed "$order"
expect 200 "$url/"
expect 403 -H 'Host: evil.example' "$url/api/orders"
expect 101 --max-time 5 --http1.1 -H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' \
    -H 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==' "$url/api/orders/execute?orderId=$order"

step "events arrive while they happen"
curl -sN --max-time 60 -H 'accept: text/event-stream' "$url/api/stream" >"$logs/stream" &
stream=$!
sleep 1
order=$(place)
for _ in $(seq 40); do
    grep -q "$order" "$logs/stream" && break
    sleep 0.25
done
grep -q "$order" "$logs/stream" || { echo "the stream does not show order $order within 10 s" >&2; exit 1; }
kill "$stream"
wait "$stream" 2>/dev/null || true

step "an API dies"
docker kill "$(services ps --quiet api | head -n 1)" >/dev/null
for _ in $(seq 20); do last=$(place); done
confirmed "$last"

step "the command line"
services run --rm -T cli orders --limit 1 --json | jq -e 'length == 1' >/dev/null
services down --volumes --timeout 15

step "the engine in one process"
embedded up --detach --wait --wait-timeout 180
order=$(place)
confirmed "$order"
embedded up --detach --wait --wait-timeout 180 --force-recreate
[ "$(status_of "$order")" = confirmed ]
expect 403 -H 'Host: evil.example' "$url/api/orders"
embedded down --volumes --timeout 15

step "all images work"
