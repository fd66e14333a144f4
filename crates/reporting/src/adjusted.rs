//! An adjustment taken apart: a closed month as it was charged, beside what it comes to by what is known since.

use crate::civil::Month;
use crate::facts::Facts;
use crate::owed::Owed;
use crate::plan::Plan;
use crate::reports::{ReportError, Reports};
use crate::shown::{Side, table};
use crate::statement::rows::lines;
use crate::terms::Known;
use seats::{AccountId, Digest, Timestamp};
use serde::Serialize;

/// One charge of the closed month, on either side or on both.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct AdjustedRow {
    /// What it is for, as in a statement.
    pub what: String,
    /// What was charged for it; nothing if it was not known then.
    pub charged: Option<String>,
    /// What it comes to now; nothing if it is no longer so.
    pub now: Option<String>,
}

/// A closed month, twice.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Adjusted {
    /// The month, as `2026-05`.
    pub month: String,
    /// Its charges.
    pub rows: Vec<AdjustedRow>,
    /// What was charged for it in all.
    pub charged: String,
    /// What it comes to in all.
    pub now: String,
}

impl Reports<'_> {
    /// Takes apart the adjustment of the closed month `subject` in a statement.
    pub(crate) fn adjusted(
        &self,
        account: AccountId,
        owed: &Owed,
        subject: &str,
    ) -> Result<Adjusted, ReportError> {
        let missing =
            |why: &str| ReportError::NoFacts { month: subject.to_owned(), why: why.into() };
        let periods = owed.now.notes.periods();
        let closed = periods.iter().map(|note| self.kept(note)).collect::<Result<Vec<_>, _>>()?;
        let (mut before, mut earlier) = (None, 0_i64);
        for month in closed.iter().map(|closed| &closed.facts) {
            let adjusts = month.own_and_adjusted().1;
            let adjusts = adjusts.iter().filter(|(adjusted, _)| *adjusted == subject);
            if month.month == subject {
                before = Some(month);
            } else if month.month < owed.facts.month {
                earlier = adjusts.fold(earlier, |sum, (_, net)| sum.saturating_add(*net));
            }
        }
        let before = before.ok_or_else(|| missing("it is not closed"))?;
        let calendar = before.calendar().ok_or_else(|| missing("its days cannot be read"))?;
        let known = Known { as_of: owed.facts.as_of, until: Timestamp(owed.facts.until) };
        let terms = self.terms(account)?;
        let now = terms.deriving(owed.zone, &owed.plans).facts(&calendar, known, &[], None);
        let now = now.map_err(|why| missing(&why))?;

        let mut rows: Vec<AdjustedRow> = Vec::new();
        for (what, net) in self.charges(owed, before)? {
            rows.push(AdjustedRow { what, charged: Some(net), now: None });
        }
        for (what, net) in self.charges(owed, &now)? {
            let same = rows.iter_mut().find(|row| row.what == what && row.now.is_none());
            match same {
                Some(row) => row.now = Some(net),
                None => rows.push(AdjustedRow { what, charged: None, now: Some(net) }),
            }
        }
        let own = |facts: &Facts| facts.own_and_adjusted().0;
        let show = |minor: i64| self.money(before, minor);
        if earlier != 0 {
            let what = "Adjusted in statements before this one".to_owned();
            rows.push(AdjustedRow { what, charged: Some(show(earlier)), now: None });
        }
        let (charged, now) =
            (show(own(before).saturating_add(earlier)), self.money(&now, own(&now)));
        Ok(Adjusted { month: subject.to_owned(), rows, charged, now })
    }

    /// A month's own charges: what for, and how much.
    fn charges(&self, owed: &Owed, facts: &Facts) -> Result<Vec<(String, String)>, ReportError> {
        let digest = facts.plan.as_deref().and_then(Digest::from_hex);
        let plan = digest.map(|digest| owed.plans.get(digest)).transpose();
        let no_plan = |why| ReportError::NoFacts { month: facts.month.clone(), why };
        let plan = plan.map_err(no_plan)?.map(|plan| Plan::clone(plan));
        let rows = lines(facts, plan.as_ref(), owed.now.notes.licences(), owed.zone);
        let own = rows.into_iter().filter(|row| row.adjusts.is_none());
        Ok(own.map(|row| (row.what, row.net)).collect())
    }
}

impl Adjusted {
    /// As a table.
    pub(crate) fn text(&self) -> String {
        let month = Month::read(&self.month).map_or_else(|_| self.month.clone(), Month::in_words);
        let columns =
            [(month.as_str(), Side::Left), ("Charged", Side::Right), ("Now", Side::Right)];
        let cell = |amount: &Option<String>| amount.clone().unwrap_or_default();
        let row = |row: &AdjustedRow| vec![row.what.clone(), cell(&row.charged), cell(&row.now)];
        let mut rows: Vec<Vec<String>> = self.rows.iter().map(row).collect();
        rows.push(vec!["Together".to_owned(), self.charged.clone(), self.now.clone()]);
        table(&columns, rows)
    }
}
