//! Accounts at capacity: whose seats were all taken, for how long, and whom they refused for it. The sales list.

use super::{Cell, Column, Kind, Months, OneAccount, Scope, Sheet};
use crate::provenance::Provenance;
use crate::reports::{ReportError, Reports};
use crate::shown::{At, hours};
use projector::GAP;
use seats::{AccountId, DenialReason, Liveness, Timestamp};
use serde::Serialize;
use std::cmp::Reverse;

pub(super) const NOTE: &str = "Hours with no seat left under the licences. Refused because all seats were taken: \
                               logins, and runs of one user's refusals less than five minutes apart.";

/// One account that was at capacity.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct AtCapacityRow {
    /// Its name.
    pub account: String,
    /// Its number.
    pub account_id: u64,
    /// The zone that its months are counted in.
    pub time_zone: &'static str,
    /// Licences in force at the end.
    pub licences: u32,
    /// The most seats held at once.
    pub peak_seats: u64,
    /// When they were first so many.
    pub peak_seats_at: Option<At>,
    /// Time during which no further seat was left under the licences.
    pub at_capacity_seconds: u64,
    /// Logins refused because all seats were taken.
    pub denials: u64,
    /// Logins that were put in line because there was no seat.
    pub queued: u64,
    /// Runs of one user's refusals for that reason, waiting in line included.
    pub denial_episodes: u64,
}

/// Accounts at capacity.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct AtCapacity {
    /// The first month, as `2026-03`.
    pub from: String,
    /// The last month.
    pub to: String,
    /// The instant up to which things are known.
    pub known_until: At,
    /// The most episodes first; then the most refusals, the most hours, the lowest number.
    pub rows: Vec<AtCapacityRow>,
    /// Where this comes from.
    pub provenance: Provenance,
    #[serde(skip)]
    pub(super) months: Months,
}

impl Reports<'_> {
    /// Accounts at capacity. `liveness` gives an account's signs of life saved beside the log, if there are any.
    ///
    /// # Errors
    /// As for [`Reports::commercial`].
    pub fn at_capacity(
        &self,
        scope: &Scope,
        liveness: impl Fn(AccountId) -> Option<Liveness>,
    ) -> Result<AtCapacity, ReportError> {
        let mut rows = Vec::new();
        self.each_account(scope, |one| {
            let liveness = liveness(one.account);
            rows.extend(self.capacity_of(one, liveness.as_ref())?);
            Ok(())
        })?;
        rows.sort_by_key(|row: &AtCapacityRow| {
            let hours = Reverse(row.at_capacity_seconds);
            (Reverse(row.denial_episodes), Reverse(row.denials), hours, row.account_id)
        });
        let sum = |of: fn(&AtCapacityRow) -> u64| {
            rows.iter().fold(0_u64, |sum, row| sum.saturating_add(of(row)))
        };
        let provenance = self.commercial_provenance(Kind::AtCapacity, scope)?;
        let provenance = provenance
            .parameter("episode_gap_seconds", GAP.secs())
            .rows(rows.len())
            .total("denials", sum(|row| row.denials))
            .total("denial_episodes", sum(|row| row.denial_episodes));
        Ok(AtCapacity {
            from: scope.months.first.to_string(),
            to: scope.months.last.to_string(),
            known_until: At(scope.now),
            rows,
            provenance,
            months: scope.months,
        })
    }

    /// One account; `None` if it never was at capacity.
    fn capacity_of(
        &self,
        one: OneAccount,
        liveness: Option<&Liveness>,
    ) -> Result<Option<AtCapacityRow>, ReportError> {
        let OneAccount { account, name, zone, from, to, now, .. } = one;
        let to = to.min(Timestamp(now.0.saturating_add(1)));
        let usage = match liveness {
            Some(liveness) => self.views.usage_settled(account, from, to, GAP, liveness)?,
            None => self.views.usage(account, from, to, GAP)?,
        };
        let full = DenialReason::AllSeatsHeld;
        let denials = usage.denials.get(&full).copied().unwrap_or(0);
        // Nobody was refused at all: no need to look at who was.
        let refused = usage.denied() > 0 || usage.queued > 0;
        let episodes = match refused {
            true => self.views.episodes(account, from, to, GAP, now)?,
            false => Vec::new(),
        };
        let episodes = episodes.iter().filter(|episode| episode.reasons.contains_key(&full));
        let denial_episodes = u64::try_from(episodes.count()).unwrap_or(u64::MAX);
        let row = AtCapacityRow {
            account: name,
            account_id: account.0,
            time_zone: zone.name(),
            licences: usage.licences,
            peak_seats: usage.peak_seats.count,
            peak_seats_at: usage.peak_seats.at.map(At),
            at_capacity_seconds: usage.at_capacity.secs(),
            denials,
            queued: usage.queued,
            denial_episodes,
        };
        let ever = usage.at_capacity.0 > 0 || denials > 0 || denial_episodes > 0;
        Ok(ever.then_some(row))
    }
}

impl AtCapacity {
    pub(super) fn sheet(&self) -> Sheet {
        let queued = self.rows.iter().any(|row| row.queued > 0);
        let mut columns = vec![
            Column::words("Account", "account"),
            Column::numbers("Episodes", "denial_episodes"),
            Column::numbers("Refused", "denials"),
            Column::numbers("Hours full", "at_capacity"),
            Column::numbers("Peak", "peak_seats"),
            Column::numbers("Licences", "licences"),
        ];
        if queued {
            columns.push(Column::numbers("Put in line", "queued"));
        }
        let row = |row: &AtCapacityRow| {
            let mut cells = vec![
                Cell::words(&row.account),
                Cell::count(row.denial_episodes),
                Cell::count(row.denials),
                Cell::Number(hours(row.at_capacity_seconds)),
                Cell::count(row.peak_seats),
                Cell::count(row.licences),
            ];
            cells.extend(queued.then(|| Cell::count(row.queued)));
            cells
        };
        Sheet { columns, rows: self.rows.iter().map(row).collect(), totals: Vec::new() }
    }
}
