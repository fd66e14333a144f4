#!/usr/bin/env bash
# Durable logins over HTTP with distinct ids, 1,000 accounts, by wrk; and what keeps a server busy besides.
#
#   tests/peers/http.sh logins  [SECONDS [DIR]]   at 1, 64, 256 connections, each beside PostgreSQL's one statement
#   tests/peers/http.sh line    [SECONDS [DIR]]   64 connections: accounts that queue beside accounts that deny
#   tests/peers/http.sh streams [SECONDS [DIR]]   1 and 64 connections, without and with 10,000 open event streams
#   tests/peers/http.sh sessions [SECONDS [DIR]]  a million live sessions of 10,000 accounts, heard of every 40 s
#
# SEATLEDGER names a binary to measure; without it `cargo build --release --locked` makes one. Server and load share
# the machine. PostgreSQL is asked by pgbench over a Unix socket with prepared statements, durable as we are, by
# tests/peers/postgres/one_statement.sql (half of it log-outs) and, where SEATLEDGER_SHARED has it, by the still
# smaller statement of the issue, which only grants. Needs wrk and curl; as root it installs what is missing.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
what=${1:-logins} seconds=${2:-5} dir=${3:-/var/tmp} accounts=1000 licences=10
source "$here/serving.sh"
source "$here/postgres.sh"
talk() { echo "$*" >&2; }
fact() { echo "$1 $2: $3"; }
packages_installed() {
  command -v "$1" >/dev/null && return
  ((EUID == 0)) || { why="$1 is missing; install ${*:2}"; return 1; }
  apt-get install -qy --no-upgrade --no-install-recommends "${@:2}" >&2
}

work=$(mktemp -d "$dir/seatledger-http-XXXXXX")
chmod 755 "$work"
mkdir "$work/log"
clean_up() {
  serving_stop
  postgres_stop
  rm -rf "$work"
}
trap clean_up EXIT

# pgbench_line SCRIPT CLIENTS: the same figures as of us.
pgbench_line() {
  local threads=$(($2 < 2 ? 1 : 2))
  rm -f "$work"/pgbench_log*
  "$pg_bin/pgbench" -n -M prepared -h "$work/pg" -U postgres -c "$2" -j "$threads" -T $((seconds + $2 / 64)) \
    -D accounts=$accounts -f "$1" --log "--log-prefix=$work/pgbench_log" postgres >"$work/pgbench" 2>>"$work/log/pgbench"
  cat "$work"/pgbench_log* | cut -d ' ' -f 3 | sort -n | awk -v tps="$(awk '/^tps/ {print $3}' "$work/pgbench")" '
    {a[NR] = $1}
    function at(p) {return a[int((NR - 1) * p) + 1] / 1000}
    END {printf "%.0f answers/s, p50 %.2f ms, p99 %.2f ms, p99.9 %.2f ms\n", tps, at(0.5), at(0.99), at(0.999)}'
}

logins() {
  local connections strongest=${SEATLEDGER_SHARED:-}/peers/postgres
  postgres_prepare || { echo "PostgreSQL: $why" >&2; exit 1; }
  open_accounts a $accounts $licences
  for connections in 1 64 256; do
    echo "$connections connections, Seatledger over HTTP: $(log_in $connections "$seconds")"
    sql -v accounts=$accounts -v seats=$licences -f "$here/postgres/schema.sql" >&2 2>>"$work/log/psql"
    echo "$connections clients, PostgreSQL, one statement, logins and log-outs: $(pgbench_line "$here/postgres/one_statement.sql" $connections)"
    if [[ -f $strongest/c_one_stmt.sql ]]; then
      sql -f "$strongest/schema.sql" >&2 2>>"$work/log/psql"
      echo "$connections clients, PostgreSQL, one statement, logins only: $(pgbench_line "$strongest/c_one_stmt.sql" $connections)"
    fi
  done
}

line() {
  local round
  open_accounts d $accounts 20 '{\"when-full\":\"deny\"}'
  open_accounts q $accounts 20 '{\"when-full\":\"queue\"}'
  open_accounts e $accounts 10 '{\"when-full\":\"deny\"}'
  open_accounts r $accounts 10 '{\"when-full\":\"queue\"}'
  for round in 1 2 3; do
    echo "a seat for each, deny:      $(log_in 64 "$seconds" d 20)"
    echo "a seat for each, queue:     $(log_in 64 "$seconds" q 20)"
  done
  for round in 1 2; do
    echo "seats for half, deny:       $(log_in 64 "$seconds" e 20)"
    echo "seats for half, the line:   $(log_in 64 "$seconds" r 20)"
  done
}

streams() {
  local connections streams=10000 follower
  open_accounts a $streams $licences
  log_in 64 2 >/dev/null
  for connections in 1 64; do echo "no stream, $connections connections: $(log_in $connections "$seconds"), $(memory)"; done
  mkfifo "$work/stop"
  python3 "$here/streams.py" "$url" "$token" $streams <"$work/stop" >"$work/streams" &
  follower=$!
  exec 8>"$work/stop"
  until grep -q open "$work/streams"; do kill -0 $follower && sleep 0.2; done
  echo "$(head -n 1 "$work/streams"): the server takes $(memory)"
  for connections in 1 64; do echo "$streams streams, $connections connections: $(log_in $connections "$seconds"), $(memory)"; done
  exec 8>&-
  wait $follower
  tail -n 1 "$work/streams"
}

sessions() {
  local sessions=${SESSIONS:-1000000} over=${ACCOUNTS:-10000}
  # A longer lease, while they begin, than the 120 s that they have later.
  open_accounts a "$over" $((sessions / over)) '{\"lease\":\"3600 s\"}'
  open_accounts m 100 10
  python3 "$here/sessions.py" "$url" "$token" "$server" "$over" "$sessions" "${PERIOD:-40}" "$seconds"
}

case $what in
  logins | line | streams | sessions) ;;
  *) sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
packages_installed wrk wrk && packages_installed curl curl
serving_binary
serve "$work"
$what
echo "memory of the server at the end: $(memory)"
curl --silent "$url/metrics" | grep -E '^seatledger_(commits|syncs)_total'
