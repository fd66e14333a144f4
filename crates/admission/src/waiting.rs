//! What somebody in line can ask for, besides asking again; and who is asked for a seat.

use crate::answered::Answered;
use crate::error::Error;
use crate::handle::Admission;
use crate::request::{LoginRequest, Request};
use ledger::commit::Actor;
use seats::{
    Account, AccountId, Command, HandOverId, RequestId, SeatNo, SessionId, SiteId, UserId,
};

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

    /// Asks the holder of a seat for it. The login of the asker is put in line if it is not there yet, and the
    /// answer is [`seats::Outcome::Waiting`]: ask again by logging in with the same request id. If a seat is
    /// free it is granted; if nobody can be asked the answer is that of a login.
    ///
    /// # Errors
    /// Any [`Error`]; [`seats::Rejection::NoHandOvers`] if the account's policy knows none,
    /// [`seats::Rejection::CannotBeAsked`] if the holder of the seat that is named cannot be asked.
    pub async fn ask_hand_over(
        &self,
        login: LoginRequest,
        seat: Option<SeatNo>,
        actor: Actor,
    ) -> Result<Answered, Error> {
        self.ask(Request::AskHandOver { login, seat }, actor).await
    }

    /// Answers somebody who asks for the seat of a session: gives it away, or keeps it.
    ///
    /// # Errors
    /// Any [`Error`]; [`seats::Rejection::NothingAsked`] if the seat is not asked for any more.
    pub async fn answer_hand_over(
        &self,
        account: AccountId,
        session: SessionId,
        handover: HandOverId,
        consent: bool,
        actor: Actor,
    ) -> Result<Answered, Error> {
        self.submit(account, Command::AnswerHandOver { session, handover, consent }, actor).await
    }
}

/// Whom a command is about, and from which site.
pub(crate) fn about(account: &Account, command: &Command) -> (Option<UserId>, Option<SiteId>) {
    match command {
        Command::LogIn(login) | Command::AskHandOver { login, .. } => {
            (Some(login.user), login.site)
        }
        Command::Heartbeat { session, .. }
        | Command::Goodbye { session }
        | Command::AnswerHandOver { session, .. }
        | Command::LogOut { session } => {
            (account.session(*session).map(|session| session.user), None)
        }
        _ => (None, None),
    }
}
