//! What stands on each sheet.

use super::SeatRow;
use super::sheet::{Cell, Sheet};
use crate::bill::Bill;
use crate::{ExportError, ExportSettings};
use reporting::civil::{Zone, show_date};
use reporting::money::Currency;
use reporting::statement::Standing;
use std::collections::BTreeMap;

fn text(text: impl Into<String>) -> Cell {
    Cell::Text(text.into())
}

fn number(number: impl TryInto<i64>) -> Cell {
    Cell::Number(number.try_into().unwrap_or(i64::MAX))
}

/// A row for each statement, and what they come to in each currency.
pub(super) fn summary(bills: &[Bill], settings: &ExportSettings) -> Sheet {
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    let mut sums: Vec<(Currency, [i64; 6])> = Vec::new();
    for bill in bills {
        let (statement, money) = (bill.statement, bill.sums);
        let amounts = [
            money.net_minor,
            bill.vat(),
            money.gross_minor,
            money.carried_in_minor,
            money.due_minor,
            money.carried_out_minor,
        ];
        match sums.iter_mut().find(|(currency, _)| *currency == bill.currency) {
            Some((_, sum)) => add(sum, amounts),
            None => sums.push((bill.currency, amounts)),
        }
        let called = settings.called(statement.account_number, bill.account());
        let mut row = vec![
            text(&bill.reference),
            number(statement.account_number),
            text(&called.reference),
            text(bill.account()),
            text(&statement.month),
            if bill.draft { text("DRAFT") } else { Cell::Day(show_date(bill.dated)) },
            text(&bill.plan.name),
            number(statement.opening_licences),
            number(statement.closing_licences),
            number(statement.licence_days),
            number(statement.used.peak_seats),
            number(statement.used.sessions),
            text(bill.currency.code()),
        ];
        row.extend(amounts.map(|minor| Cell::Amount(minor, bill.currency)));
        rows.push(row);
    }
    for (currency, sum) in sums {
        let mut row = vec![text("Total")];
        row.resize(12, Cell::Blank);
        row.push(text(currency.code()));
        row.extend(sum.map(|minor| Cell::Amount(minor, currency)));
        rows.push(row);
    }
    Sheet { name: "Summary", columns: &SUMMARY, rows }
}

const SUMMARY: [(&str, u8); 19] = [
    ("Reference", 11),
    ("Account", 9),
    ("Customer reference", 11),
    ("Name", 24),
    ("Month", 9),
    ("Closed", 11),
    ("Plan", 15),
    ("Licences at the beginning", 10),
    ("Licences at the end", 9),
    ("Licence-days", 9),
    ("Most seats at once", 9),
    ("Sessions", 9),
    ("Currency", 10),
    ("Net", 11),
    ("VAT", 10),
    ("With VAT", 11),
    ("Credit from the month before", 11),
    ("To pay", 11),
    ("Credit for the next month", 11),
];

fn add(sum: &mut [i64; 6], amounts: [i64; 6]) {
    for (sum, amount) in sum.iter_mut().zip(amounts) {
        *sum = sum.saturating_add(amount);
    }
}

/// A row for each charge.
pub(super) fn charges(bills: &[Bill], settings: &ExportSettings) -> Sheet {
    let mut rows = Vec::new();
    for bill in bills {
        let statement = bill.statement;
        let called = settings.called(statement.account_number, bill.account());
        for (place, line) in (1_i64..).zip(&statement.lines) {
            let commits: Vec<String> = line.commits.iter().map(u64::to_string).collect();
            rows.push(vec![
                text(&bill.reference),
                text(&called.reference),
                text(bill.account()),
                Cell::Day(show_date(bill.month.first_day())),
                Cell::Day(show_date(bill.last_day())),
                number(place),
                text(&line.charge),
                text(&line.what),
                line.counted.map_or(Cell::Blank, number),
                number(line.quantity),
                Cell::Amount(line.unit_minor, bill.currency),
                Cell::Amount(line.net_minor, bill.currency),
                text(bill.currency.code()),
                line.adjusts.as_ref().map_or(Cell::Blank, text),
                text(commits.join(" ")),
            ]);
        }
    }
    Sheet { name: "Charges", columns: &CHARGES, rows }
}

const CHARGES: [(&str, u8); 15] = [
    ("Reference", 11),
    ("Customer reference", 12),
    ("Name", 26),
    ("From", 11),
    ("To", 11),
    ("Line", 6),
    ("Charge", 11),
    ("What for", 48),
    ("Days counted", 9),
    ("Quantity", 9),
    ("Unit", 12),
    ("Net", 12),
    ("Currency", 9),
    ("Adjusts", 9),
    ("Commits (log positions)", 16),
];

/// The days of each statement.
pub(super) fn days(bills: &[Bill]) -> Sheet {
    let mut rows = Vec::new();
    for bill in bills {
        for days in &bill.statement.days {
            rows.push(vec![
                text(&bill.reference),
                text(bill.account()),
                Cell::Day(days.from.clone()),
                Cell::Day(days.to.clone()),
                number(days.days),
                number(days.in_force),
                number(days.billable),
                number(days.licence_days),
                Cell::Blank,
            ]);
        }
        for over in &bill.statement.overdraft {
            rows.push(vec![
                text(&bill.reference),
                text(bill.account()),
                Cell::Day(over.from.clone()),
                Cell::Day(over.to.clone()),
                number(over.days),
                Cell::Blank,
                Cell::Blank,
                Cell::Blank,
                number(over.over),
            ]);
        }
    }
    Sheet { name: "Licences (days)", columns: &DAYS, rows }
}

const DAYS: [(&str, u8); 9] = [
    ("Reference", 11),
    ("Name", 30),
    ("From", 11),
    ("To", 11),
    ("Days", 8),
    ("Licences in force", 11),
    ("Licences billed", 11),
    ("Licence-days", 11),
    ("Seats above the licences (overdraft)", 14),
];

/// Who sat where.
pub(super) fn seats(bills: &[Bill], seats: &[SeatRow]) -> Result<Sheet, ExportError> {
    let accounts: BTreeMap<u64, &Bill> =
        bills.iter().map(|bill| (bill.statement.account_number, bill)).collect();
    let row = |seat: &SeatRow| {
        let strange = || ExportError::StrangeSeat { account: seat.account };
        let bill = accounts.get(&seat.account).ok_or_else(strange)?;
        let to = |zone| seat.to.map_or(Cell::Blank, |to| Cell::Time(to, zone));
        Ok(vec![
            number(seat.account),
            text(bill.account()),
            number(seat.seat),
            text(&seat.holder),
            Cell::Time(seat.from, bill.zone),
            to(bill.zone),
            text(bill.zone.name()),
            Cell::Time(seat.from, Zone::UTC),
            to(Zone::UTC),
            text(&seat.ended),
        ])
    };
    let rows = seats.iter().map(row).collect::<Result<_, ExportError>>()?;
    Ok(Sheet { name: "Seat timeline", columns: &SEATS, rows })
}

const SEATS: [(&str, u8); 10] = [
    ("Account", 9),
    ("Name", 30),
    ("Seat", 6),
    ("Held by", 24),
    ("From (local)", 20),
    ("To (local)", 20),
    ("Time zone", 16),
    ("From (UTC)", 20),
    ("To (UTC)", 20),
    ("How it ended", 34),
];

/// Where each statement comes from, and by what it can be checked: a row for each fact.
pub(super) fn evidence(bills: &[Bill]) -> Sheet {
    let mut rows = Vec::new();
    for bill in bills {
        let (statement, provenance) = (bill.statement, &bill.statement.provenance);
        let mut facts = vec![("Ledger", text(provenance.ledger.clone()))];
        facts.extend(match &statement.standing {
            Standing::Closed { closed_at, position, digest, log_size, log_root } => vec![
                ("Closed (UTC)", Cell::Time(closed_at.0, Zone::UTC)),
                ("Closed by the commit at position", number(*position)),
                ("Statement (BLAKE3)", text(digest)),
                ("Commits in the log before", number(*log_size)),
                ("Merkle root of the log then (BLAKE3)", text(log_root)),
            ],
            Standing::Open | Standing::Provisional => vec![
                ("DRAFT: the month is not closed", Cell::Blank),
                ("Commits in the log", number(provenance.size)),
                ("Merkle root of the log (BLAKE3)", text(&provenance.root)),
            ],
        });
        facts.extend([
            ("Plan", text(&bill.plan.name)),
            ("Plan (BLAKE3 of its file)", text(&bill.plan.digest)),
            ("Month from (UTC)", Cell::Time(statement.from.0, Zone::UTC)),
            ("Month to, that instant left out (UTC)", Cell::Time(statement.to.0, Zone::UTC)),
            ("Time zone", text(provenance.time_zone)),
            ("Zone rules of this program", text(provenance.tzdb)),
            ("Workbook made by", text(provenance.product)),
            ("Charges", number(statement.lines.len() as u64)),
            ("Net", Cell::Amount(bill.sums.net_minor, bill.currency)),
        ]);
        rows.extend(facts.into_iter().map(|(what, fact)| {
            vec![text(&bill.reference), text(bill.account()), text(what), fact]
        }));
    }
    Sheet { name: "Evidence", columns: &EVIDENCE, rows }
}

const EVIDENCE: [(&str, u8); 4] = [("Reference", 11), ("Name", 30), ("What", 42), ("Value", 68)];
