//! Commercial reports over random histories: that licences balance and amounts add up.

use crate::practices::Practices;
use proptest::prelude::*;
use reporting::Reports;
use reporting::civil::Month;
use reporting::commercial::Scope;
use reporting::statement::Standing;
use seats::{AccountId, Event, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

const ZONES: [&str; 3] = ["Europe/London", "Pacific/Auckland", "America/New_York"];
const MONTHS: [&str; 6] = ["2026-01", "2026-02", "2026-03", "2026-04", "2026-05", "2026-06"];
const DAY: u64 = 86_400;

#[derive(Clone, Debug)]
enum Deed {
    /// To how many, and so many quarters of a day from then.
    Licences(u32, i64),
    CloseMonth,
    CloseAccount,
}

fn plan(account: u64) -> String {
    let currency = if account == 3 { "JPY" } else { "GBP" };
    let more = match account {
        1 => "setup_fee = \"150.00\"\ncooling_off_days = 14\ndecrease = \"daily\"\n",
        2 => {
            "min_term_months = 2\n[[discounts]]\nname = \"d\"\npercent = \"12.5\"\nuntil = \"2026-03-31\"\n"
        }
        _ => "included_licences = 1\n",
    };
    let fee = if account == 3 { "3500" } else { "35.01" };
    format!(
        "plan = \"plan-{account}\"\ncurrency = \"{currency}\"\neffective_from = \"2026-01-01\"\n\
         monthly_fee = \"{fee}\"\n{more}\n[close]\nsecond_person = false\n"
    )
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        12 => (0..12u32, -200..120i64).prop_map(|(to, quarters)| Deed::Licences(to, quarters)),
        6 => Just(Deed::CloseMonth),
        1 => Just(Deed::CloseAccount),
    ]
}

/// What happens on which hour after the opening, to whom.
fn play(deeds: &[(u64, u64, Deed)]) -> Practices {
    let mut all = Practices::new();
    all.at("2026-01-05 03:00");
    let begun = all.now;
    for (account, zone) in (1..).zip(ZONES) {
        all.open(account, zone, 2, Some(&plan(account)));
    }
    let mut deeds = deeds.to_vec();
    deeds.sort_by_key(|(hour, ..)| *hour);
    let mut closed = BTreeSet::new();
    for (hour, account, deed) in deeds {
        all.now = Timestamp(begun.0 + hour * 3_600_000_000);
        match deed {
            _ if closed.contains(&account) && !matches!(deed, Deed::CloseMonth) => {}
            Deed::Licences(to, quarters) => {
                let from = all.now.0.saturating_add_signed(quarters * (DAY as i64 / 4) * 1_000_000);
                let event = all.change(account, to, Timestamp(from.max(begun.0)));
                all.record(account, (ledger::Role::Finance, 1), vec![event]);
            }
            Deed::CloseMonth => {
                MONTHS.iter().any(|month| all.close(account, Month::read(month).unwrap()));
            }
            Deed::CloseAccount => {
                closed.insert(account);
                all.record(account, (ledger::Role::Admin, 1), vec![Event::AccountClosed]);
            }
        }
    }
    all.now = Timestamp(all.now.0.max(begun.0) + 200 * DAY * 1_000_000);
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn licences_balance_and_amounts_add_up(
        deeds in prop::collection::vec((0..4_000u64, 1..=3u64, deed()), 0..40),
    ) {
        let all = play(&deeds);
        let views = all.views();
        let reports = Reports::new(&views, "test");
        let whole = reports.movement(&all.scope(MONTHS[0], MONTHS[5])).unwrap();
        prop_assert!(whole.balances);
        let (mut before, mut added, mut given_back) = (0, 0, 0);
        let mut nets: BTreeMap<&str, i64> = BTreeMap::new();
        for month in MONTHS {
            let movement = reports.movement(&all.scope(month, month)).unwrap();
            prop_assert!(movement.balances);
            // Months follow one another without a gap.
            prop_assert_eq!(movement.total.opening, before);
            before = movement.total.closing;
            added += movement.total.additions;
            given_back += movement.total.reductions;
            for account in 1..=3 {
                let (account, month) = (AccountId(account), Month::read(month).unwrap());
                let Ok(statement) = reports.statement(account, month, all.now) else { continue };
                let name = &statement.account;
                let row = movement.rows.iter().find(|row| row.account == *name);
                let closing = row.map_or(0, |row| row.closing);
                // A closed one says what was known when it was closed.
                if !matches!(statement.standing, Standing::Closed { .. }) {
                    prop_assert_eq!(closing, u64::from(statement.closing_licences));
                }
                if let (Some(plan), Some(sums)) = (&statement.plan, &statement.sums) {
                    *nets.entry(plan.currency).or_default() += sums.net_minor;
                }
            }
        }
        prop_assert_eq!((before, added, given_back),
            (whole.total.closing, whole.total.additions, whole.total.reductions));
        adds_up(&reports, &all.scope(MONTHS[0], MONTHS[5]), &nets)?;
    }
}

/// Revenue is the sum of the statements, by currency; its parts are its net.
fn adds_up(
    reports: &Reports<'_>,
    scope: &Scope,
    nets: &BTreeMap<&str, i64>,
) -> Result<(), TestCaseError> {
    let revenue = reports.revenue(scope).unwrap();
    let totals: BTreeMap<&str, i64> =
        revenue.totals.iter().map(|total| (total.currency, total.net.minor)).collect();
    prop_assert_eq!(&totals, nets);
    let sums = revenue.rows.iter().map(|row| &row.sums).chain(&revenue.totals);
    for sum in sums {
        let parts = [&sum.monthly, &sum.setup, &sum.discounts, &sum.overdraft, &sum.adjustments];
        prop_assert_eq!(parts.iter().map(|part| part.minor).sum::<i64>(), sum.net.minor);
    }
    let mut by_row: BTreeMap<&str, i64> = BTreeMap::new();
    for row in &revenue.rows {
        *by_row.entry(row.sums.currency).or_default() += row.sums.net.minor;
    }
    prop_assert_eq!(&by_row, nets);
    // Nobody ever logged in: what was never used is all of the monthly fees less discounts.
    let unused = reports.never_used(scope).unwrap();
    for total in &unused.totals {
        let paid = revenue.totals.iter().find(|sum| sum.currency == total.currency).unwrap();
        prop_assert_eq!(total.total.minor, paid.monthly.minor + paid.discounts.minor);
    }
    Ok(())
}
