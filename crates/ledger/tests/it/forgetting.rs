//! Forgetting in the book: what is erased is in no file once the files are rewritten, and the rest stays.

use ledger::book::Entry;
use ledger::{Book, Kind, Ledger, Options, Subject};
use seats::{AccountId, DeviceId, Timestamp, UserId};
use std::fs;
use std::path::Path;

const ACME: AccountId = AccountId(1);
const NAME: &str = "Zebedee Quackenbush";
const MAIL: &str = "zebedee@quackenbush.example";

fn user(number: u32) -> Subject {
    Subject::user(ACME, UserId(number))
}

/// Whether any file in or below `dir` holds the text, in its bytes.
fn holds(dir: &Path, text: &str) -> bool {
    fs::read_dir(dir).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return holds(&path, text);
        }
        let bytes = fs::read(&path).unwrap();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    })
}

fn people(book: &Book) {
    for number in 1..=200 {
        book.enrol(user(number), &format!("user number {number}")).unwrap();
    }
    book.enrol(user(201), &format!("{NAME}\n{MAIL}")).unwrap();
    book.enrol(Subject::note(ACME, 1), &format!("{NAME} left early")).unwrap();
    book.enrol(Subject::device(ACME, DeviceId(1)), "front desk").unwrap();
    book.mark_used(ACME, DeviceId(1), 20_000).unwrap();
    book.save_liveness(Timestamp(7), [(ACME, &[9; 40][..])]).unwrap();
    book.sync().unwrap();
}

#[test]
fn what_is_erased_is_in_no_file_after_the_rewrite() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("ledger");
    let ledger = Ledger::create(&dir, &Options::default()).unwrap();
    let book = ledger.book();
    people(book);
    let plan = book.keep_plan(b"plan = 1").unwrap();
    let kept = book.entries(ACME, Kind::User).unwrap();
    assert!(holds(&dir, NAME) && holds(&dir, MAIL));

    let gone = [user(201), Subject::note(ACME, 1), user(999)];
    assert_eq!(book.erase(&gone).unwrap(), 2);
    assert_eq!(book.entry(user(201)).unwrap(), Entry::Forgotten);
    assert!(
        holds(&dir, NAME),
        "the engine keeps what was removed; that is why files are rewritten"
    );
    assert!(book.is_rewrite_due().unwrap());
    book.rewrite().unwrap();
    assert!(!book.is_rewrite_due().unwrap());
    for text in [NAME, MAIL, &NAME.to_lowercase(), "Quackenbush", "quackenbush"] {
        assert!(!holds(&dir, text), "{text}");
    }

    // The rest is there, before and after the ledger is opened again.
    let check = |book: &Book| {
        assert_eq!(book.entries(ACME, Kind::User).unwrap()[..200], kept[..200]);
        assert_eq!(book.entry(user(201)).unwrap(), Entry::Forgotten);
        assert_eq!(book.number_of(ACME, Kind::User, "USER number 7").unwrap(), Some(7));
        assert_eq!(book.number_of(ACME, Kind::User, NAME).unwrap(), None);
        assert_eq!(book.devices_used(ACME).unwrap(), [(DeviceId(1), Some(20_000))]);
        assert_eq!(book.liveness(ACME).unwrap(), [9; 40]);
        assert_eq!(book.liveness_mark().unwrap(), Some(Timestamp(7)));
        assert_eq!(book.plan(plan).unwrap().as_deref(), Some(&b"plan = 1"[..]));
    };
    check(book);
    book.enrol(user(202), "after").unwrap();
    drop(ledger);
    let ledger = Ledger::open(&dir, &Options::default()).unwrap();
    check(ledger.book());
    assert_eq!(ledger.book().name(user(202)).unwrap().as_deref(), Some("after"));
    assert!(!dir.join("book.new").exists() && !dir.join("book.old").exists());
}

#[test]
fn nothing_written_during_a_rewrite_is_lost() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("ledger");
    let ledger = Ledger::create(&dir, &Options::default()).unwrap();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for number in 1..=2_000 {
                ledger.book().enrol(user(number), &format!("user number {number}")).unwrap();
            }
        });
        while !writer.is_finished() {
            ledger.book().rewrite().unwrap();
        }
    });
    ledger.book().sync().unwrap();
    drop(ledger);
    let ledger = Ledger::open(&dir, &Options::default()).unwrap();
    assert_eq!(ledger.book().entries(ACME, Kind::User).unwrap().len(), 2_000);
}

#[test]
fn a_device_loses_its_mark_with_its_entry() {
    let home = tempfile::tempdir().unwrap();
    let ledger = Ledger::create(&home.path().join("ledger"), &Options::default()).unwrap();
    let book = ledger.book();
    people(book);
    book.enrol(Subject::device(ACME, DeviceId(2)), "never marked").unwrap();
    let known = [(DeviceId(1), Some(20_000)), (DeviceId(2), None)];
    assert_eq!(book.devices_used(ACME).unwrap(), known);
    assert_eq!(book.accounts_with_devices().unwrap(), [ACME]);
    book.erase(&[Subject::device(ACME, DeviceId(1))]).unwrap();
    assert_eq!(book.devices_used(ACME).unwrap(), known[1..]);
    assert_eq!(book.accounts_with_devices().unwrap(), []);
}

/// Why files are rewritten: see docs/privacy.md, which says for how long.
#[test]
fn the_engine_alone_keeps_what_was_removed() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("ledger");
    let ledger = Ledger::create(&dir, &Options::default()).unwrap();
    people(ledger.book());
    ledger.book().erase(&[user(201), Subject::note(ACME, 1)]).unwrap();
    for save in 0_u32..1_000 {
        let row = save.to_be_bytes().repeat(40);
        ledger.book().save_liveness(Timestamp(save.into()), [(ACME, &row[..])]).unwrap();
    }
    ledger.book().sync().unwrap();
    drop(ledger);
    let ledger = Ledger::open(&dir, &Options::default()).unwrap();
    assert!(holds(&dir, NAME), "if the engine forgets by itself, the rewrite is not needed");
    ledger.book().rewrite().unwrap();
    assert!(!holds(&dir, NAME));
}
