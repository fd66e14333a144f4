//! The power goes while a ledger is sealed, and while somebody is forgotten.

use crate::{Life, dice_and_cuts};
use admission::{Admission, Options, SystemClock};
use ledger::book::Entry;
use ledger::commit::{Actor, Role};
use ledger::note::SigningKey;
use ledger::seal::Seal;
use ledger::{Head, Ledger, Position, Subject, verify};
use scenarios::victim::{self, check_held, check_whole};
use seats::{AccountId, Event, UserId};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

const CLINIC: AccountId = AccountId(1);
const ADMIN: Actor = Actor { role: Role::Admin, id: 0 };

/// What was said that begins with this word: the words after it.
fn said<'a>(lines: &'a [String], first: &str) -> Vec<Vec<&'a str>> {
    let words = lines.iter().map(|line| line.split(' ').collect::<Vec<_>>());
    words.filter(|words| words[0] == first).map(|words| words[1..].to_vec()).collect()
}

/// Every seal that was given away, or is kept, is one of the log that was found, and so is the next one.
fn check_seals(home: &Path, lines: &[String], what: &str) -> usize {
    let ledger = Ledger::open(&home.join("ledger"), &victim::small())
        .unwrap_or_else(|error| panic!("{what}: {error}"));
    check_held(
        &ledger,
        &lines.iter().filter_map(|line| victim::parse(line)).collect::<Vec<_>>(),
        what,
    );
    check_whole(&ledger, what);
    let seals = ledger.seals().unwrap();
    let Some(key) = seals.key().unwrap_or_else(|error| panic!("{what}: {error}")) else {
        assert!(!lines.iter().any(|line| line == "ready"), "{what}: the key is lost");
        return 0;
    };
    let mut signed: BTreeMap<u64, Head> = BTreeMap::new();
    for words in said(lines, "seal") {
        let seal = Seal::parse(&format!("{}\n{}\n{}\n", key.name(), words[0], words[1])).unwrap();
        signed.insert(seal.head.size, seal.head);
        assert!(seals.kept(seal.head.size).unwrap().is_some(), "{what}: a seal given away is lost");
    }
    for size in seals.sizes().unwrap() {
        let note = seals.kept(size).unwrap_or_else(|error| panic!("{what}: {error}")).unwrap();
        let head = check_signed(&note, &key, what);
        assert_eq!(signed.entry(size).or_insert(head), &head, "{what}: two seals of {size}");
    }
    let promised = seals.promised().unwrap_or_else(|error| panic!("{what}: {error}"));
    for head in signed.values().chain(&promised) {
        let found = ledger.head_at(head.size);
        assert_eq!(found.as_ref().ok(), Some(head), "{what}: signed, and not of this log");
    }
    assert!(
        signed.keys().all(|size| promised.is_some_and(|promised| *size <= promised.size)),
        "{what}"
    );
    let next = seals.seal(&ledger, &[]).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(check_signed(&next, &key, what), ledger.head(), "{what}");
    signed.len()
}

fn check_signed(note: &ledger::note::Note, key: &SigningKey, what: &str) -> Head {
    let keys = [key.verifier()];
    Seal::open(note, &keys).unwrap_or_else(|error| panic!("{what}: {error}")).0.head
}

#[test]
fn no_two_seals_disagree_after_a_power_cut() {
    let (mut dice, cuts) = dice_and_cuts("seals", 4);
    let (mut done, mut calls, mut checked) = (0, 0, 0);
    while done < cuts {
        let home = tempfile::tempdir().unwrap();
        drop(Ledger::create(&home.path().join("ledger"), &victim::small()).unwrap());
        let until = 20 + dice(150) as usize;
        let life = Life::of_deeds(home, "seal", &mut dice, until);
        calls += life.calls();
        let moments = life.moments(20.min(cuts - done), &mut dice);
        life.cut_lines(moments, &mut dice, |home, lines, what, _| {
            checked += check_seals(home.path(), lines, &format!("cut {done}: {what}"));
            done += 1;
        });
    }
    println!(
        "{done} power cuts over sealing, over {calls} system calls, {checked} seals, none at odds"
    );
}

/// Everybody was either forgotten, and then stands in no file, or was not, and can be.
fn check_forgotten(home: &Path, lines: &[String], what: &str) -> (usize, usize) {
    let dir = home.join("ledger");
    let ledger = Ledger::open(&dir, &victim::small()).unwrap_or_else(|e| panic!("{what}: {e}"));
    check_held(
        &ledger,
        &lines.iter().filter_map(|line| victim::parse(line)).collect::<Vec<_>>(),
        what,
    );
    let root = ledger.head();
    let admission = Admission::start(ledger, Options::default(), SystemClock)
        .unwrap_or_else(|error| panic!("{what}: {error}"));
    let gone: BTreeSet<u32> = forgotten(admission.ledger());
    let mut known = Vec::new();
    for words in said(lines, "known") {
        let (user, name) = (words[1].parse().unwrap(), words[2]);
        let entry = admission.ledger().book().entry(Subject::user(CLINIC, UserId(user))).unwrap();
        match (gone.contains(&user), entry) {
            (true, Entry::Forgotten) => assert_absent(&dir, name, what),
            (false, Entry::Known(profile)) if profile.text == name => known.push((user, name)),
            (gone, entry) => panic!("{what}: user {user}, forgotten {gone}: {entry:?}"),
        }
    }
    for words in said(lines, "forgot") {
        assert!(gone.contains(&words[1].parse().unwrap()), "{what}: a receipt is lost");
    }
    // What was not forgotten can be.
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    if let Some((user, name)) = known.first() {
        let asked = admission.forget_user(CLINIC, UserId(*user), "asked again", ADMIN);
        let erased = runtime.block_on(asked).unwrap().erased.unwrap();
        assert!(erased.rewritten, "{what}");
        assert_absent(&dir, name, what);
    }
    assert_eq!(admission.ledger().head_at(root.size).unwrap(), root, "{what}");
    runtime.block_on(admission.stop()).unwrap_or_else(|error| panic!("{what}: {error}"));
    drop(admission);
    let report = verify::directory(&dir, &victim::small(), |_, _| {}).unwrap();
    let bad = report.first_bad.or(report.book.first_bad);
    assert!(report.ok && bad.is_none(), "{bad:?}: {what}");
    (gone.len(), known.len())
}

fn forgotten(ledger: &Ledger) -> BTreeSet<u32> {
    let mut gone = BTreeSet::new();
    for position in 0..ledger.head().size {
        let record = ledger.record(Position(position)).unwrap().unwrap();
        gone.extend(record.commit.events.iter().filter_map(|event| match event {
            Event::UserForgotten { user } => Some(user.0),
            _ => None,
        }));
    }
    gone
}

/// That a name stands in no file below a directory.
fn assert_absent(dir: &Path, name: &str, what: &str) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            assert_absent(&path, name, what);
        } else {
            let bytes = fs::read(&path).unwrap();
            let found = bytes.windows(name.len()).any(|window| window == name.as_bytes());
            assert!(!found, "{what}: {name} is still in {}", path.display());
        }
    }
}

#[test]
fn nobody_is_half_forgotten_after_a_power_cut() {
    let (mut dice, cuts) = dice_and_cuts("forgetting", 4);
    let (mut done, mut calls, mut gone, mut kept) = (0, 0, 0, 0);
    while done < cuts {
        let home = tempfile::tempdir().unwrap();
        drop(Ledger::create(&home.path().join("ledger"), &victim::small()).unwrap());
        let until = 8 + dice(40) as usize;
        let life = Life::of_deeds(home, "forget", &mut dice, until);
        calls += life.calls();
        let moments = life.moments(10.min(cuts - done), &mut dice);
        life.cut_lines(moments, &mut dice, |home, lines, what, _| {
            let found = check_forgotten(home.path(), lines, &format!("cut {done}: {what}"));
            (gone, kept) = (gone + found.0, kept + found.1);
            done += 1;
        });
    }
    println!(
        "{done} power cuts over forgetting, over {calls} system calls: {gone} people gone, {kept} \
         still there, none half"
    );
}
