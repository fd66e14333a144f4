//! One civil day of an account: who sat where and when, and who was refused, as a picture is drawn from it.

use crate::civil::{Zone, say_date, show_date, show_utc};
use crate::denials::{DenialRow, one};
use crate::hours::hours;
use crate::provenance::Provenance;
use crate::reports::{ReportError, Reports};
use crate::sessions::SessionRow;
use crate::shown::At;
use projector::Occupancy;
use seats::{AccountId, CivilDate, Liveness, Micros, Timestamp};
use serde::Serialize;

/// A stroke of the clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Stroke {
    /// When.
    pub at: At,
    /// The hour that begins, 0 to 23.
    pub hour: u32,
}

/// Licences from an instant on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct LicenceStep {
    /// From when; the first of the day is its first instant.
    pub from: At,
    /// How many.
    pub licences: u32,
}

/// One civil day of an account.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Day {
    /// The account's name.
    pub account: String,
    /// Which day, as `2026-03-28`.
    pub date: String,
    /// Which day, as `Saturday 28 March 2026`.
    pub in_words: String,
    /// Its first instant.
    pub from: At,
    /// The first instant of the next day.
    pub to: At,
    /// How far it is known: the instant that *now* means, or the end of the day.
    pub known_until: At,
    /// The day before, if the account was there then.
    pub previous: Option<String>,
    /// The day after, if it has begun.
    pub next: Option<String>,
    /// The hours as they strike in the account's zone.
    pub hours: Vec<Stroke>,
    /// Licences on that day, as known now.
    pub licences: Vec<LicenceStep>,
    /// How many seats there are to show: licences, overdraft, and any beyond these that somebody held.
    pub seats: u32,
    /// Sessions that held a seat, by seat, then grant.
    pub sessions: Vec<SessionRow>,
    /// Refused logins in order of time, at most [`DENIALS_MAX`].
    pub denials: Vec<DenialRow>,
    /// How many refused logins there were.
    pub refused: u64,
    /// Where this comes from.
    pub provenance: Provenance,
}

/// How many refused logins of a day are told one by one.
pub const DENIALS_MAX: usize = 5_000;

impl Reports<'_> {
    /// One civil day of an account, up to `now` if it is today.
    ///
    /// # Errors
    /// When there is no such account, it is hidden, its zone skipped that day, the day has not begun, or the
    /// log cannot be read.
    pub fn day(
        &self,
        account: AccountId,
        date: CivilDate,
        now: Timestamp,
        liveness: Option<&Liveness>,
    ) -> Result<Day, ReportError> {
        let (state, zone) = self.whole(account)?;
        let names = self.names(account);
        let from = zone.effective(date)?.instant;
        if from > now {
            let (day, now) = (say_date(date), zone.show(now));
            return Err(ReportError::FutureDay { day, now });
        }
        let to = neighbour(zone, date, 1).and_then(|next| zone.first_instant(next));
        // The last day that can be said ends like any other.
        let to = to.unwrap_or(from + Micros::from_secs(86_400));
        let known_until = to.min(Timestamp(now.0.saturating_add(1)));
        let sessions = self.sessions(account, Some(from), Some(known_until), liveness)?;
        let (mut denials, mut refused) = (Vec::new(), 0_u64);
        self.views.denials(account, from, known_until, |denial| {
            refused = refused.saturating_add(1);
            if denials.len() < DENIALS_MAX {
                denials.push(one(&denial, &names));
            }
        })?;
        let licences = licences(&state, from, to);
        let allowed = licences.iter().map(|step| step.licences).max().unwrap_or(0);
        let allowed = allowed.saturating_add(state.account.policy().overdraft);
        let used = sessions.rows.iter().map(|row| row.seat).max().unwrap_or(0);
        let strokes = hours(zone, from, to);
        let opened = state.notes.opened().map_or(from, |opened| opened.at);
        let previous = neighbour(zone, date, -1).filter(|_| opened < from);
        let next = neighbour(zone, date, 1).filter(|_| to <= now);
        let provenance = self
            .provenance("day", account, zone)
            .parameter("date", show_date(date))
            .parameter("from", show_utc(from))
            .parameter("to", show_utc(to))
            .parameter("now", show_utc(now))
            .rows(sessions.rows.len())
            .total("sessions", sessions.sessions)
            .total("denials", refused);
        Ok(Day {
            account: names.account(),
            date: show_date(date),
            in_words: say_date(date),
            from: At(from),
            to: At(to),
            known_until: At(known_until.min(now)),
            previous: previous.map(show_date),
            next: next.map(show_date),
            hours: strokes.iter().map(|h| Stroke { at: At(h.from), hour: h.hour }).collect(),
            licences,
            seats: allowed.max(used),
            sessions: sessions.rows,
            denials,
            refused,
            provenance,
        })
    }
}

/// The nearest day before (-1) or after (1) that the zone has; two may be skipped in a row nowhere.
fn neighbour(zone: Zone, date: CivilDate, step: i32) -> Option<CivilDate> {
    let days = [1, 2].map(|far| date.0.checked_add(step.saturating_mul(far)));
    let mut days = days.into_iter().flatten().map(CivilDate);
    days.find(|day| zone.first_instant(*day).is_some())
}

fn licences(state: &Occupancy, from: Timestamp, to: Timestamp) -> Vec<LicenceStep> {
    let licences = state.account.licences();
    let first = LicenceStep { from: At(from), licences: licences.at(from) };
    let within = licences.changes().iter().filter(|(at, _)| *at > from && *at < to);
    let within = within.map(|(at, to)| LicenceStep { from: At(*at), licences: *to });
    std::iter::once(first).chain(within).collect()
}
