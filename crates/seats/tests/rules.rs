//! Rules that no scenario can say, because no command of the notation leads to them.

use seats::account::ENDINGS_REMEMBERED;
use seats::answer::Present;
use seats::{
    Account, AccountId, Answer, Command, Commitment, DenialReason, DeviceId, Digest, Effective,
    Event, FirstAnswer, Live, Liveness, LogIn, Outcome, Rejection, RequestId, SeatNo, SessionId,
    Setting, Timestamp, UserId, WhenFull,
};

const PROFILE: Commitment = Commitment([0; 32]);
const NOW: Timestamp = Timestamp::from_secs(1_000);

fn open(licences: u32) -> Command {
    let effective = Effective { instant: NOW, date: None };
    let (zone, profile, settings) = ("Europe/London".into(), PROFILE, vec![]);
    Command::Open { zone, profile, licences, settings, plan: None, effective }
}

fn login(request: u8, user: u32) -> LogIn {
    LogIn {
        request: RequestId([request; 16]),
        user: UserId(user),
        newcomer: Some(PROFILE),
        site: None,
        device: None,
        new_device: None,
    }
}

fn account() -> Live {
    let mut live = Live::new(Account::new(AccountId(1)), Liveness::default());
    assert_eq!(live.take(&open(2), None, NOW).answer, Ok(Answer::Done));
    live
}

/// What `command` comes to in this account.
fn check(live: &mut Live, command: Command, expected: Result<Answer, Rejection>) {
    let taken = live.take(&command, None, NOW);
    assert_eq!(taken.answer, expected, "{command:?}");
    if expected.is_err() {
        assert_eq!(taken.events, [], "a refused command leaves no record");
    }
}

#[test]
fn an_account_is_opened_first_and_once() {
    let mut live = Live::new(Account::new(AccountId(1)), Liveness::default());
    check(&mut live, Command::LogIn(login(1, 1)), Err(Rejection::UnknownAccount));
    check(&mut live, Command::Close, Err(Rejection::UnknownAccount));
    for licences in [0, 1_000_001] {
        check(&mut live, open(licences), Err(Rejection::BadLicences { to: licences }));
    }
    check(&mut live, open(1_000_000), Ok(Answer::Done));
    check(&mut live, open(2), Err(Rejection::AlreadyOpen));
    check(&mut live, Command::ChangePolicy { settings: vec![] }, Err(Rejection::NoSetting));
}

#[test]
fn licences_count_from_the_opening_at_the_earliest() {
    let change = |to, instant| {
        let effective = Effective { instant, date: None };
        Command::SetLicences { to, effective }
    };
    let (before, later) = (Timestamp(NOW.0 - 1), Timestamp::from_secs(2_000));
    let mut live = account();
    check(&mut live, change(5, before), Err(Rejection::BeforeOpening { first: NOW }));
    check(&mut live, change(5, NOW), Ok(Answer::Done));
    check(&mut live, change(6, later), Ok(Answer::Done));
    // Opened today, with licences from next month: some may still be bought for today.
    let mut live = Live::new(Account::new(AccountId(1)), Liveness::default());
    let mut next_month = open(2);
    if let Command::Open { effective, .. } = &mut next_month {
        effective.instant = later;
    }
    check(&mut live, next_month, Ok(Answer::Done));
    check(&mut live, change(5, before), Err(Rejection::BeforeOpening { first: later }));
    check(&mut live, change(5, NOW), Ok(Answer::Done));
}

#[test]
fn an_account_being_imported_takes_no_commands() {
    let mut live = account();
    let source = Digest([1; 32]);
    live.apply(NOW, &[Event::ImportStarted { source }]);
    assert!(live.account().is_importing());
    check(&mut live, Command::LogIn(login(1, 1)), Err(Rejection::Importing));
    check(&mut live, Command::Suspend, Err(Rejection::Importing));
    live.apply(NOW, &[Event::ImportCompleted { source }]);
    assert_eq!(live.account().import_source(), Some(source));
    check(&mut live, Command::Suspend, Ok(Answer::Done));
}

#[test]
fn a_forgotten_user_never_logs_in_again() {
    let mut live = account();
    let user = UserId(1);
    live.take(&Command::AddUser { user, profile: PROFILE }, None, NOW);
    live.apply(NOW, &[Event::UserForgotten { user }]);
    let taken = live.take(&Command::LogIn(login(1, 1)), None, NOW);
    let reason = DenialReason::NotRegistered;
    let outcome = Outcome::Denied { reason, held: 0, dormant: 0 };
    let said = Answer::Login { outcome, at: NOW, again: false, present: None };
    assert_eq!(taken.answer, Ok(said));
    let already = Rejection::UserAlready { user, standing: "forgotten" };
    check(&mut live, Command::AddUser { user, profile: PROFILE }, Err(already.clone()));
    check(&mut live, Command::ReinstateUser { user }, Err(already));
}

#[test]
fn newcomers_need_an_entry_and_devices_the_next_number() {
    let mut live = account();
    let unknown = LogIn { newcomer: None, ..login(1, 1) };
    let why = Rejection::UnknownUser(UserId(1));
    check(&mut live, Command::LogIn(unknown), Err(why));
    let nobody = Rejection::UnknownUser(UserId(0));
    check(&mut live, Command::LogIn(login(1, 0)), Err(nobody));
    let ahead = LogIn { device: Some(DeviceId(2)), new_device: Some(PROFILE), ..login(1, 1) };
    check(&mut live, Command::LogIn(ahead), Err(Rejection::NumberTaken("the device's number")));
    let next = live.account().next_site();
    let taken = seats::SiteId(next.0 + 1);
    let why = Rejection::NumberTaken("the site's number");
    check(&mut live, Command::AddSite { site: taken, profile: PROFILE }, Err(why));
    check(&mut live, Command::AddSite { site: next, profile: PROFILE }, Ok(Answer::Done));
}

#[test]
fn a_request_answered_later_is_waiting_until_then() {
    let asked = Event::LoginRequested {
        request: RequestId([1; 16]),
        user: UserId(1),
        site: None,
        device: None,
    };
    let waiting = FirstAnswer::in_commit(RequestId([1; 16]), NOW, std::slice::from_ref(&asked));
    assert_eq!(waiting.map(|first| first.outcome), Some(Outcome::Waiting { place: 0 }));
    assert_eq!(FirstAnswer::in_commit(RequestId([2; 16]), NOW, std::slice::from_ref(&asked)), None);
    // Of two requests in one commit each finds its own answer.
    let other = login(2, 2);
    let (request, user) = (other.request, other.user);
    let second = Event::LoginRequested { request, user, site: None, device: None };
    let (session, seat, overdraft) = (SessionId(1), SeatNo(1), false);
    let grant = Event::SeatGranted { request: None, session, seat, overdraft };
    let (reason, held, dormant) = (DenialReason::AllSeatsHeld, 1, 0);
    let denied = Some(RequestId([1; 16]));
    let deny = Event::SeatDenied { request: denied, reason, held, dormant };
    let events = [asked, second, grant, deny];
    let outcome =
        |id: u8| FirstAnswer::in_commit(RequestId([id; 16]), NOW, &events).unwrap().outcome;
    assert_eq!(outcome(1), Outcome::Denied { reason, held, dormant });
    assert_eq!(outcome(2), Outcome::Granted { session, seat, overdraft });
}

#[test]
fn the_last_endings_are_remembered_and_older_ones_are_in_the_log() {
    let mut live = account();
    let last = u64::try_from(ENDINGS_REMEMBERED).unwrap() + 2;
    for session in 1..=last {
        let request = u8::try_from(session).unwrap();
        live.take(&Command::LogIn(login(request, 1)), None, NOW); // Takes over from the one before.
    }
    let over = |live: &mut Live, session: u64| {
        let session = SessionId(session);
        match live.take(&Command::LogOut { session }, None, NOW).answer {
            Err(Rejection::SessionOver { ending, .. }) => ending.map(|ending| ending.session),
            other => panic!("not over: {other:?}"),
        }
    };
    assert_eq!(over(&mut live, 1), None);
    assert_eq!(over(&mut live, 2), Some(SessionId(2)));
    let present = |session| seats::answer::present(live.account(), SessionId(session));
    assert_eq!(present(1), Present::Ended(None));
    assert_eq!(present(last), Present::Live);
    assert_eq!(live.account().sessions().len(), 1);
}

#[test]
fn what_is_over_is_dropped_from_the_state() {
    let mut live = account();
    let settings = vec![Setting::Linger(60)];
    live.take(&Command::ChangePolicy { settings }, None, NOW);
    live.take(&Command::LogIn(login(1, 1)), None, NOW);
    let session = SessionId(1);
    live.take(&Command::Heartbeat { session, active: true }, None, NOW);
    assert_eq!(live.liveness().signs().len(), 1);
    // Signs that were saved of a session that has ended meanwhile are dropped too.
    let saved = live.liveness().clone();
    live.take(&Command::LogOut { session }, None, NOW);
    assert_eq!(live.liveness().signs().len(), 0);
    assert_eq!(Live::new(live.account().clone(), saved).liveness().signs().len(), 0);
    let kept = |live: &Live| live.account().lingering(Timestamp::ZERO).count();
    assert_eq!(kept(&live), 1);
    let later = Timestamp::from_secs(1_060);
    live.take(&Command::Suspend, None, later);
    assert_eq!(kept(&live), 0);
}

#[test]
fn a_clock_that_is_set_back_loses_no_offer() {
    let mut live = account();
    let settings = vec![Setting::WhenFull(WhenFull::Queue), Setting::Lease(None)];
    live.take(&Command::ChangePolicy { settings }, None, NOW);
    let later = Timestamp::from_secs(1_010);
    for n in 1..=3 {
        live.take(&Command::LogIn(login(n, u32::from(n))), None, later);
    }
    live.take(&Command::LogOut { session: SessionId(1) }, None, later);
    assert_eq!(live.settle(NOW), [], "nothing happens before the last commit");
    assert_eq!(live.next_due(), later);
    let taken = live.take(&Command::LogIn(login(4, 4)), None, NOW);
    let offered = |due: &seats::settle::Due| matches!(due.events[..], [Event::SeatOffered { .. }]);
    assert!(taken.due.iter().any(offered), "{taken:?}");
    assert!(matches!(
        taken.answer,
        Ok(Answer::Login { outcome: Outcome::Waiting { place: 2 }, .. })
    ));
}

#[test]
fn a_session_that_came_back_has_its_lease_from_then_though_no_sign_was_saved() {
    let mut live = account();
    live.take(&Command::LogIn(login(1, 1)), None, NOW);
    let (back, session) = (Timestamp::from_secs(2_000), SessionId(1));
    live.take(&Command::Heartbeat { session, active: false }, None, back);
    let mut again = Live::new(live.account().clone(), Liveness::default());
    let lease = Timestamp::from_secs(2_120);
    assert_eq!(again.settle(Timestamp(lease.0 - 1)), []);
    assert_eq!(again.settle(lease).len(), 1);
}
