//! A real directory: whose it is, who works there, how it was left, and what is damaged in it.

use crate::appending::tiny;
use crate::drafts::{History, check_holds, fill};
use ledger::{Draft, Head, Ledger, OpenError, Options, verify};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Copies a directory as it stands at one instant: what is renamed or removed meanwhile makes it begin anew.
pub(crate) fn copy(from: &Path, to: &Path) {
    while let Err(error) = try_to_copy(from, to) {
        assert_eq!(error.kind(), io::ErrorKind::NotFound, "{error}");
        fs::remove_dir_all(to).unwrap();
    }
}

fn try_to_copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            try_to_copy(&entry.path(), &to)?;
        } else {
            fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}

pub(crate) fn files(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(self::files(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

/// The volume that is being written.
fn newest_volume(dir: &Path) -> PathBuf {
    let volumes = fs::read_dir(dir.join("log")).unwrap().map(|entry| entry.unwrap().path());
    volumes.filter(|path| !path.ends_with("next")).max().unwrap()
}

fn refusal(dir: &Path) -> OpenError {
    Ledger::open(dir, &tiny()).err().expect("it should be refused")
}

/// A ledger of several volumes, cleanly closed.
fn some(dir: &Path, seed: u64) -> (Vec<Draft>, Head) {
    let ledger = Ledger::create(dir, &tiny()).unwrap();
    let (drafts, heads) = fill(&ledger, &mut History::new(seed, 6), 20, 20);
    (drafts, *heads.last().unwrap())
}

#[test]
fn a_second_opening_is_refused_and_told_who_has_it() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::create(dir.path(), &tiny()).unwrap();
    let process = format!("process {}", std::process::id());
    assert!(matches!(refusal(dir.path()), OpenError::InUse { holder, .. } if holder == process));
    drop(ledger);
    Ledger::open(dir.path(), &tiny()).unwrap();
}

#[test]
fn what_is_no_ledger_is_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    let not = |found: &str| {
        let refusal = refusal(&path).to_string();
        assert!(refusal.contains("no ledger") && refusal.contains(found), "{refusal}");
    };
    not("does not exist");
    fs::create_dir(&path).unwrap();
    not("holds no FORMAT");
    fs::write(path.join("holiday.jpg"), b"x").unwrap();
    not("holds no FORMAT");
    assert!(matches!(Ledger::create(&path, &tiny()).err(), Some(OpenError::Taken { .. })));
    assert!(Ledger::open_or_create(&path, &tiny()).is_err());
    fs::write(path.join("FORMAT"), b"PNG").unwrap();
    not("its FORMAT file says \"PNG\"");
    fs::write(path.join("FORMAT"), b"seatledger 2\n").unwrap();
    assert!(
        matches!(refusal(&path), OpenError::Newer { found, known, .. } if found == "seatledger 2" && known == "seatledger 1")
    );
}

#[test]
fn a_ledger_that_lost_a_part_is_damaged_and_not_foreign() {
    for lost in ["FORMAT", "head", "log"] {
        let dir = tempfile::tempdir().unwrap();
        some(dir.path(), 1);
        let path = dir.path().join(lost);
        if path.is_dir() {
            fs::remove_dir_all(&path).unwrap();
            fs::create_dir(&path).unwrap();
        } else {
            fs::remove_file(&path).unwrap();
        }
        assert!(matches!(refusal(dir.path()), OpenError::Damaged(_)), "{lost}");
        let report = verify::directory(dir.path(), &tiny(), |_, _| ()).unwrap();
        assert!(!report.ok && report.first_bad.is_some(), "{lost}");
    }
}

#[test]
fn a_creation_that_was_interrupted_is_done_again() {
    let dir = tempfile::tempdir().unwrap();
    drop(Ledger::create(dir.path(), &tiny()).unwrap());
    assert!(matches!(Ledger::create(dir.path(), &tiny()).err(), Some(OpenError::Taken { .. })));
    fs::remove_file(dir.path().join("FORMAT")).unwrap();
    fs::write(dir.path().join("creating"), b"").unwrap();
    assert!(matches!(refusal(dir.path()), OpenError::NotALedger { .. }));
    let ledger = Ledger::open_or_create(dir.path(), &tiny()).unwrap();
    let (drafts, _) = fill(&ledger, &mut History::new(2, 3), 2, 5);
    drop(ledger);
    check_holds(&Ledger::open_or_create(dir.path(), &tiny()).unwrap(), &drafts);
}

#[test]
fn a_directory_copied_while_it_is_written_opens_to_what_was_acknowledged_or_more() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::create(dir.path(), &tiny()).unwrap();
    let mut history = History::new(3, 6);
    let mut drafts = Vec::new();
    for round in 0..40 {
        let (more, heads) = fill(&ledger, &mut history, 1, 17);
        drafts.extend(more);
        // As after kill -9: everything written is there, nothing was closed.
        let unsynced = history.clone().drafts(4);
        if round % 3 == 0 {
            ledger.writer().unwrap().append(&unsynced).unwrap();
        }
        let found = tempfile::tempdir().unwrap();
        copy(dir.path(), found.path());
        let copied = Ledger::open(found.path(), &tiny()).unwrap();
        let size = copied.head().size as usize;
        assert!(size >= heads[0].size as usize);
        let mut expected = drafts.clone();
        if round % 3 == 0 {
            history.drafts(4);
            drafts.extend(unsynced.clone());
            expected.extend(unsynced);
        }
        check_holds(&copied, &expected[..size]);
        assert!(!found.path().join("aside").exists(), "the copy is dropped");
        drop(copied);
        assert!(!found.path().join("running").exists(), "closed in good order");
    }
}

/// A power cut takes from the volumes what was not synced there: they stand as they did a while ago.
#[test]
fn what_only_the_journal_has_is_given_to_the_volumes() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::create(dir.path(), &tiny()).unwrap();
    let mut history = History::new(31, 6);
    let (mut drafts, _) = fill(&ledger, &mut history, 3, 17);
    let mut earlier = tempfile::tempdir().unwrap();
    copy(dir.path(), earlier.path());
    for round in 1..30 {
        drafts.extend(fill(&ledger, &mut history, 1, 17).0);
        if round % 7 == 0 {
            // As many syncs as fit into a file of the journal, and new volumes begun on the way.
            earlier = tempfile::tempdir().unwrap();
            copy(dir.path(), earlier.path());
        }
        let found = tempfile::tempdir().unwrap();
        copy(dir.path(), found.path());
        fs::remove_dir_all(found.path().join("log")).unwrap();
        copy(&earlier.path().join("log"), &found.path().join("log"));
        let lost = tempfile::tempdir().unwrap();
        copy(found.path(), lost.path());
        check_holds(&Ledger::open(found.path(), &tiny()).unwrap(), &drafts);
        check_holds(&Ledger::open(found.path(), &tiny()).unwrap(), &drafts);
        let journal = lost.path().join("journal");
        if round % 7 != 0 && journal.exists() {
            fs::remove_dir_all(journal).unwrap();
            assert!(matches!(refusal(lost.path()), OpenError::Damaged(_)), "round {round}");
        }
    }
}

/// A group too long for a record goes to the volumes; those after it go to the journal again.
#[test]
fn after_a_long_group_the_journal_is_used_again() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::create(dir.path(), &tiny()).unwrap();
    let mut history = History::new(33, 6);
    // The first goes to the volumes for being the first.
    let (mut drafts, _) = fill(&ledger, &mut history, 1, 5);
    drafts.extend(fill(&ledger, &mut history, 1, 400).0);
    let journal = dir.path().join("journal");
    assert!(!journal.exists());
    drafts.extend(fill(&ledger, &mut history, 2, 5).0);
    assert!(journal.join("0").exists(), "short groups have records");
    let found = tempfile::tempdir().unwrap();
    copy(dir.path(), found.path());
    check_holds(&Ledger::open(found.path(), &tiny()).unwrap(), &drafts);
}

#[test]
fn a_ledger_closed_in_good_order_needs_no_journal() {
    let dir = tempfile::tempdir().unwrap();
    let (drafts, _) = some(dir.path(), 32);
    let journal = dir.path().join("journal");
    assert!(files(&journal).iter().all(|file| fs::metadata(file).unwrap().len() == 0));
    fs::remove_dir_all(&journal).unwrap();
    check_holds(&Ledger::open(dir.path(), &tiny()).unwrap(), &drafts);
    assert!(!journal.exists(), "reading makes none");
}

#[test]
fn what_is_missing_in_the_index_is_built_again() {
    let dir = tempfile::tempdir().unwrap();
    let (drafts, _) = some(dir.path(), 4);
    drop(Ledger::open(dir.path(), &tiny()).unwrap());
    let index = files(&dir.path().join("index"));
    assert!(index.iter().any(|path| path.to_string_lossy().contains("requests-")), "{index:?}");
    for lost in index {
        fs::remove_file(&lost).unwrap();
        check_holds(&Ledger::open(dir.path(), &tiny()).unwrap(), &drafts);
    }
    fs::remove_dir_all(dir.path().join("index")).unwrap();
    check_holds(&Ledger::open(dir.path(), &tiny()).unwrap(), &drafts);
}

#[test]
fn an_index_of_another_log_is_found_by_verifying() {
    let dir = tempfile::tempdir().unwrap();
    let (mine, other) = (dir.path().join("mine"), dir.path().join("other"));
    some(&mine, 31);
    some(&other, 32);
    for path in files(&mine.join("index")) {
        let name = path.file_name().unwrap();
        if name.to_string_lossy().starts_with("requests-") {
            fs::copy(other.join("index").join(name), &path).unwrap();
        }
    }
    let report = verify::directory(&mine, &tiny(), |_, _| ()).unwrap();
    assert!(report.first_bad.unwrap().what.contains("index of requests"));
    fs::remove_dir_all(mine.join("index")).unwrap();
    assert!(verify::directory(&mine, &tiny(), |_, _| ()).unwrap().ok, "built again");
}

#[test]
fn nothing_is_ever_kept_in_blobs() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::create(dir.path(), &Options::default()).unwrap();
    let mut history = History::new(5, 6);
    for size in [1, 60, 800, 9000] {
        fill(&ledger, &mut history, 3, size);
    }
    drop(ledger);
    let blobs =
        files(dir.path()).into_iter().filter(|path| path.to_string_lossy().contains("blobs/"));
    assert_eq!(blobs.count(), 0);
}

#[test]
fn a_half_written_snapshot_is_moved_aside() {
    let dir = tempfile::tempdir().unwrap();
    let (drafts, _) = some(dir.path(), 6);
    let newest = newest_volume(dir.path());
    fs::write(newest.join("snap.FFFFFFFFFFFFFFFF.generating"), b"half").unwrap();
    check_holds(&Ledger::open(dir.path(), &tiny()).unwrap(), &drafts);
}
