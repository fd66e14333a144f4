# shellcheck shell=bash disable=SC2154,SC2034
# PostgreSQL 15: a private cluster on the disk in question, asked by pgbench over a Unix socket with prepared
# statements. Durability on and read back; settings that spare it work during a short run.

pg_bin=${PG_BIN:-/usr/lib/postgresql/15/bin}
pg_user() { if ((EUID == 0)); then runuser -u postgres -- "$@"; else "$@"; fi; }
sql() { "$pg_bin/psql" -X -q -A -t -v ON_ERROR_STOP=1 -h "$work/pg" -U postgres -d postgres "$@"; }

postgres_one="one statement"
postgres_lock="SELECT FOR UPDATE"
postgres_event="event table, unique version"
postgres_gathered="64 requests one pipelined transaction"

postgres_prepare() {
  if [[ ! -x $pg_bin/pgbench ]]; then
    [[ -z ${PG_BIN:-} ]] || { why="PG_BIN=$PG_BIN holds no pgbench"; return 1; }
    local had_cluster=no
    [[ ! -e /etc/postgresql/15/main ]] || had_cluster=yes
    packages_installed "$pg_bin/pgbench" postgresql-15 || return 1
    # Debian starts a cluster when it installs the package; it would only be in the way.
    [[ $had_cluster == yes ]] || pg_ctlcluster 15 main stop >&2 || true
  fi
  mkdir "$work/pg" && { ((EUID != 0)) || chown postgres "$work/pg"; }
  pg_user "$pg_bin/initdb" -D "$work/pg/data" -U postgres -A trust -E UTF8 --locale=C \
    >"$work/log/initdb" 2>&1 || { why="initdb failed: $(tail -n 1 "$work/log/initdb")"; return 1; }
  local quarter
  quarter=$(awk '/MemTotal/ {m = $2 / 4096; print (m > 4096) ? 4096 : int(m)}' /proc/meminfo)
  pg_user tee -a "$work/pg/data/postgresql.conf" >/dev/null <<CONF
listen_addresses = ''
unix_socket_directories = '$work/pg'
max_connections = 600
fsync = on
synchronous_commit = on
full_page_writes = on
autovacuum = on
shared_buffers = ${quarter}MB
wal_buffers = 64MB
min_wal_size = 4GB
max_wal_size = 16GB
checkpoint_timeout = 30min
jit = off
CONF
  pg_user "$pg_bin/pg_ctl" -D "$work/pg/data" -s -w -l "$work/pg/server.log" start ||
    { why="the server does not start: $(tail -n 1 "$work/pg/server.log")"; return 1; }
  postgres_gathered_script >"$work/gathered.sql"
  local name readings=""
  for name in fsync synchronous_commit full_page_writes; do
    [[ $(sql -c "SHOW $name") == on ]] || { why="$name is not on"; return 1; }
    readings+="$name=on, "
  done
  fact postgres version "$(sql -c 'SHOW server_version'), pgbench over a Unix socket, prepared statements"
  fact postgres settings "${readings%, } (read back), shared_buffers=${quarter}MB, wal_buffers=64MB, max_wal_size=16GB and checkpoint_timeout=30min (no checkpoint during a measurement), autovacuum on"
}

postgres_stop() {
  [[ -f $work/pg/data/postmaster.pid ]] || return 0
  pg_user "$pg_bin/pg_ctl" -D "$work/pg/data" -s -m immediate stop >&2
}

# The one statement, 64 times in one transaction sent without waiting: what a client that gathers its users'
# requests can get. Every client keeps to its own accounts, so that no two transactions lock each other.
postgres_gathered_script() {
  local request
  request=$(sed -e '/^--/d' -e '/^\\set a /d' "$here/postgres/one_statement.sql")
  echo '\startpipeline'
  echo 'BEGIN;'
  for _ in $(seq 64); do
    echo '\set a 1 + :client_id + :clients * random(0, :accounts / :clients - 1)'
    echo "$request"
  done
  echo 'COMMIT;'
  echo '\endpipeline'
}

# postgres_measure WHAT WAY CLIENTS ROUND
postgres_measure() {
  local what=$1 way=$2 clients=$3 round=$4 script rows lawful count log=() out p50=null
  local over
  over=$(accounts_of "$what")
  case $way in
    "$postgres_lock")
      script=$here/postgres/for_update.sql rows="session" count="count(*) - $((licences / 2 * over)), count(*) - $((licences / 2 * over)) + count(released)"
      lawful="SELECT count(*) FROM account a WHERE used > seats OR
        used <> (SELECT count(*) FROM session s WHERE s.account = a.id AND released IS NULL)" ;;
    "$postgres_event")
      script=$here/postgres/event_append.sql rows="events WHERE version > 1"
      count="count(*) FILTER (WHERE step = 1), count(*)"
      lawful="SELECT count(*) FROM (SELECT held, $((licences / 2)) + sum(step) OVER
        (PARTITION BY account ORDER BY version) AS folded FROM events) e WHERE held <> folded OR held > $licences OR held < 0" ;;
    *)
      script=$here/postgres/one_statement.sql rows="seat_log" count="count(*) FILTER (WHERE step = 1), count(*)"
      [[ $way != "$postgres_gathered" ]] || script=$work/gathered.sql
      lawful="SELECT count(*) FROM account a LEFT JOIN
        (SELECT account, sum(step) FROM seat_log GROUP BY account) s ON s.account = a.id
        WHERE used > seats OR used < 0 OR used <> $((licences / 2)) + coalesce(s.sum, 0)" ;;
  esac
  sql -v accounts="$over" -v seats=$licences -f "$here/postgres/schema.sql" 2>>"$work/log/psql" >&2
  rm -f "$work"/pgbench_log*
  [[ $what != latency ]] || log=(--log "--log-prefix=$work/pgbench_log")
  # pgbench's time includes making the connections, its rate does not: many clients get a little longer.
  local duration=$((seconds + clients / 64))
  local syncs_before synced=wal_sync threads=$(($(nproc) < clients ? $(nproc) : clients))
  [[ $(sql -c 'SHOW wal_sync_method') != open_datasync ]] || synced=wal_write
  syncs_before=$(sql -c "SELECT $synced FROM pg_stat_wal")
  out=$("$pg_bin/pgbench" -n -M prepared -h "$work/pg" -U postgres -c "$clients" -j "$threads" -T "$duration" \
    -D accounts="$over" -D seats=$licences -D clients="$clients" -f "$script" "${log[@]}" postgres \
    2>>"$work/log/pgbench")
  [[ $(sql -c "SELECT count(*) FROM ($lawful) l WHERE l.count <> 0") == 0 ]] ||
    { echo "postgres, $way: accounts have miscounted their seats" >&2; exit 1; }
  if [[ $what == latency ]]; then
    p50=$(cut -d ' ' -f 3 "$work"/pgbench_log* | sort -n | awk '{a[NR] = $1} END {print a[int((NR + 1) / 2)]}')
    # Statistics arrive a little late. Written with O_DSYNC, a write is a sync.
    fact postgres sync "wal_sync_method=$(sql -c 'SHOW wal_sync_method'); $(($(sql -c 'SELECT pg_sleep(1)' \
      -c "SELECT $synced FROM pg_stat_wal" | tail -n 1) - syncs_before)) syncs of the log for $(sql -c \
      'SELECT count(*) FROM seat_log') commits at 1 client (pg_stat_wal.$synced)"
  fi
  measured postgres "$what" "$way" "$clients" "$round" "$(
    awk -v stored="$(sql -F ' ' -c "SELECT $count FROM $rows")" -v p50="$p50" '
      BEGIN {mean = "null"}
      /actually processed/ {n = $NF + 0}
      /^tps/ {tps = $3}
      /^latency average = / {mean = $4}
      END {
        split(stored, s, " ")
        per = (n > 0) ? tps / n : 0
        printf "{\"grants_per_s\": %.0f, \"stored_per_s\": %.0f, \"mean_ms\": %s, \"p50_us\": %s}", s[1] * per, s[2] * per, mean, p50
      }' <<<"$out")"
}

postgres_sweep() {
  local clients method way
  # The two ways to sync a log that are durable and can be fast; the better one stays.
  for method in fdatasync open_datasync; do
    sql -c "ALTER SYSTEM SET wal_sync_method = $method" -c "SELECT pg_reload_conf()" >/dev/null
    postgres_measure $method "$postgres_one" 64 0
  done
  method=$(python3 "$here/table.py" better "$results" postgres fdatasync open_datasync)
  sql -c "ALTER SYSTEM SET wal_sync_method = $method" -c "SELECT pg_reload_conf()" >/dev/null
  talk "postgres: wal_sync_method = $method is the better"
  for way in "$postgres_one" "$postgres_lock" "$postgres_event"; do
    for clients in 1 4 16 64 128 256 512; do postgres_measure spread "$way" $clients 0; done
    for clients in 1 4 16 64 128; do postgres_measure hot "$way" $clients 0; done
  done
  for clients in 1 2 4 8; do postgres_measure spread "$postgres_gathered" $clients 0; done
  postgres_measure hot "$postgres_gathered" 1 0
}

postgres_round() {
  local round=$1 what way rows bytes per_row begun took size
  for what in spread hot; do
    for way in "$postgres_one" "$postgres_lock" "$postgres_event" "$postgres_gathered"; do
      postgres_measure $what "$way" "$(best postgres $what "$way")" "$round"
    done
  done
  postgres_measure latency "$postgres_one" 1 "$round"
  while IFS=$'\t' read -r way rows bytes per_row; do
    ((round > 1)) || postgres_history_table "h$bytes" "$rows" "$bytes"
    for _ in warm timed; do
      begun=$(date +%s%N)
      sql -c "COPY (SELECT account, version, at, data FROM h$bytes ORDER BY pos) TO STDOUT (FORMAT binary)" >/dev/null
      took=$(($(date +%s%N) - begun))
    done
    size=$(sql -c "SELECT pg_total_relation_size('h$bytes')")
    measured postgres history "$way" 1 "$round" "$(awk -v n="$rows" -v t="$took" -v b="$size" -v p="$per_row" \
      'BEGIN {printf "{\"rows_per_s\": %.0f, \"bytes_per_row\": %.2f, \"events_per_row\": %s}", n / t * 1e9, b / n, p}')"
  done < <(history_rows)
}

# The same history as an event table with its version unique, filled in order and vacuumed.
postgres_history_table() {
  sql >/dev/null 2>>"$work/log/psql" <<SQL
CREATE TABLE $1(pos bigint GENERATED ALWAYS AS IDENTITY, account int NOT NULL, version bigint NOT NULL,
  at timestamptz NOT NULL DEFAULT now(), data bytea NOT NULL, PRIMARY KEY (account, version));
CREATE UNIQUE INDEX ON $1(pos);
INSERT INTO $1(account, version, data)
  SELECT g % $accounts, g / $accounts + 1, decode(repeat('ab', $3), 'hex') FROM generate_series(0, $2 - 1) g;
VACUUM (FREEZE, ANALYZE) $1;
CHECKPOINT;
SQL
}
