//! Why a file is not made. Each message names what is wrong, where, and the way out.

use reporting::civil::CivilError;

/// Why a file is not made.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ExportError {
    /// The month can still change. Close it, or ask for drafts.
    #[error(
        "{account}: {month} is {standing}, so its statement can still change; close the month first, or ask \
         for a draft"
    )]
    NotClosed {
        /// The account's name.
        account: String,
        /// The month, as `2026-05`.
        month: String,
        /// `not over` or `not closed`.
        standing: &'static str,
    },
    /// Money is collected by it, so there are no drafts of it. Close the month.
    #[error(
        "{account}: {month} is not closed; {file} moves money, so there is no draft of it: close the month first"
    )]
    NoDraft {
        /// The account's name.
        account: String,
        /// The month, as `2026-05`.
        month: String,
        /// Which file.
        file: &'static str,
    },
    /// There are no amounts without a plan. Assign one, or leave the account out.
    #[error(
        "{account}: no price plan counts for {month}, so there are no amounts; assign one, or leave the account out"
    )]
    NoAmounts {
        /// The account's name.
        account: String,
        /// The month, as `2026-05`.
        month: String,
    },
    /// The statement does not add up, which it always does as it is derived. Run `seatledger verify` and report it.
    #[error(
        "{account}: the statement of {month} does not add up: {what}; nothing is exported; run verify"
    )]
    NotExact {
        /// The account's name.
        account: String,
        /// The month, as `2026-05`.
        month: String,
        /// What is not what.
        what: String,
    },
    /// The same statement was given twice. Give it once.
    #[error("{account}: the statement of {month} was given twice")]
    Twice {
        /// The account's name.
        account: String,
        /// The month, as `2026-05`.
        month: String,
    },
    /// One payment for an account at a time. Export one month.
    #[error(
        "{account}: there are statements of {one} and {other}; {file} takes one month at a time"
    )]
    TwoMonths {
        /// The account's name.
        account: String,
        /// One month.
        one: String,
        /// The other.
        other: String,
        /// Which file.
        file: &'static str,
    },
    /// Not a currency that this program knows. Report it.
    #[error("{account}: {currency:?} is no currency of ISO 4217 with minor units")]
    UnknownCurrency {
        /// The account's name.
        account: String,
        /// Its currency.
        currency: String,
    },
    /// The file has one currency. Export the others apart from it.
    #[error(
        "{account}: its amounts are in {currency}, but {file} is in {expected}; export it apart"
    )]
    OtherCurrency {
        /// The account's name.
        account: String,
        /// Its currency.
        currency: String,
        /// Which file.
        file: &'static str,
        /// The file's currency.
        expected: String,
    },
    /// The zone of a statement is not known.
    #[error(transparent)]
    Zone(#[from] CivilError),
    /// A setting is needed that `exports.toml` does not have. Write it.
    #[error("exports.toml: {key} is missing, which {file} needs; {hint}")]
    MissingSetting {
        /// The key, with its table.
        key: String,
        /// Which file.
        file: &'static str,
        /// What to write.
        hint: String,
    },
    /// A value is not one that the other program takes. Change it where the message says.
    #[error("{account}: {field}: {value:?} {wrong}; {out}")]
    Field {
        /// The account's name.
        account: String,
        /// Which field of which file.
        field: &'static str,
        /// Its value.
        value: String,
        /// What is wrong with it.
        wrong: String,
        /// The way out.
        out: String,
    },
    /// The user's own template is not one. Download it afresh.
    #[error("{whose} template: {why}")]
    Template {
        /// Whose template.
        whose: &'static str,
        /// What is wrong with it, and the way out.
        why: String,
    },
    /// Two accounts would be collected from one payer. Collect one of them by hand, or state them together.
    #[error(
        "{one} and {other} are both collected from the payer {payer:?}; the template has one row for both; export one \
         of them apart, or collect it by hand"
    )]
    OnePayer {
        /// One account's name.
        one: String,
        /// The other's.
        other: String,
        /// What the row is found by.
        payer: String,
    },
    /// A spreadsheet keeps fifteen digits. Use `charges.csv`, which keeps all.
    #[error(
        "{what}: {number} has more than the fifteen digits that a spreadsheet keeps; use charges.csv, which keeps all"
    )]
    TooLarge {
        /// What it is the number of.
        what: &'static str,
        /// The number, in minor units if it is an amount.
        number: String,
    },
    /// A spreadsheet has 1,048,576 rows. Export fewer accounts or days at a time.
    #[error(
        "the sheet {sheet:?} would have {rows} rows; a spreadsheet has 1,048,576: export fewer accounts at a time"
    )]
    TooManyRows {
        /// The sheet's name.
        sheet: &'static str,
        /// How many.
        rows: usize,
    },
    /// Seats were given of an account that no statement is of. Give only those of the statements' accounts.
    #[error("there are seats of account {account}, but no statement of it")]
    StrangeSeat {
        /// The account's number.
        account: u64,
    },
    /// No collection date can be worked out. Mend the list of bank holidays.
    #[error(transparent)]
    WorkingDays(#[from] crate::working_days::WorkingDaysError),
    /// Money is collected before the statement was final. Choose a later day.
    #[error(
        "{account}: the collection on {day} would be before the statement was closed on {closed}; choose a later day"
    )]
    TooSoon {
        /// The account's name.
        account: String,
        /// The day of collection.
        day: String,
        /// The day of closing.
        closed: String,
    },
    /// The file cannot be put together in memory. Report it.
    #[error("{file} cannot be written: {why}")]
    Unwritten {
        /// Which file.
        file: String,
        /// What went wrong.
        why: String,
    },
}
