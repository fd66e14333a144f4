//! Days that are short, long, late or absent, and times that do not exist or happen twice.

use proptest::prelude::*;
use reporting::civil::{Month, Zone, read_date, show_date, show_utc};
use seats::{CivilDate, Timestamp};

fn zone(name: &str) -> Zone {
    Zone::parse(name).unwrap()
}

/// The first instant of a day, in UTC, and the length of the day in minutes.
#[test]
fn a_day_begins_at_its_first_instant() {
    let check = |name: &str, date: &str, first: &str, minutes: u64| {
        let (zone, day) = (zone(name), read_date(date).unwrap());
        let begin = zone.first_instant(day).unwrap();
        let (mut next, mut end) = (day, None);
        while end.is_none() {
            next = CivilDate(next.0 + 1);
            end = zone.first_instant(next);
        }
        assert_eq!(show_utc(begin), first, "{name} {date}");
        assert_eq!(end.unwrap().since(begin).secs() / 60, minutes, "{name} {date}");
        assert_eq!(zone.date_of(begin), day);
        assert_ne!(zone.date_of(Timestamp(begin.0 - 1)), day);
    };
    check("Europe/London", "2026-01-15", "2026-01-15T00:00:00Z", 1440);
    check("Europe/London", "2026-03-29", "2026-03-29T00:00:00Z", 1380);
    check("Europe/London", "2026-10-25", "2026-10-24T23:00:00Z", 1500);
    check("Europe/London", "2026-04-01", "2026-03-31T23:00:00Z", 1440);
    check("UTC", "1970-01-02", "1970-01-02T00:00:00Z", 1440);
    // The clocks go forward at midnight: the day begins at 01:00.
    check("Africa/Cairo", "2026-04-24", "2026-04-23T22:00:00Z", 1380);
    check("America/Havana", "2026-03-08", "2026-03-08T05:00:00Z", 1380);
    // They go back at 01:00 to midnight: the first hour happens twice.
    check("America/Havana", "2026-11-01", "2026-11-01T04:00:00Z", 1500);
    // They go back at midnight to 23:00: the day before is long.
    check("America/Asuncion", "2023-03-25", "2023-03-25T03:00:00Z", 1500);
    check("America/Asuncion", "2023-03-26", "2023-03-26T04:00:00Z", 1440);
    // Samoa skipped 30 December 2011.
    check("Pacific/Apia", "2011-12-29", "2011-12-29T10:00:00Z", 1440);
    check("Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z", 1440);
    check("Asia/Kathmandu", "2026-05-01", "2026-04-30T18:15:00Z", 1440);
    check("Australia/Lord_Howe", "2026-10-04", "2026-10-03T13:30:00Z", 1410);
}

#[test]
fn a_skipped_day_does_not_exist() {
    let apia = zone("Pacific/Apia");
    assert_eq!(apia.first_instant(read_date("2011-12-30").unwrap()), None);
    let (days, _) = Month::read("2011-12").unwrap().days(apia).unwrap();
    assert_eq!(days.len(), 30);
    let error = apia.read_time("2011-12-30").unwrap_err().to_string();
    assert_eq!(
        error,
        "date: there was no 2011-12-30 in Pacific/Apia; the clocks skipped the whole day"
    );
}

/// E3: the edges of months that hold a change of the clocks.
#[test]
fn a_month_runs_from_local_midnight_to_local_midnight() {
    let check = |month: &str, days: usize, from: &str, to: &str, hours: u64| {
        let (found, end) = Month::read(month).unwrap().days(zone("Europe/London")).unwrap();
        assert_eq!(found.len(), days);
        assert_eq!((show_utc(found[0].1).as_str(), show_utc(end).as_str()), (from, to));
        assert_eq!(end.since(found[0].1).secs(), hours * 3600);
    };
    check("2026-02", 28, "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z", 672);
    check("2026-03", 31, "2026-03-01T00:00:00Z", "2026-03-31T23:00:00Z", 743);
    check("2026-10", 31, "2026-09-30T23:00:00Z", "2026-11-01T00:00:00Z", 745);
    let london = zone("Europe/London");
    let month_of = |text: &str| Month::of(london.date_of(london.read_time(text).unwrap())).unwrap();
    assert_eq!(month_of("2026-03-31T23:30:00Z").to_string(), "2026-04");
    assert_eq!(month_of("2026-09-30T23:15:00Z").in_words(), "October 2026");
}

#[test]
fn times_are_read_in_the_zone() {
    let check = |name: &str, text: &str, expected: Result<&str, &str>| {
        let read = zone(name).read_time(text).map(show_utc).map_err(|error| error.to_string());
        assert_eq!(read.as_deref().map_err(String::as_str), expected, "{name} {text}");
    };
    let london = "Europe/London";
    check(london, "2026-07-01 09:30", Ok("2026-07-01T08:30:00Z"));
    check(london, "2026-07-01T09:30:15", Ok("2026-07-01T08:30:15Z"));
    check(london, " 2026-07-01 ", Ok("2026-06-30T23:00:00Z"));
    check(london, "2026-07-01T09:30:00Z", Ok("2026-07-01T09:30:00Z"));
    check(london, "2026-07-01T09:30:00.25+02:00", Ok("2026-07-01T07:30:00.250000Z"));
    check(
        london,
        "2026-03-29 01:30",
        Err(
            "time: 2026-03-29 01:30:00 does not exist in Europe/London: the clocks went forward from \
             2026-03-29T01:00:00+00:00 to 2026-03-29T02:00:00+01:00; write the time with its offset, \
             2026-03-29T01:00:00+00:00 or 2026-03-29T02:00:00+01:00",
        ),
    );
    check(london, "2026-03-29 00:59:59", Ok("2026-03-29T00:59:59Z"));
    check(london, "2026-03-29 02:00", Ok("2026-03-29T01:00:00Z"));
    check(
        london,
        "2026-10-25 01:30",
        Err(
            "time: 2026-10-25 01:30:00 happened twice in Europe/London, because the clocks went back; \
             write 2026-10-25T01:30:00+01:00 for the first or 2026-10-25T01:30:00+00:00 for the second",
        ),
    );
    check(london, "2026-10-25 00:59:59", Ok("2026-10-24T23:59:59Z"));
    check(london, "2026-10-25 02:00", Ok("2026-10-25T02:00:00Z"));
    let outside = "time: 1969-12-31 23:59:00 lies outside the years 1970 to 9999";
    check(london, "1969-12-31 23:59", Err(outside));
    for text in
        ["", "yesterday", "2026-13-01", "2026-02-30 10:00", "10:00", "2026-07-01 25:00", "1/7/2026"]
    {
        let error = zone(london).read_time(text).unwrap_err().to_string();
        assert!(error.starts_with(&format!("time: {text:?} cannot be read")), "{error}");
    }
}

#[test]
fn months_zones_and_dates_are_read_strictly() {
    for text in [
        "2026-3",
        "2026-00",
        "2026-13",
        "26-03",
        "2026-03-01",
        "March 2026",
        "",
        "+026-03",
        "9999-01",
    ] {
        assert!(Month::read(text).is_err(), "{text}");
    }
    for text in ["2026-1-05", "2026-02-29", "20260105", ""] {
        assert!(read_date(text).is_err(), "{text}");
    }
    let error = Zone::parse("Europe/Londn").unwrap_err().to_string();
    assert!(error.contains("did you mean Europe/London"), "{error}");
    let error = Zone::parse("").unwrap_err().to_string();
    assert!(error.contains("such as Europe/London"), "{error}");
}

#[test]
fn times_are_shown_in_the_zone() {
    let london = zone("Europe/London");
    let at = london.read_time("2026-07-01T08:30:15.999999Z").unwrap();
    assert_eq!(london.show(at), "2026-07-01 09:30:15 BST");
    assert_eq!(london.show_on(at, london.date_of(at)), "09:30:15");
    assert_eq!(london.show_on(at, CivilDate(0)), "2026-07-01 09:30:15");
    assert_eq!(show_utc(at), "2026-07-01T08:30:15.999999Z");
    assert_eq!(london.show(Timestamp::MAX), "18446744073709551615 µs after 1970");
    assert_eq!(show_date(CivilDate(-1)), "1969-12-31");
}

fn any_zone() -> impl Strategy<Value = Zone> {
    let names = [
        "Europe/London",
        "Pacific/Apia",
        "America/Havana",
        "Africa/Cairo",
        "America/Asuncion",
        "Asia/Kathmandu",
        "Australia/Lord_Howe",
        "America/St_Johns",
        "Pacific/Kwajalein",
        "UTC",
        "Asia/Amman",
        "America/Sao_Paulo",
        "Africa/Monrovia",
        "Antarctica/Troll",
    ];
    prop::sample::select(names.to_vec()).prop_map(zone)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Every instant lies in exactly one day, and the days of a month follow one another without a gap.
    #[test]
    fn days_part_time(zone in any_zone(), second in 86_400u64..4_000_000_000) {
        let at = Timestamp::from_secs(second);
        let day = zone.date_of(at);
        let (days, end) = Month::of(day).unwrap().days(zone).unwrap();
        prop_assert!(days.is_sorted_by(|a, b| a.1 < b.1) && days.last().unwrap().1 < end);
        let begun = days.iter().filter(|(_, first)| *first <= at).count();
        let found = days[begun - 1].0;
        // Clocks that went back over midnight (St John's, at one minute past) show the day before again.
        prop_assert!(found == day || found.0 == day.0 + 1, "{found:?} {day:?}");
        if zone.name() != "America/St_Johns" {
            prop_assert_eq!(found, day);
        }
    }

    /// What is shown with its offset is read again.
    #[test]
    fn utc_is_read_as_shown(zone in any_zone(), micros in 0u64..4_000_000_000_000_000) {
        let at = Timestamp(micros);
        prop_assert_eq!(zone.read_time(&show_utc(at)), Ok(at));
    }

    /// A local time is either read, and then shown the same, or refused for a reason.
    #[test]
    fn local_times_are_read_as_shown(zone in any_zone(), second in 0u64..4_000_000_000) {
        let at = Timestamp::from_secs(second);
        let local = zone.show(at);
        match zone.read_time(&local[..19]) {
            Ok(read) => prop_assert_eq!(zone.show(read), local),
            Err(error) => prop_assert!(error.to_string().contains("happened twice"), "{error}"),
        }
    }
}
