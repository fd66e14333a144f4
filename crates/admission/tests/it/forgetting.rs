//! Forgetting people and devices, looks at names, and who must say why.

use crate::rig::{ADMIN, APP, NINE, Rig, check_laws, login, service, wait};
use admission::{Error, LoginRequest, Options, Release, Request, Seen, finish_forgetting};
use ledger::book::Entry;
use ledger::memory::Fault;
use ledger::{Actor, Kind, Role, Subject};
use seats::{
    AccountId, Command, DeviceId, Event, Look, Reasons, Rejection, ReleaseReason, Setting, UserId,
    UserPolicy,
};

const DAY_S: u32 = 86_400;

fn on_device(account: AccountId, user: &str, device: &str, request: &str) -> LoginRequest {
    LoginRequest { device: Some(device.to_owned()), ..login(account, user, request) }
}

fn entry(rig: &Rig, subject: Subject) -> Entry {
    rig.admission.ledger().book().entry(subject).unwrap()
}

fn notes(rig: &Rig, scope: AccountId) -> Vec<String> {
    let entries = rig.admission.ledger().book().entries(scope, Kind::Note).unwrap();
    let known = entries.into_iter().filter_map(|(_, entry)| match entry {
        Entry::Known(profile) => Some(profile.text),
        _ => None,
    });
    known.collect()
}

fn seen(account: AccountId, user: Option<u32>, reason: Option<&str>) -> Seen {
    let (user, reason) = (user.map(UserId), reason.map(str::to_owned));
    Seen { account, look: Look::Who, user, reason }
}

#[test]
fn a_user_is_forgotten_with_name_sessions_and_notes() {
    let rig = Rig::new(service());
    let clinic = rig.open("clinic", 2, &[]);
    for (user, request) in [("alice", "r1"), ("bob", "r2")] {
        let session = rig.session(clinic, user, request);
        let note = Some(format!("about the {request} session"));
        let reason = ReleaseReason::HolderAway;
        let release = Release { account: clinic, session, reason, note, forced: true };
        wait(rig.admission.release(release, ADMIN)).unwrap();
    }
    rig.session(clinic, "alice", "r3");
    let suspend =
        Request::Command { account: clinic, command: Command::SuspendUser { user: UserId(2) } };
    wait(rig.admission.ask(suspend.because("shares it with Alice"), ADMIN)).unwrap();
    wait(rig.admission.record_look(seen(clinic, Some(1), Some("she rang")), ADMIN)).unwrap();
    wait(rig.admission.record_look(seen(clinic, None, Some("routine")), ADMIN)).unwrap();
    assert_eq!(notes(&rig, clinic).len(), 3);

    let forget =
        |reason: &'static str| wait(rig.admission.forget_user(clinic, UserId(1), reason, ADMIN));
    assert!(matches!(forget("Alice asked for it"), Err(Error::BadText(_))));
    let forgotten = forget("asked for it").unwrap();
    let erased = forgotten.erased.unwrap();
    assert_eq!((erased.entries, erased.notes, erased.rewritten), (1, 3, true));
    assert_eq!(entry(&rig, Subject::user(clinic, UserId(1))), Entry::Forgotten);
    assert_eq!(notes(&rig, clinic), ["about the r2 session", "asked for it"]);
    assert_eq!(notes(&rig, AccountId::SYSTEM), ["routine"]);

    let record = rig.admission.ledger().record(forgotten.position.unwrap()).unwrap().unwrap();
    assert_eq!(record.commit.actor, ADMIN);
    let events = record.commit.events;
    assert!(matches!(
        events.as_slice(),
        [
            Event::Expired { .. },
            Event::UserForgotten { user: UserId(1) },
            Event::ReasonGiven { .. }
        ]
    ));
    let again = forget("asked again");
    assert!(matches!(again, Err(Error::Rejected(Rejection::UserAlready { .. }))), "{again:?}");
    assert_eq!(notes(&rig, clinic).len(), 2, "the reason of what was refused is not kept");
    // The name is free: whoever has it next is another user.
    rig.session(clinic, "alice", "r4");
    assert_eq!(entry(&rig, Subject::user(clinic, UserId(1))), Entry::Forgotten);
    check_laws(rig.admission.ledger());
}

#[test]
fn a_stranger_is_forgotten_too() {
    let rig = Rig::new(service());
    let clinic = rig.open("clinic", 1, &[Setting::Users(UserPolicy::Registered)]);
    rig.login(clinic, "mallory", "r1").unwrap();
    wait(rig.admission.forget_user(clinic, UserId(1), "never was here", ADMIN)).unwrap();
    assert_eq!(entry(&rig, Subject::user(clinic, UserId(1))), Entry::Forgotten);
    check_laws(rig.admission.ledger());
    let unknown = wait(rig.admission.forget_user(clinic, UserId(9), "nobody", ADMIN));
    assert_eq!(unknown, Err(Error::Rejected(Rejection::UnknownUser(UserId(9)))));
}

/// The directory is found as it was before: after a crash between commit and erasure, or restored from a backup.
#[test]
fn what_the_log_forgets_is_erased_at_the_next_start() {
    let rig = Rig::new(service());
    let clinic = rig.open("clinic", 1, &[]);
    rig.session(clinic, "alice", "r1");
    let old_book = rig.store.crash(usize::MAX, true).book();
    wait(rig.admission.forget_user(clinic, UserId(1), "asked for it", ADMIN)).unwrap();
    let store = rig.store.crash(usize::MAX, true);
    let options = ledger::Options::default();
    let restored = ledger::Ledger::on_store(store, old_book, &options).unwrap();
    let alice = Subject::user(clinic, UserId(1));
    assert!(matches!(restored.book().entry(alice).unwrap(), Entry::Known(_)));
    assert_eq!(finish_forgetting(&restored), Ok(1));
    assert_eq!(restored.book().entry(alice).unwrap(), Entry::Forgotten);
    assert_eq!(finish_forgetting(&restored), Ok(0));
}

#[test]
fn where_policy_wants_reasons_nothing_is_changed_or_seen_without() {
    let rig = Rig::new(service());
    let clinic = rig.open("clinic", 1, &[Setting::Reasons(Reasons::ForLooks)]);
    let look = |reason| wait(rig.admission.record_look(seen(clinic, None, reason), ADMIN));
    let change = |to| Request::SetLicences { account: clinic, to, effective: None };
    let ask = |request| wait(rig.admission.ask(request, ADMIN));
    let wanted = |answer| matches!(answer, Err(Error::Rejected(Rejection::ReasonNeeded(_))));
    assert!(wanted(look(None)));
    look(Some("ticket 7")).unwrap();
    ask(change(2)).unwrap();
    let for_all = vec![Setting::Reasons(Reasons::ForAll)];
    wait(rig.admission.change_policy(clinic, for_all, ADMIN)).unwrap();
    assert!(wanted(look(None)));
    assert!(wanted(ask(change(3))));
    ask(change(3).because("they grow")).unwrap();
    assert_eq!(notes(&rig, clinic), ["they grow"]);
    // Using a seat takes no reason, nor does what time makes due.
    let device = on_device(clinic, "alice", "laptop", "r1");
    let session = wait(rig.admission.log_in(device, APP)).unwrap().granted().unwrap().0;
    rig.log_out(clinic, session).unwrap();
    let devices = vec![DeviceId(1)];
    let forget = Request::ForgetDevices { account: clinic, devices };
    assert!(wanted(ask(forget.clone())));
    let clock = Actor { role: Role::Clock, id: 0 };
    wait(rig.admission.ask(forget, clock)).unwrap();
}

#[test]
fn a_look_names_who_looks_and_stands_in_the_system_account() {
    let rig = Rig::new(service());
    let clinic = rig.open("clinic", 1, &[]);
    let looked = wait(rig.admission.record_look(seen(clinic, Some(4), None), ADMIN)).unwrap();
    let record = rig.admission.ledger().record(looked.position.unwrap()).unwrap().unwrap();
    assert_eq!((record.commit.account, record.commit.actor), (AccountId::SYSTEM, ADMIN));
    let (user, look) = (Some(UserId(4)), Look::Who);
    assert_eq!(record.commit.events, [Event::IdentityShown { account: clinic, look, user }]);
    let nowhere = wait(rig.admission.record_look(seen(AccountId(77), None, None), ADMIN));
    assert_eq!(nowhere, Err(Error::UnknownAccount));
    check_laws(rig.admission.ledger());
}

/// A look that the record refuses (a full disk) stops nobody, and can be asked again.
#[test]
fn a_look_that_is_refused_does_not_stop_the_service() {
    let rig = Rig::new(service());
    let clinic = rig.open("clinic", 1, &[]);
    rig.store.inject(Fault::Refuse);
    let refused = wait(rig.admission.record_look(seen(clinic, None, None), ADMIN));
    assert!(matches!(refused, Err(Error::NotRecorded { .. })), "{refused:?}");
    wait(rig.admission.record_look(seen(clinic, None, None), ADMIN)).unwrap();
    rig.session(clinic, "alice", "r1");
    wait(rig.admission.stop()).unwrap();
    check_laws(rig.admission.ledger());
}

fn devices_forgotten(rig: &Rig, account: AccountId) -> Vec<DeviceId> {
    let events = rig.events(account).into_iter();
    let gone = events.filter_map(|event| match event {
        Event::DeviceForgotten { device } => Some(device),
        _ => None,
    });
    gone.collect()
}

#[test]
fn devices_are_forgotten_by_themselves_when_their_days_are_over() {
    let rig = Rig::new(service());
    let keep = Setting::KeepDevices(Some(30));
    let clinic = rig.open("clinic", 9, &[keep]);
    let other = rig.open("other", 9, &[Setting::KeepDevices(None)]);
    for (account, user, device, request) in [
        (clinic, "alice", "laptop", "r1"),
        (clinic, "bob", "front desk", "r2"),
        (other, "carol", "laptop", "r3"),
    ] {
        wait(rig.admission.log_in(on_device(account, user, device, request), APP)).unwrap();
    }
    rig.pass(20 * DAY_S);
    wait(rig.admission.log_in(on_device(clinic, "bob", "front desk", "r4"), APP)).unwrap();
    let rig = rig.restart(seats::Micros::from_secs(10 * DAY_S), service());
    wait(rig.admission.stop()).unwrap();
    assert_eq!(devices_forgotten(&rig, clinic), [], "the thirtieth day is not over");
    let rig = rig.restart(seats::Micros::from_secs(DAY_S), service());
    rig.sweep();
    wait(rig.admission.stop()).unwrap();
    let rig = rig.restart(seats::Micros::ZERO, Options::one_shot());
    assert_eq!(devices_forgotten(&rig, clinic), [DeviceId(1)]);
    assert_eq!(devices_forgotten(&rig, other), []);
    assert_eq!(entry(&rig, Subject::device(clinic, DeviceId(1))), Entry::Forgotten);
    assert!(matches!(entry(&rig, Subject::device(clinic, DeviceId(2))), Entry::Known(_)));
    let by_clock = rig.admission.ledger().scan(ledger::Position(0)).any(|record| {
        let commit = record.unwrap().commit;
        let gone = Event::DeviceForgotten { device: DeviceId(1) };
        commit.actor.role == Role::Clock && commit.events == [gone]
    });
    assert!(by_clock);
    // The same laptop comes back under another number.
    wait(rig.admission.log_in(on_device(clinic, "alice", "laptop", "r5"), APP)).unwrap();
    assert!(matches!(entry(&rig, Subject::device(clinic, DeviceId(3))), Entry::Known(_)));
    let twice = wait(rig.admission.forget_devices(clinic, vec![DeviceId(1)], "again", ADMIN));
    assert_eq!(twice, Err(Error::Rejected(Rejection::DeviceForgotten(DeviceId(1)))));
    check_laws(rig.admission.ledger());
    assert!(rig.clock_now() > NINE);
}
