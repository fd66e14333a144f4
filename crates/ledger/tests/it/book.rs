//! The book: names, plans, liveness; in memory and on disk alike.

use ledger::book::{Entry, VALUE_BYTES_MAX};
use ledger::memory::MemoryStore;
use ledger::{Book, BookError, Kind, Ledger, Options, Subject};
use seats::{AccountId, Commitment, Timestamp, UserId};

const ACME: AccountId = AccountId(1);

fn user(number: u32) -> Subject {
    Subject::user(ACME, UserId(number))
}

/// Runs a check on a book in memory and on one on disk.
fn check(with: impl Fn(&Book)) {
    let ledger = Ledger::in_memory(MemoryStore::new()).unwrap();
    with(ledger.book());
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::create(dir.path(), &Options::default()).unwrap();
    with(ledger.book());
}

#[test]
fn a_name_is_found_by_number_and_a_number_by_name() {
    check(|book| {
        book.enrol(user(1), "Anna Müller\nanna@example.org").unwrap();
        book.enrol(user(2), "Bob").unwrap();
        book.enrol(Subject::user(AccountId(2), UserId(1)), "bob").unwrap();
        assert_eq!(book.name(user(1)).unwrap().as_deref(), Some("Anna Müller"));
        for name in ["Anna Müller", "  anna MÜLLER ", "ANNA müller"] {
            assert_eq!(book.number_of(ACME, Kind::User, name).unwrap(), Some(1), "{name}");
        }
        for name in ["", " ", "Anna", "anna@example.org", "Anna Müller\nx@example.org2"] {
            let expected = name.starts_with("Anna Müller").then_some(1);
            assert_eq!(book.number_of(ACME, Kind::User, name).unwrap(), expected, "{name}");
        }
        assert_eq!(book.number_of(ACME, Kind::Site, "Bob").unwrap(), None);
        assert_eq!(book.number_of(AccountId(2), Kind::User, "BOB").unwrap(), Some(1));
        assert_eq!(book.highest(ACME, Kind::User).unwrap(), 2);
        assert_eq!(book.highest(ACME, Kind::Device).unwrap(), 0);
    });
}

#[test]
fn names_of_accounts_are_unique() {
    check(|book| {
        book.enrol(Subject::account(ACME), "Acme").unwrap();
        let taken = book.enrol(Subject::account(AccountId(2)), " ACME ");
        let expected =
            BookError::NameTaken { name: "ACME".to_owned(), kind: Kind::Account, number: 1 };
        assert_eq!(taken, Err(expected));
        assert_eq!(book.account_named("acme").unwrap(), Some(ACME));
        assert_eq!(book.highest(AccountId::SYSTEM, Kind::Account).unwrap(), 1);
    });
}

#[test]
fn what_a_commit_that_never_came_left_is_replaced() {
    check(|book| {
        let first = book.enrol(user(3), "Carol").unwrap();
        let second = book.enrol(user(3), "Carol").unwrap();
        assert_ne!(first, second, "another salt");
        assert_eq!(book.check(first).unwrap(), None);
        book.enrol(user(4), "Dan").unwrap();
        book.enrol(user(2), "dan").unwrap();
        assert_eq!(book.number_of(ACME, Kind::User, "Dan").unwrap(), Some(2));
        assert_eq!(book.entry(user(4)).unwrap(), Entry::Unknown);
        book.enrol(user(3), "Eve").unwrap();
        assert_eq!(book.number_of(ACME, Kind::User, "Carol").unwrap(), None);
        assert_eq!(book.name(user(3)).unwrap().as_deref(), Some("Eve"));
    });
}

#[test]
fn a_commitment_binds_salt_and_text() {
    check(|book| {
        let commitment = book.enrol(user(1), "Anna").unwrap();
        let (subject, profile) = book.check(commitment).unwrap().unwrap();
        assert_eq!(
            (subject, profile.text.as_str(), profile.commitment),
            (user(1), "Anna", commitment)
        );
        assert_eq!(book.check(Commitment([1; 32])).unwrap(), None);
        assert_ne!(commitment, Commitment(*blake3::hash(b"Anna").as_bytes()), "salted");
    });
}

#[test]
fn what_is_forgotten_is_gone_but_for_the_number() {
    check(|book| {
        let commitment = book.enrol(user(1), "Anna").unwrap();
        book.enrol(user(2), "Bob").unwrap();
        assert!(book.forget(user(2)).unwrap());
        assert!(!book.forget(user(2)).unwrap(), "already");
        assert!(!book.forget(user(9)).unwrap(), "never there");
        assert_eq!(book.entry(user(2)).unwrap(), Entry::Forgotten);
        assert_eq!(book.entry(user(9)).unwrap(), Entry::Unknown);
        assert_eq!(book.name(user(2)).unwrap(), None);
        assert_eq!(book.number_of(ACME, Kind::User, "Bob").unwrap(), None);
        assert_eq!(book.highest(ACME, Kind::User).unwrap(), 2, "never given again");
        book.enrol(user(3), "Bob").unwrap();
        assert_eq!(book.number_of(ACME, Kind::User, "Bob").unwrap(), Some(3));
        assert!(book.check(commitment).unwrap().is_some(), "others stay");
        let entries = book.entries(ACME, Kind::User).unwrap();
        assert_eq!(entries.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(entries[1].1, Entry::Forgotten);
    });
}

#[test]
fn notes_have_no_names_and_long_texts_are_refused() {
    check(|book| {
        let first = book.enrol(Subject::note(ACME, 1), "left early").unwrap();
        book.enrol(Subject::note(ACME, 2), "left early").unwrap();
        book.enrol(Subject::note(ACME, 3), "").unwrap();
        assert_eq!(book.check(first).unwrap().unwrap().1.text, "left early");
        assert_eq!(book.number_of(ACME, Kind::Note, "left early").unwrap(), None);
        assert_eq!(book.enrol(user(1), " \n x"), Err(BookError::NameEmpty));
        let long = "x".repeat(VALUE_BYTES_MAX - 31);
        let expected = BookError::TooLong { what: "the text", bytes: VALUE_BYTES_MAX + 1 };
        assert_eq!(book.enrol(Subject::note(ACME, 4), &long), Err(expected));
        book.enrol(Subject::note(ACME, 4), &long[1..]).unwrap();
    });
}

#[test]
fn plans_are_found_by_their_digest() {
    check(|book| {
        let digest = book.keep_plan(b"monthly = 30").unwrap();
        assert_eq!(digest.0, *blake3::hash(b"monthly = 30").as_bytes());
        assert_eq!(book.keep_plan(b"monthly = 30").unwrap(), digest);
        assert_eq!(book.plan(digest).unwrap().unwrap(), b"monthly = 30");
        assert_eq!(book.plan(seats::Digest([0; 32])).unwrap(), None);
        assert!(book.keep_plan(&vec![0; VALUE_BYTES_MAX + 1]).is_err());
    });
}

#[test]
fn liveness_is_kept_by_account_whatever_its_length() {
    check(|book| {
        assert_eq!(book.liveness_mark().unwrap(), None);
        let long: Vec<u8> = (0..100_000_u32).map(|n| n as u8).collect();
        let other = AccountId(2);
        book.save_liveness(Timestamp(5), [(other, &b"short"[..]), (ACME, &long)]).unwrap();
        assert_eq!(book.liveness(ACME).unwrap(), long);
        assert_eq!(book.liveness(other).unwrap(), b"short");
        let all = book.all_liveness().unwrap();
        assert_eq!(all, [(ACME, long.clone()), (other, b"short".to_vec())]);
        book.save_liveness(Timestamp(6), [(ACME, &long[..20_000]), (other, &[])]).unwrap();
        assert_eq!(book.liveness(ACME).unwrap(), long[..20_000]);
        assert_eq!(book.all_liveness().unwrap().len(), 1);
        assert_eq!(book.liveness_mark().unwrap(), Some(Timestamp(6)));
    });
}

#[test]
fn what_is_synced_is_there_after_opening_and_after_a_crash() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::create(dir.path(), &Options::default()).unwrap();
    ledger.book().enrol(user(1), "Anna").unwrap();
    ledger.book().sync().unwrap();
    drop(ledger);
    let ledger = Ledger::open(dir.path(), &Options::default()).unwrap();
    assert_eq!(ledger.book().name(user(1)).unwrap().as_deref(), Some("Anna"));

    let store = MemoryStore::new();
    let ledger = Ledger::in_memory(store.clone()).unwrap();
    ledger.book().enrol(user(1), "Anna").unwrap();
    ledger.book().sync().unwrap();
    ledger.book().enrol(user(2), "Bob").unwrap();
    for (kept, expected) in [(false, None), (true, Some("Bob"))] {
        let found = Ledger::in_memory(store.crash(0, kept)).unwrap();
        assert_eq!(found.book().name(user(1)).unwrap().as_deref(), Some("Anna"));
        assert_eq!(found.book().name(user(2)).unwrap().as_deref(), expected);
    }
    store.book().fail_syncs();
    assert!(ledger.book().sync().is_err());
}
