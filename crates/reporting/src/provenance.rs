//! Where a report comes from, so that it can be made again and shown to be whole.
//!
//! ```text
//! # who of account-1, ledger example, log 0 to 1233, root 3f9a…
//! # seatledger 0.1.0, zone rules 2025b, Europe/London; at 2026-03-14T09:12:04Z
//! # 2 rows; licences 2, taken 2
//! ```
//! Nothing in it depends on when or where the report was made.

use crate::civil::{TZDB_VERSION, Zone};
use crate::shown::counted;
use ledger::Head;
use seats::AccountId;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// The program that makes reports, with its version.
pub const PRODUCT: &str = concat!("seatledger ", env!("CARGO_PKG_VERSION"));

/// What a report was made from, by what, with which parameters, and what it should add up to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Provenance {
    /// Which report.
    pub report: &'static str,
    /// Which ledger.
    pub ledger: String,
    /// Which account, by number.
    pub account: String,
    /// Position of the first commit of the log that was there; `null` if the log was empty.
    pub first_position: Option<u64>,
    /// Position of the last commit of the log that was there.
    pub last_position: Option<u64>,
    /// How many commits that is.
    pub size: u64,
    /// The Merkle root over them, in hexadecimal.
    pub root: String,
    /// What was asked, by name.
    pub parameters: Pairs,
    /// The zone that days and local times are counted in.
    pub time_zone: &'static str,
    /// Version of the zone rules.
    pub tzdb: &'static str,
    /// The program, with its version.
    pub product: &'static str,
    /// How many rows the report has; `null` for one that is no list.
    pub rows: Option<u64>,
    /// Sums over the rows, by name.
    pub totals: Pairs,
}

/// Named values in the order in which they were added.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Pairs(Vec<(&'static str, String)>);

impl Provenance {
    pub(crate) fn new(
        report: &'static str,
        ledger: &str,
        head: Head,
        account: AccountId,
        zone: Zone,
    ) -> Provenance {
        let last_position = head.size.checked_sub(1);
        Provenance {
            report,
            ledger: ledger.to_owned(),
            account: account.to_string(),
            first_position: last_position.map(|_| 0),
            last_position,
            size: head.size,
            root: head.root.to_string(),
            parameters: Pairs::default(),
            time_zone: zone.name(),
            tzdb: TZDB_VERSION,
            product: PRODUCT,
            rows: None,
            totals: Pairs::default(),
        }
    }

    pub(crate) fn parameter(mut self, name: &'static str, value: impl ToString) -> Provenance {
        self.parameters.0.push((name, value.to_string()));
        self
    }

    pub(crate) fn total(mut self, name: &'static str, value: impl ToString) -> Provenance {
        self.totals.0.push((name, value.to_string()));
        self
    }

    pub(crate) fn rows(mut self, rows: usize) -> Provenance {
        self.rows = Some(u64::try_from(rows).unwrap_or(u64::MAX));
        self
    }

    /// The header of a report in plain text, each line beginning with `# `.
    pub fn header(&self) -> String {
        let log = match self.last_position {
            Some(last) => format!("log 0 to {last}, root {}", self.root),
            None => "empty log".to_owned(),
        };
        let (report, account, ledger) = (self.report, &self.account, &self.ledger);
        let mut header = format!("# {report} of {account}, ledger {ledger}, {log}\n");
        header += &format!("# {PRODUCT}, zone rules {TZDB_VERSION}, {}", self.time_zone);
        header += &self.parameters.listed("; ");
        let rows = self.rows.map(|rows| counted(rows, "row"));
        let before = if rows.is_some() { "; " } else { "" };
        header += &format!("\n# {}{}\n", rows.unwrap_or_default(), self.totals.listed(before));
        header
    }
}

impl Pairs {
    /// The value of that name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str())
    }

    fn listed(&self, before: &str) -> String {
        let pairs: Vec<String> =
            self.0.iter().map(|(key, value)| format!("{key} {value}")).collect();
        if pairs.is_empty() { String::new() } else { format!("{before}{}", pairs.join(", ")) }
    }
}

impl Serialize for Pairs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in &self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}
