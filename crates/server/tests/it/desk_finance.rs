//! Finance at the desk: the month of all accounts, closing it by form, reports and files.

use crate::desk::Browser;
use crate::harness::House;
use serde_json::json;
use server::access::TokenRole::{Admin, Auditor, Customer, Finance, Support};

const PLAN: &str = "plan = \"standard\"\ncurrency = \"GBP\"\neffective_from = \"2026-01-01\"\nmonthly_fee = \"31.00\"\n";

/// The fifth of June: three accounts since 4 May, one of them without a plan.
fn june() -> House {
    let house = House::new();
    for (name, licences, plan) in
        [("north", 2, Some(PLAN)), ("<b>south", 1, Some(PLAN)), ("west", 4, None)]
    {
        let body = json!({ "name": name, "licences": licences, "plan": plan });
        house.post(Admin, "/v1/accounts", body).ok(201);
    }
    house.pass(32 * 86_400);
    house
}

#[test]
fn the_last_month_that_is_over_is_shown_with_how_far_it_is() {
    let house = june();
    let mut browser = Browser::signed_in(&house, house.token(Finance));
    let page = browser.get("/desk/finance").text;
    for said in [
        "Finance, May 2026",
        "3 accounts: 0 closed, 2 ready to close, 1 not yet.",
        "&lt;b&gt;south",
        "href=\"/desk/account-1/statements/2026-05\"",
        "no plan",
        "<dt>Net, GBP</dt><dd>84.00</dd>",
        "Close May 2026 of 2 accounts",
        "href=\"/desk/finance?month=2026-04\"",
    ] {
        assert!(page.contains(said), "{said:?} is not in {page}");
    }
    let june = browser.get("/desk/finance?month=2026-06").text;
    assert!(june.contains("earlier month open") && !june.contains("popovertarget=\"close-"));
    assert_eq!(browser.get("/desk/finance?month=June").status, 422);
    assert!(browser.get("/desk/finance?month=2026-04").text.contains("No account had licences"));
    // Whoever may not close sees the figures and no button.
    let mut support = Browser::signed_in(&house, house.token(Support));
    let page = support.get("/desk/finance?month=2026-05").text;
    assert!(page.contains("ready to close") && !page.contains("/desk/finance/close"), "{page}");
    let mut customer = Browser::signed_in(&house, &house.limited_token(Customer, "north"));
    let page = customer.get("/desk/finance").text;
    assert!(page.contains("1 account: ") && !page.contains("south"), "{page}");
}

#[test]
fn months_are_closed_by_a_form_of_ours_with_a_reason() {
    let house = june();
    let mut browser = Browser::signed_in(&house, house.token(Finance));
    browser.get("/desk/finance");
    let csrf = browser.csrf.clone();
    let close = |browser: &Browser<'_>, form: &str, headers: &[(&str, &str)]| {
        browser.send("/desk/finance/close", form, headers).status.as_u16()
    };
    let one = format!("csrf={csrf}&month=2026-05&account=account-1&reason=month+end");
    assert_eq!(close(&browser, &one.replace(&csrf, "00"), &[]), 403);
    assert_eq!(close(&browser, &one, &[("sec-fetch-site", "cross-site")]), 403);
    assert_eq!(close(&browser, &one.replace("month+end", "+"), &[]), 422);
    let mut support = Browser::signed_in(&house, house.token(Support));
    support.get("/desk/finance");
    assert_eq!(close(&support, &one.replace(&csrf, &support.csrf), &[]), 403);
    let all = format!("csrf={}&month=2026-05&reason=the+others", support.csrf);
    assert_eq!(close(&support, &all, &[]), 403);
    let open = house.get(Finance, "/v1/accounts/north/statements/2026-05").ok(200);
    assert_eq!(open["status"], "open", "nothing was closed so far");

    let done = browser.send("/desk/finance/close", &one, &[]);
    assert_eq!(
        (done.status.as_u16(), &done.headers["location"]),
        (303, &"/desk/finance?month=2026-05".parse().unwrap())
    );
    let page = browser.get("/desk/finance?month=2026-05").text;
    assert!(page.contains("May 2026: 1 account closed, GBP 56.00 net."), "{page}");
    assert!(page.contains("1 closed, 1 ready to close, 1 not yet."), "{page}");
    let all = format!("csrf={csrf}&month=2026-05&reason=the+others");
    assert_eq!(close(&browser, &all, &[]), 303);
    let page = browser.get("/desk/finance?month=2026-05").text;
    let said =
        "May 2026: 1 account closed, GBP 84.00 net; 1 closed before; 1 still open, see why below.";
    assert!(page.contains(said), "{page}");
    assert!(page.contains("2 closed, 0 ready to close, 1 not yet."), "{page}");
    let access = house.get(Auditor, "/v1/accounts/north/access").text;
    assert!(access.contains("month end") && !access.contains("the others"), "{access}");
}

#[test]
fn reports_are_drawn_and_had_as_files() {
    let house = june();
    let mut browser = Browser::signed_in(&house, house.token(Auditor));
    for (kind, said) in [
        ("movement", "<td class=\"count\">7</td>"),
        ("changes", "account opened"),
        ("revenue", "84.00"),
        ("at-capacity", "There is nothing of that in these months."),
        ("never-used", "&lt;b&gt;south"),
    ] {
        let page = browser.get(&format!("/desk/finance/reports/{kind}")).text;
        assert!(page.contains(said) && page.contains("in May 2026"), "{kind}: {page}");
        let path = format!("/desk/finance/reports/{kind}/file?from=2026-05&to=2026-06&account=");
        let file = browser.get(&path);
        assert_eq!(file.headers["content-type"], "text/csv; charset=utf-8");
        assert!(file.text.starts_with(|c: char| c.is_ascii_lowercase()), "{}", file.text);
    }
    let one =
        browser.get("/desk/finance/reports/movement?from=2026-05&to=2026-06&account=west").text;
    assert!(one.contains("from May 2026 to June 2026") && !one.contains("north"), "{one}");
    assert_eq!(browser.get("/desk/finance/reports/turnover").status, 404);
    assert_eq!(browser.get("/desk/finance/reports/movement?from=2026-06&to=2026-05").status, 422);
    assert_eq!(browser.get("/desk/finance/reports/movement?from=2026-05&account=x").status, 404);
}

#[test]
fn statements_are_had_as_files_and_that_is_recorded() {
    let house = june();
    let mut browser = Browser::signed_in(&house, house.token(Finance));
    browser.get("/desk/finance");
    let form = format!("csrf={}&month=2026-05&reason=for+the+books", browser.csrf);
    let open = browser.send("/desk/finance/exports/charges", &form, &[]);
    assert!(open.status.is_client_error(), "it is not closed: {}", open.text);
    let draft = browser.send("/desk/finance/exports/charges", &format!("{form}&draft=true"), &[]);
    assert_eq!(draft.status, 200, "{}", draft.text);
    assert!(draft.headers["content-disposition"].to_str().unwrap().contains(".csv"));
    assert!(draft.text.contains("north") && draft.text.contains("56.00"), "{}", draft.text);
    let record = house.get(Auditor, "/v1/access").text;
    assert!(record.contains("for the books"), "{record}");
    let other = "csrf=00&month=2026-05&reason=x&draft=true";
    assert_eq!(browser.send("/desk/finance/exports/charges", other, &[]).status, 403);
    let mut auditor = Browser::signed_in(&house, house.token(Auditor));
    assert!(!auditor.get("/desk/finance").text.contains("/desk/finance/exports"));
    let form = format!("csrf={}&month=2026-05&reason=x&draft=true", auditor.csrf);
    assert_eq!(auditor.send("/desk/finance/exports/charges", &form, &[]).status, 403);
}

#[test]
fn an_adjustment_is_taken_apart_on_the_statement() {
    let house = june();
    let close = "/v1/accounts/north/statements/2026-05/close";
    house.post(Finance, close, json!({ "reason": "month end" })).ok(200);
    let late = json!({ "licences": 3, "from": "2026-05-20" });
    house.send("PUT", Finance, "/v1/accounts/north/licences", late).ok(200);
    let mut browser = Browser::signed_in(&house, house.token(Finance));
    let page = browser.get("/desk/account-1/statements/2026-06").text;
    // One licence more on twelve days of 31, at 31.00.
    for said in [
        "Adjustment of May 2026: what was charged, and what it comes to by what is known now",
        "<td class=\"count\">56.00</td><td class=\"count\">68.00</td>",
    ] {
        assert!(page.contains(said), "{said:?} is not in {page}");
    }
    let may = browser.get("/desk/account-1/statements/2026-05").text;
    assert!(!may.contains("Adjustment of"), "{may}");
}
