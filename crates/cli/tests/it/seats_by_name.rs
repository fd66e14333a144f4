//! Whose seat a log-out, heartbeat or release is about.

use crate::place::Place;

/// Users called 2 and bob, on the sessions 1 and 2.
fn staff_numbers() -> Place {
    let place = Place::clinic();
    place.ok("login clinic 2");
    place.ok("login clinic bob");
    place
}

#[test]
fn a_number_is_a_users_name() {
    let place = staff_numbers();
    assert_eq!(place.ok("logout clinic 2"), "seat 1 free (session-1)\n");
    assert_eq!(place.ok("heartbeat clinic bob"), "seat 2 live (session-2)\n");
    place.fails("logout clinic 2", 4, &["2 is not logged in"]);
}

#[test]
fn a_number_that_is_nobodys_name_hits_nobody() {
    let place = Place::clinic();
    place.ok("login clinic alice");
    for line in ["logout clinic 1", "heartbeat clinic 1", "goodbye clinic 1"] {
        place.fails(line, 4, &["no user \"1\"", "session-1"]);
    }
    place.fails("release clinic 1 --reason other --force", 4, &["no user \"1\"", "session-1"]);
    assert_eq!(place.ok("logout clinic session-1"), "seat 1 free (session-1)\n");
}

#[test]
fn a_name_like_a_session_is_not_guessed_at() {
    let place = Place::clinic();
    place.ok("login clinic bob");
    place.ok("login clinic session-1");
    place.fails("logout clinic session-1", 2, &["also the name of a user", "user-2"]);
    assert_eq!(place.ok("logout clinic user-2"), "seat 2 free (session-2)\n");
    assert_eq!(place.ok("logout clinic bob"), "seat 1 free (session-1)\n");
}

#[test]
fn many_sessions_are_counted_not_listed() {
    let place = Place::new();
    place.ok("account open clinic --licences 12 --same-user separate --lease none");
    for _ in 0..12 {
        place.ok("login clinic kiosk");
    }
    place.fails(
        "logout clinic kiosk",
        2,
        &["kiosk has 12 sessions", "session-1, ", "session-10 and 2 more"],
    );
}
