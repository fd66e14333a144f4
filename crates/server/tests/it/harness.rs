//! A server on a ledger of its own, and a client that speaks JSON to it.

use admission::{ManualClock, Options};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use ledger::Ledger;
use seats::{Micros, Timestamp};
use serde_json::{Value, json};
use server::access::{NewToken, TokenRole};
use server::{Service, Settings};
use std::sync::Arc;
use tempfile::TempDir;
use tower::ServiceExt;

/// 2026-05-04 09:00 in London.
pub(crate) const MORNING: Timestamp = Timestamp::from_secs(1_777_881_600);

pub(crate) struct House {
    pub(crate) service: Arc<Service>,
    pub(crate) routes: Router,
    pub(crate) clock: ManualClock,
    runtime: tokio::runtime::Runtime,
    tokens: Vec<(TokenRole, String)>,
    dir: Arc<TempDir>,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("{} {}", self.status, self.text))
    }

    /// The problem's code, which must go with the status.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, code: &str) -> Value {
        let body = self.json();
        assert_eq!((self.status.as_u16(), body["code"].as_str()), (status, Some(code)), "{body}");
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(body["status"], status);
        body
    }

    #[track_caller]
    pub(crate) fn ok(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self.json()
    }
}

impl House {
    pub(crate) fn new() -> House {
        House::with(Settings::default())
    }

    pub(crate) fn with(settings: Settings) -> House {
        let dir = Arc::new(tempfile::tempdir().unwrap());
        House::at(&dir, ManualClock::new(MORNING), settings)
    }

    /// On a directory that may hold the ledger of an earlier one.
    pub(crate) fn at(dir: &Arc<TempDir>, clock: ManualClock, settings: Settings) -> House {
        let data = dir.path().join("ledger");
        let ledger = Ledger::open_or_create(&data, &ledger::Options::default()).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let access = data.join("access");
        let service = runtime.block_on(async {
            // The clock jumps here; that is no time in which nobody listened.
            let options = Options { stall: None, ..Options::default() };
            Service::start(ledger, &access, settings, options, clock.clone())
        });
        let service = Arc::new(service.unwrap());
        let tokens = TokenRole::ALL.into_iter().map(|role| {
            let (label, accounts) = (role.word().to_owned(), None);
            let new = NewToken { role, accounts, label, expires_at: None };
            (role, service.access().make(new, MORNING).unwrap().1)
        });
        let tokens = tokens.collect();
        let routes = server::routes(Arc::clone(&service));
        House { service, routes, clock, runtime, tokens, dir: Arc::clone(dir) }
    }

    /// With an account `clinic` of so many licences.
    pub(crate) fn clinic(licences: u32) -> House {
        let house = House::new();
        house.open("clinic", licences);
        house
    }

    /// Opens an account.
    pub(crate) fn open(&self, name: &str, licences: u32) {
        let body = json!({ "name": name, "licences": licences });
        self.post(TokenRole::Admin, "/v1/accounts", body).ok(201);
    }

    /// Where the access tokens are.
    pub(crate) fn access_dir(&self) -> std::path::PathBuf {
        self.dir.path().join("ledger/access")
    }

    pub(crate) fn token(&self, role: TokenRole) -> &str {
        let found = self.tokens.iter().find(|(known, _)| *known == role);
        &found.unwrap().1
    }

    pub(crate) fn limited_token(&self, role: TokenRole, account: &str) -> String {
        let accounts = Some(vec![account.to_owned()]);
        let new = NewToken { role, accounts, label: String::new(), expires_at: None };
        self.service.access().make(new, MORNING).unwrap().1
    }

    pub(crate) fn call(&self, request: Request<Body>) -> Answer {
        self.bytes(request).0
    }

    /// The same, with the body as it is.
    pub(crate) fn bytes(&self, request: Request<Body>) -> (Answer, Vec<u8>) {
        let routes = self.routes.clone();
        self.runtime.block_on(async move {
            let response = routes.oneshot(request).await.unwrap();
            let (parts, body) = response.into_parts();
            let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
            let text = String::from_utf8_lossy(&bytes).into_owned();
            (Answer { status: parts.status, headers: parts.headers, text }, bytes.to_vec())
        })
    }

    pub(crate) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    pub(crate) fn request(
        &self,
        method: &str,
        path: &str,
        token: &str,
    ) -> axum::http::request::Builder {
        Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {token}"))
    }

    pub(crate) fn get(&self, role: TokenRole, path: &str) -> Answer {
        self.call(self.request("GET", path, self.token(role)).body(Body::empty()).unwrap())
    }

    pub(crate) fn send(&self, method: &str, role: TokenRole, path: &str, body: Value) -> Answer {
        let request = self.request(method, path, self.token(role));
        let request = request.header("content-type", "application/json");
        self.call(request.body(Body::from(body.to_string())).unwrap())
    }

    pub(crate) fn post(&self, role: TokenRole, path: &str, body: Value) -> Answer {
        self.send("POST", role, path, body)
    }

    /// A login by the application, in the attempt of this id.
    pub(crate) fn log_in(&self, user: &str, attempt: &str) -> Answer {
        let path = "/v1/accounts/clinic/logins";
        let request = self.request("POST", path, self.token(TokenRole::App));
        let request =
            request.header("content-type", "application/json").header("idempotency-key", attempt);
        self.call(request.body(Body::from(json!({ "user": user }).to_string())).unwrap())
    }

    pub(crate) fn pass(&self, seconds: u32) {
        self.clock.advance(Micros::from_secs(seconds));
    }
}

impl Drop for House {
    fn drop(&mut self) {
        let service = Arc::clone(&self.service);
        let _ = self.runtime.block_on(async move { service.stop().await });
    }
}
