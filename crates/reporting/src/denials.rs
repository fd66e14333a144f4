//! Denials over a range of time: who was refused when, how often, why, and what became of it.

use crate::civil::{Zone, show_utc};
use crate::names::Names;
use crate::provenance::Provenance;
use crate::reports::{ReportError, Reports};
use crate::shown::{At, Report, Side, counted, length, table};
use crate::usage::word;
use projector::{Denial, Episode, GAP, Outcome};
use seats::notation::denial;
use seats::{AccountId, Naming, Timestamp};
use serde::Serialize;

/// What a run of refusals came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Came {
    /// The user got a seat.
    Granted,
    /// The user gave up.
    Abandoned,
    /// The user may still be trying.
    Open,
}

/// A denial episode: one user's run of refusals.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct EpisodeRow {
    /// Who, by name, or by number where there is none.
    pub user: String,
    /// Who, by number.
    pub user_id: u32,
    /// From which site, by name.
    pub site: Option<String>,
    /// The first refusal.
    pub first: At,
    /// The last refusal.
    pub last: At,
    /// How many refusals.
    pub attempts: u64,
    /// Why, for the last one.
    pub reason: &'static str,
    /// The same in words.
    pub reason_in_words: String,
    /// Seats taken at the last one.
    pub held: u32,
    /// Of these, seats whose holder had gone silent.
    pub dormant: u32,
    /// What it came to.
    pub outcome: Came,
    /// When the user got a seat, if that is what it came to.
    pub granted: Option<At>,
    /// The commit of the last refusal: its place in the log.
    pub position: u64,
}

/// Denials over a range of time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Denials {
    /// The account's name.
    pub account: String,
    /// The first instant that counts.
    pub from: At,
    /// The first instant after it that does not.
    pub to: At,
    /// Episodes whose first refusal lies in the range, in order of time.
    pub rows: Vec<EpisodeRow>,
    /// Refused logins, summed over these.
    pub attempts: u64,
    /// Where this comes from.
    pub provenance: Provenance,
    #[serde(skip)]
    zone: Zone,
}

/// One refused login.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct DenialRow {
    /// When.
    pub at: At,
    /// Who, by name, or by number where there is none.
    pub user: String,
    /// Who, by number.
    pub user_id: u32,
    /// From which site, by name.
    pub site: Option<String>,
    /// Why.
    pub reason: &'static str,
    /// The same in words.
    pub reason_in_words: String,
    /// Seats taken then.
    pub held: u32,
    /// Of these, seats whose holder had gone silent.
    pub dormant: u32,
    /// The login was put in line instead of being sent away.
    pub queued: bool,
    /// The commit that records it: its place in the log.
    pub position: u64,
}

impl Reports<'_> {
    /// Denial episodes of an account that began in `[from, to)`, by default in the whole history. What they
    /// came to is told as far as things are known, which is until `known_until`.
    ///
    /// # Errors
    /// When there is no such account, it is hidden, the range is backwards, or the log cannot be read.
    pub fn denials(
        &self,
        account: AccountId,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
        known_until: Timestamp,
    ) -> Result<Denials, ReportError> {
        let (now, zone) = self.whole(account)?;
        let (from, to) = self.range(&now, zone, from, to)?;
        let names = self.names(account);
        let episodes = self.views.episodes(account, from, to, GAP, known_until)?;
        let rows: Vec<EpisodeRow> = episodes.iter().map(|one| episode(one, &names)).collect();
        let attempts = rows.iter().map(|row| row.attempts).sum();
        let provenance = self
            .provenance("denials", account, zone)
            .parameter("from", show_utc(from))
            .parameter("to", show_utc(to))
            .parameter("episode_gap_seconds", GAP.secs())
            .rows(rows.len())
            .total("denials", attempts);
        let account = names.account();
        Ok(Denials { account, from: At(from), to: At(to), rows, attempts, provenance, zone })
    }
}

fn episode(episode: &Episode, names: &Names<'_>) -> EpisodeRow {
    let (outcome, granted) = match episode.outcome {
        Outcome::Granted { at, .. } => (Came::Granted, Some(At(at.at))),
        Outcome::Abandoned => (Came::Abandoned, None),
        Outcome::Open => (Came::Open, None),
    };
    let last = one(&episode.last, names);
    EpisodeRow {
        user: last.user,
        user_id: last.user_id,
        site: last.site,
        first: At(episode.first.at.at),
        last: last.at,
        attempts: episode.attempts,
        reason: last.reason,
        reason_in_words: last.reason_in_words,
        held: last.held,
        dormant: last.dormant,
        outcome,
        granted,
        position: last.position,
    }
}

pub(crate) fn one(refused: &Denial, names: &Names<'_>) -> DenialRow {
    let (reason, held, dormant) = (refused.reason, refused.held, refused.dormant);
    DenialRow {
        at: At(refused.at.at),
        user: names.shown(refused.user),
        user_id: refused.user.0,
        site: refused.site.map(|site| names.site(site).unwrap_or_else(|| site.to_string())),
        reason: word(reason),
        reason_in_words: denial(reason, held, dormant, None),
        held,
        dormant,
        queued: refused.queued,
        position: refused.at.position.0,
    }
}

impl EpisodeRow {
    /// What became of the user, in words: `got a seat at 09:14, after 12 min`.
    pub fn came_in_words(&self, zone: Zone) -> String {
        match (self.outcome, self.granted) {
            (Came::Granted, Some(granted)) => {
                let day = zone.date_of(self.first.0);
                let waited = length(granted.0.since(self.first.0));
                format!("got a seat at {}, after {waited}", zone.say(granted.0, day))
            }
            (Came::Open, _) => "may still be trying".to_owned(),
            _ => format!("gave up after {}", counted(self.attempts, "attempt")),
        }
    }
}

impl Report for Denials {
    fn text(&self) -> String {
        let zone = self.zone;
        let columns = [
            ("First", Side::Left),
            ("Last", Side::Left),
            ("Attempts", Side::Right),
            ("User", Side::Left),
            ("Why", Side::Left),
            ("What became of it", Side::Left),
        ];
        let cells = |row: &EpisodeRow| {
            let last = zone.show_on(row.last.0, zone.date_of(row.first.0));
            let user = match &row.site {
                Some(site) => format!("{} ({site})", row.user),
                None => row.user.clone(),
            };
            let (first, attempts) = (zone.show(row.first.0), row.attempts.to_string());
            vec![first, last, attempts, user, row.reason_in_words.clone(), row.came_in_words(zone)]
        };
        let (from, to) = (zone.show(self.from.0), zone.show(self.to.0));
        let header = self.provenance.header();
        let table = table(&columns, self.rows.iter().map(cells).collect());
        format!("{header}\n{} from {from} to {to}\n\n{table}", self.account)
    }
}
