//! What was done to a token: that it was made, that it was revoked, by whom, and whether the log says so.
//!
//! A token is made and revoked in its file, so that this works whether the server runs or not. Whoever has the
//! log open puts on record what the file says and the log does not: a running server within seconds, any other
//! when it starts. A crash between the two records it twice, which is no harm.

use super::{SERVICE, Token, TokenRole};
use ledger::{Actor, Role};
use seats::{AccountId, Capacity, Event, Timestamp};
use serde::{Deserialize, Serialize};

/// What was done to a token.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Deeds {
    made_by: Option<By>,
    made_recorded: bool,
    revoked_by: Option<By>,
    revoked_recorded: bool,
}

/// Somebody, by role and number; no role: the service itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct By {
    role: Option<TokenRole>,
    number: u32,
}

/// One thing that was done to a token.
#[derive(Clone, Debug)]
pub(crate) struct Deed {
    /// The token, as it is now.
    pub(crate) token: Token,
    is_revoked: bool,
}

impl Deeds {
    pub(super) fn made_by(actor: Actor) -> Deeds {
        Deeds { made_by: Some(By::of(actor)), ..Deeds::default() }
    }

    pub(super) fn revoked_by(&mut self, actor: Actor) {
        self.revoked_by = Some(By::of(actor));
    }

    pub(super) fn recorded(&mut self, deed: &Deed) {
        match deed.is_revoked {
            true => self.revoked_recorded = true,
            false => self.made_recorded = true,
        }
    }
}

impl By {
    fn of(actor: Actor) -> By {
        let role = TokenRole::ALL.into_iter().find(|role| role.of_actor() == actor.role);
        By { role, number: actor.id }
    }

    fn actor(self) -> Actor {
        Actor { role: self.role.map_or(Role::Service, TokenRole::of_actor), id: self.number }
    }
}

impl Deed {
    /// What was done to a token and is not in the log.
    pub(super) fn unrecorded(token: &Token) -> impl Iterator<Item = Deed> {
        let made = !token.deeds.made_recorded;
        let revoked = token.revoked_at.is_some() && !token.deeds.revoked_recorded;
        let deed = |is_revoked| Deed { token: token.clone(), is_revoked };
        made.then(|| deed(false)).into_iter().chain(revoked.then(|| deed(true)))
    }

    /// Who did it.
    pub(crate) fn by(&self) -> Actor {
        let deeds = &self.token.deeds;
        let by = if self.is_revoked { deeds.revoked_by } else { deeds.made_by };
        by.map_or(SERVICE, By::actor)
    }

    /// What the log says of it. `accounts`: which the token is good for, by number; `None`: all.
    pub(crate) fn event(&self, accounts: Option<Vec<AccountId>>) -> Event {
        let token = self.token.number;
        if self.is_revoked {
            return Event::TokenRevoked { token };
        }
        let expires = self.token.expires_at.map(Timestamp);
        Event::TokenMade { token, capacity: capacity(self.token.role), accounts, expires }
    }
}

fn capacity(role: TokenRole) -> Capacity {
    match role {
        TokenRole::App => Capacity::App,
        TokenRole::Support => Capacity::Support,
        TokenRole::Finance => Capacity::Finance,
        TokenRole::Auditor => Capacity::Auditor,
        TokenRole::Admin => Capacity::Admin,
        TokenRole::Customer => Capacity::Customer,
    }
}
