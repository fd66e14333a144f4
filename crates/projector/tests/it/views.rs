//! What is read through snapshots against folding everything from the beginning.

use crate::log::{BEGIN, Deed, Log, append, at, import, of, run, stays, steps_in_line};
use crate::saved::{content, save};
use ledger::{Position, Record};
use projector::{
    AsOf, Episodes, GAP, Meter, Occupancy, Outcome, Projector, SessionView, Sessions, Spacing,
    Usage, Views,
};
use proptest::prelude::*;
use seats::{AccountId, Liveness, Micros, Setting, Timestamp, UserId, settle};

const ONE: AccountId = AccountId(1);
pub(crate) fn any_spacing() -> impl Strategy<Value = Spacing> {
    (1u64..12, 1u64..40, prop_oneof![Just(9999u64), 1u64..200], 1usize..3).prop_map(
        |(commits, span, bytes_per_commit, unpacked)| Spacing {
            commits,
            span,
            bytes_per_commit,
            unpacked,
        },
    )
}

fn fold(records: &[Record], covers: impl Fn(&Record) -> bool) -> Occupancy {
    let mut occupancy = Occupancy::empty(ONE);
    of(records, 1).filter(|record| covers(record)).for_each(|record| occupancy.apply(record));
    occupancy
}

/// Compares every view of account 1 with folding from scratch.
pub(crate) fn check_views(views: &Views, records: &[Record]) {
    for n in 0..records.len() as u64 {
        let found = views.as_of(ONE, AsOf::Position(Position(n))).unwrap();
        assert_eq!(found, fold(records, |r| r.position.0 <= n), "as of position {n}");
    }
    assert_eq!(views.as_of(ONE, AsOf::Now).unwrap(), fold(records, |_| true));
    let mut instants: Vec<Timestamp> = records.iter().map(|record| record.commit.at).collect();
    instants.dedup();
    for instant in instants {
        for instant in [Timestamp(instant.0 - 1), instant] {
            let found = views.as_of(ONE, AsOf::Instant(instant)).unwrap();
            assert_eq!(found, fold(records, |r| r.commit.at <= instant), "as of {instant:?}");
            let found = views.as_of(ONE, AsOf::Before(instant)).unwrap();
            assert_eq!(found, fold(records, |r| r.commit.at < instant), "before {instant:?}");
        }
    }
}

fn check_ranges(views: &Views, records: &[Record], from: Timestamp, to: Timestamp, gap: Micros) {
    let history: Vec<Record> = views.history(ONE, from, to).unwrap().map(Result::unwrap).collect();
    let within = |record: &&Record| from <= record.commit.at && record.commit.at < to;
    let expected: Vec<Record> = of(records, 1).filter(within).cloned().collect();
    assert_eq!(history, expected, "history");

    let mut meter = Meter::new(fold(records, |r| r.commit.at < from).account, from, to);
    of(records, 1).for_each(|record| meter.apply(record));
    let mut expected = meter.finish();
    let mut episodes = Vec::new();
    let (mut all, end) = (Episodes::after(&Occupancy::empty(ONE).account, gap), at(1_000_000));
    of(records, 1).for_each(|record| all.apply(record, |episode| episodes.push(episode)));
    all.pass(end, &mut |episode| episodes.push(episode));
    episodes.extend(all.open().cloned()); // Of those who are still in line.
    episodes.retain(|episode| (from..to).contains(&episode.first.at.at));
    episodes.sort_by_key(|episode| episode.first.at.position);
    expected.denial_episodes = episodes.len() as u64;
    assert_eq!(views.usage(ONE, from, to, gap).unwrap(), expected, "usage");
    let mut refused = 0;
    views.denials(ONE, from, to, |_| refused += 1).unwrap();
    assert_eq!(refused, expected.denied() + expected.queued, "denials one by one");
    let cuts = [from, Timestamp(from.0.midpoint(to.0)), to];
    let slots = views.usage_in_slots(ONE, &cuts, None).unwrap();
    assert_eq!(slots.len(), 2);
    for (slot, edges) in slots.iter().zip(cuts.windows(2)) {
        let alone = views.usage(ONE, edges[0], edges[1], gap).unwrap();
        assert_eq!(*slot, Usage { denial_episodes: 0, ..alone }, "slot");
    }
    assert_eq!(views.episodes(ONE, from, to, gap, end).unwrap(), episodes, "episodes");

    let mut sessions: Vec<SessionView> = Vec::new();
    let pending = views.sessions(ONE, from, to, |session| sessions.push(session)).unwrap();
    let (mut all, mut expected) = (Sessions::default(), Vec::new());
    for record in of(records, 1).filter(|record| record.commit.at < to) {
        all.apply(record, |session| {
            expected.extend(Some(session).filter(|s| s.overlaps(from, to)))
        });
    }
    assert_eq!(pending, all.pending());
    expected.extend(all.into_held().filter(|session| session.overlaps(from, to)));
    assert_eq!(sessions, expected, "sessions");
    assert_eq!(sessions.len() as u64, views.usage(ONE, from, to, gap).unwrap().sessions);
}

/// The user's last refusal and next grant, read from one end to the other.
fn check_refusals(views: &Views, records: &[Record], gap: Micros) {
    let end = at(1_000_000);
    let mut episodes = Vec::new();
    let mut all = Episodes::after(&Occupancy::empty(ONE).account, gap);
    of(records, 1).for_each(|record| all.apply(record, |episode| episodes.push(episode)));
    all.pass(end, &mut |episode| episodes.push(episode));
    episodes.extend(all.open().cloned());
    let mut sessions = Vec::new();
    views.sessions(ONE, Timestamp::ZERO, end, |session| sessions.push(session)).unwrap();
    for user in (1..=8).map(UserId) {
        for until in (0..records.len() as u64).step_by(3).map(Position) {
            let found = views.refusal(ONE, user, AsOf::Position(until), gap, end).unwrap();
            let marks = fold(records, |r| r.position <= until).notes.user(user);
            let Some(refused) = marks.refused else {
                assert_eq!(found, None);
                continue;
            };
            let found = found.unwrap();
            assert_eq!((found.denial.user, found.denial.at.position), (user, refused));
            assert_eq!(found.before, fold(records, |r| r.position < refused));
            let of_user = episodes.iter().filter(|e| e.user == user);
            let around = |e: &&projector::Episode| {
                (e.first.at.position..=e.last.at.position).contains(&refused)
            };
            assert_eq!(Some(&found.episode), of_user.clone().find(around));
            let later = sessions.iter().filter(|s| s.user == user && s.granted.position > refused);
            let next = later.map(|s| (s.session, s.granted)).min_by_key(|(_, at)| at.position);
            assert_eq!(found.next_grant, next);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn as_of_is_the_fold(
        steps in steps_in_line(60), spacing in any_spacing(), pieces in proptest::collection::vec(1u64..30, 0..6),
    ) {
        let ledger = run(&steps).ledger();
        let records: Vec<Record> = ledger.scan(Position(0)).map(Result::unwrap).collect();
        let saved = save(&ledger, spacing, &pieces);
        check_views(&saved.projector.views(), &records);
        check_views(&Views::without_snapshots(&ledger), &records);
    }

    #[test]
    fn ranges_are_the_fold(
        steps in steps_in_line(80), spacing in any_spacing(), pieces in proptest::collection::vec(1u64..30, 0..6),
        from in 0u64..2000, length in 0u64..1000, gap in 1u64..300,
    ) {
        let ledger = run(&steps).ledger();
        let records: Vec<Record> = ledger.scan(Position(0)).map(Result::unwrap).collect();
        let saved = save(&ledger, spacing, &pieces);
        let (from, to, gap) = (at(BEGIN - 50 + from), at(BEGIN - 50 + from + length), Micros(gap * 1_000_000));
        check_ranges(&saved.projector.views(), &records, from, to, gap);
        check_refusals(&saved.projector.views(), &records, gap);
    }

    /// Imported histories: whoever waits is answered in a commit of its own.
    #[test]
    fn imported_ranges_are_the_fold(
        stays in stays(40), spacing in any_spacing(), pieces in proptest::collection::vec(1u64..30, 0..6),
        from in 0u64..2500, length in 0u64..1000,
    ) {
        let ledger = import(&stays).ledger();
        let records: Vec<Record> = ledger.scan(Position(0)).map(Result::unwrap).collect();
        let saved = save(&ledger, spacing, &pieces);
        let (from, to) = (at(BEGIN + from), at(BEGIN + from + length));
        check_ranges(&saved.projector.views(), &records, from, to, GAP);
        let mut waits = Vec::new();
        let count = |session: SessionView| waits.push((session.granted.at, session.waited()));
        saved.projector.views().sessions(ONE, at(0), at(BEGIN + 10_000), count).unwrap();
        let mut expected: Vec<(Timestamp, Micros)> = stays
            .iter()
            .map(|stay| (at(BEGIN + stay.asked + stay.waited), Micros(stay.waited * 1_000_000)))
            .collect();
        waits.sort_unstable();
        expected.sort_unstable();
        prop_assert_eq!(waits, expected);
    }

    /// Stopped anywhere and opened again, the projector saves what it would have saved in one go.
    #[test]
    fn stopping_changes_nothing(steps in steps_in_line(80), spacing in any_spacing(), piece in 1u64..20) {
        let log = run(&steps);
        let ledger = log.ledger();
        let whole = save(&ledger, spacing, &[u64::MAX]);
        let directory = tempfile::tempdir().unwrap();
        loop {
            let mut projector = Projector::open_in(&ledger, directory.path(), spacing).unwrap();
            if projector.catch_up(piece).unwrap() == 0 {
                break;
            }
        }
        drop(whole.projector);
        prop_assert_eq!(content(whole.directory.path()), content(directory.path()));
    }

    /// Views made while the log grows stay at the size they were made at.
    #[test]
    fn views_are_pinned(steps in steps_in_line(60), cut in 0usize..100) {
        let log = run(&steps);
        let cut = cut.min(log.drafts.len());
        let ledger = ledger::Ledger::in_memory(ledger::memory::MemoryStore::new()).unwrap();
        append(&ledger, &log.drafts[..cut]);
        let mut saved = save(&ledger, Spacing { commits: 5, span: 1000, bytes_per_commit: 9999, unpacked: 1 }, &[u64::MAX]);
        let (views, before) = (saved.projector.views(), ledger.head());
        let records: Vec<Record> = ledger.scan(Position(0)).map(Result::unwrap).collect();
        append(&ledger, &log.drafts[cut..]);
        saved.projector.catch_up(u64::MAX).unwrap();
        prop_assert_eq!(views.head(), before);
        check_views(&views, &records);
    }
}
/// Ana logs in, is heard of at 50 s, and falls silent; the log does not know yet.
#[test]
fn what_is_due_by_time_alone_can_be_seen_before_it_is_recorded() {
    let mut log = Log::new(1);
    log.now = BEGIN + 10;
    log.act(0, &Deed::LogIn { user: 1, site: None });
    log.now = BEGIN + 50;
    log.act(0, &Deed::Heartbeat(0, true));
    let views = Views::without_snapshots(&log.ledger());
    let now = views.as_of(ONE, AsOf::Now).unwrap();
    let liveness: &Liveness = log.live(0).liveness();
    for (second, dormant) in [(109, false), (110, true)] {
        let settled = now.settled(liveness, at(BEGIN + second));
        assert_eq!(settled.sessions().any(|s| s.dormant.is_some()), dormant, "{second}");
    }
    assert_eq!(settle(&now.account, liveness, at(BEGIN + 110))[0].at, at(BEGIN + 110));
    assert!(now.account.sessions().all(|s| s.dormant.is_none()));
}

/// A month of no length, as a mistyped range gives: whoever sat there then is in neither view.
#[test]
fn an_empty_range_holds_nothing() {
    let mut log = Log::new(1);
    log.now = BEGIN + 10;
    log.act(0, &Deed::LogIn { user: 1, site: None });
    let ledger = log.ledger();
    let records: Vec<Record> = ledger.scan(Position(0)).map(Result::unwrap).collect();
    let views = Views::without_snapshots(&ledger);
    for second in [BEGIN + 10, BEGIN + 20] {
        check_ranges(&views, &records, at(second), at(second), GAP);
        let none = views.sessions(ONE, at(second), at(second), |session| panic!("{session:?}"));
        assert!(none.is_ok());
    }
}

/// One seat, and what becomes of the sessions on it.
#[test]
fn a_session_tells_who_it_made_way_for() {
    let mut log = Log::new(1);
    log.act(0, &Deed::Licences { to: 1, in_seconds: 0 });
    let login = |log: &mut Log, second: u64, user: u32| {
        log.now = BEGIN + second;
        log.act(0, &Deed::LogIn { user, site: None });
    };
    login(&mut log, 10, 1);
    login(&mut log, 20, 1);
    login(&mut log, 500, 2);
    log.now = BEGIN + 510;
    log.act(0, &Deed::LogOut(0));
    log.act(0, &Deed::Policy(Setting::Lease(None)));
    login(&mut log, 600, 3);
    login(&mut log, 700, 4);
    let views = Views::without_snapshots(&log.ledger());
    let mut told = Vec::new();
    let mut sessions = Vec::new();
    views.sessions(ONE, at(0), at(BEGIN + 1000), |session| sessions.push(session)).unwrap();
    for session in &sessions {
        let way = session.ended.and_then(|ended| ended.made_way_for).map(|(user, _)| user.0);
        let silent: Vec<u64> =
            session.silences.iter().map(|s| s.since.0 / 1_000_000 - BEGIN).collect();
        let ended = session.ended.map(|ended| ended.at.at.0 / 1_000_000 - BEGIN);
        told.push((session.user.0, ended, way, silent));
    }
    assert_eq!(
        told,
        [
            (1, Some(20), Some(1), vec![]),
            (1, Some(500), Some(2), vec![80]),
            (2, Some(510), None, vec![]),
            (3, None, None, vec![]),
        ]
    );
    let refusal = views.refusal(ONE, UserId(4), AsOf::Now, GAP, at(BEGIN + 701)).unwrap().unwrap();
    assert_eq!((refusal.episode.outcome, refusal.next_grant), (Outcome::Open, None));
    let refusal = views.refusal(ONE, UserId(4), AsOf::Now, GAP, at(BEGIN + 1000)).unwrap().unwrap();
    assert_eq!(refusal.episode.outcome, Outcome::Abandoned);
    assert_eq!(views.refusal(ONE, UserId(3), AsOf::Now, GAP, at(BEGIN + 1000)).unwrap(), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// The views' account is the rules' own.
    #[test]
    fn the_fold_is_the_live_state(steps in steps_in_line(80)) {
        let log = run(&steps);
        let views = Views::without_snapshots(&log.ledger());
        for (n, account) in [ONE, AccountId(2)].into_iter().enumerate() {
            prop_assert_eq!(&views.as_of(account, AsOf::Now).unwrap().account, log.live(n).account());
        }
    }
}
