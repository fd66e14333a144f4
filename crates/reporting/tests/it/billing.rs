//! The worked examples of the billing rules, and what must hold of every month.

use proptest::prelude::*;
use reporting::billing::{Charge, Counting, Line, Overdraft, Period, Timeline, charges, vat};
use reporting::calendar::Calendar;
use reporting::civil::{Month, Zone};
use reporting::plan::{Plan, Vat};
use seats::Timestamp;

/// Fee 35.00 and set-up 150.00, and what else the plan says.
fn plan(more: &str) -> Plan {
    let usual = [
        ("monthly_fee", "\"35.00\""),
        ("setup_fee", "\"150.00\""),
        ("plan", "\"examples\""),
        ("currency", "\"GBP\""),
        ("effective_from", "\"2026-01-01\""),
    ];
    let usual = usual.iter().filter(|(key, _)| !more.contains(&format!("{key} =")));
    let usual: Vec<String> = usual.map(|(key, value)| format!("{key} = {value}")).collect();
    Plan::read(&format!("{}\n{more}", usual.join("\n"))).unwrap()
}

fn zone(name: &str) -> Zone {
    Zone::parse(name).unwrap()
}

/// Changes of licences in notation, `2026-04-01 2, 2026-04-10 5`, the first being the opening; and
/// `closed 2026-05-12`.
fn timeline(zone: Zone, text: &str) -> Timeline {
    let mut timeline = Timeline::default();
    for change in text.split(", ") {
        let (when, what) = change.rsplit_once(' ').unwrap();
        match when.strip_suffix(" closed") {
            Some(when) => {
                assert_eq!(what, "0");
                timeline.closed = Some(zone.read_time(when).unwrap());
            }
            None => timeline.changes.push((zone.read_time(when).unwrap(), what.parse().unwrap())),
        }
    }
    timeline.opened_with = timeline.changes[0].1;
    timeline
}

fn lines(zone: Zone, changes: &str, month: &str, plan: &Plan) -> (Period, Vec<Line>) {
    let timeline = timeline(zone, changes);
    let month = Month::read(month).unwrap();
    let calendar = Calendar::of(month, zone).unwrap();
    let period = Period::count(&timeline, &calendar, zone, Counting::of(Some(plan)));
    let lines = charges(plan, month, &period, &Overdraft::default()).unwrap();
    for line in &lines {
        assert_eq!(line.quantity * line.unit, line.net, "quantity x unit = net");
    }
    (period, lines)
}

fn check_in(name: &str, changes: &str, month: &str, more: &str, licence_days: u64, net: &str) {
    let plan = plan(more);
    let (period, lines) = lines(zone(name), changes, month, &plan);
    assert_eq!(period.licence_days(), licence_days, "licence-days of {changes} in {month}");
    let total: i64 = lines.iter().map(|line| line.net).sum();
    assert_eq!(plan.currency.show(total), net, "{changes} in {month}");
}

fn check(changes: &str, month: &str, more: &str, licence_days: u64, net: &str) {
    check_in("Europe/London", changes, month, more, licence_days, net);
}

#[test]
fn e1_a_full_month() {
    check("2025-06-01 3", "2026-01", "", 93, "105.00");
    let (_, lines) = lines(zone("Europe/London"), "2025-06-01 3", "2026-01", &plan(""));
    assert_eq!((lines[0].quantity, lines[0].unit, lines.len()), (3, 3500, 1));
}

#[test]
fn e2_three_days_of_a_month_with_a_short_day() {
    // Included licences take the three the account had before out of the picture; set-up is another line.
    let added = "2025-06-01 3, 2026-03-29T00:30:00Z 4";
    check(added, "2026-03", "included_licences = 3\nsetup_fee = \"0\"", 3, "3.39");
    check(added, "2026-03", "setup_fee = \"0\"", 96, "108.39");
}

#[test]
fn e3_the_edges_of_months() {
    let none = "setup_fee = \"0\"\nincluded_licences = 3";
    check("2025-06-01 3, 2026-03-31T23:30:00Z 4", "2026-03", none, 0, "0.00");
    check("2025-06-01 3, 2026-03-31T23:30:00Z 4", "2026-04", none, 30, "35.00");
    check("2025-06-01 3, 2026-09-30T23:15:00Z 4", "2026-09", none, 0, "0.00");
    check("2025-06-01 3, 2026-09-30T23:15:00Z 4", "2026-10", none, 31, "35.00");
    // Local 01:30 happens twice on 25 October: the same civil day, the same charge.
    for instant in ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"] {
        check(&format!("2025-06-01 3, {instant} 4"), "2026-10", none, 7, "7.90");
    }
}

#[test]
fn e4_an_increase_within_the_month() {
    check("2025-06-01 2, 2026-04-10 5", "2026-04", "", 123, "593.50");
    // By days, so the time of day does not matter (E4b).
    check("2025-06-01 2, 2026-04-10 14:37:05 5", "2026-04", "", 123, "593.50");
}

#[test]
fn e5_a_decrease_within_the_month() {
    let drop = "2025-06-01 5, 2026-05-12 12:00 4";
    check(drop, "2026-05", "", 155, "175.00");
    check(drop, "2026-06", "", 120, "140.00");
    check(drop, "2026-05", "decrease = \"daily\"", 136, "153.55");
}

#[test]
fn e6_added_and_dropped_on_one_day() {
    let changes = "2025-06-01 3, 2026-02-07 09:00 4, 2026-02-07 17:00 3";
    check(changes, "2026-02", "decrease = \"daily\"\nsetup_fee = \"0\"", 85, "106.25");
    check(changes, "2026-02", "decrease = \"daily\"", 85, "256.25");
    check(changes, "2026-02", "", 3 * 6 + 4 * 22, "282.50");
}

#[test]
fn e8_nothing_chargeable_costs_nothing_and_still_has_its_line() {
    check("2025-06-01 3", "2026-01", "included_licences = 3", 0, "0.00");
    check("2025-06-01 2", "2026-01", "included_licences = 3", 0, "0.00");
    let (_, lines) =
        lines(zone("Europe/London"), "2025-06-01 3", "2026-01", &plan("included_licences = 3"));
    assert_eq!((lines.len(), lines[0].quantity, lines[0].unit), (1, 0, 3500));
}

#[test]
fn e10_the_first_month_is_part_of_a_whole_one() {
    check("2026-05-20 2", "2026-05", "", 24, "27.10");
    check("2026-05-20 2", "2026-04", "", 0, "0.00");
}

#[test]
fn e12_never_rounded_per_licence() {
    check("2026-06-16 50", "2026-06", "monthly_fee = \"49.99\"", 750, "1249.75");
}

#[test]
fn e13_a_half_penny() {
    check("2026-06-16 1", "2026-06", "monthly_fee = \"33.33\"", 15, "16.67");
    check(
        "2026-06-16 1",
        "2026-06",
        "monthly_fee = \"33.33\"\nrounding = \"half_even\"",
        15,
        "16.66",
    );
}

#[test]
fn set_up_is_charged_above_the_high_water_mark() {
    let up_and_down = "2025-06-01 2, 2026-01-10 5, 2026-02-01 3, 2026-02-10 4, 2026-02-20 6";
    let free = "monthly_fee = \"0\"";
    check(up_and_down, "2026-01", free, 2 * 9 + 5 * 22, "450.00");
    check(up_and_down, "2026-02", free, 3 * 9 + 4 * 10 + 6 * 9, "150.00");
    check(
        up_and_down,
        "2026-02",
        "monthly_fee = \"0\"\nsetup_on = \"every_increase\"",
        121,
        "450.00",
    );
    check(up_and_down, "2026-03", free, 6 * 31, "0.00");
    // Included licences are not paid for, so adding up to them costs nothing.
    check(
        "2025-06-01 1, 2026-01-10 5",
        "2026-01",
        "monthly_fee = \"0\"\nincluded_licences = 4",
        22,
        "150.00",
    );
    // Raised at the very instant of opening: the licences the account was opened with are no increase.
    let mut raised = timeline(zone("Europe/London"), "2026-01-01 5");
    raised.opened_with = 2;
    let january = Month::read("2026-01").unwrap();
    let january = Calendar::of(january, zone("Europe/London")).unwrap();
    let period = Period::count(&raised, &january, zone("Europe/London"), Counting::of(None));
    assert_eq!(period.setups.charged.iter().map(|setup| setup.licences).collect::<Vec<_>>(), [3]);
}

#[test]
fn a_closed_account_is_billed_like_a_decrease_to_nothing() {
    let closed = "2025-06-01 3, 2026-05-12 12:00 closed 0";
    check(closed, "2026-05", "", 93, "105.00");
    check(closed, "2026-06", "", 0, "0.00");
    check(closed, "2026-05", "decrease = \"daily\"", 36, "40.65");
    // What was announced for after the closing never comes.
    check("2025-06-01 3, 2026-06-01 9, 2026-05-12 12:00 closed 0", "2026-06", "", 0, "0.00");
}

#[test]
fn zones_that_skip_time_still_have_whole_months() {
    // Cairo skips midnight of 24 April; Samoa skipped 30 December 2011, a month of 30 days.
    check_in("Africa/Cairo", "2025-06-01 3", "2026-04", "", 90, "105.00");
    check_in("Pacific/Apia", "2010-06-01 3", "2011-12", "", 90, "105.00");
    check_in(
        "Pacific/Apia",
        "2010-06-01 3, 2011-12-29 12:00 4",
        "2011-12",
        "setup_fee = \"0\"",
        92,
        "107.33",
    );
}

fn any_timeline() -> impl Strategy<Value = Timeline> {
    let change = (0u64..120 * 86_400, 0u32..50);
    (proptest::collection::vec(change, 1..12), proptest::option::of(0u64..120 * 86_400), 0u32..50)
        .prop_map(|(changes, closed, opened_with)| {
            let at = |second: u64| Timestamp::from_secs(1_767_225_600 + second); // 2026-01-01
            let changes: std::collections::BTreeMap<Timestamp, u32> =
                changes.into_iter().map(|(second, licences)| (at(second), licences)).collect();
            let changes = changes.into_iter().collect();
            Timeline { changes, opened_with, closed: closed.map(at) }
        })
}

fn any_plan() -> impl Strategy<Value = Plan> {
    (0i64..10_000, prop::bool::ANY, prop::bool::ANY, prop::bool::ANY, 0u32..4).prop_map(
        |(fee, daily, even, every, included)| {
            let mut plan = plan(if daily { "decrease = \"daily\"" } else { "" });
            plan.tiers[0].fee = fee;
            plan.included_licences = included;
            if even {
                plan.rounding = reporting::money::Rounding::HalfEven;
            }
            if every {
                plan.setup_on = reporting::plan::SetupOn::EveryIncrease;
            }
            plan
        },
    )
}

fn any_zone() -> impl Strategy<Value = Zone> {
    prop::sample::select(vec!["Europe/London", "Africa/Cairo", "America/Havana", "Asia/Kathmandu"])
        .prop_map(zone)
}

fn bill(timeline: &Timeline, month: &str, zone: Zone, plan: &Plan) -> (Period, Vec<Line>) {
    let month = Month::read(month).unwrap();
    let calendar = Calendar::of(month, zone).unwrap();
    let period = Period::count(timeline, &calendar, zone, Counting::of(Some(plan)));
    let lines = charges(plan, month, &period, &Overdraft::default()).unwrap();
    (period, lines)
}

const MONTHS: [&str; 4] = ["2026-01", "2026-02", "2026-03", "2026-04"];

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, max_global_rejects: 100_000, ..ProptestConfig::default() })]

    #[test]
    fn a_full_month_is_the_fee_times_the_licences(
        licences in 0u32..100_000, month in prop::sample::select(MONTHS.to_vec()),
        zone in any_zone(), mut plan in any_plan(),
    ) {
        plan.included_licences = 0;
        let timeline = Timeline { changes: vec![(Timestamp(1), licences)], opened_with: licences, closed: None };
        let (_, lines) = bill(&timeline, month, zone, &plan);
        prop_assert_eq!(lines.len(), 1);
        prop_assert_eq!(lines[0].net, i64::from(licences) * plan.monthly_fee());
        prop_assert_eq!((lines[0].quantity, lines[0].unit), (i64::from(licences), plan.monthly_fee()));
    }

    #[test]
    fn a_change_that_changes_nothing_costs_nothing(
        timeline in any_timeline(), second in 0u64..120 * 86_400, zone in any_zone(), plan in any_plan(),
        month in prop::sample::select(MONTHS.to_vec()),
    ) {
        let at = Timestamp::from_secs(1_767_225_600 + second);
        let begun = timeline.changes.partition_point(|(from, _)| *from <= at);
        prop_assume!(begun > 0);
        let mut split = timeline.clone();
        let same = split.changes[begun - 1].1;
        if split.changes[begun - 1].0 != at {
            split.changes.insert(begun, (at, same));
        }
        prop_assert_eq!(bill(&split, month, zone, &plan), bill(&timeline, month, zone, &plan));
    }

    /// Every quarter of an hour of every day is looked at; the fee follows by plain arithmetic.
    #[test]
    fn days_agree_with_looking_at_every_quarter_hour(
        mut timeline in any_timeline(), zone in any_zone(), plan in any_plan(),
        month in prop::sample::select(MONTHS.to_vec()),
    ) {
        let quarter = 900_000_000;
        for (at, _) in &mut timeline.changes {
            at.0 -= at.0 % quarter; // Else a change could be over before it is looked at.
        }
        timeline.changes.reverse();
        timeline.changes.dedup_by_key(|(at, _)| *at);
        timeline.changes.reverse();
        if let Some(closed) = &mut timeline.closed {
            closed.0 -= closed.0 % quarter;
        }
        let (period, lines) = bill(&timeline, month, zone, &plan);
        let mut most: std::collections::BTreeMap<seats::CivilDate, u32> = Default::default();
        let mut at = period.from;
        while at < period.to {
            let day = most.entry(zone.date_of(at)).or_default();
            *day = (*day).max(timeline.at(at));
            at.0 += quarter;
        }
        let in_force: Vec<(seats::CivilDate, u32)> = period.days.iter().map(|d| (d.date, d.in_force)).collect();
        prop_assert_eq!(in_force, most.iter().map(|(a, b)| (*a, *b)).collect::<Vec<_>>());
        let mut carried = 0;
        let mut licence_days = 0i128;
        for licences in most.values() {
            let counted = licences.saturating_sub(plan.included_licences);
            carried = match plan.decrease {
                reporting::plan::Decrease::Daily => counted,
                reporting::plan::Decrease::EndOfPeriod => counted.max(carried),
            };
            licence_days += i128::from(carried);
        }
        let net = plan.rounding.divide(licence_days * i128::from(plan.monthly_fee()), most.len() as i128);
        prop_assert_eq!(Some(lines[0].net), net);
        for line in lines {
            prop_assert_eq!(line.quantity * line.unit, line.net);
        }
    }

    /// Licences given back within the cooling-off are refunded at what they were charged: together nothing. And
    /// VAT on a credit is the mirror of VAT on a charge.
    #[test]
    fn a_refund_mirrors_its_charge(
        had in 0u32..50, added in 1u32..50, second in 86_400u64..89 * 86_400, days in 0u64..14, zone in any_zone(),
        mut plan in any_plan(), share in 0u32..=10_000,
    ) {
        plan.cooling_off_days = 14;
        let at = |second: u64| Timestamp::from_secs(1_767_225_600 + second); // 2026-01-01
        // Given back at the earliest an hour later; a day that the clocks make longer is still the same day.
        let back = at(second + 3600 + days * 86_400);
        let changes = vec![(at(0), had), (at(second), had + added), (back, had)];
        let timeline = Timeline { changes, opened_with: had, closed: None };
        let lines: Vec<Line> =
            MONTHS.iter().flat_map(|month| bill(&timeline, month, zone, &plan).1).collect();
        let of = |wanted: fn(&Charge) -> bool| {
            lines.iter().filter(move |line| wanted(&line.charge)).collect::<Vec<&Line>>()
        };
        let (charged, refunded) = (of(|c| matches!(c, Charge::Setup(_))), of(|c| matches!(c, Charge::Refund(_))));
        let paid = |n: u32| n.saturating_sub(plan.included_licences);
        prop_assert_eq!(charged.len(), usize::from(paid(had + added) > paid(had)));
        prop_assert_eq!(charged.len(), refunded.len());
        let rule = Vat { code: "T1".to_owned(), rate: String::new(), share };
        for (charge, refund) in charged.iter().zip(refunded) {
            prop_assert_eq!((refund.quantity, refund.unit, refund.net), (charge.quantity, -charge.unit, -charge.net));
            prop_assert_eq!(vat(&rule, refund.net), vat(&rule, charge.net).map(|vat| -vat));
        }
        for line in &lines {
            prop_assert_eq!(vat(&rule, -line.net), vat(&rule, line.net).map(|vat| -vat));
        }
    }

    /// Under the high-water rule all set-up fees together are for the most ever paid, less the opening.
    #[test]
    fn no_licence_is_set_up_twice(timeline in any_timeline(), zone in any_zone(), mut plan in any_plan()) {
        plan.setup_on = reporting::plan::SetupOn::AboveHighWater;
        let around = ["2025-12", "2026-05"]; // The zones' edges of the months.
        let charged: u32 = MONTHS
            .iter()
            .chain(&around)
            .flat_map(|month| bill(&timeline, month, zone, &plan).0.setups.charged)
            .map(|setup| setup.licences)
            .sum();
        let paid = |n: u32| n.saturating_sub(plan.included_licences);
        let open = |at: Timestamp| timeline.closed.is_none_or(|closed| at < closed);
        let most = timeline.changes.iter().filter(|(at, _)| open(*at)).map(|(_, n)| paid(*n)).max();
        let opening = paid(timeline.opened_with.min(timeline.changes[0].1));
        prop_assert_eq!(charged, most.unwrap_or(0).saturating_sub(opening));
    }
}
