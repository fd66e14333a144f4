//! Exports over HTTP: each is on record, and what cannot be exported names the field.

use crate::finance::{close, two};
use crate::harness::{Answer, House};
use axum::body::Body;
use ledger::Position;
use seats::{Event, ExportKind};
use serde_json::{Value, json};
use server::access::TokenRole::{Auditor, Finance};

/// An export as a script asks for it: `Accept` is what curl sends.
fn export(house: &House, kind: &str, body: Value, accept: &str) -> (Answer, Vec<u8>) {
    let request = house.request("POST", &format!("/v1/exports/{kind}"), house.token(Finance));
    let request = request.header("content-type", "application/json").header("accept", accept);
    house.bytes(request.body(Body::from(body.to_string())).unwrap())
}

/// The record's digest of files, as `docs/format.md` says.
fn digest(files: &[&[u8]]) -> String {
    let each: Vec<u8> = files.iter().flat_map(|file| *blake3::hash(file).as_bytes()).collect();
    blake3::hash(&each).to_string()
}

#[test]
fn what_is_exported_is_on_record_and_can_be_held_against_it() {
    let house = two();
    let month = json!({ "month": "2026-05" });
    let (refused, _) = export(&house, "charges", month.clone(), "*/*");
    assert!(refused.problem(409, "not_exportable")["detail"].as_str().unwrap().contains("east"));
    let size = house.service.admission().ledger().head().size;
    close(&house, Finance);

    let reason = json!({ "month": "2026-05", "reason": "for the books" });
    let (first, file) = export(&house, "charges", reason, "*/*");
    assert_eq!(first.status.as_u16(), 200, "{}", first.text);
    assert_eq!(first.headers["content-type"], "text/csv; charset=utf-8");
    let name = "attachment; filename=\"charges-2026-05.csv\"";
    assert_eq!(first.headers["content-disposition"], name);
    let known_by = digest(&[&file]);
    assert_eq!(first.headers["seatledger-digest"], known_by.as_str());
    let ledger = house.service.admission().ledger();
    assert_eq!(ledger.head().size, size + 3, "two closings, one export");
    let record = ledger.record(Position(size + 2)).unwrap().unwrap();
    assert_eq!(first.headers["seatledger-position"], (size + 2).to_string().as_str());
    let [Event::StatementsExported(exported), Event::ReasonGiven { .. }] =
        &record.commit.events[..]
    else {
        panic!("{:?}", record.commit.events);
    };
    assert_eq!(
        (exported.kind, exported.statements, exported.draft),
        (ExportKind::Charges, 2, false)
    );
    assert_eq!((exported.period().as_str(), &exported.accounts), ("2026-05", &None));
    assert_eq!(exported.digest.to_string(), known_by);

    let (again, same) = export(&house, "charges", month, "*/*");
    assert_eq!((again.status.as_u16(), same), (200, file), "the same bytes");
    assert_eq!(ledger.head().size, size + 4, "and another act");
    let access = house.get(Auditor, "/v1/access").ok(200);
    let rows = access["rows"].as_array().unwrap();
    let exports: Vec<&Value> =
        rows.iter().filter(|row| row["what"].as_str().unwrap().contains("exported")).collect();
    let said = format!("2026-05 exported as charges, 2 statements, files {known_by}");
    assert_eq!((exports.len(), exports[0]["what"].as_str()), (2, Some(said.as_str())));
    assert!(exports[0]["by"].as_str().unwrap().starts_with("finance"), "{}", exports[0]);
    assert_eq!(exports[0]["reason"], "for the books");
    house.get(Finance, "/v1/access").problem(403, "not_allowed");
}

#[test]
fn several_files_are_one_zip_and_json_tells_more() {
    let house = two();
    close(&house, Finance);
    let (zip, bytes) = export(&house, "html", json!({ "month": "2026-05" }), "*/*");
    assert_eq!(zip.headers["content-type"], "application/zip");
    assert_eq!(&bytes[..2], b"PK");
    let (json, _) = export(&house, "html", json!({ "month": "2026-05" }), "application/json");
    let told = json.ok(200);
    let files = told["files"].as_array().unwrap();
    let names: Vec<&str> = files.iter().map(|file| file["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["statement-26050001.html", "statement-26050002.html"]);
    assert_eq!(told["digest"].as_str().unwrap(), zip.headers["seatledger-digest"]);
    let (draft, bytes) =
        export(&house, "xlsx", json!({ "month": "2026-06", "draft": true, "names": true }), "*/*");
    assert_eq!((draft.status.as_u16(), &bytes[..2]), (200, &b"PK"[..]));
    let name = draft.headers["content-disposition"].to_str().unwrap();
    assert!(name.ends_with("\"statements-2026-06-DRAFT.xlsx\""), "{name}");
    let ledger = house.service.admission().ledger();
    let last = |back: u64| {
        let at = Position(ledger.head().size - back);
        ledger.record(at).unwrap().unwrap().commit.events[0].clone()
    };
    assert!(matches!(last(1), Event::StatementsExported(exported) if exported.draft));
    assert!(matches!(last(2), Event::IdentityShown { .. }), "names are a look at each account");
    assert!(matches!(last(3), Event::IdentityShown { .. }));
}

#[test]
fn what_cannot_be_exported_names_the_field() {
    let house = two();
    close(&house, Finance);
    let size = house.service.admission().ledger().head().size;
    let check = |kind: &str, body: Value, status: u16, code: &str, said: &str| {
        let (answer, _) = export(&house, kind, body, "*/*");
        let problem = answer.problem(status, code);
        assert!(problem["detail"].as_str().unwrap().contains(said), "{problem}");
    };
    let with = |more: Value| {
        let mut body = json!({ "month": "2026-05" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let check = |kind, more, status, code, said| check(kind, with(more), status, code, said);
    check("pdf", json!({}), 404, "not_found", "nothing at this path");
    check("charges", json!({ "moth": 1 }), 400, "bad_request", "moth");
    check(
        "charges",
        json!({ "month": "May" }),
        422,
        "unprocessable",
        "month: \"May\" cannot be read",
    );
    let future = "January 2031 has not begun";
    check("charges", json!({ "month": "2031-01" }), 422, "unprocessable", future);
    check(
        "charges",
        json!({ "month": "2031-01", "account": "east" }),
        422,
        "unprocessable",
        future,
    );
    check("charges", json!({ "account": "nowhere" }), 404, "unknown_account", "nowhere");
    check(
        "charges",
        json!({ "template": "a" }),
        422,
        "unprocessable",
        "template: charges takes none",
    );
    check(
        "sage",
        json!({ "settings": "[sage]\ncodes = 1" }),
        422,
        "unprocessable",
        "exports.toml, line 2",
    );
    check("sage", json!({}), 409, "not_exportable", "exports.toml: sage.no_vat");
    check("xero", json!({}), 422, "unprocessable", "template: it is missing, and xero needs it");
    check(
        "xero",
        json!({ "template": "a,b\n" }),
        422,
        "unprocessable",
        "Xero template: there is no column ContactName",
    );
    check("xero", json!({ "template_base64": "?" }), 422, "unprocessable", "template_base64");
    check(
        "notices",
        json!({ "holidays": "soon", "notice_date": "2026-06-01" }),
        422,
        "unprocessable",
        "bank holidays, line 1",
    );
    check(
        "gocardless",
        json!({ "template": "a\n", "draft": true }),
        409,
        "not_exportable",
        "gocardless.unit",
    );
    assert_eq!(house.service.admission().ledger().head().size, size, "nothing was handed out");
}
