//! What a check comes to: everything is as it should be, or the first thing that is not.

use ledger::Head;
use reporting::civil::show_utc;
use reporting::money::Currency;
use seats::Timestamp;
use std::fmt;

/// What is wrong, in the words of `docs/evidence.md`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "each is a row of the table in docs/evidence.md")]
pub enum Code {
    Pack,
    Manifest,
    Seal,
    Witness,
    Consistency,
    Order,
    Bytes,
    Account,
    Gap,
    Chain,
    Time,
    Law,
    Inclusion,
    Period,
    Statement,
    Directory,
}

impl Code {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Code::Pack => "pack",
            Code::Manifest => "manifest",
            Code::Seal => "seal",
            Code::Witness => "witness",
            Code::Consistency => "consistency",
            Code::Order => "order",
            Code::Bytes => "bytes",
            Code::Account => "account",
            Code::Gap => "gap",
            Code::Chain => "chain",
            Code::Time => "time",
            Code::Law => "law",
            Code::Inclusion => "inclusion",
            Code::Period => "period",
            Code::Statement => "statement",
            Code::Directory => "directory",
        }
    }
}

/// The first thing that is wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bad {
    /// Of what kind.
    pub code: Code,
    /// Position of the commit it is about, if it is about one.
    pub position: Option<u64>,
    /// In words.
    pub why: String,
}

impl Bad {
    pub(crate) fn new(code: Code, why: impl Into<String>) -> Bad {
        Bad { code, position: None, why: why.into() }
    }

    pub(crate) fn at(code: Code, position: u64, why: impl Into<String>) -> Bad {
        Bad { code, position: Some(position), why: why.into() }
    }
}

impl fmt::Display for Bad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.position.map(|position| format!(" at position {position}"));
        write!(f, "{}{}: {}", self.code.word(), at.unwrap_or_default(), self.why)
    }
}

/// What was established.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Summary {
    /// Which ledger.
    pub origin: String,
    /// Number of the account.
    pub account: u64,
    /// The first instant of the period.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
    /// How many commits of the account there are, from its first one on.
    pub commits: u64,
    /// What the first seal says.
    pub first: Head,
    /// What the last seal says.
    pub last: Head,
    /// Witnesses known to the auditor that cosigned the last seal, with when they say they did.
    pub witnesses: Vec<(String, u64)>,
    /// What each month comes to: net in minor units, and the currency; `None` without a plan.
    pub months: Vec<(String, Option<(i64, String)>)>,
    /// Names that were checked against the commits.
    pub names: usize,
}

/// What a check came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Everything is as it should be.
    Good(Box<Summary>),
    /// Something is not.
    Bad(Bad),
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Summary { origin, account, from, to, commits, first, last, .. } = self;
        writeln!(f, "ok: account {account} of {origin}, {} to {}", show_utc(*from), show_utc(*to))?;
        writeln!(f, "ok: {commits} commits, none missing, none changed, every rule kept")?;
        writeln!(f, "ok: first seal {} commits, root {}", first.size, first.root)?;
        writeln!(
            f,
            "ok: last seal {} commits, root {}, grown from the first",
            last.size, last.root
        )?;
        for (name, at) in &self.witnesses {
            let at = show_utc(Timestamp(at.saturating_mul(1_000_000)));
            writeln!(f, "ok: cosigned by {name} at {at}")?;
        }
        for (month, net) in &self.months {
            match net {
                Some((net, code)) => match Currency::parse(code) {
                    Some(currency) => {
                        writeln!(f, "ok: {month} comes to {code} {}", currency.show(*net))?;
                    }
                    None => writeln!(f, "ok: {month} comes to {net} minor units of {code}")?,
                },
                None => writeln!(f, "ok: {month} has no price plan, so no amounts")?,
            }
        }
        match self.names {
            0 => Ok(()),
            names => writeln!(f, "ok: {names} names are those that the commits bind"),
        }
    }
}
