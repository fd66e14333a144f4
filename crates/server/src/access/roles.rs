//! Roles: what a token is for, and what may be done with it.

use ledger::Role;
use serde::{Deserialize, Serialize};

/// What a token is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenRole {
    /// The vendor's application: asks for seats and gives them back.
    App,
    /// A support agent: sees who sits where and why, and what it costs; releases seats.
    Support,
    /// Finance: usage, statements, licences and price plans.
    Finance,
    /// An auditor: sees everything, changes nothing.
    Auditor,
    /// An administrator: everything.
    Admin,
    /// The customer's own manager: sees and frees the seats of the own account.
    Customer,
}

/// What can be done, as far as roles tell it apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Act {
    /// Log in, show signs of life, log out.
    UseSeats,
    /// See who sits where, why, the trail, usage.
    Look,
    /// End somebody's session.
    Release,
    /// Add, suspend and reinstate users; add sites.
    ManagePeople,
    /// Open accounts, set licences and policies; suspend and close.
    ManageAccounts,
    /// Assign price plans.
    SetPrices,
    /// Statements and what explains them.
    Statements,
    /// Make the statements of a month final.
    CloseMonths,
    /// Hand out statements as files for the books.
    Export,
    /// Seals, commits, proofs, evidence packs, who looked at what.
    Audit,
    /// Erase who somebody is.
    Forget,
    /// Make and revoke tokens, confirm the clock.
    Administer,
}

impl TokenRole {
    /// All of them.
    pub const ALL: [TokenRole; 6] = [
        TokenRole::App,
        TokenRole::Support,
        TokenRole::Finance,
        TokenRole::Auditor,
        TokenRole::Admin,
        TokenRole::Customer,
    ];

    /// As it is written.
    pub fn word(self) -> &'static str {
        match self {
            TokenRole::App => "app",
            TokenRole::Support => "support",
            TokenRole::Finance => "finance",
            TokenRole::Auditor => "auditor",
            TokenRole::Admin => "admin",
            TokenRole::Customer => "customer",
        }
    }

    /// The role that is written so.
    pub fn from_word(word: &str) -> Option<TokenRole> {
        TokenRole::ALL.into_iter().find(|role| role.word() == word)
    }

    /// Whether the role may do this, in the accounts of its token.
    pub fn may(self, act: Act) -> bool {
        use Act::*;
        match self {
            TokenRole::Admin => true,
            TokenRole::App => matches!(act, UseSeats | ManagePeople),
            TokenRole::Support => matches!(act, Look | Release | ManagePeople | Statements),
            TokenRole::Finance => {
                matches!(act, Statements | Look | ManageAccounts | SetPrices | CloseMonths | Export)
            }
            TokenRole::Auditor => matches!(act, Look | Statements | Audit),
            TokenRole::Customer => matches!(act, Look | Release | Statements),
        }
    }

    /// The role that stands in commits.
    pub(super) fn of_actor(self) -> Role {
        match self {
            TokenRole::App => Role::App,
            TokenRole::Support => Role::Support,
            TokenRole::Finance => Role::Finance,
            TokenRole::Auditor => Role::Auditor,
            TokenRole::Admin => Role::Admin,
            TokenRole::Customer => Role::Customer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_may_what_they_need_and_no_more() {
        let may = |role: TokenRole, act| role.may(act);
        assert!(may(TokenRole::App, Act::UseSeats) && !may(TokenRole::App, Act::Look));
        assert!(may(TokenRole::Support, Act::Release) && !may(TokenRole::Support, Act::Forget));
        assert!(may(TokenRole::Auditor, Act::Audit) && !may(TokenRole::Auditor, Act::Release));
        assert!(may(TokenRole::Customer, Act::Release) && !may(TokenRole::Customer, Act::Audit));
        assert!(!TokenRole::ALL.iter().any(|r| *r != TokenRole::Admin && r.may(Act::Administer)));
    }
}
