//! What is refused at once, and how: queues that are full, names that cannot be, accounts too large.

use crate::rig::{ADMIN, APP, NINE, Rig, check_laws, login, service, wait};
use admission::{BadText, Error, LoginRequest, NewAccount, Options, Release, Request};
use seats::{
    AccountId, Command, Effective, Event, Rejection, ReleaseReason, SessionId, Setting, UserId,
    UserPolicy,
};
use std::thread;

#[test]
fn a_full_queue_says_busy_at_once_and_has_room_again() {
    let rig = Rig::new(Options { waiting_max: 4, ..service() });
    let clinic = rig.open("clinic", 100, &[]);
    for round in 0..3 {
        let ask = |n: usize| (Request::LogIn(login(clinic, "alice", &format!("{round} {n}"))), APP);
        let answers = wait(rig.admission.submit_many((0..10).map(ask)));
        let busy = |answer: &Result<_, Error>| matches!(answer, Err(Error::Busy { .. }));
        let refused: Vec<bool> = answers.iter().map(busy).collect();
        assert_eq!(refused.iter().filter(|busy| **busy).count(), 6, "{answers:?}");
        assert!(refused[4..].iter().all(|busy| *busy), "the first ones got in");
    }
    // One too many while the disk is slow.
    let held = rig.store.hold_syncs();
    let mut batch = rig.admission.batch();
    (0..4).for_each(|n| _ = batch.push(Request::LogIn(login(clinic, "bob", &n.to_string())), APP));
    batch.send();
    while rig.store.unsynced_blocks() == 0 {
        thread::yield_now();
    }
    let fifth = rig.login(clinic, "carol", "c");
    assert!(
        matches!(fifth, Err(Error::Busy { retry_after }) if !retry_after.is_zero()),
        "{fifth:?}"
    );
    drop(held);
    while batch.open() > 0 {
        wait(batch.answers());
    }
    assert!(rig.login(clinic, "carol", "c").is_ok());
}

#[test]
fn one_account_cannot_take_all_the_room() {
    let rig = Rig::new(Options { account_waiting_max: 3, ..service() });
    let (one, two) = (rig.open("one", 9, &[]), rig.open("two", 9, &[]));
    let held = rig.store.hold_syncs();
    let mut batch = rig.admission.batch();
    batch.push(Request::LogIn(login(one, "alice", "1")), APP);
    batch.send();
    while rig.store.unsynced_blocks() == 0 {
        thread::yield_now();
    }
    (0..5).for_each(|n| _ = batch.push(Request::LogIn(login(one, "bob", &format!("b{n}"))), APP));
    batch.push(Request::LogIn(login(two, "bob", "two")), APP);
    batch.send();
    let busy = wait(batch.answers());
    let tags: Vec<u64> = busy.iter().map(|(tag, _)| *tag).collect();
    assert_eq!(tags, [4, 5], "those beyond three are refused while the disk is busy");
    assert!(busy.iter().all(|(_, answer)| matches!(answer, Err(Error::Busy { .. }))));
    drop(held);
    while batch.open() > 0 {
        wait(batch.answers()).into_iter().for_each(|(_, answer)| drop(answer.unwrap()));
    }
}

#[test]
fn names_and_texts_that_cannot_be() {
    let rig = Rig::new(service());
    let clinic = rig.open("clinic", 2, &[]);
    let size = rig.admission.ledger().head().size;
    let bad = |result: Result<admission::Answered, Error>, field: &str| match result {
        Err(Error::BadText(
            BadText::Empty { field: f, .. }
            | BadText::TooLong { field: f, .. }
            | BadText::Control { field: f, .. },
        )) => assert_eq!(f, field),
        other => panic!("{field}: {other:?}"),
    };
    let long = "x".repeat(201);
    let open = |name: &str| wait(rig.admission.open_account(NewAccount::new(name, "UTC", 1), APP));
    bad(open(""), "account");
    bad(open(&long), "account");
    bad(rig.login(clinic, "a\nb", "1"), "user");
    bad(wait(rig.admission.add_user(clinic, &*long, APP)), "user");
    bad(wait(rig.admission.add_site(clinic, "\u{0}", APP)), "site");
    let device = Some(String::new());
    bad(
        wait(rig.admission.log_in(LoginRequest { device, ..login(clinic, "a", "1") }, APP)),
        "device",
    );
    let note = Some("x".repeat(2001));
    let (session, reason) = (SessionId(1), ReleaseReason::Other);
    let release = Release { account: clinic, session, reason, note, forced: true };
    bad(wait(rig.admission.release(release, APP)), "note");
    let zone = NewAccount::new("x", "Europe/Atlantis", 1);
    let zone = wait(rig.admission.open_account(zone, APP));
    assert_eq!(zone, Err(Error::BadZone { zone: String::from("Europe/Atlantis") }));
    let settings = vec![Setting::Linger(1); 501];
    let many = wait(rig.admission.change_policy(clinic, settings, APP));
    assert!(matches!(many, Err(Error::TooMany { number: 501, max: 500, .. })), "{many:?}");
    let plan = wait(rig.admission.assign_plan(clinic, "#".repeat(40_000), None, APP));
    assert!(matches!(plan, Err(Error::TooLong(_))), "{plan:?}");
    let site = Some("nowhere".into());
    let site = wait(rig.admission.log_in(LoginRequest { site, ..login(clinic, "a", "1") }, APP));
    assert_eq!(site, Err(Error::UnknownSite { name: String::from("nowhere") }));
    assert_eq!(rig.admission.ledger().head().size, size, "nothing was recorded");
    assert_eq!(
        rig.login(clinic, "a", "1").unwrap().user,
        Some(UserId(1)),
        "nor was anybody entered"
    );
}

#[test]
fn names_are_unique_and_numbers_dense() {
    let rig = Rig::new(service());
    let clinic = rig.open("clinic", 9, &[]);
    let again = wait(rig.admission.open_account(NewAccount::new(" Clinic", "UTC", 1), APP));
    assert_eq!(again, Err(Error::Rejected(Rejection::AlreadyOpen)));
    assert_eq!(rig.open("clinic two", 1, &[]).0, clinic.0 + 1);

    let add = |name: &str| wait(rig.admission.add_user(clinic, name, ADMIN));
    assert_eq!(add("alice").unwrap().user, Some(UserId(1)));
    assert!(matches!(add("Alice"), Err(Error::Rejected(Rejection::UserAlready { .. }))));
    assert_eq!(rig.login(clinic, "ALICE ", "1").unwrap().user, Some(UserId(1)));
    assert_eq!(rig.login(clinic, "bob", "2").unwrap().user, Some(UserId(2)));
    let north = wait(rig.admission.add_site(clinic, "north", ADMIN)).unwrap();
    assert_eq!(north.site, Some(seats::SiteId(1)));
    let twice = wait(rig.admission.add_site(clinic, "North", ADMIN));
    assert_eq!(twice, Err(Error::NameTaken { kind: "site", name: String::from("North") }));
    assert_eq!(
        wait(rig.admission.add_site(clinic, "south", ADMIN)).unwrap().site,
        Some(seats::SiteId(2))
    );

    // A number that nobody was given would leave a gap for ever.
    for user in [UserId(0), UserId(4), UserId(u32::MAX)] {
        let unknown = Err(Error::Rejected(Rejection::UnknownUser(user)));
        let by_number = LoginRequest { user: user.into(), ..login(clinic, "", "9") };
        assert_eq!(wait(rig.admission.log_in(by_number, APP)), unknown);
        let profile = seats::Commitment([1; 32]);
        let command = Command::AddUser { user, profile };
        assert_eq!(wait(rig.admission.submit(clinic, command, APP)), unknown);
    }
    assert!(rig.login(clinic, "carol", "3").is_ok());
    check_laws(rig.admission.ledger());
}

#[test]
fn a_stranger_who_was_denied_can_be_added_later() {
    let rig = Rig::new(service());
    let clinic = rig.open("clinic", 1, &[Setting::Users(UserPolicy::Registered)]);
    let denied = rig.login(clinic, "alice", "1").unwrap();
    assert!(denied.granted().is_none());
    let added = wait(rig.admission.add_user(clinic, "alice", ADMIN)).unwrap();
    assert_eq!((added.user, denied.user), (Some(UserId(1)), Some(UserId(1))));
    assert!(rig.login(clinic, "alice", "2").unwrap().granted().is_some());
    check_laws(rig.admission.ledger());
}

#[test]
fn whoever_is_refused_leaves_no_name() {
    let rig = Rig::new(service());
    let clinic = rig.open("clinic", 1, &[]);
    let book = rig.admission.ledger().book();
    let nowhere = LoginRequest {
        site: Some("nowhere".into()),
        device: Some(String::from("laptop")),
        ..login(clinic, "ghost", "1")
    };
    let refused = wait(rig.admission.log_in(nowhere, APP));
    assert!(matches!(refused, Err(Error::UnknownSite { .. })), "{refused:?}");
    assert_eq!(book.number_of(clinic, ledger::Kind::User, "ghost").unwrap(), None);
    // A name is entered before the settings are looked at, and goes again.
    for (licences, lease) in [(0, 60), (1, 0)] {
        let settings = vec![Setting::Lease(Some(lease))];
        let new = NewAccount { settings, ..NewAccount::new("zz", "UTC", licences) };
        let refused = wait(rig.admission.open_account(new, APP));
        assert!(matches!(refused, Err(Error::Rejected(_))), "{refused:?}");
        assert_eq!(book.account_named("zz").unwrap(), None);
    }
    let opened = rig.open("zz", 1, &[]);
    assert_eq!(book.account_named("zz").unwrap(), Some(opened));
    check_laws(rig.admission.ledger());
}

#[test]
fn an_account_opened_by_an_embedding_program_keeps_its_number_and_name() {
    let rig = Rig::new(service());
    let first = rig.open("first", 1, &[]);
    let account = AccountId(first.0 + 1);
    let book = rig.admission.ledger().book();
    let open = |profile| {
        let effective = Effective { instant: NINE, date: None };
        let (zone, settings) = (String::from("UTC"), vec![]);
        let open = Command::Open { zone, profile, licences: 1, settings, plan: None, effective };
        wait(rig.admission.submit(account, open, APP))
    };
    // Under a number that was given to nobody the next account would be opened as well.
    let number = Rejection::NumberTaken("the account's number");
    assert_eq!(open(seats::Commitment([7; 32])), Err(Error::Rejected(number)));
    let profile = book.enrol(ledger::Subject::account(account), "embedded").unwrap();
    assert_eq!(open(profile).unwrap().account, account);
    assert_eq!(rig.open("third", 1, &[]), AccountId(account.0 + 1));
    assert_eq!(book.account_named("embedded").unwrap(), Some(account));
    check_laws(rig.admission.ledger());
}

#[test]
fn what_was_entered_for_a_rejected_request_is_erased() {
    let rig = Rig::new(service());
    let clinic = rig.open("clinic", 1, &[]);
    let session = rig.session(clinic, "alice", "1");
    let release = |forced| {
        let note = Some(String::from("she asked on the telephone"));
        let reason = ReleaseReason::HolderAsked;
        let release = Release { account: clinic, session, reason, note, forced };
        wait(rig.admission.release(release, ADMIN))
    };
    let young = release(false);
    assert!(matches!(young, Err(Error::Rejected(Rejection::TooYoung { .. }))), "{young:?}");
    let book = rig.admission.ledger().book();
    let notes = book.entries(clinic, ledger::Kind::Note).unwrap();
    assert!(notes.iter().all(|(_, entry)| *entry == ledger::book::Entry::Forgotten), "{notes:?}");
    release(true).unwrap();
    let Some(Event::LoggedOut { note: Some(note), .. }) = rig.events(clinic).pop() else {
        panic!()
    };
    let (_, profile) = book.check(note).unwrap().unwrap();
    assert_eq!(profile.text, "she asked on the telephone");
}
