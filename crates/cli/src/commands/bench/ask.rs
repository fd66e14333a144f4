//! What support and finance wait for: who held the seats at an instant, one account's month of use, one
//! account's month of history, anywhere in a year, with the snapshots of the views in place.

use super::latency::Latency;
use super::{Conditions, bytes_on_disk, history, per_second, throw, ticks};
use crate::failure::Failure;
use ledger::{Ledger, Options, ReadError};
use projector::{AsOf, GAP, Projector, Views};
use seats::{AccountId, Micros, Timestamp};
use serde_json::{Value, json};

pub(super) const COLUMNS: &[&str] =
    &["what", "events", "asked", "per_s", "p50_us", "p99_us", "p999_us", "found"];

const DAY: u64 = 86_400_000_000;
const YEAR: u64 = 365 * DAY;
const MONTH: Micros = Micros(30 * DAY);

pub(super) fn run(conditions: &Conditions, events: u64) -> Result<Vec<Value>, Failure> {
    let dir = conditions.home.join("history");
    // About two commands in three events.
    let apart = Micros((YEAR * 2 / 3 / events.max(1)).max(1));
    history::make(&dir, events, conditions.seed, apart)?;
    let ledger = Ledger::open(&dir, &Options::default())?;
    let begun = ticks();
    let mut projector = Projector::open(&ledger)
        .ok_or_else(|| Failure::unexpected("a ledger on disk keeps views"))?
        .map_err(Failure::unexpected)?;
    while projector.catch_up(u64::MAX).map_err(Failure::unexpected)? > 0 {}
    let took = ticks().saturating_sub(begun);
    let views = projector.views();
    let until = views.known_until()?.unwrap_or(history::BEGIN);
    let kept = ledger.views_dir().map_or(0, |dir| bytes_on_disk(&dir));
    let mut asker = Asker { views: &views, until, dice: conditions.seed, conditions, events };
    Ok(vec![
        json!({
            "what": "views brought up to the log", "events": events, "asked": 1,
            "per_s": per_second(events, took), "p50_us": took, "found": kept,
        }),
        asker.ask("who, at an instant", |views, account, at| {
            Ok(views.as_of(account, AsOf::Instant(at))?.account.sessions().len() as u64)
        })?,
        asker.ask("usage of a month", |views, account, at| {
            Ok(views.usage(account, at, at + MONTH, GAP)?.logins)
        })?,
        asker.ask("history of a month", |views, account, at| {
            let mut commits = 0;
            for record in views.history(account, at, at + MONTH)? {
                record?;
                commits += 1;
            }
            Ok(commits)
        })?,
    ])
}

/// Asks for so many seconds, each time of another account at another instant.
struct Asker<'a> {
    views: &'a Views,
    until: Timestamp,
    dice: u64,
    conditions: &'a Conditions,
    events: u64,
}

impl Asker<'_> {
    fn ask(
        &mut self,
        what: &str,
        question: impl Fn(&Views, AccountId, Timestamp) -> Result<u64, ReadError>,
    ) -> Result<Value, Failure> {
        let (mut latency, mut asked, mut found) = (Latency::default(), 0_u64, 0_u64);
        let begun = ticks();
        let end = begun + self.conditions.seconds * 1_000_000;
        let mut now = begun;
        while now < end {
            let account = AccountId(1 + self.roll(history::ACCOUNTS));
            let at = Timestamp(history::BEGIN.0 + self.roll(self.until.since(history::BEGIN).0));
            found += question(self.views, account, at)?;
            asked += 1;
            let then = ticks();
            latency.add(then.saturating_sub(now));
            now = then;
        }
        Ok(json!({
            "what": what, "events": self.events, "asked": asked,
            "per_s": per_second(asked, now.saturating_sub(begun)),
            "p50_us": latency.per_mille(500), "p99_us": latency.per_mille(990),
            "p999_us": latency.per_mille(999), "found": found / asked.max(1),
        }))
    }

    fn roll(&mut self, below: u64) -> u64 {
        let wide = (u128::from(throw(&mut self.dice) >> 11) * u128::from(below.max(1))) >> 53;
        u64::try_from(wide).unwrap_or_default()
    }
}
