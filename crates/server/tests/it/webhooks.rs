//! Webhooks against a receiver on this machine: what it is told, in which order, and what happens if it refuses.

use crate::harness::{House, MORNING};
use admission::ManualClock;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use server::Settings;
use server::access::TokenRole::{Admin, App, Support};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::mpsc::{Receiver as Told, Sender, channel};
use std::time::Duration;

/// Longer than anything here should take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A letter as it was received.
struct Letter {
    headers: HashMap<String, String>,
    body: String,
}

impl Letter {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn position(&self) -> u64 {
        self.json()["position"].as_u64().unwrap()
    }

    /// Checked as Standard Webhooks says, with nothing of ours.
    fn is_signed_with(&self, secret: &str) -> bool {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let (id, time) = (&self.headers["webhook-id"], &self.headers["webhook-timestamp"]);
        let content = format!("{id}.{time}.{}", self.body);
        let pad = |with: u8| -> Vec<u8> {
            (0..64).map(|at| key.get(at).copied().unwrap_or(0) ^ with).collect()
        };
        let inner = Sha256::new().chain_update(pad(0x36)).chain_update(content).finalize();
        let outer = Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize();
        self.headers["webhook-signature"] == format!("v1,{}", STANDARD.encode(outer))
    }
}

/// Somebody's server, which answers what it is told to.
struct Receiver {
    url: String,
    status: Arc<AtomicU16>,
    letters: Told<Letter>,
}

impl Receiver {
    fn open() -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let status = Arc::new(AtomicU16::new(204));
        let (tell, letters) = channel();
        let answering = Arc::clone(&status);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (answering, tell) = (Arc::clone(&answering), tell.clone());
                std::thread::spawn(move || serve(stream, &answering, &tell));
            }
        });
        Receiver { url, status, letters }
    }

    fn answers(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    #[track_caller]
    fn next(&self) -> Letter {
        self.letters.recv_timeout(PATIENCE).expect("a letter comes")
    }
}

/// Answers requests with the status; 0: never.
fn serve(stream: TcpStream, status: &AtomicU16, tell: &Sender<Letter>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        assert_eq!(line, "POST /hook HTTP/1.1\r\n");
        let mut headers = HashMap::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            let Some((name, value)) = line.trim().split_once(": ") else { break };
            headers.insert(name.to_lowercase(), value.to_owned());
        }
        let mut body = vec![0; headers["content-length"].parse().unwrap()];
        reader.read_exact(&mut body).ok()?;
        let status = status.load(Ordering::SeqCst);
        let letter = Letter { headers, body: String::from_utf8(body).unwrap() };
        if status == 0 {
            let _ = tell.send(letter);
            let _ = reader.read_line(&mut String::new()); // Until the other side gives up.
            return None;
        }
        let answer = format!("HTTP/1.1 {status} x\r\nlocation: /else\r\ncontent-length: 0\r\n\r\n");
        (&stream).write_all(answer.as_bytes()).ok()?;
        let _ = tell.send(letter);
    }
}

fn settings() -> Settings {
    Settings { webhooks_allow_private: true, ..Settings::default() }
}

fn house() -> House {
    let house = House::with(settings());
    house.open("clinic", 1);
    house
}

fn subscribe(house: &House, body: Value) -> String {
    let made = house.post(Admin, "/v1/webhooks", body).ok(201);
    made["secret"].as_str().unwrap().to_owned()
}

fn shown(house: &House) -> Value {
    house.get(Admin, "/v1/webhooks").ok(200)["webhooks"][0].clone()
}

/// Waits until the first webhook is so.
#[track_caller]
fn until(house: &House, is_so: impl Fn(&Value) -> bool) -> Value {
    let begun = std::time::Instant::now();
    loop {
        let shown = shown(house);
        if is_so(&shown) {
            return shown;
        }
        assert!(begun.elapsed() < PATIENCE, "{shown}");
        std::thread::yield_now();
    }
}

#[test]
fn a_receiver_is_told_what_it_wants_in_order_and_signed() {
    let (house, receiver) = (house(), Receiver::open());
    house.open("other", 1);
    let wanted = json!({ "url": receiver.url, "events": ["SeatGranted", "SeatDenied"], "accounts": ["clinic"] });
    let secret = subscribe(&house, wanted);
    house.open("third", 1);
    house.log_in("alice", "a1").ok(201);
    house.post(App, "/v1/accounts/clinic/sessions/1/logout", json!({})).ok(200);
    house.log_in("bob", "b1").ok(201);
    house.log_in("carol", "c1").problem(409, "all_seats_held");
    let letters: Vec<Letter> = (0..3).map(|_| receiver.next()).collect();
    for letter in &letters {
        assert!(letter.is_signed_with(&secret));
        assert!(!letter.is_signed_with("whsec_AAAA"));
        assert_eq!(letter.headers["webhook-timestamp"], (MORNING.0 / 1_000_000).to_string());
        assert!(!letter.body.contains("alice") && !letter.body.contains("bob"), "numbers only");
        assert_eq!(letter.json()["account"], "clinic");
    }
    assert_eq!(letters[2].json()["events"][2]["event"], "SeatDenied");
    assert!(letters.windows(2).all(|two| two[0].position() < two[1].position()));
    let shown = until(&house, |shown| shown["lag"] == 0);
    assert_eq!((&shown["attempts"], &shown["dead_letters"]), (&json!(0), &json!(0)));
    assert!(!house.get(Admin, "/v1/webhooks").text.contains(&secret), "shown once");
}

#[test]
fn a_refused_letter_comes_again_before_the_next_and_with_the_same_id() {
    let (house, receiver) = (house(), Receiver::open());
    receiver.answers(500);
    let secret = subscribe(&house, json!({ "url": receiver.url }));
    house.log_in("alice", "a1").ok(201);
    house.log_in("bob", "b1").problem(409, "all_seats_held");
    let first = receiver.next();
    until(&house, |shown| shown["attempts"] == 1);
    receiver.answers(302);
    house.pass(6);
    let second = receiver.next();
    let shown = until(&house, |shown| shown["attempts"] == 2);
    assert_eq!(shown["why"], "it answers 302; redirects are not followed");
    receiver.answers(200);
    house.pass(36);
    let third = receiver.next();
    for later in [&second, &third] {
        assert_eq!(
            (&later.body, &later.headers["webhook-id"]),
            (&first.body, &first.headers["webhook-id"])
        );
        assert_ne!(later.headers["webhook-timestamp"], first.headers["webhook-timestamp"]);
        assert!(later.is_signed_with(&secret));
    }
    assert!(receiver.next().position() > first.position());
    until(&house, |shown| shown["lag"] == 0 && shown["refusing_since"].is_null());
}

#[test]
fn nothing_is_lost_over_a_restart() {
    let (dir, clock) = (Arc::new(tempfile::tempdir().unwrap()), ManualClock::new(MORNING));
    let receiver = Receiver::open();
    let house = House::at(&dir, clock.clone(), settings());
    house.open("clinic", 1);
    let secret = subscribe(&house, json!({ "url": receiver.url, "events": ["LoginRequested"] }));
    house.log_in("alice", "a1").ok(201);
    let first = receiver.next();
    until(&house, |shown| shown["lag"] == 0);
    receiver.answers(503);
    house.log_in("bob", "b1").problem(409, "all_seats_held");
    receiver.next();
    until(&house, |shown| shown["attempts"] == 1);
    drop(house);
    receiver.answers(200);
    let house = House::at(&dir, clock, settings());
    assert_eq!(shown(&house)["attempts"], 1, "what failed is known");
    house.log_in("carol", "c1").problem(409, "all_seats_held");
    house.pass(10);
    let (second, third) = (receiver.next(), receiver.next());
    assert!(second.is_signed_with(&secret));
    assert!(first.position() < second.position() && second.position() < third.position());
    let file = dir.path().join("ledger/access/webhooks.json");
    let mode = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(file).unwrap());
    assert_eq!(mode & 0o777, 0o600, "the secrets are their owner's");
}

#[test]
fn after_a_day_a_letter_is_dead_and_can_be_sent_again() {
    let (house, receiver) = (house(), Receiver::open());
    receiver.answers(500);
    subscribe(&house, json!({ "url": receiver.url, "events": ["SeatGranted"] }));
    house.log_in("alice", "a1").ok(201);
    let first = receiver.next();
    let mut attempts = 1;
    while until(&house, |shown| shown["attempts"] == attempts || shown["dead_letters"] == 1)["dead_letters"]
        == 0
    {
        house.pass(4_320);
        attempts += 1;
        receiver.next();
    }
    assert_eq!(attempts, 21, "each after 72 minutes, the last one after a day");
    let dead = house.get(Admin, "/v1/webhooks/1/dead").ok(200)["dead_letters"][0].clone();
    assert_eq!(dead["position"], first.position());
    assert_eq!((&dead["attempts"], &dead["why"]), (&json!(21), &json!("it answers 500")));
    assert_eq!(dead["id"], first.headers["webhook-id"].as_str());
    let metrics = house.get(Support, "/metrics").text;
    assert!(metrics.contains("\nseatledger_webhook_dead_letters 1\n"), "{metrics}");
    let again = |house: &House| house.post(Admin, "/v1/webhooks/1/retry", json!({})).ok(202);
    assert_eq!(again(&house)["letters"], 1);
    receiver.next();
    until(&house, |_| {
        house.get(Admin, "/v1/webhooks/1/dead").ok(200)["dead_letters"][0]["attempts"] == 22
    });
    receiver.answers(200);
    again(&house);
    assert_eq!(receiver.next().body, first.body);
    until(&house, |shown| shown["dead_letters"] == 0);
}

#[test]
fn a_receiver_that_never_answers_holds_nobody_up() {
    let (house, slow, quick) = (house(), Receiver::open(), Receiver::open());
    slow.answers(0);
    subscribe(&house, json!({ "url": slow.url }));
    subscribe(&house, json!({ "url": quick.url }));
    house.log_in("alice", "a1").ok(201);
    slow.next(); // And from now on it hangs.
    let begun = std::time::Instant::now();
    for attempt in 0..50 {
        house.log_in("bob", &attempt.to_string()).problem(409, "all_seats_held");
    }
    for _ in 0..51 {
        quick.next();
    }
    house.send("DELETE", Admin, "/v1/webhooks/1", json!({}));
    assert!(begun.elapsed() < Duration::from_secs(14), "not as long as a receiver may take");
    house.send("DELETE", Admin, "/v1/webhooks/1", json!({})).problem(404, "unknown_webhook");
}

#[test]
fn addresses_that_only_the_server_reaches_are_refused() {
    let house = House::clinic(1);
    let make = |url: &str| house.post(Admin, "/v1/webhooks", json!({ "url": url }));
    make("https://127.0.0.1/hook").problem(422, "unprocessable");
    make("https://[::ffff:10.0.0.1]/hook").problem(422, "unprocessable");
    make("http://example.com/hook").problem(422, "unprocessable");
    make("hook").problem(422, "unprocessable");
    // A name is looked at when it is called.
    make("https://localhost:1/hook").ok(201);
    house.log_in("alice", "a1").ok(201);
    let shown = until(&house, |shown| shown["attempts"] == 1);
    assert!(
        shown["why"].as_str().unwrap().contains("no address of the public internet"),
        "{shown}"
    );
}

#[test]
fn webhooks_are_an_administrators() {
    let house = House::clinic(1);
    let body = json!({ "url": "https://example.com/hook" });
    house.post(Support, "/v1/webhooks", body.clone()).problem(403, "not_allowed");
    house.get(App, "/v1/webhooks").problem(403, "not_allowed");
    let limited = house.limited_token(Admin, "clinic");
    let list = house.request("GET", "/v1/webhooks", &limited);
    house.call(list.body(axum::body::Body::empty()).unwrap()).problem(403, "not_allowed");
    let mistyped = json!({ "url": "https://example.com/hook", "events": ["SeatGrant"] });
    let said = house.post(Admin, "/v1/webhooks", mistyped).problem(422, "unprocessable");
    assert!(said["detail"].as_str().unwrap().contains("SeatGrant"));
    let elsewhere = json!({ "url": "https://example.com/hook", "accounts": ["nowhere"] });
    house.post(Admin, "/v1/webhooks", elsewhere).problem(404, "unknown_account");
    for _ in 0..32 {
        house.post(Admin, "/v1/webhooks", body.clone()).ok(201);
    }
    house.post(Admin, "/v1/webhooks", body).problem(422, "unprocessable");
}
