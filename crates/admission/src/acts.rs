//! What is done beside the accounts and goes on record: access tokens made and revoked, files handed out.

use crate::answered::Answered;
use crate::error::Error;
use crate::handle::Admission;
use crate::inbox::Order;
use crate::names::check_reason;
use ledger::commit::Actor;
use seats::{Event, Exported};
use tokio::sync::oneshot;

impl Admission {
    /// Records what somebody did to the access tokens: [`Event::TokenMade`], [`Event::TokenRevoked`]. It is on
    /// disk when this returns.
    ///
    /// # Errors
    /// [`Error::NotRecorded`], [`Error::ClockStepped`], [`Error::Unknown`], [`Error::Stopped`].
    pub async fn record_token(&self, event: Event, actor: Actor) -> Result<(), Error> {
        self.act(event, None, actor).await.map(drop)
    }

    /// Records that files are about to be handed out; do so when this returns, and not before.
    /// [`Answered::position`] is where it stands. `reason`: up to 2,000 bytes, for the directory.
    ///
    /// # Errors
    /// [`Error::BadText`] and [`Error::TooLong`] for the reason, [`Error::NotRecorded`], [`Error::ClockStepped`],
    /// [`Error::Unknown`], [`Error::Stopped`].
    pub async fn record_export(
        &self,
        exported: Exported,
        reason: Option<String>,
        actor: Actor,
    ) -> Result<Answered, Error> {
        reason.as_deref().map_or(Ok(()), check_reason)?;
        self.act(Event::StatementsExported(Box::new(exported)), reason, actor).await
    }

    async fn act(
        &self,
        event: Event,
        reason: Option<String>,
        actor: Actor,
    ) -> Result<Answered, Error> {
        let (to, done) = oneshot::channel();
        self.order(Order::Act(event, reason, actor, to));
        done.await.unwrap_or(Err(self.ended_error()))
    }
}
