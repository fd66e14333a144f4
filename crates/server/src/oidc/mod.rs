//! Signing in to the desk with an account of somebody else's: OpenID Connect, authorisation code with PKCE.
//!
//! ```text
//!  browser -> /desk/oidc            state, nonce, verifier made; a cookie ties them to this browser
//!          -> provider              who are you?
//!          -> /desk/oidc/callback   state taken (once), code + verifier -> id token, checked
//!          -> /desk                 the same session cookie as after signing in with a token
//! ```
//!
//! Whoever signs in so becomes a token without a secret in `access/tokens.json`: its number stands in the
//! commits that come of what they do, and revoking it shuts them out. Its role and accounts follow from the
//! provider's claims at each sign-in ([`OidcSettings`]).
//!
//! What the provider publishes is kept for an hour; a key that is not known has it fetched anew, at most once
//! a minute. Sign-ins that were begun are kept for ten minutes, in memory.

mod id_token;

use crate::access::{NewToken, TokenRole, secret};
use crate::outgoing::Outgoing;
use crate::problem::Problem;
use crate::settings::OidcSettings;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use id_token::{Expected, Keys, TokenError, check};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use ring::digest::{SHA256, digest};
use seats::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Seconds for which what the provider publishes is believed.
const PUBLISHED_S: u64 = 3_600;
/// Seconds before it is fetched anew for the sake of an unknown key.
const REFETCH_S: u64 = 60;
/// Seconds that somebody has to sign in.
pub(crate) const BEGUN_S: u64 = 600;
/// Sign-ins that are under way at the same time; beyond, those that took too long go, or else all.
const BEGUN_MAX: usize = 10_000;
/// The longest answer of a provider, in bytes.
const ANSWER_BYTES_MAX: u64 = 1 << 20;

/// Signing in at the provider of the settings.
pub(crate) struct Oidc {
    settings: OidcSettings,
    redirect: String,
    outgoing: Outgoing,
    begun: Mutex<HashMap<blake3::Hash, Begun>>,
    published: Mutex<Option<Arc<Published>>>,
}

/// A sign-in that is under way.
struct Begun {
    nonce: String,
    verifier: String,
    cookie: blake3::Hash,
    next: String,
    at: Timestamp,
}

/// What a provider publishes about itself.
struct Published {
    about: About,
    keys: Keys,
    at: Timestamp,
}

#[derive(Deserialize)]
struct About {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
}

/// Where the browser is sent, and what it is to keep.
pub(crate) struct Way {
    pub(crate) to: String,
    pub(crate) cookie: String,
}

/// What the browser comes back with.
#[derive(Deserialize)]
pub(crate) struct Back {
    state: Option<String>,
    code: Option<String>,
    iss: Option<String>,
    error: Option<String>,
}

/// Somebody whom the provider knows, and what they may be here.
pub(crate) struct Person {
    /// Who it is, to us: a hash of provider and subject.
    pub(crate) subject: String,
    /// Role, accounts, and what they are called.
    pub(crate) token: NewToken,
    /// The page that was asked for.
    pub(crate) next: String,
}

impl Oidc {
    /// At the provider of these settings; `public_url` is where browsers reach us.
    pub(crate) fn new(settings: OidcSettings, public_url: &str, outgoing: Outgoing) -> Oidc {
        let redirect = format!("{public_url}/desk/oidc/callback");
        Oidc { settings, redirect, outgoing, begun: Mutex::default(), published: Mutex::default() }
    }

    /// What the provider is called.
    pub(crate) fn name(&self) -> &str {
        &self.settings.name
    }

    /// Begins to sign somebody in. Waits for the provider.
    pub(crate) fn begin(&self, next: &str, now: Timestamp) -> Result<Way, Problem> {
        let published = self.published(now, PUBLISHED_S)?;
        let random = || secret().map_err(|error| Problem::new("unexpected", error));
        let (state, nonce, verifier, cookie) = (random()?, random()?, random()?, random()?);
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()).as_ref());
        let to = with_query(
            &published.about.authorization_endpoint,
            &[
                ("response_type", "code"),
                ("client_id", &self.settings.client_id),
                ("redirect_uri", &self.redirect),
                ("scope", &self.settings.scopes),
                ("state", &state),
                ("nonce", &nonce),
                ("code_challenge", &challenge),
                ("code_challenge_method", "S256"),
            ],
        );
        let mut begun = lock(&self.begun);
        if begun.len() >= BEGUN_MAX {
            begun.retain(|_, begun| now.since(begun.at).secs() < BEGUN_S);
            if begun.len() >= BEGUN_MAX {
                begun.clear();
            }
        }
        let hashed = blake3::hash(cookie.as_bytes());
        let (next, at) = (next.to_owned(), now);
        let new = Begun { nonce, verifier, cookie: hashed, next, at };
        begun.insert(blake3::hash(state.as_bytes()), new);
        Ok(Way { to, cookie })
    }

    /// Ends a sign-in: who it is. Waits for the provider.
    pub(crate) fn finish(
        &self,
        back: &Back,
        cookie: &str,
        now: Timestamp,
    ) -> Result<Person, Problem> {
        let unknown = || Problem::new("bad_token", "this sign-in is over, or was not begun here");
        let state = back.state.as_deref().ok_or_else(unknown)?;
        let begun = lock(&self.begun).remove(&blake3::hash(state.as_bytes()));
        let begun = begun.filter(|begun| now.since(begun.at).secs() < BEGUN_S);
        let begun = begun.ok_or_else(unknown)?;
        if blake3::hash(cookie.as_bytes()) != begun.cookie {
            return Err(unknown());
        }
        if back.iss.as_ref().is_some_and(|issuer| *issuer != self.settings.issuer) {
            return Err(unknown());
        }
        if let Some(error) = &back.error {
            // A word of the specification; anything else is not repeated.
            let known =
                error.len() < 64 && error.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
            let said = if known { error } else { "error" };
            return Err(Problem::new("not_allowed", format!("the provider says: {said}")));
        }
        let code = back.code.as_deref().ok_or_else(unknown)?;
        let published = self.published(now, PUBLISHED_S)?;
        let token = self.exchange(&published.about, code, &begun.verifier)?;
        let expected = Expected {
            issuer: &self.settings.issuer,
            client: &self.settings.client_id,
            nonce: &begun.nonce,
            now_s: now.0 / 1_000_000,
        };
        let checked = match check(&token, &published.keys, &expected) {
            Err(TokenError::UnknownKey) => {
                check(&token, &self.published(now, REFETCH_S)?.keys, &expected)
            }
            checked => checked,
        };
        let claims = checked.map_err(|error| {
            tracing::warn!(%error, "an id token is not believed");
            Problem::new("bad_token", format!("the provider's id token is not believed: {error}"))
        })?;
        self.person(&claims, begun.next)
    }

    fn person(&self, claims: &Map<String, Value>, next: String) -> Result<Person, Problem> {
        let text = |claim: &str| claims.get(claim).and_then(Value::as_str);
        let is_verified = claims.get("email_verified") == Some(&Value::Bool(true));
        let email = text("email").filter(|_| is_verified);
        let values: Vec<&str> = match self.settings.roles_claim.as_str() {
            // An address that the provider has not verified is whatever somebody typed.
            "email" => email.into_iter().collect(),
            claim => found(claims, claim),
        };
        let sub = text("sub").unwrap_or_default();
        let label = email.or(text("preferred_username")).or(text("name")).unwrap_or(sub);
        let (role, accounts) = self.settings.role_of(&values).ok_or_else(|| {
            let why =
                "you are known, and none of your groups may use this desk; ask whoever runs it";
            Problem::new("not_allowed", why)
        })?;
        let subject = format!("{}\n{sub}", self.settings.issuer);
        let label = label.chars().take(200).collect();
        Ok(Person {
            subject: blake3::hash(subject.as_bytes()).to_hex().to_string(),
            token: NewToken { role, accounts, label, expires_at: None },
            next,
        })
    }

    /// The id token for a code.
    fn exchange(&self, about: &About, code: &str, verifier: &str) -> Result<String, Problem> {
        let client = &self.settings.client_id;
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect),
            ("code_verifier", verifier),
        ];
        let methods = &about.token_endpoint_auth_methods_supported;
        let offers = |method: &str| methods.iter().any(|offered| offered == method);
        let in_body = !offers("client_secret_basic") && offers("client_secret_post");
        let mut basic = None;
        match &self.settings.client_secret {
            Some(secret) if !in_body => {
                let pair = format!("{}:{}", escaped(client), escaped(secret));
                basic = Some(format!("Basic {}", STANDARD.encode(pair)));
            }
            Some(secret) => {
                form.extend([("client_id", client.as_str()), ("client_secret", secret)])
            }
            None => form.push(("client_id", client)),
        }
        let mut headers = vec![
            ("content-type", "application/x-www-form-urlencoded"),
            ("accept", "application/json"),
        ];
        headers.extend(basic.as_deref().map(|basic| ("authorization", basic)));
        let answer =
            self.outgoing.post(&about.token_endpoint, &headers, &pairs(&form), ANSWER_BYTES_MAX);
        let answer = answer.map_err(|why| unreachable(&why))?;
        if answer.status != 200 {
            tracing::warn!(status = answer.status, "the provider does not take a code");
            return Err(Problem::new(
                "bad_token",
                "the provider does not take the code of this sign-in",
            ));
        }
        let told: Value = serde_json::from_str(&answer.text).unwrap_or_default();
        let token = told.get("id_token").and_then(Value::as_str);
        token.map(str::to_owned).ok_or_else(|| unreachable("its answer holds no id token"))
    }

    /// What the provider publishes, not older than so many seconds.
    fn published(&self, now: Timestamp, seconds: u64) -> Result<Arc<Published>, Problem> {
        if let Some(known) = lock(&self.published).as_ref()
            && now.since(known.at).secs() < seconds
        {
            return Ok(Arc::clone(known));
        }
        let issuer = &self.settings.issuer;
        let path = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let about: About = serde_json::from_value(self.fetch(&path)?)
            .map_err(|error| unreachable(&format!("{path}: {error}")))?;
        if about.issuer != *issuer {
            return Err(unreachable(&format!(
                "it calls itself {:?}, not {issuer:?}",
                about.issuer
            )));
        }
        for endpoint in [&about.authorization_endpoint, &about.token_endpoint, &about.jwks_uri] {
            if issuer.starts_with("https://") && !endpoint.starts_with("https://") {
                return Err(unreachable(&format!("{endpoint} is not https")));
            }
        }
        let keys = Keys::read(&self.fetch(&about.jwks_uri)?);
        let published = Arc::new(Published { about, keys, at: now });
        *lock(&self.published) = Some(Arc::clone(&published));
        Ok(published)
    }

    fn fetch(&self, url: &str) -> Result<Value, Problem> {
        let answer = self.outgoing.get(url, ANSWER_BYTES_MAX).map_err(|why| unreachable(&why))?;
        if answer.status != 200 {
            return Err(unreachable(&format!("{url} answers {}", answer.status)));
        }
        serde_json::from_str(&answer.text).map_err(|error| unreachable(&format!("{url}: {error}")))
    }
}

impl OidcSettings {
    /// The role of somebody with these values of the claim, and the accounts: the first rule that fits says the
    /// role, and all rules of that role that fit say the accounts.
    fn role_of(&self, values: &[&str]) -> Option<(TokenRole, Option<Vec<String>>)> {
        let fits = self.roles.iter().filter(|rule| values.contains(&rule.value.as_str()));
        let role = fits.clone().next()?.role;
        let accounts = fits.filter(|rule| rule.role == role).map(|rule| rule.account.clone());
        Some((role, accounts.collect()))
    }
}

/// The texts of a claim; a dot leads into an object, as in `realm_access.roles`.
fn found<'a>(claims: &'a Map<String, Value>, claim: &str) -> Vec<&'a str> {
    let direct = claims.get(claim);
    let value = direct.or_else(|| {
        let (first, rest) = claim.split_once('.')?;
        rest.split('.').try_fold(claims.get(first)?, |value, name| value.get(name))
    });
    match value {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn unreachable(why: &str) -> Problem {
    tracing::warn!(why, "the provider of the desk's sign-in");
    Problem::new("provider_unreachable", "the provider of the sign-in does not answer as it should")
}

/// What stands in a query as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

fn escaped(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}

fn pairs(pairs: &[(&str, &str)]) -> String {
    let pairs: Vec<String> =
        pairs.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
    pairs.join("&")
}

fn with_query(url: &str, query: &[(&str, &str)]) -> String {
    let joined = if url.contains('?') { '&' } else { '?' };
    format!("{url}{joined}{}", pairs(query))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
