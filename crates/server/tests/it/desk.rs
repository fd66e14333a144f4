//! The desk, as a browser meets it: forms, a cookie, pages.

use crate::harness::{Answer, House};
use axum::body::Body;
use axum::http::Request;
use serde_json::json;
use server::access::TokenRole::{self, Admin, App, Auditor, Customer, Support};

/// Somebody's browser: keeps the cookie and the word of the last page's forms.
pub(crate) struct Browser<'a> {
    house: &'a House,
    cookie: String,
    pub(crate) csrf: String,
}

impl<'a> Browser<'a> {
    pub(crate) fn signed_in(house: &'a House, token: &str) -> Browser<'a> {
        let mut browser = Browser { house, cookie: String::new(), csrf: String::new() };
        let answer = browser.send("/desk/sign-in", &format!("token={token}&next=/desk"), &[]);
        assert_eq!(
            (answer.status.as_u16(), &answer.headers["location"]),
            (303, &"/desk".parse().unwrap()),
            "{}",
            answer.text
        );
        let cookie = answer.headers["set-cookie"].to_str().unwrap();
        assert!(cookie.contains("HttpOnly; SameSite=Strict"), "{cookie}");
        browser.cookie = cookie.split(';').next().unwrap().to_owned();
        browser
    }

    pub(crate) fn get(&mut self, path: &str) -> Answer {
        let request = Request::builder().uri(path).header("cookie", &self.cookie);
        let answer = self.house.call(request.body(Body::empty()).unwrap());
        if let Some((_, rest)) = answer.text.split_once("name=\"csrf\" value=\"") {
            self.csrf = rest.split('"').next().unwrap().to_owned();
        }
        answer
    }

    pub(crate) fn send(&self, path: &str, form: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::builder().method("POST").uri(path);
        request = request.header("content-type", "application/x-www-form-urlencoded");
        request = request.header("cookie", &self.cookie);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.house.call(request.body(Body::from(form.to_owned())).unwrap())
    }
}

#[test]
fn the_board_says_who_asks_for_a_seat() {
    let house = House::clinic(1);
    let policy = json!({ "policy": { "hand-over": "5 min", "release-floor": "0 s" } });
    house.send("PATCH", Admin, "/v1/accounts/clinic/policy", policy).ok(200);
    house.log_in("Alice", "a1").ok(201);
    let request = house.request("POST", "/v1/accounts/clinic/hand-overs", house.token(App));
    let request =
        request.header("idempotency-key", "b1").header("content-type", "application/json");
    house.call(request.body(Body::from(r#"{"user":"Bob"}"#)).unwrap()).ok(202);
    let mut browser = Browser::signed_in(&house, house.token(Support));
    let page = browser.get("/desk/clinic").text;
    assert!(page.contains("<bdi>Bob</bdi> has asked for this seat; answer due <time"), "{page}");
    let why = browser.get("/desk/clinic/why?user=Bob&day=2026-05-04").text;
    assert!(why.contains("Alice is asked for seat 1"), "{why}");
}

fn refused_once() -> House {
    let house = House::clinic(1);
    house.log_in("<b>Alice</b>", "a1").ok(201);
    house.pass(30);
    house.log_in("Bob", "b1").problem(409, "all_seats_held");
    house
}

#[test]
fn every_page_is_filled() {
    let house = refused_once();
    let mut browser = Browser::signed_in(&house, house.token(Support));
    for (path, said) in [
        ("/desk", "clinic"),
        ("/desk?search=clin&sort=name", "clinic"),
        ("/desk/account-1", "&lt;b&gt;Alice&lt;/b&gt;"),
        ("/desk/account-1/why", "<svg"),
        ("/desk/account-1/why?user=Bob", "Bob"),
        ("/desk/account-1/why?user=user-2&day=2026-05-04", "&lt;b&gt;Alice&lt;/b&gt;"),
        ("/desk/account-1/trail", "Bob"),
        ("/desk/account-1/trail?user=Bob&from=2026-05-04&to=", "Bob"),
        ("/desk/account-1/usage", "<svg"),
        ("/desk/account-1/usage?weeks=12&show=refused", "<svg"),
        ("/desk/verify", "seal"),
    ] {
        let answer = browser.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        assert!(answer.text.contains(said), "{path}: {said} is not in {}", answer.text);
        assert!(!answer.text.contains("<b>Alice"), "{path}");
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"));
        assert_eq!(answer.headers["cache-control"], "no-store");
    }
    let unknown = browser.get("/desk/account-1/why?user=Zoe");
    assert_eq!(unknown.status, 404);
    assert!(unknown.text.contains("No user of that name"), "{}", unknown.text);
    assert!(unknown.text.contains("href=\"/desk/account-1\""), "{}", unknown.text);
}

#[test]
fn without_a_sign_in_one_is_led_to_it_and_back() {
    let house = refused_once();
    let mut nobody = Browser { house: &house, cookie: String::new(), csrf: String::new() };
    let led = nobody.get("/desk/account-1/why?user=Bob");
    assert_eq!(led.status, 303);
    let to = led.headers["location"].to_str().unwrap();
    assert_eq!(to, "/desk/sign-in?next=/desk/account-1/why%3Fuser%3DBob");
    assert!(nobody.get(to).text.contains("value=\"/desk/account-1/why?user=Bob\""));
    let token = house.token(Support);
    let back = nobody.send("/desk/sign-in", &format!("token={token}&next=//evil.example"), &[]);
    assert_eq!(back.headers["location"], "/desk");
    let wrong = nobody.send("/desk/sign-in", "token=sl_1_00&next=", &[]);
    assert_eq!(wrong.status, 401);
    assert!(wrong.text.contains("unknown, expired or revoked"));
    let app = nobody.send("/desk/sign-in", &format!("token={}", house.token(App)), &[]);
    assert_eq!(app.status, 403);
}

#[test]
fn a_seat_is_released_by_a_form_of_ours_only() {
    let house = refused_once();
    let mut browser = Browser::signed_in(&house, house.token(Support));
    browser.get("/desk/account-1");
    let (path, csrf) = ("/desk/account-1/sessions/1/release", browser.csrf.clone());
    let form = format!("csrf={csrf}&reason=holder+away&note=went+home&forced=true");
    assert_eq!(browser.send(path, "reason=holder+away&forced=true", &[]).status, 403);
    assert_eq!(browser.send(path, &form.replace(&csrf, "00"), &[]).status, 403);
    assert_eq!(browser.send(path, &form, &[("sec-fetch-site", "cross-site")]).status, 403);
    let early = format!("csrf={csrf}&reason=holder+away");
    assert_eq!(browser.send(path, &early, &[]).status, 303);
    assert!(browser.get("/desk/account-1").text.contains("can be released from"));
    let done = browser.send(path, &form, &[("sec-fetch-site", "same-origin")]);
    assert_eq!(done.headers["location"], "/desk/account-1");
    let board = browser.get("/desk/account-1").text;
    assert!(board.contains("Seat 1 is free."), "{board}");
    assert!(!browser.get("/desk/account-1").text.contains("Seat 1 is free."), "said once");
    house.log_in("Bob", "b2").ok(201);
}

#[test]
fn a_manager_sees_the_own_account_only_and_the_own_users() {
    let house = refused_once();
    house.post(Admin, "/v1/accounts", json!({ "name": "Zebra Dental", "licences": 1 })).ok(201);
    let elsewhere = house.request("POST", "/v1/accounts/Zebra%20Dental/logins", house.token(App));
    let elsewhere =
        elsewhere.header("idempotency-key", "z").header("content-type", "application/json");
    house.call(elsewhere.body(Body::from(r#"{"user":"Bob"}"#)).unwrap()).ok(201);
    let mut support = Browser::signed_in(&house, house.token(Support));
    let found = support.get("/desk?search=Robert").text;
    assert!(!found.contains("Users called") && found.contains("No account has that"), "{found}");
    let found = support.get("/desk?search=%20bob%20").text;
    assert!(found.contains("Users called") && found.contains("Zebra Dental"), "{found}");
    assert!(found.contains("href=\"/desk/account-2/why?user=user-1\""), "{found}");
    let token = house.limited_token(Customer, "clinic");
    let mut browser = Browser::signed_in(&house, &token);
    let front = browser.get("/desk?search=Bob").text;
    assert!(
        front.contains("/desk/account-1/why?user=user-2") && !front.contains("Zebra"),
        "{front}"
    );
    let front = browser.get("/desk").text;
    assert!(
        front.contains("clinic") && !front.contains("Zebra") && !front.contains("called"),
        "{front}"
    );
    assert_eq!(browser.get("/desk/account-2").status, 403);
    assert_eq!(browser.get("/desk/account-1").status, 200);
}

#[test]
fn where_a_reason_is_wanted_one_is_asked_for_once() {
    let house = refused_once();
    let policy = json!({ "policy": { "reasons": "for-looks" }, "reason": "new rule" });
    house.send("PATCH", Admin, "/v1/accounts/clinic/policy", policy).ok(200);
    let mut browser = Browser::signed_in(&house, house.token(Support));
    let led = browser.get("/desk/account-1");
    assert_eq!(led.headers["location"], "/desk/reason?next=/desk/account-1");
    let page = browser.get("/desk/reason?next=/desk/account-1");
    assert!(page.text.contains("clinic"), "{}", page.text);
    let form = format!("csrf={}&reason=ticket+7&next=/desk/account-1", browser.csrf);
    assert_eq!(browser.send("/desk/reason", &form, &[]).headers["location"], "/desk/account-1");
    assert_eq!(browser.get("/desk/account-1").status, 200);
    let access = house.get(Auditor, "/v1/accounts/clinic/access").text;
    assert!(access.contains("ticket 7"), "{access}");
}

#[test]
fn a_sign_in_ends_with_its_time_its_token_and_a_sign_out() {
    let house = refused_once();
    let status = |browser: &mut Browser<'_>| browser.get("/desk").status.as_u16();
    let role: TokenRole = Support;
    let mut browser = Browser::signed_in(&house, house.token(role));
    assert_eq!(status(&mut browser), 200);
    browser.get("/desk");
    let out = browser.send("/desk/sign-out", &format!("csrf={}", browser.csrf), &[]);
    assert_eq!((out.status.as_u16(), status(&mut browser)), (303, 303));
    let mut late = Browser::signed_in(&house, house.token(role));
    house.pass(28_800);
    assert_eq!(status(&mut late), 303);
    let mut revoked = Browser::signed_in(&house, house.token(role));
    let number: u32 = house.token(role).split('_').nth(1).unwrap().parse().unwrap();
    house.service.access().revoke(number, crate::harness::MORNING).unwrap();
    assert_eq!(status(&mut revoked), 303);
}
