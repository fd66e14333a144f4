//! Checking a seat token without asking anybody: its signature, its end, its session.
//!
//! A JWS in compact form (RFC 7515) with EdDSA over Ed25519 (RFC 8037).

use crate::Error;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ed25519_dalek::{Signature, VerifyingKey};
use serde::Deserialize;
use serde_json::Value;
use thiserror::Error as ThisError;

/// The longest token that is looked at, in bytes.
const TOKEN_BYTES_MAX: usize = 2_048;

/// Checks seat tokens with the server's public keys.
#[derive(Clone, Debug)]
pub struct Checker {
    keys: Vec<(String, VerifyingKey)>,
}

/// Whose seat a token is.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Seat {
    /// The account's name. Compare it with the customer whose data is asked for.
    pub account: String,
    /// The user's number in the account.
    pub user: u32,
    /// The session.
    pub session: u64,
    /// The seat.
    pub seat: u32,
    /// Only grows within an account: of two tokens of one seat the higher is the newer holder's.
    pub epoch: u64,
    /// From when on the token is no longer to be believed, in seconds since 1970.
    pub exp: u64,
}

/// Why a token is not to be believed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ThisError)]
pub enum BadToken {
    /// It is not a token of this server, or was changed. Refuse.
    #[error("the seat token is not one of this server's")]
    NotOurs,
    /// It is of a key that is not known. Ask for the keys again, once.
    #[error("the seat token is of a key that is not known")]
    UnknownKey,
    /// It was good, and is over: the browser has shown no sign of life for a lease. Ask for the session, or have
    /// the browser's next sign of life bring a new one.
    #[error("the seat token has expired")]
    Expired,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: String,
}

#[derive(Deserialize)]
struct Keys {
    keys: Vec<Key>,
}

#[derive(Deserialize)]
struct Key {
    crv: String,
    kid: String,
    x: String,
}

impl Checker {
    /// From a JWK set, as the server gives it at `/.well-known/jwks.json`.
    ///
    /// # Errors
    /// [`Error::Unreadable`] if there is no usable key in it.
    pub fn from_jwks(jwks: &Value) -> Result<Checker, Error> {
        let unreadable = |why: String| Error::Unreadable(format!("keys: {why}"));
        let keys: Keys =
            serde_json::from_value(jwks.clone()).map_err(|error| unreadable(error.to_string()))?;
        let keys = keys.keys.into_iter().filter(|key| key.crv == "Ed25519");
        let read = keys.filter_map(|key| {
            let bytes: [u8; 32] = BASE64.decode(key.x).ok()?.try_into().ok()?;
            Some((key.kid, VerifyingKey::from_bytes(&bytes).ok()?))
        });
        let keys: Vec<(String, VerifyingKey)> = read.collect();
        if keys.is_empty() {
            Err(unreadable("none is usable".to_owned()))
        } else {
            Ok(Checker { keys })
        }
    }

    /// Whose seat a token is, at `now` in seconds since 1970.
    ///
    /// # Errors
    /// [`BadToken`].
    pub fn check(&self, token: &str, now: u64) -> Result<Seat, BadToken> {
        let seat = self.signed(token)?;
        if now < seat.exp { Ok(seat) } else { Err(BadToken::Expired) }
    }

    fn signed(&self, token: &str) -> Result<Seat, BadToken> {
        let parts = || {
            let (signed, signature) = token.rsplit_once('.')?;
            let (header, claims) = signed.split_once('.')?;
            let header: Header = serde_json::from_slice(&BASE64.decode(header).ok()?).ok()?;
            let signature = Signature::from_slice(&BASE64.decode(signature).ok()?).ok()?;
            Some((signed, header, claims, signature))
        };
        let short = token.len() <= TOKEN_BYTES_MAX;
        let (signed, header, claims, signature) =
            parts().filter(|_| short).ok_or(BadToken::NotOurs)?;
        if header.alg != "EdDSA" {
            return Err(BadToken::NotOurs);
        }
        let key = self.keys.iter().find(|(kid, _)| *kid == header.kid);
        let (_, key) = key.ok_or(BadToken::UnknownKey)?;
        key.verify_strict(signed.as_bytes(), &signature).map_err(|_| BadToken::NotOurs)?;
        let claims = BASE64.decode(claims).map_err(|_| BadToken::NotOurs)?;
        serde_json::from_slice(&claims).map_err(|_| BadToken::NotOurs)
    }
}
