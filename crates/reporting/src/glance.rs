//! All accounts at a glance: how full each is now, and whom it refused today.
//!
//! *Today* is each account's own civil day.

use crate::civil::{Zone, show_utc};
use crate::provenance::Provenance;
use crate::reports::{ReportError, Reports};
use crate::shown::{At, Report, Side, table};
use crate::who::standing;
use projector::AsOf;
use seats::{Account, AccountId, Liveness, Standing, Timestamp};
use serde::Serialize;

/// One account.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct GlanceRow {
    /// Its name.
    pub account: String,
    /// Its number.
    pub account_id: u64,
    /// The zone that its days are counted in.
    pub time_zone: &'static str,
    /// Whether it admits logins: `open`, `suspended` or `closed`.
    pub standing: &'static str,
    /// Licences in force.
    pub licences: u32,
    /// Seats allowed above them.
    pub overdraft: u32,
    /// Seats taken: held or lingering.
    pub taken: u32,
    /// Of these, seats whose holder has gone silent.
    pub dormant: u32,
    /// No further seat is left under the licences.
    pub at_capacity: bool,
    /// Logins refused today.
    pub denials_today: u64,
    /// The last of them.
    pub last_denial: Option<At>,
}

/// All accounts at a glance.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Glance {
    /// The instant that *now* means.
    pub at: At,
    /// By number.
    pub rows: Vec<GlanceRow>,
    /// Where this comes from.
    pub provenance: Provenance,
}

impl GlanceRow {
    /// An account as it is at `at`, with the logins it refused that day.
    pub fn of(
        name: String,
        account: &Account,
        zone: Zone,
        at: Timestamp,
        denials_today: u64,
        last_denial: Option<Timestamp>,
    ) -> GlanceRow {
        let (licences, taken) = (account.licences().at(at), account.taken(at));
        GlanceRow {
            account: name,
            account_id: account.id().0,
            time_zone: zone.name(),
            standing: standing(account.standing()),
            licences,
            overdraft: account.policy().overdraft,
            taken,
            dormant: u32::try_from(account.dormant_seats().len()).unwrap_or(u32::MAX),
            at_capacity: account.standing() == Standing::Open && taken >= licences,
            denials_today,
            last_denial: last_denial.map(At),
        }
    }
}

impl Reports<'_> {
    /// These accounts at `now`, leaving out those that are hidden while they are imported. `liveness` gives an
    /// account's signs of life saved beside the log, if there are any.
    ///
    /// # Errors
    /// When the log cannot be read, or the zone of an account is not known.
    pub fn glance(
        &self,
        accounts: impl IntoIterator<Item = AccountId>,
        now: Timestamp,
        liveness: impl Fn(AccountId) -> Option<Liveness>,
    ) -> Result<Glance, ReportError> {
        let mut rows = Vec::new();
        for account in accounts {
            rows.extend(self.glance_at(account, now, liveness(account).as_ref())?);
        }
        rows.sort_unstable_by_key(|row| row.account_id);
        let sum = |of: fn(&GlanceRow) -> u64| rows.iter().map(of).sum::<u64>();
        let mut provenance = self
            .provenance("glance", AccountId::SYSTEM, Zone::UTC)
            .parameter("now", show_utc(now))
            .rows(rows.len())
            .total("licences", sum(|row| row.licences.into()))
            .total("taken", sum(|row| row.taken.into()))
            .total("at_capacity", sum(|row| row.at_capacity.into()))
            .total("denials_today", sum(|row| row.denials_today));
        provenance.account = "all accounts".to_owned();
        Ok(Glance { at: At(now), rows, provenance })
    }

    /// One account at a glance; `None` if it is hidden or does not exist.
    fn glance_at(
        &self,
        account: AccountId,
        now: Timestamp,
        liveness: Option<&Liveness>,
    ) -> Result<Option<GlanceRow>, ReportError> {
        let occupancy = self.views.as_of(account, AsOf::Now)?;
        let state = &occupancy.account;
        if account == AccountId::SYSTEM
            || state.standing() == Standing::Unopened
            || state.is_importing()
        {
            return Ok(None);
        }
        let zone = Zone::parse(state.zone())?;
        let today = zone.first_instant(zone.date_of(now)).unwrap_or(now);
        let (mut denials, mut last) = (0_u64, None);
        // Mostly nothing happened today, and nothing has to be read.
        if state.last_at() >= today {
            let end = Timestamp(now.0.saturating_add(1));
            self.views.denials(account, today, end, |denial| {
                denials = denials.saturating_add(1);
                last = Some(denial.at.at);
            })?;
        }
        let settled = liveness.map(|liveness| occupancy.settled(liveness, now));
        let state = settled.as_ref().unwrap_or(state);
        let name = self.names(account).account();
        Ok(Some(GlanceRow::of(name, state, zone, now, denials, last)))
    }
}

impl Report for Glance {
    fn text(&self) -> String {
        let columns = [
            ("Account", Side::Left),
            ("Taken", Side::Right),
            ("Licences", Side::Right),
            ("Dormant", Side::Right),
            ("Refused today", Side::Right),
            ("", Side::Left),
        ];
        let cells = |row: &GlanceRow| {
            let remark = match (row.standing, row.at_capacity) {
                ("open", true) => "at capacity",
                ("open", false) => "",
                (standing, _) => standing,
            };
            let counts = [row.taken, row.licences, row.dormant].map(|count| count.to_string());
            let mut cells = vec![row.account.clone()];
            cells.extend(counts);
            cells.extend([row.denials_today.to_string(), remark.to_owned()]);
            cells
        };
        let table = table(&columns, self.rows.iter().map(cells).collect());
        format!(
            "{}\nAccounts at {}\n\n{table}",
            self.provenance.header(),
            Zone::UTC.show(self.at.0)
        )
    }
}
