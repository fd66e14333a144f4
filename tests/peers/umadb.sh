# shellcheck shell=bash disable=SC2154,SC2034
# UmaDB: its own server as a process of its own on the loopback, asked through its own client; conditional appends.

umadb_one="one append per request"
umadb_together="requests of an account appended together"
umadb_pid="" umadb_pipelined=false umadb_connections=16

umadb_prepare() {
  packages_installed protoc protobuf-compiler || return 1
  packages_installed cc gcc libc6-dev || return 1
  talk "umadb: building server and load (several minutes the first time)"
  load_built umadb umadb-server umadb-load || { why="its crates do not build here; see above"; return 1; }
  umadb_address=127.0.0.1:$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
}

# umadb_start [TRACER...]: a fresh store.
umadb_start() {
  "$@" "$targets/peers/release/umadb-server" --listen "$umadb_address" --db-path "$work/uma.db" \
    --pipelined-writer "$umadb_pipelined" --page-cache-max-mb 256 >>"$work/log/umadb" 2>&1 &
  umadb_pid=$!
  local tries=0
  until (exec 3<>"/dev/tcp/${umadb_address/://}") 2>/dev/null; do
    ((++tries < 100)) && kill -0 "$umadb_pid" 2>/dev/null || { echo "umadb does not start" >&2; return 1; }
    sleep 0.1
  done
}

umadb_stop() {
  [[ -n $umadb_pid ]] || return 0
  # Under a tracer the server is its child.
  pkill -TERM -P "$umadb_pid" 2>/dev/null || kill -TERM "$umadb_pid" 2>/dev/null
  wait "$umadb_pid" 2>/dev/null || true
  umadb_pid=""
  rm -f "$work"/uma.db*
}

umadb_load() { "$targets/peers/release/umadb-load" --url "http://$umadb_address" "$@"; }

# umadb_measure WHAT WAY CLIENTS ROUND
umadb_measure() {
  local what=$1 way=$2 clients=$3 round=$4 together=1 figures
  [[ $way != "$umadb_together" ]] || together=1024
  umadb_start
  figures=$(umadb_load --work admit --accounts "$(accounts_of "$what")" --clients "$clients" \
    --connections "$umadb_connections" --together $together --seconds "$seconds")
  umadb_stop
  measured umadb "$what" "$way" "$clients" "$round" "$figures"
}

umadb_sweep() {
  local what clients pipelined connections
  # Its two writers, and few or many connections under the same clients; the better pair stays.
  local ways=()
  for pipelined in false true; do
    for connections in 1 16; do
      umadb_pipelined=$pipelined umadb_connections=$connections
      ways+=("pipelined-writer=$pipelined connections=$connections")
      umadb_measure "${ways[-1]}" "$umadb_one" 256 0
    done
  done
  local chosen
  chosen=$(python3 "$here/table.py" better "$results" umadb "${ways[@]}")
  umadb_pipelined=${chosen#*=} umadb_connections=${chosen##*=}
  umadb_pipelined=${umadb_pipelined%% *}
  fact umadb version "$("$targets/peers/release/umadb-server" --version), a process of its own, gRPC over loopback by its own client"
  fact umadb settings "$chosen (the better of four), page-cache-max-mb=256; one append per account in flight and all state in the client's memory, so that no condition fails and nothing is read"
  for what in spread hot; do
    for clients in 1 16 64 256 1024; do umadb_measure $what "$umadb_one" $clients 0; done
    for clients in 64 1024; do umadb_measure $what "$umadb_together" $clients 0; done
  done
  umadb_start syncs_traced
  talk "umadb: counting its syncs"
  local figures
  figures=$(umadb_load --work admit --accounts 10 --clients 1 --connections 1 --together 1 --seconds 1)
  umadb_stop
  fact umadb sync "$(syncs_counted "$figures")"
}

umadb_round() {
  local round=$1 what way rows bytes per_row figures size
  for what in spread hot; do
    for way in "$umadb_one" "$umadb_together"; do
      umadb_measure $what "$way" "$(best umadb $what "$way")" "$round"
    done
  done
  local chosen=$umadb_pipelined
  for umadb_pipelined in false true; do
    umadb_measure latency "$umadb_one, pipelined-writer=$umadb_pipelined" 1 "$round"
  done
  umadb_pipelined=$chosen
  while IFS=$'\t' read -r way rows bytes per_row; do
    umadb_start
    figures=$(umadb_load --work history --accounts "$accounts" --events "$rows" --bytes "$bytes")
    size=$(umadb_bytes "$work/uma.db")
    umadb_stop
    measured umadb history "$way" 1 "$round" \
      "{\"bytes_per_row\": $(awk -v b="$size" -v n="$rows" 'BEGIN {print b / n}'), \"events_per_row\": $per_row, ${figures#\{}"
  done < <(history_rows)
}

# The store's file grows by 256 MiB of zeros at a time; only the pages in use are counted.
umadb_bytes() {
  python3 - "$1" <<'PYTHON'
import sys

used, page, empty = 0, 4096, bytes(4096)
with open(sys.argv[1], "rb") as store:
    while piece := store.read(page):
        used += page if piece != empty[: len(piece)] else 0
print(used)
PYTHON
}
