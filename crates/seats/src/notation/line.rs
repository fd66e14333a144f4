//! The line in words: who waits, what is offered, who leaves.

use super::{Notation, Phrase, asked, denial, outcome, start};
use crate::account::Account;
use crate::event::{Event, Leaving};
use crate::ids::RequestId;
use crate::time::Timestamp;

impl Notation<'_> {
    /// Whose login it is: the user's name while it is not answered, else the beginning of its id.
    pub fn whom(&self, request: RequestId, account: Option<&Account>) -> String {
        let asked = account.and_then(|account| account.asked(request));
        asked.map_or_else(|| format!("login {}", start(&request.0)), |asked| self.user(asked.user))
    }

    /// An event of the line; of any other nothing is said.
    pub(super) fn of_the_line(
        &self,
        at: Timestamp,
        event: &Event,
        before: Option<&Account>,
    ) -> Phrase {
        let offered = |request: &RequestId| {
            let asked = before.and_then(|account| account.asked(*request));
            let offer = asked.and_then(|asked| asked.waits?.offer);
            offer.map_or("a seat".to_owned(), |offer| offer.seat.to_string())
        };
        match event {
            Event::Queued { reason, held, dormant } => {
                let limit = before.map(|account| account.limit(at));
                outcome(format!("in line: {}", denial(*reason, *held, *dormant, limit)))
            }
            Event::SeatOffered { request, seat, until } => {
                let (to, until) = (self.whom(*request, before), (self.time)(*until));
                outcome(format!("{seat} offered to {to} until {until}"))
            }
            Event::OfferLapsed { request } => {
                asked(format!("{} did not take {}", self.whom(*request, before), offered(request)))
            }
            Event::OfferWithdrawn { request } => {
                let to = self.whom(*request, before);
                asked(format!("offer of {} to {to} withdrawn", offered(request)))
            }
            Event::LeftQueue { request, how: Leaving::GaveUp } => {
                asked(format!("leave line {}", self.whom(*request, before)))
            }
            Event::LeftQueue { request, how } => {
                let who = self.whom(*request, before);
                asked(format!("{who} left the line: {}", how.word()))
            }
            _ => Phrase::default(),
        }
    }
}
