//! The trail: an account's history in words, each line with the commit that says so.

use crate::civil::{Zone, show_utc};
use crate::provenance::Provenance;
use crate::reports::{ReportError, Reports};
use crate::shown::{At, Report, Side, table};
use ledger::{Actor, Record, Role};
use projector::AsOf;
use seats::{Account, AccountId, Event, Notation, SessionId, Timestamp, UserId};
use serde::Serialize;

/// One commit.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct TrailRow {
    /// When it happened.
    pub at: At,
    /// When it was written, where that is another time.
    pub recorded_at: Option<At>,
    /// What happened, in the notation.
    pub what: String,
    /// What whoever released a seat noted, or the reason somebody gave. It stands in the directory, and can be erased there.
    pub note: Option<String>,
    /// In which capacity somebody did it, with the number of the one who did.
    pub by: String,
    /// Its place in the log.
    pub position: u64,
    /// Its place in the account's history.
    pub version: u64,
}

/// An account's history.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Trail {
    /// The account's name.
    pub account: String,
    /// The user it is about, if it is about one.
    pub user: Option<String>,
    /// The first instant that counts.
    pub from: At,
    /// The first instant after it that does not.
    pub to: At,
    /// The commits, in order.
    pub rows: Vec<TrailRow>,
    /// Where this comes from.
    pub provenance: Provenance,
    #[serde(skip)]
    zone: Zone,
}

impl Reports<'_> {
    /// The history of an account in `[from, to)`, by default all of it; of one user only, if one is given.
    ///
    /// # Errors
    /// When there is no such account, it is hidden, the range is backwards, or the log cannot be read.
    pub fn trail(
        &self,
        account: AccountId,
        user: Option<UserId>,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    ) -> Result<Trail, ReportError> {
        let (now, zone) = self.whole(account)?;
        let (from, to) = self.range(&now, zone, from, to)?;
        let names = self.names(account);
        let (mut rows, mut events) = (Vec::new(), 0_usize);
        let read = self.each_row(account, user, (from, to), |row, count| {
            rows.push(row);
            events = events.saturating_add(count);
        })?;
        let provenance = self
            .provenance("trail", account, zone)
            .parameter("user", user.map_or("all".to_owned(), |user| user.to_string()))
            .parameter("from", show_utc(from))
            .parameter("to", show_utc(to))
            .rows(rows.len())
            .total("commits_in_range", read)
            .total("commits", rows.len())
            .total("events", events);
        let (user, account) = (user.map(|user| names.shown(user)), names.account());
        Ok(Trail { account, user, from: At(from), to: At(to), rows, provenance, zone })
    }

    /// Calls `each` for every commit of an account in `[from, to)`, or those about one user, with how many
    /// events it holds. Gives back how many commits were read.
    pub(crate) fn each_row(
        &self,
        account: AccountId,
        user: Option<UserId>,
        (from, to): (Timestamp, Timestamp),
        mut each: impl FnMut(TrailRow, usize),
    ) -> Result<u64, ReportError> {
        let mut before = self.views.as_of(account, AsOf::Before(from))?;
        let (zone, names) = (self.zone(account)?, self.names(account));
        let mut read = 0_u64;
        for record in self.views.history(account, from, to)? {
            let record = record?;
            read = read.saturating_add(1);
            if user.is_none_or(|user| concerns(user, &record.commit.events, &before.account)) {
                let day = zone.date_of(record.commit.at);
                let time = |at: Timestamp| zone.show_on(at, day);
                let notation = Notation { names: &names, time: &time };
                let note = self.note(&record.commit.events)?;
                each(row(&record, notation, &before.account, note), record.commit.events.len());
            }
            before.apply(&record);
        }
        Ok(read)
    }

    /// The words that stand in the directory for the events of a commit.
    pub(crate) fn note(&self, events: &[Event]) -> Result<Option<String>, ReportError> {
        let bound = events.iter().find_map(|event| match event {
            Event::LoggedOut { note, .. } => *note,
            Event::ReasonGiven { note } => Some(*note),
            _ => None,
        });
        let Some(bound) = bound else { return Ok(None) };
        if self.nameless {
            return Ok(Some("(not shown)".to_owned())); // It may name somebody.
        }
        let kept = self.views.ledger().book().check(bound)?;
        Ok(Some(kept.map_or_else(|| "(erased)".to_owned(), |(_, profile)| profile.text)))
    }
}

fn row(
    record: &Record,
    notation: Notation<'_>,
    before: &Account,
    note: Option<String>,
) -> TrailRow {
    let commit = &record.commit;
    // The notation begins with the time, which has a column of its own.
    let line = notation.commit(commit.at, &commit.events, Some(before));
    let time = (notation.time)(commit.at);
    let what = line.strip_prefix(&time).unwrap_or(&line).trim_start().to_owned();
    let later = commit.recorded_at > commit.at && commit.actor.role != Role::Clock;
    TrailRow {
        at: At(commit.at),
        recorded_at: later.then_some(At(commit.recorded_at)),
        what,
        note,
        by: actor_in_words(commit.actor),
        position: record.position.0,
        version: commit.version,
    }
}

/// Whether a commit says something of a user.
fn concerns(user: UserId, events: &[Event], before: &Account) -> bool {
    let theirs =
        |session: &SessionId| before.session(*session).is_some_and(|held| held.user == user);
    let asked = |request: &Option<seats::RequestId>| {
        request.is_some_and(|request| {
            before.pending().iter().any(|asked| asked.request == request && asked.user == user)
        })
    };
    events.iter().any(|event| match event {
        Event::UserAdded { user: other, .. }
        | Event::UserSuspended { user: other }
        | Event::UserReinstated { user: other }
        | Event::UserForgotten { user: other }
        | Event::SeatTakenOffline { user: other, .. }
        | Event::LoginRequested { user: other, .. } => *other == user,
        Event::WentDormant { session, .. }
        | Event::Resumed { session }
        | Event::LoggedOut { session, .. }
        | Event::Expired { session, .. } => theirs(session),
        // Without a request's id the answer stands beside its question, which names the user.
        Event::SeatGranted { request, .. } | Event::SeatDenied { request, .. } => asked(request),
        Event::SeatOffered { request, .. }
        | Event::OfferLapsed { request }
        | Event::OfferWithdrawn { request }
        | Event::LeftQueue { request, .. } => asked(&Some(*request)),
        Event::HandOverAsked { request, seat, .. } => {
            let holder = before.sessions_on(*seat).next();
            asked(&Some(*request)) || holder.is_some_and(|held| held.user == user)
        }
        Event::HandOverEnded { handover, .. } => {
            let open = before.hand_overs().iter().find(|open| open.id == *handover);
            open.is_some_and(|open| open.asker == user || open.holder == user)
        }
        _ => false,
    })
}

/// `app`, `support 3`.
pub(crate) fn actor_in_words(actor: Actor) -> String {
    let role = actor.role;
    if actor.id == 0 { role.to_string() } else { format!("{role} {}", actor.id) }
}

impl TrailRow {
    /// What happened, with what was noted of it, on one line.
    fn said(&self) -> String {
        match &self.note {
            None => self.what.clone(),
            Some(note) => format!("{}; note: {}", self.what, note.replace('\n', " / ")),
        }
    }
}

impl Report for Trail {
    fn text(&self) -> String {
        let zone = self.zone;
        let mut text = self.provenance.header();
        let user = self.user.as_ref().map_or_else(String::new, |user| format!("{user} at "));
        let (from, to) = (zone.show(self.from.0), zone.show(self.to.0));
        text += &format!("\n{user}{} from {from} to {to}\n\n", self.account);
        let later = self.rows.iter().any(|row| row.recorded_at.is_some());
        let mut columns = vec![
            ("When", Side::Left),
            ("Position", Side::Right),
            ("Version", Side::Right),
            ("By", Side::Left),
            ("What", Side::Left),
        ];
        if later {
            columns.insert(1, ("Recorded", Side::Left));
        }
        let mut rows: Vec<Vec<String>> = Vec::new();
        for row in &self.rows {
            let (position, version) = (row.position.to_string(), row.version.to_string());
            let mut cells = vec![zone.show(row.at.0)];
            if later {
                cells.push(row.recorded_at.map_or_else(String::new, |at| zone.show(at.0)));
            }
            cells.extend([position, version, row.by.clone(), row.said()]);
            rows.push(cells);
        }
        text + &table(&columns, rows)
    }
}
