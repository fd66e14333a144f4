//! Arguments of commercial reports.

use crate::failure::Failure;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgGroup, Args};
use reporting::civil::Month;
use reporting::commercial::{Kind, Months};
use std::path::PathBuf;

#[derive(Args, Debug)]
#[command(group(ArgGroup::new("months").required(true).args(["month", "from"])))]
pub(crate) struct Report {
    /// movement: licences at the beginning, added, given back, at the end. changes: everything recorded that
    /// bears on money, by whom and why. revenue: what statements say, by month and plan. at-capacity: who was
    /// refused because all seats were taken. never-used: licences that were paid for and never used.
    #[arg(value_parser = kinds())]
    pub(crate) kind: Kind,
    /// Only this account; all if left out.
    #[arg(long, value_name = "NAME")]
    pub(crate) account: Option<String>,
    /// The first month, in each account's zone.
    #[arg(long, value_name = "YYYY-MM", requires = "to")]
    pub(crate) from: Option<String>,
    /// The last month, included.
    #[arg(long, value_name = "YYYY-MM", requires = "from")]
    pub(crate) to: Option<String>,
    /// One month, instead of --from and --to.
    #[arg(long, value_name = "YYYY-MM", conflicts_with = "to")]
    pub(crate) month: Option<String>,
    /// Write the rows into this new file as comma-separated values, instead of printing them.
    #[arg(long, value_name = "FILE")]
    pub(crate) csv: Option<PathBuf>,
}

impl Report {
    /// The months asked for.
    pub(crate) fn months(&self) -> Result<Months, Failure> {
        let first = self.month.as_deref().or(self.from.as_deref()).unwrap_or_default();
        let last = self.month.as_deref().or(self.to.as_deref()).unwrap_or_default();
        let first = Month::read(first).map_err(Failure::usage)?;
        let last = Month::read(last).map_err(Failure::usage)?;
        Months::new(first, last).map_err(Failure::usage)
    }
}

fn kinds() -> impl TypedValueParser<Value = Kind> {
    let words = PossibleValuesParser::new(Kind::ALL.map(Kind::word));
    words.try_map(|word| Kind::from_word(&word).ok_or("no such report"))
}
