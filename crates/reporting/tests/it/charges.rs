//! Charges beyond the plain fee: tiers, discounts, terms, refunds, overdraft, VAT.

use reporting::billing::{Charge, Counting, Hold, Line, Overdraft, Period, Timeline, charges, vat};
use reporting::calendar::Calendar;
use reporting::civil::{Month, Zone};
use reporting::plan::Plan;
use seats::{SeatNo, Timestamp};

const LONDON: &str = "Europe/London";

fn plan(more: &str) -> Plan {
    let fee = if more.contains("[[tiers]]") { "" } else { "monthly_fee = \"35.00\"\n" };
    let usual = format!("plan = \"p\"\ncurrency = \"GBP\"\neffective_from = \"2026-01-01\"\n{fee}");
    Plan::read(&format!("{usual}{more}")).unwrap()
}

/// `2026-04-01 2, 2026-04-10 5`; a change to 0 closes the account.
fn timeline(text: &str) -> Timeline {
    let zone = Zone::parse(LONDON).unwrap();
    let mut timeline = Timeline::default();
    for change in text.split(", ") {
        let (when, licences) = change.rsplit_once(' ').unwrap();
        let (at, licences) = (zone.read_time(when).unwrap(), licences.parse().unwrap());
        match licences {
            0 => timeline.closed = Some(at),
            _ => timeline.changes.push((at, licences)),
        }
    }
    timeline.opened_with = timeline.changes[0].1;
    timeline
}

fn bill(changes: &str, holds: &[Hold], month: &str, plan: &Plan) -> Vec<Line> {
    let (zone, month) = (Zone::parse(LONDON).unwrap(), Month::read(month).unwrap());
    let calendar = Calendar::of(month, zone).unwrap();
    let timeline = timeline(changes);
    let period = Period::count(&timeline, &calendar, zone, Counting::of(Some(plan)));
    let overdraft = Overdraft::count(holds, &timeline, &calendar, plan.overlap_grace);
    charges(plan, month, &period, &overdraft).unwrap()
}

fn word(charge: &Charge) -> String {
    match charge {
        Charge::Monthly(None) => "monthly".to_owned(),
        Charge::Monthly(Some(tier)) => format!("monthly {tier}"),
        Charge::Discount(name) => format!("discount {name}"),
        Charge::Setup(_) => "setup".to_owned(),
        Charge::Refund(_) => "refund".to_owned(),
        Charge::Overdraft => "overdraft".to_owned(),
    }
}

/// Lines as `quantity x unit what`, in minor units.
fn check(changes: &str, month: &str, more: &str, expected: &[&str]) {
    let lines = bill(changes, &[], month, &plan(more));
    let told: Vec<String> = lines
        .iter()
        .map(|line| {
            assert_eq!(line.quantity * line.unit, line.net);
            format!("{} x {} {}", line.quantity, line.unit, word(&line.charge))
        })
        .collect();
    assert_eq!(told, expected, "{changes} in {month} with {more}");
}

#[test]
fn increases_count_daily_for_the_whole_month_or_from_the_next() {
    let added = "2025-06-01 2, 2026-04-10 5, 2026-04-20 4";
    check(added, "2026-04", "increase = \"daily\"", &["1 x 14350 monthly"]);
    check(added, "2026-04", "increase = \"full_month\"", &["5 x 3500 monthly"]);
    check(added, "2026-04", "increase = \"next_month\"", &["2 x 3500 monthly"]);
    check(added, "2026-05", "increase = \"next_month\"", &["4 x 3500 monthly"]);
    // With daily decreases the fifth licence is paid for up to the 19th, then 4.
    let daily = "increase = \"full_month\"\ndecrease = \"daily\"";
    check(added, "2026-04", daily, &["1 x 16217 monthly"]); // 35 x (19 x 5 + 11 x 4) / 30
    // An account that opens within the month pays from its first day under every rule.
    for increase in ["daily", "full_month", "next_month"] {
        let more = format!("increase = \"{increase}\"");
        check("2026-05-20 10:00 2", "2026-05", &more, &["1 x 2710 monthly"]); // E10
    }
}

#[test]
fn licences_in_tiers() {
    let tiers = "[[tiers]]\nup_to = 10\nmonthly_fee = \"35.00\"\n[[tiers]]\nup_to = 20\n\
                 monthly_fee = \"30.00\"\n[[tiers]]\nmonthly_fee = \"25.00\"\n";
    let volume = format!("tier_mode = \"volume\"\n{tiers}");
    let many = ["10 x 3500 monthly 1-10", "10 x 3000 monthly 11-20", "3 x 2500 monthly 21+"];
    check("2025-06-01 23", "2026-04", tiers, &many);
    check("2025-06-01 23", "2026-04", &volume, &["23 x 2500 monthly 21+"]);
    // 8 for 9 days, 12 for 21: the first ten have 9 x 8 + 21 x 10 = 282 licence-days, the others 42.
    let grown = "2025-06-01 8, 2026-04-10 12";
    check(grown, "2026-04", tiers, &["1 x 32900 monthly 1-10", "1 x 4200 monthly 11-20"]);
    check(grown, "2026-04", &volume, &["1 x 8400 monthly 1-10", "1 x 25200 monthly 11-20"]);
    // None at all: one line, of nothing.
    check("2026-05-01 1", "2026-04", tiers, &["0 x 3500 monthly 1-10"]);
}

#[test]
fn a_month_of_thirty_days() {
    let fixed = "month_basis = \"fixed_30\"";
    for month in ["2026-01", "2026-02", "2026-04"] {
        check("2025-06-01 3", month, fixed, &["3 x 3500 monthly"]);
    }
    check("2026-01-01 1, 2026-02-15 2", "2026-02", fixed, &["1 x 5133 monthly"]); // 1 + 14/30
    check("2026-01-01 1, 2026-01-02 2", "2026-01", fixed, &["2 x 3500 monthly"]); // 30 of 31 days are 30
}

#[test]
fn discounts_end() {
    let discounts = "[[discounts]]\nname = \"early\"\npercent = \"12.5\"\nfrom = \"2026-02-01\"\n\
                     until = \"2026-03-31\"\n[[discounts]]\nname = \"loyal\"\namount = \"100.00\"\n\
                     until = \"2026-12-31\"\n";
    let both = ["3 x 3500 monthly", "1 x -1313 discount early", "1 x -9187 discount loyal"];
    check("2025-06-01 3", "2026-02", discounts, &both); // never more than there is
    check("2025-06-01 3", "2026-01", discounts, &["3 x 3500 monthly", "1 x -10000 discount loyal"]);
    check("2025-06-01 3", "2026-04", discounts, &["3 x 3500 monthly", "1 x -10000 discount loyal"]);
    check("2025-06-01 3", "2027-01", discounts, &["3 x 3500 monthly"]);
}

/// A licence is paid for to the end of its term, by the one who has had it longest.
#[test]
fn a_minimum_term() {
    let term = "decrease = \"daily\"\nmin_term_months = 3";
    let given_back = "2026-01-01 2, 2026-02-10 5, 2026-03-01 1";
    // Of the four given back in March two are from January (term to 1 April), two from 10 February.
    check(given_back, "2026-03", term, &["5 x 3500 monthly"]);
    check(given_back, "2026-04", term, &["3 x 3500 monthly"]);
    check(given_back, "2026-05", term, &["1 x 5532 monthly"]); // two more up to 9 May: 31 + 18 days
    check(given_back, "2026-06", term, &["1 x 3500 monthly"]);
    // Taken up again, they are not paid for twice.
    let again = "2026-01-01 2, 2026-02-10 5, 2026-03-01 1, 2026-03-10 5";
    check(again, "2026-03", term, &["5 x 3500 monthly"]);
    // The closing of the account gives all of them back.
    check("2026-01-01 2, 2026-02-10 0", "2026-03", term, &["2 x 3500 monthly"]);
    check("2026-01-01 2, 2026-02-10 0", "2026-04", term, &["0 x 3500 monthly"]);
}

#[test]
fn a_set_up_fee_is_refunded_within_the_cooling_off_time() {
    let cool = "setup_fee = \"150.00\"\ncooling_off_days = 14\ndecrease = \"daily\"";
    let changes = "2026-01-01 2, 2026-04-20 3, 2026-04-25 6, 2026-05-04 4";
    let april = ["1 x 10383 monthly", "1 x 15000 setup", "3 x 15000 setup"];
    check(changes, "2026-04", cool, &april); // 35 x (19 x 2 + 5 x 3 + 6 x 6) / 30
    let may = ["1 x 14677 monthly", "2 x -15000 refund"];
    check(changes, "2026-05", cool, &may); // 3 x 6 + 28 x 4 = 130 days
    // Fifteen days later nothing is refunded; and added again it is charged again, because the mark fell.
    check(
        "2026-01-01 2, 2026-04-01 3, 2026-04-16 2",
        "2026-04",
        cool,
        &["1 x 8750 monthly", "1 x 15000 setup"],
    );
    let again = "2026-01-01 2, 2026-04-02 3, 2026-04-16 2, 2026-04-20 3";
    let lines = bill(again, &[], "2026-04", &plan(cool));
    let setups: Vec<i64> = lines.iter().skip(1).map(|line| line.net).collect();
    assert_eq!(setups, [15000, 15000, -15000]);
}

/// Seat, marked, from, to (London time in May 2026), as `2 over 14 09:00 14 17:00`.
fn holds(text: &[&str]) -> Vec<Hold> {
    let zone = Zone::parse(LONDON).unwrap();
    let at = |day: &str, time: &str| -> Timestamp {
        zone.read_time(&format!("2026-05-{day} {time}")).unwrap()
    };
    let hold = |(granted, text): (u64, &&str)| {
        let words: Vec<&str> = text.split(' ').collect();
        let [seat, mark, day, time, until_day, until] = words[..] else { panic!("{text}") };
        let (from, to) = (at(day, time), at(until_day, until));
        Hold { seat: SeatNo(seat.parse().unwrap()), granted, overdraft: mark == "over", from, to }
    };
    (0..).zip(text).map(hold).collect()
}

fn overdraft(licences: &str, text: &[&str]) -> Vec<(String, u32)> {
    let calendar =
        Calendar::of(Month::read("2026-05").unwrap(), Zone::parse(LONDON).unwrap()).unwrap();
    let grace = plan("").overlap_grace;
    let counted = Overdraft::count(&holds(text), &timeline(licences), &calendar, grace);
    let show = |(day, over): &(seats::CivilDate, u32)| (reporting::civil::show_date(*day), *over);
    counted.days.iter().map(show).collect()
}

#[test]
fn e7_overdraft_by_seat_and_day_and_by_peak() {
    let sat = [
        "1 in 14 09:00 15 17:00",
        "2 in 14 09:00 15 17:00",
        "3 in 14 09:00 15 17:00",
        "4 over 14 10:00 14 16:00",
        "5 over 14 11:00 14 12:00",
        "4 over 15 10:00 15 10:05",
    ];
    let rate = |mode: &str| {
        let lines = bill("2025-06-01 3", &holds(&sat), "2026-05", &plan(mode));
        lines.iter().skip(1).map(|line| (line.quantity, line.unit)).collect::<Vec<_>>()
    };
    assert_eq!(rate("[overdraft]\nmode = \"per_seat_day\"\nday_rate = \"2.50\""), [(3, 250)]);
    assert_eq!(rate("[overdraft]\nmode = \"monthly_peak\""), [(2, 3500)]);
    assert_eq!(rate("[overdraft]\nmode = \"report_only\""), []);
    assert_eq!(rate(""), []);
}

#[test]
fn what_counts_as_overdraft() {
    let day = |day: u32, over: u32| (format!("2026-05-{day:02}"), over);
    let check = |licences: &str, sat: &[&str], expected: &[(String, u32)]| {
        assert_eq!(overdraft(licences, sat), expected, "{licences}: {sat:?}");
    };
    let both = ["1 in 14 09:00 14 17:00", "2 over 14 16:56 14 18:00"];
    check("2025-06-01 1", &both, &[]); // four minutes together
    let both = ["1 in 14 09:00 14 17:00", "2 over 14 16:55 14 18:00"];
    check("2025-06-01 1", &both, &[day(14, 1)]); // five
    // Over midnight it counts on both days, also if on either it is short.
    let night = ["1 in 14 09:00 15 00:02", "2 over 14 23:57 15 00:02"];
    check("2025-06-01 1", &night, &[day(14, 1), day(15, 1)]);
    // Leftovers of a decrease are not overdraft: two marked seats, three above the licences.
    let four = [
        "1 in 14 09:00 14 17:00",
        "2 in 14 09:00 14 17:00",
        "3 over 14 09:00 14 17:00",
        "4 over 14 09:00 14 17:00",
    ];
    check("2025-06-01 2, 2026-05-14 12:00 1", &four, &[day(14, 2)]);
    check("2025-06-01 4", &four, &[]); // licences bought since, dated back
    // A mark alone is none: the other seats are empty.
    check("2025-06-01 2", &["3 over 14 09:00 14 17:00"], &[]);
    // Two sessions on one seat are one seat.
    let shared = ["1 in 14 09:00 14 17:00", "2 over 14 09:00 14 17:00", "2 over 14 10:00 14 12:00"];
    check("2025-06-01 1", &shared, &[day(14, 1)]);
    // Short times at a higher level do not count, though the level below lasts.
    let level = ["1 in 14 09:00 14 17:00", "2 over 14 09:00 14 17:00", "3 over 14 12:00 14 12:04"];
    check("2025-06-01 1", &level, &[day(14, 1)]);
}

#[test]
fn vat_is_rounded_once_for_the_statement() {
    let plan = plan("[vat]\nmode = \"compute\"\ncode = \"T1\"\nrate = \"20\"\n");
    let rule = plan.vat.unwrap();
    assert_eq!(vat(&rule, 6833 + 6833 + 5750 + 8500), Some(5583)); // E11: per document
    assert_eq!([10500, -1167, 0].map(|net| vat(&rule, net)), [Some(2100), Some(-233), Some(0)]);
    assert_eq!(vat(&rule, i64::MAX), Some(i64::MAX / 5));
}
