//! What somebody on the telephone must find on a page, and find first.

use crate::clinic::{Clinic, ledger, views};
use crate::markup::{Element, by_id, elements, of_class};
use crate::stage::Stage;
use desk::{BoardPage, Place, Show, Sort, WhyPage};
use reporting::civil::read_date;
use reporting::{Present, Reports};
use seats::{Command, Micros, Reasons, Reclaim, Setting, WhenFull};

fn texts<'a>(page: &'a [Element], name: &str, class: &str) -> Vec<&'a str> {
    of_class(page, name, class).into_iter().map(|element| element.text.trim()).collect()
}

#[test]
fn why_can_she_not_log_in() {
    let stage = Stage::set();
    let page = elements(&stage.why(Some("Carol Carter"), "2026-03-31").page(&stage.frame()));
    let heading = page.iter().find(|element| element.name == "h1").unwrap();
    assert_eq!(heading.text, "Why was Carol Carter refused?");
    let first = texts(&page, "p", "lead")[0];
    let expected =
        "Carol Carter was refused on Tuesday 31 March 2026 at 09:02: all 3 seats were held.";
    assert_eq!(first, expected);
    let held: Vec<&str> = page
        .iter()
        .filter(|element| element.name == "li")
        .filter(|element| page[*element.within.last().unwrap()].is("holders"))
        .map(|element| element.text.as_str())
        .collect();
    assert_eq!(held.len(), 3, "{held:?}");
    assert!(
        held[0].starts_with("seat 1: Bob Brown, since Mon 30 Mar 16:10, silent since"),
        "{held:?}"
    );
    // The answer comes before the picture, and the picture marks her crosses.
    let place = |id: &str| page.iter().position(|element| element.get("id") == id).unwrap();
    assert!(place("happened") < place("advice") && place("advice") < place("day"));
    let own: Vec<&str> = of_class(&page, "g", "own").iter().map(|e| e.get("class")).collect();
    assert!(own.contains(&"cross own"), "{own:?}");
    assert_eq!(by_id(&page, "user").get("value"), "Carol Carter");
    // Yesterday can be looked at, tomorrow cannot.
    let turning: Vec<&str> =
        page.iter().filter(|e| e.has("rel") && e.name == "a").map(|e| e.get("href")).collect();
    assert_eq!(turning, ["/desk/account-1/why?user=user-1&day=2026-03-30"]);
}

#[test]
fn another_day_says_so() {
    let mut clinic =
        Clinic::open(&ledger(), 1, "North", "Europe/London", "2026-03-28 08:00", 1, &[], None);
    clinic.login("Alice");
    clinic.at("2026-03-28 09:00").login("Carol");
    clinic.at("2026-03-30 09:00");
    let (views, now) = (views(&clinic.ledger), clinic.now());
    let reports = Reports::new(&views, "test");
    let (liveness, user) = (Some(clinic.liveness()), clinic.user("Carol"));
    let shown = |date: &str| {
        let day = reports.day(clinic.account, read_date(date).unwrap(), now, liveness).unwrap();
        let until = Some((day.to.0 - Micros(1)).min(now));
        let why = reports.why(clinic.account, user, until, Present { at: now, liveness }).unwrap();
        let place = Place { account: clinic.account, name: clinic.name.clone(), zone: clinic.zone };
        elements(&WhyPage { place, why: Some(why), day }.page(&Stage::set().frame()))
    };
    assert!(texts(&shown("2026-03-28"), "p", "warning").is_empty());
    let found = shown("2026-03-29");
    let warning = texts(&found, "p", "warning");
    assert!(
        warning[0].starts_with(
            "On Sunday 29 March 2026 Carol was not refused; this is the last time before."
        ),
        "{warning:?}"
    );
    let that_day = found.iter().find(|e| e.text == "Show that day").unwrap();
    assert_eq!(that_day.get("href"), "/desk/account-1/why?user=user-2&day=2026-03-28");
    let turning: Vec<&str> =
        found.iter().filter(|e| e.has("rel") && e.name == "a").map(|e| e.get("href")).collect();
    let day = |date: &str| format!("/desk/account-1/why?user=user-2&day={date}");
    assert_eq!(turning, [day("2026-03-28"), day("2026-03-30")]);
}

fn board(settings: &[Setting], seconds: u32) -> (BoardPage, Stage) {
    let stage = Stage::set();
    let mut clinic =
        Clinic::open(&ledger(), 1, "North", "Europe/London", "2026-03-31 08:00", 1, settings, None);
    clinic.login("Alice");
    let later = clinic.zone.show(clinic.now() + seats::Micros::from_secs(seconds));
    clinic.at(&later[..19]);
    let views = views(&clinic.ledger);
    let reports = Reports::new(&views, "test");
    let board = reports.board(clinic.account, clinic.now(), Some(clinic.liveness())).unwrap();
    let place = Place { account: clinic.account, name: clinic.name.clone(), zone: clinic.zone };
    (BoardPage { place, board, may_release: true }, stage)
}

fn shown(page: &BoardPage, stage: &Stage) -> Vec<Element> {
    let mut frame = stage.frame();
    frame.now = page.board.who.at.0;
    elements(&page.page(&frame))
}

#[test]
fn a_seat_is_released_with_a_reason() {
    let (page, stage) = board(&[Setting::ReleaseFloor(120)], 119);
    let found = shown(&page, &stage);
    let form = found.iter().find(|e| e.get("action").ends_with("/release")).unwrap();
    assert_eq!(form.get("action"), "/desk/account-1/sessions/1/release");
    assert_eq!(form.get("method"), "post");
    let words: Vec<&str> = found
        .iter()
        .filter(|e| e.name == "option" && !e.get("value").is_empty())
        .map(|e| e.get("value"))
        .collect();
    assert_eq!(words[0], "browser closed");
    assert_eq!(words.len(), seats::ReleaseReason::all().count());
    assert!(by_id(&found, "release-1-reason").has("required"));
    assert!(!by_id(&found, "release-1-note").has("required"));
    assert!(found.iter().any(|e| e.get("name") == "forced"), "it is younger than the floor");
    assert!(by_id(&found, "release-1").text.contains("The holder is live."));

    let (page, stage) = board(&[Setting::ReleaseFloor(120)], 120);
    assert!(!shown(&page, &stage).iter().any(|e| e.get("name") == "forced"));

    let (page, stage) = board(&[Setting::Reasons(Reasons::ForAll)], 600);
    assert!(by_id(&shown(&page, &stage), "release-1-note").has("required"));

    let (mut page, stage) = board(&[], 600);
    page.may_release = false;
    let found = shown(&page, &stage);
    assert!(!found.iter().any(|e| e.has("popover") || e.has("popovertarget")));
}

#[test]
fn the_board_says_what_the_next_login_meets() {
    let check = |settings: &[Setting], seconds: u32, class: &str, expected: &str| {
        let (mut page, stage) = board(settings, seconds);
        if class == "dormant" {
            // Nothing is heard of her any more.
            page = silent(settings);
        }
        let found = shown(&page, &stage);
        let outlook = of_class(&found, "div", "outlook")[0];
        assert!(outlook.is(class), "{:?}", outlook.attributes);
        assert!(outlook.text.contains(expected), "{}", outlook.text);
    };
    check(&[], 60, "full", "No seat is free: the next login is refused.");
    check(&[Setting::Overdraft(1)], 60, "free", "1 seat is free: the next login gets one.");
    check(&[], 60, "dormant", "the next login gets the seat of the longest silent holder.");
}

#[test]
fn the_board_says_who_is_in_line_and_what_is_reserved() {
    let settings = [Setting::WhenFull(WhenFull::Queue)];
    let mut clinic = Clinic::open(
        &ledger(),
        1,
        "North",
        "Europe/London",
        "2026-03-31 08:00",
        2,
        &settings,
        None,
    );
    let south = clinic.site("south");
    let command = Command::ChangePolicy { settings: vec![Setting::Reserved(south, 1)] };
    clinic.take(&command);
    for (user, site) in [("Alice", None), ("Bob", Some("south")), ("Carol", None)] {
        clinic.login_from(user, site);
    }
    let views = views(&clinic.ledger);
    let reports = Reports::new(&views, "test");
    let board = reports.board(clinic.account, clinic.now(), Some(clinic.liveness())).unwrap();
    let place = Place { account: clinic.account, name: clinic.name.clone(), zone: clinic.zone };
    let found = shown(&BoardPage { place, board, may_release: true }, &Stage::set());
    let reserved = texts(&found, "p", "reserved");
    assert_eq!(reserved, ["Reserved: 1 seat for south, 1 session from there now."]);
    assert_eq!(texts(&found, "td", "wide").last(), Some(&"in line, place 1"));
}

fn silent(settings: &[Setting]) -> BoardPage {
    let mut clinic =
        Clinic::open(&ledger(), 1, "North", "Europe/London", "2026-03-31 08:00", 1, settings, None);
    clinic.login("Alice");
    clinic.vanish("Alice");
    clinic.at("2026-03-31 12:00");
    let views = views(&clinic.ledger);
    let reports = Reports::new(&views, "test");
    let board = reports.board(clinic.account, clinic.now(), Some(clinic.liveness())).unwrap();
    let place = Place { account: clinic.account, name: clinic.name.clone(), zone: clinic.zone };
    BoardPage { place, board, may_release: true }
}

#[test]
fn a_dormant_seat_is_told_by_word_and_shape() {
    let stage = Stage::set();
    let found = shown(&silent(&[Setting::Reclaim(Reclaim::Never)]), &stage);
    let seat = by_id(&found, "seat-1");
    assert!(seat.text.contains("◍ dormant silent for 4 h"), "{}", seat.text);
}

#[test]
fn accounts_are_sorted_and_found() {
    let stage = Stage::set();
    let check = |search: &str, sort: Sort, expected: &[&str]| {
        let found = elements(&stage.accounts(search, sort).page(&stage.frame()));
        let rows = found.iter().filter(|e| e.name == "th" && e.get("scope") == "row");
        let names: Vec<&str> = rows.map(|row| row.text.as_str()).collect();
        assert_eq!(&names[..expected.len().min(names.len())], expected, "{search} {sort:?}");
        names.len()
    };
    let first = check("", Sort::Urgent, &["Riverside Clinic"]);
    assert_eq!(first, 7);
    let seats = [
        "Bayside Dental & Orthodontics of Greater Port Macquarie and Districts",
        "Northern Lights Imaging",
    ];
    check("", Sort::Seats, &seats);
    check("", Sort::Name, &["<b>Bold</b> & Partners"]);
    assert_eq!(check(" ANNE ", Sort::Urgent, &["St Anne's Physiotherapy"]), 1);
    assert_eq!(check("account-5", Sort::Urgent, &["מרפאת הכרמל"]), 1);
    assert_eq!(check("nobody", Sort::Urgent, &[]), 0);
    for sort in [Sort::Urgent, Sort::Name, Sort::Seats, Sort::Denials] {
        assert_eq!(Sort::from_word(sort.word()), sort);
    }
    let found = elements(&stage.accounts("", Sort::Denials).page(&stage.frame()));
    let sorted: Vec<&str> =
        found.iter().filter(|e| e.has("aria-sort")).map(|e| e.text.as_str()).collect();
    assert_eq!(sorted, ["Refused today"]);
}

#[test]
fn the_week_has_a_figure_in_every_cell() {
    let stage = Stage::set();
    for show in [Show::Average, Show::Peak, Show::Full, Show::Refused] {
        assert_eq!(Show::from_word(show.word()), show);
        let found = elements(&stage.usage(show).page(&stage.frame()));
        let grid = found.iter().position(|element| element.is("grid")).unwrap();
        let cells: Vec<&Element> =
            found.iter().filter(|e| e.name == "td" && e.within.contains(&grid)).collect();
        assert_eq!(cells.len(), 168);
        assert!(cells.iter().all(|cell| cell.text.starts_with(|c: char| c.is_ascii_digit())));
        let darkest = cells.iter().filter(|cell| cell.is("shade-8")).count();
        assert!(darkest >= 1, "{show:?}: the most is darkest");
        assert!(
            cells.iter().all(|cell| cell.is("shade-0")
                == (cell.text.trim_start_matches('0').is_empty() || cell.text.starts_with("0 "))),
            "{show:?}"
        );
    }
}
