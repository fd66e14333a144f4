# shellcheck shell=bash disable=SC2154,SC2034
# Ours: `seatledger bench`, the library behind the product, with its sync before every answer.

seatledger_prepare() {
  if [[ -z ${SEATLEDGER:-} ]]; then
    talk "building seatledger"
    (cd "$root" && cargo build --quiet --release --locked --bin seatledger >&2)
    SEATLEDGER=$targets/release/seatledger
  fi
  [[ -x $SEATLEDGER ]] || { echo "SEATLEDGER=$SEATLEDGER: no such program" >&2; exit 2; }
  fact seatledger version "$("$SEATLEDGER" --version), library in process, as a Rust vendor embeds it"
}

# seatledger_bench ROUND ARGUMENTS...: the first row of `bench` as JSON.
seatledger_bench() {
  local round=$1
  shift
  "$SEATLEDGER" bench --dir "$work" --seconds "$seconds" --rounds 1 --seed "$round" --format json "$@" \
    2>>"$work/log/seatledger"
}

seatledger_round() {
  local round=$1
  talk "seatledger: round $round"
  seatledger_bench "$round" admit --in-flight 1024 --accounts "$accounts" |
    seatledger_measured spread "1,024 in flight" 1024 "$round"
  seatledger_bench "$round" admit --in-flight 64 --accounts 1 |
    seatledger_measured hot "64 contenders" 64 "$round"
  seatledger_bench "$round" admit --in-flight 1 --accounts "$accounts" |
    seatledger_measured latency "1 in flight" 1 "$round"
  seatledger_bench "$round" replay --events "$events" |
    seatledger_measured history "replay: read, decode, fold" 1 "$round"
}

# Turns the answer of `bench` on stdin into a record.
seatledger_measured() {
  local figures
  figures=$(python3 "$here/table.py" ours)
  measured seatledger "$1" "$2" "$3" "$4" "$figures"
  [[ $1 != latency ]] || fact seatledger sync "$(python3 "$here/table.py" field sync <<<"$figures")"
}
