//! The naive model's line: who waits, looked at every second.

use crate::deeds::Login;
use crate::naive::World;
use seats::WhenFull;
use std::collections::BTreeSet;

/// Somebody in line.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    pub(crate) login: Login,
    pub(crate) since: u64,
    /// Seconds listened to since the last sign of life.
    pub(crate) quiet: u32,
    /// The seat that is offered, how long the offer is, and seconds listened to since.
    pub(crate) offer: Option<(u32, u32, u32)>,
}

impl World {
    /// Whether a user waits for whom there is no seat, rather than be denied.
    pub(crate) fn queues(&self, user: u32, reason: &str) -> bool {
        let no_seat = matches!(reason, "AllSeatsHeld" | "SeatsReserved");
        let is_in_line = self.line.iter().any(|waiting| waiting.login.user == user);
        no_seat && (is_in_line || self.chosen.when_full == WhenFull::Queue)
    }

    /// Where in line a request is.
    pub(crate) fn in_line(&self, request: u32) -> Option<usize> {
        self.line.iter().position(|waiting| waiting.login.request == request)
    }

    /// Somebody in line asks again.
    pub(crate) fn ask_again(&mut self, place: usize) -> String {
        self.line[place].quiet = 0;
        let waiting = self.line[place].clone();
        if waiting.offer.is_none() {
            return format!("waiting {} again from {} None", place + 1, waiting.since);
        }
        let request = waiting.login.request;
        match self.place(&waiting.login) {
            Ok((seat, overdraft, ending, cause)) => {
                for session in ending {
                    self.end_now(session, cause);
                }
                self.line.remove(place);
                let said = self.sit(&waiting.login, seat, overdraft);
                self.answer(request, &said, Some(self.granted));
                said
            }
            Err(reason) => {
                let said = format!("denied {}", self.counted(reason));
                self.line.remove(place);
                self.note(said.clone());
                self.answer(request, &said, None);
                said
            }
        }
    }

    /// Somebody leaves the line without a seat.
    pub(crate) fn leave_line(&mut self, place: usize, how: &str) {
        let request = self.line.remove(place).login.request;
        self.note(format!("leave {request} {how}"));
        self.answer(request, &format!("left {how}"), None);
    }

    pub(crate) fn answer(&mut self, request: u32, said: &str, session: Option<u64>) {
        let now = self.now;
        let mut asked = self.asked.iter_mut();
        let asked = asked.find(|asked| asked.login.request == request).unwrap();
        (asked.at, asked.said, asked.session) = (now, said.to_owned(), session);
    }

    /// What is due in the line this very second.
    pub(crate) fn look_at_line(&mut self) {
        let mut place = 0;
        while place < self.line.len() {
            let waiting = self.line[place].clone();
            let standing = self.people.get(&waiting.login.user).copied().flatten();
            if self.standing == "closed" || self.standing == "open" && standing != Some(false) {
                self.leave_line(place, "Barred");
            } else if let Some((_, long, over)) = waiting.offer
                && over >= long
            {
                self.line.remove(place);
                self.note(format!("lapse {}", waiting.login.request));
                self.answer(waiting.login.request, "lapsed", None);
            } else if waiting.offer.is_none() && waiting.quiet >= self.chosen.wait_lease {
                self.leave_line(place, "NotHeardOf");
            } else {
                place += 1;
            }
        }
        let limit = match self.standing {
            "open" => self.licences(self.now) + self.chosen.overdraft,
            _ => 0,
        };
        while self.held_or_offered() > limit as usize
            && let Some(last) = self.line.iter_mut().rev().find(|w| w.offer.is_some())
        {
            (last.offer, last.quiet) = (None, 0);
            let request = last.login.request;
            self.note(format!("withdraw {request}"));
        }
        while self.look_at_askings() || self.standing == "open" && self.offer_one() {}
    }

    fn held_or_offered(&self) -> usize {
        let held: BTreeSet<_> = self.sittings.iter().map(|s| s.seat).collect();
        held.len() + self.line.iter().filter(|waiting| waiting.offer.is_some()).count()
    }

    /// Offers a seat to the first in line who could have one; whether there was one.
    fn offer_one(&mut self) -> bool {
        for place in 0..self.line.len() {
            if self.line[place].offer.is_some() {
                continue;
            }
            if let Ok((seat, _, ending, cause)) = self.another(&self.line[place].login) {
                for session in ending {
                    self.end_now(session, cause);
                }
                let (request, long) = (self.line[place].login.request, self.chosen.offer);
                let until = self.now + u64::from(long);
                self.kept.retain(|kept| kept.seat != seat);
                self.line[place].offer = Some((seat, long, 0));
                self.note(format!("offer {request} seat {seat} until {until}"));
                return true;
            }
        }
        false
    }
}
