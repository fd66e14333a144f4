//! Many requests in flight for one waiter.
//!
//! A gateway, or a benchmark, that keeps a thousand requests in flight would otherwise pay a thousand
//! wakes for each sync. A batch takes requests as they come and hands back whatever answers have arrived.

use crate::answered::Answered;
use crate::error::Error;
use crate::handle::Admission;
use crate::inbox::{Ask, Question};
use crate::reply::{Line, Reply, Slip};
use crate::request::Request;
use ledger::commit::Actor;
use std::sync::Arc;

/// Requests in flight together. Answers come in the order in which they are ready, not in that of asking.
///
/// Dropping it leaves the requests that were sent on their way; only their answers are lost.
pub struct Batch {
    admission: Admission,
    line: Arc<Line>,
    unsent: Vec<Ask>,
    next: u64,
    open: usize,
}

impl Batch {
    pub(crate) fn new(admission: Admission) -> Batch {
        Batch { admission, line: Arc::default(), unsent: Vec::new(), next: 0, open: 0 }
    }

    /// Adds a request, to be sent with the next [`Batch::send`] or [`Batch::answers`]. Returns its tag:
    /// 0, 1, 2, ... in this batch.
    pub fn push(&mut self, request: Request, actor: Actor) -> u64 {
        let tag = self.next;
        self.next += 1;
        self.open += 1;
        let to = Reply::Batch(Slip::new(&self.line, tag));
        match request.check() {
            Ok(()) => {
                self.unsent.push(Ask { question: Question::Request(request, actor), to });
            }
            Err(error) => to.send(Err(error)),
        }
        tag
    }

    /// How many requests were added and not yet answered.
    pub fn open(&self) -> usize {
        self.open
    }

    /// How many answers have arrived and were not yet taken.
    pub fn ready(&self) -> usize {
        self.line.len()
    }

    /// Sends what was added. Those for which there is no room are answered [`Error::Busy`].
    pub fn send(&mut self) {
        if let Err(error) = self.admission.push_all(&mut self.unsent) {
            for ask in self.unsent.drain(..) {
                ask.to.send(Err(error.clone()));
            }
        }
    }

    /// Sends what was added and waits for answers: all that have arrived, with the tags of their requests.
    /// Empty only if none is open.
    pub async fn answers(&mut self) -> Vec<(u64, Result<Answered, Error>)> {
        self.send();
        if self.open == 0 {
            return Vec::new();
        }
        let answers = self.line.take().await;
        self.open -= answers.len();
        answers
    }
}
