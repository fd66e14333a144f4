//! The naive model's logins: who gets which seat, found by trying everything.

use crate::deeds::Login;
use crate::line::Waiting;
use crate::naive::{Asked, Sitting, World};
use seats::{Reclaim, SameUser, UserPolicy};
use std::collections::{BTreeMap, BTreeSet};

/// Seat, whether overdraft, who has to end, and why.
pub(crate) type Place = (u32, bool, Vec<u64>, &'static str);

impl World {
    pub(crate) fn log_in(&mut self, login: &Login) -> String {
        self.log_in_or_wait(login, false)
    }

    /// `waits`: whatever the vendor has chosen, who finds no seat waits.
    pub(crate) fn log_in_or_wait(&mut self, login: &Login, waits: bool) -> String {
        if let Some(place) = self.in_line(login.request) {
            if self.line[place].login != *login {
                return "refused RequestReused".into();
            }
            return self.ask_again(place);
        }
        if let Some(first) = self.asked.iter().find(|asked| asked.login.request == login.request) {
            if first.login != *login {
                return "refused RequestReused".into();
            }
            let present = first.session.map(|session| {
                match self.sittings.iter().find(|s| s.session == session) {
                    Some(it) if it.dormant.is_some() => "dormant".to_owned(),
                    Some(_) => "live".to_owned(),
                    None => format!("ended {}", self.ending(session)),
                }
            });
            return format!("{} again from {} {present:?}", first.said, first.at);
        }
        if login.site.is_some_and(|site| site == 0 || site > self.sites) {
            return "refused UnknownSite".into();
        }
        let known = self.people.get(&login.user).copied().flatten();
        let open = self.standing == "open" && self.chosen.users == UserPolicy::Open;
        if known.is_none() && open {
            self.people.insert(login.user, Some(false));
            self.note(format!("add user {}", login.user));
        }
        self.people.entry(login.user).or_insert(None);
        if let Some(device) = login.device.filter(|device| *device > self.devices) {
            self.devices = device;
            self.note(format!("add device {device}"));
        }
        let Login { request, user, site, device } = login.clone();
        self.note(format!("ask {request} user {user} site {site:?} device {device:?}"));
        let earlier = |world: &World| world.line.iter().position(|w| w.login.user == user);
        let (said, session) = match self.place(login) {
            Ok((seat, overdraft, ending, cause)) => {
                if let Some(place) = earlier(self) {
                    self.leave_line(place, "AskedAnew");
                }
                for session in ending {
                    self.end_now(session, cause);
                }
                (self.sit(login, seat, overdraft), Some(self.granted))
            }
            Err(reason @ ("AllSeatsHeld" | "SeatsReserved"))
                if waits || self.queues(user, reason) =>
            {
                let counted = self.counted(reason);
                self.note(format!("queue {counted}"));
                let (login, since) = (login.clone(), self.now);
                let place = earlier(self).unwrap_or(self.line.len());
                self.line.insert(place, Waiting { login, since, quiet: 0, offer: None });
                if place + 1 < self.line.len() {
                    self.leave_line(place + 1, "AskedAnew");
                }
                (format!("waiting {}", place + 1), None)
            }
            Err(reason) => {
                let said = format!("denied {}", self.counted(reason));
                self.note(said.clone());
                (said, None)
            }
        };
        self.asked.push(Asked { login: login.clone(), at: self.now, said: said.clone(), session });
        said
    }

    /// What a denial, or a place in line, says.
    pub(crate) fn counted(&self, reason: &str) -> String {
        let seats: BTreeSet<_> = self.sittings.iter().map(|s| s.seat).collect();
        let offered = self.line.iter().filter(|waiting| waiting.offer.is_some()).count();
        let held = seats.len() + self.kept.len() + offered;
        format!("{reason} held {held} dormant {}", self.ghosts().len())
    }

    pub(crate) fn sit(&mut self, login: &Login, seat: u32, overdraft: bool) -> String {
        self.granted += 1;
        let (session, now) = (self.granted, self.now);
        self.kept.retain(|kept| kept.seat != seat);
        self.sittings.push(Sitting {
            session,
            user: login.user,
            seat,
            site: login.site,
            since: now,
            overdraft,
            dormant: None,
            quiet: 0,
            idle: 0,
            bye: None,
            seen: now,
            active: now,
        });
        let said = format!("grant {session} seat {seat} overdraft {overdraft}");
        self.note(said.clone());
        said
    }

    /// Seats on which nobody is awake, longest dormant first.
    fn ghosts(&self) -> Vec<u32> {
        let seats: BTreeSet<u32> = self.sittings.iter().map(|s| s.seat).collect();
        let mut ghosts: Vec<(u64, u32)> = Vec::new();
        for seat in seats {
            let on_it: Vec<_> = self.sittings.iter().filter(|s| s.seat == seat).collect();
            if on_it.iter().all(|s| s.dormant.is_some()) {
                ghosts.push((on_it.iter().map(|s| s.dormant.unwrap().0).max().unwrap(), seat));
            }
        }
        ghosts.sort_unstable();
        ghosts.into_iter().map(|(_, seat)| seat).collect()
    }

    pub(crate) fn place(&self, login: &Login) -> Result<Place, &'static str> {
        match self.standing {
            "suspended" => return Err("AccountSuspended"),
            "closed" => return Err("AccountClosed"),
            _ => {}
        }
        match self.people.get(&login.user).copied().flatten() {
            None => return Err("NotRegistered"),
            Some(true) => return Err("UserSuspended"),
            Some(false) => {}
        }
        let licences = self.licences(self.now);
        let mut own: Vec<_> = self.sittings.iter().filter(|s| s.user == login.user).collect();
        own.sort_by_key(|s| (s.dormant.map_or(u64::MAX, |(since, _)| since), s.session));
        if let Some(it) = own.first()
            && self.chosen.same_user != SameUser::Separate
        {
            let awake = own.iter().any(|s| s.dormant.is_none());
            if self.chosen.same_user == SameUser::Deny && awake {
                return Err("AlreadyLoggedIn");
            }
            let on_it = self.sittings.iter().filter(|s| s.seat == it.seat);
            let mut ending: Vec<_> = on_it.map(|s| s.session).collect();
            if self.chosen.same_user == SameUser::Share {
                ending.clear();
            }
            let above = self.others(login.user, &[it.seat]) >= licences;
            let mut on_it = self.sittings.iter().filter(|s| s.seat == it.seat);
            let overdraft = above && on_it.any(|s| s.overdraft);
            return Ok((it.seat, overdraft, ending, "TakenOver"));
        }
        let offered = self.line.iter().find(|waiting| waiting.login.user == login.user);
        if let Some((seat, ..)) = offered.and_then(|waiting| waiting.offer) {
            let overdraft = self.others(login.user, &[]) >= licences;
            return Ok((seat, overdraft, vec![], "Reclaimed"));
        }
        self.another(login)
    }

    /// A seat that the user neither holds nor is offered.
    pub(crate) fn another(&self, login: &Login) -> Result<Place, &'static str> {
        let licences = self.licences(self.now);
        // Every set of ghosts, the smallest first, and of those the longest dormant.
        let ghosts = if self.chosen.reclaim == Reclaim::Never { vec![] } else { self.ghosts() };
        let mut sets: Vec<Vec<usize>> = (0..1u32 << ghosts.len())
            .map(|bits| (0..ghosts.len()).filter(|ghost| bits >> ghost & 1 == 1).collect())
            .collect();
        sets.sort_by_key(|set| (set.len(), set.clone()));
        for limit in [licences, licences + self.chosen.overdraft] {
            for set in &sets {
                let taken: Vec<u32> = set.iter().map(|ghost| ghosts[*ghost]).collect();
                let others = self.others(login.user, &taken);
                if others + self.owed(login, &taken) < limit {
                    let on_them = taken.iter().flat_map(|seat| {
                        self.sittings.iter().filter(|s| s.seat == *seat).map(|s| s.session)
                    });
                    let seat = self.lowest(login.user, &taken);
                    return Ok((seat, others >= licences, on_them.collect(), "Reclaimed"));
                }
            }
        }
        let full = self.others(login.user, &[]) >= licences + self.chosen.overdraft;
        Err(if full { "AllSeatsHeld" } else { "SeatsReserved" })
    }

    /// Seats that this user could not have, if `without` were empty.
    pub(crate) fn others(&self, user: u32, without: &[u32]) -> u32 {
        let held: BTreeSet<_> = self.sittings.iter().map(|s| s.seat).collect();
        let held = held.iter().filter(|seat| !without.contains(seat)).count();
        let offered = self.line.iter().filter(|w| w.offer.is_some() && w.login.user != user);
        let kept = self.kept.iter().filter(|kept| kept.user != user).count();
        (held + kept + offered.count()) as u32
    }

    /// Seats still owed to the reservations of other sites, if `without` were empty.
    pub(crate) fn owed(&self, login: &Login, without: &[u32]) -> u32 {
        let mut owed = 0;
        for (other, reserved) in &self.chosen.reserved {
            let held: BTreeMap<u32, Option<u16>> =
                self.sittings.iter().rev().map(|s| (s.seat, s.site)).collect();
            let theirs = held.iter().filter(|(_, from)| **from == Some(*other));
            let theirs = theirs.filter(|(seat, _)| !without.contains(seat)).count() as u32;
            let offered = self.line.iter().filter(|w| {
                w.offer.is_some() && w.login.user != login.user && w.login.site == Some(*other)
            });
            if Some(*other) != login.site {
                owed += reserved.saturating_sub(theirs + offered.count() as u32);
            }
        }
        owed
    }

    /// The seat kept for this user, else the lowest that is neither held nor kept.
    fn lowest(&self, user: u32, without: &[u32]) -> u32 {
        let own = self.kept.iter().filter(|kept| kept.user == user).map(|kept| kept.seat).min();
        let held = |seat: &u32| self.sittings.iter().any(|s| s.seat == *seat);
        let kept = |seat: &u32| self.kept.iter().any(|kept| kept.seat == *seat);
        let offered = |seat: &u32| {
            self.line.iter().any(|w| w.offer.is_some_and(|(offered, ..)| offered == *seat))
        };
        let taken = |seat: &u32| held(seat) || kept(seat) || offered(seat);
        let free = |seat: &u32| without.contains(seat) || !taken(seat);
        own.unwrap_or_else(|| (1..).find(free).unwrap())
    }
}
