//! The naive model's hand-overs: who asks whom for a seat, looked at every second.

use crate::deeds::Login;
use crate::line::Waiting;
use crate::naive::World;
use seats::{SameUser, UserPolicy};
use std::collections::BTreeSet;

/// An asking for a seat that is not answered.
#[derive(Clone, Debug)]
pub(crate) struct Asking {
    id: u32,
    seat: u32,
    holder: u32,
    asker: u32,
    /// How long there is to answer, and seconds listened to since.
    long: u32,
    pub(crate) over: u32,
}

/// Who declined what to whom, and when.
#[derive(Debug)]
pub(crate) struct Declined {
    id: u32,
    holder: u32,
    asker: u32,
    at: u64,
}

impl World {
    pub(crate) fn ask_hand_over(&mut self, login: &Login, seat: Option<u32>) -> String {
        let place = self.in_line(login.request);
        let known = self.asked.iter().any(|asked| asked.login.request == login.request);
        let same = place.is_none_or(|place| self.line[place].login == *login);
        if !same || place.is_none() && known {
            return self.log_in(login);
        }
        let Some(long) = self.chosen.hand_over else { return "refused NoHandOvers".into() };
        if place.is_none() && login.site.is_some_and(|site| site == 0 || site > self.sites) {
            return "refused UnknownSite".into();
        }
        let asks = self.askings.iter().any(|asking| asking.asker == login.user);
        // As if the user had been added already.
        let before = self.people.get(&login.user).copied();
        if before.flatten().is_none() && self.chosen.users == UserPolicy::Open {
            self.people.insert(login.user, Some(false));
        }
        let offered = place.is_some_and(|place| self.line[place].offer.is_some());
        let found = match seat {
            _ if asks || offered => None,
            Some(seat) => self.may_be_asked(login, seat).then_some(seat),
            None => self.longest_idle().into_iter().find(|seat| self.may_be_asked(login, *seat)),
        };
        let no_seat = match place {
            Some(_) => !offered,
            None => matches!(self.place(login), Err("AllSeatsHeld" | "SeatsReserved")),
        };
        match before {
            Some(before) => self.people.insert(login.user, before),
            None => self.people.remove(&login.user),
        };
        if no_seat && !asks && seat.is_some() && found.is_none() {
            return "refused CannotBeAsked".into();
        }
        let said = match place {
            Some(place) => self.ask_again(place),
            None => self.log_in_or_wait(login, asks || found.is_some()),
        };
        if let Some(seat) = found.filter(|_| no_seat) {
            let holder = self.sittings.iter().find(|s| s.seat == seat).unwrap().user;
            self.last_asking += 1;
            let (id, asker) = (self.last_asking, login.user);
            self.askings.push(Asking { id, seat, holder, asker, long, over: 0 });
            let until = self.now + u64::from(long);
            self.note(format!("asking {id} for {} seat {seat} until {until}", login.request));
        }
        said
    }

    pub(crate) fn answer_hand_over(&mut self, session: u64, id: u32, consent: bool) -> String {
        let now = self.now;
        let sitting = self.sittings.iter().find(|s| s.session == session).unwrap().clone();
        let open = |asking: &Asking| asking.id == id && asking.seat == sitting.seat;
        let open = self.askings.iter().position(open);
        let again = |d: &Declined| d.id == id && d.holder == sitting.user && now - d.at < 3_600;
        if open.is_none() && (consent || !self.declined.iter().any(again)) {
            return "refused NothingAsked".into();
        }
        if let (Some(place), true) = (open, consent) {
            let overdraft = self.still_possible(place).unwrap();
            self.hand_over(place, "Consented", overdraft, Some(session));
            return format!("left seat {}", sitting.seat);
        }
        let it = self.sittings.iter_mut().find(|s| s.session == session).unwrap();
        (it.quiet, it.idle, it.bye, it.seen, it.active) = (0, 0, None, now, now);
        if it.dormant.take().is_some() {
            self.note(format!("back {session}"));
        }
        if let Some(place) = open {
            let Asking { holder, asker, .. } = self.askings.remove(place);
            self.note(format!("answer {id} Declined"));
            self.declined.push(Declined { id, holder, asker, at: now });
        }
        format!("keeps seat {} dormant false asked None", sitting.seat)
    }

    /// What the holder of a seat is asked: what, by whom, until when.
    pub(crate) fn asked_for(&self, seat: u32) -> Option<(u32, u32, u64)> {
        let asking = self.askings.iter().find(|asking| asking.seat == seat)?;
        Some((asking.id, asking.asker, self.now + u64::from(asking.long - asking.over)))
    }

    /// A session that may answer an asking.
    pub(crate) fn asked_session(&self, id: u32) -> Option<u64> {
        let asking = self.askings.iter().find(|asking| asking.id == id)?;
        self.sittings.iter().find(|s| s.seat == asking.seat).map(|s| s.session)
    }

    /// What becomes of one asking this very second; whether anything does.
    pub(crate) fn look_at_askings(&mut self) -> bool {
        for place in 0..self.askings.len() {
            if self.still_possible(place).is_none() {
                let id = self.askings.remove(place).id;
                self.note(format!("answer {id} Withdrawn"));
                return true;
            }
        }
        let due = self.askings.iter().position(|asking| asking.over >= asking.long);
        if let Some(place) = due {
            let overdraft = self.still_possible(place).unwrap();
            self.hand_over(place, "Silent", overdraft, None);
        }
        due.is_some()
    }

    fn hand_over(&mut self, place: usize, how: &str, overdraft: bool, consents: Option<u64>) {
        let Asking { id, seat, asker, .. } = self.askings.remove(place);
        self.note(format!("answer {id} {how}"));
        if let Some(session) = consents {
            let it = self.sittings.iter_mut().find(|s| s.session == session).unwrap();
            (it.dormant, it.seen) = (None, self.now);
        }
        let mut leaving: Vec<u64> =
            self.sittings.iter().filter(|s| s.seat == seat).map(|s| s.session).collect();
        leaving.sort_unstable();
        for session in leaving {
            self.end_now(session, "HandedOver");
        }
        let place = self.line.iter().position(|w| w.login.user == asker).unwrap();
        let Waiting { login, .. } = self.line.remove(place);
        let said = self.sit(&login, seat, overdraft);
        self.answer(login.request, &said, Some(self.granted));
    }

    /// Whether the seat would be overdraft; `None`: there is nothing to answer any more.
    fn still_possible(&self, place: usize) -> Option<bool> {
        let asking = &self.askings[place];
        self.chosen.hand_over?;
        let waiting = self.line.iter().find(|waiting| waiting.login.user == asking.asker)?;
        let there = self.sittings.iter().any(|s| s.seat == asking.seat && s.user == asking.holder);
        if !there || waiting.offer.is_some() {
            return None;
        }
        self.could_have(&waiting.login, asking.seat)
    }

    /// Whether a seat that is somebody else's would be overdraft if the user had it; `None`: it cannot be.
    fn could_have(&self, login: &Login, seat: u32) -> Option<bool> {
        let user = login.user;
        let sits = self.sittings.iter().any(|s| s.user == user);
        let theirs = self.sittings.iter().any(|s| s.seat == seat && s.user != user);
        let may = self.standing == "open" && self.people.get(&user) == Some(&Some(false));
        if !may || !theirs || sits && self.chosen.same_user != SameUser::Separate {
            return None;
        }
        let (others, licences) = (self.others(user, &[seat]), self.licences(self.now));
        let free = others + self.owed(login, &[seat]) < licences + self.chosen.overdraft;
        free.then_some(others >= licences)
    }

    fn may_be_asked(&self, login: &Login, seat: u32) -> bool {
        let mut on_it = self.sittings.iter().filter(|s| s.seat == seat);
        let Some(holder) = on_it.clone().next().map(|s| s.user) else { return false };
        let old = on_it.all(|s| self.now - s.since >= u64::from(self.chosen.floor));
        let asked = self.askings.iter().any(|asking| asking.seat == seat);
        let declined = self
            .declined
            .iter()
            .any(|d| d.holder == holder && d.asker == login.user && self.now - d.at < 3_600);
        old && !asked && !declined && self.could_have(login, seat).is_some()
    }

    /// Seats, first that on which nobody has done anything for longest.
    fn longest_idle(&self) -> Vec<u32> {
        let seats: BTreeSet<u32> = self.sittings.iter().map(|s| s.seat).collect();
        let active = |seat: u32| {
            self.sittings.iter().filter(|s| s.seat == seat).map(|s| s.active).max().unwrap()
        };
        let mut seats: Vec<_> = seats.into_iter().map(|seat| (active(seat), seat)).collect();
        seats.sort_unstable();
        seats.into_iter().map(|(_, seat)| seat).collect()
    }
}
