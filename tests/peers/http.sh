#!/usr/bin/env bash
# Durable logins over HTTP with wrk: distinct ids, 1,000 accounts, at 1, 64 and 256 connections.
#
#   tests/peers/http.sh [SECONDS [DIR]]
#
# SEATLEDGER names a binary to measure; without it `cargo build --release --locked` makes one. Server and
# load share the machine. Needs wrk and curl.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
seconds=${1:-10} dir=${2:-/var/tmp}
if [[ -z ${SEATLEDGER:-} ]]; then
  (cd "$root" && cargo build --release --locked -p seatledger)
  SEATLEDGER=${CARGO_TARGET_DIR:-$root/target}/release/seatledger
fi
work=$(mktemp -d "$dir/seatledger-http-XXXXXX")
server=
trap '[[ -z $server ]] || kill "$server" 2>/dev/null || true; wait 2>/dev/null; rm -rf "$work"' EXIT

"$SEATLEDGER" --data "$work/ledger" serve --listen 127.0.0.1:0 2>"$work/log" &
server=$!
for _ in $(seq 100); do
  grep -q 'listening on' "$work/log" && break
  kill -0 "$server" || { cat "$work/log" >&2; exit 1; }
  sleep 0.1
done
url=$(sed -n 's/^listening on \([^;]*\);.*/\1/p' "$work/log")
token=$(sed -n 's/.*shown once: //p' "$work/log")

# One connection for all of them.
for number in $(seq 1000); do
  printf 'next\nurl = "%s/v1/accounts"\nheader = "authorization: Bearer %s"\nheader = "content-type: application/json"\ndata = "{\\"name\\":\\"a%s\\",\\"licences\\":10}"\noutput = "/dev/null"\n' \
    "$url" "$token" "$number"
done >"$work/accounts"
curl --silent --fail --config "$work/accounts"

for connections in 1 64 256; do
  threads=$((connections < 2 ? 1 : 2))
  echo -n "$connections connections: "
  wrk --threads "$threads" --connections "$connections" --duration "${seconds}s" --timeout 10s --latency \
    --script "$here/http.lua" "$url" -- "$token" "$connections-$RANDOM" | tail -n 1
done
ps -o rss= -p "$server" | awk '{printf "memory of the server: %d MiB\n", $1 / 1024}'
curl --silent "$url/metrics" | grep -E '^seatledger_(commits|syncs)_total'
