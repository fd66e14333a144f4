//! Backups: added to while the ledger is written to, restored whole, and refused when damaged or another's.

use crate::appending::tiny;
use crate::drafts::{History, fill};
use crate::on_disk::{copy, files};
use ledger::backup::{BackupError, Saved, restore};
use ledger::note::{KeyKind, SigningKey};
use ledger::{Kind, Ledger, Options, Subject, verify};
use seats::AccountId;
use std::fs;
use std::path::Path;

fn some(dir: &Path, seed: u64) -> (Ledger, History) {
    let ledger = Ledger::create(dir, &tiny()).unwrap();
    let mut history = History::new(seed, 6);
    fill(&ledger, &mut history, 20, 20);
    ledger.book().enrol(Subject::note(AccountId(1), 1), "a word of hers").unwrap();
    (ledger, history)
}

fn check_restored(place: &Path, into: &Path, ledger: &Ledger, seals: u64) {
    let restored = restore(place, into, &Options::default(), |_, _| ()).unwrap();
    assert_eq!((restored.head, restored.seals), (ledger.head(), seals));
    let again = Ledger::open(into, &Options::default()).unwrap();
    assert_eq!(again.head(), ledger.head());
    assert!(verify::ledger(&again, |_, _| ()).ok);
    let entry = |ledger: &Ledger| ledger.book().entries(AccountId(1), Kind::Note).unwrap();
    assert_eq!(entry(&again), entry(ledger));
}

#[test]
fn a_backup_is_added_to_and_restored() {
    let home = tempfile::tempdir().unwrap();
    let (dir, place) = (home.path().join("ledger"), home.path().join("backup"));
    let (ledger, mut history) = some(&dir, 1);
    let seals = ledger.seals().unwrap();
    seals.keep_key(&SigningKey::from_seed("a.example/b", KeyKind::Log, &[1; 32]).unwrap()).unwrap();
    seals.seal(&ledger, &[]).unwrap();
    let first = ledger.backup(&place).unwrap();
    assert_eq!(first, Saved { before: 0, head: ledger.head() });
    check_restored(&place, &home.path().join("one"), &ledger, 1);

    fill(&ledger, &mut history, 9, 20);
    seals.seal(&ledger, &[]).unwrap();
    ledger.book().forget(Subject::note(AccountId(1), 1)).unwrap();
    let files_before = files(&place.join("log"));
    let second = ledger.backup(&place).unwrap();
    assert_eq!(second, Saved { before: first.head.size, head: ledger.head() });
    for file in &files_before {
        assert!(file.exists(), "what was there stays");
    }
    assert_eq!(files(&place.join("names")).len(), 1, "forgotten in the backup too");
    let kept: Vec<u8> = files(&place).iter().flat_map(|file| fs::read(file).unwrap()).collect();
    assert!(!kept.windows(14).any(|window| window == b"a word of hers"));
    check_restored(&place, &home.path().join("two"), &ledger, 2);
    assert!(!place.join("seals/key").exists());
    assert_eq!(
        ledger.backup(&place).unwrap().before,
        second.head.size,
        "nothing new is no mistake"
    );
}

#[test]
fn a_backup_of_another_history_is_left_alone() {
    let home = tempfile::tempdir().unwrap();
    let place = home.path().join("backup");
    let (ledger, _) = some(&home.path().join("one"), 1);
    ledger.backup(&place).unwrap();
    let before: Vec<_> = files(&place).iter().map(|file| fs::read(file).unwrap()).collect();
    let (other, mut history) = some(&home.path().join("other"), 2);
    fill(&other, &mut history, 9, 20);
    assert!(matches!(other.backup(&place), Err(BackupError::OtherHistory { .. })));
    let after: Vec<_> = files(&place).iter().map(|file| fs::read(file).unwrap()).collect();
    assert_eq!(before, after);
    fs::create_dir(home.path().join("mine")).unwrap();
    fs::write(home.path().join("mine/letter"), "dear").unwrap();
    assert!(matches!(ledger.backup(&home.path().join("mine")), Err(BackupError::Taken(_))));
}

#[test]
fn an_interrupted_backup_is_the_one_before() {
    let home = tempfile::tempdir().unwrap();
    let place = home.path().join("backup");
    let (ledger, mut history) = some(&home.path().join("ledger"), 3);
    ledger.backup(&place).unwrap();
    let (head, mark) = (ledger.head(), fs::read(place.join("backup")).unwrap());
    let names: Vec<_> = files(&place.join("names"));
    let kept = names.iter().map(|name| fs::read(name).unwrap()).next().unwrap();
    fill(&ledger, &mut history, 9, 20);
    ledger.backup(&place).unwrap();
    // As if it had broken off before the mark was written: the files of the new one are there.
    fs::write(place.join("backup"), mark).unwrap();
    fs::write(&names[0], kept).unwrap();
    let restored = restore(&place, &home.path().join("one"), &Options::default(), |_, _| ());
    assert_eq!(restored.unwrap().head, head);
    assert_eq!(ledger.backup(&place).unwrap(), Saved { before: head.size, head: ledger.head() });
    check_restored(&place, &home.path().join("two"), &ledger, 0);
}

#[test]
fn a_damaged_backup_is_refused_and_leaves_nothing() {
    let home = tempfile::tempdir().unwrap();
    let (place, broken) = (home.path().join("backup"), home.path().join("broken"));
    let (ledger, mut history) = some(&home.path().join("ledger"), 4);
    ledger.backup(&place).unwrap();
    fill(&ledger, &mut history, 9, 20);
    ledger.backup(&place).unwrap();
    for file in files(&place) {
        let whole = fs::read(&file).unwrap();
        for (step, byte) in (0..whole.len()).step_by(whole.len() / 7 + 1).enumerate() {
            copy(&place, &broken);
            let damaged = broken.join(file.strip_prefix(&place).unwrap());
            let mut bytes = whole.clone();
            bytes[byte] ^= 1 << (step % 8);
            fs::write(&damaged, if step % 3 == 2 { &whole[..byte] } else { &bytes }).unwrap();
            let into = home.path().join("new");
            let refused = restore(&broken, &into, &Options::default(), |_, _| ());
            assert!(refused.is_err(), "{} at {byte}: {refused:?}", file.display());
            assert!(!into.exists());
            fs::remove_dir_all(&broken).unwrap();
        }
    }
}
