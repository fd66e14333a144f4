//! The ledger's own seals: never two that contradict each other, whatever happens in between.

use crate::drafts::{History, Seeded, fill};
use crate::on_disk::copy;
use ledger::note::{KeyKind, Note, SigningKey};
use ledger::seal::{Seal, SealError, Seals, Standing, against};
use ledger::{Ledger, Options, verify};
use std::fs;
use std::path::Path;

const ORIGIN: &str = "example.com/clinics/seats-b3-v1";

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(ORIGIN, KeyKind::Log, &[seed; 32]).unwrap()
}

fn open(dir: &Path) -> Ledger {
    Ledger::open_or_create(dir, &Options::default()).unwrap()
}

fn grow(ledger: &Ledger, history: &mut History) {
    fill(ledger, history, 3, 20);
}

fn seals(ledger: &Ledger) -> &Seals {
    ledger.seals().unwrap()
}

fn read(note: &Note) -> Seal {
    Seal::open(note, &[key(1).verifier(), key(2).verifier()]).unwrap().0
}

#[test]
fn seals_follow_the_log_and_are_kept() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("ledger");
    let ledger = open(&dir);
    assert!(matches!(seals(&ledger).seal(&ledger, &[]), Err(SealError::NoKey)));
    assert!(!dir.join("seals/promised").exists(), "nothing is promised that cannot be signed");
    seals(&ledger).keep_key(&key(1)).unwrap();
    assert!(matches!(seals(&ledger).keep_key(&key(2)), Err(SealError::KeyThere(_))));

    let mut history = History::new(3, 5);
    let empty = read(&seals(&ledger).seal(&ledger, &[]).unwrap());
    assert_eq!(empty.head, ledger.head());
    grow(&ledger, &mut history);
    let first = seals(&ledger).seal(&ledger, &[]).unwrap();
    let again = seals(&ledger).seal(&ledger, &[]).unwrap();
    assert_eq!(first, again);
    grow(&ledger, &mut history);
    let second = seals(&ledger).seal(&ledger, &[]).unwrap();
    let sizes = [0, read(&first).head.size, read(&second).head.size];
    assert_eq!(seals(&ledger).sizes().unwrap(), sizes);
    drop(ledger);

    let ledger = open(&dir);
    assert_eq!(seals(&ledger).kept(sizes[1]).unwrap(), Some(first.clone()));
    let standing = |note: &Note| against(&ledger, &read(note), &[]).unwrap();
    assert_eq!(standing(&second), Standing::Same);
    assert_eq!(standing(&first), Standing::Grown { by: sizes[2] - sizes[1] });
    assert!(verify::ledger(&ledger, |_, _| ()).ok);
}

#[test]
fn a_new_key_is_signed_in_by_the_old_one() {
    let home = tempfile::tempdir().unwrap();
    let ledger = open(&home.path().join("ledger"));
    seals(&ledger).keep_key(&key(1)).unwrap();
    grow(&ledger, &mut History::new(4, 5));
    seals(&ledger).change_key(&key(2)).unwrap();
    let both = seals(&ledger).seal(&ledger, &[key(1)]).unwrap();
    for known in [key(1).verifier(), key(2).verifier()] {
        assert_eq!(Seal::open(&both, &[known]).unwrap().0.head, ledger.head());
    }
    let other = SigningKey::from_seed("example.com/b", KeyKind::Log, &[9; 32]).unwrap();
    assert!(matches!(seals(&ledger).change_key(&other), Err(SealError::Key(_))));
    let witness = SigningKey::from_seed(ORIGIN, KeyKind::Witness, &[9; 32]).unwrap();
    assert!(matches!(seals(&ledger).change_key(&witness), Err(SealError::Key(_))));
}

/// Another history on the same beginning: what `dir` would be if the log had been put back and gone on.
fn forked(from: &Path, to: &Path, seed: u64) -> Ledger {
    copy(from, to);
    let ledger = open(to);
    fill(&ledger, &mut History::new(seed, 5), 3, 20);
    ledger
}

#[test]
fn a_crash_between_promise_and_signature_binds() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("ledger");
    let ledger = open(&dir);
    seals(&ledger).keep_key(&key(1)).unwrap();
    drop(ledger);
    // Two histories that begin with the same, empty log. One promises and crashes before it signs.
    let (one, other) = (home.path().join("one"), home.path().join("other"));
    let ledger = forked(&dir, &one, 1);
    let head = ledger.head();
    seals(&ledger).seal(&ledger, &[]).unwrap();
    drop(ledger);
    for name in fs::read_dir(one.join("seals")).unwrap().map(|entry| entry.unwrap().path()) {
        if name.extension().is_some_and(|end| end == "txt") {
            fs::remove_file(name).unwrap();
        }
    }
    // After the crash the same head may be sealed, and gives the same seal.
    let ledger = open(&one);
    assert_eq!(seals(&ledger).promised().unwrap(), Some(head));
    assert_eq!(read(&seals(&ledger).seal(&ledger, &[]).unwrap()).head, head);
    drop(ledger);
    // The other history may not, with that promise beside it: rewritten if it is as long, else rolled back.
    let ledger = forked(&dir, &other, 2);
    copy(&one.join("seals"), &other.join("seals"));
    let refused = seals(&ledger).seal(&ledger, &[]).unwrap_err();
    assert!(matches!(refused, SealError::Rewritten { size } if size == head.size), "{refused}");
    drop(ledger);
    copy(&one.join("seals"), &dir.join("seals"));
    let ledger = open(&dir);
    let refused = seals(&ledger).seal(&ledger, &[]).unwrap_err();
    assert!(matches!(refused, SealError::RolledBack { size: 0, .. }), "{refused}");
}

#[test]
fn a_promise_cut_short_was_not_signed() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("ledger");
    let ledger = open(&dir);
    seals(&ledger).keep_key(&key(1)).unwrap();
    let mut history = History::new(5, 5);
    grow(&ledger, &mut history);
    seals(&ledger).seal(&ledger, &[]).unwrap();
    let (path, before) = (dir.join("seals/promised"), ledger.head());
    let whole = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{whole}999 abcdef")).unwrap();
    assert_eq!(seals(&ledger).promised().unwrap(), Some(before));
    grow(&ledger, &mut history);
    seals(&ledger).seal(&ledger, &[]).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.starts_with(&whole) && text.lines().count() == 2, "{text}");
    // A whole line that makes no sense is damage: nothing is signed beside it.
    fs::write(&path, format!("{whole}999 abcdef\n")).unwrap();
    assert!(matches!(seals(&ledger).seal(&ledger, &[]), Err(SealError::Damaged { .. })));
}

#[test]
fn a_ledger_held_against_a_seal_kept_elsewhere() {
    let home = tempfile::tempdir().unwrap();
    let (dir, early) = (home.path().join("ledger"), home.path().join("early"));
    let ledger = open(&dir);
    seals(&ledger).keep_key(&key(1)).unwrap();
    let mut history = History::new(6, 5);
    let (mut kept, mut other) = (Vec::new(), history.clone());
    for round in 0..6 {
        grow(&ledger, &mut history);
        kept.push(read(&seals(&ledger).seal(&ledger, &[]).unwrap()));
        if round == 2 {
            copy(&dir, &early);
            other = history.clone();
            other.seeded = Seeded(99);
        }
    }
    let last = kept.last().unwrap().clone();
    drop(ledger);
    let rolled_back = open(&early);
    let size = rolled_back.head().size;
    assert_eq!(against(&rolled_back, &last, &[]).unwrap(), Standing::RolledBack { size });
    // It goes on differently: rewritten from where it was copied on.
    fill(&rolled_back, &mut other, 12, 20);
    let from = size;
    let Standing::Rewritten { found, from: least, before } =
        against(&rolled_back, &last, &kept).unwrap()
    else {
        panic!("it was rewritten");
    };
    assert_ne!(found, last.head);
    assert_eq!((least.0, before.0), (from, kept[3].head.size));
    let alone = against(&rolled_back, &last, &[]).unwrap();
    assert!(
        matches!(alone, Standing::Rewritten { from, before, .. } if from.0 == 0 && before.0 == last.head.size)
    );
}
