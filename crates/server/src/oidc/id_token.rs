//! Id tokens: what a provider says of somebody, checked.
//!
//! A JWS in compact form: `header.claims.signature`, each in base64 without padding. It is believed when
//!
//! 1. one of the provider's published keys signed it, with the algorithm that goes with *that key*: what the
//!    token's header says of its algorithm must agree and decides nothing, so `none`, and a public key taken
//!    for a shared secret, come to nothing;
//! 2. `iss` is the provider, `aud` holds us, and `azp` is us where it is there or `aud` holds others too;
//! 3. `exp` has not come and `iat` and `nbf` have, give or take [`LEEWAY_S`];
//! 4. `nonce` is the one that this very sign-in was begun with.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use serde::Deserialize;
use serde_json::{Map, Value};
use thiserror::Error;

/// Seconds by which clocks may differ.
pub(crate) const LEEWAY_S: u64 = 60;
/// The longest token that is looked at, in bytes.
const TOKEN_BYTES_MAX: usize = 64 << 10;
/// Keys of a provider that are looked at.
const KEYS_MAX: usize = 64;

/// What somebody's id token must say.
pub(crate) struct Expected<'a> {
    /// The provider.
    pub(crate) issuer: &'a str,
    /// Us.
    pub(crate) client: &'a str,
    /// What this sign-in was begun with.
    pub(crate) nonce: &'a str,
    /// Seconds since 1970.
    pub(crate) now_s: u64,
}

/// Why an id token is not believed. Nobody who signs in can mend it; the operator looks at the provider.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub(crate) enum TokenError {
    /// It is no token.
    #[error("it is no signed token")]
    Malformed,
    /// Another algorithm than that of the key, or one that is not taken.
    #[error("its algorithm is {0:?}, not that of the provider's key (RS256, ES256 or EdDSA)")]
    Algorithm(String),
    /// The provider publishes no such key; it may have a new one.
    #[error("the provider publishes no such key")]
    UnknownKey,
    /// The signature is not that of the key.
    #[error("its signature is not the provider's")]
    Signature,
    /// A claim is missing or says something else.
    #[error("its claim {0:?} is not as it must be")]
    Claim(&'static str),
}

/// The keys that a provider publishes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keys(Vec<Key>);

#[derive(Clone, Debug)]
struct Key {
    id: Option<String>,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    /// Modulus and exponent, big-endian.
    Rsa(Vec<u8>, Vec<u8>),
    /// The point, uncompressed.
    P256(Vec<u8>),
    Ed25519(Vec<u8>),
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<Value>,
}

impl Keys {
    /// Reads a JWK set; keys of other kinds, or for other uses, are left out.
    pub(crate) fn read(set: &Value) -> Keys {
        let listed = set.get("keys").and_then(Value::as_array);
        Keys(listed.into_iter().flatten().take(KEYS_MAX).filter_map(Key::read).collect())
    }
}

impl Key {
    fn read(key: &Value) -> Option<Key> {
        let text = |name: &str| key.get(name).and_then(Value::as_str);
        let bytes = |name: &str| BASE64.decode(text(name)?).ok();
        if text("use").is_some_and(|for_what| for_what != "sig") {
            return None;
        }
        let kind = match (text("kty")?, text("crv")) {
            ("RSA", _) => {
                let modulus = bytes("n")?;
                let zeros = modulus.iter().take_while(|byte| **byte == 0).count();
                Kind::Rsa(modulus.into_iter().skip(zeros).collect(), bytes("e")?)
            }
            ("EC", Some("P-256")) => {
                let (x, y) = (bytes("x")?, bytes("y")?);
                (x.len() == 32 && y.len() == 32).then(|| Kind::P256([vec![4], x, y].concat()))?
            }
            ("OKP", Some("Ed25519")) => Kind::Ed25519(bytes("x")?),
            _ => return None,
        };
        let key = Key { id: text("kid").map(str::to_owned), kind };
        text("alg").is_none_or(|named| named == key.algorithm()).then_some(key)
    }

    fn algorithm(&self) -> &'static str {
        match self.kind {
            Kind::Rsa(..) => "RS256",
            Kind::P256(_) => "ES256",
            Kind::Ed25519(_) => "EdDSA",
        }
    }

    fn has_signed(&self, content: &[u8], signature: &[u8]) -> bool {
        let verified = match &self.kind {
            Kind::Rsa(n, e) => {
                let key = RsaPublicKeyComponents { n, e };
                key.verify(&RSA_PKCS1_2048_8192_SHA256, content, signature)
            }
            Kind::P256(point) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(content, signature)
            }
            Kind::Ed25519(key) => UnparsedPublicKey::new(&ED25519, key).verify(content, signature),
        };
        verified.is_ok()
    }
}

/// What a token says, if it is to be believed.
pub(crate) fn check(
    token: &str,
    keys: &Keys,
    expected: &Expected<'_>,
) -> Result<Map<String, Value>, TokenError> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(TokenError::Malformed);
    }
    let (content, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
    let (header, claims) = content.split_once('.').ok_or(TokenError::Malformed)?;
    let decoded = |part: &str| BASE64.decode(part).map_err(|_| TokenError::Malformed);
    let header: Header =
        serde_json::from_slice(&decoded(header)?).map_err(|_| TokenError::Malformed)?;
    if header.crit.is_some() {
        return Err(TokenError::Malformed); // It must be understood, and is not.
    }
    if !["RS256", "ES256", "EdDSA"].contains(&header.alg.as_str()) {
        return Err(TokenError::Algorithm(header.alg));
    }
    let named = keys.0.iter().filter(|key| match (&header.kid, &key.id) {
        (Some(wanted), Some(id)) => wanted == id,
        _ => true,
    });
    let mut named = named.peekable();
    named.peek().ok_or(TokenError::UnknownKey)?;
    let mut fitting = named.filter(|key| key.algorithm() == header.alg).peekable();
    fitting.peek().ok_or_else(|| TokenError::Algorithm(header.alg.clone()))?;
    let signature = decoded(signature)?;
    if !fitting.any(|key| key.has_signed(content.as_bytes(), &signature)) {
        return Err(TokenError::Signature);
    }
    let claims: Map<String, Value> =
        serde_json::from_slice(&decoded(claims)?).map_err(|_| TokenError::Malformed)?;
    agree(&claims, expected)?;
    Ok(claims)
}

fn agree(claims: &Map<String, Value>, expected: &Expected<'_>) -> Result<(), TokenError> {
    let must = |is_so: bool, claim: &'static str| match is_so {
        true => Ok(()),
        false => Err(TokenError::Claim(claim)),
    };
    let text = |claim: &str| claims.get(claim).and_then(Value::as_str);
    // Seconds since 1970; some providers write fractions.
    let time = |claim: &str| {
        let value = claims.get(claim)?;
        value.as_u64().or_else(|| value.to_string().split('.').next()?.parse().ok())
    };
    must(text("iss") == Some(expected.issuer), "iss")?;
    let audience: Vec<&str> = match claims.get("aud") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    must(audience.contains(&expected.client), "aud")?;
    let authorised = text("azp").is_none_or(|party| party == expected.client);
    must(authorised && (audience.len() == 1 || claims.contains_key("azp")), "azp")?;
    let latest = expected.now_s.saturating_add(LEEWAY_S);
    must(time("exp").is_some_and(|exp| expected.now_s < exp.saturating_add(LEEWAY_S)), "exp")?;
    must(time("iat").is_some_and(|iat| iat <= latest), "iat")?;
    must(!claims.contains_key("nbf") || time("nbf").is_some_and(|nbf| nbf <= latest), "nbf")?;
    // Comparing hashes: how long that takes says nothing of the nonce.
    let hashed = |nonce: &str| blake3::hash(nonce.as_bytes());
    must(text("nonce").is_some_and(|nonce| hashed(nonce) == hashed(expected.nonce)), "nonce")?;
    must(text("sub").is_some_and(|sub| (1..=255).contains(&sub.len())), "sub")
}
