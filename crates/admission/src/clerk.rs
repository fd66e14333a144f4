//! The clerk: one thread that reads histories and writes signs of life, so that the decider does not.
//!
//! It reads accounts that are asked about for the first time, finds out how sessions ended that nobody
//! remembers, and keeps the signs of life beside the log. What it writes is not precious: a sign of life
//! lost in a crash is credited (see `service`). What it erases is in `erasing`.

use crate::answered::Answered;
use crate::error::Error;
use crate::forgetting::Erasure;
use crate::inbox::Inbox;
use crate::reply::{Parcel, Reply};
use crate::signs;
use crate::slot::Loaded;
use crate::source::AccountSource;
use ledger::{Commit, Ledger, Position};
use seats::account::{End, Ending};
use seats::answer::{Present, outcome_in};
use seats::{Account, AccountId, Answer, Event, Outcome, RequestId, SessionId, Timestamp, UserId};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError};

/// Something for the clerk to do.
pub(crate) enum Errand {
    /// Read an account.
    Load(AccountId),
    /// Read every account in which somebody sits.
    LoadOccupied,
    /// Find out what became of the login of this answer, or how its session ended, then deliver it.
    Complete(Box<Answered>, RequestId, Reply),
    /// Seal the log.
    Seal,
    /// Save rows of signs of life, and that they are true up to this instant.
    /// And up to which position of the log everything that it forgets was given here to be erased.
    Save(Timestamp, Vec<(AccountId, Vec<u8>)>, u64),
    /// Erase what the log forgets, then answer.
    Erase(Vec<Erasure>),
    /// Have forgotten what was kept for as long as the policies say.
    Retain(Timestamp),
}

pub(crate) struct Clerk {
    pub(crate) ledger: Ledger,
    pub(crate) source: Box<dyn AccountSource>,
    pub(crate) inbox: Arc<Inbox>,
}

impl Clerk {
    /// Works until the decider ends.
    pub(crate) fn run(self, errands: &Receiver<Errand>) {
        while let Ok(errand) = errands.recv() {
            match errand {
                Errand::LoadOccupied => self.load_occupied(|| errands.try_recv()),
                Errand::Erase(mut erasures) => {
                    // What else is to be erased by now goes with it: one rewrite for all.
                    let (mut next, mut others) = (errands.try_recv(), Vec::new());
                    while let Ok(errand) = next {
                        match errand {
                            Errand::Erase(more) => erasures.extend(more),
                            other => others.push(other),
                        }
                        next = errands.try_recv();
                    }
                    self.erase(erasures);
                    others.into_iter().for_each(|errand| self.run_errand(errand));
                }
                errand => self.run_errand(errand),
            }
        }
    }

    /// Does one thing.
    pub(crate) fn run_errand(&self, errand: Errand) {
        match errand {
            Errand::Load(account) => {
                let state = self.source.load(account).map_err(Error::from);
                self.hand_over(account, state);
            }
            Errand::LoadOccupied => self.load_occupied(|| Err(TryRecvError::Empty)),
            Errand::Complete(answered, login, to) => {
                let answer = self.completed(*answered, login);
                let mut parcel = vec![Parcel::Answer { to, answer, draft: None }];
                self.inbox.deliver(&mut parcel, Position(0));
            }
            Errand::Erase(erasures) => self.erase(erasures),
            Errand::Retain(now) => self.retain(now),
            Errand::Seal => self.seal(),
            Errand::Save(mark, rows, up_to) => {
                let rows = rows.iter().map(|(account, row)| (*account, row.as_slice()));
                let book = self.ledger.book();
                let saved = book.save_liveness(mark, rows);
                let saved = saved.and_then(|()| book.mark_forgotten_up_to(up_to));
                if let Err(error) = saved.and_then(|()| book.sync()) {
                    self.inbox.fail(&error.to_string());
                }
            }
        }
    }

    /// Seals the log, if there is a key and anything has happened since the last seal.
    ///
    /// A log that contradicts what was promised of it is not gone on with.
    fn seal(&self) {
        let Some(seals) = self.ledger.seals() else { return };
        let sealed = match (seals.key(), seals.promised()) {
            (Ok(None), _) => return,
            (Ok(_), Ok(promised)) if promised == Some(self.ledger.head()) => return,
            (Ok(_), Ok(_)) => seals.seal(&self.ledger, &[]).map(drop),
            (Err(error), _) | (_, Err(error)) => Err(error),
        };
        if let Err(error) = sealed {
            self.inbox.fail(&error.to_string());
        }
    }

    /// Hands over every account in which somebody sits. Whoever waits for one of them, or for anything else
    /// in `errands`, does not wait for all.
    fn load_occupied(&self, mut errands: impl FnMut() -> Result<Errand, TryRecvError>) {
        let shown = self.source.occupied(&mut |account| {
            if let Some(account) = account.filter(|account| self.is_current(account)) {
                self.hand_over(account.id(), Ok(account));
            }
            loop {
                match errands() {
                    Ok(errand) => self.run_errand(errand),
                    Err(TryRecvError::Empty) => return ControlFlow::Continue(()),
                    Err(TryRecvError::Disconnected) => return ControlFlow::Break(()),
                }
            }
        });
        if let Err(error) = shown {
            // A service that cannot see who sits must not let them sit for ever unseen.
            self.inbox.fail(&error.to_string());
        }
    }

    /// Whether nothing has happened in an account since it was read. Otherwise somebody asked about it, and
    /// it was loaded for that.
    fn is_current(&self, account: &Account) -> bool {
        let head = self.ledger.account_head(account.id());
        !matches!(head, Ok(Some(head)) if head.version > account.version())
    }

    fn hand_over(&self, account: AccountId, state: Result<Account, Error>) {
        let state = state.and_then(|state| {
            let row = self.ledger.book().liveness(account)?;
            let mut heard = signs::decode(&row);
            heard.sessions.retain(|session, _| state.session(*session).is_some());
            heard.waiters.retain(|request, _| state.place(*request).is_some());
            Ok((state, heard))
        });
        self.inbox.loaded(Loaded { account, state });
    }

    /// Completes the answer to a login made before that is in line no longer, or whose session the account no
    /// longer remembers.
    fn completed(&self, mut answered: Answered, login: RequestId) -> Result<Answered, Error> {
        if let Answer::Login { outcome: Outcome::Waiting { .. }, .. } = answered.answer {
            self.answered_later(&mut answered, login)?;
        }
        match answered.answer {
            Answer::Login { present: Some(Present::Ended(None)), .. } => self.with_ending(answered),
            _ => Ok(answered),
        }
    }

    /// Finds what became of a login that waited.
    fn answered_later(&self, answered: &mut Answered, login: RequestId) -> Result<(), Error> {
        let (Some(asked), Answer::Login { outcome, at, present, .. }) =
            (answered.position, &mut answered.answer)
        else {
            return Ok(());
        };
        let Some(head) = self.ledger.account_head(answered.account)? else { return Ok(()) };
        for record in self.ledger.back(head.position) {
            let record = record?;
            if record.position <= asked {
                break;
            }
            let commit = &record.commit;
            if let Some(found) = outcome_in(login, &commit.events) {
                (*outcome, *at, answered.position) = (found, commit.at, Some(record.position));
                break;
            }
        }
        if let Outcome::Granted { session, .. } = *outcome {
            let state = self.source.load(answered.account)?;
            *present = Some(seats::answer::present(&state, session));
        }
        Ok(())
    }

    /// Completes the answer to a login made before, whose session the account no longer remembers.
    fn with_ending(&self, mut answered: Answered) -> Result<Answered, Error> {
        let account = answered.account;
        if let (Answer::Login { outcome, present, .. }, Some(user)) =
            (&mut answered.answer, answered.user)
            && let Outcome::Granted { session, .. } = outcome
        {
            let granted = answered.position;
            let end = granted.map(|granted| self.source.end_of(account, *session, granted));
            let end = end.transpose()?.flatten();
            let ending = end.and_then(|record| ending(&record.commit, *session, user));
            *present = Some(Present::Ended(ending));
        }
        Ok(answered)
    }
}

/// How a session ended, as the commit tells that ended it.
fn ending(commit: &Commit, session: SessionId, user: UserId) -> Option<Ending> {
    commit.events.iter().find_map(|event| {
        let (end, silent) = match event {
            Event::LoggedOut { session: ended, by, reason, silent, .. } if *ended == session => {
                (End::LoggedOut(*by, *reason), *silent)
            }
            Event::Expired { session: ended, cause, silent } if *ended == session => {
                (End::Expired(*cause), *silent)
            }
            _ => return None,
        };
        let (at, last_seen) = (commit.at, commit.at - silent);
        Some(Ending { session, user, at, last_seen, end })
    })
}
