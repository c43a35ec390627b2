#!/usr/bin/env bash
# Measures the engine on this machine and writes the table of docs/PERFORMANCE.md: everything runs here
# at once, load generator, API, worker, PostgreSQL with its default durability, and Redis.
#
#   ./scripts/bench.sh                          # all scenarios
#   ./scripts/bench.sh end_to_end accept        # some of them
#   QUICK=1 ./scripts/bench.sh                  # short, to see that it works
#   WALLET_ORDERS=200000 ./scripts/bench.sh wallet
#
# Scenarios: floor end_to_end accept overhead delivery followers embedded backlog growth idle start wallet export
#
#   AGAINST=../before/target/dist ./scripts/bench.sh against    # end to end beside the programs of another build, by turns
#
# After every scenario the databases are checked as after a chaos run.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ -z "${TEST_DATABASE_URL:-}" ]; then
    cargo build --locked --profile dist --workspace --bins --example store_rate
    exec ./scripts/servers.sh "$0" "$@"
fi

all=(floor end_to_end accept overhead delivery followers embedded backlog growth idle start wallet export)
[ $# -gt 0 ] || set -- "${all[@]}"
bin=target/dist page=docs/PERFORMANCE.md
port=3880 url=http://127.0.0.1:3880
work=$(mktemp -d)
api='' worker=''
stop() { for pid in $api $worker; do kill "$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true; done; api='' worker=''; }
trap 'stop; rm -rf "$work"' EXIT
export RUST_LOG=error REDIS_URL=$TEST_REDIS_URL MAX_IN_FLIGHT_ORDERS=10000000
export SIM_PRESET=instant PAPER_BALANCES=SOL=9000000000 # more than any run spends

scale() { [ -z "${QUICK:-}" ] && echo "$1" || echo "$2"; }
sql() { psql -X -q -t -A -v ON_ERROR_STOP=1 "$DATABASE_URL" -c "$1"; }

# A database and a queue of their own for every measurement.
fresh() {
    stop
    name=bench_$RANDOM$RANDOM
    psql -X -q "$TEST_DATABASE_URL" -c "CREATE DATABASE $name" -c CHECKPOINT
    export DATABASE_URL=${TEST_DATABASE_URL%/*}/$name REDIS_PREFIX=$name
}
start_api() { PORT=$port "$bin/order-api" & api=$!; until "$bin/order-api" --check --port $port 2>/dev/null; do sleep 0.05; done; }
start_worker() { WORKER_PORT=$((port + 1)) "$bin/order-worker" & worker=$!; until "$bin/order-worker" --check --worker-port $((port + 1)) 2>/dev/null; do sleep 0.05; done; }
services() { fresh; start_api; start_worker; }
bench() { "$bin/engine" bench --yes --url $url --json --patience-s 900 "$@" >"$work/json" || { cat "$work/json" >&2; exit 1; }; }
# A short run shows that it works and leaves the drawings alone.
plot() { [ -z "${QUICK:-}" ] && echo "docs/images/bench-$1.svg" || echo "$work/$1.svg"; }
# Whether what is stored keeps the promises, as after a chaos run.
check() { "$bin/check" "$@" >"$work/check" || { cat "$work/check" >&2; exit 1; }; }

# A figure of the last report: `figure confirmed`, `figure acceptToEnd p99Ms`.
figure() {
    awk -v section="${2:+$1}" -v key="${2:-$1}" '
        /": \{/ { split($0, part, "\""); inside = part[2] }
        /^  \}/ { inside = "" }
        $0 ~ "\"" key "\":" && inside == section { gsub(/[,"]/, "", $2); print $2 + 0 }' "$work/json"
}
round() { awk -v value="$1" -v digits="${2:-0}" 'BEGIN { printf "%." digits "f", value }'; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }
redis_pid() { redis-cli -u "$REDIS_URL" info server | tr -d '\r' | sed -n 's/^process_id://p'; }
cpu_ticks() { awk '{ print $14 + $15 }' "/proc/$1/stat"; } # hundredths of a second
postgres_ticks() { total=0; for pid in $(pgrep -x postgres); do total=$((total + $(cpu_ticks "$pid" 2>/dev/null || echo 0))); done; echo $total; }
peak_mb() { awk '/^VmHWM/ { printf "%.1f", $2 / 1024 }' "/proc/$1/status"; }
rss_mb() { awk '/^VmRSS/ { printf "%.1f", $2 / 1024 }' "/proc/$1/status"; }
row() { printf '| %s | %s | %s | %s |\n' "$@" | tee -a "$work/table"; }

floor=''
measure_floor() {
    fresh
    floor=$(target/dist/examples/store_rate --orders "$(scale 60000 5000)" | sed -n 's/^accepted and executed: \([0-9]*\).*/\1/p')
}
run_floor() {
    measure_floor
    row "floor: the store's writes alone, grouped, without engine, queue and chain" "$floor /s" "" "\`store_rate\`"
}
run_end_to_end() {
    [ -n "$floor" ] || measure_floor
    MAX_IN_FLIGHT_ORDERS=10000 services # the load is to follow the workers, not to run ahead of them
    before_api=$(cpu_ticks $api) before_worker=$(cpu_ticks $worker) before_postgres=$(postgres_ticks) before_redis=$(cpu_ticks "$(redis_pid)")
    began=$(date +%s%N)
    bench --seconds "$(scale 60 5)" --concurrency 64 --plot "$(plot end-to-end)"
    took=$((($(date +%s%N) - began) / 10000000))
    share() { awk -v ticks="$1" -v all="$took" 'BEGIN { printf "%.0f %%", 100 * ticks / all }'; }
    shares="CPU of a core: API $(share $(($(cpu_ticks $api) - before_api))), worker $(share $(($(cpu_ticks $worker) - before_worker))), PostgreSQL $(share $(($(postgres_ticks) - before_postgres))), Redis $(share $(($(cpu_ticks "$(redis_pid)") - before_redis)))"
    row "orders executed end to end, durable, $(scale 60 5) s" "$(round "$(figure endedPerSecond)") /s, $(ratio "$(figure endedPerSecond)" "$floor") of the floor" "≥ 2,500 /s, ≥ 0.4" \
        "$(figure confirmed) orders, 64 connections; $shares; RSS API $(rss_mb $api) MB, worker $(rss_mb $worker) MB"
    check
}
run_accept() {
    fresh; start_api
    bench --seconds "$(scale 20 3)" --concurrency 64 --accept-only --plot "$(plot accept)"
    check --open-orders
    row "orders accepted, workers off" "$(round "$(figure acceptedPerSecond)") /s, p99 $(round "$(figure acceptLatency p99Ms)" 1) ms" "≥ 8,000 /s, p99 ≤ 50 ms" \
        "p50 $(round "$(figure acceptLatency p50Ms)" 1) ms; RSS API $(rss_mb $api) MB"
}
run_overhead() {
    # every simulated delay is fixed, so what is left over it is the engine's
    export SIM_PRESET=ideal SIM_QUOTE_LATENCY_MS=200 SIM_QUOTE_JITTER_MS=0 SIM_LANDING_MIN_MS=2000 SIM_LANDING_MAX_MS=2000
    services
    bench --rate 10 --seconds "$(scale 60 5)" --plot "$(plot overhead)"
    check
    over() { awk -v ms="$(figure acceptToEnd "$1")" 'BEGIN { printf "%.1f ms", ms - 2200 }'; }
    row "overhead of the engine at 10 orders/s over 2,200 ms of simulated delays" "p50 $(over p50Ms), p99 $(over p99Ms)" "p50 ≤ 10 ms, p99 ≤ 30 ms" "$(figure confirmed) orders, acceptance to \`confirmed\`"
    unset SIM_QUOTE_LATENCY_MS SIM_QUOTE_JITTER_MS SIM_LANDING_MIN_MS SIM_LANDING_MAX_MS
    export SIM_PRESET=instant
}
run_delivery() {
    export SIM_PRESET=ideal SIM_QUOTE_LATENCY_MS=50 SIM_QUOTE_JITTER_MS=0 SIM_LANDING_MIN_MS=300 SIM_LANDING_MAX_MS=300
    services
    bench --rate 170 --seconds "$(scale 30 5)" --followers 150 --plot "$(plot delivery)"
    check
    row "event → WebSocket message at about 1,000 events/s" "p50 $(round "$(figure delivery p50Ms)" 1) ms, p99 $(round "$(figure delivery p99Ms)" 1) ms" "p50 ≤ 3 ms, p99 ≤ 20 ms" \
        "$(figure delivery count) live messages; from the event's time, which is before its commit"
    unset SIM_QUOTE_LATENCY_MS SIM_QUOTE_JITTER_MS SIM_LANDING_MIN_MS SIM_LANDING_MAX_MS
    export SIM_PRESET=instant
}
run_followers() {
    count=$(scale 10000 200)
    # so many at once, each for 350 ms, that about 170 orders a second move on by six events
    export SIM_PRESET=ideal SIM_QUOTE_LATENCY_MS=50 SIM_QUOTE_JITTER_MS=0 SIM_LANDING_MIN_MS=300 SIM_LANDING_MAX_MS=300
    fresh; start_api
    bench --rate 500 --orders "$count" --followers "$count" --accept-only --plot "$(plot followers)" & load=$!
    until [ "$(curl -s $url/health | sed 's/.*"streams":\([0-9]*\).*/\1/')" = "$count" ]; do kill -0 $load; sleep 0.2; done
    idle=$(rss_mb $api)
    WORKER_CONCURRENCY=60 start_worker
    wait $load
    check
    row "$count followers on one API, idle, then about 1,000 events/s" "RSS up to $(peak_mb $api) MB; p50 $(round "$(figure delivery p50Ms)" 1) ms, p99 $(round "$(figure delivery p99Ms)" 1) ms" "≤ 250 MB, p99 ≤ 100 ms, all complete" \
        "idle $idle MB; $(figure delivery count) live messages, $(figure incompleteStreams) streams incomplete"
    unset SIM_QUOTE_LATENCY_MS SIM_QUOTE_JITTER_MS SIM_LANDING_MIN_MS SIM_LANDING_MAX_MS
    export SIM_PRESET=instant
}
run_embedded() {
    stop
    env -u DATABASE_URL -u REDIS_URL "$bin/engine" --port $port --data-dir "$work/embedded" >/dev/null & api=$!
    until curl -s -o /dev/null "$url/health/ready"; do sleep 0.05; done
    bench --seconds "$(scale 20 3)" --concurrency 64
    stop
    env -u DATABASE_URL -u REDIS_URL "$bin/check" --data-dir "$work/embedded" >"$work/check" || { cat "$work/check" >&2; exit 1; }
    row "embedded mode (SQLite), end to end" "$(round "$(figure endedPerSecond)") /s" "≥ 1,500 /s" "$(figure confirmed) orders; API and worker in one process"
}
# Accepts so many orders without a worker, then drains them: seconds of the drain.
drain() {
    fresh; start_api
    bench --orders "$1" --concurrency 64 --accept-only
    began=$(date +%s%N)
    start_worker
    until [ "$(sql "SELECT NOT EXISTS (SELECT FROM orders WHERE wake_at IS NOT NULL)")" = t ]; do sleep 0.1; done
    drained=$((($(date +%s%N) - began) / 1000000))
}
run_backlog() {
    small=$(scale 2000 500) large=$(scale 200000 5000)
    drain "$small"; per_small=$(awk -v ms=$drained -v n="$small" 'BEGIN { printf "%.3f", ms / n }')
    check
    drain "$large"; check; per_large=$(awk -v ms=$drained -v n="$large" 'BEGIN { printf "%.3f", ms / n }')
    memory=$(redis-cli -u "$REDIS_URL" info memory | tr -d '\r' | sed -n 's/^used_memory_peak:\(.*\)/\1/p')
    row "backlog of $large orders accepted with no worker, then drained" "$per_large ms per order; $small: $per_small ms" "no slower than 2,000" \
        "Redis up to $((memory / 1024 / 1024)) MB over the whole run"
}
# Finished orders with their events, attempts and transactions, as copies of one.
store_old() {
    sql "CREATE TABLE sample AS SELECT * FROM orders WHERE status = 'confirmed' AND attempt = 1 LIMIT 1;
         CREATE FUNCTION old_id(n int) RETURNS uuid IMMUTABLE LANGUAGE sql AS
             \$\$ SELECT (lpad(to_hex(n), 8, '0') || '-0000-7000-8000-000000000000')::uuid \$\$;
         CREATE FUNCTION old_signature(signature text, n int) RETURNS text IMMUTABLE LANGUAGE sql AS
             \$\$ SELECT overlay(signature placing translate((n + 10000000)::text, '0', 'A') from 40 for 8) \$\$;
         INSERT INTO orders (id, account_id, idempotency_key, fingerprint, spec, status, attempt, last_seq, created_at, updated_at, fill, wake_at)
         SELECT old_id(n), o.account_id, 'old-' || n, o.fingerprint, o.spec, o.status, o.attempt, o.last_seq, o.created_at, o.updated_at, o.fill, NULL
         FROM generate_series(1, $1) n, sample o;
         INSERT INTO order_events (order_id, seq, status, kind, attempt, at, data)
         SELECT old_id(n), e.seq, e.status, e.kind, e.attempt, e.at, e.data
         FROM generate_series(1, $1) n, order_events e WHERE e.order_id = (SELECT id FROM sample);
         INSERT INTO attempts (order_id, number, venue, signature, signed_bytes, last_valid_block_height, state, created_at, resolved_at)
         SELECT old_id(n), a.number, a.venue, old_signature(a.signature, n), a.signed_bytes, a.last_valid_block_height, a.state, a.created_at, a.resolved_at
         FROM generate_series(1, $1) n, attempts a WHERE a.order_id = (SELECT id FROM sample);
         INSERT INTO simulated_transactions (signature, signed_bytes, received_at, settles_at, outcome, slot, amount_in, amount_out, fee)
         SELECT old_signature(t.signature, n), t.signed_bytes, t.received_at, t.settles_at, t.outcome, t.slot, t.amount_in, t.amount_out, t.fee
         FROM generate_series(1, $1) n, simulated_transactions t
         WHERE t.signature = (SELECT signature FROM attempts WHERE order_id = (SELECT id FROM sample))" >/dev/null
    sql "VACUUM ANALYZE" >/dev/null
    sql CHECKPOINT >/dev/null
}
run_growth() {
    stored=$(scale 2000000 20000)
    MAX_IN_FLIGHT_ORDERS=10000 services
    bench --seconds "$(scale 5 1)" --concurrency 64 # warm
    bench --seconds "$(scale 30 3)" --concurrency 64
    few=$(figure endedPerSecond)
    check # not below: it would read all the copies
    store_old "$stored"
    bench --seconds "$(scale 5 1)" --concurrency 64
    bench --seconds "$(scale 30 3)" --concurrency 64
    many=$(figure endedPerSecond)
    row "growth: end-to-end rate with $stored orders stored" "$(ratio "$many" "$few") of the rate without" "≥ 0.9" "$(round "$many") /s and $(round "$few") /s, in one run; with their events, attempts and transactions"
}
# Downloads a file and says how long it took and what memory it cost the API that serves it.
export_csv() {
    before=$(rss_mb $api)
    echo 5 >"/proc/$api/clear_refs" # the peak starts over
    began=$(date +%s%N)
    lines=$(curl -sf "$url/api/$1?format=csv" | wc -l)
    echo "$lines lines in $(awk -v ns=$(($(date +%s%N) - began)) 'BEGIN { printf "%.1f s", ns / 1e9 }'), RSS $before → at most $(peak_mb $api) MB"
}
run_export() {
    stored=$(scale 1000000 20000)
    services
    bench --orders 100 --concurrency 8
    check # not below: it would read all the copies
    store_old "$stored"
    sql "INSERT INTO entries (wallet_id, cause, seq, attempt, at, postings)
         SELECT wallet_id, old_id(n), seq, attempt, at, postings
         FROM generate_series(1, $stored) n, entries WHERE cause = (SELECT id FROM sample)" >/dev/null
    row "export of $stored orders, and of the postings of their wallet, as CSV" \
        "$(export_csv orders/export); $(export_csv wallets/default/postings/export)" "bounded memory" "the memory is the API's"
}
# All orders of all processes trade from one wallet: its balances are what every group of writes locks.
run_wallet() {
    orders=${WALLET_ORDERS:-$(scale 1000000 5000)}
    MAX_IN_FLIGHT_ORDERS=10000 services
    PORT=$((port + 2)) "$bin/order-api" & api="$api $!"
    WORKER_PORT=$((port + 3)) "$bin/order-worker" & worker="$worker $!"
    until "$bin/order-api" --check --port $((port + 2)) 2>/dev/null; do sleep 0.05; done
    until "$bin/order-worker" --check --worker-port $((port + 3)) 2>/dev/null; do sleep 0.05; done
    "$bin/engine" bench --yes --url "http://127.0.0.1:$((port + 2))" --json --patience-s 900 --orders $((orders / 2)) --concurrency 32 >"$work/other" &
    other=$!
    bench --orders $((orders / 2)) --concurrency 32
    wait $other || { cat "$work/other" >&2; exit 1; }
    deadlocks=$(sql "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    [ "$deadlocks" = 0 ] || { echo "$deadlocks deadlocks" >&2; exit 1; }
    many=$(round "$(figure endedPerSecond)")
    check
    services
    bench --rate 1000 --seconds "$(scale 60 3)"
    check
    row "one wallet: $orders orders through two APIs and two workers, then 1,000 orders/s through one of each" \
        "$((2 * many)) /s; at 1,000 /s from acceptance to \`confirmed\` p50 $(round "$(figure acceptToEnd p50Ms)" 1) ms, p99 $(round "$(figure acceptToEnd p99Ms)" 1) ms" \
        "1,000 /s" "no deadlock; $(figure confirmed) orders confirmed in the second part"
}
# End to end with these programs and with others, by turns, each turn on a database of its own.
run_against() {
    own=$bin
    : "${AGAINST:?the folder with the programs of the other build}"
    : >"$work/rates"
    for turn in 1 2 3 4 5; do
        for build in own other; do
            [ $build = own ] && bin=$own || bin=$AGAINST
            MAX_IN_FLIGHT_ORDERS=10000 services
            bench --seconds "$(scale 20 2)" --concurrency 64
            echo "$build $(figure endedPerSecond)" | tee -a "$work/rates" >&2
        done
    done
    bin=$own
    median() { awk -v build="$1" '$1 == build { print $2 }' "$work/rates" | sort -n | sed -n 3p; }
    row "end to end beside another build, by turns, median of five" "$(ratio "$(median own)" "$(median other)")" "" \
        "$(round "$(median own)") /s, the other $(round "$(median other)") /s"
}
run_idle() {
    services
    sleep 3
    before=$(($(cpu_ticks $api) + $(cpu_ticks $worker)))
    rest=$(scale 30 5); sleep "$rest"
    ticks=$(($(cpu_ticks $api) + $(cpu_ticks $worker) - before))
    row "idle cost" "RSS API $(rss_mb $api) MB, worker $(rss_mb $worker) MB; CPU $(awk -v t=$ticks -v s="$rest" 'BEGIN { printf "%.2f", t / s }') % of a core" "≤ 25 MB each, ≤ 1 % together" "over $rest s"
}
run_start() {
    stop
    best='' worst=0
    for n in 1 2 3 4 5; do
        began=$(date +%s%N)
        env -u DATABASE_URL -u REDIS_URL "$bin/engine" --port $port --data-dir "$work/start-$n" >/dev/null & pid=$!
        until curl -s -o /dev/null "$url/health/ready"; do sleep 0.005; done
        took=$((($(date +%s%N) - began) / 1000000))
        kill $pid; wait $pid 2>/dev/null || true
        [ "$took" -gt "$worst" ] && worst=$took
        if [ -z "$best" ] || [ "$took" -lt "$best" ]; then best=$took; fi
    done
    row "start: embedded, exec to the first request served" "$best to $worst ms" "≤ 300 ms" "five starts on empty folders"
}

# What the machine gives at this hour, to compare runs by.
hash=$(openssl speed -seconds 2 -bytes 16384 -evp sha256 2>/dev/null | awk '/^sha256/ { printf "%.0f", $2 / 1000 }')
sync=$(pg_test_fsync -s 1 -f "$work/sync" 2>/dev/null | awk '/^ +fdatasync / { print $2; exit }')
loop=$(python3 -c 'import time; t = time.perf_counter(); sum(i for i in range(10**7)); print(round(time.perf_counter() - t, 2))')
machine="Before the run a core hashed $hash MB/s (SHA-256), ten million turns of a Python loop took $loop s, and the disk synced $(round "$sync") times per second."

printf '| scenario | measured | target | remarks |\n|---|---|---|---|\n' >"$work/table"
for scenario in "$@"; do "run_$scenario"; done
printf '\n%s, %s cores, at commit %s. %s\n' "$(date -u +%F)" "$(nproc)" "$(git rev-parse --short HEAD 2>/dev/null || echo unknown)" "$machine" >>"$work/table"
awk -v table="$work/table" '
    /^<!-- measured -->/ { print; print ""; while ((getline line < table) > 0) print line; print ""; inside = 1 }
    /^<!-- \/measured -->/ { inside = 0 }
    !inside && !/^<!-- measured -->/' "$page" >"$work/page"
cp "$work/page" "$page"
