#!/bin/sh
# Run a command with WEIHU_DATABASE_URL naming a throw-away PostgreSQL, which is gone afterwards.
# Without PostgreSQL's binaries it says so and runs nothing.
set -eu
export LC_ALL=C.UTF-8
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
[ -n "$bin" ] || bin=$(dirname "$(command -v postgres || echo /none)")
if [ ! -x "$bin/postgres" ]; then
  echo "NOT TESTED on PostgreSQL: its binaries are not here (apt-get install postgresql)" >&2
  exit 0
fi

where=$(mktemp -d /tmp/weihu-postgres-XXXXXX)
if [ "$(id -u)" = 0 ]; then
  # PostgreSQL does not run as root
  chown postgres "$where"
  as_postgres() { setpriv --reuid=postgres --regid=postgres --init-groups -- "$@"; }
else
  as_postgres() { "$@"; }
fi
finish() {
  as_postgres "$bin/pg_ctl" -D "$where/data" -m immediate stop >/dev/null 2>&1 || true
  rm -rf "$where"
}
trap finish EXIT
trap 'exit 130' INT TERM

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
as_postgres "$bin/initdb" -D "$where/data" -U weihu --auth=trust --encoding=UTF8 --no-sync >/dev/null
as_postgres "$bin/pg_ctl" -D "$where/data" -w -l "$where/log" -o "-p $port -k $where -c listen_addresses=127.0.0.1 \
  -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=50" start >/dev/null || {
  cat "$where/log" >&2
  exit 1
}
WEIHU_DATABASE_URL="postgres://weihu@127.0.0.1:$port/weihu"
export WEIHU_DATABASE_URL
as_postgres "$bin/createdb" -h 127.0.0.1 -p "$port" -U weihu weihu
"$@"
