//! What the operator chooses, from one table: the config file, the environment and the flags set the same keys.
//!
//! A later source wins: defaults, file (TOML), environment (`SEATLEDGER_LISTEN` for `listen`), flags. A key that
//! is not in the table is refused, wherever it stands.

mod keys;
mod oidc;

pub use keys::KEYS;
pub use oidc::{OidcSettings, RoleRule};

use crate::access::{Act, Duties, TokenRole};
use crate::proxies::Proxies;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use thiserror::Error;

/// The settings, read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settings {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where clients reach the server.
    pub public_url: Option<String>,
    /// Origins whose pages may call the browser's four calls.
    pub cors_origins: Vec<String>,
    /// Certificate chain and private key.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Connections at the same time.
    pub connections_max: usize,
    /// The longest body, in bytes.
    pub body_bytes_max: usize,
    /// Seconds for headers.
    pub header_seconds: u64,
    /// Seconds between two calls of a connection.
    pub idle_seconds: u64,
    /// Seconds for a request.
    pub request_seconds: u64,
    /// Seconds for which a look counts once.
    pub look_lasts_s: u64,
    /// Bad tokens that an address may send in a minute.
    pub failures_max: usize,
    /// Seconds after which a sign-in to the desk ends.
    pub desk_session_s: u64,
    /// Whether webhooks may reach this machine and network, and plain HTTP.
    pub webhooks_allow_private: bool,
    /// Certificates that are trusted in calls which the server makes, instead of the internet's.
    pub outgoing_ca: Option<PathBuf>,
    /// Proxies whose word is taken for where a call comes from.
    pub trusted_proxies: Proxies,
    /// Where backups that are asked for over HTTP are written.
    pub backup_dir: Option<PathBuf>,
    /// Who sets prices, closes months and hands out files.
    pub duties: Arc<Duties>,
    /// Signing in to the desk at a provider.
    pub oidc: Option<OidcSettings>,
}

/// Why settings cannot be used. Whoever wrote them mends the one that is named.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum SettingsError {
    /// No such key.
    #[error("{source_name}: there is no setting {key:?}{}", near(key))]
    Unknown {
        /// Where it stands.
        source_name: String,
        /// The key.
        key: String,
    },
    /// The value cannot be read.
    #[error("{source_name}: {key}: {value:?} {why}")]
    Bad {
        /// Where it stands.
        source_name: String,
        /// The key.
        key: &'static str,
        /// The value.
        value: String,
        /// What is wrong with it.
        why: String,
    },
    /// The file is not TOML of that kind.
    #[error("{source_name}: {why}")]
    File {
        /// Which file.
        source_name: String,
        /// What is wrong, with the line.
        why: String,
    },
}

/// A setting as it was given: where, key, value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Given {
    /// Where it stands: a file, `environment`, `--listen`.
    pub source_name: String,
    /// The key.
    pub key: String,
    /// The value.
    pub value: String,
}

impl Default for Settings {
    #[expect(clippy::expect_used, reason = "the defaults of the table can be read; a test says so")]
    fn default() -> Settings {
        Settings::read(&[]).expect("the defaults can be read")
    }
}

impl Settings {
    /// Reads settings; of several with one key the last counts.
    ///
    /// # Errors
    /// [`SettingsError`], naming the source, the key and the value.
    pub fn read(given: &[Given]) -> Result<Settings, SettingsError> {
        if let Some(unknown) = given.iter().find(|g| !KEYS.iter().any(|(key, ..)| *key == g.key)) {
            let (source_name, key) = (unknown.source_name.clone(), unknown.key.clone());
            return Err(SettingsError::Unknown { source_name, key });
        }
        let public_url = text(given, "public_url");
        if let Some(url) = public_url.as_ref().filter(|url| !is_origin(url)) {
            return Err(bad(given, "public_url", url, "is not like https://licences.example.com"));
        }
        let origins = text(given, "cors_origins").unwrap_or_default();
        let cors_origins: Vec<String> = origins
            .split(',')
            .map(str::trim)
            .filter(|o| !o.is_empty())
            .map(str::to_owned)
            .collect();
        if let Some(origin) =
            cors_origins.iter().find(|origin| *origin != "*" && !is_origin(origin))
        {
            return Err(bad(given, "cors_origins", origin, "is not like https://app.example.com"));
        }
        let tls = match (text(given, "tls_certificate"), text(given, "tls_key")) {
            (None, None) => None,
            (Some(certificate), Some(key)) => Some((certificate.into(), key.into())),
            (Some(_), None) => {
                return Err(bad(given, "tls_key", "", "is missing beside tls_certificate"));
            }
            (None, Some(_)) => {
                return Err(bad(given, "tls_certificate", "", "is missing beside tls_key"));
            }
        };
        Ok(Settings {
            listen: parsed(given, "listen", "is not an address and port such as 127.0.0.1:8480")?,
            public_url: public_url.map(|url| url.trim_end_matches('/').to_owned()),
            cors_origins,
            tls,
            connections_max: positive(given, "connections_max")?,
            body_bytes_max: positive(given, "body_bytes_max")?,
            header_seconds: seconds(given, "header_seconds")?,
            idle_seconds: seconds(given, "idle_seconds")?,
            request_seconds: seconds(given, "request_seconds")?,
            look_lasts_s: parsed(given, "look_lasts_s", "is not a number of seconds")?,
            failures_max: positive(given, "failures_max")?,
            desk_session_s: positive(given, "desk_session_s")? as u64,
            webhooks_allow_private: parsed(
                given,
                "webhooks_allow_private",
                "is neither true nor false",
            )?,
            outgoing_ca: text(given, "outgoing_ca").map(PathBuf::from),
            trusted_proxies: text(given, "trusted_proxies")
                .map_or(Ok(Proxies::default()), |networks| networks.parse())
                .map_err(|()| {
                    let said = text(given, "trusted_proxies").unwrap_or_default();
                    bad(given, "trusted_proxies", &said, "is not like 10.0.0.0/8, ::1")
                })?,
            backup_dir: text(given, "backup_dir").map(PathBuf::from),
            duties: Arc::new(Duties::new([
                duty(given, "duties_set_prices", Act::SetPrices)?,
                duty(given, "duties_close", Act::CloseMonths)?,
                duty(given, "duties_export", Act::Export)?,
            ])),
            oidc: OidcSettings::read(given)?,
        })
    }

    /// What a config file gives. Values may be strings, numbers or lists of strings; the key `close` of the table
    /// `duties` is `duties_close`.
    ///
    /// # Errors
    /// [`SettingsError::File`] where it is not TOML of that kind.
    pub fn from_file(name: &str, content: &str) -> Result<Vec<Given>, SettingsError> {
        let wrong = |why: String| SettingsError::File { source_name: name.to_owned(), why };
        let table: toml::Table =
            content.parse().map_err(|error: toml::de::Error| wrong(error.to_string()))?;
        let mut values: Vec<(String, toml::Value)> = Vec::new();
        for (key, value) in table {
            match value {
                toml::Value::Table(inner) => values.extend(
                    inner.into_iter().map(|(within, value)| (format!("{key}_{within}"), value)),
                ),
                value => values.push((key, value)),
            }
        }
        let given = values.into_iter().map(|(key, value)| {
            let value = match value {
                toml::Value::String(text) => text,
                toml::Value::Integer(number) => number.to_string(),
                toml::Value::Boolean(flag) => flag.to_string(),
                toml::Value::Array(items) => {
                    let texts: Option<Vec<&str>> = items.iter().map(toml::Value::as_str).collect();
                    texts
                        .ok_or_else(|| wrong(format!("{key}: a list of strings is wanted")))?
                        .join(",")
                }
                other => return Err(wrong(format!("{key}: {other} is neither text nor number"))),
            };
            Ok(Given { source_name: name.to_owned(), key, value })
        });
        given.collect()
    }

    /// What the environment gives: `SEATLEDGER_` and a key in capitals.
    pub fn from_environment(variables: impl Iterator<Item = (String, String)>) -> Vec<Given> {
        let key_of = |name: &str| {
            let name = name.strip_prefix("SEATLEDGER_")?.to_lowercase();
            KEYS.iter().any(|(key, ..)| *key == name).then_some(name)
        };
        let given = variables.filter_map(|(name, value)| {
            Some(Given { source_name: format!("environment {name}"), key: key_of(&name)?, value })
        });
        given.collect()
    }

    /// Whether browsers reach the server by TLS.
    pub fn is_https(&self) -> bool {
        match &self.public_url {
            Some(url) => url.starts_with("https://"),
            None => self.tls.is_some(),
        }
    }
}

fn is_origin(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(char::is_whitespace))
}

fn last<'a>(given: &'a [Given], key: &str) -> Option<&'a Given> {
    given.iter().rev().find(|given| given.key == key)
}

fn default_of(key: &str) -> &'static str {
    KEYS.iter().find(|(known, ..)| *known == key).map_or("", |(_, default, _)| default)
}

fn text(given: &[Given], key: &'static str) -> Option<String> {
    let value = last(given, key).map_or(default_of(key), |given| given.value.as_str());
    Some(value.trim().to_owned()).filter(|value| !value.is_empty())
}

fn bad(given: &[Given], key: &'static str, value: &str, why: &str) -> SettingsError {
    let source_name = last(given, key).map_or("default", |given| &given.source_name).to_owned();
    SettingsError::Bad { source_name, key, value: value.to_owned(), why: why.to_owned() }
}

fn parsed<T: FromStr>(given: &[Given], key: &'static str, why: &str) -> Result<T, SettingsError> {
    let value = text(given, key).unwrap_or_default();
    value.parse().map_err(|_| bad(given, key, &value, why))
}

fn positive(given: &[Given], key: &'static str) -> Result<usize, SettingsError> {
    match parsed(given, key, "is not a whole number")? {
        0 => Err(bad(given, key, "0", "is too little; 1 or more")),
        number => Ok(number),
    }
}

fn duty(given: &[Given], key: &'static str, act: Act) -> Result<Vec<TokenRole>, SettingsError> {
    let value = last(given, key).map_or(default_of(key), |given| given.value.as_str());
    Duties::read(act, value).map_err(|why| bad(given, key, value, &why))
}

/// At least one, at most a day.
fn seconds(given: &[Given], key: &'static str) -> Result<u64, SettingsError> {
    match positive(given, key)? as u64 {
        seconds @ 1..=86_400 => Ok(seconds),
        more => Err(bad(given, key, &more.to_string(), "is more than a day; 86400 or less")),
    }
}

fn near(key: &str) -> String {
    let keys = KEYS.iter().map(|(key, ..)| *key);
    match reporting::nearest::nearest(key, keys).as_slice() {
        [] => String::new(),
        some => format!("; did you mean {}?", some.join(" or ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(pairs: &[(&str, &str)]) -> Vec<Given> {
        let given = |(key, value): &(&str, &str)| Given {
            source_name: "test".to_owned(),
            key: (*key).to_owned(),
            value: (*value).to_owned(),
        };
        pairs.iter().map(given).collect()
    }

    #[test]
    fn the_defaults_can_be_read() {
        let settings = Settings::read(&[]).unwrap();
        assert_eq!(settings.listen.to_string(), "127.0.0.1:8480");
        assert!(settings.listen.ip().is_loopback() && !settings.is_https());
    }

    #[test]
    fn the_last_source_wins() {
        let file =
            Settings::from_file("c.toml", "listen = \"0.0.0.0:1\"\nbody_bytes_max = 5").unwrap();
        let environment =
            [("SEATLEDGER_LISTEN", "0.0.0.0:2"), ("SEATLEDGER_DATA", "x"), ("HOME", "y")];
        let environment = environment.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned()));
        let all: Vec<Given> =
            file.into_iter().chain(Settings::from_environment(environment)).collect();
        let settings = Settings::read(&all).unwrap();
        assert_eq!((settings.listen.port(), settings.body_bytes_max), (2, 5));
    }

    #[test]
    fn duties_stand_in_a_table_of_their_own() {
        let file = "[duties]\nset_prices = [\"admin\"]\nclose = \"finance\"\n";
        let settings = Settings::read(&Settings::from_file("c.toml", file).unwrap()).unwrap();
        let refused = |role, act| settings.duties.check(role, act).is_err();
        assert!(refused(TokenRole::Finance, Act::SetPrices));
        assert!(refused(TokenRole::Admin, Act::CloseMonths));
        assert!(
            !refused(TokenRole::Admin, Act::Export) && !refused(TokenRole::Finance, Act::Export)
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        let check = |pairs: &[(&str, &str)], said: &str| {
            let error = Settings::read(&given(pairs)).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        };
        check(&[("lisen", "x")], "there is no setting \"lisen\"; did you mean listen?");
        check(&[("listen", "8480")], "listen: \"8480\" is not an address and port");
        check(&[("body_bytes_max", "0")], "body_bytes_max: \"0\" is too little");
        check(&[("cors_origins", "https://a.example, b")], "cors_origins: \"b\" is not like");
        check(&[("trusted_proxies", "proxy.local")], "trusted_proxies: \"proxy.local\" is not");
        check(&[("webhooks_allow_private", "perhaps")], "is neither true nor false");
        check(&[("oidc_issuer", "http://login.example.com")], "plain http is for this machine");
        check(&[("oidc_issuer", "https://login.example.com")], "public_url: \"\" is missing");
        check(&[("tls_key", "k")], "tls_certificate: \"\" is missing beside tls_key");
        check(&[("public_url", "licences.example.com")], "public_url");
        check(
            &[("duties_close", "support")],
            "duties_close: \"support\" names \"support\"; it is for finance",
        );
        check(&[("duties_export", "")], "duties_export: \"\" names nobody");
        check(&[("duties_audit", "admin")], "there is no setting \"duties_audit\"");
        let error = Settings::from_file("c.toml", "listen = [1]").unwrap_err().to_string();
        assert!(error.starts_with("c.toml: listen: a list of strings"), "{error}");
        assert!(
            Settings::from_file("c.toml", "listen").unwrap_err().to_string().contains("line 1")
        );
    }
}
