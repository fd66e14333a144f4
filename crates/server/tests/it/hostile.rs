//! Clients that mean no good, on a real socket: they are answered or cut off, and nobody else notices.

use crate::harness::House;
use server::Settings;
use server::access::TokenRole::{App, Support};
use server::serve::{Limits, run};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// How long a client may take to send its headers here.
const HEADER_TIME: Duration = Duration::from_millis(300);
/// How long a connection may rest between calls here.
const IDLE_TIME: Duration = Duration::from_secs(1);
/// Longer than anything here should take.
const PATIENCE: Duration = Duration::from_secs(20);

struct Socket<'a> {
    house: &'a House,
    at: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
}

impl<'a> Socket<'a> {
    fn open(house: &'a House, connections_max: usize) -> Socket<'a> {
        let (stop, stopped) = oneshot::channel::<()>();
        let routes = house.routes.clone();
        let at = house.block_on(async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let at = listener.local_addr().unwrap();
            let limits = Limits { connections_max, header_time: HEADER_TIME, idle_time: IDLE_TIME };
            let stopped = async move { drop(stopped.await) };
            tokio::spawn(run(routes, listener, limits, None, stopped));
            at
        });
        Socket { house, at, stop: Some(stop) }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.at).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Sends this, and reads until the server closes.
    fn send(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        // The server may have had enough before all is sent.
        let _ = stream.write_all(bytes);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Somebody else is answered.
    #[track_caller]
    fn is_well(&self) {
        let answer = self.send(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("ok\n"), "{answer}");
    }

    fn post(&self, headers: &str, body: &[u8]) -> String {
        let token = self.house.token(App);
        let head = format!(
            "POST /v1/accounts/clinic/logins HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\nidempotency-key: x\r\nconnection: close\r\n{headers}\r\n"
        );
        self.send(&[head.as_bytes(), body].concat())
    }
}

impl Drop for Socket<'_> {
    fn drop(&mut self) {
        drop(self.stop.take());
    }
}

#[test]
fn a_connection_rests_between_calls_for_longer_than_headers_may_take_and_not_for_ever() {
    let house = House::clinic(1);
    let socket = Socket::open(&house, 10);
    let begun = Instant::now();
    let answer = socket.send(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!((IDLE_TIME..PATIENCE).contains(&begun.elapsed()), "{:?}", begun.elapsed());
    socket.is_well();
}

#[test]
fn headers_that_never_end_are_cut_off() {
    let house = House::clinic(1);
    let socket = Socket::open(&house, 100);
    let slow: Vec<TcpStream> = (0..20)
        .map(|_| {
            let mut stream = socket.connect();
            stream.write_all(b"GET /healthz HTTP/1.1\r\nx-slow: ").unwrap();
            stream
        })
        .collect();
    socket.is_well();
    for mut stream in slow {
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).unwrap(); // It ends: the server has closed.
        assert!(!rest.starts_with(b"HTTP/1.1 200"));
    }
}

#[test]
fn whoever_takes_all_connections_is_cut_off_and_others_get_in() {
    let house = House::clinic(1);
    let socket = Socket::open(&house, 4);
    let _idle: Vec<TcpStream> = (0..16).map(|_| socket.connect()).collect();
    socket.is_well();
}

#[test]
fn floods_of_headers_and_bytes_that_are_no_http_are_refused() {
    let house = House::clinic(1);
    let socket = Socket::open(&house, 100);
    let long = format!("GET / HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "y".repeat(200_000));
    assert!(socket.send(long.as_bytes()).starts_with("HTTP/1.1 431"));
    let many = format!("GET / HTTP/1.1\r\nhost: x\r\n{}\r\n", "a: b\r\n".repeat(1_000));
    assert!(socket.send(many.as_bytes()).starts_with("HTTP/1.1 431"));
    assert!(socket.send(&[0xff; 4_096]).starts_with("HTTP/1.1 400"));
    assert!(socket.send(b"GET /\x80 HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 4"));
    socket.is_well();
}

#[test]
fn bodies_that_are_too_large_bad_or_late_are_refused() {
    let house = House::clinic(1);
    let socket = Socket::open(&house, 100);
    let claimed = socket.post("content-length: 10000000000\r\n", b"{");
    assert!(claimed.starts_with("HTTP/1.1 413"), "{claimed}");
    let chunk = format!("{:x}\r\n{}\r\n", 65_536, " ".repeat(65_536));
    let endless = socket.post("transfer-encoding: chunked\r\n", chunk.repeat(64).as_bytes());
    assert!(endless.starts_with("HTTP/1.1 413") || endless.is_empty(), "{endless}");
    let bad = socket.post("content-length: 12\r\n", b"{\"user\":\"\xff\"}");
    assert!(bad.starts_with("HTTP/1.1 400"), "{bad}");
    socket.is_well();
}

#[test]
fn a_stream_that_nobody_reads_holds_nobody_up() {
    let house = House::clinic(1);
    let socket = Socket::open(&house, 100);
    let token = house.token(Support);
    let head = format!(
        "GET /v1/events?from=0 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n"
    );
    let deaf: Vec<TcpStream> = (0..10)
        .map(|_| {
            let mut stream = socket.connect();
            stream.write_all(head.as_bytes()).unwrap();
            stream
        })
        .collect();
    for attempt in 0..400 {
        house.log_in("alice", &attempt.to_string()).ok(201);
    }
    socket.is_well();
    drop(deaf);
}

#[test]
fn bodies_that_are_deep_or_of_another_kind_are_refused() {
    let house = House::clinic(1);
    let socket = Socket::open(&house, 100);
    let sized = |body: &str| format!("content-length: {}\r\n", body.len());
    for deep in ["[".repeat(100_000), format!("{{\"user\":{}", "{\"a\":".repeat(100_000))] {
        let answer = socket.post(&sized(&deep), deep.as_bytes());
        assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("bad_request"), "{answer}");
    }
    let token = house.token(App);
    let good = "{\"user\":\"alice\"}";
    for kind in ["", "content-type: text/plain\r\n", "content-type: multipart/form-data\r\n"] {
        let request = format!(
            "POST /v1/accounts/clinic/logins HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n{kind}\
             idempotency-key: x\r\nconnection: close\r\n{}\r\n{good}",
            sized(good)
        );
        let answer = socket.send(request.as_bytes());
        assert!(answer.starts_with("HTTP/1.1 415"), "{kind}: {answer}");
    }
    // Two servers that disagree on where a request ends can be made to take a body for a request.
    for lengths in [
        "content-length: 18\r\ncontent-length: 3\r\n",
        "content-length: -1\r\n",
        "transfer-encoding: gzip\r\n",
    ] {
        let answer = socket.post(lengths, good.as_bytes());
        assert!(answer.starts_with("HTTP/1.1 400"), "{lengths}: {answer}");
    }
    socket.is_well();
}

#[test]
fn a_body_that_never_comes_is_not_waited_for() {
    let house = House::with(Settings { request_seconds: 1, ..Settings::default() });
    let socket = Socket::open(&house, 100);
    let begun = Instant::now();
    let waiting: Vec<TcpStream> = (0..20)
        .map(|_| {
            let mut stream = socket.connect();
            let token = house.token(App);
            let head = format!(
                "POST /v1/heartbeats HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
                 content-type: application/json\r\ncontent-length: 100\r\n\r\n{{"
            );
            stream.write_all(head.as_bytes()).unwrap();
            stream
        })
        .collect();
    socket.is_well();
    for mut stream in waiting {
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"HTTP/1.1 503");
    }
    assert!(begun.elapsed() < PATIENCE);
}

#[test]
fn no_path_leads_out_of_what_is_served() {
    let house = House::clinic(1);
    let socket = Socket::open(&house, 100);
    let token = house.token(Support);
    for path in [
        "/../../../etc/passwd",
        "/desk/..%2f..%2f..%2fetc/passwd",
        "/%2e%2e/%2e%2e/access/tokens",
        "/v1/accounts/..%2f..%2faccess",
        "/v1/accounts/../../access/tokens",
        "/desk.css/../../access/tokens",
        "//etc/passwd",
        "/v1/accounts/clinic%00/occupancy",
        "/v1/accounts/%ff%fe/occupancy",
    ] {
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n"
        );
        let answer = socket.send(request.as_bytes());
        assert!(
            answer.starts_with("HTTP/1.1 404") || answer.starts_with("HTTP/1.1 400"),
            "{path}: {answer}"
        );
        assert!(!answer.contains("root:"), "{path}");
    }
}

#[test]
fn whoever_guesses_tokens_is_told_to_wait() {
    let house = House::with(Settings { failures_max: 3, ..Settings::default() });
    let socket = Socket::open(&house, 100);
    let guess = |token: &str| {
        let request = format!(
            "GET /v1/accounts HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n"
        );
        socket.send(request.as_bytes())
    };
    for number in 0..3 {
        assert!(guess(&format!("sl_{number}_00")).starts_with("HTTP/1.1 401"));
    }
    let answer = guess(house.token(Support));
    assert!(answer.starts_with("HTTP/1.1 429") && answer.contains("retry-after: "), "{answer}");
    house.pass(60);
    assert!(guess(house.token(Support)).starts_with("HTTP/1.1 200"));
}

#[test]
fn a_flood_of_requests_whose_answers_nobody_reads_holds_nobody_up() {
    let house = House::clinic(1);
    let socket = Socket::open(&house, 100);
    let floods: Vec<TcpStream> = (0..4)
        .map(|_| {
            let mut stream = socket.connect();
            stream.set_write_timeout(Some(HEADER_TIME)).unwrap();
            // When its answers are not read, the server stops reading: the rest does not fit anywhere.
            let requests = "GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n".repeat(200_000);
            assert!(stream.write_all(requests.as_bytes()).is_err(), "all of it was taken");
            stream
        })
        .collect();
    socket.is_well();
    drop(floods);
}
