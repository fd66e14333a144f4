//! Seat tokens: a grant in the hands of the user's browser, which the vendor's application can check on every
//! request without asking.
//!
//! A JWS in compact form (RFC 7515) with EdDSA (RFC 8037):
//!
//! ```text
//! {"alg":"EdDSA","kid":"...","typ":"JWT"} . {"iss","account","account_id","user","session","seat","epoch","iat","exp"} . signature
//! ```
//!
//! - `exp` is at most one lease after the sign of life for which the token was made. A silent holder's seat
//!   is taken after a whole lease at the earliest, so two good tokens for one seat never overlap, unless
//!   somebody released the seat by hand; whoever wants to be sure of that too asks for the session.
//! - `epoch` is the session's number, which only grows within an account: of two tokens the higher is the
//!   newer holder's.
//! - No personal data: users are numbers.
//!
//! The same token tells the browser's own calls which session they are about. There the signature counts and
//! `exp` does not: a laptop that slept may take its seat up again if nobody needed it; whether the session is
//! still on is what the ledger says.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ed25519_dalek::{Signature, Signer, SigningKey};
use ledger::whole;
use seats::{AccountId, SeatNo, SessionId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// The longest token that is looked at, in bytes.
const TOKEN_BYTES_MAX: usize = 2_048;

/// What a seat token says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Claims {
    /// Which ledger granted the seat.
    pub iss: String,
    /// The account's name.
    pub account: String,
    /// The account's number.
    pub account_id: u64,
    /// The user's number in the account.
    pub user: u32,
    /// The session.
    pub session: u64,
    /// The seat it holds.
    pub seat: u32,
    /// The session's number again: it only grows.
    pub epoch: u64,
    /// When this token was made, in seconds since 1970.
    pub iat: u64,
    /// From when on it is no longer to be believed, in seconds since 1970.
    pub exp: u64,
}

impl Claims {
    /// The account it is about.
    pub fn account_id(&self) -> AccountId {
        AccountId(self.account_id)
    }

    /// The session it is about.
    pub fn session_id(&self) -> SessionId {
        SessionId(self.session)
    }
}

/// The grant that a token is made for.
#[derive(Clone, Copy, Debug)]
pub struct Grant<'a> {
    /// The account's name.
    pub account: &'a str,
    /// The account.
    pub account_id: AccountId,
    /// Who sits there.
    pub user: UserId,
    /// By which session.
    pub session: SessionId,
    /// Where.
    pub seat: SeatNo,
}

/// Makes and checks seat tokens.
pub struct SeatTokens {
    issuer: String,
    key: SigningKey,
    header: String,
    key_id: String,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: String,
}

impl SeatTokens {
    /// With the key kept in `dir`, which is made the first time. `issuer` names the ledger.
    ///
    /// # Errors
    /// When the key cannot be read or kept.
    pub fn open(dir: &Path, issuer: &str) -> io::Result<SeatTokens> {
        let path = dir.join("seat-key");
        let seed = match fs::read_to_string(&path) {
            Ok(text) => read_seed(&text).ok_or_else(|| {
                io::Error::other(format!("{}: it is not 32 bytes in base64", path.display()))
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let mut seed = [0; 32];
                getrandom::fill(&mut seed).map_err(io::Error::other)?;
                let text = BASE64.encode(seed);
                whole::write(&path, whole::SECRET, |file| writeln!(file, "{text}"))?;
                seed
            }
            Err(error) => return Err(error),
        };
        Ok(SeatTokens::new(&seed, issuer))
    }

    /// With this key.
    pub fn new(seed: &[u8; 32], issuer: &str) -> SeatTokens {
        let key = SigningKey::from_bytes(seed);
        let digest = blake3::hash(key.verifying_key().as_bytes());
        let key_id = BASE64.encode(digest.as_bytes().get(..8).unwrap_or_default());
        let header = json!({ "alg": "EdDSA", "kid": key_id, "typ": "JWT" }).to_string();
        SeatTokens { issuer: issuer.to_owned(), key, header: BASE64.encode(header), key_id }
    }

    /// A token for a grant, made at `now` and good for `life_s` seconds, and when it ends.
    pub fn make(&self, grant: &Grant<'_>, now: Timestamp, life_s: u64) -> (String, Timestamp) {
        // Whole seconds, rounded down: it ends rather too early than too late.
        let iat = now.0 / 1_000_000;
        let exp = iat.saturating_add(life_s);
        let claims = Claims {
            iss: self.issuer.clone(),
            account: grant.account.to_owned(),
            account_id: grant.account_id.0,
            user: grant.user.0,
            session: grant.session.0,
            seat: grant.seat.0,
            epoch: grant.session.0,
            iat,
            exp,
        };
        let claims = serde_json::to_vec(&claims).unwrap_or_default(); // Strings and numbers serialize.
        let signed = format!("{}.{}", self.header, BASE64.encode(claims));
        let signature = self.key.sign(signed.as_bytes());
        let token = format!("{signed}.{}", BASE64.encode(signature.to_bytes()));
        (token, Timestamp::from_secs(exp))
    }

    /// What a token says, if its signature is ours. Whether it has expired is not looked at.
    pub fn open_token(&self, token: &str) -> Option<Claims> {
        if token.len() > TOKEN_BYTES_MAX {
            return None;
        }
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let header: Header = serde_json::from_slice(&BASE64.decode(header).ok()?).ok()?;
        if header.alg != "EdDSA" || header.kid != self.key_id {
            return None;
        }
        let signature = Signature::from_slice(&BASE64.decode(signature).ok()?).ok()?;
        self.key.verifying_key().verify_strict(signed.as_bytes(), &signature).ok()?;
        serde_json::from_slice(&BASE64.decode(claims).ok()?).ok()
    }

    /// The public key as a JWK set (RFC 7517), for those who check tokens.
    pub fn jwks(&self) -> Value {
        let x = BASE64.encode(self.key.verifying_key().as_bytes());
        let key = json!({
            "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": self.key_id, "x": x,
        });
        json!({ "keys": [key] })
    }
}

fn read_seed(text: &str) -> Option<[u8; 32]> {
    BASE64.decode(text.trim()).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

    fn grant() -> Grant<'static> {
        Grant {
            account: "clinic",
            account_id: AccountId(7),
            user: UserId(3),
            session: SessionId(12),
            seat: SeatNo(2),
        }
    }

    #[test]
    fn a_token_says_what_was_granted() {
        let tokens = SeatTokens::new(&[1; 32], "ledger");
        let (token, expires) = tokens.make(&grant(), NOW, 120);
        let claims = tokens.open_token(&token).unwrap();
        assert_eq!((claims.account_id, claims.session, claims.epoch), (7, 12, 12));
        assert_eq!((claims.iat, claims.exp), (1_700_000_000, 1_700_000_120));
        assert_eq!(expires, Timestamp::from_secs(claims.exp));
        assert!(!token.contains('='));
    }

    #[test]
    fn no_token_but_ours_is_believed() {
        let tokens = SeatTokens::new(&[1; 32], "ledger");
        let (token, _) = tokens.make(&grant(), NOW, 120);
        let parts: Vec<&str> = token.split('.').collect();
        let [header, claims, signature] = parts[..] else { panic!("three parts") };
        let forged = BASE64.encode(
            String::from_utf8(BASE64.decode(claims).unwrap())
                .unwrap()
                .replace("\"seat\":2", "\"seat\":3"),
        );
        let none = BASE64.encode(json!({ "alg": "none", "kid": tokens.key_id }).to_string());
        for bad in [
            format!("{header}.{forged}.{signature}"),
            format!("{none}.{claims}."),
            format!("{none}.{claims}.{signature}"),
            format!("{header}.{claims}"),
            String::new(),
            "..".to_owned(),
            "x".repeat(TOKEN_BYTES_MAX + 1),
        ] {
            assert_eq!(tokens.open_token(&bad), None, "{bad}");
        }
        assert_eq!(SeatTokens::new(&[2; 32], "ledger").open_token(&token), None, "another key");
        // The ledger's name changes when it gets a key to seal with; the browsers stay logged in.
        assert!(SeatTokens::new(&[1; 32], "renamed").open_token(&token).is_some());
    }

    /// RFC 8037, appendix A.4: the signature of the example.
    #[test]
    fn signatures_are_those_of_rfc_8037() {
        let seed = BASE64.decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
        let tokens = SeatTokens::new(&seed.try_into().unwrap(), "");
        let signed = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        let expected = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
        assert_eq!(BASE64.encode(tokens.key.sign(signed.as_bytes()).to_bytes()), expected);
        assert_eq!(tokens.jwks()["keys"][0]["x"], "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
    }

    #[test]
    fn the_key_stays_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let (token, _) = SeatTokens::open(dir.path(), "l").unwrap().make(&grant(), NOW, 1);
        assert!(SeatTokens::open(dir.path(), "l").unwrap().open_token(&token).is_some());
        fs::write(dir.path().join("seat-key"), "short").unwrap();
        assert!(SeatTokens::open(dir.path(), "l").is_err());
    }
}
