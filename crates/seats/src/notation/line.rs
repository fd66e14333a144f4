//! The line in words: who waits, what is offered, who is asked for a seat, who leaves.

use super::{Notation, Phrase, asked, denial, outcome, start};
use crate::account::Account;
use crate::event::{Event, HandOverEnd, Leaving};
use crate::ids::{HandOverId, RequestId};
use crate::time::Timestamp;

impl Notation<'_> {
    /// Whose login it is: the user's name while it is not answered, else the beginning of its id.
    pub fn whom(&self, request: RequestId, account: Option<&Account>) -> String {
        let asked = account.and_then(|account| account.asked(request));
        asked.map_or_else(|| format!("login {}", start(&request.0)), |asked| self.user(asked.user))
    }

    fn answered(&self, id: HandOverId, how: HandOverEnd, before: Option<&Account>) -> Phrase {
        let known = before.and_then(|account| account.hand_overs().iter().find(|h| h.id == id));
        let Some(asked) = known else { return asked(format!("{id} {}", how.word())) };
        let (holder, asker) = (self.user(asked.holder), self.user(asked.asker));
        let seat = asked.seat;
        match how {
            HandOverEnd::Consented => super::asked(format!("{holder} consents to {asker}")),
            HandOverEnd::Silent => super::asked(format!("{holder} did not answer {asker}")),
            HandOverEnd::Declined => Phrase {
                happened: format!("{holder} declines to {asker}"),
                outcome: format!("keeps {seat}"),
            },
            HandOverEnd::Withdrawn => outcome(format!("{asker} asks for {seat} no longer")),
        }
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
            Event::HandOverAsked { request, seat, until, .. } => {
                let holder = before.and_then(|account| account.board.holder(*seat));
                let holder = holder.map_or_else(|| "its holder".to_owned(), |user| self.user(user));
                let due = (self.time)(*until);
                match before.and_then(|account| account.asked(*request)) {
                    Some(asked) => Phrase {
                        happened: format!("{} asks {holder} for {seat}", self.user(asked.user)),
                        outcome: format!("answer due {due}"),
                    },
                    None => outcome(format!("{holder} asked for {seat}, answer due {due}")),
                }
            }
            Event::HandOverEnded { handover, how } => self.answered(*handover, *how, before),
            _ => Phrase::default(),
        }
    }
}
