//! Usage against a model that looks at every single second, and denial episodes against one that looks at
//! every pair of refusals.

use crate::log::{BEGIN, Deed, Log, at, of, run, steps};
use ledger::Record;
use projector::{Episode, Episodes, GAP, Meter, Occupancy, Outcome, Usage};
use proptest::prelude::*;
use seats::{
    AccountId, DenialReason, EndedBy, Event, Micros, RequestId, SeatNo, SessionId, Setting,
    Timestamp, UserId, WhenFull,
};
use std::collections::{BTreeMap, BTreeSet};

fn measure(records: &[Record], from: Timestamp, to: Timestamp) -> Usage {
    let mut before = Occupancy::empty(AccountId(1));
    of(records, 1).filter(|r| r.commit.at < from).for_each(|record| before.apply(record));
    let mut meter = Meter::new(before.account, from, to);
    of(records, 1).filter(|r| r.commit.at >= from).for_each(|record| meter.apply(record));
    meter.finish()
}

/// A session or a lingering seat as the model sees it: seconds from and to.
#[derive(Clone, Debug)]
struct Held {
    session: Option<SessionId>,
    user: UserId,
    seat: SeatNo,
    from: u64,
    to: u64,
    silent: Vec<(u64, u64)>,
}

/// Reads sessions and lingering seats straight from the events.
fn held(records: &[Record]) -> Vec<Held> {
    let mut held: Vec<Held> = Vec::new();
    let mut requests: Vec<(RequestId, UserId)> = Vec::new();
    let mut linger = 0;
    for record in of(records, 1) {
        let now = record.commit.at.0 / 1_000_000;
        let open = |held: &Vec<Held>, id: SessionId| {
            held.iter().position(|h| h.session == Some(id) && h.to == u64::MAX).unwrap()
        };
        for event in &record.commit.events {
            match event {
                Event::PolicyChanged { settings } => {
                    for setting in settings {
                        if let Setting::Linger(seconds) = setting {
                            linger = u64::from(*seconds);
                        }
                    }
                }
                Event::UserSuspended { user } => {
                    // Nobody else may take the seat up again, so it is not kept.
                    let kept = held.iter_mut().filter(|h| h.session.is_none() && h.user == *user);
                    kept.for_each(|kept| kept.to = kept.to.min(now));
                }
                Event::LoginRequested { request, user, .. } => requests.push((*request, *user)),
                Event::SeatGranted { session, seat, .. } => {
                    let user = requests.last().unwrap().1;
                    for kept in held.iter_mut().filter(|h| h.session.is_none() && h.seat == *seat) {
                        kept.to = kept.to.min(now);
                    }
                    let session = Some(*session);
                    let (from, to, silent) = (now, u64::MAX, Vec::new());
                    held.push(Held { session, user, seat: *seat, from, to, silent });
                }
                Event::WentDormant { session, .. } => {
                    let place = open(&held, *session);
                    held[place].silent.push((now, u64::MAX));
                }
                Event::Resumed { session } => {
                    let place = open(&held, *session);
                    held[place].silent.last_mut().unwrap().1 = now;
                }
                Event::LoggedOut { session, .. } | Event::Expired { session, .. } => {
                    let place = open(&held, *session);
                    held[place].to = now;
                    let (seat, user) = (held[place].seat, held[place].user);
                    let empty = !held.iter().any(|h| h.seat == seat && h.to == u64::MAX);
                    let by_user = matches!(event, Event::LoggedOut { by: EndedBy::User, .. });
                    if empty && by_user && linger > 0 {
                        let (session, silent) = (None, Vec::new());
                        held.push(Held {
                            session,
                            user,
                            seat,
                            from: now,
                            to: now + linger,
                            silent,
                        });
                    }
                }
                _ => {}
            }
        }
    }
    held
}

/// Licences in force at a second, as known by its end.
fn licences(records: &[Record], second: u64) -> u32 {
    let mut latest: Option<(Timestamp, u32)> = None;
    for record in of(records, 1).filter(|record| record.commit.at <= at(second)) {
        for event in &record.commit.events {
            if let Event::LicencesChanged { to, effective, .. } = event
                && effective.instant <= at(second)
                && latest.is_none_or(|(instant, _)| instant <= effective.instant)
            {
                latest = Some((effective.instant, *to));
            }
        }
    }
    latest.map_or(0, |(_, licences)| licences)
}

fn check_sums(records: &[Record], from: u64, to: u64) {
    let usage = measure(records, at(from), at(to));
    let held = held(records);
    let (mut sessions, mut seats, mut dormant, mut full) = (0u128, 0u128, 0u128, 0u64);
    for second in from..to {
        let now = held.iter().filter(|h| h.from <= second && second < h.to);
        let mut taken: BTreeMap<SeatNo, Vec<bool>> = BTreeMap::new();
        let mut kept = 0;
        for h in now {
            if h.session.is_some() {
                let silent = h.silent.iter().any(|(a, b)| *a <= second && second < *b);
                taken.entry(h.seat).or_default().push(silent);
            } else {
                kept += 1;
            }
        }
        sessions += taken.values().map(|s| s.len() as u128).sum::<u128>();
        seats += taken.len() as u128;
        dormant += taken.values().filter(|s| s.iter().all(|silent| *silent)).count() as u128;
        let licences = licences(records, second);
        full += u64::from(licences > 0 && taken.len() + kept >= licences as usize);
    }
    assert_eq!(usage.session_micros, sessions * 1_000_000, "session time");
    assert_eq!(usage.seat_micros, seats * 1_000_000, "seat time");
    assert_eq!(usage.dormant_seat_micros, dormant * 1_000_000, "dormant seat time");
    assert_eq!(usage.at_capacity, Micros(full * 1_000_000), "time at capacity");
    let there = held
        .iter()
        .filter(|h| h.session.is_some())
        .filter(|h| (h.from < from && h.to > from && from < to) || (from..to).contains(&h.from));
    let there: Vec<&Held> = there.collect();
    assert_eq!(usage.sessions, there.len() as u64, "sessions");
    let users: BTreeSet<UserId> = there.iter().map(|h| h.user).collect();
    assert_eq!(usage.users, users.len() as u64, "users");
}

/// Sessions and seats held after each single grant, in log order, and at the beginning of the range.
fn check_peaks(records: &[Record], from: u64, to: u64) {
    let usage = measure(records, at(from), at(to));
    let (mut peak, mut peak_at) = ((0, 0), (None, None));
    let mut see = |sitting: &[SeatNo], now: Timestamp| {
        let seats: BTreeSet<&SeatNo> = sitting.iter().collect();
        if sitting.len() > peak.0 {
            (peak.0, peak_at.0) = (sitting.len(), Some(now));
        }
        if seats.len() > peak.1 {
            (peak.1, peak_at.1) = (seats.len(), Some(now));
        }
    };
    let there = held(records).into_iter().filter(|h| h.session.is_some());
    let there: Vec<SeatNo> =
        there.filter(|h| h.from < from && h.to > from && from < to).map(|h| h.seat).collect();
    let mut moments: Vec<(Timestamp, Vec<SeatNo>)> = Vec::new();
    let mut sitting: BTreeMap<SessionId, SeatNo> = BTreeMap::new();
    for record in of(records, 1) {
        for event in &record.commit.events {
            match event {
                Event::SeatGranted { session, seat, .. } => {
                    sitting.insert(*session, *seat);
                    moments.push((record.commit.at, sitting.values().copied().collect()));
                }
                Event::LoggedOut { session, .. } | Event::Expired { session, .. } => {
                    sitting.remove(session);
                }
                _ => {}
            }
        }
    }
    moments.retain(|(now, _)| at(from) <= *now && *now < at(to));
    let first = moments.partition_point(|(now, _)| *now <= at(from));
    moments.insert(first, (at(from), there));
    moments.iter().for_each(|(now, sitting)| see(sitting, *now));
    assert_eq!((usage.peak_sessions.count, usage.peak_sessions.at), (peak.0 as u64, peak_at.0));
    assert_eq!((usage.peak_seats.count, usage.peak_seats.at), (peak.1 as u64, peak_at.1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn sums_agree_with_looking_at_every_second(
        steps in steps(60), from in 0u64..1500, length in 0u64..2500,
    ) {
        check_sums(&run(&steps).records(), BEGIN - 100 + from, BEGIN - 100 + from + length);
    }

    #[test]
    fn peaks_agree_with_counting_after_every_event(
        steps in steps(60), from in 0u64..1500, length in 0u64..2500,
    ) {
        check_peaks(&run(&steps).records(), BEGIN - 100 + from, BEGIN - 100 + from + length);
    }

    #[test]
    fn two_halves_make_the_whole(steps in steps(60), cut in 0u64..2000) {
        let records = run(&steps).records();
        let (from, cut, to) = (at(BEGIN), at(BEGIN + cut), at(BEGIN + 4000));
        let (one, two) = (measure(&records, from, cut), measure(&records, cut, to));
        let whole = measure(&records, from, to);
        prop_assert_eq!(one.session_micros + two.session_micros, whole.session_micros);
        prop_assert_eq!(one.seat_micros + two.seat_micros, whole.seat_micros);
        prop_assert_eq!(one.at_capacity.0 + two.at_capacity.0, whole.at_capacity.0);
        prop_assert_eq!(one.logins + two.logins, whole.logins);
        prop_assert_eq!(one.denied() + two.denied(), whole.denied());
        prop_assert_eq!(one.peak_seats.count.max(two.peak_seats.count), whole.peak_seats.count);
        prop_assert_eq!(whole.logins, whole.grants + whole.denied() + whole.pending);
    }

    #[test]
    fn episodes_agree_with_comparing_neighbours(steps in steps(80), gap in 1u64..200) {
        let (records, gap) = (run(&steps).records(), Micros(gap * 1_000_000));
        let end = at(BEGIN + 100_000);
        let (mut episodes, mut found) = (Episodes::after(&Occupancy::empty(AccountId(1)).account, gap), Vec::new());
        for record in of(&records, 1) {
            episodes.apply(record, |episode| found.push(episode));
        }
        episodes.pass(end, &mut |episode| found.push(episode));
        prop_assert_eq!(episodes.open().count(), 0);
        found.sort_by_key(|episode| (episode.user, episode.first.at.position));
        let found: Vec<_> = found.iter().map(summary).collect();
        prop_assert_eq!(found, naive_episodes(&records, gap));
    }
}

/// User, first and last refusal, attempts, when granted.
type Summary = (u32, u64, u64, u64, Option<u64>);

fn summary(episode: &Episode) -> Summary {
    let granted = match episode.outcome {
        Outcome::Granted { at, .. } => Some(at.position.0),
        Outcome::Abandoned => None,
        Outcome::Open => panic!("{episode:?}"),
    };
    let total: u64 = episode.reasons.values().sum();
    assert_eq!(total, episode.attempts);
    let (first, last) = (episode.first.at.position.0, episode.last.at.position.0);
    (episode.user.0, first, last, episode.attempts, granted)
}

fn naive_episodes(records: &[Record], gap: Micros) -> Vec<Summary> {
    let mut episodes = Vec::new();
    for user in 1..=7 {
        // This user's answers: when, where, granted or not.
        let mut answers: Vec<(Timestamp, u64, bool)> = Vec::new();
        for record in of(records, 1) {
            let asked =
                record.commit.events.iter().any(
                    |e| matches!(e, Event::LoginRequested { user: u, .. } if *u == UserId(user)),
                );
            for event in record.commit.events.iter().filter(|_| asked) {
                match event {
                    Event::SeatGranted { .. } => {
                        answers.push((record.commit.at, record.position.0, true));
                    }
                    Event::SeatDenied { .. } => {
                        answers.push((record.commit.at, record.position.0, false));
                    }
                    _ => {}
                }
            }
        }
        let refusals: Vec<usize> = (0..answers.len()).filter(|n| !answers[*n].2).collect();
        for n in refusals {
            let near = |a: usize, b: usize| answers[b].0.since(answers[a].0) < gap;
            if n > 0 && !answers[n - 1].2 && near(n - 1, n) {
                continue; // Not the first of its run.
            }
            let mut last = n;
            while last + 1 < answers.len() && !answers[last + 1].2 && near(last, last + 1) {
                last += 1;
            }
            let next = answers.get(last + 1).filter(|next| next.2 && near(last, last + 1));
            let attempts = (last - n + 1) as u64;
            episodes.push((user, answers[n].1, answers[last].1, attempts, next.map(|a| a.1)));
        }
    }
    episodes
}

/// One clinic with two licences: Ana and Ben sit, Cleo is refused thrice and gets in, Dora gives up.
#[test]
fn a_morning_in_figures() {
    let mut log = Log::new(1);
    let login = |log: &mut Log, second: u64, user: u32| {
        log.now = BEGIN + second;
        log.act(0, &Deed::LogIn { user, site: None });
    };
    log.act(0, &Deed::Policy(Setting::Lease(None)));
    login(&mut log, 10, 1);
    login(&mut log, 20, 2);
    for second in [30, 60, 300] {
        login(&mut log, second, 3);
    }
    login(&mut log, 310, 4);
    log.now = BEGIN + 320;
    log.act(0, &Deed::LogOut(0));
    login(&mut log, 330, 3);
    login(&mut log, 1000, 4);
    let usage = measure(&log.records(), at(BEGIN), at(BEGIN + 1100));
    assert_eq!((usage.sessions, usage.users, usage.logins, usage.grants), (3, 3, 8, 3));
    assert_eq!(usage.denials, BTreeMap::from([(DenialReason::AllSeatsHeld, 5)]));
    assert_eq!((usage.peak_seats.count, usage.peak_seats.at), (2, Some(at(BEGIN + 20))));
    assert_eq!(usage.session_micros, (310 + 1080 + 770) * 1_000_000);
    assert_eq!(usage.at_capacity, Micros((300 + 770) * 1_000_000));

    let mut episodes = Episodes::after(&Occupancy::empty(AccountId(1)).account, GAP);
    let mut found = Vec::new();
    of(&log.records(), 1).for_each(|record| episodes.apply(record, |e| found.push(e)));
    let told =
        |e: &Episode| (e.user.0, e.attempts, e.wait().secs(), e.outcome == Outcome::Abandoned);
    assert_eq!(found.iter().map(told).collect::<Vec<_>>(), [(3, 3, 300, false), (4, 1, 0, true)]);
    assert_eq!(
        episodes.open().map(|e| (e.user.0, e.outcome)).collect::<Vec<_>>(),
        [(4, Outcome::Open)]
    );
}

/// Two seats are held. Cleo waits in line for twenty minutes and gets one; Dora is not heard of again.
#[test]
fn waiting_in_line_is_one_refusal_that_lasts() {
    let mut log = Log::new(1);
    for setting in
        [Setting::Lease(None), Setting::WhenFull(WhenFull::Queue), Setting::WaitLease(2_000)]
    {
        log.act(0, &Deed::Policy(setting));
    }
    for (second, user) in [(10, 1), (20, 2), (30, 3), (40, 4)] {
        log.now = BEGIN + second;
        log.act(0, &Deed::LogIn { user, site: None });
    }
    for (second, deed) in
        [(1230, Deed::LogOut(0)), (1240, Deed::TakeOffer(0)), (2100, Deed::LogOut(0))]
    {
        log.now = BEGIN + second;
        log.act(0, &deed);
    }
    let records = log.records();
    let usage = measure(&records, at(BEGIN), at(BEGIN + 2200));
    assert_eq!((usage.logins, usage.grants, usage.denied(), usage.pending), (4, 3, 0, 0));
    assert_eq!((usage.queued, usage.left_line), (2, 1));
    // The ten seconds for which the seat was offered are no time held.
    assert_eq!(usage.seat_micros, (1_220 + 2_080 + 960) * 1_000_000);
    assert_eq!(usage.at_capacity, Micros((2_100 - 20) * 1_000_000));
    let mut episodes = Episodes::after(&Occupancy::empty(AccountId(1)).account, GAP);
    let mut found = Vec::new();
    of(&records, 1).for_each(|record| episodes.apply(record, |e| found.push(e)));
    episodes.pass(at(BEGIN + 10_000), &mut |e| found.push(e));
    let told =
        |e: &Episode| (e.user.0, e.attempts, e.wait().secs(), e.outcome == Outcome::Abandoned);
    let found: Vec<_> = found.iter().map(told).collect();
    assert_eq!(found, [(3, 1, 1_210, false), (4, 1, 2_000, true)]);
    assert!(
        of(&records, 1).any(|r| r.commit.events.iter().any(|e| matches!(e, Event::Queued { .. })))
    );
}
