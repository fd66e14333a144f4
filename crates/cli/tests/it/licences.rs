//! Changes of licences and of reservations: what is printed is what counts.

use crate::place::{Place, talk};
use admission::{Admission, Clock, ManualClock, NewAccount, Options, SystemClock};
use ledger::{Actor, Ledger, Role};
use reporting::civil::{Zone, show_date};
use seats::{Micros, Timestamp};

const ADMIN: Actor = Actor { role: Role::Admin, id: 0 };

fn now() -> Timestamp {
    SystemClock.wall()
}

/// A civil day in UTC, so many days from today.
fn day(from_today: i64) -> String {
    let days = u32::try_from(from_today.unsigned_abs()).unwrap();
    let length = Micros::from_secs(86_400 * days);
    let at = if from_today < 0 { now() - length } else { now() + length };
    show_date(Zone::UTC.date_of(at))
}

/// An account of two licences that was opened a hundred days ago.
fn old_account() -> Place {
    let place = Place::new();
    let ledger = Ledger::create(&place.data(), &ledger::Options::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let clock = ManualClock::new(now() - Micros::from_secs(100 * 86_400));
        let admission = Admission::start(ledger, Options::one_shot(), clock).unwrap();
        admission.open_account(NewAccount::new("p", "UTC", 2), ADMIN).await.unwrap();
        admission.stop().await.unwrap();
    });
    place
}

#[test]
fn a_change_says_from_when_and_what_is_in_force() {
    let place = old_account();
    let said = place.ok("account set-licences p 3");
    assert_eq!(said, "p: licences 3 from now; in force now: 3\n");
    let later = day(30);
    let said = place.ok(&format!("account set-licences p 9 --from {later}"));
    assert!(said.contains(&format!("licences 9 from {later} 00:00:00 UTC")), "{said}");
    assert!(said.ends_with("in force now: 3\n"), "{said}");
    // The announced change still comes.
    let said = place.ok("account set-licences p 4");
    assert!(said.contains(&format!("until {later} 00:00:00 UTC")), "{said}");
    assert!(said.contains("makes them 9; in force now: 4"), "{said}");
    let json = place.json("account set-licences p 5");
    assert_eq!((&json["in_force_now"], &json["then"]), (&5.into(), &9.into()), "{json}");
}

#[test]
fn a_change_that_would_do_nothing_is_refused() {
    let place = old_account();
    place.ok("account set-licences p 3");
    let today = day(0);
    let line = format!("account set-licences p 1 --from {today}");
    place.fails(&line, 4, &["nothing would come of it", "set to 3", "leave out --from"]);
    assert_eq!(place.json("account list")["accounts"][0]["licences"], 3);
    assert_eq!(place.json("verify")["commits"], 2, "nothing was recorded");
    // A correction of days that are over counts for them, and says until when.
    let past = day(-20);
    let said = place.ok(&format!("account set-licences p 1 --from {past}"));
    assert!(
        said.contains(&format!("licences 1 from {past}")) && said.contains(" until "),
        "{said}"
    );
    assert!(said.ends_with("makes them 3; in force now: 3\n"), "{said}");
}

#[test]
fn reservations_above_the_licences_are_remarked_on() {
    let place = old_account();
    place.ok("site add p north");
    let said = talk(&place.run("account set-policy p --reserved north:1"));
    assert!(!said.contains("note: 1 seats"), "{said}");
    let said = talk(&place.run("account set-policy p --reserved north:9"));
    assert!(said.contains("9 seats are reserved for sites, and 2 licences are in force"), "{said}");
    place.fails("login p eve", 3, &["reserved for other sites"]);
    let why = place.ok("why p eve");
    assert!(why.contains("reserved for north (all 2 seats)") && !why.contains("9 seats"), "{why}");
}
