//! Who calls: the access token of a request, checked, and what its role may do.

use crate::access::{Act, Token};
use crate::problem::Problem;
use crate::service::Service;
use axum::extract::{ConnectInfo, FromRequestParts};
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
}

impl Caller {
    pub(crate) fn new(token: Token) -> Caller {
        Caller { token }
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
        if self.token.role.may(act) {
            return Ok(());
        }
        let why = format!("the role {} may not do this", self.token.role.word());
        Err(Problem::new("not_allowed", why))
    }

    /// Refuses what only a token for all accounts may do.
    pub(crate) fn for_all_accounts(&self) -> Result<(), Problem> {
        match self.token.accounts {
            None => Ok(()),
            Some(_) => Err(Problem::new("not_allowed", "the token is for some accounts only")),
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

/// Where a request comes from, as far as the connection says.
pub(crate) fn address(parts: &Parts) -> IpAddr {
    from_connection(parts.extensions.get::<ConnectInfo<SocketAddr>>().copied())
}

/// The same, where the connection has been found; without one, as in tests, it comes from here.
pub(crate) fn from_connection(connected: Option<ConnectInfo<SocketAddr>>) -> IpAddr {
    connected.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |ConnectInfo(address)| address.ip())
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
        let (from, now) = (address(parts), service.now());
        service.guesses.check(from, now)?;
        let token = service.access.check(text.trim(), now);
        Ok(Caller::new(token.inspect_err(|_| service.guesses.failed(from, now))?))
    }
}
