//! Who calls: the access token of a request, checked, and what its role may do.

use crate::access::{Act, Duties, Token};
use crate::problem::Problem;
use crate::service::Service;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use ledger::Actor;
use seats::AccountId;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

/// Whoever sent a good access token.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    token: Token,
    duties: Arc<Duties>,
}

impl Caller {
    pub(crate) fn new(token: Token, service: &Service) -> Caller {
        Caller { token, duties: Arc::clone(&service.settings.duties) }
    }

    /// The token.
    pub(crate) fn token(&self) -> &Token {
        &self.token
    }

    /// The actor that stands in the commits of this call.
    pub(crate) fn actor(&self) -> Actor {
        self.token.actor()
    }

    /// Refuses what the role may not do.
    pub(crate) fn may(&self, act: Act) -> Result<(), Problem> {
        let checked = self.duties.check(self.token.role, act);
        checked.map_err(|why| Problem::new("not_allowed", why))
    }

    /// Refuses what only a token for all accounts may do.
    pub(crate) fn for_all_accounts(&self) -> Result<(), Problem> {
        match self.token.accounts {
            None => Ok(()),
            Some(_) => Err(Problem::new("not_allowed", "the token is for some accounts only")),
        }
    }

    /// The accounts that the token is for, by number.
    pub(crate) fn accounts(&self, service: &Service) -> Vec<AccountId> {
        match &self.token.accounts {
            None => {
                let all = service.ledger.accounts().into_iter();
                all.filter(|account| *account != AccountId::SYSTEM).collect()
            }
            Some(names) => {
                let mut some: Vec<AccountId> =
                    names.iter().filter_map(|name| service.account(name).ok()).collect();
                some.sort_unstable();
                some.dedup();
                some
            }
        }
    }

    /// The account of that name or number, if the caller may do this with it. To a caller for whom it is not,
    /// an account that exists and one that does not are the same.
    pub(crate) fn account(
        &self,
        service: &Service,
        name: &str,
        act: Act,
    ) -> Result<AccountId, Problem> {
        self.may(act)?;
        let not_covered =
            || Problem::new("not_allowed", format!("the token is not for the account {name:?}"));
        if self.token.accounts.is_none() {
            return service.account(name);
        }
        let account = service.account(name).map_err(|_| not_covered())?;
        if self.token.covers(&service.name_of(account)) { Ok(account) } else { Err(not_covered()) }
    }
}

/// Where a request comes from: what the connection says, or what the proxies of the settings say. Without a
/// connection, as in tests, it comes from here.
pub(crate) fn address(
    service: &Service,
    connected: Option<ConnectInfo<SocketAddr>>,
    headers: &HeaderMap,
) -> IpAddr {
    let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let connected = connected.map_or(here, |ConnectInfo(address)| address.ip());
    service.settings.trusted_proxies.caller(connected, headers)
}

impl FromRequestParts<Arc<Service>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        service: &Arc<Service>,
    ) -> Result<Caller, Problem> {
        let missing = || Problem::new("no_token", "send Authorization: Bearer and an access token");
        let sent = parts.headers.get(AUTHORIZATION).ok_or_else(missing)?;
        let sent = sent.to_str().map_err(|_| missing())?;
        let (scheme, text) = sent.split_once(' ').ok_or_else(missing)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(missing());
        }
        let connected = parts.extensions.get::<ConnectInfo<SocketAddr>>().copied();
        let (from, now) = (address(service, connected, &parts.headers), service.now());
        service.guesses.check(from, now)?;
        let token = service.access.check(text.trim(), now);
        let token = token.inspect_err(|_| service.guesses.failed(from, now))?;
        Ok(Caller::new(token, service))
    }
}
