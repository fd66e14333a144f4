//! The clerk: one thread that reads histories and writes signs of life, so that the decider does not.
//!
//! It reads accounts that are asked about for the first time, finds out how sessions ended that nobody
//! remembers, and keeps the signs of life beside the log. What it writes is not precious: a sign of life
//! lost in a crash is credited (see `service`).

use crate::answered::Answered;
use crate::error::Error;
use crate::inbox::Inbox;
use crate::reply::{Parcel, Reply};
use crate::signs;
use crate::slot::Loaded;
use crate::source::AccountSource;
use ledger::{Ledger, Position, ReadError};
use seats::account::{End, Ending};
use seats::answer::Present;
use seats::{Account, AccountId, Answer, Event, Outcome, SessionId, Timestamp, UserId};
use std::sync::Arc;
use std::sync::mpsc::Receiver;

/// Something for the clerk to do.
pub(crate) enum Errand {
    /// Read an account.
    Load(AccountId),
    /// Read every account in which somebody sits.
    LoadOccupied,
    /// Find out how the session of this answer ended, then deliver it.
    Ending(Box<Answered>, Reply),
    /// Save rows of signs of life, and that they are true up to this instant.
    Save(Timestamp, Vec<(AccountId, Vec<u8>)>),
}

pub(crate) struct Clerk {
    pub(crate) ledger: Ledger,
    pub(crate) source: Box<dyn AccountSource>,
    pub(crate) inbox: Arc<Inbox>,
}

impl Clerk {
    /// Works until the decider ends.
    pub(crate) fn run(mut self, errands: &Receiver<Errand>) {
        while let Ok(errand) = errands.recv() {
            self.run_errand(errand);
        }
    }

    /// Does one thing.
    pub(crate) fn run_errand(&mut self, errand: Errand) {
        match errand {
            Errand::Load(account) => {
                let state = self.source.load(account).map_err(Error::from);
                self.hand_over(account, state);
            }
            Errand::LoadOccupied => match self.source.occupied() {
                Ok(occupied) => {
                    for account in occupied {
                        self.hand_over(account.id(), Ok(account));
                    }
                }
                // A service that cannot see who sits must not let them sit for ever unseen.
                Err(error) => self.inbox.fail(&error.to_string()),
            },
            Errand::Ending(answered, to) => {
                let answer = self.with_ending(*answered);
                let mut parcel = vec![Parcel::Answer { to, answer, draft: None }];
                self.inbox.deliver(&mut parcel, Position(0));
            }
            Errand::Save(mark, rows) => {
                let rows = rows.iter().map(|(account, row)| (*account, row.as_slice()));
                let book = self.ledger.book();
                if let Err(error) = book.save_liveness(mark, rows).and_then(|()| book.sync()) {
                    self.inbox.fail(&error.to_string());
                }
            }
        }
    }

    fn hand_over(&self, account: AccountId, state: Result<Account, Error>) {
        let state = state.and_then(|state| {
            let row = self.ledger.book().liveness(account)?;
            let mut signs = signs::decode(&row);
            signs.retain(|session, _| state.session(*session).is_some());
            Ok((state, signs))
        });
        self.inbox.loaded(Loaded { account, state });
    }

    /// Completes the answer to a login made before, whose session the account no longer remembers.
    fn with_ending(&self, mut answered: Answered) -> Result<Answered, Error> {
        let account = answered.account;
        if let (Answer::Login { outcome, present, .. }, Some(user)) =
            (&mut answered.answer, answered.user)
            && let Outcome::Granted { session, .. } = outcome
        {
            *present = Some(Present::Ended(self.ending(account, *session, user)?));
        }
        Ok(answered)
    }

    /// How a session ended, looked up in the log, newest first.
    fn ending(
        &self,
        account: AccountId,
        session: SessionId,
        user: UserId,
    ) -> Result<Option<Ending>, ReadError> {
        let Some(head) = self.ledger.account_head(account)? else { return Ok(None) };
        for record in self.ledger.back(head.position) {
            let commit = record?.commit;
            for event in &commit.events {
                let (end, silent) = match event {
                    Event::LoggedOut { session: ended, by, reason, silent, .. }
                        if *ended == session =>
                    {
                        (End::LoggedOut(*by, *reason), *silent)
                    }
                    Event::Expired { session: ended, cause, silent } if *ended == session => {
                        (End::Expired(*cause), *silent)
                    }
                    Event::SeatGranted { session: granted, .. } if *granted == session => {
                        return Ok(None); // It has not ended as far as the log on disk goes.
                    }
                    _ => continue,
                };
                let (at, last_seen) = (commit.at, commit.at - silent);
                return Ok(Some(Ending { session, user, at, last_seen, end }));
            }
        }
        Ok(None)
    }
}
