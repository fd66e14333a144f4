//! A small OpenID provider on this machine: publishes keys, and gives the id token that a test wants for a code.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    RsaKeyPair,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// Made for these tests; it guards nothing.
const RSA: &[u8] = include_bytes!("rsa_of_tests.pk8");

pub(crate) enum Signer {
    Rsa(Box<RsaKeyPair>),
    P256(Box<EcdsaKeyPair>),
    Ed25519(Box<Ed25519KeyPair>),
}

impl Signer {
    pub(crate) fn rsa() -> Signer {
        Signer::Rsa(Box::new(RsaKeyPair::from_pkcs8(RSA).unwrap()))
    }

    pub(crate) fn p256() -> Signer {
        let (random, kind) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
        let key = EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap();
        Signer::P256(Box::new(EcdsaKeyPair::from_pkcs8(kind, key.as_ref(), &random).unwrap()))
    }

    pub(crate) fn ed25519() -> Signer {
        let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Signer::Ed25519(Box::new(Ed25519KeyPair::from_pkcs8(key.as_ref()).unwrap()))
    }

    pub(crate) fn algorithm(&self) -> &'static str {
        match self {
            Signer::Rsa(_) => "RS256",
            Signer::P256(_) => "ES256",
            Signer::Ed25519(_) => "EdDSA",
        }
    }

    fn jwk(&self, id: &str) -> Value {
        let encode = |bytes: &[u8]| BASE64.encode(bytes);
        match self {
            Signer::Rsa(key) => {
                let public = PublicKeyComponents::<Vec<u8>>::from(key.public());
                let (n, e) = (encode(&public.n), encode(&public.e));
                json!({ "kty": "RSA", "kid": id, "use": "sig", "alg": "RS256", "n": n, "e": e })
            }
            Signer::P256(key) => {
                let point = key.public_key().as_ref();
                let (x, y) = (encode(&point[1..33]), encode(&point[33..]));
                json!({ "kty": "EC", "crv": "P-256", "kid": id, "x": x, "y": y })
            }
            Signer::Ed25519(key) => {
                json!({ "kty": "OKP", "crv": "Ed25519", "kid": id, "x": encode(key.public_key().as_ref()) })
            }
        }
    }

    fn sign(&self, content: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Signer::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, content, &mut signature).unwrap();
                signature
            }
            Signer::P256(key) => key.sign(&random, content).unwrap().as_ref().to_vec(),
            Signer::Ed25519(key) => key.sign(content).as_ref().to_vec(),
        }
    }

    /// A token with this header and these claims.
    pub(crate) fn token(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| BASE64.encode(value.to_string());
        let content = format!("{}.{}", part(header), part(claims));
        format!("{content}.{}", BASE64.encode(self.sign(content.as_bytes())))
    }
}

/// What the provider does, and has seen.
#[derive(Default)]
struct State {
    keys: Vec<Value>,
    /// By code: the token that it is good for, and the challenge that the verifier must answer.
    codes: HashMap<String, (String, String)>,
    fetches: usize,
}

pub(crate) struct Provider {
    pub(crate) issuer: String,
    state: Arc<Mutex<State>>,
}

impl Provider {
    pub(crate) fn open() -> Provider {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State::default()));
        let (own, answering) = (issuer.clone(), Arc::clone(&state));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (issuer, state) = (own.clone(), Arc::clone(&answering));
                std::thread::spawn(move || serve(stream, &issuer, &state));
            }
        });
        Provider { issuer, state }
    }

    pub(crate) fn publish(&self, keys: &[(&str, &Signer)]) {
        let keys = keys.iter().map(|(id, signer)| signer.jwk(id)).collect();
        self.state.lock().unwrap().keys = keys;
    }

    /// A code that is good for this token, once, to whoever answers the challenge.
    pub(crate) fn code(&self, token: String, challenge: &str) -> String {
        let mut state = self.state.lock().unwrap();
        let code = format!("code-{}", state.codes.len());
        state.codes.insert(code.clone(), (token, challenge.to_owned()));
        code
    }

    pub(crate) fn fetches(&self) -> usize {
        self.state.lock().unwrap().fetches
    }
}

fn serve(stream: TcpStream, issuer: &str, state: &Mutex<State>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    loop {
        let (mut line, mut length, mut basic) = (String::new(), 0, String::new());
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).ok()?;
            let Some((name, value)) = header.trim().split_once(": ") else { break };
            match name.to_lowercase().as_str() {
                "content-length" => length = value.parse().unwrap(),
                "authorization" => basic = value.to_owned(),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let body = String::from_utf8(body).unwrap();
        let path = line.split(' ').nth(1).unwrap();
        let (status, answer) = match path {
            "/.well-known/openid-configuration" => (
                200,
                json!({
                    "issuer": issuer, "authorization_endpoint": format!("{issuer}/authorize?tenant=1"),
                    "token_endpoint": format!("{issuer}/token"), "jwks_uri": format!("{issuer}/jwks"),
                }),
            ),
            "/jwks" => {
                let mut state = state.lock().unwrap();
                state.fetches += 1;
                (200, json!({ "keys": state.keys }))
            }
            "/token" => exchange(&body, &basic, &mut state.lock().unwrap()),
            _ => (404, json!({})),
        };
        let answer = answer.to_string();
        let head = format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\n\r\n", answer.len());
        (&stream).write_all(format!("{head}{answer}").as_bytes()).ok()?;
    }
}

fn exchange(body: &str, basic: &str, state: &mut State) -> (u16, Value) {
    let field = |name: &str| {
        let found = body.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")));
        found.unwrap_or_default().to_owned()
    };
    assert_eq!(field("grant_type"), "authorization_code");
    assert_eq!(field("redirect_uri"), "http%3A%2F%2Fdesk.test%2Fdesk%2Foidc%2Fcallback");
    let pair = base64::engine::general_purpose::STANDARD.encode("our%20desk:s%2Fecret");
    let knows_us = basic == format!("Basic {pair}");
    let answers = BASE64.encode(Sha256::digest(field("code_verifier")));
    match state.codes.remove(&field("code")) {
        Some((token, challenge)) if knows_us && challenge == answers => {
            (200, json!({ "access_token": "x", "token_type": "Bearer", "id_token": token }))
        }
        _ => (400, json!({ "error": "invalid_grant" })),
    }
}
