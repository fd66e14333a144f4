//! What can be saved of a damaged ledger is saved, and what is lost is told.

use crate::appending::tiny;
use crate::drafts::{History, Seeded, check_holds, fill};
use crate::on_disk::{copy, files};
use ledger::repair::{RepairError, repair};
use ledger::{Draft, Ledger, Position, verify};
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// A ledger as kill -9 leaves it: volumes finished and not, and a journal.
fn killed(dir: &Path) -> Vec<Draft> {
    let whole = dir.join("whole");
    let ledger = Ledger::create(&whole, &tiny()).unwrap();
    let (drafts, _) = fill(&ledger, &mut History::new(41, 6), 40, 20);
    copy(&whole, &dir.join("killed"));
    drafts
}

fn contents(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = files(dir).into_iter().filter(|path| !path.ends_with("lock"));
    files.map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

/// Repairs what `damage` did and checks what came of it; how much was saved.
fn check(drafts: &[Draft], dir: &Path, what: &str) -> u64 {
    let before = contents(dir);
    let into = dir.with_extension("new");
    let mut lost = Vec::new();
    let salvage = repair(dir, &into, &tiny(), |_| (), |record| lost.push(record.clone()))
        .unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(contents(dir), before, "{what}: the old directory stays as it was");
    let saved = salvage.saved.size;
    let new = Ledger::open(&into, &tiny()).unwrap();
    assert_eq!(new.head(), salvage.saved, "{what}");
    check_holds(&new, &drafts[..saved as usize]);
    assert!(verify::ledger(&new, |_, _| ()).ok, "{what}");
    assert_eq!(salvage.first_bad.is_none(), saved == drafts.len() as u64, "{what}: {salvage:?}");
    assert_eq!(salvage.known, drafts.len() as u64, "{what}: the head file knows");
    assert_eq!(salvage.names_lost, None, "{what}");
    assert_eq!(lost.len() as u64, salvage.readable, "{what}");
    for pair in lost.windows(2) {
        assert!(pair[0].position < pair[1].position, "{what}: each once, in order");
    }
    for record in &lost {
        assert!(record.position >= Position(saved), "{what}");
        let draft = &drafts[record.position.0 as usize];
        assert_eq!((record.commit.account, &record.commit.events), (draft.account, &draft.events));
    }
    drop(new);
    fs::remove_dir_all(&into).unwrap();
    saved
}

#[test]
fn a_whole_ledger_is_saved_whole() {
    let dir = tempfile::tempdir().unwrap();
    let drafts = killed(dir.path());
    assert_eq!(check(&drafts, &dir.path().join("killed"), "whole"), drafts.len() as u64);
}

#[test]
fn everything_before_a_damaged_place_is_saved_and_the_rest_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let drafts = killed(dir.path());
    let damaged = dir.path().join("damaged");
    let mut seeded = Seeded(43);
    let (mut whole, mut cut) = (0, 0);
    for round in 0..40 {
        copy(&dir.path().join("killed"), &damaged);
        let mut dbs = files(&damaged.join("log"));
        dbs.retain(|path| path.ends_with("db") && !path.ends_with("next/db"));
        let path = &dbs[seeded.below(dbs.len() as u64) as usize];
        let bytes = fs::read(path).unwrap();
        let used = 1 + bytes.iter().rposition(|byte| *byte != 0).unwrap() as u64;
        let at = seeded.below(used);
        let file = OpenOptions::new().write(true).open(path).unwrap();
        if round % 4 == 0 {
            file.set_len(at).unwrap();
        } else {
            file.write_all_at(&[bytes[at as usize] ^ 16], at).unwrap();
        }
        let what = format!("round {round}: {} at {at}", path.display());
        let saved = check(&drafts, &damaged, &what);
        if saved == drafts.len() as u64 {
            whole += 1
        } else {
            cut += 1
        }
        fs::remove_dir_all(&damaged).unwrap();
    }
    assert!(whole > 2 && cut > 10, "{whole} whole, {cut} cut");
}

#[test]
fn another_history_under_the_recorded_roots_is_not_taken_over() {
    let dir = tempfile::tempdir().unwrap();
    killed(dir.path());
    let (mine, other) = (dir.path().join("killed"), dir.path().join("other"));
    let ledger = Ledger::create(&other, &tiny()).unwrap();
    fill(&ledger, &mut History::new(42, 6), 40, 20);
    drop(ledger);
    fs::copy(mine.join("head"), other.join("head")).unwrap();
    let into = dir.path().join("new");
    let refused = repair(&other, &into, &tiny(), |_| (), |_| ());
    assert!(matches!(refused, Err(RepairError::Changed(_))), "{refused:?}");
    assert!(!into.exists(), "nothing is left that could be taken for a ledger");
}
