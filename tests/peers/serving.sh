# shellcheck shell=bash disable=SC2034
# A server of Seatledger for loads over HTTP, on a ledger of its own: sets `server` (its process), `url`, `token`.

serving_binary() {
  [[ -z ${SEATLEDGER:-} ]] || return 0
  (cd "$root" && cargo build --release --locked -p seatledger)
  SEATLEDGER=${CARGO_TARGET_DIR:-$root/target}/release/seatledger
}

# serve FOLDER
serve() {
  "$SEATLEDGER" --data "$1/ledger" serve --listen 127.0.0.1:0 2>"$1/server.log" &
  server=$!
  for _ in $(seq 100); do
    grep -q 'listening on' "$1/server.log" && break
    kill -0 "$server" || { cat "$1/server.log" >&2; exit 1; }
    sleep 0.1
  done
  url=$(sed -n 's/^listening on \([^;]*\);.*/\1/p' "$1/server.log")
  token=$(sed -n 's/.*shown once: //p' "$1/server.log")
}

serving_stop() {
  [[ -z ${server:-} ]] || kill "$server" 2>/dev/null || true
  wait 2>/dev/null || true
}

# open_accounts PREFIX COUNT LICENCES [POLICY]: PREFIX1, PREFIX2, ..., 64 at a time over kept connections.
open_accounts() {
  local number
  for number in $(seq "$2"); do
    printf 'next\nurl = "%s/v1/accounts"\nheader = "authorization: Bearer %s"\nheader = "content-type: application/json"\ndata = "{\\"name\\":\\"%s%s\\",\\"licences\\":%s,\\"policy\\":%s}"\noutput = "/dev/null"\n' \
      "$url" "$token" "$1" "$number" "$3" "${4:-{\}}"
  done >"$work/accounts"
  curl --silent --fail --parallel --parallel-max 64 --config "$work/accounts" 2>/dev/null
}

memory() { ps -o rss= -p "$server" | awk '{printf "%d MiB", $1 / 1024}'; }

# log_in CONNECTIONS SECONDS [PREFIX [USERS]]: one line of figures.
log_in() {
  local threads=$(($1 < 2 ? 1 : 2))
  wrk --threads "$threads" --connections "$1" --duration "${2}s" --timeout 10s --latency \
    --script "$here/http.lua" "$url" -- "$token" "$1-$RANDOM$RANDOM" "${3:-a}" "${4:-20}" | tail -n 1
}
