//! How answers get back to those who wait for them.
//!
//! An answer that depends on commits still on their way to the disk travels with them as a [`Parcel`] and
//! is delivered by the thread that synced them. Whoever waits is never left waiting: a reply that is
//! dropped, for whatever reason, says that the outcome is unknown.

use crate::answered::{Answered, Occupancy};
use crate::error::Error;
use crate::time_watch::Step;
use ledger::Position;
use seats::AccountId;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, oneshot};

/// What a request came to.
pub(crate) type Answer = Result<Answered, Error>;

/// An answer with the tag of its request in a batch.
pub(crate) type Tagged = (u64, Answer);

/// Who waits for the answer to a question.
#[derive(Default)]
pub(crate) enum Reply {
    /// Nobody, or nobody any more.
    #[default]
    Nobody,
    /// One caller. Dropping the sender tells it.
    One(oneshot::Sender<Answer>),
    /// A batch.
    Batch(Slip),
    /// Somebody who asked who sits where.
    Occupancy(oneshot::Sender<Result<Occupancy, Error>>),
}

/// A place in a batch.
pub(crate) struct Slip {
    line: Option<Arc<Line>>,
    tag: u64,
}

/// Where the answers of a batch arrive.
#[derive(Default)]
pub(crate) struct Line {
    answers: Mutex<Vec<Tagged>>,
    arrived: Notify,
}

/// Something to deliver once what it depends on is on disk.
pub(crate) enum Parcel {
    /// The answer to a request.
    Answer {
        /// To whom.
        to: Reply,
        /// What.
        answer: Answer,
        /// Which draft of the group it is recorded in, if it is recorded in this group.
        draft: Option<usize>,
    },
    /// Who sits where.
    Occupancy {
        /// To whom.
        to: Reply,
        /// What.
        occupancy: Box<Occupancy>,
    },
    /// What somebody did beside the log, recorded in this draft of the group.
    Acted(oneshot::Sender<Answer>, Option<usize>),
    /// Word that everything before it is on disk.
    Done(oneshot::Sender<Result<(), Error>>),
    /// The step of the clock that was confirmed.
    Confirmed(oneshot::Sender<Result<Option<Step>, Error>>, Option<Step>),
}

impl Reply {
    /// Hands the answer over. Whoever has stopped waiting does not get it.
    pub(crate) fn send(self, answer: Answer) {
        match self {
            Reply::Nobody => {}
            Reply::One(to) => drop(to.send(answer)),
            Reply::Batch(mut slip) => {
                if let Some(line) = slip.line.take() {
                    lock(&line.answers).push((slip.tag, answer));
                    line.arrived.notify_one();
                }
            }
            Reply::Occupancy(to) => {
                if let Err(error) = answer {
                    let _ = to.send(Err(error));
                }
            }
        }
    }
}

impl Slip {
    pub(crate) fn new(line: &Arc<Line>, tag: u64) -> Slip {
        Slip { line: Some(Arc::clone(line)), tag }
    }
}

impl Drop for Slip {
    fn drop(&mut self) {
        if let Some(line) = self.line.take() {
            lock(&line.answers).push((self.tag, Err(Error::Unknown)));
            line.arrived.notify_one();
        }
    }
}

impl Line {
    /// How many answers have arrived.
    pub(crate) fn len(&self) -> usize {
        lock(&self.answers).len()
    }

    /// The answers that have arrived.
    pub(crate) fn drain(&self) -> Vec<Tagged> {
        mem::take(&mut lock(&self.answers))
    }

    /// The answers that have arrived; waits for the first.
    pub(crate) async fn take(&self) -> Vec<Tagged> {
        loop {
            {
                let mut answers = lock(&self.answers);
                if !answers.is_empty() {
                    // As many may come again.
                    let room = Vec::with_capacity(answers.len());
                    return mem::replace(&mut *answers, room);
                }
            }
            self.arrived.notified().await;
        }
    }
}

impl Parcel {
    /// Whether it is an answer for this batch.
    fn is_for(&self, line: &Arc<Line>) -> bool {
        let Parcel::Answer { to: Reply::Batch(slip), .. } = self else { return false };
        slip.line.as_ref().is_some_and(|other| Arc::ptr_eq(other, line))
    }

    /// Whether it answers a question that was counted as waiting.
    pub(crate) fn is_counted(&self) -> bool {
        matches!(self, Parcel::Answer { .. } | Parcel::Occupancy { .. })
    }
}

/// Delivers parcels whose group was recorded from `first` on.
///
/// Answers of one batch that follow one another are handed over together, so that a thousand of them cost
/// one lock and one wake.
pub(crate) fn deliver(parcels: &mut Vec<Parcel>, first: Position) {
    let mut parcels = parcels.drain(..).peekable();
    while let Some(parcel) = parcels.next() {
        match parcel {
            Parcel::Answer { to: Reply::Batch(mut slip), answer, draft } => {
                let Some(line) = slip.line.take() else { continue };
                let mut answers = lock(&line.answers);
                answers.push((slip.tag, placed(answer, draft, first)));
                while let Some(Parcel::Answer { to: Reply::Batch(mut slip), answer, draft }) =
                    parcels.next_if(|next| next.is_for(&line))
                {
                    slip.line = None;
                    answers.push((slip.tag, placed(answer, draft, first)));
                }
                drop(answers);
                line.arrived.notify_one();
            }
            Parcel::Answer { to, answer, draft } => to.send(placed(answer, draft, first)),
            Parcel::Occupancy { to: Reply::Occupancy(to), occupancy } => {
                let _ = to.send(Ok(*occupancy));
            }
            Parcel::Occupancy { .. } => {} // Nobody else asks this.
            Parcel::Acted(to, draft) => {
                let answer = Ok(Answered::done(AccountId::SYSTEM));
                let _ = to.send(placed(answer, draft, first));
            }
            Parcel::Done(to) => drop(to.send(Ok(()))),
            Parcel::Confirmed(to, step) => drop(to.send(Ok(step))),
        }
    }
}

/// Gives everybody who waits for these parcels this error instead.
pub(crate) fn disappoint(parcels: &mut Vec<Parcel>, error: &Error) {
    for parcel in parcels.drain(..) {
        match parcel {
            Parcel::Answer { to, .. } | Parcel::Occupancy { to, .. } => to.send(Err(error.clone())),
            Parcel::Acted(to, _) => drop(to.send(Err(error.clone()))),
            Parcel::Done(to) => drop(to.send(Err(error.clone()))),
            Parcel::Confirmed(to, _) => drop(to.send(Err(error.clone()))),
        }
    }
}

/// Says where the answer is recorded.
fn placed(mut answer: Answer, draft: Option<usize>, first: Position) -> Answer {
    if let (Ok(answered), Some(draft)) = (answer.as_mut(), draft) {
        answered.position = Some(Position(first.0.saturating_add(draft as u64)));
    }
    answer
}

/// Every critical section of this crate leaves its data whole at each step, so a panic elsewhere does not
/// matter here.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
