//! Looks: that somebody was shown who the numbers are is on record before it happens.
//!
//! A look at an account's names is a fact of the service, like its starts: a commit of the system account,
//! with the one who looks and, if given, why. Whether a reason must be given is the policy of the account
//! that is looked at.

use crate::answered::Answered;
use crate::decider::Decider;
use crate::desk::refusal;
use crate::error::Error;
use crate::handle::Admission;
use crate::inbox::{Ask, Question};
use crate::names::check_reason;
use crate::reasons;
use crate::reply::{Answer, Parcel};
use crate::slot::Slot;
use ledger::{Actor, Draft};
use seats::{Account, AccountId, Event, Heard, Look, Timestamp, UserId};
use std::sync::Arc;
use tokio::sync::oneshot;

/// Somebody is about to be shown names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seen {
    /// Of which account.
    pub account: AccountId,
    /// In which report.
    pub look: Look,
    /// Of one user only.
    pub user: Option<UserId>,
    /// Why; up to 2,000 bytes, for the directory. It must not name anybody.
    pub reason: Option<String>,
}

impl Admission {
    /// Records that somebody looks at names; show them when this returns, and not before.
    /// [`Answered::position`] is where it stands.
    ///
    /// # Errors
    /// Any [`Error`]; [`seats::Rejection::ReasonNeeded`] if the account's policy wants one.
    pub async fn record_look(&self, seen: Seen, actor: Actor) -> Result<Answered, Error> {
        seen.reason.as_deref().map_or(Ok(()), check_reason)?;
        self.question(Question::Look(seen, actor)).await
    }
}

impl Decider {
    /// After the record refused these drafts: whether nothing of the system account was among them, or only
    /// looks, which are asked again, with nothing on its way that builds on them.
    pub(crate) fn looks_taken_back(&mut self, refused: &[Draft]) -> bool {
        let of_service = |draft: &&Draft| draft.account == AccountId::SYSTEM;
        let mut said = refused.iter().filter(of_service).peekable();
        if said.peek().is_none() {
            return true;
        }
        let is_look = |event: &Event| {
            matches!(
                event,
                Event::IdentityShown { .. }
                    | Event::ReasonGiven { .. }
                    | Event::TokenMade { .. }
                    | Event::TokenRevoked { .. }
                    | Event::StatementsExported(_)
            )
        };
        let looks = said.all(|draft| draft.events.iter().all(is_look));
        let more = self.in_flight > 0 || self.desk.group.drafts.iter().any(|d| of_service(&d));
        let head = self.desk.ledger.account_head(AccountId::SYSTEM);
        let (true, false, Ok(head)) = (looks, more, head) else { return false };
        let (version, at) = head.map_or((0, Timestamp::ZERO), |head| (head.version, head.at));
        let system = Slot::new(Account::system(version, at), Heard::default(), Arc::default());
        self.slots.insert(AccountId::SYSTEM, system);
        true
    }

    /// Puts what somebody did beside the log into the group, with the reason in the directory.
    pub(crate) fn act(
        &mut self,
        event: Event,
        reason: Option<&str>,
        actor: Actor,
        to: oneshot::Sender<Answer>,
    ) {
        let now = self.watch.now();
        let now = now.map_err(|step| Error::ClockStepped { from: step.from, to: step.to });
        let why =
            now.and_then(|now| Ok((self.desk.people.reason(AccountId::SYSTEM, reason)?, now)));
        match why {
            Ok((why, now)) => {
                self.record_fact(std::iter::once(event).chain(why).collect(), actor, now);
                let draft = self.desk.group.drafts.len().checked_sub(1);
                self.desk.group.parcels.push(Parcel::Acted(to, draft));
            }
            // Whoever asked may be gone.
            Err(error) => drop(to.send(Err(error))),
        }
    }

    /// Puts a look at an account that is in memory into the group.
    pub(crate) fn look(&mut self, account: AccountId, ask: &mut Ask, now: Timestamp) {
        let to = ask.take_reply();
        let Question::Look(seen, actor) = &ask.question else { return };
        match self.looked(seen) {
            Err(error) => self.desk.ready.push(refusal(to, error)),
            Ok(events) => {
                self.record_fact(events, *actor, now);
                let draft = self.desk.group.drafts.len().checked_sub(1);
                let answer = Ok(Answered::done(account));
                self.desk.group.parcels.push(Parcel::Answer { to, answer, draft });
            }
        }
    }

    /// What is recorded of a look, with the reason in the directory.
    fn looked(&mut self, seen: &Seen) -> Result<Vec<Event>, Error> {
        let Seen { account, look, user, .. } = *seen;
        let looked_at = self.slots.get(&account).map(|slot| slot.live.account());
        let looked_at = looked_at.filter(|account| account.version() > 0);
        let policy = looked_at.ok_or(Error::UnknownAccount)?.policy();
        reasons::for_look(policy, seen.reason.is_some())?;
        let mut events = vec![Event::IdentityShown { account, look, user }];
        events.extend(self.desk.people.reason(AccountId::SYSTEM, seen.reason.as_deref())?);
        Ok(events)
    }
}
