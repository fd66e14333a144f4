//! One day of an account, the hours of a zone, the busy hours of a week, and the trail page by page.

use crate::clinic::{CLINIC, Clinic};
use reporting::civil::{Zone, read_date, show_date};
use reporting::heat::Heat;
use reporting::hours::{hours, weekday};
use reporting::{Day, Report, ReportError, Reports};
use seats::{CivilDate, Reclaim, Setting, Timestamp};

fn clinic(zone: &str, at: &str) -> Clinic {
    Clinic::open(zone, at, 2, &[Setting::Reclaim(Reclaim::Never), Setting::Lease(None)], None)
}

fn day(clinic: &Clinic, date: &str) -> Result<Day, ReportError> {
    let views = clinic.views();
    let date = read_date(date).unwrap();
    Reports::new(&views, "test").day(CLINIC, date, clinic.now(), Some(clinic.liveness()))
}

fn heat(clinic: &Clinic, first: &str, last: &str) -> Result<Heat, ReportError> {
    let views = clinic.views();
    let days = (read_date(first).unwrap(), read_date(last).unwrap());
    Reports::new(&views, "test").heat(CLINIC, days, clinic.now(), Some(clinic.liveness()))
}

#[test]
fn hours_are_those_of_the_clock_on_the_wall() {
    let check = |zone: &str, date: &str, count: usize, minutes: u64, around: &[u32]| {
        let zone = Zone::parse(zone).unwrap();
        let date = read_date(date).unwrap();
        let (from, to) =
            (zone.first_instant(date).unwrap(), zone.first_instant(CivilDate(date.0 + 1)).unwrap());
        let found = hours(zone, from, to);
        assert_eq!(found.len(), count, "{}", show_date(date));
        assert_eq!(
            found.iter().map(|hour| hour.to.since(hour.from).secs() / 60).sum::<u64>(),
            minutes
        );
        assert!(found.windows(2).all(|two| two[0].to == two[1].from), "no gap");
        assert!(found.iter().all(|hour| hour.date == date));
        let first: Vec<u32> = found.iter().map(|hour| hour.hour).take(around.len()).collect();
        assert_eq!(first, around);
    };
    check("Europe/London", "2026-03-28", 24, 1440, &[0, 1, 2]);
    check("Europe/London", "2026-03-29", 23, 1380, &[0, 2, 3]);
    check("Europe/London", "2026-10-25", 25, 1500, &[0, 1, 1, 2]);
    // Half an hour back at two: the clock shows one for an hour and a half.
    check("Australia/Lord_Howe", "2026-04-05", 24, 1470, &[0, 1, 2]);
    check("Asia/Kathmandu", "2026-03-28", 24, 1440, &[0, 1]);
    // The day begins at one.
    check("America/Santiago", "2026-09-06", 23, 1380, &[1, 2]);
    let zone = Zone::parse("Europe/London").unwrap();
    let (from, to) =
        (zone.read_time("2026-03-28 09:20").unwrap(), zone.read_time("2026-03-28 10:05").unwrap());
    let cut: Vec<u64> = hours(zone, from, Timestamp(to.0 + 7))
        .iter()
        .map(|hour| hour.to.since(hour.from).0)
        .collect();
    assert_eq!(cut, [40 * 60_000_000, 5 * 60_000_000 + 7]);
    assert!(hours(zone, to, from).is_empty());
    assert_eq!(weekday(read_date("2026-03-30").unwrap()), 0);
    assert_eq!(weekday(read_date("1970-01-01").unwrap()), 3);
    assert_eq!(weekday(read_date("1969-12-28").unwrap()), 6);
}

#[test]
fn a_day_knows_its_neighbours_its_seats_and_its_refusals() {
    let mut clinic = clinic("Europe/London", "2026-03-27 08:00");
    clinic.clock("09:00").login("Alice");
    clinic.at("2026-03-28 09:00").login("Bob");
    clinic.clock("10:00").login("Carol");
    clinic.clock("10:01").login("Carol");
    clinic.clock("12:00").licences(4);
    clinic.clock("13:00").logout("Bob");
    clinic.at("2026-03-29 12:00");
    let found = day(&clinic, "2026-03-28").unwrap();
    assert_eq!(found.in_words, "Saturday 28 March 2026");
    assert_eq!(
        (found.previous.as_deref(), found.next.as_deref()),
        (Some("2026-03-27"), Some("2026-03-29"))
    );
    let users: Vec<(u32, &str)> =
        found.sessions.iter().map(|row| (row.seat, row.user.as_str())).collect();
    assert_eq!(users, [(1, "Alice"), (2, "Bob")]);
    assert_eq!((found.refused, found.denials.len(), found.seats), (2, 2, 4));
    let licences: Vec<u32> = found.licences.iter().map(|step| step.licences).collect();
    assert_eq!(licences, [2, 4]);
    assert_eq!(found.known_until, found.to);
    // The first day of the account, and today.
    assert_eq!(day(&clinic, "2026-03-27").unwrap().previous, None);
    let today = day(&clinic, "2026-03-29").unwrap();
    assert_eq!((today.next, today.known_until.0), (None, clinic.now()));
    assert_eq!(today.hours.len(), 23);
    assert_eq!(today.sessions.len(), 1, "Bob had left");
    let error = day(&clinic, "2026-03-30").unwrap_err().to_string();
    assert_eq!(error, "Monday 30 March 2026 has not begun as of 2026-03-29 12:00:00 BST");
    // More seats are held than bought.
    clinic.login("Bob");
    clinic.licences(1);
    assert_eq!(day(&clinic, "2026-03-29").unwrap().seats, 4, "as many as there were that day");
}

#[test]
fn a_day_that_the_zone_skipped() {
    let clinic = {
        let mut clinic = clinic("Pacific/Apia", "2011-12-28 08:00");
        clinic.at("2012-01-02 08:00").login("Alice");
        clinic
    };
    assert!(
        day(&clinic, "2011-12-30").unwrap_err().to_string().contains("there was no 2011-12-30")
    );
    assert_eq!(day(&clinic, "2011-12-29").unwrap().next.as_deref(), Some("2011-12-31"));
    assert_eq!(day(&clinic, "2011-12-31").unwrap().previous.as_deref(), Some("2011-12-29"));
}

#[test]
fn the_week_adds_up_to_the_usage() {
    let mut clinic = clinic("Europe/London", "2026-03-23 08:00");
    for date in ["2026-03-23", "2026-03-30"] {
        clinic.at(&format!("{date} 09:30")).login("Alice");
        clinic.clock("10:15").login("Bob");
        clinic.clock("10:20").login("Carol");
        clinic.clock("11:00").logout("Bob");
        clinic.clock("11:30").logout("Alice");
    }
    clinic.at("2026-03-31 00:00");
    let found = heat(&clinic, "2026-03-23", "2026-03-31").unwrap();
    let cell = |weekday: usize, hour: u32| found.cells[weekday * 24 + hour as usize];
    // Two Mondays: Alice from half past nine, Bob for 45 minutes from a quarter past ten.
    assert_eq!((cell(0, 9).seconds, cell(0, 9).seat_seconds), (7200, 2 * 1800));
    assert_eq!(cell(0, 9).mean_tenths(), Some(5));
    assert_eq!(
        (cell(0, 10).seat_seconds, cell(0, 10).peak_seats, cell(0, 10).denials),
        (2 * 6300, 2, 2)
    );
    assert_eq!(cell(0, 10).at_capacity_seconds, 2 * 45 * 60);
    assert_eq!(cell(0, 10).mean_tenths(), Some(18), "1.75 is rounded");
    assert_eq!(cell(0, 11).peak_seats, 1, "who leaves at the very stroke is not in it");
    // Sunday the 29th lost its second hour.
    assert_eq!((cell(6, 1).seconds, cell(6, 2).seconds), (0, 3600));
    assert_eq!(cell(6, 1).mean_tenths(), None);
    // Tuesday the 31st has just begun.
    assert_eq!(cell(1, 0).seconds, 3600);
    assert_eq!(found.days.len(), 9);
    let peaks: Vec<(&str, u64, u32, u64)> = found
        .days
        .iter()
        .map(|day| (day.date.as_str(), day.peak_seats, day.licences, day.denials))
        .filter(|day| day.1 > 0)
        .collect();
    assert_eq!(peaks, [("2026-03-23", 2, 2, 1), ("2026-03-30", 2, 2, 1)]);
    let views = clinic.views();
    let usage = Reports::new(&views, "test")
        .usage(CLINIC, Some(found.from.0), Some(found.to.0), None, Some(clinic.liveness()))
        .unwrap();
    let sum = |of: fn(&reporting::heat::HeatCell) -> u64| found.cells.iter().map(of).sum::<u64>();
    assert_eq!(sum(|cell| cell.seat_seconds), usage.seat_seconds);
    assert_eq!(sum(|cell| cell.at_capacity_seconds), usage.at_capacity_seconds);
    assert_eq!(sum(|cell| cell.denials), usage.denials);
    assert!(found.text().contains("\n  10     1.8"), "{}", found.text());
}

#[test]
fn the_week_is_bounded() {
    let mut clinic = clinic("Europe/London", "2026-03-23 08:00");
    clinic.at("2026-03-25 12:00").login("Alice");
    let check = |first: &str, last: &str, expected: &str| {
        assert_eq!(heat(&clinic, first, last).unwrap_err().to_string(), expected);
    };
    check("2024-01-01", "2026-03-25", "the range has 815 days; a report holds 400");
    check("2026-03-25", "2026-03-24", "the range ends (2026-03-24) before it begins (2026-03-25)");
    let ahead = heat(&clinic, "2026-04-01", "2026-04-02").unwrap();
    assert_eq!((ahead.days.len(), ahead.from), (0, ahead.to), "nothing is known of it");
    let whole = heat(&clinic, "2026-01-01", "2026-12-31").unwrap();
    assert_eq!(whole.days.last().unwrap().date, "2026-03-25");
    assert_eq!(whole.days.last().unwrap().peak_seats, 1);
}

#[test]
fn the_trail_page_by_page() {
    let mut clinic = clinic("Europe/London", "2026-03-23 08:00");
    for _ in 0..124 {
        clinic.login("Alice");
        clinic.logout("Alice");
    }
    clinic.login("Bob");
    let views = clinic.views();
    let reports = Reports::new(&views, "test");
    let page = |user, page| reports.paged_trail(CLINIC, user, None, None, page).unwrap();
    let whole = reports.trail(CLINIC, None, None, None).unwrap();
    assert_eq!(whole.rows.len(), 250);
    let mut turned = Vec::new();
    for number in 1..=3 {
        let found = page(None, number);
        assert_eq!((found.page, found.pages, found.commits), (number, 3, 250));
        turned.extend(found.rows);
    }
    turned.reverse();
    assert_eq!(turned, whole.rows, "the pages are the trail, the other way round");
    assert_eq!(page(None, 99).page, 3);
    assert_eq!(page(None, 0).page, 1);
    let bob = page(Some(clinic.user("Bob")), 1);
    assert_eq!((bob.pages, bob.rows.len(), bob.user.as_deref()), (1, 1, Some("Bob")));
}
