//! Plans against a naive count over the rows: the peak, the seats held at every instant, each session's
//! wait and length, the lowest free seat, the refusal of too few licences.

#![expect(
    clippy::indexing_slicing,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that finds something else fails, as it should"
)]

use importers::history::{Claim, Gathering};
use importers::{Enrolled, History, Licences, Parameters, Plan, PlanError};
use proptest::prelude::*;
use seats::{
    Account, AccountId, Commitment, Digest, Event, Laws, RequestId, SeatNo, SessionId, Timestamp,
    UserId,
};
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

/// A row as the model sees it: user, requested, granted, ended, seats; times in seconds.
type Said = (u8, u64, u64, u64, u32);

const BIRTHDAY: u64 = 1_000_000;

fn instant(second: u64) -> Timestamp {
    Timestamp::from_secs(BIRTHDAY + second)
}

fn history(rows: &[Said]) -> History {
    let mut gathering = Gathering::new(instant(1_000_000));
    for (line, (user, requested, granted, ended, seats)) in (2..).zip(rows) {
        let (requested, granted, ended) = (instant(*requested), instant(*granted), instant(*ended));
        let user = &format!("user {user}");
        gathering.row(line, Ok(Claim { user, requested, granted, ended, seats: *seats }));
    }
    gathering.finish(Digest([7; 32])).expect("the rows can be right")
}

fn plan(rows: &[Said], licences: Licences) -> Result<Plan, PlanError> {
    let parameters = Parameters {
        account: String::from("clinic"),
        zone: String::from("Europe/London"),
        licences,
    };
    Plan::new(history(rows), "csv", &parameters, &mut |_| {})
}

fn commits(plan: &Plan) -> Vec<(Timestamp, Vec<Event>)> {
    let mut users = vec![(UserId(0), Commitment([0; 32])); plan.history().users.len()];
    for (number, place) in (1_u8..).zip(plan.newcomers()) {
        users[*place as usize] = (UserId(number.into()), Commitment([number; 32]));
    }
    let enrolled = Enrolled { account: Commitment([0; 32]), users };
    let mut commits = Vec::new();
    let kept: Result<(), Infallible> = plan.each_commit(&enrolled, &mut |at, events| {
        commits.push((at, events));
        Ok(())
    });
    let Ok(()) = kept;
    commits
}

/// Seats held at the end of an instant: granted by then and not yet ended.
fn held(rows: &[Said], second: u64) -> u64 {
    let held = rows.iter().filter(|row| row.2 <= second && second < row.3);
    held.map(|row| u64::from(row.4)).sum()
}

/// The seats needed at an instant: those held at its end, or one more than were held before its starts if a
/// session without length passes.
fn needed(rows: &[Said], second: u64) -> u64 {
    let before = rows.iter().filter(|row| row.2 < second && second < row.3);
    let before: u64 = before.map(|row| u64::from(row.4)).sum();
    let passes = rows.iter().any(|row| row.2 == second && row.3 == second);
    held(rows, second).max(if passes { before + 1 } else { 0 })
}

fn instants(rows: &[Said]) -> BTreeSet<u64> {
    rows.iter().flat_map(|row| [row.1, row.2, row.3]).collect()
}

/// One session as it comes out of the commits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Sat {
    user: String,
    requested: Timestamp,
    granted: Timestamp,
    ended: Timestamp,
}

/// The sessions of a row list, one a seat.
fn expected(rows: &[Said]) -> Vec<Sat> {
    let mut sat: Vec<Sat> = rows
        .iter()
        .flat_map(|(user, requested, granted, ended, seats)| {
            let user = format!("user {user}");
            let (requested, granted, ended) =
                (instant(*requested), instant(*granted), instant(*ended));
            vec![Sat { user, requested, granted, ended }; *seats as usize]
        })
        .collect();
    sat.sort();
    sat
}

/// Reads the commits with no help from `seats`: requests, seats and sessions by hand.
fn sessions(plan: &Plan, commits: &[(Timestamp, Vec<Event>)]) -> Vec<Sat> {
    let mut asked: BTreeMap<RequestId, (UserId, Timestamp)> = BTreeMap::new();
    let mut answered = BTreeSet::new();
    let mut sitting: BTreeMap<SessionId, (SeatNo, Sat)> = BTreeMap::new();
    let mut sat = Vec::new();
    let mut last = None;
    let mut known = BTreeSet::new();
    for (at, events) in commits {
        for event in events {
            match event {
                Event::UserAdded { user, .. } => {
                    assert_eq!(user.0 as usize, known.len() + 1, "numbered by first request");
                    known.insert(*user);
                }
                Event::LoginRequested { request, user, .. } => {
                    assert!(known.contains(user));
                    assert!(asked.insert(*request, (*user, *at)).is_none(), "ids are their own");
                    last = Some(*request);
                }
                Event::SeatGranted { request, session, seat, overdraft } => {
                    let paired = request.is_none();
                    let request = request.or(last).expect("a request");
                    assert!(answered.insert(request), "answered once");
                    let (user, requested) = asked[&request];
                    assert_eq!(paired, requested == *at, "a pair if they share their instant");
                    let taken: BTreeSet<_> = sitting.values().map(|(seat, _)| *seat).collect();
                    let lowest = (1..).map(SeatNo).find(|seat| !taken.contains(seat));
                    assert_eq!(Some(*seat), lowest);
                    assert!(!overdraft);
                    let place = plan.newcomers()[user.0 as usize - 1];
                    let user = plan.history().users[place as usize].clone();
                    let session_begins = Sat { user, requested, granted: *at, ended: *at };
                    assert!(sitting.insert(*session, (*seat, session_begins)).is_none());
                }
                Event::LoggedOut { session, .. } => {
                    let (_, mut ends) = sitting.remove(session).expect("a session");
                    ends.ended = *at;
                    sat.push(ends);
                }
                _ => {}
            }
        }
    }
    assert!(sitting.is_empty());
    sat.sort();
    sat
}

/// Everything that must hold of a history and its plan.
fn check(rows: &[Said]) {
    let auto = plan(rows, Licences::Auto).expect("a plan");
    let peak = instants(rows).into_iter().map(|second| needed(rows, second)).max().unwrap_or(0);
    assert_eq!(u64::from(auto.licences()), peak);
    let first = instants(rows).into_iter().find(|second| needed(rows, *second) == peak);
    assert_eq!((auto.peak().seats, Some(auto.peak().at)), (peak, first.map(instant)));

    let made = commits(&auto);
    assert_eq!(made, commits(&plan(rows, Licences::Exactly(auto.licences())).expect("a plan")));
    assert_eq!(auto.commits(), made.len() as u64);
    assert_eq!(auto.events(), made.iter().map(|(_, events)| events.len() as u64).sum::<u64>());
    assert_eq!(sessions(&auto, &made), expected(rows));

    let mut account = Account::new(AccountId(1));
    let mut laws = Laws::new(AccountId(1));
    for (place, (at, events)) in made.iter().enumerate() {
        laws.check(*at, events).expect("lawful");
        account.apply(*at, events);
        let whole = place + 1 == made.len();
        assert_eq!(account.is_importing(), !whole, "hidden until the last commit");
        let instant_over = made.get(place + 1).is_none_or(|(next, _)| next > at);
        if instant_over {
            let second = at.0 / 1_000_000 - BIRTHDAY;
            assert_eq!(u64::from(account.held()), held(rows, second), "held after {second} s");
            let waiting = rows.iter().filter(|row| row.1 <= second && second < row.2);
            let waiting: u32 = waiting.map(|row| row.4).sum();
            assert_eq!(account.pending().len(), waiting as usize, "waiting after {second} s");
        }
    }
    assert_eq!(account.import_source(), Some(auto.source()));

    // One licence less is refused, naming a row that begins at the first instant that needs too many.
    if let Some(fewer) = auto.licences().checked_sub(1).filter(|fewer| *fewer > 0) {
        let refused = plan(rows, Licences::Exactly(fewer)).expect_err("too few licences");
        let PlanError::BelowPeak { line, at, seats, licences, peak: told } = refused else {
            panic!("{refused}");
        };
        assert_eq!((Some(at), licences, told), (first.map(instant), fewer, peak));
        assert_eq!(instant(rows[line as usize - 2].2), at);
        assert!(seats > u64::from(fewer) && seats <= peak);
    }
}

fn rows() -> impl Strategy<Value = Vec<Said>> {
    let row = (0..4_u8, 0..12_u64, 0..5_u64, 0..6_u64, 1..4_u32);
    let row = row.prop_map(|(user, requested, wait, length, seats)| {
        (user, requested, requested + wait, requested + wait + length, seats)
    });
    prop::collection::vec(row, 1..16)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_plan_says_what_the_rows_say(rows in rows()) {
        check(&rows);
    }

    #[test]
    fn the_order_of_rows_changes_no_count(rows in rows(), seed in any::<u64>()) {
        let mut turned = rows.clone();
        turned.rotate_left(seed as usize % rows.len());
        let (one, two) = (plan(&rows, Licences::Auto)?, plan(&turned, Licences::Auto)?);
        prop_assert_eq!(one.licences(), two.licences());
        prop_assert_eq!((one.commits(), one.events()), (two.commits(), two.events()));
        prop_assert_eq!((one.first(), one.last(), one.peak().at), (two.first(), two.last(), two.peak().at));
    }
}

#[test]
fn ends_come_before_starts() {
    let hand_over = [(1, 0, 0, 10, 1), (2, 10, 10, 20, 1)];
    assert_eq!(plan(&hand_over, Licences::Auto).unwrap().licences(), 1);
    let overlap = [(1, 0, 0, 11, 1), (2, 10, 10, 20, 1)];
    assert_eq!(plan(&overlap, Licences::Auto).unwrap().licences(), 2);
}

#[test]
fn sessions_without_length_pass_between_the_ends_and_the_starts_one_at_a_time() {
    for (rows, licences) in [
        (vec![(1, 0, 0, 0, 3)], 1),
        (vec![(1, 0, 0, 10, 1), (2, 10, 10, 10, 2), (3, 10, 10, 20, 1)], 1),
        (vec![(1, 0, 0, 10, 1), (2, 4, 5, 5, 5)], 2),
        (vec![(1, 0, 0, 10, 1), (2, 5, 5, 5, 1), (3, 6, 6, 8, 2)], 3),
    ] {
        assert_eq!(plan(&rows, Licences::Auto).unwrap().licences(), licences, "{rows:?}");
        check(&rows);
    }
}

#[test]
fn too_few_licences_are_refused_naming_the_row() {
    let rows = [(1, 0, 0, 9, 2), (2, 1, 5, 9, 2), (3, 1, 1, 9, 1)];
    let refused = plan(&rows, Licences::Exactly(4)).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "line 3: it is the first to need 5 seats at once, at 1970-01-12T13:46:45Z; \
         licences: 4 are too few, the peak of the history is 5"
    );
    for licences in [0, 1_000_001] {
        let refused = plan(&rows, Licences::Exactly(licences)).unwrap_err();
        assert_eq!(refused, PlanError::Licences { licences });
    }
    assert_eq!(plan(&rows, Licences::Exactly(1_000_000)).unwrap().licences(), 1_000_000);
    let absurd = [(1, 0, 0, 9, 600_000), (2, 5, 5, 9, 600_000)];
    let refused = plan(&absurd, Licences::Auto).unwrap_err();
    assert!(
        matches!(refused, PlanError::PeakTooHigh { line: 3, seats: 1_200_000, .. }),
        "{refused}"
    );
}

#[test]
fn names_that_are_none_are_refused() {
    let long = "z".repeat(201);
    for (account, zone, expected) in [
        ("", "Europe/London", "account: \"\" is no name"),
        (long.as_str(), "Europe/London", "is longer than 200 bytes"),
        ("clinic", "Europe\n", "time zone: \"Europe\\n\" holds a control character"),
    ] {
        let (account, zone, licences) = (account.to_owned(), zone.to_owned(), Licences::Auto);
        let parameters = Parameters { account, zone, licences };
        let history = history(&[(1, 0, 0, 1, 1)]);
        let refused = Plan::new(history, "csv", &parameters, &mut |_| {}).unwrap_err();
        assert!(refused.to_string().contains(expected), "{refused}");
    }
}

#[test]
fn many_seats_at_one_instant_become_several_commits() {
    let rows = [(1, 0, 0, 10, 3000), (2, 0, 5, 10, 3000), (3, 3, 3, 3, 3000)];
    let plan = plan(&rows, Licences::Auto).unwrap();
    let made = commits(&plan);
    for (_, events) in &made {
        let bytes = bincode::encode_to_vec(events, bincode::config::standard()).unwrap();
        assert!(bytes.len() < 22 * 1024, "{} bytes", bytes.len());
    }
    assert!(made.iter().filter(|(at, _)| *at == instant(0)).count() > 5);
    assert_eq!(sessions(&plan, &made), expected(&rows));
}

#[test]
fn two_imports_share_no_request() {
    let requests = |licences| {
        let plan = plan(&[(1, 0, 0, 9, 2), (1, 0, 0, 9, 2)], licences).unwrap();
        let events = commits(&plan).into_iter().flat_map(|(_, events)| events);
        let request = |event| match event {
            Event::LoginRequested { request, .. } => Some(request),
            _ => None,
        };
        events.filter_map(request).collect::<BTreeSet<_>>()
    };
    let (one, two) = (requests(Licences::Auto), requests(Licences::Exactly(5)));
    assert_eq!((one.len(), two.len()), (4, 4));
    assert!(one.is_disjoint(&two));
}

/// A change of anything that makes an import another one changes its source; `auto` does not.
#[test]
fn the_source_is_the_content_the_account_and_the_parameters() {
    let source = |content: u8, format: &str, account: &str, zone: &str, licences| {
        let mut history = history(&[(1, 0, 0, 9, 2)]);
        history.content = Digest([content; 32]);
        let (account, zone) = (account.to_owned(), zone.to_owned());
        let parameters = Parameters { account, zone, licences };
        Plan::new(history, format, &parameters, &mut |_| {}).unwrap().source()
    };
    let one = source(7, "csv", "clinic", "UTC", Licences::Auto);
    assert_eq!(one, source(7, "csv", "clinic", "UTC", Licences::Exactly(2)));
    assert_eq!(
        one,
        source(7, "csv", " Clinic", "UTC", Licences::Auto),
        "one name in the directory"
    );
    for other in [
        source(8, "csv", "clinic", "UTC", Licences::Auto),
        source(7, "rlm", "clinic", "UTC", Licences::Auto),
        source(7, "csv", "clinics", "UTC", Licences::Auto),
        source(7, "csv", "clinic", "Europe/London", Licences::Auto),
        source(7, "csv", "clinic", "UTC", Licences::Exactly(3)),
    ] {
        assert_ne!(one, other);
    }
}
