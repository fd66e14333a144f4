//! Plan files: what they say, and what is wrong with them.

use reporting::money::Rounding;
use reporting::plan::{Decrease, Off, OverdraftFee, Plan, SetupOn, TierMode};

const STANDARD: &str = r#"plan = "standard-2026"
currency = "GBP"
effective_from = "2026-01-01"
monthly_fee = "35.00"
setup_fee   = "150.00"
"#;

#[test]
fn what_versions_of_toml_disagree_about_is_refused() {
    let refused = |text: &str, because: &str| {
        let error = Plan::read(text).unwrap_err().to_string();
        assert!(error.contains(because), "{error}");
    };
    refused(&format!("{STANDARD}# C:\\\n"), "line 6: a plan has no backslash");
    refused(&STANDARD.replace("standard-2026", "\\e"), "line 1: a plan has no backslash");
    let long = format!("{STANDARD}#{}", "x".repeat(28 * 1024 - STANDARD.len() - 1));
    assert!(Plan::read(&long).is_ok());
    refused(&format!("{long}x"), "at most 28672 bytes");
    // A word is text, and not a table of one key, which only our parser would take for it.
    let word = format!("{STANDARD}decrease = {{ daily = {{}} }}\n");
    refused(&word, "line 6: invalid type: map");
}

#[test]
fn a_plan_is_read_with_its_defaults() {
    let plan = Plan::read(STANDARD).unwrap();
    assert_eq!((plan.monthly_fee(), plan.setup_fee, plan.included_licences), (3500, 15000, 0));
    assert_eq!((plan.setup_on, plan.decrease), (SetupOn::AboveHighWater, Decrease::EndOfPeriod));
    assert_eq!(plan.rounding, Rounding::HalfUp);
    let more = "setup_on = \"every_increase\"\ndecrease = \"daily\"\nrounding = \"half_even\"\n\
                    increase = \"daily\"\nincluded_licences = 2\n";
    let plan = Plan::read(&format!("{STANDARD}{more}")).unwrap();
    assert_eq!((plan.setup_on, plan.decrease), (SetupOn::EveryIncrease, Decrease::Daily));
    assert_eq!((plan.rounding, plan.included_licences), (Rounding::HalfEven, 2));
}

/// What a line is replaced by, and the error that follows; line 6 is added.
#[test]
fn a_mistake_is_named_with_its_line() {
    let check = |line: usize, replacement: &str, expected: &str| {
        let mut lines: Vec<&str> = STANDARD.lines().collect();
        lines.resize(lines.len().max(line), "");
        lines[line - 1] = replacement;
        let error = Plan::read(&lines.join("\n")).unwrap_err();
        assert_eq!((error.line, error.reason.as_str()), (line, expected), "{replacement}");
    };
    check(1, "plan = \" \"", "plan: the name is empty");
    check(
        2,
        "currency = \"GPB\"",
        "currency: \"GPB\" is no currency of ISO 4217; write it like \"GBP\"",
    );
    check(
        3,
        "effective_from = \"2026-01-15\"",
        "effective_from: 2026-01-15 is not the first of a month; a price changes only between months",
    );
    check(
        3,
        "effective_from = \"1/1/2026\"",
        "effective_from: date: \"1/1/2026\" cannot be read; write it like 2026-03-29",
    );
    check(
        3,
        "effective_from = 2026-01-01",
        "invalid type: map, expected text in quotes, such as \"35.00\" or \"2026-01-01\"",
    );
    check(
        4,
        "monthly_fee = 35.0",
        "invalid type: floating point `35.0`, expected text in quotes, such as \"35.00\" or \"2026-01-01\"",
    );
    check(4, "monthly_fee = \"-35\"", "monthly_fee: \"-35\" is negative; a fee is 0 or more");
    check(4, "monthly_fee = \"35.005\"", "monthly_fee: \"35.005\" has more decimals than GBP (2)");
    check(5, "setup_fee = \"lots\"", "setup_fee: \"lots\" is no amount; write it like \"35.00\"");
    check(
        6,
        "increase = \"weekly\"",
        "unknown variant `weekly`, expected one of `daily`, `full_month`, `next_month`",
    );
    check(6, "timing = \"advance\"", "unknown variant `advance`, expected `arrears`");
    check(6, "included_licences = -1", "invalid value: integer `-1`, expected u32");
    check(6, "min_term_months = 121", "min_term_months: 121 is not from 0 to 120");
    check(6, "cooling_off_days = 1.5", "invalid type: floating point `1.5`, expected u32");
    check(6, "tier_mode = \"volume\"", "tier_mode: there are no [[tiers]]");
    check(
        6,
        "[[tiers]]\nmonthly_fee = \"1\"",
        "tiers: there is a monthly_fee already; leave out one",
    );
    check(6, "montly_fee = \"35.00\"", "unknown key \"montly_fee\"; did you mean monthly_fee?");
    check(6, "[vat]\nmode = \"compute\"", "vat: mode = \"compute\" needs code and rate");
    check(6, "overdraft = { mode = \"per_seat_day\" }", "day_rate is missing");
    check(
        6,
        "overdraft = { mode = \"deny\", max_seats = 2 }",
        "unknown key \"max_seats\"; the keys are mode, day_rate, peak_rate, overlap_grace_s",
    );
    check(1, "", "missing field `plan`");
    check(6, "plan = \"twice\"", "duplicate key");
}

/// Tables, appended to a plan without a fee; the line and the reason, or nothing wrong.
#[test]
fn tables_are_checked_too() {
    let bare = STANDARD.replace("monthly_fee = \"35.00\"\n", "");
    let check = |more: &str, expected: Option<(usize, &str)>| {
        let read = Plan::read(&format!("{bare}{more}"));
        let found = read.as_ref().err().map(|error| (error.line, error.reason.as_str()));
        assert_eq!(found, expected, "{more}");
    };
    let tier = |up_to: &str, fee: &str| format!("[[tiers]]\n{up_to}\nmonthly_fee = \"{fee}\"\n");
    check("", Some((1, "monthly_fee is missing; write it, or [[tiers]]")));
    let both = tier("up_to = 10", "35.00") + &tier("", "30.00");
    check(&both, None);
    check(
        &(tier("up_to = 10", "35.00") + &tier("up_to = 10", "30.00") + &tier("", "1")),
        Some((9, "up_to: 10 is not above 10, so that the tiers would overlap")),
    );
    check(
        &tier("up_to = 10", "35.00"),
        Some((5, "tiers: the last must be without up_to, so that every licence has a fee")),
    );
    check(
        &(tier("", "35.00") + &tier("", "30.00")),
        Some((8, "tiers: only the last may be without up_to")),
    );
    check(
        &format!("month_basis = \"fixed_30\"\ntier_mode = \"volume\"\n{both}"),
        Some((6, "tier_mode: volume cannot be had with month_basis = \"fixed_30\"")),
    );
    check(
        &format!("{both}[overdraft]\nmode = \"monthly_peak\"\n"),
        Some((12, "peak_rate is missing")),
    );
    let discount = |what: &str| format!("{both}[[discounts]]\nname = \"early\"\n{what}\n");
    check(&discount("percent = \"12.5\"\nuntil = \"2026-12-31\""), None);
    check(
        &discount("percent = \"12.5\"\nuntil = \"2026-12-30\""),
        Some((
            14,
            "until: 2026-12-30 is not the last of a month; a price changes only between months",
        )),
    );
    check(
        &discount("percent = \"101\"\nuntil = \"2026-12-31\""),
        Some((13, "percent: \"101\" is more than 100")),
    );
    check(
        &discount("percent = \"12.555\"\nuntil = \"2026-12-31\""),
        Some((13, "percent: \"12.555\" has more than two decimals")),
    );
    check(
        &discount("until = \"2026-12-31\""),
        Some((11, "discounts: write either percent or amount")),
    );
    check(
        &discount("amount = \"5.00\"\nfrom = \"2027-01-01\"\nuntil = \"2026-12-31\""),
        Some((15, "until: it lies before from")),
    );
}

#[test]
fn a_whole_plan_is_read() {
    let whole = "tier_mode = \"volume\"\ncooling_off_days = 14\nmin_term_months = 12\ntiming = \"arrears\"\n\
                 [[tiers]]\nup_to = 10\nmonthly_fee = \"35.00\"\n[[tiers]]\nmonthly_fee = \"30.00\"\n\
                 [[discounts]]\nname = \"early\"\npercent = \"12.5\"\nuntil = \"2026-12-31\"\n\
                 [overdraft]\nmode = \"per_seat_day\"\nday_rate = \"2.50\"\noverlap_grace_s = 60\n\
                 [vat]\nmode = \"compute\"\ncode = \"T1\"\nrate = \"17.5\"\n\
                 [close]\ngrace_days = 0\nsecond_person = false\n";
    let plan = Plan::read(&(STANDARD.replace("monthly_fee = \"35.00\"\n", "") + whole)).unwrap();
    assert_eq!(
        plan.tiers.iter().map(|tier| (tier.name(), tier.fee)).collect::<Vec<_>>(),
        [("1-10".to_owned(), 3500), ("11+".to_owned(), 3000)]
    );
    assert_eq!((plan.tier_mode, plan.cooling_off_days), (Some(TierMode::Volume), 14));
    assert_eq!((plan.discounts[0].off, plan.min_term_months), (Off::Share(1250), 12));
    assert_eq!((plan.overdraft, plan.overlap_grace.0), (OverdraftFee::PerSeatDay(250), 60_000_000));
    assert_eq!(plan.vat.map(|vat| (vat.code, vat.share)), Some(("T1".to_owned(), 1750)));
    assert_eq!((plan.grace_days, plan.second_person), (0, false));
}
