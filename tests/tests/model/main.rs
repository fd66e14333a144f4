//! The whole of `seats` against a naive model, on random deeds at random times.
//!
//! Every answer, every board and the whole history must be the model's; the laws must hold of every commit,
//! the fold must equal the live state at every position, and the history must not depend on who sweeps.
//! `PROPTEST_CASES` says how many runs, `PROPTEST_RNG_SEED` repeats a run; the seed is printed.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a model may panic: that fails the test"
)]

mod chosen;
mod deeds;
mod forgeries;
mod hand_over;
mod line;
mod logins;
mod naive;
mod real;

use deeds::{Deed, Login, Step, Wish, steps};
use forgeries::{breach, forgeries};
use naive::World;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};
use real::Real;
use std::hash::{BuildHasher, RandomState};

/// A runner of one run in `share` of `PROPTEST_CASES` (10,000 if unset), from a fresh seed or that given.
fn runner(share: u32) -> TestRunner {
    let mut config = Config { failure_persistence: None, ..Config::default() };
    let all = if std::env::var_os("PROPTEST_CASES").is_some() { config.cases } else { 10_000 };
    config.cases = (all / share).max(1);
    let seed = match config.rng_seed {
        RngSeed::Fixed(seed) => seed,
        RngSeed::Random => RandomState::new().hash_one(share),
    };
    config.rng_seed = RngSeed::Fixed(seed);
    println!("PROPTEST_RNG_SEED={seed} PROPTEST_CASES={all}");
    TestRunner::new(config)
}

/// The deed that fulfils a wish in this world; `asked`: every login so far.
fn deed(wish: &Wish, world: &World, asked: &[Login]) -> Deed {
    let session = |back: u64| match back {
        9_999 => world.granted() + 1,
        back => world.granted().saturating_sub(back),
    };
    let attempt = |back: usize| u32::try_from(asked.len().saturating_sub(back)).unwrap();
    match wish.clone() {
        Wish::LogIn { user, site, device } => {
            let request = u32::try_from(asked.len()).unwrap();
            let device = (device > 0).then(|| 1 + device % (world.devices() + 1));
            Deed::LogIn(Login { request, user, site, device })
        }
        Wish::Again { which, other } => match asked.len() {
            0 => Deed::AddSite,
            some => {
                let mut login = asked[which % some].clone();
                match (other, which % 3) {
                    (false, _) => {}
                    (true, 0) => login.user += 1,
                    (true, 1) => login.site = login.site.xor(Some(1)),
                    (true, _) => login.device = login.device.xor(Some(1)),
                }
                Deed::LogIn(login)
            }
        },
        Wish::TakeOffer { back } => Deed::TakeOffer { request: attempt(back) },
        Wish::LeaveQueue { back } => Deed::LeaveQueue { request: attempt(back) },
        Wish::Ask { user, site, seat, back } => {
            let before = back.and_then(|back| asked.get(asked.len().checked_sub(back + 1)?));
            let request = u32::try_from(asked.len()).unwrap();
            let new = || Login { request, user, site, device: None };
            let login = before.cloned().unwrap_or_else(new);
            Deed::AskHandOver { login, seat: (seat > 0).then_some(seat) }
        }
        Wish::Answer { back, before, consent } => {
            let handover = world.last_asking.saturating_sub(before);
            let on_seat = world.asked_session(handover).filter(|_| back > 0);
            let session = on_seat.unwrap_or(session(back));
            Deed::AnswerHandOver { session, handover, consent }
        }
        Wish::Heartbeat { back, active } => Deed::Heartbeat { session: session(back), active },
        Wish::Goodbye { back } => Deed::Goodbye { session: session(back) },
        Wish::LogOut { back } => Deed::LogOut { session: session(back) },
        Wish::Release { back, forced } => Deed::Release { session: session(back), forced },
        Wish::SetLicences { to, offset } => {
            Deed::SetLicences { to, from: world.now.saturating_add_signed(offset) }
        }
        Wish::Plain(deed) => deed,
    }
}

/// Plays the steps on the model, on the real rules, and on real rules with a busy sweeper.
fn play(licences: u32, steps: &[Step]) -> Result<Real, TestCaseError> {
    let began = 1_000;
    let mut world = World::open(began, licences);
    let (mut real, mut swept) = (Real::open(began, licences), Real::open(began, licences));
    let (mut asked, mut restarted): (Vec<Login>, u64) = (Vec::new(), began);
    for step in steps {
        let before = world.now;
        let (at, wish) = match step {
            Step::Ask { after, wish } => (before + after, wish),
            // Only while it runs does the service know how late it was.
            Step::AskBack { before: back, wish } => ((before - back).max(restarted), wish),
            Step::Outage { after, down } => {
                let (from, to) = (before + after, before + after + down);
                world.advance(from);
                world.listening = false;
                world.advance(to);
                world.listening = true;
                real.outage(from, to);
                (before..=from).for_each(|second| swept.sweep(second));
                swept.outage(from, to);
                restarted = to;
                continue;
            }
            Step::Restart => {
                real.restart();
                restarted = before;
                continue;
            }
        };
        world.advance(at);
        let deed = deed(wish, &world, &asked);
        if let Deed::LogIn(login) | Deed::AskHandOver { login, .. } = &deed
            && asked.iter().all(|known| known.request != login.request)
        {
            asked.push(login.clone());
        }
        let (expected, actual) = (world.take(&deed), real.ask(at, &deed));
        if expected != actual {
            let story = format!("{at}: {deed:?}\nexpected {expected}\n  actual {actual}");
            return Err(TestCaseError::fail(story));
        }
        (before..=at).for_each(|second| swept.sweep(second));
        swept.ask(at, &deed);
        boards_agree(&world, &real)?;
    }
    world.advance(world.now);
    real.sweep(world.now);
    swept.sweep(world.now);
    histories_agree(&world.history, &real.history())?;
    if real.commits != swept.commits {
        return Err(TestCaseError::fail("the history depends on the sweeper"));
    }
    Ok(real)
}

fn boards_agree(world: &World, real: &Real) -> Result<(), TestCaseError> {
    let seconds = |at: seats::Timestamp| at.0 / 1_000_000;
    let expected = world.board().iter().map(|sitting| {
        let s = sitting;
        (s.session, s.user, s.seat, s.site, s.since, s.dormant, s.overdraft)
    });
    let actual = real.live.account().sessions().map(|s| {
        let dormant = s.dormant.map(|d| (seconds(d.since), seconds(d.last_seen)));
        let (site, since) = (s.site.map(|site| site.0), seconds(s.since));
        (s.id.0, s.user.0, s.seat.0, site, since, dormant, s.overdraft)
    });
    let (expected, actual): (Vec<_>, Vec<_>) = (expected.collect(), actual.collect());
    if expected == actual {
        return Ok(());
    }
    Err(TestCaseError::fail(format!("expected board {expected:?}\n  actual board {actual:?}")))
}

fn histories_agree(
    expected: &[(u64, String)],
    actual: &[(u64, String)],
) -> Result<(), TestCaseError> {
    if expected == actual {
        return Ok(());
    }
    let same = expected.iter().zip(actual).take_while(|(a, b)| a == b).count();
    let (expected, actual) = (expected.get(same), actual.get(same));
    Err(TestCaseError::fail(format!("line {same}: expected {expected:?}, actual {actual:?}")))
}

#[test]
fn the_rules_are_the_models() {
    let runs = runner(1)
        .run(&(1..=5_u32, steps()), |(licences, steps)| play(licences, &steps).map(|_| ()));
    runs.unwrap();
}

#[test]
fn no_forged_history_passes_the_laws() {
    let runs = runner(30).run(&(1..=5_u32, steps()), |(licences, steps)| {
        let commits = play(licences, &steps)?.commits;
        for (what, forged) in forgeries(&commits) {
            if breach(&forged).is_none() {
                return Err(TestCaseError::fail(format!("lawful after: {what}")));
            }
        }
        Ok(())
    });
    runs.unwrap();
}
