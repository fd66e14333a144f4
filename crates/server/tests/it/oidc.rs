//! Signing in to the desk at a provider: good tokens of every kind, and all that are forged.

use crate::harness::{Answer, House, MORNING};
use crate::provider::{Provider, Signer};
use axum::body::Body;
use axum::http::Request;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::{Value, json};
use server::Settings;
use server::access::TokenRole::{self, Customer, Support};
use server::settings::Given;
use std::collections::HashMap;

const NOW_S: u64 = MORNING.0 / 1_000_000;

struct Desk {
    house: House,
    provider: Provider,
    signer: Signer,
    _secret: tempfile::NamedTempFile,
}

/// A sign-in that was begun: what the provider was asked, and the browser's cookie.
struct Begun {
    asked: HashMap<String, String>,
    cookie: String,
}

impl Desk {
    fn open(signer: Signer) -> Desk {
        let provider = Provider::open();
        provider.publish(&[("other", &Signer::ed25519()), ("one", &signer)]);
        let secret = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(secret.path(), "s/ecret\n").unwrap();
        let given = [
            ("public_url", "http://desk.test"),
            ("oidc_issuer", &provider.issuer),
            ("oidc_client_id", "our desk"),
            ("oidc_client_secret_file", secret.path().to_str().unwrap()),
            ("oidc_roles_claim", "realm.groups"),
            ("oidc_roles", "agents=support, clinic-manager=customer:clinic, north=customer:north"),
        ];
        let given = given.map(|(key, value)| Given {
            source_name: "test".to_owned(),
            key: key.to_owned(),
            value: value.to_owned(),
        });
        let house = House::with(Settings::read(&given).unwrap());
        house.open("clinic", 1);
        Desk { house, provider, signer, _secret: secret }
    }

    fn get(&self, path: &str, cookie: &str) -> Answer {
        let request = Request::builder().uri(path).header("cookie", cookie);
        self.house.call(request.body(Body::empty()).unwrap())
    }

    fn begin(&self) -> Begun {
        let led = self.get("/desk/oidc?next=/desk/account-1", "");
        assert_eq!(led.status, 303, "{}", led.text);
        let to = led.headers["location"].to_str().unwrap();
        let (page, query) = to.split_once('?').unwrap();
        assert_eq!(page, format!("{}/authorize", self.provider.issuer));
        let asked = query.split('&').filter_map(|pair| pair.split_once('='));
        let asked = asked.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let cookie = led.headers["set-cookie"].to_str().unwrap();
        assert!(
            cookie.contains("Path=/desk/oidc; Max-Age=600; HttpOnly; SameSite=Lax"),
            "{cookie}"
        );
        Begun { asked, cookie: cookie.split(';').next().unwrap().to_owned() }
    }

    fn claims(&self, begun: &Begun) -> Value {
        json!({
            "iss": self.provider.issuer, "aud": "our desk", "sub": "248289761001",
            "exp": NOW_S + 300, "iat": NOW_S, "nonce": begun.asked["nonce"],
            "email": "ana@example.com", "email_verified": true,
            "realm": { "groups": ["everybody", "agents"] },
        })
    }

    fn header(&self) -> Value {
        json!({ "alg": self.signer.algorithm(), "kid": "one" })
    }

    fn back(&self, begun: &Begun, token: String) -> Answer {
        let code = self.provider.code(token, &begun.asked["code_challenge"]);
        self.call_back(&format!("state={}&code={code}", begun.asked["state"]), &begun.cookie)
    }

    fn call_back(&self, query: &str, cookie: &str) -> Answer {
        self.get(&format!("/desk/oidc/callback?{query}"), cookie)
    }

    /// Signs in with these claims instead of the good ones.
    fn sign_in(&self, change: impl FnOnce(&mut Value)) -> Answer {
        let begun = self.begin();
        let mut claims = self.claims(&begun);
        change(&mut claims);
        self.back(&begun, self.signer.token(&self.header(), &claims))
    }
}

#[track_caller]
fn session(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert!(answer.text.contains("0;url=/desk/account-1"), "{}", answer.text);
    let cookies = answer.headers.get_all("set-cookie").iter().map(|c| c.to_str().unwrap());
    let found = cookies.into_iter().find(|cookie| cookie.starts_with("desk=")).unwrap();
    assert!(found.contains("HttpOnly; SameSite=Strict"), "{found}");
    found.split(';').next().unwrap().to_owned()
}

#[track_caller]
fn refused(answer: &Answer, status: u16, said: &str) {
    assert_eq!(answer.status.as_u16(), status, "{}", answer.text);
    assert!(answer.text.contains(said), "{said} is not in {}", answer.text);
    let cookies = answer.headers.get_all("set-cookie").iter().map(|c| c.to_str().unwrap());
    assert!(!cookies.into_iter().any(|cookie| cookie.starts_with("desk=")), "nobody is signed in");
}

#[test]
fn whoever_the_provider_knows_is_signed_in_with_each_kind_of_key() {
    for signer in [Signer::rsa(), Signer::p256(), Signer::ed25519()] {
        let desk = Desk::open(signer);
        assert!(
            desk.get("/desk/sign-in?next=/desk/account-1", "").text.contains("/desk/oidc?next=")
        );
        let begun = desk.begin();
        assert_eq!(begun.asked["code_challenge_method"], "S256");
        assert_eq!(begun.asked["redirect_uri"], "http%3A%2F%2Fdesk.test%2Fdesk%2Foidc%2Fcallback");
        let token = desk.signer.token(&desk.header(), &desk.claims(&begun));
        let cookie = session(&desk.back(&begun, token));
        let page = desk.get("/desk/account-1", &cookie);
        assert_eq!(page.status, 200);
        assert!(page.text.contains("ana@example.com") && page.text.contains("(support)"));
        let csrf = page.text.split("name=\"csrf\" value=\"").nth(1).unwrap();
        let form = format!("csrf={}", csrf.split('"').next().unwrap());
        let out = Request::builder().method("POST").uri("/desk/sign-out");
        let out = out.header("cookie", &cookie);
        let out = out.header("content-type", "application/x-www-form-urlencoded");
        assert_eq!(desk.house.call(out.body(Body::from(form)).unwrap()).status, 303);
        assert_eq!(desk.get("/desk/account-1", &cookie).status, 303, "signed out");
    }
}

#[test]
fn forged_and_stale_tokens_sign_nobody_in() {
    let desk = Desk::open(Signer::rsa());
    let wrong = |change: fn(&mut Value), claim: &str| {
        refused(&desk.sign_in(change), 401, &format!("claim &quot;{claim}&quot;"));
    };
    wrong(|claims| claims["aud"] = json!("another"), "aud");
    wrong(|claims| claims["aud"] = json!(["our desk", "another"]), "azp");
    wrong(|claims| claims["azp"] = json!("another"), "azp");
    wrong(|claims| claims["iss"] = json!("http://evil.example"), "iss");
    wrong(|claims| claims["exp"] = json!(NOW_S - 60), "exp");
    wrong(|claims| claims["exp"] = json!("never"), "exp");
    wrong(|claims| claims["iat"] = json!(NOW_S + 61), "iat");
    wrong(|claims| claims["nonce"] = json!("00"), "nonce");
    wrong(|claims| drop(claims.as_object_mut().unwrap().remove("nonce")), "nonce");
    session(&desk.sign_in(|claims| claims["exp"] = json!(NOW_S - 59)));
    session(&desk.sign_in(|claims| claims["aud"] = json!(["our desk"])));
}

#[test]
fn keys_and_algorithms_of_somebody_else_sign_nobody_in() {
    let desk = Desk::open(Signer::rsa());
    let with = |make: &dyn Fn(&Value) -> String, said: &str| {
        let begun = desk.begin();
        let token = make(&desk.claims(&begun));
        refused(&desk.back(&begun, token), 401, said);
    };
    let part = |value: &Value| BASE64.encode(value.to_string());
    let none = json!({ "alg": "none", "kid": "one" });
    with(&|claims| format!("{}.{}.", part(&none), part(claims)), "its algorithm is");
    with(&|claims| format!("{}.{}", part(&none), part(claims)), "no signed token");
    // The public key taken for a shared secret.
    let shared = json!({ "alg": "HS256", "kid": "one" });
    with(&|claims| desk.signer.token(&shared, claims), "its algorithm is");
    // An algorithm that is taken, and is not that key's.
    let other = json!({ "alg": "EdDSA", "kid": "one" });
    with(&|claims| Signer::ed25519().token(&other, claims), "its algorithm is");
    let theirs = Signer::p256();
    let header = json!({ "alg": "EdDSA", "kid": "other" });
    with(&|claims| Signer::ed25519().token(&header, claims), "signature is not the provider");
    let header = json!({ "alg": "ES256", "kid": "nowhere" });
    with(&|claims| theirs.token(&header, claims), "no such key");
    let critical = json!({ "alg": "RS256", "kid": "one", "crit": ["exp"] });
    with(&|claims| desk.signer.token(&critical, claims), "no signed token");
    // Claims changed after signing.
    with(
        &|claims| {
            let token = desk.signer.token(&desk.header(), claims);
            let parts: Vec<&str> = token.split('.').collect();
            let mut claims = claims.clone();
            claims["realm"]["groups"] = json!(["agents"]);
            format!("{}.{}.{}", parts[0], part(&claims), parts[2])
        },
        "signature is not the provider",
    );
}

#[test]
fn a_sign_in_is_good_once_for_one_browser_and_ten_minutes() {
    let desk = Desk::open(Signer::p256());
    let begun = desk.begin();
    let token = desk.signer.token(&desk.header(), &desk.claims(&begun));
    let state = &begun.asked["state"];
    session(&desk.back(&begun, token.clone()));
    refused(&desk.back(&begun, token.clone()), 401, "not begun here"); // The state, again.
    let second = desk.begin();
    // Another sign-in's token: its nonce is not this one's.
    refused(&desk.back(&second, token.clone()), 401, "&quot;nonce&quot;");
    let third = desk.begin();
    let token = desk.signer.token(&desk.header(), &desk.claims(&third));
    let code = desk.provider.code(token.clone(), &third.asked["code_challenge"]);
    let elsewhere = format!("state={}&code={code}", third.asked["state"]);
    refused(&desk.call_back(&elsewhere, "desk-oidc=00"), 401, "not begun here");
    refused(&desk.call_back(&format!("state={state}0&code=x"), &begun.cookie), 401, "not begun");
    refused(&desk.call_back("code=x", &begun.cookie), 401, "not begun");
    let fourth = desk.begin();
    desk.house.pass(600);
    let token = desk.signer.token(&desk.header(), &desk.claims(&fourth));
    refused(&desk.back(&fourth, token), 401, "is over");
    // A code that was made for another challenge.
    let fifth = desk.begin();
    let code = desk.provider.code("x".to_owned(), "another");
    let query = format!("state={}&code={code}", fifth.asked["state"]);
    refused(&desk.call_back(&query, &fifth.cookie), 401, "does not take the code");
    let sixth = desk.begin();
    let query = format!("state={}&error=access_denied", sixth.asked["state"]);
    refused(&desk.call_back(&query, &sixth.cookie), 403, "access_denied");
}

#[test]
fn what_somebody_is_follows_from_the_claim() {
    let desk = Desk::open(Signer::ed25519());
    let is = |groups: Value| desk.sign_in(|claims| claims["realm"]["groups"] = groups);
    refused(&is(json!(["everybody"])), 403, "none of your groups");
    refused(&is(json!("Agents")), 403, "none of your groups");
    let cookie = session(&is(json!(["clinic-manager", "north"])));
    let tokens = desk.house.service.access().tokens();
    let token = tokens.last().unwrap();
    assert_eq!((token.role, token.label.as_str()), (Customer, "ana@example.com"));
    assert_eq!(token.accounts, Some(vec!["clinic".to_owned(), "north".to_owned()]));
    assert_eq!(desk.get("/desk/verify", &cookie).status, 200);
    // The same person with another role keeps the number; the first rule that fits counts.
    session(&is(json!(["north", "agents"])));
    let now = desk.house.service.access().tokens();
    assert_eq!((now.len(), now.last().unwrap().number), (tokens.len(), token.number));
    let role: TokenRole = now.last().unwrap().role;
    assert_eq!((role, &now.last().unwrap().accounts), (Support, &None));
    desk.house.service.access().revoke(token.number, MORNING).unwrap();
    assert_eq!(desk.get("/desk", &cookie).status, 303, "at once");
    refused(&is(json!(["agents"])), 403, "revoked");
    let other = desk.sign_in(|claims| claims["sub"] = json!("somebody else"));
    session(&other);
}

#[test]
fn a_new_key_of_the_provider_is_found() {
    let desk = Desk::open(Signer::p256());
    session(&desk.sign_in(|_| ()));
    session(&desk.sign_in(|_| ()));
    assert_eq!(desk.provider.fetches(), 1);
    let new = Signer::p256();
    desk.provider.publish(&[("two", &new)]);
    let header = json!({ "alg": "ES256", "kid": "two" });
    let begun = desk.begin();
    let token = new.token(&header, &desk.claims(&begun));
    refused(&desk.back(&begun, token), 401, "no such key");
    assert_eq!(desk.provider.fetches(), 1, "not more than once a minute");
    desk.house.pass(60);
    let begun = desk.begin();
    let token = new.token(&header, &desk.claims(&begun));
    session(&desk.back(&begun, token));
    assert_eq!(desk.provider.fetches(), 2);
}
