//! The picture of a day: bars and crosses stand where their times are, also when the clocks change.

use crate::clinic::{Clinic, ledger, views};
use crate::markup::{Element, elements, of_class};
use desk::{Frame, Place, WhyPage};
use reporting::Reports;
use reporting::civil::read_date;
use seats::{Reclaim, ReleaseReason, SameUser, Setting, WhenFull};

fn clinic(opened: &str, settings: &[Setting]) -> Clinic {
    let mut all = vec![Setting::Reclaim(Reclaim::Never)];
    all.extend_from_slice(settings);
    Clinic::open(&ledger(), 1, "Riverside Clinic", "Europe/London", opened, 2, &all, None)
}

/// The page of a day, as somebody sees it who does not ask about anybody.
fn day(clinic: &Clinic, date: &str) -> Vec<Element> {
    let (views, now) = (views(&clinic.ledger), clinic.now());
    let date = read_date(date).unwrap();
    let reports = Reports::new(&views, "test");
    let day = reports.day(clinic.account, date, now, Some(clinic.liveness())).unwrap();
    let place = Place { account: clinic.account, name: clinic.name.clone(), zone: clinic.zone };
    let frame = Frame {
        title: "Seatledger".to_owned(),
        signed_in_as: None,
        role: String::new(),
        csrf: String::new(),
        now,
        live: None,
        notice: None,
    };
    elements(&WhyPage { place, why: None, day }.page(&frame))
}

/// Bars of a kind in the picture: left edge and width.
fn bars(page: &[Element], kind: &str) -> Vec<(String, String)> {
    let inside = |bar: &&&Element| bar.within.iter().any(|place| page[*place].is("session"));
    let bars = of_class(page, "rect", kind);
    let bars = bars.iter().filter(inside);
    bars.map(|bar| (bar.get("x").to_owned(), bar.get("width").to_owned())).collect()
}

fn pairs(found: &[(String, String)]) -> Vec<(&str, &str)> {
    found.iter().map(|(x, width)| (x.as_str(), width.as_str())).collect()
}

/// The hours as they are written under the line: left edge and word.
fn strokes(page: &[Element]) -> Vec<(String, String)> {
    let ticks = of_class(page, "line", "hour");
    let words = of_class(page, "text", "tick");
    assert_eq!(ticks.len(), words.len());
    let both = ticks.iter().zip(words);
    both.map(|(tick, word)| (tick.get("x1").to_owned(), word.text.clone())).collect()
}

#[test]
fn silence_is_hatched_and_stands_where_it_was() {
    let mut clinic = clinic("2026-03-27 09:00", &[]);
    clinic.at("2026-03-27 17:40").login("Bob");
    clinic.at("2026-03-27 17:50").vanish("Bob");
    clinic.at("2026-03-28 06:00").release("Bob", ReleaseReason::HolderAway, None);
    clinic.at("2026-03-28 12:00").login("Alice");
    clinic.at("2026-03-28 18:00").logout("Alice");
    clinic.at("2026-03-29 09:00");
    let page = day(&clinic, "2026-03-28");
    // 936 units are 24 hours and begin at 64: a quarter of the day is 234.
    assert_eq!(pairs(&bars(&page, "dormant")), [("64", "234")]);
    assert_eq!(pairs(&bars(&page, "live")), [("532", "234")]);
    let hatched = of_class(&page, "rect", "dormant");
    assert!(hatched.iter().all(|bar| bar.get("fill") == "url(#hatch)"), "{hatched:?}");
    assert!(of_class(&page, "rect", "live").iter().all(|bar| !bar.has("fill")));
    let strokes = strokes(&page);
    assert_eq!(strokes.len(), 24);
    assert_eq!(strokes[6], ("298".to_owned(), "06".to_owned()));
    // The table says the same in words.
    let cells = page.iter().filter(|e| e.name == "td").map(|e| e.text.trim()).collect::<Vec<_>>();
    assert!(cells.contains(&"00:00 to 06:00 (6 h)"), "{cells:?}");
    assert!(cells.contains(&"released: holder away"), "{cells:?}");
    // The day before: live to the end of the lease, ten minutes after the last sign.
    let page = day(&clinic, "2026-03-27");
    assert_eq!(pairs(&bars(&page, "live")), [("753", "13")]);
    assert_eq!(pairs(&bars(&page, "dormant")), [("766", "234")]);
}

#[test]
fn a_day_of_23_hours_and_one_of_25() {
    let mut spring = clinic("2026-03-28 09:00", &[]);
    spring.at("2026-03-29 12:00").login("Alice");
    spring.at("2026-03-30 00:00").logout("Alice");
    let page = day(&spring, "2026-03-29");
    let found = strokes(&page);
    let words: Vec<&str> = found.iter().take(4).map(|(_, word)| word.as_str()).collect();
    assert_eq!((found.len(), words), (23, vec!["00", "02", "03", "04"]));
    assert_eq!(found[1].0, "104.6", "the clock strikes two after one hour");
    assert_eq!(pairs(&bars(&page, "live")), [("511.6", "488.4")], "noon is the eleventh hour");
    let told = page.iter().find(|e| e.name == "desc").unwrap();
    assert!(told.text.contains("the day had 23 h"), "{}", told.text);

    assert!(page.iter().any(|e| e.text == "The clocks were changed: this day had 23 h."));

    let mut autumn = clinic("2026-10-24 09:00", &[]);
    autumn.at("2026-10-25 12:00").login("Alice");
    autumn.at("2026-10-26 00:00").logout("Alice");
    let page = day(&autumn, "2026-10-25");
    let found = strokes(&page);
    let words: Vec<&str> = found.iter().take(4).map(|(_, word)| word.as_str()).collect();
    assert_eq!((found.len(), words), (25, vec!["00", "01", "01", "02"]));
    assert_eq!(pairs(&bars(&page, "live")), [("550.7", "449.3")]);
}

#[test]
fn refusals_are_crosses_and_near_ones_share_one() {
    let mut clinic = clinic("2026-03-28 09:00", &[]);
    clinic.login("Alice");
    clinic.login("Bob");
    for time in ["12:00", "12:01", "12:30"] {
        clinic.at(&format!("2026-03-28 {time}")).login("Carol");
    }
    clinic.at("2026-03-28 18:00");
    let page = day(&clinic, "2026-03-28");
    let crosses: Vec<&Element> = of_class(&page, "line", "thread");
    let x: Vec<&str> = crosses.iter().map(|cross| cross.get("x1")).collect();
    assert_eq!(x, ["532", "551.5"]);
    assert_eq!(of_class(&page, "text", "times")[0].text, "×2");
    let group = &page[*crosses[0].within.last().unwrap()];
    assert!(group.text.contains("12:01") && group.text.contains("Carol"), "{}", group.text);
    // What is still to come today is drawn as such.
    let to_come = of_class(&page, "rect", "to-come");
    assert_eq!((to_come[0].get("x"), to_come[0].get("width")), ("766", "234"));
}

#[test]
fn a_login_put_in_line_is_a_clock_and_no_cross() {
    let mut clinic = clinic("2026-03-28 09:00", &[Setting::WhenFull(WhenFull::Queue)]);
    clinic.login("Alice");
    clinic.login("Bob");
    clinic.at("2026-03-28 12:00").login("Carol");
    clinic.at("2026-03-28 12:30");
    let page = day(&clinic, "2026-03-28");
    let thread = of_class(&page, "line", "thread")[0];
    let group = &page[*thread.within.last().unwrap()];
    assert!(group.is("waits") && group.text.contains("was put in line"), "{group:?}");
    let cells = page.iter().filter(|e| e.name == "td").map(|e| e.text.trim()).collect::<Vec<_>>();
    assert!(cells.contains(&"put in line: all 2 seats are held"), "{cells:?}");
}

#[test]
fn sessions_that_share_a_seat_lie_below_one_another() {
    let mut clinic = clinic("2026-03-28 09:00", &[Setting::SameUser(SameUser::Share)]);
    clinic.login("Alice");
    clinic.at("2026-03-28 10:00").login("Alice");
    clinic.at("2026-03-28 11:00").login("Bob");
    let page = day(&clinic, "2026-03-28");
    let bars = of_class(&page, "rect", "bar");
    let inside = |bar: &&&Element| bar.within.iter().any(|place| page[*place].is("session"));
    let tops: Vec<&str> = bars.iter().filter(inside).map(|bar| bar.get("y")).collect();
    // Alice's second session is not heard of, and goes dormant.
    assert_eq!(tops, ["53", "77", "77", "107"]);
}
