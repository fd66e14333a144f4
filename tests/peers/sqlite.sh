# shellcheck shell=bash disable=SC2154,SC2034
# SQLite inside the load generator's process: WAL, synchronous=FULL, both read back by every connection.

sqlite_load() { "$targets/peers/release/sqlite-load" "$@"; }

sqlite_prepare() {
  packages_installed cc gcc libc6-dev || return 1
  talk "sqlite: building the load"
  load_built sqlite sqlite-load || { why="its load generator does not build; see above"; return 1; }
  local figures
  figures=$( (syncs_traced "$targets/peers/release/sqlite-load" --work each --file "$work/sqlite.db" \
    --accounts 10 --clients 1 --seconds 1))
  rm -f "$work"/sqlite.db*
  fact sqlite settings "$(sqlite_load --work version); journal_mode=WAL and synchronous=FULL read back by every connection, wal_autocheckpoint=20000, cache 256 MiB, prepared statements"
  fact sqlite sync "$(syncs_counted "$figures")"
}

# sqlite_measure WHAT WAY CLIENTS ROUND
sqlite_measure() {
  local what=$1 way=$2 clients=$3 round=$4 work_name=each
  [[ $way == each* ]] || work_name=together
  measured sqlite "$what" "$way" "$clients" "$round" "$(sqlite_load --work $work_name \
    --file "$work/sqlite.db" --accounts "$(accounts_of "$what")" --clients "$clients" --seconds "$seconds")"
  rm -f "$work"/sqlite.db*
}

sqlite_each="each request a transaction"
sqlite_together="all in flight one transaction"

sqlite_sweep() {
  local what clients
  for what in spread hot; do
    for clients in 1 4 16 64; do sqlite_measure $what "$sqlite_each" $clients 0; done
    for clients in 64 256 1024; do sqlite_measure $what "$sqlite_together" $clients 0; done
  done
}

sqlite_round() {
  local round=$1 what way
  for what in spread hot; do
    for way in "$sqlite_each" "$sqlite_together"; do
      sqlite_measure $what "$way" "$(best sqlite $what "$way")" "$round"
    done
  done
  sqlite_measure latency "$sqlite_each" 1 "$round"
  local rows bytes per_row figures
  while IFS=$'\t' read -r way rows bytes per_row; do
    figures=$(sqlite_load --work history --file "$work/sqlite.db" --accounts "$accounts" \
      --events "$rows" --bytes "$bytes")
    rm -f "$work"/sqlite.db*
    measured sqlite history "$way" 1 "$round" "{\"events_per_row\": $per_row, ${figures#\{}"
  done < <(history_rows)
}
