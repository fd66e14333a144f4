//! A GoCardless bulk-payment template, filled in.
//!
//! The template is downloaded with a row for each active customer; rows cannot be added, and only the amount, the
//! description, the day of collection and the metadata may be changed. So each statement's row is looked up by
//! the column that the settings name, and nothing else is touched. The guides do not say whether amounts are in
//! pounds or pence: the settings must, and the totals are given to be looked at before anything is sent.
//!
//! Collected is what is *due*: the statement's gross less credit from the month before.

use crate::bill::{Bill, Finality, months};
use crate::cell::{at_most, text};
use crate::settings::Unit;
use crate::{ExportError, ExportFile, ExportSettings, LeftOut, Why, table};
use reporting::Statement;
use reporting::civil::show_date;
use reporting::statement::Standing;
use seats::CivilDate;
use std::collections::BTreeMap;

/// How many characters GoCardless takes in a cell.
const CELL_CHARS_MAX: usize = 100;

/// What to call the file in messages.
const FILE: &str = "the GoCardless template";

/// A payment that stands in the template now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Payment {
    /// The account's name.
    pub account: String,
    /// The statement's reference.
    pub reference: String,
    /// What its row was found by.
    pub payer: String,
    /// What is collected, in minor units.
    pub minor: i64,
}

/// The template, filled in, and what to look at before it is sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GoCardlessFile {
    /// The template, filled in.
    pub file: ExportFile,
    /// What is collected, in the order of the template.
    pub payments: Vec<Payment>,
    /// The sum of it, in minor units.
    pub total_minor: i64,
    /// The same as an amount, with its currency.
    pub total: String,
    /// Statements that are due and have no row: these customers have no mandate, or the settings name them otherwise.
    pub missing: Vec<Payment>,
    /// What stands in rows that no statement is for; nothing is collected from them.
    pub not_collected: Vec<String>,
    /// Statements of which nothing is due.
    pub left_out: Vec<LeftOut>,
}

/// Fills a template in. Without `collect_on` GoCardless collects as soon as it can.
///
/// # Errors
/// When a statement is not closed (there are no drafts of payments), has no amounts, does not add up, or
/// there are two of an account; when the settings do not say the unit or the column; when the template is
/// not one, has amounts already, or has another currency; when two accounts have one row, or an account two.
pub fn gocardless(
    statements: &[Statement],
    template: &[u8],
    settings: &ExportSettings,
    collect_on: Option<CivilDate>,
) -> Result<GoCardlessFile, ExportError> {
    let bills = payable(statements, FILE)?;
    let mut filling = Filling::new(template, settings)?;
    let (mut left_out, mut missing) = (Vec::new(), Vec::new());
    let mut paid: BTreeMap<usize, Payment> = BTreeMap::new();
    for bill in &bills {
        let minor = bill.sums.due_minor;
        if let Some(why) = nothing_due(bill) {
            left_out.push(bill.left_out(why));
            continue;
        }
        if let Some(day) = collect_on.filter(|day| *day < bill.dated) {
            let (day, closed) = (show_date(day), show_date(bill.dated));
            return Err(ExportError::TooSoon { account: bill.account().to_owned(), day, closed });
        }
        let payer = settings.called(bill.statement.account_number, bill.account()).gocardless;
        let payment = Payment {
            account: bill.account().to_owned(),
            reference: bill.reference.clone(),
            payer,
            minor,
        };
        let Some(row) = filling.row_of(&payment)? else {
            missing.push(payment);
            continue;
        };
        filling.fill(row, bill, collect_on)?;
        let (account, payer) = (payment.account.clone(), payment.payer.clone());
        if let Some(other) = paid.insert(row, payment) {
            return Err(ExportError::OnePayer { one: other.account, other: account, payer });
        }
    }
    let total_minor = paid.values().fold(0_i64, |sum, one| sum.saturating_add(one.minor));
    let not_collected = filling.others(&paid);
    let total = bills
        .first()
        .map_or_else(String::new, |bill| format!("{} {}", bill.currency, bill.show(total_minor)));
    let name = format!("gocardless-{}.csv", months(&bills));
    Ok(GoCardlessFile {
        file: table::file(name, filling.rows)?,
        payments: paid.into_values().collect(),
        total_minor,
        total,
        missing,
        not_collected,
        left_out,
    })
}

/// Statements that money may be collected by: closed, one of each account.
pub(crate) fn payable<'a>(
    statements: &'a [Statement],
    file: &'static str,
) -> Result<Vec<Bill<'a>>, ExportError> {
    let open = |one: &&Statement| !matches!(one.standing, Standing::Closed { .. });
    if let Some(one) = statements.iter().find(open) {
        let (account, month) = (one.account.clone(), one.month.clone());
        return Err(ExportError::NoDraft { account, month, file });
    }
    let bills = Bill::all(statements, Finality::Closed)?;
    let mut seen: BTreeMap<u64, &Bill> = BTreeMap::new();
    for bill in &bills {
        if let Some(other) = seen.insert(bill.statement.account_number, bill) {
            return Err(ExportError::TwoMonths {
                account: bill.account().to_owned(),
                one: other.statement.month.clone(),
                other: bill.statement.month.clone(),
                file,
            });
        }
    }
    Ok(bills)
}

/// Why nothing is collected, if nothing is.
pub(crate) fn nothing_due(bill: &Bill) -> Option<Why> {
    match (bill.sums.due_minor, bill.sums.carried_out_minor) {
        (1.., _) => None,
        (_, carried) if carried < 0 => Some(Why::Credit(carried.saturating_neg(), bill.currency)),
        _ => Some(Why::Zero),
    }
}

/// A template that is being filled in.
struct Filling {
    /// Headings first.
    rows: Vec<Vec<String>>,
    unit: Unit,
    /// Rows by what a payer is found by, numbered as in a spreadsheet.
    payers: BTreeMap<String, Vec<usize>>,
    key: usize,
    amount: usize,
    currency: usize,
    description: Option<usize>,
    charge_date: Option<usize>,
    metadata: Option<usize>,
}

impl Filling {
    fn new(template: &[u8], settings: &ExportSettings) -> Result<Filling, ExportError> {
        let missing = |key: &str, hint: &str| ExportError::MissingSetting {
            key: key.to_owned(),
            file: FILE,
            hint: hint.to_owned(),
        };
        let unit = settings.gocardless.unit.ok_or_else(|| {
            let hint = "write \"pounds\" or \"pence\": how GoCardless reads the column payment.amount of your \
                        template; try one payment of a small amount if you do not know";
            missing("gocardless.unit", hint)
        })?;
        let match_by = settings.gocardless.match_by.as_deref().ok_or_else(|| {
            let hint = "write the column by which a payer is found, such as \"mandate.id\" or \"customer.id\"";
            missing("gocardless.match_by", hint)
        })?;
        let rows = table::rows(WHOSE, template)?;
        let headings = rows.first().cloned().unwrap_or_default();
        let place = |wanted: &str| headings.iter().position(|heading| name(heading) == wanted);
        let needed = |wanted: &str| {
            place(wanted).ok_or_else(|| refused(format!(
            "there is no column {wanted:?}; it has {}; download the template for bulk payments from GoCardless",
            headings.join(", ")
        )))
        };
        let key = needed(match_by)?;
        let own = |heading: &&String| {
            name(heading).starts_with("payment.metadata.") && !heading.contains("YOUR_CUSTOM_FIELD")
        };
        let metadata = headings.iter().find(own).and_then(|heading| place(name(heading)));
        let mut filling = Filling {
            unit,
            payers: BTreeMap::new(),
            key,
            amount: needed("payment.amount")?,
            currency: needed("payment.currency")?,
            description: place("payment.description"),
            charge_date: place("payment.charge_date"),
            metadata: metadata.filter(|place| *place != key),
            rows,
        };
        let full = filling.rows().find(|(_, row)| !cell(row, filling.amount).trim().is_empty());
        if let Some((number, row)) = full {
            return Err(refused(format!(
                "row {number} has the amount {:?} already; download the template afresh, so that nothing is \
                 collected that no statement says",
                cell(row, filling.amount)
            )));
        }
        let mut payers: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (number, row) in filling.rows() {
            payers.entry(cell(row, filling.key).trim().to_owned()).or_default().push(number);
        }
        filling.payers = payers;
        Ok(filling)
    }

    /// The rows below the headings, with their numbers in a spreadsheet.
    fn rows(&self) -> impl Iterator<Item = (usize, &Vec<String>)> {
        (1..).zip(&self.rows).skip(1)
    }

    /// Where the row of a payer is.
    fn row_of(&self, payment: &Payment) -> Result<Option<usize>, ExportError> {
        match self.payers.get(payment.payer.trim()).map(Vec::as_slice) {
            None | Some([]) => Ok(None),
            Some([row]) => Ok(Some(*row)),
            Some([one, other, ..]) => Err(refused(format!(
                "rows {one} and {other} are both of {:?} ({}); match by mandate.id instead",
                payment.payer, payment.account
            ))),
        }
    }

    fn fill(
        &mut self,
        row: usize,
        bill: &Bill,
        collect_on: Option<CivilDate>,
    ) -> Result<(), ExportError> {
        let minor = bill.sums.due_minor;
        let amount = match self.unit {
            Unit::Pounds => bill.show(minor),
            Unit::Pence => minor.to_string(),
        };
        let day = collect_on.map(show_date).unwrap_or_default();
        let places = [
            (Some(self.amount), amount),
            (self.description, text(&at_most(&bill.title(), CELL_CHARS_MAX))),
            (self.charge_date, day),
            (self.metadata, bill.reference.clone()),
        ];
        let cells = self.rows.get_mut(row.saturating_sub(1));
        let cells = cells.ok_or_else(|| refused(format!("there is no row {row}")))?;
        let currency = cell(cells, self.currency).trim();
        if currency != bill.currency.code() {
            return Err(refused(format!(
                "row {row} ({}) is in {currency:?}, the statement in {}; collect it by hand",
                bill.account(),
                bill.currency
            )));
        }
        for (place, value) in places {
            if let Some(cell) = place.and_then(|place| cells.get_mut(place)) {
                *cell = value;
            }
        }
        Ok(())
    }

    /// What stands in the rows that are not filled in.
    fn others(&self, filled: &BTreeMap<usize, Payment>) -> Vec<String> {
        let rows = self.rows().filter(|(number, _)| !filled.contains_key(number));
        rows.map(|(_, row)| cell(row, self.key).to_owned()).collect()
    }
}

/// What to call it in messages.
const WHOSE: &str = "GoCardless";

fn refused(why: String) -> ExportError {
    ExportError::Template { whose: WHOSE, why }
}

/// A heading without the asterisk of mandatory columns.
fn name(heading: &str) -> &str {
    heading.trim().trim_matches('*').trim()
}

fn cell(row: &[String], place: usize) -> &str {
    row.get(place).map_or("", String::as_str)
}
