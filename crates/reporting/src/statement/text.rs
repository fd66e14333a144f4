//! A statement on paper.

use super::{Standing, Statement, Sums};
use crate::civil::show_date;
use crate::facts::{DaysFact, OverFact};
use crate::shown::{Report, Side, table};
use seats::CivilDate;

impl Report for Statement {
    fn text(&self) -> String {
        let mut text = self.provenance.header();
        let standing = match self.standing {
            Standing::Provisional => " (provisional)",
            Standing::Open => " (open)",
            Standing::Closed { .. } => "",
        };
        let month = self.calendar.in_words();
        text += &format!("\nStatement for {month}{standing}\n{}\n\n", self.account);
        let last = CivilDate(self.calendar.next_first_day().0.saturating_sub(1));
        let (first, last) = (show_date(self.calendar.first_day()), show_date(last));
        text += &format!("Period    {first} to {last}, {}\n", self.zone);
        text += &match &self.plan {
            Some(plan) => format!("Plan      {}, amounts in {}\n", plan.name, plan.currency),
            None => "Plan      none\n".to_owned(),
        };
        let (opening, closing) = (self.opening_licences, self.closing_licences);
        text += &format!("Licences  {opening} at the beginning, {closing} at the end\n");
        text += &self.changes_in_words();
        text += "\n";
        text += &self.days_in_rows();
        if !self.overdraft.is_empty() {
            text += "\n";
            text += &self.overdraft_in_rows();
        }
        if let Some(sums) = &self.sums {
            text += "\n";
            text += &self.lines_in_rows(sums);
        }
        text += "\n";
        for note in &self.notes {
            text += &format!("{note}\n");
        }
        text
    }
}

impl Statement {
    fn changes_in_words(&self) -> String {
        let mut text = String::new();
        for change in &self.changes {
            let (at, from, to) = (self.zone.show(change.at.0), change.from, change.to);
            text += &format!("          {from} to {to} from {at}");
            if change.ordered_at != change.at {
                text += &format!(", ordered {}", self.zone.show(change.ordered_at.0));
            }
            text += &format!(" (commit {}, log position {})\n", change.version, change.position);
        }
        text
    }

    fn days_in_rows(&self) -> String {
        let mut rows: Vec<Vec<String>> = self.days.iter().map(DaysFact::cells).collect();
        let days: u64 = self.days.iter().map(|row| row.days).sum();
        let blank = String::new;
        rows.push(vec![
            "Total".to_owned(),
            blank(),
            days.to_string(),
            blank(),
            blank(),
            self.licence_days.to_string(),
        ]);
        table(&DaysFact::COLUMNS, rows)
    }

    fn overdraft_in_rows(&self) -> String {
        let columns = [
            ("Overdraft from", Side::Left),
            ("To", Side::Left),
            ("Days", Side::Right),
            ("Seats above", Side::Right),
        ];
        let cells = |row: &OverFact| {
            vec![row.from.clone(), row.to.clone(), row.days.to_string(), row.over.to_string()]
        };
        table(&columns, self.overdraft.iter().map(cells).collect())
    }

    fn lines_in_rows(&self, sums: &Sums) -> String {
        let columns = [
            ("Charge", Side::Left),
            ("Quantity", Side::Right),
            ("Unit", Side::Right),
            ("Net", Side::Right),
        ];
        let mut rows: Vec<Vec<String>> = Vec::new();
        for line in &self.lines {
            rows.push(vec![
                line.what.clone(),
                line.quantity.to_string(),
                line.unit.clone(),
                line.net.clone(),
            ]);
        }
        let mut sum = |what: String, amount: &str| {
            rows.push(vec![what, String::new(), String::new(), amount.to_owned()]);
        };
        let currency = self.plan.as_ref().map_or("", |plan| plan.currency);
        sum(format!("Total {currency}"), &sums.net);
        if let Some(vat) = &sums.vat {
            sum(format!("VAT, {}% ({})", vat.rate, vat.code), &vat.amount);
            sum("With VAT".to_owned(), &sums.gross);
        }
        if sums.carried_in_minor != 0 {
            sum("Credit from the month before".to_owned(), &sums.carried_in);
        }
        // Either something is to be paid, or there is credit left.
        if sums.carried_out_minor != 0 {
            sum("Credit for the next month".to_owned(), &sums.carried_out);
        } else if sums.due_minor != sums.net_minor {
            sum(format!("To pay {currency}"), &sums.due);
        }
        table(&columns, rows)
    }
}
