//! Those in line, as whoever answers for an account has them in memory.

use super::Live;
use crate::account::Pending;
use crate::admit;
use crate::answer::{Answer, AskedFor, Outcome, Present, outcome_in};
use crate::command::Command;
use crate::event::Event;
use crate::ids::{RequestId, SeatNo};
use crate::time::Timestamp;

impl Live {
    /// Drops what was heard of those who leave the line with these events.
    pub(super) fn part_from_line(&mut self, events: &[Event]) {
        for event in events {
            if let Event::SeatGranted { request: Some(request), .. }
            | Event::SeatDenied { request: Some(request), .. }
            | Event::OfferLapsed { request }
            | Event::LeftQueue { request, .. } = event
            {
                let heard = self.liveness.forget_waiter(*request);
                self.left.extend(heard.map(|heard| (*request, heard)));
            }
        }
    }

    /// Somebody in line asks again: the seat, if one is offered; else the same answer as before.
    pub(super) fn ask_again(&self, asked: &Pending, at: Timestamp) -> (Vec<Event>, Answer) {
        let events = admit::take_offer(&self.account, &self.liveness, asked, at);
        let answer = self.answer_in_line(asked, &events, at);
        (events, answer)
    }

    pub(super) fn answer_in_line(
        &self,
        asked: &Pending,
        events: &[Event],
        at: Timestamp,
    ) -> Answer {
        match outcome_in(asked.request, events) {
            Some(outcome) => {
                let granted = matches!(outcome, Outcome::Granted { .. });
                let present = granted.then_some(Present::Live);
                Answer::Login { outcome, at, again: false, present }
            }
            None => {
                let (outcome, since) = (Outcome::WAITING, asked.waits.map(|waits| waits.since));
                let at = since.unwrap_or(at);
                Answer::Login { outcome, at, again: true, present: None }
            }
        }
    }

    /// A heartbeat was noted, of a session on this seat.
    pub(super) fn noted(&self, seat: SeatNo, dormant: bool) -> Answer {
        let asked = self.account.asked_for(seat);
        let asked = asked.map(|asked| AskedFor {
            handover: asked.id,
            by: asked.asker,
            until: self.liveness.answers(asked),
        });
        Answer::Noted { seat, dormant, asked }
    }

    /// Tells somebody in line the place there.
    pub(super) fn tell_place(&self, request: RequestId, outcome: &mut Outcome) {
        if let Outcome::Waiting { place } = outcome {
            *place = self.account.place(request).unwrap_or(0);
        }
    }
}

/// The login that a command asks for.
pub(super) fn asked_by(command: &Command) -> Option<RequestId> {
    match command {
        Command::TakeOffer { request } => Some(*request),
        _ => command.login().map(|login| login.request),
    }
}
