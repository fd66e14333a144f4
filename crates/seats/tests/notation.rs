//! The notation, line by line, for what the scenarios in `fixtures/scenarios` do not say.

use seats::account::{End, Ending};
use seats::answer::Present;
use seats::{
    Account, AccountId, Answer, Commitment, DenialReason, DeviceId, Digest, Effective, EndedBy,
    Event, ExpiryCause, Micros, Nameless, Naming, Notation, Outcome, Rejection, ReleaseReason,
    RequestId, SeatNo, SessionId, Setting, SiteId, Timestamp, UserId,
};

struct Clinic;

impl Naming for Clinic {
    fn user(&self, user: UserId) -> Option<String> {
        ["alice", "bob"].get(usize::try_from(user.0).ok()?.checked_sub(1)?).map(|n| (*n).into())
    }
    fn site(&self, site: SiteId) -> Option<String> {
        (site.0 == 1).then(|| "north".into())
    }
    fn device(&self, device: DeviceId) -> Option<String> {
        (device.0 == 1).then(|| "laptop".into())
    }
}

fn minutes(at: Timestamp) -> String {
    let minutes = at.0 / 60_000_000;
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

fn at(hour: u64, minute: u64) -> Timestamp {
    Timestamp::from_secs(hour * 3_600 + minute * 60)
}

const PROFILE: Commitment = Commitment([0; 32]);
const KNOWN: Notation = Notation { names: &Clinic, time: &minutes };
const UNKNOWN: Notation = Notation { names: &Nameless, time: &minutes };

/// Events of one commit at 09:00, said with and without knowing the account before it.
fn check(events: &[Event], before: &Account, known: &str, unknown: &str) {
    assert_eq!(KNOWN.commit(at(9, 0), events, Some(before)), format!("09:00 {known}"));
    assert_eq!(UNKNOWN.commit(at(9, 0), events, None), format!("09:00 {unknown}"));
}

fn login(user: u32) -> Event {
    let (request, user) = (RequestId([7; 16]), UserId(user));
    Event::LoginRequested { request, user, site: None, device: None }
}

fn grant(session: u64, seat: u32) -> Event {
    let (session, seat) = (SessionId(session), SeatNo(seat));
    Event::SeatGranted { request: None, session, seat, overdraft: false }
}

/// Two licences; alice on seat 1, bob on seat 2 and silent since 08:30.
fn board() -> Account {
    let mut account = Account::new(AccountId(1));
    let effective = Effective { instant: at(0, 0), date: None };
    let zone = String::from("Europe/London");
    account.apply(
        at(0, 0),
        &[
            Event::AccountOpened { zone, profile: PROFILE },
            Event::LicencesChanged { from: 0, to: 2, effective },
            Event::UserAdded { user: UserId(1), profile: PROFILE },
            Event::UserAdded { user: UserId(2), profile: PROFILE },
        ],
    );
    account.apply(at(8, 0), &[login(1), grant(1, 1)]);
    account.apply(at(8, 0), &[login(2), grant(2, 2)]);
    let silent = Micros::from_secs(120);
    account.apply(at(8, 32), &[Event::WentDormant { session: SessionId(2), silent }]);
    account
}

#[test]
fn logins_and_what_came_of_them() {
    let board = board();
    let asked = Event::LoginRequested {
        request: RequestId([7; 16]),
        user: UserId(1),
        site: Some(SiteId(1)),
        device: Some(DeviceId(1)),
    };
    check(&[asked], &board, "login alice at north on laptop", "login user-1 at site-1 on device-1");
    check(&[login(1), grant(3, 1)], &board, "login alice -> seat 1", "login user-1 -> seat 1");
    let silent = Micros::from_secs(30 * 60);
    let (session, cause) = (SessionId(2), ExpiryCause::Reclaimed);
    let reclaim = [login(1), Event::Expired { session, cause, silent }, grant(3, 2)];
    check(
        &reclaim,
        &board,
        "login alice -> seat 2 reclaimed from bob, silent since 08:30; seat 2",
        "login user-1 -> seat reclaimed from session-2, silent since 08:30; seat 2",
    );
    assert_eq!(KNOWN.line(at(9, 0), &grant(3, 2), Some(&board)), "09:00 -> seat 2");
    assert_eq!(
        KNOWN.outcome(at(9, 0), &reclaim, Some(&board)),
        "seat 2 reclaimed from bob, silent since 08:30; seat 2"
    );
}

#[test]
fn denials_give_their_reason() {
    let said = |reason, held, dormant| {
        let denied = Event::SeatDenied { request: None, reason, held, dormant };
        KNOWN.event(at(9, 0), &denied, Some(&board()))
    };
    let full = DenialReason::AllSeatsHeld;
    assert_eq!(said(full, 0, 0), "-> denied: there are no licences yet");
    assert_eq!(said(full, 1, 0), "-> denied: the one seat is held");
    assert_eq!(said(full, 2, 1), "-> denied: all 2 seats are held, 1 dormant");
    assert_eq!(said(full, 3, 0), "-> denied: 3 seats are held, 2 bought");
    let account = DenialReason::AccountSuspended;
    assert_eq!(said(account, 2, 0), "-> denied: the account is suspended");
}

#[test]
fn sessions_end_and_seats_are_free() {
    let board = board();
    let (session, silent) = (SessionId(1), Micros::ZERO);
    let out = Event::LoggedOut { session, by: EndedBy::User, reason: None, note: None, silent };
    check(&[out], &board, "logout alice -> seat 1 free", "logout session-1");
    let (by, reason) = (EndedBy::Release, Some(ReleaseReason::BrowserClosed));
    let release = Event::LoggedOut { session, by, reason, note: None, silent };
    check(
        &[release],
        &board,
        "release alice: browser closed -> seat 1 free",
        "release session-1: browser closed",
    );
    let gone = Event::WentDormant { session, silent: Micros::from_secs(120) };
    check(
        &[gone],
        &board,
        "alice silent since 08:58 -> keeps seat 1",
        "session-1 silent since 08:58",
    );
}

#[test]
fn changes_and_facts_of_the_service() {
    let board = board();
    let now = Effective { instant: at(9, 0), date: None };
    let later = Effective { instant: at(12, 0), date: None };
    let licences = |effective| Event::LicencesChanged { from: 2, to: 3, effective };
    check(&[licences(now)], &board, "set licences 3", "set licences 3");
    check(&[licences(later)], &board, "set licences 3 from 12:00", "set licences 3 from 12:00");
    let settings = vec![Setting::Reserved(SiteId(1), 2), Setting::Lease(None)];
    let policy = Event::PolicyChanged { settings };
    check(
        &[policy],
        &board,
        "set reserved north 2, lease none",
        "set reserved site-1 2, lease none",
    );
    let plan = Event::PlanAssigned { plan: Digest([0xab; 32]), effective: now };
    check(&[plan], &board, "assign plan abababab", "assign plan abababab");
    let alive = Event::ServiceStarted { last_alive: Some(at(8, 0)) };
    let said = "service started, last alive 08:00";
    check(&[alive], &Account::new(AccountId::SYSTEM), said, said);
}

#[test]
fn answers_and_rejections() {
    let (session, seat) = (SessionId(1), SeatNo(1));
    let outcome = Outcome::Granted { session, seat, overdraft: false };
    let end = End::LoggedOut(EndedBy::Release, Some(ReleaseReason::HolderAway));
    let (user, last_seen) = (UserId(1), at(8, 40));
    let ending = Ending { session, user, at: at(8, 50), last_seen, end };
    let again = |present| {
        let present = Some(present);
        KNOWN.answer(&Answer::Login { outcome, at: at(8, 0), again: true, present })
    };
    assert_eq!(again(Present::Dormant), "seat 1, as answered at 08:00; dormant now");
    assert_eq!(
        again(Present::Ended(Some(ending))),
        "seat 1, as answered at 08:00; ended 08:50, released: holder away, last seen 08:40"
    );
    let over = Rejection::SessionOver { session, ending: Some(ending) };
    assert_eq!(
        KNOWN.rejection(&over),
        "refused: alice's session-1 ended 08:50, released: holder away, last seen 08:40"
    );
    let over = Rejection::SessionOver { session, ending: None };
    assert_eq!(KNOWN.rejection(&over), "refused: session-1 has ended");
}
