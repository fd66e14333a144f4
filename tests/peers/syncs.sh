# shellcheck shell=bash disable=SC2154,SC2034
# How many times a peer really asks the kernel to sync, counted by strace where it is installed. Sourced.

# syncs_traced COMMAND...: runs it, counting its fsync and fdatasync calls.
syncs_traced() {
  if command -v strace >/dev/null; then
    exec strace -f -c -o "$work/syncs" -e trace=fsync,fdatasync "$@"
  else
    exec "$@"
  fi
}

# syncs_counted FIGURES: says so many syncs for so many commits.
syncs_counted() {
  local commits
  commits=$(python3 "$here/table.py" field stored <<<"$1")
  [[ -s $work/syncs ]] || { echo "not counted: strace is not installed"; return; }
  awk -v commits="$commits" '
    $NF == "fsync" || $NF == "fdatasync" {said = said $4 " " $NF " "}
    END {print (said ? said : "NO SYNC AT ALL ") "for " commits " commits at 1 client (strace)"}' "$work/syncs"
  rm -f "$work/syncs"
}
