//! What is told to the log of what happened beside it: facts of the service, access tokens, and seats taken while
//! nobody could ask.
//!
//! The rules decide nothing here. An access token is the operator's matter; that one was made or revoked is a
//! fact, without its secret and without whose it is. A seat taken offline was granted by the application, within
//! the bound that the vendor set; it is on record so that the trail has no hole, and counts nowhere else.

use crate::account::Account;
use crate::decide::Rejection;
use crate::event::Event;
use crate::ids::{RequestId, UserId};
use crate::time::Timestamp;
use bincode::{Decode, Encode};

/// In which capacity somebody calls the service.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub enum Capacity {
    /// The vendor's application.
    App,
    /// A support agent.
    Support,
    /// Finance.
    Finance,
    /// An auditor.
    Auditor,
    /// An administrator.
    Admin,
    /// The customer's own manager.
    Customer,
}

impl Capacity {
    /// As it is written.
    pub fn word(self) -> &'static str {
        match self {
            Capacity::App => "app",
            Capacity::Support => "support",
            Capacity::Finance => "finance",
            Capacity::Auditor => "auditor",
            Capacity::Admin => "admin",
            Capacity::Customer => "customer",
        }
    }
}

impl Event {
    /// Whether it is a fact of the service as such, and stands in the system account.
    pub fn is_of_service(&self) -> bool {
        matches!(
            self,
            Event::ServiceStarted { .. }
                | Event::ServiceStopped
                | Event::ClockStepped { .. }
                | Event::SealingKeyChanged { .. }
                | Event::IdentityShown { .. }
                | Event::TokenMade { .. }
                | Event::TokenRevoked { .. }
                | Event::StatementsExported(_)
        )
    }
}

/// The fact that a user was let in from `from` to `to`. What would lie in the future is cut: the application's
/// clock may be ahead of ours.
pub(crate) fn taken(
    account: &Account,
    (request, user): (RequestId, UserId),
    (from, to): (Timestamp, Timestamp),
    at: Timestamp,
) -> Result<Vec<Event>, Rejection> {
    account.user(user).ok_or(Rejection::UnknownUser(user))?;
    let to = to.min(at);
    Ok(vec![Event::SeatTakenOffline { request, user, from: from.min(to), to }])
}
