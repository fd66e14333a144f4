//! Memory of a service at work: a process that has just been started on a ledger in which every seat is taken
//! by a live session, and has heard of every one of them. What is measured is the kernel's word for it.

use super::Conditions;
use super::admit::{LICENCES, open_accounts, runtime};
use super::frame::{Measured, Round, Times};
use super::heartbeat::fill;
use super::machine::bytes_on_disk;
use super::open::start;
use super::yardstick;
use crate::failure::Failure;
use crate::output;
use admission::{Admission, Options, SystemClock};
use ledger::Ledger;

pub(super) fn run(conditions: &Conditions, accounts: u64) -> Result<Measured, Failure> {
    let sessions = accounts * u64::from(LICENCES);
    let dir = conditions.home.join("ledger");
    output::talk(&format!("letting {sessions} users in"));
    let ledger = Ledger::create(&dir, &ledger::Options::default())?;
    let admission = Admission::start(ledger.clone(), Options::one_shot(), SystemClock)?;
    runtime()?.block_on(async {
        open_accounts(&admission, accounts).await?;
        fill(&admission, 1..=accounts).await?;
        let stopped = admission.stop().await;
        stopped.map_err(|reason| Failure::unexpected(format!("the ledger stopped: {reason}")))
    })?;
    let commits = ledger.head().size;
    drop(admission);
    drop(ledger);
    let bytes = bytes_on_disk(&dir);
    let what = format!("{sessions} live sessions of {accounts} accounts");
    let rounds = Measured::rounds(conditions, &what, |_| {
        let started = start(&dir, 0, accounts)?;
        let took = started.told("heard_us").saturating_sub(started.told("answered_us"));
        let facts = vec![
            ("accounts", accounts),
            ("sessions", sessions),
            ("memory_mib", started.told("memory_kib") / 1024),
            ("peak_memory_mib", started.told("peak_memory_kib") / 1024),
            ("first_answer_us", started.told("answered_us")),
        ];
        started.stop()?;
        let mut times = Times::default();
        times.add(took);
        let yardsticks = vec![yardstick::echo(4_000, conditions.until())];
        Ok(Round { count: sessions, took, times, yardsticks, facts })
    })?;
    let sync = "none before the answer: these are signs of life".to_owned();
    // Registering a user is one event, opening an account one, a login two.
    let events = commits + sessions;
    let (counted, unit) =
        ("heartbeats", "one heartbeat of every session, from the first answer on");
    Ok(Measured { what, counted, unit, disk: Some((bytes, events)), sync, rounds })
}
