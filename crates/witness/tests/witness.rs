//! A witness is asked by honest ledgers, by one that was written anew, and by strangers.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

use ledger::Head;
use ledger::merkle::{Blake3, Frontier, Subtrees, consistency, leaf};
use ledger::note::{KeyKind, Note, SigningKey};
use ledger::seal::Seal;
use seats::Digest;
use std::convert::Infallible;
use std::path::Path;
use witness::{Answer, Request, Witness};

const ORIGIN: &str = "example.com/clinics/seats-b3-v1";
const NOW: u64 = 1_700_000_000;

fn key(name: &str, kind: KeyKind) -> SigningKey {
    SigningKey::from_seed(name, kind, blake3::hash(name.as_bytes()).as_bytes()).unwrap()
}

fn open(dir: &Path) -> Witness {
    let log = key(ORIGIN, KeyKind::Log).verifier();
    Witness::new(key("north.example", KeyKind::Witness), vec![log], dir).unwrap()
}

/// A history, told apart from others by its name.
struct History(&'static str);

impl History {
    fn leaf(&self, index: u64) -> Digest {
        leaf::<Blake3>(format!("{} {index}", self.0).as_bytes())
    }

    fn head(&self, size: u64) -> Head {
        let mut tree = Frontier::<Blake3>::new();
        (0..size).for_each(|index| tree.push(self.leaf(index)));
        Head { size, root: tree.root() }
    }

    fn request(&mut self, old: u64, size: u64) -> Request {
        let seal = Seal { origin: ORIGIN.to_owned(), head: self.head(size) };
        let mut note = Note::new(seal.text()).unwrap();
        note.sign(&key(ORIGIN, KeyKind::Log), 0);
        let path = if old > size {
            Vec::new()
        } else {
            consistency::<Blake3, _>(self, old, size).unwrap()
        };
        Request { old, path, note }
    }
}

impl Subtrees for History {
    type Error = Infallible;

    fn perfect(&mut self, level: u32, index: u64) -> Result<Digest, Infallible> {
        let mut tree = Frontier::<Blake3>::new();
        (index << level..(index + 1) << level).for_each(|leaf| tree.push(self.leaf(leaf)));
        Ok(tree.root())
    }
}

fn ask(witness: &Witness, request: &Request) -> Answer {
    witness.add_checkpoint(request.to_string().as_bytes(), NOW)
}

fn check_signed(witness: &Witness, request: &Request) {
    let Answer { status, text, .. } = ask(witness, request);
    assert_eq!(status, 200, "{text}");
    let signed = format!("{}{text}", request.note);
    let note = Note::parse(signed.as_bytes()).unwrap();
    let keys = [witness.verifier()];
    assert_eq!(note.verify(&keys).unwrap()[0].at, Some(NOW));
}

#[test]
fn a_log_that_grows_is_cosigned_and_remembered_across_restarts() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = History("true");
    for (old, size) in [(0, 0), (0, 1), (1, 7), (7, 7), (7, 300)] {
        check_signed(&open(dir.path()), &log.request(old, size));
    }
    let asked = ask(&open(dir.path()), &log.request(0, 400));
    assert_eq!((asked.status, asked.kind, asked.text.as_str()), (409, "text/x.tlog.size", "300\n"));
}

#[test]
fn a_history_written_anew_is_not_cosigned() {
    let dir = tempfile::tempdir().unwrap();
    let witness = open(dir.path());
    check_signed(&witness, &History("true").request(0, 100));
    let mut forged = History("forged");
    // With an honest old size, its own path does not lead from what was signed before.
    assert_eq!(ask(&witness, &forged.request(100, 150)).status, 422);
    // Of the same size with another root; of a smaller size; as if nothing had been signed.
    assert_eq!(ask(&witness, &forged.request(100, 100)).status, 409);
    assert_eq!(ask(&witness, &forged.request(50, 90)).status, 409);
    assert_eq!(ask(&witness, &forged.request(0, 150)).status, 409);
    assert_eq!(ask(&witness, &forged.request(100, 90)).status, 400);
    check_signed(&witness, &History("true").request(100, 150));
}

#[test]
fn strangers_and_nonsense_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let witness = open(dir.path());
    let mut log = History("true");
    let good = log.request(0, 5);
    let changed = |from: &str, to: &str| {
        let text = good.to_string();
        assert!(text.contains(from), "{from:?} in {text:?}");
        witness.add_checkpoint(text.replacen(from, to, 1).as_bytes(), NOW).status
    };
    assert_eq!(changed("clinics", "others"), 404);
    assert_eq!(changed("\n5\n", "\n6\n"), 403);
    assert_eq!(changed("old 0", "old 00"), 400);
    assert_eq!(changed("old 0", "old -1"), 400);
    assert_eq!(changed("old 0", "new 0"), 400);
    assert_eq!(changed("old 0\n", "old 0\nAAAA\n"), 400);
    assert_eq!(changed("\n5\n", "\n05\n"), 400);
    assert_eq!(witness.add_checkpoint(&[0xFF; 9], NOW).status, 400);
    assert_eq!(witness.add_checkpoint(&vec![b'a'; 1 << 20], NOW).status, 400);
    let mut long = good.clone();
    long.path = vec![Digest([1; 32]); 64];
    assert_eq!(ask(&witness, &long).status, 400);
    long.path.truncate(63);
    assert_eq!(ask(&witness, &long).status, 422);
    let mut unsigned = good.clone();
    unsigned.note = Note::new(good.note.text()).unwrap();
    unsigned.note.sign(&key(ORIGIN, KeyKind::Witness), 3);
    assert_eq!(ask(&witness, &unsigned).status, 403);
    check_signed(&witness, &good);
}

#[test]
fn a_witness_that_cannot_remember_signs_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let witness = open(dir.path());
    let mut log = History("true");
    check_signed(&witness, &log.request(0, 5));
    let file = std::fs::read_dir(dir.path()).unwrap().next().unwrap().unwrap().path();
    let kept = std::fs::read_to_string(&file).unwrap();
    for damaged in [kept.replace('5', "x"), kept.replace(ORIGIN, "other"), String::new()] {
        std::fs::write(&file, damaged).unwrap();
        assert_eq!(ask(&witness, &log.request(5, 6)).status, 500);
    }
    std::fs::write(&file, kept).unwrap();
    std::fs::remove_dir_all(dir.path()).unwrap();
    std::fs::write(dir.path(), "no directory").unwrap();
    assert_eq!(ask(&witness, &log.request(0, 6)).status, 500);
}
