//! TLS on a real socket, with a certificate of our own; and webhooks to a receiver that has one.
//!
//! The files are of `openssl`: an authority (`ca.pem`), and a certificate for `localhost` by it (`cert.pem`,
//! `key.pem`), good for a hundred years.

use crate::harness::House;
use serde_json::json;
use server::Settings;
use server::access::TokenRole::Admin;
use server::serve::{Limits, run};
use server::tls::acceptor;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/tls").join(name)
}

/// Serves a house by TLS; its port, and what stops it.
fn serve(house: &House) -> (u16, oneshot::Sender<()>) {
    let tls = acceptor(&file("cert.pem"), &file("key.pem")).unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let routes = house.routes.clone();
    let port = house.block_on(async move {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let time = Duration::from_secs(5);
        let limits = Limits { connections_max: 8, header_time: time, idle_time: time };
        tokio::spawn(run(routes, listener, limits, Some(tls), async move { drop(stopped.await) }));
        port
    });
    (port, stop)
}

fn agent(roots: RootCerts) -> ureq::Agent {
    let tls = TlsConfig::builder().root_certs(roots).build();
    ureq::Agent::config_builder().tls_config(tls).build().into()
}

fn ours() -> RootCerts {
    let pem = std::fs::read(file("ca.pem")).unwrap();
    RootCerts::new_with_certs(&[Certificate::from_pem(&pem).unwrap()])
}

#[test]
fn the_server_speaks_tls_and_nothing_else_on_that_port() {
    let settings =
        Settings { tls: Some((file("cert.pem"), file("key.pem"))), ..Settings::default() };
    let house = House::with(settings);
    let (port, _stop) = serve(&house);
    let url = format!("https://localhost:{port}/healthz");
    let mut answer = agent(ours()).get(&url).call().unwrap();
    assert_eq!(answer.body_mut().read_to_string().unwrap(), "ok\n");
    let stranger = agent(RootCerts::WebPki).get(&url).call().unwrap_err().to_string();
    assert!(stranger.contains("certificate"), "{stranger}");
    let other = format!("https://localhost.:{port}/healthz").replace("localhost.", "127.0.0.2");
    assert!(agent(ours()).get(&other).call().is_err(), "the certificate is for another name");
    let mut plain = TcpStream::connect(("127.0.0.1", port)).unwrap();
    plain.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    let mut said = Vec::new();
    let _ = plain.read_to_end(&mut said);
    assert!(!said.starts_with(b"HTTP/"), "{said:?}");
    let form = axum::http::Request::builder().method("POST").uri("/desk/sign-in");
    let form = form.header("content-type", "application/x-www-form-urlencoded");
    let token = format!("token={}", house.token(server::access::TokenRole::Support));
    let signed_in = house.call(form.body(axum::body::Body::from(token)).unwrap());
    let cookie = signed_in.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.starts_with("__Host-desk=") && cookie.ends_with("; Secure"), "{cookie}");
}

#[test]
fn files_that_are_no_certificate_are_named() {
    let said = |certificate: &str, key: &str| {
        acceptor(&file(certificate), &file(key)).err().unwrap().to_string()
    };
    assert!(said("nowhere.pem", "key.pem").contains("nowhere.pem"));
    assert!(said("cert.pem", "cert.pem").contains("cert.pem"));
}

#[test]
fn a_receiver_with_a_certificate_of_the_settings_is_told() {
    let receiver = House::new();
    let (port, _stop) = serve(&receiver);
    let told = |outgoing_ca| {
        let settings =
            Settings { webhooks_allow_private: true, outgoing_ca, ..Settings::default() };
        let house = House::with(settings);
        // Nothing is there that takes letters; that it says so is proof that it was reached.
        let url = format!("https://localhost:{port}/hook");
        house.post(Admin, "/v1/webhooks", json!({ "url": url })).ok(201);
        house.open("clinic", 1);
        let begun = std::time::Instant::now();
        loop {
            let shown = house.get(Admin, "/v1/webhooks").ok(200)["webhooks"][0].clone();
            if let Some(why) = shown["why"].as_str() {
                return why.to_owned();
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "{shown}");
            std::thread::yield_now();
        }
    };
    assert_eq!(told(Some(file("ca.pem"))), "it answers 404");
    assert!(told(None).contains("certificate"), "a stranger's certificate is not taken");
}
