//! Durable means fsynced: the system calls show that no answer leaves before the log is on disk.
//!
//! A child admits logins under `strace`. In the order of the calls, every acknowledgement (a write to
//! stdout) must come after an `fdatasync` of the journal that *began* after the last write to it which could
//! hold the acknowledged commit. With one login in flight that is every write before it. The first commits
//! after the start go to the volumes directly, and are not looked at here.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on panics")]

use std::collections::BTreeSet;
use std::process::{Command, Stdio};

#[test]
fn every_acknowledgement_follows_a_sync_of_the_log() {
    let home = tempfile::tempdir().unwrap();
    let trace = home.path().join("trace");
    let mut child = Command::new("strace")
        .args(["-f", "-y", "-e", "trace=write,pwrite64,fdatasync,fsync,openat", "-o"])
        .arg(&trace)
        .arg(env!("CARGO_BIN_EXE_crash_child"))
        .arg(home.path().join("ledger"))
        .args(["7", "1"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("strace is installed (`apt-get install strace`)");
    let out = std::io::BufReader::new(child.stdout.take().unwrap());
    let heard = std::io::BufRead::lines(out).map_while(Result::ok).take(300).count();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(heard, 300, "the child answered");

    let trace = std::fs::read_to_string(&trace).unwrap();
    let (mut dirty, mut syncing) = (false, BTreeSet::new());
    let (mut acks, mut syncs, mut records) = (0, 0, 0);
    let mut pending_dirty = false;
    for line in trace.lines() {
        let thread = line.split_whitespace().next().unwrap_or_default().to_owned();
        let of_log = line.contains("/journal/");
        let call = line.split_whitespace().nth(1).unwrap_or_default();
        if call.starts_with("pwrite64(") && of_log {
            dirty = true;
            pending_dirty = true;
            records += 1;
        } else if call.starts_with("fdatasync(") && of_log {
            syncs += 1;
            pending_dirty = false;
            if line.contains("unfinished") {
                syncing.insert(thread);
            } else {
                dirty = false;
            }
        } else if line.contains("fdatasync resumed") && syncing.remove(&thread) {
            dirty = pending_dirty;
        } else if call.starts_with("write(1<") && line.contains("\"ack ") {
            acks += 1;
            assert!(!dirty, "acknowledged before the log was synced: {line}");
        }
    }
    assert!(acks > 200, "acknowledgements are in the trace ({acks})");
    assert!(syncs + 1 >= acks, "each has its sync ({syncs} for {acks})");
    assert!(records >= syncs, "each sync has a record to sync ({records} for {syncs})");
}
