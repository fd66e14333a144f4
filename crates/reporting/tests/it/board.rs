//! The board, denials, sessions and accounts at a glance.

use crate::clinic::{CLINIC, Clinic, content};
use reporting::board::Outlook;
use reporting::denials::Came;
use reporting::{Report, Reports};
use seats::{AccountId, Command, Reclaim, Setting, WhenFull};
use serde_json::Value;

/// Two licences; Bob goes silent on Friday, Carol is refused twice on Saturday and gets in after a release.
fn clinic() -> Clinic {
    let settings = [Setting::Reclaim(Reclaim::Never)];
    let mut clinic = Clinic::open("Europe/London", "2026-03-27 08:00", 2, &settings, None);
    clinic.site("North");
    clinic.clock("17:40").login("Bob");
    clinic.at("2026-03-28 08:41").login_at("Alice", Some("North"));
    clinic.clock("08:58").heartbeat("Alice");
    clinic.login("Carol");
    clinic.clock("09:01").heartbeat("Alice");
    clinic.login("Carol");
    clinic.clock("09:03").release("Bob");
    clinic.login("Carol");
    clinic.clock("09:04").heartbeat("Alice");
    clinic
}

#[test]
fn denials_are_told_as_episodes() {
    let mut clinic = clinic();
    clinic.clock("09:30").heartbeat("Alice");
    clinic.heartbeat("Carol");
    clinic.login("Dan");
    clinic.clock("09:31");
    let views = clinic.views();
    let reports = Reports::new(&views, "test");
    let all = |until| reports.denials(CLINIC, None, None, until).unwrap();
    let found = all(clinic.now());
    let expected = "\
Riverside Clinic from 2026-03-27 08:00:00 GMT to 2026-03-28 09:30:00 GMT

First                    Last      Attempts  User   Why                              What became of it
---------------------------------------------------------------------------------------------------------------------
2026-03-28 08:58:00 GMT  09:01:00         2  Carol  all 2 seats are held, 1 dormant  got a seat at 09:03, after 5 min
2026-03-28 09:30:00 GMT  09:30:00         1  Dan    all 2 seats are held             may still be trying";
    assert_eq!(content(&found.text()), expected, "\n{}", content(&found.text()));
    assert_eq!(found.attempts, 3);
    let later = clinic.zone.read_time("2026-03-28 09:35").unwrap();
    assert_eq!(all(later).rows[1].outcome, Came::Abandoned);
    assert_eq!(all(later).rows[1].came_in_words(clinic.zone), "gave up after 1 attempt");
    let json: Value = serde_json::from_str(&found.json()).unwrap();
    assert_eq!(json["rows"][0]["outcome"], "granted");
    assert_eq!(json["rows"][0]["granted"], "2026-03-28T09:03:00Z");
    assert_eq!(json["rows"][0]["reason"], "all_seats_held");
    assert_eq!(json["provenance"]["totals"]["denials"], "3");
}

#[test]
fn sessions_are_told_with_their_silences_and_ends() {
    let clinic = clinic();
    let views = clinic.views();
    let reports = Reports::new(&views, "test");
    let found = reports.sessions(CLINIC, None, None, None).unwrap();
    let bob = &found.rows[0];
    assert_eq!((bob.user.as_str(), bob.seat, bob.how), ("Bob", 1, Some("released")));
    assert_eq!(bob.ended_in_words.as_deref(), Some("released: browser closed"));
    assert_eq!(bob.by.as_deref(), Some("support"));
    let minute = |time: &str| reporting::At(clinic.zone.read_time(time).unwrap());
    let silence = bob.silences[0];
    assert_eq!(silence.since, minute("2026-03-27 17:42"));
    assert_eq!(silence.until, Some(minute("2026-03-28 09:03")));
    assert_eq!(found.rows[1].user, "Carol");
    assert_eq!(found.rows[1].made_way_for, None);
    assert_eq!((found.rows[2].site.as_deref(), found.rows[2].ended), (Some("North"), None));
    // Nothing is recorded of Carol's silence yet; the signs of life tell it.
    let noon = Some(clinic.zone.read_time("2026-03-28 12:00").unwrap());
    let logged = reports.sessions(CLINIC, None, noon, None).unwrap();
    assert!(logged.rows[1].silences.is_empty());
    let saved = reports.sessions(CLINIC, None, noon, Some(clinic.liveness())).unwrap();
    assert_eq!(saved.rows[1].silences[0].since, minute("2026-03-28 09:05"));
    assert_eq!(saved.rows[1].silences[0].until, None);
    // Only what overlaps.
    let from = Some(clinic.zone.read_time("2026-03-28 09:03").unwrap());
    let users: Vec<String> = reports
        .sessions(CLINIC, from, noon, None)
        .unwrap()
        .rows
        .into_iter()
        .map(|row| row.user)
        .collect();
    assert_eq!(users, ["Carol", "Alice"]);
}

#[test]
fn a_session_says_for_whom_it_made_way() {
    let mut clinic = Clinic::open("Europe/London", "2026-03-27 08:00", 1, &[], None);
    clinic.login("Bob");
    clinic.clock("08:30").login("Carol");
    let views = clinic.views();
    let found = Reports::new(&views, "test").sessions(CLINIC, None, None, None).unwrap();
    assert_eq!(
        (found.rows[0].how, found.rows[0].made_way_for.as_deref()),
        (Some("reclaimed"), Some("Carol"))
    );
    assert!(
        found.text().contains("reclaimed for somebody who needed the seat"),
        "{}",
        found.text()
    );
}

#[test]
fn the_board_says_what_the_next_login_meets() {
    let check = |clinic: &Clinic, outlook: Outlook, words: &str, free: &[u32]| {
        let views = clinic.views();
        let board = Reports::new(&views, "test")
            .board(CLINIC, clinic.now(), Some(clinic.liveness()))
            .unwrap();
        assert_eq!((board.outlook, board.free.as_slice()), (outlook, free));
        assert!(board.outlook_in_words.contains(words), "{}", board.outlook_in_words);
        assert!(board.text().contains(words));
        board
    };
    let mut clinic = Clinic::open("Europe/London", "2026-03-28 08:00", 3, &[], None);
    let north = clinic.site("North");
    clinic.login("Alice");
    check(&clinic, Outlook::Free, "2 seats are free", &[2, 3]);
    clinic.set(Setting::Reserved(north, 2));
    check(&clinic, Outlook::Reserved, "only logins from their sites get in", &[2, 3]);
    clinic.set(Setting::Reserved(north, 0));
    clinic.login("Bob");
    clinic.login("Carol");
    let full = check(&clinic, Outlook::Full, "the next login is refused", &[]);
    assert_eq!((full.release_floor_s, full.note_needed), (120, false));
    clinic.login("Dan");
    clinic.clock("08:30");
    let silent = check(&clinic, Outlook::Reclaimable, "the longest silent holder", &[]);
    assert_eq!(silent.denials.attempts, 1);
    clinic.set(Setting::Reclaim(Reclaim::Never));
    check(&clinic, Outlook::Full, "the policy says reclaim never", &[]);
    clinic.set(Setting::Reclaim(Reclaim::OnDemand));
    for name in ["Alice", "Bob"] {
        clinic.heartbeat(name);
    }
    clinic.licences(1);
    check(&clinic, Outlook::Full, "would not help", &[]);
    clinic.take(&Command::Suspend);
    check(&clinic, Outlook::Barred, "suspended", &[]);
    clinic.take(&Command::Close);
    check(&clinic, Outlook::Barred, "closed", &[1]);
    let later = clinic.zone.read_time("2026-04-04 09:00").unwrap();
    let views = clinic.views();
    let board = Reports::new(&views, "test").board(CLINIC, later, None).unwrap();
    assert_eq!(board.denials.attempts, 1, "seven days back, the first instant included");
    let later = seats::Timestamp(later.0 + 1);
    assert_eq!(
        Reports::new(&views, "test").board(CLINIC, later, None).unwrap().denials.attempts,
        0
    );
}

#[test]
fn the_board_shows_who_is_in_line() {
    let settings = [Setting::WhenFull(WhenFull::Queue)];
    let mut clinic = Clinic::open("Europe/London", "2026-03-28 08:00", 1, &settings, None);
    clinic.login("Alice");
    clinic.clock("08:01").heartbeat("Alice");
    clinic.login("Bob");
    clinic.login("Carol");
    let line = |clinic: &Clinic| {
        let views = clinic.views();
        let board = Reports::new(&views, "test")
            .board(CLINIC, clinic.now(), Some(clinic.liveness()))
            .unwrap();
        let offered: Vec<(String, Option<u32>)> =
            board.line.into_iter().map(|row| (row.user, row.offered)).collect();
        (board.outlook, board.outlook_in_words, offered)
    };
    let (outlook, words, found) = line(&clinic);
    assert_eq!(outlook, Outlook::Line);
    assert!(words.ends_with("the next login is put in line, at place 3."), "{words}");
    assert_eq!(found, [("Bob".to_owned(), None), ("Carol".to_owned(), None)]);
    clinic.logout("Alice");
    let (_, _, found) = line(&clinic);
    assert_eq!(found[0], ("Bob".to_owned(), Some(1)), "the seat is offered to who came first");
}

#[test]
fn accounts_at_a_glance() {
    let clinic = clinic();
    let views = clinic.views();
    let reports = Reports::new(&views, "test");
    let glance = |at: &str| {
        let at = clinic.zone.read_time(at).unwrap();
        let all = [AccountId(9), CLINIC, AccountId::SYSTEM];
        reports.glance(all, at, |_| Some(clinic.liveness().clone())).unwrap()
    };
    let now = glance("2026-03-28 09:04");
    assert_eq!(now.rows.len(), 1, "others do not exist");
    let row = &now.rows[0];
    assert_eq!((row.taken, row.licences, row.dormant, row.at_capacity), (2, 2, 0, true));
    assert_eq!(row.denials_today, 2);
    assert_eq!(row.last_denial.unwrap().0, clinic.zone.read_time("2026-03-28 09:01").unwrap());
    let later = &glance("2026-03-28 12:00").rows[0];
    assert_eq!((later.taken, later.dormant, later.denials_today), (2, 2, 2));
    let tomorrow = &glance("2026-03-29 00:00").rows[0];
    assert_eq!((tomorrow.denials_today, tomorrow.last_denial), (0, None));
    let lines = content(&now.text());
    assert!(
        lines.contains("Riverside Clinic      2         2        0              2  at capacity"),
        "{lines}"
    );
    let json: Value = serde_json::from_str(&now.json()).unwrap();
    assert_eq!(json["provenance"]["account"], "all accounts");
    assert_eq!(json["rows"][0]["time_zone"], "Europe/London");
}
