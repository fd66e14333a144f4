//! Every breach is reached: a lawful history, and for each law a commit after it that breaks it.

mod hand_over;
mod line;
mod periods;

use seats::{
    AccountId, Breach, CivilDate, Commitment, DenialReason, DeviceId, Digest, Effective, EndedBy,
    Event, ExpiryCause, ExportKind, Exported, Laws, Leaving, Look, Micros, ReleaseReason,
    RequestId, SeatNo, SessionId, Setting, SiteId, Timestamp, UserId,
};

const PROFILE: Commitment = Commitment([0; 32]);
const ALICE: UserId = UserId(1);
const BOB: UserId = UserId(2);
const CAROL: UserId = UserId(3);
const NOW: Timestamp = Timestamp::from_secs(1_000);

fn licences(from: u32, to: u32) -> Event {
    let effective = Effective { instant: NOW, date: None };
    Event::LicencesChanged { from, to, effective }
}

fn ask(request: u8, user: UserId) -> Event {
    Event::LoginRequested { request: RequestId([request; 16]), user, site: None, device: None }
}

fn grant(session: u64, seat: u32) -> Event {
    let (session, seat) = (SessionId(session), SeatNo(seat));
    Event::SeatGranted { request: None, session, seat, overdraft: false }
}

fn overdraft(session: u64, seat: u32) -> Event {
    let (session, seat) = (SessionId(session), SeatNo(seat));
    Event::SeatGranted { request: None, session, seat, overdraft: true }
}

fn deny(held: u32, dormant: u32) -> Event {
    Event::SeatDenied { request: None, reason: DenialReason::AllSeatsHeld, held, dormant }
}

fn dormant(session: u64, silent_s: u32) -> Event {
    Event::WentDormant { session: SessionId(session), silent: Micros::from_secs(silent_s) }
}

fn expire(session: u64, cause: ExpiryCause) -> Event {
    Event::Expired { session: SessionId(session), cause, silent: Micros::ZERO }
}

fn logout(session: u64, by: EndedBy, reason: Option<ReleaseReason>) -> Event {
    let (session, silent) = (SessionId(session), Micros::ZERO);
    Event::LoggedOut { session, by, reason, note: None, silent }
}

/// 2 licences and 1 overdraft; alice on seat 1, bob on seat 2 and dormant; carol and dave are known.
fn lawful() -> Vec<Event> {
    let effective = Effective { instant: Timestamp::ZERO, date: None };
    let user = |user| Event::UserAdded { user: UserId(user), profile: PROFILE };
    vec![
        Event::AccountOpened { zone: "Europe/London".into(), profile: PROFILE },
        Event::PolicyChanged { settings: vec![Setting::Overdraft(1)] },
        Event::LicencesChanged { from: 0, to: 2, effective },
        user(1),
        user(2),
        user(3),
        user(4),
        ask(1, ALICE),
        grant(1, 1),
        ask(2, BOB),
        grant(2, 2),
        dormant(2, 0),
    ]
}

/// What is wrong with this commit, after the lawful history; `None` if nothing is.
fn breach(events: &[Event]) -> Option<Breach> {
    let mut laws = Laws::new(AccountId(1));
    laws.check(NOW, &lawful()).and_then(|()| laws.check(NOW, events)).err()
}

fn check(events: &[Event], expected: Breach) {
    assert_eq!(breach(events), Some(expected), "{events:?}");
}

fn lawfully(events: &[Event]) {
    assert_eq!(breach(events), None, "{events:?}");
}

#[test]
fn no_oversubscription() {
    let full = [ask(3, CAROL), overdraft(3, 3)];
    lawfully(&full);
    let (session, seat) = (SessionId(4), SeatNo(4));
    let over = Breach::Oversubscribed { session, seat, taken: 4, limit: 3 };
    check(&[&full[..], &[ask(4, UserId(4)), grant(4, 4)]].concat(), over);
    // Moving onto one's own seat takes none, even above the limit.
    let decrease = licences(2, 1);
    let take_over = [expire(1, ExpiryCause::TakenOver), ask(5, ALICE), grant(5, 1)];
    lawfully(&[&full[..], &[decrease], &take_over[..]].concat());
    // But a seat on its way to its own user is not free for another meanwhile.
    let between = [
        expire(1, ExpiryCause::TakenOver),
        ask(4, UserId(4)),
        grant(4, 4),
        ask(5, ALICE),
        grant(5, 1),
    ];
    let over = Breach::Oversubscribed { session, seat, taken: 4, limit: 3 };
    check(&[&full[..], &between[..]].concat(), over);
}

#[test]
fn overdraft_is_marked() {
    let (session, seat) = (SessionId(3), SeatNo(3));
    let unmarked = Breach::OverdraftUnmarked { session, seat, licences: 2 };
    check(&[ask(3, CAROL), grant(3, 3)], unmarked);
    // Nor does the mark vanish by moving onto one's own seat, until licences are bought.
    let marked = [ask(3, CAROL), overdraft(3, 3), expire(3, ExpiryCause::TakenOver), ask(4, CAROL)];
    let session = SessionId(4);
    let unmarked = Breach::OverdraftUnmarked { session, seat, licences: 2 };
    check(&[&marked[..], &[grant(4, 3)]].concat(), unmarked);
    lawfully(&[&marked[..], &[overdraft(4, 3)]].concat());
    lawfully(&[&marked[..], &[licences(2, 3), grant(4, 3)]].concat());
}

#[test]
fn one_user_a_seat() {
    let (seat, user, holder) = (SeatNo(1), CAROL, ALICE);
    check(&[ask(3, CAROL), grant(3, 1)], Breach::SeatHeld { seat, user, holder });
    // Sharing one's own is lawful.
    lawfully(&[ask(3, ALICE), grant(3, 1)]);
    // A seat being taken over is not for somebody else.
    let stolen = [expire(1, ExpiryCause::TakenOver), ask(3, CAROL), grant(3, 1)];
    check(&stolen, Breach::SeatHeld { seat, user, holder });
}

#[test]
fn requests_are_asked_and_answered_once() {
    check(&[overdraft(3, 3)], Breach::NoRequest);
    check(&[deny(2, 1)], Breach::NoRequest);
    check(&[ask(3, CAROL), deny(2, 1), overdraft(3, 3)], Breach::NoRequest);
    let request = Some(RequestId([9; 16]));
    let (session, seat) = (SessionId(3), SeatNo(3));
    let other = Event::SeatGranted { request, session, seat, overdraft: true };
    check(&[ask(3, CAROL), other], Breach::NoRequest);
    check(&[ask(3, CAROL), ask(3, CAROL)], Breach::RequestOpen);
    // An answer that names no request answers one of its own commit.
    let mut laws = Laws::new(AccountId(1));
    laws.check(NOW, &lawful()).unwrap();
    laws.check(NOW, &[ask(3, CAROL)]).unwrap();
    assert_eq!(laws.check(NOW, &[overdraft(3, 3)]), Err(Breach::NoRequest));
    let mut laws = Laws::new(AccountId(1));
    laws.check(NOW, &lawful()).unwrap();
    laws.check(NOW, &[ask(3, CAROL)]).unwrap();
    let request = Some(RequestId([3; 16]));
    let named = Event::SeatGranted { request, session, seat, overdraft: true };
    assert_eq!(laws.check(NOW, &[named]), Ok(()));
}

#[test]
fn sessions_are_numbered_once_and_act_only_while_they_hold() {
    let (session, last) = (SessionId(2), SessionId(2));
    check(&[ask(3, ALICE), grant(2, 1)], Breach::SessionReused { session, last });
    let gone = Breach::NotHeld(SessionId(9));
    check(&[dormant(9, 0)], gone.clone());
    check(&[Event::Resumed { session: SessionId(9) }], gone.clone());
    check(&[logout(9, EndedBy::User, None)], gone.clone());
    check(&[expire(9, ExpiryCause::MaxSession)], gone);
    let out = logout(1, EndedBy::User, None);
    check(&[out.clone(), out], Breach::NotHeld(SessionId(1)));
    check(&[dormant(2, 0)], Breach::Silence(SessionId(2)));
    check(&[Event::Resumed { session: SessionId(1) }], Breach::Silence(SessionId(1)));
    check(&[dormant(1, 1)], Breach::LastSeen(SessionId(1)));
    let (session, cause) = (SessionId(1), ExpiryCause::MaxSession);
    let early = Event::Expired { session, cause, silent: Micros(1) };
    check(&[early], Breach::LastSeen(session));
}

#[test]
fn nobody_is_thrown_out_for_nothing() {
    let for_carol = [ask(3, CAROL), expire(2, ExpiryCause::Reclaimed), grant(3, 2)];
    lawfully(&for_carol);
    check(&for_carol[..2], Breach::Reclaimed(SessionId(2)));
    let live = [ask(3, CAROL), expire(1, ExpiryCause::Reclaimed), grant(3, 1)];
    check(&live, Breach::Reclaimed(SessionId(1)));
    // A commit full of reclaims may stand ahead of its grant; nearly full, or with anything else, it may not.
    let silent = |sessions: u64| {
        let user = UserId(5);
        let added = Event::UserAdded { user, profile: PROFILE };
        let granted = (10..10 + sessions)
            .flat_map(move |session| [ask(1, user), grant(session, 3), dormant(session, 0)]);
        [licences(2, 4), added].into_iter().chain(granted)
    };
    let reclaims = |sessions: u64| -> Vec<_> {
        (10..10 + sessions).map(|session| expire(session, ExpiryCause::Reclaimed)).collect()
    };
    let after = |sessions: u64, commit: &[Event]| {
        let mut laws = Laws::new(AccountId(1));
        laws.check(NOW, &lawful()).unwrap();
        laws.check(NOW, &silent(sessions).collect::<Vec<_>>()).unwrap();
        laws.check(NOW, commit).err()
    };
    assert_eq!(after(1000, &reclaims(1000)), None);
    assert_eq!(after(999, &reclaims(999)), Some(Breach::Reclaimed(SessionId(1008))));
    let mixed = [&reclaims(1000)[..], &[Event::AccountSuspended]].concat();
    assert_eq!(after(1000, &mixed), Some(Breach::Reclaimed(SessionId(1009))));
    let granted = [&[ask(3, CAROL), grant(2000, 4)], &reclaims(1000)[..]].concat();
    assert_eq!(after(1000, &granted), Some(Breach::Reclaimed(SessionId(1009))));
    check(&[expire(1, ExpiryCause::TakenOver)], Breach::TakenOver(SeatNo(1)));
    check(&[logout(1, EndedBy::Release, None)], Breach::NoReason(SessionId(1)));
    lawfully(&[logout(1, EndedBy::Release, Some(ReleaseReason::Other))]);
}

#[test]
fn denials_count_truly() {
    lawfully(&[ask(3, CAROL), deny(2, 1)]);
    check(&[ask(3, CAROL), deny(3, 1)], Breach::DenialCounts { said: 3, counted: 2 });
    check(&[ask(3, CAROL), deny(1, 1)], Breach::DenialCounts { said: 1, counted: 2 });
    check(&[ask(3, CAROL), deny(2, 0)], Breach::DenialCounts { said: 0, counted: 1 });
    // A shared seat is dormant when all its sessions are.
    let shared = [ask(3, BOB), grant(3, 2), ask(4, CAROL)];
    lawfully(&[&shared[..], &[deny(2, 0)]].concat());
    lawfully(&[&shared[..], &[dormant(3, 0), deny(2, 1)]].concat());
    let awake_left = logout(3, EndedBy::User, None);
    lawfully(&[&shared[..], &[awake_left, deny(2, 1)]].concat());
}

/// Once alice is gone, her seat may be counted as long as it can linger, and not longer.
#[test]
fn denials_count_what_lingers() {
    let linger = Event::PolicyChanged { settings: vec![Setting::Linger(60)] };
    let gone = |by, reason| vec![linger.clone(), logout(1, by, reason)];
    let by_user = gone(EndedBy::User, None);
    let after = |before: &[Event], seconds: u64, commit: &[Event]| {
        let mut laws = Laws::new(AccountId(1));
        laws.check(NOW, &lawful()).unwrap();
        laws.check(NOW, before).unwrap();
        laws.check(Timestamp::from_secs(1_000 + seconds), commit).err()
    };
    let denied = |held, dormant| [ask(3, CAROL), deny(held, dormant)];
    let miscounted = |said, counted| Some(Breach::DenialCounts { said, counted });
    assert_eq!(after(&by_user, 59, &denied(2, 1)), None);
    assert_eq!(after(&by_user, 59, &denied(1, 1)), None); // Rules may free it earlier.
    assert_eq!(after(&by_user, 59, &denied(3, 1)), miscounted(3, 2));
    assert_eq!(after(&by_user, 60, &denied(2, 1)), miscounted(2, 1));
    let released = gone(EndedBy::Release, Some(ReleaseReason::Other));
    assert_eq!(after(&released, 0, &denied(2, 1)), miscounted(2, 1));
    let expired = [linger.clone(), expire(1, ExpiryCause::Idle)];
    assert_eq!(after(&expired, 0, &denied(2, 1)), miscounted(2, 1));
    let without = [logout(1, EndedBy::User, None)];
    assert_eq!(after(&without, 0, &denied(2, 1)), miscounted(2, 1));
    // Granted again, it is held and lingers no more; and a shared seat lingers when the last is gone.
    let again = [&by_user[..], &[ask(4, ALICE), grant(4, 1)]].concat();
    assert_eq!(after(&again, 0, &denied(3, 1)), miscounted(3, 2));
    let shared = [linger.clone(), ask(4, ALICE), grant(4, 1), logout(1, EndedBy::User, None)];
    assert_eq!(after(&shared, 0, &denied(3, 1)), miscounted(3, 2));
    // Another log-out lingers for the time that the policy said then.
    let later =
        [&by_user[..], &[Event::PolicyChanged { settings: vec![Setting::Linger(0)] }]].concat();
    assert_eq!(after(&later, 59, &denied(2, 1)), None);
}

#[test]
fn civil_dates_are_those_of_their_instants() {
    const DAY: u64 = 86_400_000_000;
    let effective =
        |instant: u64, day| Effective { instant: Timestamp(instant), date: Some(CivilDate(day)) };
    let change = |effective| Event::LicencesChanged { from: 2, to: 3, effective };
    let assign = |effective| Event::PlanAssigned { plan: Digest([0; 32]), effective };
    for (instant, holds) in [
        (9 * DAY, false),
        (9 * DAY + 1, true), // Almost a day east.
        (10 * DAY, true),
        (12 * DAY - 1, true), // The last of a day almost a day west.
        (12 * DAY, false),
    ] {
        for event in [change(effective(instant, 10)), assign(effective(instant, 10))] {
            let expected = (!holds).then(|| Breach::Dated(effective(instant, 10)));
            assert_eq!(breach(&[event]), expected, "{instant}");
        }
    }
    for day in [i32::MIN, -1, i32::MAX] {
        let effective = effective(DAY, day);
        check(&[change(effective)], Breach::Dated(effective));
    }
}

#[test]
fn who_may_log_in_where() {
    let user = CAROL;
    check(&[ask(3, UserId(9)), overdraft(3, 3)], Breach::UserMayNot(UserId(9)));
    let suspended = [Event::UserSuspended { user }, ask(3, CAROL), overdraft(3, 3)];
    check(&suspended, Breach::UserMayNot(CAROL));
    let back = Event::UserReinstated { user };
    lawfully(&[suspended[0].clone(), back.clone(), ask(3, CAROL), overdraft(3, 3)]);
    check(&[Event::UserForgotten { user }, back], Breach::User(CAROL));
    check(&[Event::UserAdded { user, profile: PROFILE }], Breach::User(CAROL));
    check(&[Event::UserSuspended { user: UserId(9) }], Breach::User(UserId(9)));
    let (site, device) = (SiteId(2), DeviceId(2));
    check(&[Event::SiteAdded { site, profile: PROFILE }], Breach::Site(site));
    check(&[Event::DeviceAdded { device, profile: PROFILE }], Breach::Device(device));
    let (request, user) = (RequestId([3; 16]), CAROL);
    let nowhere = Event::LoginRequested { request, user, site: Some(site), device: None };
    check(&[nowhere], Breach::Site(site));
    let unseen = Event::LoginRequested { request, user, site: None, device: Some(device) };
    check(&[unseen], Breach::Device(device));
}

#[test]
fn an_account_opens_once_and_closes_once() {
    let opened = || Event::AccountOpened { zone: "UTC".into(), profile: PROFILE };
    check(&[opened()], Breach::OpenedTwice);
    let mut laws = Laws::new(AccountId(1));
    assert_eq!(laws.check(NOW, &[ask(1, ALICE)]), Err(Breach::NotOpened));
    check(&[Event::AccountReinstated], Breach::Standing("open"));
    let login = [ask(3, CAROL), overdraft(3, 3)];
    check(&[&[Event::AccountSuspended][..], &login].concat(), Breach::Standing("suspended"));
    lawfully(&[&[Event::AccountSuspended, Event::AccountReinstated][..], &login].concat());
    check(&[Event::AccountClosed], Breach::ClosedWhileHeld(2));
    let close = [1, 2]
        .map(|session| expire(session, ExpiryCause::AccountClosed))
        .into_iter()
        .chain([Event::AccountClosed]);
    let close: Vec<_> = close.collect();
    lawfully(&close);
    check(&[&close[..], &login].concat(), Breach::Standing("closed"));
    for event in [Event::AccountClosed, Event::AccountSuspended, Event::AccountReinstated] {
        check(&[&close[..], &[event]].concat(), Breach::Standing("closed"));
    }
}

#[test]
fn licences_imports_and_time() {
    check(&[licences(3, 4)], Breach::LicencesFrom { said: 3, were: 2 });
    lawfully(&[licences(2, 4), licences(4, 3)]);
    let source = Digest([1; 32]);
    check(&[Event::ImportStarted { source }], Breach::Import);
    check(&[Event::ImportCompleted { source }], Breach::Import);
    let mut laws = Laws::new(AccountId(1));
    let opened = Event::AccountOpened { zone: "UTC".into(), profile: PROFILE };
    let import = [opened, Event::ImportStarted { source }];
    laws.check(NOW, &import).unwrap();
    let again = laws.clone().check(NOW, &[Event::ImportStarted { source }]);
    assert_eq!(again, Err(Breach::Import));
    assert_eq!(laws.check(NOW, &[Event::ImportCompleted { source }]), Ok(()));
    let before = Timestamp(NOW.0 - 1);
    let back = Breach::TimeGoesBack { from: NOW, to: before };
    assert_eq!(laws.check(before, &[]), Err(back));
}

#[test]
fn facts_of_the_service_stand_apart() {
    check(&[Event::ServiceStopped], Breach::WrongAccount);
    let mut system = Laws::new(AccountId::SYSTEM);
    assert_eq!(system.check(NOW, &[Event::ServiceStopped]), Ok(()));
    assert_eq!(system.check(NOW, &[ask(1, ALICE)]), Err(Breach::WrongAccount));
    let shown = Event::IdentityShown { account: AccountId(1), look: Look::Who, user: None };
    let changed = Event::SealingKeyChanged { key: Digest([1; 32]), previous: None };
    let exported = Event::StatementsExported(Box::new(Exported {
        kind: ExportKind::Xero,
        year: 2026,
        month: 5,
        accounts: None,
        statements: 2,
        digest: Digest([2; 32]),
        draft: false,
    }));
    for event in [shown, changed, exported] {
        check(std::slice::from_ref(&event), Breach::WrongAccount);
        assert_eq!(system.check(NOW, &[event]), Ok(()));
    }
    let reason = Event::ReasonGiven { note: PROFILE };
    lawfully(std::slice::from_ref(&reason));
    assert_eq!(system.check(NOW, &[reason]), Ok(()));
    let evidence = Event::EvidenceTaken { from: NOW, to: NOW, names: false };
    lawfully(std::slice::from_ref(&evidence));
    assert_eq!(system.check(NOW, &[evidence]), Err(Breach::WrongAccount));
}

#[test]
fn a_device_is_forgotten_once() {
    let device = DeviceId(1);
    let (added, forgotten) =
        (Event::DeviceAdded { device, profile: PROFILE }, Event::DeviceForgotten { device });
    check(std::slice::from_ref(&forgotten), Breach::Device(device));
    lawfully(&[added.clone(), forgotten.clone()]);
    check(&[added.clone(), forgotten.clone(), forgotten], Breach::Device(device));
    let nothing = DeviceId(0);
    check(&[added, Event::DeviceForgotten { device: nothing }], Breach::Device(nothing));
}
