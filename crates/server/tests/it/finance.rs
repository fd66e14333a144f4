//! The month's end over HTTP: duties, closing all, files for the books, and what is refused.

use crate::harness::{Answer, House};
use axum::body::Body;
use ledger::Position;
use seats::Event;
use serde_json::{Value, json};
use server::Settings;
use server::access::TokenRole::{self, Admin, App, Customer, Finance, Support};
use tower::ServiceExt;

const PLAN: &str = r#"
plan = "standard-2026"
currency = "GBP"
effective_from = "2026-01-01"
monthly_fee = "35.00"
"#;

const DAY_S: u32 = 86_400;

fn plan(text: &str) -> Value {
    json!({ "plan": text, "from": "2026-05-01" })
}

/// A house with accounts of so many licences each, whose May is over. An administrator assigned the plans, but
/// none to `unpriced`.
pub(crate) fn house(settings: Settings, accounts: &[(&str, u32)]) -> House {
    let house = House::with(settings);
    for (account, licences) in accounts {
        house.open(account, *licences);
        if *account != "unpriced" {
            let path = format!("/v1/accounts/{account}/plan");
            house.send("PUT", Admin, &path, plan(PLAN)).ok(200);
        }
    }
    house.pass(40 * DAY_S);
    house
}

pub(crate) fn two() -> House {
    house(Settings::default(), &[("east", 2), ("west", 1)])
}

pub(crate) fn close(house: &House, role: TokenRole) -> Value {
    house.post(role, "/v1/closings", json!({ "month": "2026-05" })).ok(200)
}

#[test]
fn a_month_of_all_accounts_is_closed_once() {
    let house = house(Settings::default(), &[("east", 2), ("west", 1), ("unpriced", 1)]);
    let closings = |dry_run: bool| {
        let body = json!({ "month": "2026-05", "dry_run": dry_run, "reason": "month end" });
        house.post(Finance, "/v1/closings", body).ok(200)
    };
    let counts =
        |told: &Value| ["closed", "closed_before", "open"].map(|key| told[key].as_u64().unwrap());
    assert_eq!(counts(&closings(true)), [2, 0, 1]);
    let size = house.service.admission().ledger().head().size;
    let told = closings(false);
    assert_eq!(counts(&told), [2, 0, 1]);
    // 70.00 x 28/31 and 35.00 x 28/31: the accounts were opened on the fourth.
    assert_eq!(told["totals"], json!([{ "currency": "GBP", "net": "94.84", "due": "94.84" }]));
    let rows: Vec<[&str; 2]> = told["accounts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| ["account", "status"].map(|key| row[key].as_str().unwrap()))
        .collect();
    assert_eq!(rows, [["east", "closed"], ["west", "closed"], ["unpriced", "open"]]);
    assert!(told["accounts"][2]["why"].as_str().unwrap().contains("no price plan"), "{told}");
    let ledger = house.service.admission().ledger();
    assert_eq!(ledger.head().size, size + 2);
    let commit = ledger.record(Position(size)).unwrap().unwrap().commit;
    assert!(matches!(commit.events[..], [Event::PeriodClosed(_), Event::ReasonGiven { .. }]));
    assert_eq!(counts(&closings(false)), [0, 2, 1]);
    assert_eq!(ledger.head().size, size + 2, "nothing happens twice");

    let reconciled = house.get(Finance, "/v1/reconciliation").ok(200);
    assert_eq!((&reconciled["agrees"], &reconciled["not_reconciled"]), (&json!(true), &json!(0)));
    assert_eq!(reconciled["accounts"].as_array().unwrap().len(), 3);
    let late = house.post(Finance, "/v1/closings", json!({ "month": "2026-06" })).ok(200);
    assert_eq!(late["closed"], 0, "June is not over: {late}");
}

#[test]
fn a_token_for_some_accounts_closes_and_exports_those() {
    let house = two();
    let token = house.limited_token(Finance, "west");
    let send = |path: &str, body: Value| {
        let request = house.request("POST", path, &token).header("accept", "application/json");
        let request = request.header("content-type", "application/json");
        house.call(request.body(Body::from(body.to_string())).unwrap())
    };
    let told = send("/v1/closings", json!({ "month": "2026-05" })).ok(200);
    assert_eq!((&told["closed"], &told["accounts"][0]["account"]), (&json!(1), &json!("west")));
    let made = send("/v1/exports/charges", json!({ "month": "2026-05" })).ok(200);
    assert_eq!(made["statements"], 1);
    let at = Position(made["position"].as_u64().unwrap());
    let commit = house.service.admission().ledger().record(at).unwrap().unwrap().commit;
    let [Event::StatementsExported(exported)] = &commit.events[..] else { panic!("{commit:?}") };
    let west = house.get(Admin, "/v1/accounts/west").ok(200)["account_id"].as_u64().unwrap();
    let accounts = exported.accounts.as_ref().unwrap();
    assert_eq!(accounts.iter().map(|id| id.0).collect::<Vec<_>>(), [west]);
    send("/v1/exports/charges", json!({ "month": "2026-05", "account": "east" }))
        .problem(403, "not_allowed");
}

#[test]
fn duties_are_of_those_whom_the_settings_name() {
    let file =
        "[duties]\nset_prices = [\"admin\"]\nclose = [\"finance\"]\nexport = [\"finance\"]\n";
    let settings = Settings::read(&Settings::from_file("server.toml", file).unwrap()).unwrap();
    let house = house(settings, &[("east", 2)]);
    let check = |answer: Answer, duty: &str, of: &str| {
        let problem = answer.problem(403, "not_allowed");
        let said = format!("the duty {duty} is for {of}, not for ");
        assert!(problem["detail"].as_str().unwrap().starts_with(&said), "{problem}");
    };
    let month = || json!({ "month": "2026-05" });
    check(house.send("PUT", Finance, "/v1/accounts/east/plan", plan(PLAN)), "set_prices", "admin");
    let new = json!({ "name": "west", "licences": 1, "plan": PLAN });
    check(house.post(Finance, "/v1/accounts", new.clone()), "set_prices", "admin");
    house.post(Admin, "/v1/accounts", new).ok(201);
    check(house.post(Admin, "/v1/closings", month()), "close", "finance");
    let path = "/v1/accounts/east/statements/2026-05/close";
    check(house.post(Admin, path, json!({})), "close", "finance");
    check(house.post(Support, path, json!({})), "close", "finance");
    check(house.post(Admin, "/v1/exports/charges", month()), "export", "finance");
    check(house.post(Customer, "/v1/exports/charges", month()), "export", "finance");
    close(&house, Finance);
    house.send("PUT", Finance, "/v1/accounts/east/licences", json!({ "licences": 3 })).ok(200);
}

#[test]
fn whoever_set_the_price_does_not_close_the_first_month_alone() {
    let house = two();
    let path = "/v1/accounts/east/statements/2026-05/close";
    let refused = house.post(Admin, path, json!({})).problem(409, "not_closable");
    assert!(
        refused["detail"].as_str().unwrap().contains("somebody else must close it"),
        "{refused}"
    );
    let told = close(&house, Admin);
    assert_eq!((&told["closed"], &told["open"]), (&json!(0), &json!(2)), "{told}");
    house.post(Finance, path, json!({})).ok(200);
    let told = close(&house, Finance);
    assert_eq!((&told["closed"], &told["closed_before"]), (&json!(1), &json!(1)), "{told}");
}

#[test]
fn two_plans_of_one_name_and_day_are_refused() {
    let house = two();
    let other = PLAN.replace("35.00", "36.00");
    let put = |account: &str, text: &str| {
        house.send("PUT", Admin, &format!("/v1/accounts/{account}/plan"), plan(text))
    };
    let check = |answer: Answer| {
        let said = answer.problem(422, "unprocessable")["detail"].as_str().unwrap().to_owned();
        for part in [
            "standard-2026",
            "effective_from 2026-01-01",
            "position",
            "give this one a new effective_from",
        ] {
            assert!(said.contains(part), "{part:?}: {said}");
        }
        for file in [PLAN, &other] {
            assert!(said.contains(&blake3::hash(file.as_bytes()).to_string()), "{said}");
        }
    };
    check(put("west", &other));
    check(house.post(
        Admin,
        "/v1/accounts",
        json!({ "name": "south", "licences": 1, "plan": other }),
    ));
    put("west", &format!("# The same, with a word about it.\n{PLAN}")).ok(200);
    put("west", &other.replace("standard-2026", "standard-b")).ok(200);
    put("west", &other.replace("2026-01-01", "2026-07-01")).ok(200);
}

#[test]
fn a_plan_that_is_refused_is_in_nobodys_way() {
    let house = two();
    let fixed = PLAN.replace("standard-2026", "late");
    let wrong = fixed.replace("35.00", "53.00");
    house.post(Admin, "/v1/accounts/west/close", json!({})).ok(200);
    let put = |account: &str, text: &str| {
        house.send("PUT", Admin, &format!("/v1/accounts/{account}/plan"), plan(text))
    };
    put("west", &wrong).problem(409, "account_closed");
    put("east", &fixed).ok(200);
}

#[test]
fn what_counts_from_a_closed_month_says_where_it_is_charged() {
    let house = two();
    close(&house, Finance);
    let set = |licences: u32, from: Value| {
        let body = json!({ "licences": licences, "from": from });
        house.send("PUT", Finance, "/v1/accounts/east/licences", body).ok(200)
    };
    assert_eq!(set(3, json!("2026-05-20"))["adjustment_in"], "2026-06");
    assert_eq!(set(4, json!("2026-06-01")).get("adjustment_in"), None);
    assert_eq!(set(5, Value::Null).get("adjustment_in"), None);
    let done = house.send(
        "PUT",
        Admin,
        "/v1/accounts/east/plan",
        json!({
            "plan": PLAN.replace("standard", "other"), "from": "2026-05-01",
        }),
    );
    assert_eq!(done.ok(200)["adjustment_in"], "2026-06");
}

#[test]
fn bad_input_is_refused_with_its_place() {
    let house = two();
    let check = |answer: Answer, status: u16, said: &str| {
        assert_eq!(answer.status.as_u16(), status, "{}", answer.text);
        assert!(answer.json()["detail"].as_str().unwrap().contains(said), "{}", answer.text);
    };
    let put = |text: String| house.send("PUT", Admin, "/v1/accounts/east/plan", plan(&text));
    check(put(format!("{PLAN}fee = \"1\"\n")), 422, "line 6: unknown key");
    check(put(PLAN.replace("\"35.00\"", "35.0")), 422, "line 5: ");
    check(put(PLAN.replace("35.00", "-35.00")), 422, "line 5: ");
    check(put(PLAN.replace("35.00", "92233720368547758.08")), 422, "line 5: ");
    let zone = json!({ "name": "south", "licences": 1, "time_zone": "Europe/Londinium" });
    check(house.post(Admin, "/v1/accounts", zone), 422, "Europe/Londinium");
    check(
        house.post(Finance, "/v1/closings", json!({ "month": "2026-13" })),
        422,
        "month: \"2026-13\"",
    );
    check(house.get(Finance, "/v1/accounts/east/statements/2031-01"), 422, "2031");
    let future = "/v1/accounts/east/statements/2031-01/close";
    check(house.post(Finance, future, json!({})), 422, "2031");
}

#[test]
fn others_are_answered_while_all_months_are_closed() {
    let house = House::new();
    for number in 0..100 {
        let new = json!({ "name": format!("account-{number:03}"), "licences": 1, "plan": PLAN });
        house.post(Admin, "/v1/accounts", new).ok(201);
    }
    house.pass(40 * DAY_S);
    let post = |token: &str, path: &str, body: Value| {
        let request = house.request("POST", path, token).header("idempotency-key", "one");
        let request = request.header("content-type", "application/json");
        let request = request.body(Body::from(body.to_string())).unwrap();
        let routes = house.routes.clone();
        async move { routes.oneshot(request).await.unwrap().status().as_u16() }
    };
    let month = || json!({ "month": "2026-05" });
    let closing = post(house.token(Finance), "/v1/closings", month());
    let second = post(house.token(Finance), "/v1/closings", month());
    let login = post(house.token(App), "/v1/accounts/account-099/logins", json!({ "user": "a" }));
    let order = std::sync::Mutex::new(Vec::new());
    let noted = |what: &'static str, status: u16| order.lock().unwrap().push((what, status));
    house.block_on(async {
        tokio::join!(
            async { noted("closing", closing.await) },
            async { noted("second", second.await) },
            async { noted("login", login.await) },
        )
    });
    let order = order.into_inner().unwrap();
    assert_eq!(order.last(), Some(&("closing", 200)), "the others did not wait for it: {order:?}");
    assert!(order.contains(&("second", 503)) && order.contains(&("login", 201)), "{order:?}");
    let told = house.post(Finance, "/v1/closings", month()).ok(200);
    assert_eq!(told["closed_before"], 100, "{told}");
}
