//! A month of all accounts: how far each is, and what they come to together.

use crate::practices::Practices;
use ledger::{Actor, Role};
use reporting::Reports;
use reporting::civil::Month;
use reporting::month_end::{MonthEnd, MonthState};

const STANDARD: &str = "plan = \"standard-2026\"\ncurrency = \"GBP\"\neffective_from = \"2026-01-01\"\n\
                        monthly_fee = \"35.00\"\n";

fn ask(all: &Practices, month: &str) -> MonthEnd {
    let views = all.views();
    let actor = Actor { role: Role::Finance, id: 9 };
    let month = Month::read(month).unwrap();
    Reports::new(&views, "test").month_end(all.ledger.accounts(), month, all.now, actor).unwrap()
}

/// `1 ready 70.00`: number, how far, net.
fn told(all: &Practices, month: &str) -> Vec<String> {
    let state = |state: &MonthState| match state {
        MonthState::Closed { .. } => "closed".to_owned(),
        MonthState::Ready => "ready".to_owned(),
        MonthState::Waits { why } => why.clone(),
        MonthState::NoPlan => "no plan".to_owned(),
        MonthState::EarlierOpen { earlier } => format!("after {earlier}"),
        MonthState::SecondPerson => "for somebody else".to_owned(),
        MonthState::Unable { why } => format!("unable: {why}"),
    };
    let rows = ask(all, month).rows;
    let told = rows.iter().map(|row| {
        let net = row.sums.as_ref().map_or("-", |sums| sums.net.amount.as_str());
        format!("{} {} {net}", row.account_id, state(&row.state))
    });
    told.collect()
}

#[test]
fn how_far_each_account_is() {
    let mut all = Practices::new();
    all.at("2026-01-01 00:00").open(1, "Europe/London", 2, Some(STANDARD));
    all.open(2, "Europe/London", 4, None);
    all.at("2026-03-01 00:00").open(3, "Europe/London", 1, None);
    all.open(4, "Europe/London", 3, Some(STANDARD));
    all.at("2026-04-02 09:00");
    let early = "can be closed from 2026-04-03 on";
    assert_eq!(
        told(&all, "2026-03"),
        [
            "1 after January 2026 70.00".to_owned(),
            "2 no plan -".to_owned(),
            "3 no plan -".to_owned(),
            format!("4 {early} 105.00"),
        ]
    );
    assert_eq!(told(&all, "2026-01"), ["1 ready 70.00", "2 no plan -"]);
    all.at("2026-04-03 09:00");
    for month in ["2026-01", "2026-02"] {
        assert!(all.close(1, Month::read(month).unwrap()));
    }
    // Finance 7 assigned it; finance 9 asks and may close. Who assigned it may not.
    all.assign(3, STANDARD, "2026-03-01");
    let march = ["1 ready 70.00", "2 no plan -", "3 ready 35.00", "4 ready 105.00"];
    assert_eq!(told(&all, "2026-03"), march);
    let views = all.views();
    let same = Actor { role: Role::Finance, id: 7 };
    let month = Month::read("2026-03").unwrap();
    let reports = Reports::new(&views, "test");
    let own = reports.month_end(all.ledger.accounts(), month, all.now, same).unwrap();
    assert_eq!(own.rows[2].state, MonthState::SecondPerson);
    assert!(all.close(1, month) && all.close(4, month));
    let march = ask(&all, "2026-03");
    assert_eq!(march.count(|state| matches!(state, MonthState::Closed { .. })), 2);
    let total = &march.totals[0];
    assert_eq!(
        (total.currency, total.net.amount.as_str(), march.totals.len()),
        ("GBP", "210.00", 1)
    );
    assert_eq!((total.due.minor, total.carried.minor), (21_000, 0));
    // Nothing to say of a month that has not begun.
    assert_eq!(ask(&all, "2026-05").rows, []);
}
