#!/usr/bin/env bash
# Runs a command under private, throw-away servers: PostgreSQL and Redis on free ports, their data
# in a temporary folder. Ends them and removes the folder when the command ends.
#
#   ./scripts/servers.sh cargo test -p infra
#
# The command sees TEST_DATABASE_URL (a superuser of that server) and TEST_REDIS_URL.
set -euo pipefail

say_missing() {
    echo "$1 is not installed; ./scripts/test.sh installs it, or: apt-get install $2" >&2
    exit 1
}

# Debian keeps the server's programs off the PATH.
for folder in /usr/lib/postgresql/*/bin; do
    [ -d "$folder" ] && PATH="$PATH:$folder"
done
command -v initdb >/dev/null || say_missing PostgreSQL postgresql
command -v redis-server >/dev/null || say_missing Redis redis-server

free_port() {
    python3 - <<'PY' 2>/dev/null || echo $((20000 + RANDOM % 20000))
import socket
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
print(listener.getsockname()[1])
PY
}

data=$(mktemp -d)
chmod 755 "$data"
mkdir "$data/postgres"

# PostgreSQL refuses to run as root.
if [ "$(id -u)" = 0 ]; then
    owner=postgres
    id "$owner" >/dev/null 2>&1 || owner=nobody
    chown "$owner" "$data/postgres"
    as_owner() { setpriv --reuid="$owner" --regid="$(id -g "$owner")" --clear-groups -- "$@"; }
else
    as_owner() { "$@"; }
fi
postgres_bin=$(dirname "$(command -v /usr/lib/postgresql/*/bin/initdb initdb 2>/dev/null | head -n 1)")

finish() {
    status=$?
    trap - EXIT
    as_owner "$postgres_bin/pg_ctl" -D "$data/postgres" -m immediate stop >/dev/null 2>&1 || true
    [ -n "${redis:-}" ] && kill "$redis" 2>/dev/null || true
    rm -rf "$data"
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

postgres_port=$(free_port)
(cd "$data/postgres" && as_owner "$postgres_bin/initdb" -D "$data/postgres" -U postgres -A trust \
    --no-instructions -E UTF8 --locale=C >"$data/initdb.log" 2>&1) || { cat "$data/initdb.log" >&2; exit 1; }
(cd "$data/postgres" && as_owner "$postgres_bin/pg_ctl" -D "$data/postgres" -w -t 60 -l "$data/postgres/log" \
    -o "-p $postgres_port -c listen_addresses=127.0.0.1 -c unix_socket_directories='$data/postgres' -c max_connections=300" \
    start >/dev/null) || { cat "$data/postgres/log" >&2; exit 1; }

redis_port=$(free_port)
redis-server --port "$redis_port" --bind 127.0.0.1 --dir "$data" --save '' --appendonly no \
    --maxmemory-policy noeviction >"$data/redis.log" 2>&1 &
redis=$!
for _ in $(seq 100); do
    redis-cli -p "$redis_port" ping >/dev/null 2>&1 && break
    kill -0 "$redis" 2>/dev/null || { cat "$data/redis.log" >&2; exit 1; }
    sleep 0.1
done

export TEST_DATABASE_URL="postgres://postgres@127.0.0.1:$postgres_port/postgres"
export TEST_REDIS_URL="redis://127.0.0.1:$redis_port"
"$@"
