//! The settings of the desk's sign-in at a provider, and who is what here.

use super::{Given, SettingsError, bad, is_origin, text};
use crate::access::TokenRole;
use std::fmt;
use std::fs;

/// Signing in to the desk by OpenID Connect.
#[derive(Clone, PartialEq, Eq)]
pub struct OidcSettings {
    /// The provider, as it calls itself.
    pub issuer: String,
    /// Us, as the provider calls us.
    pub client_id: String,
    /// What we show the provider; `None`: we are a public client.
    pub client_secret: Option<String>,
    /// What the button says.
    pub name: String,
    /// Scopes that are asked for, separated by spaces.
    pub scopes: String,
    /// The claim that says what somebody is.
    pub roles_claim: String,
    /// Who is what, in order of rank.
    pub roles: Vec<RoleRule>,
}

/// Whoever has this value of the claim has this role.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RoleRule {
    /// The value, such as the name of a group.
    pub value: String,
    /// The role.
    pub role: TokenRole,
    /// For this account only; `None`: for all.
    pub account: Option<String>,
}

impl fmt::Debug for OidcSettings {
    /// Without the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let OidcSettings { issuer, client_id, roles, .. } = self;
        write!(f, "OidcSettings({issuer:?}, {client_id:?}, {roles:?})")
    }
}

impl OidcSettings {
    /// Reads them; `None`: no provider is given.
    pub(super) fn read(given: &[Given]) -> Result<Option<OidcSettings>, SettingsError> {
        let Some(issuer) = text(given, "oidc_issuer") else { return Ok(None) };
        let rest = issuer.strip_prefix("http://").unwrap_or_default();
        let is_here = ["127.0.0.1", "localhost", "[::1]"].iter().any(|host| {
            rest.strip_prefix(host)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
        });
        if !is_origin(&issuer) || !(issuer.starts_with("https://") || is_here) {
            let why = "is not like https://login.example.com; plain http is for this machine only";
            return Err(bad(given, "oidc_issuer", &issuer, why));
        }
        if text(given, "public_url").is_none() {
            let why = "is missing beside oidc_issuer: the provider sends browsers back to it";
            return Err(bad(given, "public_url", "", why));
        }
        let needed = |key: &'static str| {
            text(given, key).ok_or_else(|| bad(given, key, "", "is missing beside oidc_issuer"))
        };
        let client_secret = match text(given, "oidc_client_secret_file") {
            None => None,
            Some(path) => match fs::read_to_string(&path) {
                Ok(secret) => Some(secret.trim().to_owned()),
                Err(error) => {
                    let why = format!("cannot be read: {error}");
                    return Err(bad(given, "oidc_client_secret_file", &path, &why));
                }
            },
        };
        let roles = needed("oidc_roles")?;
        let rules = roles.split(',').map(str::trim).filter(|rule| !rule.is_empty());
        let rules = rules.map(|rule| {
            let why = "is not like group=support or group=customer:account; app opens no desk";
            RoleRule::read(rule).ok_or_else(|| bad(given, "oidc_roles", rule, why))
        });
        Ok(Some(OidcSettings {
            client_id: needed("oidc_client_id")?,
            client_secret,
            name: needed("oidc_name")?,
            scopes: needed("oidc_scopes")?,
            roles_claim: needed("oidc_roles_claim")?,
            roles: rules.collect::<Result<_, _>>()?,
            issuer,
        }))
    }
}

impl RoleRule {
    fn read(rule: &str) -> Option<RoleRule> {
        let (value, what) = rule.rsplit_once('=')?;
        let (role, account) = match what.split_once(':') {
            Some((role, account)) => (role, Some(account.trim().to_owned())),
            None => (what, None),
        };
        let role = TokenRole::from_word(role.trim()).filter(|role| *role != TokenRole::App)?;
        let is_whole = !value.trim().is_empty() && account.as_ref().is_none_or(|a| !a.is_empty());
        is_whole.then(|| RoleRule { value: value.trim().to_owned(), role, account })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_what_is_read_and_the_application_opens_no_desk() {
        let read = |rule: &str| RoleRule::read(rule);
        let rule = read("practice-7 = customer:North Clinic").unwrap();
        assert_eq!((rule.value.as_str(), rule.role), ("practice-7", TokenRole::Customer));
        assert_eq!(rule.account.as_deref(), Some("North Clinic"));
        assert_eq!(read("ana@example.com=support").unwrap().account, None);
        for wrong in ["x", "x=", "=support", "x=boss", "x=app", "x=customer:"] {
            assert!(read(wrong).is_none(), "{wrong}");
        }
    }
}
