#!/usr/bin/env bash
# Runs the commands that README.md and docs/ show, as a newcomer would, against a debug engine of its own,
# and looks at how they are answered. Commands that start servers, tests or benches of their own are
# only looked up. Needs a built engine (cargo build -p engine), curl, jq and script (bsdutils).
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
mkdir -p "$folder/home/.local/share/bash-completion/completions" "$folder/home/.config/fish/completions"

# What the pages take for granted: the built engine instead of a build, a terminal that somebody leaves,
# a bench of a second, streams that end.
cat >"$folder/prelude.sh" <<PRELUDE
export ENGINE_URL=http://127.0.0.1:$port PORT=$port DATA_DIR=$folder/data HOME=$folder/home
fpath=("" "$folder/home")
engine() {
    case \$1 in
    top)
        # drawn is what differs, so words stand apart; q ends it, and must even when nothing was drawn
        { timeout 20 sh -c "until grep -aqs accepted $folder/top; do sleep 0.1; done" || true; printf q; } |
            script -qefc "stty rows 40 cols 120; $engine_program top" /dev/null >"$folder/top"
        grep -aq accepted "$folder/top"
        ;;
    bench) "$engine_program" bench --seconds 1 ;;
    *) "$engine_program" "\$@" ;;
    esac
}
curl() {
    case "\$*" in
    *"/api/stream"*) timeout 2 curl "\$@" || [ \$? = 124 ] ;;
    *) command curl -w '%{stderr}HTTP %{http_code}\n' "\$@" ;;
    esac
}
# the stream that a page stops may have ended before
kill() { builtin kill "\$@" || true; }
# a handshake is enough: what comes after it is tested elsewhere
websocat() {
    { timeout 2 curl -s -o /dev/null -D /dev/stderr --http1.1 -H 'Connection: Upgrade' -H 'Upgrade: websocket' \\
        -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==' "\${1/ws:/http:}" 2>&1 ||
        [ \$? = 124 ]; } |
        sed -n 's/^HTTP.1.1 \([0-9]*\).*/HTTP \1/p' >&2
}
PRELUDE
id=$("$engine_program" submit --url "http://127.0.0.1:$port" --in SOL --out USDC --amount-in 1 | sed -n 's/^order //p')

# The commands of a page.
commands() { awk '/^```sh$/ { inside = 1; next } /^```/ { inside = 0 } inside' "$1"; }

# run PAGE ANSWERS [WITHOUT] [SHOWS]: all commands of a page but those that match WITHOUT. curl is content with
# every answer, so the statuses are compared with a pattern; what comes without one must show SHOWS.
run() {
    { cat "$folder/prelude.sh"; commands "$1" | grep -Ev "${3:-^$}"; } |
        sed -e "s|localhost:3000|localhost:$port|g; s|ORDER_ID|$id|; s|^\./engine |engine |" \
            -e '/^alias engine=/d' >"$folder/page.sh"
    (cd "$folder" && bash -euo pipefail page.sh) >"$folder/output" 2>&1 </dev/null ||
        { cat "$folder/page.sh" "$folder/output" >&2; echo "$1: a command failed" >&2; exit 1; }
    answers=$(sed -n 's/.*HTTP \([0-9]*\)$/\1/p' "$folder/output" | xargs)
    [[ "$answers" =~ ^$2$ ]] ||
        { cat "$folder/output" >&2; echo "$1: answered with $answers, not $2" >&2; exit 1; }
    grep -qE "${4:-}" "$folder/output" ||
        { cat "$folder/output" >&2; echo "$1: nothing shows ${4:-}" >&2; exit 1; }
    echo "$1: $(wc -l <"$folder/output") lines of output"
}

# placed, known, quoted, tokens, venues, refused, insufficient balance, placed and canceled, perhaps only once its
# worker comes to it
run docs/TUTORIAL.md "201 200 200 200 200 400 422 201 20[02]" "" '"type":"event"'
# placed, followed, explained; services are started, and killed, by tests of their own
run README.md "201 101 200" '^(\./engine|cargo run --release)  |^\./scripts/test.sh|^docker|^export |^cargo build|PORT='
run docs/STREAMS.md "" "" '"type":"(heartbeat|event)"'
# the signature of the order that was submitted
run docs/TERMINAL.md "" "^export ENGINE_URL" '^[1-9A-HJ-NP-Za-km-z]{86,88}$'

# made and restored; a test runs the commands for PostgreSQL
run docs/BACKUP.md "" "^(pg_|psql)" "restored to"

# What pages name is there, their links lead somewhere, and none has commands that nobody decided about.
for page in README.md CONTRIBUTING.md SECURITY.md docs/*.md docs/internals/*.md; do
    case $page in
    README.md | docs/TUTORIAL.md | docs/STREAMS.md | docs/TERMINAL.md | docs/BACKUP.md) ;;
    CONTRIBUTING.md | docs/OPERATIONS.md | docs/PERFORMANCE.md | docs/DEPLOYMENT.md | docs/internals/DASHBOARD.md) ;;
    *) [ -z "$(commands "$page")" ] || { echo "$page: its commands are not run" >&2; exit 1; } ;;
    esac
    for file in $(grep -ohE '(scripts/[a-z_]+\.sh|docker-compose[a-z.]*\.yml)' "$page" | sort -u); do
        [ -e "$file" ] || { echo "$page: there is no $file" >&2; exit 1; }
    done
    # no `grep -q` at the end of a pipe: it stops reading, and what writes to it fails
    for link in $(grep -oE '\]\([^) ]+\)' "$page" | sed 's/^](//; s/)$//' | grep -vE '^https?:|^\.\./\.\./releases$'); do
        file=$page anchor=
        case $link in *#*) anchor=${link#*#} ;; esac
        [ -z "${link%%#*}" ] || file=$(dirname "$page")/${link%%#*}
        [ -e "$file" ] || { echo "$page: $link leads nowhere" >&2; exit 1; }
        [ -z "$anchor" ] || sed -n 's/^#* //p' "$file" | tr '[:upper:]' '[:lower:]' | sed 's/[^a-z0-9 _-]//g; s/ /-/g' |
            grep -xF "$anchor" >/dev/null || { echo "$page: $link leads nowhere" >&2; exit 1; }
    done
done
