//! Why a user was refused, in every way that can be.

use crate::clinic::{CLINIC, Clinic, content};
use reporting::{Present, Report, Reports, Why};
use seats::{Command, Reclaim, SameUser, Setting, SiteId, UserPolicy, WhenFull};
use serde_json::Value;

fn clinic(licences: u32, settings: &[Setting]) -> Clinic {
    let mut clinic = Clinic::open("Europe/London", "2026-03-27 08:00", licences, settings, None);
    clinic.site("North");
    clinic.site("South");
    clinic
}

fn why(clinic: &mut Clinic, user: &str, at: Option<&str>) -> Why {
    let (user, views) = (clinic.user(user), clinic.views());
    let at = at.map(|at| clinic.zone.read_time(at).unwrap());
    let present = Present { at: clinic.now(), liveness: Some(clinic.liveness()) };
    Reports::new(&views, "test").why(CLINIC, user, at, present).unwrap()
}

/// The whole text, without its provenance.
fn check(clinic: &mut Clinic, user: &str, at: Option<&str>, expected: &str) {
    let found = content(&why(clinic, user, at).text());
    assert_eq!(found, expected, "\n{found}\n");
}

/// What happened, and the advice, a line each.
fn check_lines(clinic: &mut Clinic, user: &str, explanation: &[&str], advice: &[&str]) {
    let why = why(clinic, user, None);
    assert_eq!(why.explanation, explanation);
    assert_eq!(why.advice, advice);
}

const TRYING: &str = "Carol may still be trying: less than five minutes have passed.";

/// Bob closed his browser yesterday, and the policy lets him keep the seat.
fn ghost() -> Clinic {
    let mut clinic = clinic(2, &[Setting::Reclaim(Reclaim::Never)]);
    clinic.clock("17:40").login("Bob");
    clinic.clock("17:58").heartbeat("Bob");
    clinic.at("2026-03-28 08:41:10").login("Alice");
    for time in ["08:58", "08:59", "09:02:11"] {
        clinic.clock(time).heartbeat("Alice");
        clinic.login("Carol");
    }
    clinic
}

#[test]
fn a_ghost_keeps_its_seat() {
    let mut clinic = ghost();
    let expected = "\
Carol at Riverside Clinic

Carol was refused on Saturday 28 March 2026 at 09:02: both seats were held.
Carol tried 3 times, from 08:58 to 09:02.
  seat 1: Bob, since Fri 27 Mar 17:40, silent since Fri 27 Mar 17:58
  seat 2: Alice, since 08:41, active
No seat is taken from a silent holder here: the policy says reclaim never.
Carol may still be trying: less than five minutes have passed.

What can be done now:
  - Release seat 1: Bob has been silent since Fri 27 Mar 17:58, for 15 h 4 min.
  - Let silent holders' seats be taken when somebody needs them (reclaim on-demand).
  - Ask one of those logged in to log out: Alice (seat 2).
  - Buy another licence; 2 are in force.

Evidence: commit 15 of the account, position 14 of the log.";
    check(&mut clinic, "Carol", None, expected);
}

#[test]
fn what_became_of_it() {
    let mut clinic = ghost();
    clinic.clock("09:30").release("Bob");
    let gave_up = why(&mut clinic, "Carol", None);
    assert_eq!(
        gave_up.explanation.last().unwrap(),
        "Carol gave up after 3 attempts and has not logged in since."
    );
    assert_eq!(gave_up.advice, ["Log in again: a seat is free now."]);
    clinic.clock("09:40").login("Carol");
    let expected = "\
Carol at Riverside Clinic

Carol was refused on Saturday 28 March 2026 at 08:58: both seats were held.
Carol tried 3 times, from 08:58 to 09:02.
  seat 1: Bob, since Fri 27 Mar 17:40, silent since Fri 27 Mar 17:58
  seat 2: Alice, since 08:41, active
No seat is taken from a silent holder here: the policy says reclaim never.
Carol gave up after 3 attempts, and got seat 1 at 09:40, 42 min after the first attempt.

What can be done now:
  - Nothing: Carol is logged in now, on seat 1 since 09:40; logging in elsewhere moves that session there.

Evidence: commit 11 of the account, position 10 of the log.";
    check(&mut clinic, "Carol", Some("2026-03-28 08:58:30"), expected);
    let json: Value = serde_json::from_str(&why(&mut clinic, "Carol", None).json()).unwrap();
    let refusal = &json["refusal"];
    assert_eq!(refusal["at"], "2026-03-28T09:02:11Z");
    assert_eq!(refusal["reason"], "all_seats_held");
    assert_eq!(refusal["holders"][0]["state"], "dormant");
    assert_eq!(refusal["holders"][0]["last_seen"], "2026-03-27T17:58:00Z");
    assert_eq!((&refusal["attempts"], &refusal["dormant"]), (&3.into(), &1.into()));
    assert_eq!(refusal["granted"], "2026-03-28T09:40:00Z");
    assert_eq!(json["logged_in"], true);
}

#[test]
fn never_refused() {
    let mut clinic = ghost();
    check_lines(
        &mut clinic,
        "Alice",
        &["Alice was never refused. Alice is logged in, on seat 2 since 08:41."],
        &[
            "Nothing: Alice is logged in now, on seat 2 since 08:41; logging in elsewhere moves that session there.",
        ],
    );
    let before = why(&mut clinic, "Carol", Some("2026-03-28 08:57"));
    assert_eq!(
        before.explanation,
        ["Carol was never refused up to Saturday 28 March 2026 at 08:57. Carol is not logged in."]
    );
    let bob = clinic.user("Bob");
    clinic.take(&Command::SuspendUser { user: bob });
    check_lines(
        &mut clinic,
        "Bob",
        &["Bob was never refused. But Bob is suspended, and would be refused now."],
        &["Reinstate Bob, who is suspended."],
    );
}

#[test]
fn everybody_is_there() {
    let settings =
        [Setting::Linger(600), Setting::MaxSession(Some(8 * 3600)), Setting::Overdraft(1)];
    let mut clinic = clinic(2, &settings);
    clinic.clock("09:00").login("Alice");
    clinic.login_at("Bob", Some("North"));
    clinic.login("Dora");
    clinic.clock("09:01").logout("Dora");
    clinic.licences_from(4, "2026-04-01");
    clinic.clock("09:01:30").login("Carol");
    check_lines(
        &mut clinic,
        "Carol",
        &[
            "Carol was refused on Friday 27 March 2026 at 09:01: all 3 seats were held (2 licences and 1 of overdraft).",
            "  seat 1: Alice, since 09:00, active",
            "  seat 2: Bob (North), since 09:00, active",
            "  seat 3: kept for Dora after log-out, until 09:11",
            TRYING,
        ],
        &[
            "Wait until 09:11: then seat 3, kept for Dora, is free.",
            "Wait until 17:00: then Alice's session on seat 1 ends by itself.",
            "Wait until Wed 1 Apr 00:00: from then there are 4 licences.",
            "Ask one of those logged in to log out: Alice (seat 1), Bob (seat 2).",
            "If one of them has closed the browser, try again 2 min after their last sign of life.",
            "Buy another licence; 2 are in force.",
        ],
    );
    // Alice and Bob fall silent at 09:02; the log does not know yet.
    clinic.clock("09:04");
    let later = why(&mut clinic, "Carol", None);
    assert_eq!(
        later.advice,
        [
            "Log in again: a seat is taken for it from a silent holder: Alice has been silent since 09:00, for 4 min."
        ]
    );
    clinic.clock("09:05").login("Carol");
    let granted = why(&mut clinic, "Carol", None);
    assert_eq!(
        granted.explanation.last().unwrap(),
        "Carol got seat 1 at 09:05, 3 min 30 s after the first attempt."
    );
}

#[test]
fn nothing_tells_who_is_there() {
    let mut clinic = clinic(1, &[Setting::Lease(None)]);
    clinic.clock("09:00").login("Alice");
    clinic.clock("12:00").login("Carol");
    check_lines(
        &mut clinic,
        "Carol",
        &[
            "Carol was refused on Friday 27 March 2026 at 12:00: the only seat was held.",
            "  seat 1: Alice, since 09:00; nothing tells whether still there (lease none)",
            TRYING,
        ],
        &[
            "Ask one of those logged in to log out: Alice (seat 1).",
            "Release the seat of one who is not there any more.",
            "Buy another licence; 1 is in force.",
        ],
    );
}

#[test]
fn fewer_licences_than_held() {
    let mut clinic = clinic(3, &[]);
    for name in ["Alice", "Bob", "Dora"] {
        clinic.clock("09:00").login(name);
    }
    clinic.clock("09:01").licences(1);
    clinic.clock("09:01:59").heartbeat("Alice");
    clinic.heartbeat("Bob");
    clinic.clock("09:03").login("Carol");
    check_lines(
        &mut clinic,
        "Carol",
        &[
            "Carol was refused on Friday 27 March 2026 at 09:03: 3 seats were held, more than the 1 that may be.",
            "  seat 1: Alice, since 09:00, active",
            "  seat 2: Bob, since 09:00, active",
            "  seat 3: Dora, since 09:00, silent since 09:00",
            "Taking the silent holders' seats would not have helped: without them 2 seats were still held, and only 1 may be.",
            TRYING,
        ],
        &[
            "3 seats must be given up first: 3 are taken and 1 may be.",
            "Release seat 3: Dora has been silent since 09:00, for 3 min.",
            "Ask one of those logged in to log out: Alice (seat 1), Bob (seat 2).",
            "If one of them has closed the browser, try again 2 min after their last sign of life.",
            "Buy 3 more licences; 1 is in force.",
        ],
    );
}

#[test]
fn reserved_seats() {
    let mut clinic = clinic(2, &[]);
    clinic.set(Setting::Reserved(SiteId(1), 1));
    clinic.clock("09:00").login("Alice");
    clinic.clock("09:01").login_at("Carol", Some("South"));
    check_lines(
        &mut clinic,
        "Carol",
        &[
            "Carol was refused on Friday 27 March 2026 at 09:01: the seats that were free are reserved for North (1 seat).",
            "  seat 1: Alice, since 09:00, active",
            TRYING,
        ],
        &[
            "Log in from a site that seats are reserved for: North (1 seat).",
            "Reserve fewer seats.",
            "Ask one of those logged in to log out: Alice (seat 1).",
            "If one of them has closed the browser, try again 2 min after their last sign of life.",
            "Buy another licence; 2 are in force.",
        ],
    );
    // Nora's seat would go back to her site, so releasing it is no help.
    clinic.clock("09:30").login_at("Nora", Some("North"));
    clinic.clock("09:32:30").heartbeat("Alice");
    clinic.clock("09:33").login("Carol");
    check_lines(
        &mut clinic,
        "Carol",
        &[
            "Carol was refused on Friday 27 March 2026 at 09:33: both seats were held.",
            "  seat 1: Alice, since 09:00, active",
            "  seat 2: Nora (North), since 09:30, silent since 09:30",
            "Taking a silent holder's seat would not have helped: it is reserved for North (1 seat).",
            TRYING,
        ],
        &[
            "Ask one of those logged in to log out: Alice (seat 1).",
            "If one of them has closed the browser, try again 2 min after their last sign of life.",
            "Buy another licence; 2 are in force.",
        ],
    );
}

/// The first sentence and the first advice.
#[test]
fn not_for_want_of_seats() {
    let mut clinic = clinic(5, &[Setting::SameUser(SameUser::Deny)]);
    let check = |clinic: &mut Clinic, user: &str, because: &str, advice: &str| {
        let why = why(clinic, user, None);
        let day = "on Friday 27 March 2026 at";
        assert_eq!(why.explanation[0], format!("{user} was refused {day} {because}"));
        assert_eq!(why.advice, [advice]);
        assert_eq!(why.explanation.len(), 2);
    };
    clinic.clock("09:00").login("Alice");
    clinic.clock("09:01").login("Alice");
    check(
        &mut clinic,
        "Alice",
        "09:01: Alice was logged in already, on seat 1 since 09:00, and the policy allows a user one session (same-user deny).",
        "Alice is logged in now, on seat 1 since 09:00; to log in elsewhere, log out there, or release seat 1.",
    );
    clinic.clock("09:02").login("Bob");
    let bob = clinic.user("Bob");
    clinic.take(&Command::SuspendUser { user: bob });
    clinic.clock("09:03").login("Bob");
    check(&mut clinic, "Bob", "09:03: Bob was suspended.", "Reinstate Bob, who is suspended.");
    clinic.set(Setting::Users(UserPolicy::Registered));
    clinic.clock("09:04").login("Zoe");
    check(
        &mut clinic,
        "Zoe",
        "09:04: the account admits registered users only, and Zoe was not one.",
        "Add Zoe as a user: the account admits registered users only.",
    );
    clinic.clock("09:05").add_user("Zoe");
    assert_eq!(why(&mut clinic, "Zoe", None).advice, ["Log in again: a seat is free now."]);
    clinic.take(&Command::Suspend);
    clinic.clock("09:06").login("Carol");
    check(
        &mut clinic,
        "Carol",
        "09:06: the account was suspended.",
        "Reinstate the account: while it is suspended nobody new gets in.",
    );
    clinic.take(&Command::Close);
    clinic.clock("09:20").login("Carol");
    check(
        &mut clinic,
        "Carol",
        "09:20: the account was closed.",
        "The account is closed; another account has to be opened.",
    );
}

/// What the refused user may see is another matter: support sees the names.
#[test]
fn support_sees_names_whatever_the_policy() {
    let mut clinic = ghost();
    clinic.set(Setting::Names(seats::Names::None));
    clinic.clock("09:03").login("Carol");
    assert!(why(&mut clinic, "Carol", None).text().contains("seat 1: Bob,"));
}

#[test]
fn somebody_in_line() {
    let mut clinic = clinic(1, &[Setting::WhenFull(WhenFull::Queue), Setting::Lease(None)]);
    clinic.clock("08:10").login("Alice");
    clinic.clock("08:20").login("Carol");
    clinic.clock("08:21").login("Dan");
    check_lines(
        &mut clinic,
        "Dan",
        &[
            "Dan had to wait in line from Friday 27 March 2026 at 08:21: the only seat was held.",
            "  seat 1: Alice, since 08:10; nothing tells whether still there (lease none)",
            "Dan is still in line, place 2.",
        ],
        &[
            "Dan is in line since 08:21, place 2, and need only wait there.",
            "Ask one of those logged in to log out: Alice (seat 1).",
            "Release the seat of one who is not there any more.",
            "Buy another licence; 1 is in force.",
        ],
    );
    clinic.clock("08:21:30").logout("Alice");
    clinic.clock("08:22");
    let why = why(&mut clinic, "Carol", None);
    let offered = "seat 1 is offered to Carol until 08:22: take it there.";
    assert_eq!(why.advice.first().map(String::as_str), Some(offered));
}
