#!/usr/bin/env bash
# A PostgreSQL server for tests: on a free loopback port, its files in one folder, fast rather than durable.
#
#   tests/servers/postgres.sh start FOLDER [PID]   makes and starts it; prints its URL, with a password. With a PID it
#                                                  stops by itself, and its folder goes, soon after that process ends
#   tests/servers/postgres.sh restart FOLDER       at once, breaking all connections; the URL stays
#   tests/servers/postgres.sh stop FOLDER          at once; the folder goes
#
# PostgreSQL refuses to run as root: for root it runs as the user postgres, which Debian's package brings.
set -euo pipefail

usage() {
  sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
  exit 2
}
[ $# -ge 2 ] || usage
folder=$2
password=test-secret

programs=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
[ -n "$programs" ] || programs=$(dirname "$(command -v pg_ctl || true)")
if [ ! -x "$programs/pg_ctl" ]; then
  echo "postgres.sh: PostgreSQL is not installed; run: tools/setup --check" >&2
  exit 1
fi

as_owner=()
[ "$(id -u)" -ne 0 ] || as_owner=(setpriv --reuid=postgres --regid=postgres --clear-groups)
pg_ctl() {
  (cd / && "${as_owner[@]}" "$programs/pg_ctl" -D "$folder/data" -s -w -t 60 "$@" >/dev/null 2>&1)
}

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

make() {
  mkdir -p "$folder"
  folder=$(cd "$folder" && pwd)
  printf '%s' "$password" >"$folder/password"
  [ "$(id -u)" -ne 0 ] || chown -R postgres:postgres "$folder"
  (cd / && "${as_owner[@]}" "$programs/initdb" -D "$folder/data" -U samcache --auth=scram-sha-256 \
    --pwfile="$folder/password" --encoding=UTF8 --locale=C --no-sync >"$folder/initdb.log" 2>&1) ||
    { cat "$folder/initdb.log" >&2; exit 1; }
  cat >>"$folder/data/postgresql.conf" <<END
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
fsync = off
shared_buffers = 32MB
END
}

start() {
  make
  local attempt port
  for attempt in 1 2 3 4 5; do # another program may take the port before the server does
    port=$(free_port)
    if pg_ctl -o "-p $port" -l "$folder/server.log" start; then
      echo "postgresql://samcache:$password@127.0.0.1:$port/postgres"
      return
    fi
  done
  cat "$folder/server.log" >&2
  exit 1
}

stop() {
  pg_ctl -m immediate stop || true
  rm -rf "$folder"
}

stop_with() {
  trap '' INT HUP TERM # a signal for the whole process group means the test, not its server
  while kill -0 "$1" 2>/dev/null; do sleep 1; done
  [ ! -d "$folder" ] || stop
}

case "$1" in
  start)
    start
    if [ $# -ge 3 ]; then stop_with "$3" </dev/null >/dev/null 2>&1 & fi
    ;;
  restart) pg_ctl -m immediate -l "$folder/server.log" restart ;;
  stop) stop ;;
  *) usage ;;
esac
