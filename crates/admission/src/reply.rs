//! How answers get back to those who wait for them.
//!
//! An answer that depends on commits still on their way to the disk travels with them as a [`Parcel`] and
//! is delivered by the thread that synced them. Whoever waits is never left waiting: a reply that is
//! dropped, for whatever reason, says that the outcome is unknown.

use crate::answered::{Answered, Occupancy};
use crate::error::Error;
use crate::time_watch::Step;
use ledger::Position;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, oneshot};

/// What a request came to.
pub(crate) type Answer = Result<Answered, Error>;

/// An answer with the tag of its request in a batch.
pub(crate) type Tagged = (u64, Answer);

/// Answers on their way to one batch.
type Together = (Arc<Line>, Vec<Tagged>);

/// Who waits for the answer to a request.
pub(crate) enum Reply {
    /// One caller. Dropping the sender tells it.
    One(oneshot::Sender<Answer>),
    /// A batch.
    Batch(Slip),
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
        to: oneshot::Sender<Result<Occupancy, Error>>,
        /// What.
        occupancy: Result<Occupancy, Error>,
    },
    /// Word that everything before it is on disk.
    Done(oneshot::Sender<Result<(), Error>>),
    /// The step of the clock that was confirmed.
    Confirmed(oneshot::Sender<Result<Option<Step>, Error>>, Option<Step>),
}

impl Reply {
    /// Hands the answer over. Whoever has stopped waiting does not get it.
    pub(crate) fn send(self, answer: Answer) {
        match self {
            Reply::One(to) => drop(to.send(answer)),
            Reply::Batch(mut slip) => {
                if let Some(line) = slip.line.take() {
                    lock(&line.answers).push((slip.tag, answer));
                    line.arrived.notify_one();
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

    /// The answers that have arrived; waits for the first.
    pub(crate) async fn take(&self) -> Vec<Tagged> {
        loop {
            let answers = mem::take(&mut *lock(&self.answers));
            if !answers.is_empty() {
                return answers;
            }
            self.arrived.notified().await;
        }
    }
}

impl Parcel {
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
    let mut together: Option<Together> = None;
    for parcel in parcels.drain(..) {
        match parcel {
            Parcel::Answer { to, mut answer, draft } => {
                if let (Ok(answered), Some(draft)) = (answer.as_mut(), draft) {
                    answered.position = Some(Position(first.0.saturating_add(draft as u64)));
                }
                match to {
                    Reply::Batch(mut slip) => {
                        let Some(line) = slip.line.take() else { continue };
                        match &mut together {
                            Some((same, answers)) if Arc::ptr_eq(same, &line) => {
                                answers.push((slip.tag, answer));
                            }
                            _ => hand_over(together.replace((line, vec![(slip.tag, answer)]))),
                        }
                    }
                    to => to.send(answer),
                }
            }
            Parcel::Occupancy { to, occupancy } => drop(to.send(occupancy)),
            Parcel::Done(to) => drop(to.send(Ok(()))),
            Parcel::Confirmed(to, step) => drop(to.send(Ok(step))),
        }
    }
    hand_over(together);
}

/// Tells everybody who waits for these parcels that the outcome is unknown.
pub(crate) fn disappoint(parcels: &mut Vec<Parcel>) {
    for parcel in parcels.drain(..) {
        match parcel {
            Parcel::Answer { to, .. } => to.send(Err(Error::Unknown)),
            Parcel::Occupancy { to, .. } => drop(to.send(Err(Error::Unknown))),
            Parcel::Done(to) => drop(to.send(Err(Error::Unknown))),
            Parcel::Confirmed(to, _) => drop(to.send(Err(Error::Unknown))),
        }
    }
}

fn hand_over(together: Option<Together>) {
    if let Some((line, mut answers)) = together {
        lock(&line.answers).append(&mut answers);
        line.arrived.notify_one();
    }
}

/// Every critical section of this crate leaves its data whole at each step, so a panic elsewhere does not
/// matter here.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
