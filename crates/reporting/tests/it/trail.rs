//! The trail of an account: everything, or one user's, in words with evidence.

use crate::clinic::{CLINIC, Clinic, content};
use ledger::Role;
use reporting::{Report, Reports, Trail};
use seats::{Event, Reclaim, SeatNo, SessionId, Setting};
use serde_json::json;

fn clinic() -> Clinic {
    let mut clinic = Clinic::open("Europe/London", "2026-03-27 08:00", 2, &[], None);
    clinic.site("North");
    clinic.clock("17:40").login("Bob");
    clinic.at("2026-03-28 08:41:10").login_at("Alice", Some("North"));
    clinic.clock("08:42").login("Carol");
    clinic.clock("08:43").login("Dora");
    clinic.clock("08:44").heartbeat("Alice");
    clinic.clock("08:45").release("Carol");
    clinic.clock("08:46").licences(1);
    clinic.set(Setting::Reclaim(Reclaim::Never));
    clinic
}

fn trail(clinic: &mut Clinic, user: Option<&str>, from: Option<&str>, to: Option<&str>) -> Trail {
    let views = clinic.views();
    let user = user.map(|user| clinic.user(user));
    let at = |at: Option<&str>| at.map(|at| clinic.zone.read_time(at).unwrap());
    Reports::new(&views, "test").trail(CLINIC, user, at(from), at(to)).unwrap()
}

#[test]
fn the_history_in_words() {
    let found = content(&trail(&mut clinic(), None, None, None).text());
    let expected = "\
Riverside Clinic from 2026-03-27 08:00:00 GMT to 2026-03-28 08:46:00 GMT

When                     Position  Version  By       What
-------------------------------------------------------------------------------------------------------------------------------------------------------
2026-03-27 08:00:00 GMT         0        1  admin    open account in Europe/London; set licences 2
2026-03-27 08:00:00 GMT         1        2  app      add site North
2026-03-27 17:40:00 GMT         2        3  app      add user Bob; login Bob -> seat 1
2026-03-27 17:42:00 GMT         3        4  clock    Bob silent since 17:40:00 -> keeps seat 1
2026-03-28 08:41:10 GMT         4        5  app      add user Alice; login Alice at North -> seat 2
2026-03-28 08:42:00 GMT         5        6  app      add user Carol; login Carol -> seat 1 reclaimed from Bob, silent since 2026-03-27 17:40:00; seat 1
2026-03-28 08:43:00 GMT         6        7  app      add user Dora; login Dora -> denied: all 2 seats are held
2026-03-28 08:43:10 GMT         7        8  clock    Alice silent since 08:41:10 -> keeps seat 2
2026-03-28 08:44:00 GMT         8        9  clock    Carol silent since 08:42:00 -> keeps seat 1
2026-03-28 08:44:00 GMT         9       10  app      Alice back -> keeps seat 2
2026-03-28 08:45:00 GMT        10       11  support  release Carol: browser closed -> seat 1 free
2026-03-28 08:46:00 GMT        11       12  clock    Alice silent since 08:44:00 -> keeps seat 2
2026-03-28 08:46:00 GMT        12       13  admin    set licences 1
2026-03-28 08:46:00 GMT        13       14  app      set reclaim never";
    assert_eq!(found, expected, "\n{found}\n");
}

/// The versions of the commits that are shown.
#[test]
fn one_user_and_a_range() {
    let mut clinic = clinic();
    let mut check = |user: Option<&str>, from: Option<&str>, to: Option<&str>, expected: &[u64]| {
        let trail = trail(&mut clinic, user, from, to);
        let versions: Vec<u64> = trail.rows.iter().map(|row| row.version).collect();
        assert_eq!(versions, expected, "{user:?} {from:?} {to:?}");
        assert_eq!(trail.provenance.rows, Some(expected.len() as u64));
    };
    // Bob's seat is taken for Carol: that concerns both.
    check(Some("Bob"), None, None, &[3, 4, 6]);
    check(Some("Carol"), None, None, &[6, 9, 11]);
    check(Some("Dora"), None, None, &[7]);
    check(None, Some("2026-03-28 08:43"), Some("2026-03-28 08:44"), &[7, 8]);
    check(Some("Alice"), Some("2026-03-28 08:44"), None, &[10, 12]);
    check(None, Some("2026-03-29"), None, &[]);
    check(None, None, Some("2026-03-01"), &[]);
}

#[test]
fn rows_for_programs() {
    let trail = trail(&mut clinic(), Some("Dora"), None, None);
    let json: serde_json::Value = serde_json::from_str(&trail.json()).unwrap();
    assert_eq!(
        json["rows"],
        json!([{
            "at": "2026-03-28T08:43:00Z", "recorded_at": null,
            "what": "add user Dora; login Dora -> denied: all 2 seats are held", "note": null,
            "by": "app", "position": 6, "version": 7,
        }])
    );
    assert_eq!(
        json["provenance"]["totals"],
        json!({"commits_in_range": "14", "commits": "1", "events": "3"})
    );
}

/// An imported session: asked, granted later, recorded years after.
#[test]
fn what_was_recorded_later_says_when() {
    let mut clinic = Clinic::open("Europe/London", "1996-09-30 12:00", 1, &[], None);
    let at = |time: &str| clinic.zone.read_time(&format!("1996-09-30 {time}")).unwrap();
    let (asked, granted) = (at("12:10:29"), at("12:12:29"));
    let user = clinic.user("u017");
    let subject = ledger::Subject::user(CLINIC, user);
    let profile = clinic.ledger.book().enrol(subject, "u017").unwrap();
    clinic.at("2026-01-05 10:00");
    let request = seats::RequestId([1; 16]);
    let ask = Event::LoginRequested { request, user, site: None, device: None };
    clinic.record(Role::Importer, asked, vec![Event::UserAdded { user, profile }, ask]);
    let (session, seat) = (SessionId(1), SeatNo(1));
    let grant = Event::SeatGranted { request: Some(request), session, seat, overdraft: false };
    clinic.record(Role::Importer, granted, vec![grant]);
    let trail = trail(&mut clinic, Some("u017"), None, None);
    let found = content(&trail.text());
    let expected = "\
u017 at Riverside Clinic from 1996-09-30 12:00:00 BST to 1996-09-30 12:12:29 BST

When                     Recorded                 Position  Version  By        What
--------------------------------------------------------------------------------------------------------
1996-09-30 12:10:29 BST  2026-01-05 10:00:00 GMT         1        2  importer  add user u017; login u017
1996-09-30 12:12:29 BST  2026-01-05 10:00:00 GMT         2        3  importer  -> seat 1";
    assert_eq!(found, expected, "\n{found}\n");
}
