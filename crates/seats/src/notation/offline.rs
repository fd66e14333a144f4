//! What happened beside the log, in words: access tokens, seats taken while nobody could ask, files handed out.

use super::Notation;
use crate::event::{Event, Exported};
use crate::ids::UserId;
use crate::time::Timestamp;

impl Notation<'_> {
    /// `access token 3 made for support, account-7 only, until 2027-01-01 00:00`.
    pub(super) fn token(&self, event: &Event) -> String {
        match event {
            Event::TokenMade { token, capacity, accounts, expires } => {
                let only = accounts.as_ref().map_or_else(String::new, |accounts| {
                    let accounts: Vec<String> = accounts.iter().map(|id| id.to_string()).collect();
                    format!(", {} only", accounts.join(", "))
                });
                let until = expires.map(|at| format!(", until {}", (self.time)(at)));
                let until = until.unwrap_or_default();
                format!("access token {token} made for {}{only}{until}", capacity.word())
            }
            Event::TokenRevoked { token } => format!("access token {token} revoked"),
            _ => String::new(),
        }
    }

    /// `alice let in offline from 09:00 to 09:20`.
    pub(super) fn offline(&self, user: UserId, from: Timestamp, to: Timestamp) -> String {
        let (from, to) = ((self.time)(from), (self.time)(to));
        format!("{} let in offline from {from} to {to}", self.user(user))
    }

    /// `2026-05 exported for xero, 3 statements, files ab12...`; the digest is whole, to hold files against it.
    pub(super) fn exported(&self, exported: &Exported) -> String {
        let Exported { kind, accounts, statements, digest, draft, .. } = exported;
        let only = accounts.as_ref().map_or_else(String::new, |accounts| {
            let accounts: Vec<String> = accounts.iter().map(|id| id.to_string()).collect();
            format!(" of {}", accounts.join(", "))
        });
        let (month, kind) = (exported.period(), kind.word());
        let plural = if *statements == 1 { "statement" } else { "statements" };
        let draft = if *draft { ", drafts" } else { "" };
        format!("{month} exported as {kind}{only}, {statements} {plural}{draft}, files {digest}")
    }
}
