//! A bit that turns over, a file that is cut short: either nothing is different, or it is refused by position.
//!
//! `DAMAGES` says how many of each (200 and 40 unless set), `DAMAGE_SEED` which; both are printed. Every 100 a new
//! history is damaged.

use crate::appending::tiny;
use crate::drafts::{History, Seeded, fill};
use crate::on_disk::{copy, files};
use ledger::{Draft, Head, Ledger, OpenError, Position, verify};
use seats::Event;
use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;
use tempfile::TempDir;

/// A ledger in two states: closed in good order, and as kill -9 leaves it.
struct Victim {
    dir: TempDir,
    drafts: Vec<Draft>,
    head: Head,
}

impl Victim {
    fn new(seed: u64) -> Victim {
        let dir = tempfile::tempdir().unwrap();
        let ledger = Ledger::create(&dir.path().join("whole"), &tiny()).unwrap();
        let (drafts, heads) = fill(&ledger, &mut History::new(seed, 6), 30, 20);
        let head = *heads.last().unwrap();
        copy(&dir.path().join("whole"), &dir.path().join("killed"));
        drop(ledger);
        Victim { dir, drafts, head }
    }

    /// Damages a copy of one of the two and opens it. Whether nothing is different.
    fn survives(&self, state: &str, damage: impl FnOnce(&Path) -> String) -> bool {
        let damaged = self.dir.path().join("damaged");
        copy(&self.dir.path().join(state), &damaged);
        let what = damage(&damaged);
        let harmless = check_damaged(&damaged, &self.drafts, &self.head, &what);
        fs::remove_dir_all(&damaged).unwrap();
        harmless
    }
}

/// Opens a damaged copy: either nothing is different, or it is refused with a position, again and again.
fn check_damaged(dir: &Path, drafts: &[Draft], head: &Head, what: &str) -> bool {
    match Ledger::open(dir, &tiny()) {
        Ok(ledger) => {
            assert_eq!(ledger.head(), *head, "{what}");
            let read: Result<Vec<_>, _> = ledger.scan(Position(0)).collect();
            let Ok(read) = read else {
                // A finished volume is read only when it is needed; then the damage shows.
                let report = verify::ledger(&ledger, |_, _| ());
                assert!(!report.ok, "{what}");
                return false;
            };
            assert_eq!(read.len(), drafts.len(), "{what}");
            for (record, draft) in read.iter().zip(drafts) {
                assert_eq!(record.commit.events, draft.events, "{what}");
                for event in &draft.events {
                    if let Event::LoginRequested { request, .. } = event {
                        let found = ledger.find_request(draft.account, *request);
                        assert!(found.is_err() || found == Ok(Some(record.position)), "{what}");
                    }
                }
            }
            true
        }
        Err(OpenError::Damaged(first)) => {
            let again = Ledger::open(dir, &tiny()).err();
            let again = again.unwrap_or_else(|| panic!("{what}: {first}, then opened")).to_string();
            assert!(again.contains("damaged at position"), "{what}: {first}, then {again}");
            let report = verify::directory(dir, &tiny(), |_, _| ()).unwrap();
            assert!(!report.ok && report.first_bad.is_some(), "{what}");
            assert!(report.commits < drafts.len() as u64 || report.size == head.size, "{what}");
            false
        }
        Err(error) => panic!("{what}: {error}"),
    }
}

/// Does `damage` so many times, and counts how often nothing was different and how often it was refused.
fn repeatedly(
    rounds: u64,
    mut damage: impl FnMut(&Victim, &mut Seeded, u64) -> bool,
) -> (u64, u64) {
    let number = |name: &str| std::env::var(name).ok().and_then(|n| n.parse::<u64>().ok());
    let rounds = number("DAMAGES").unwrap_or(rounds);
    let seed = number("DAMAGE_SEED").unwrap_or(11);
    println!("DAMAGES={rounds} DAMAGE_SEED={seed}");
    let mut seeded = Seeded(seed);
    let mut victim = Victim::new(seeded.next());
    let (mut harmless, mut refused) = (0, 0);
    for round in 0..rounds {
        if round % 100 == 99 {
            victim = Victim::new(seeded.next());
        }
        let survived = damage(&victim, &mut seeded, round);
        *if survived { &mut harmless } else { &mut refused } += 1;
    }
    println!("{harmless} harmless, {refused} refused, none unnoticed");
    (harmless, refused)
}

#[test]
fn a_flipped_bit_anywhere_changes_nothing_or_is_refused() {
    let (harmless, refused) = repeatedly(200, |victim, seeded, round| {
        let state = if round % 2 == 0 { "whole" } else { "killed" };
        victim.survives(state, |damaged| {
            let mut files = files(damaged);
            files.retain(|path| {
                let name = path.strip_prefix(damaged).unwrap().to_string_lossy().into_owned();
                ["log/", "head", "index/", "journal/"].iter().any(|part| name.starts_with(part))
                    && fs::metadata(path).unwrap().len() > 0
            });
            let path = &files[seeded.below(files.len() as u64) as usize];
            // Most of a small database is empty: aim at what is not.
            let bytes = fs::read(path).unwrap();
            let mut at = seeded.below(bytes.len() as u64) as usize;
            for _ in 0..50 {
                if bytes[at] != 0 {
                    break;
                }
                at = seeded.below(bytes.len() as u64) as usize;
            }
            let bit = seeded.below(8);
            let file = OpenOptions::new().write(true).open(path).unwrap();
            file.write_all_at(&[bytes[at] ^ 1 << bit], at as u64).unwrap();
            format!("round {round}: {} byte {at} bit {bit}", path.display())
        })
    });
    assert!(harmless > 20 && refused > 20, "{harmless} harmless, {refused} refused");
}

#[test]
fn a_truncated_log_changes_nothing_or_is_refused() {
    let (harmless, refused) = repeatedly(40, |victim, seeded, round| {
        victim.survives("killed", |damaged| {
            let mut databases = files(&damaged.join("log"));
            databases.retain(|path| path.ends_with("db") && !path.ends_with("next/db"));
            let path = &databases[seeded.below(databases.len() as u64) as usize];
            // Most of a small database is empty: cut what is not.
            let bytes = fs::read(path).unwrap();
            let length = 1 + bytes.iter().rposition(|byte| *byte != 0).unwrap() as u64;
            let cut = 1 + seeded.below(length);
            OpenOptions::new().write(true).open(path).unwrap().set_len(length - cut).unwrap();
            format!("round {round}: {} cut by {cut} of {length}", path.display())
        })
    });
    assert!(harmless >= 4 && refused >= 4, "{harmless} harmless, {refused} refused");
}
