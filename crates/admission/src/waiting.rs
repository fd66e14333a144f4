//! What somebody in line can ask for, besides asking again.

use crate::answered::Answered;
use crate::error::Error;
use crate::handle::Admission;
use ledger::commit::Actor;
use seats::{AccountId, Command, RequestId};

impl Admission {
    /// Takes the seat that is offered to a login in line, as asking again with its request id does. Without an
    /// offer it is a sign of life, and the answer is [`seats::Outcome::Waiting`] with the place in line.
    ///
    /// # Errors
    /// Any [`Error`]; [`seats::Rejection::NotInLine`] if that login is not in line.
    pub async fn take_offer(
        &self,
        account: AccountId,
        request: RequestId,
        actor: Actor,
    ) -> Result<Answered, Error> {
        self.submit(account, Command::TakeOffer { request }, actor).await
    }

    /// Gives up waiting in line.
    ///
    /// # Errors
    /// Any [`Error`]; [`seats::Rejection::NotInLine`] if that login is not in line.
    pub async fn leave_queue(
        &self,
        account: AccountId,
        request: RequestId,
        actor: Actor,
    ) -> Result<Answered, Error> {
        self.submit(account, Command::LeaveQueue { request }, actor).await
    }
}
