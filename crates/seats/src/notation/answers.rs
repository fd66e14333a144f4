//! What the caller is told, in words: answers, rejections, how a session ended, why a login was refused.

use super::Notation;
use crate::account::{End, Ending};
use crate::answer::{Answer, AskedFor, Outcome, Present};
use crate::decide::Rejection;
use crate::event::{DenialReason, EndedBy, ExpiryCause};
use crate::time::Micros;

impl Notation<'_> {
    /// An answer that leaves no line of its own: a repeated login, a heartbeat, a change that is done.
    pub fn answer(&self, answer: &Answer) -> String {
        match answer {
            Answer::Done => "done".to_owned(),
            Answer::Noted { seat, dormant, asked } => {
                let dormant = if *dormant { ", still dormant" } else { "" };
                let asked = asked.map(|AskedFor { by, until, .. }| {
                    let (by, until) = (self.user(by), (self.time)(until));
                    format!("; {by} asks for it, answer due {until}")
                });
                format!("keeps {seat}{dormant}{}", asked.unwrap_or_default())
            }
            Answer::Ended { seat } => format!("{seat} given up"),
            Answer::Login { outcome, at, again, present } => {
                let mut said = match outcome {
                    Outcome::Granted { seat, overdraft: false, .. } => seat.to_string(),
                    Outcome::Granted { seat, overdraft: true, .. } => format!("{seat}, overdraft"),
                    Outcome::Denied { reason, held, dormant } => {
                        format!("denied: {}", denial(*reason, *held, *dormant, None))
                    }
                    Outcome::Waiting { place: 0 } => "waiting".to_owned(),
                    Outcome::Waiting { place } => format!("waiting, place {place} in line"),
                    Outcome::Lapsed => "the offer was not taken in time".to_owned(),
                    Outcome::Left(how) => format!("left the line: {}", how.word()),
                };
                if let (Outcome::Waiting { place: 1.. }, true) = (outcome, again) {
                    said += &format!(", since {}", (self.time)(*at));
                } else if *again {
                    said += &format!(", as answered at {}", (self.time)(*at));
                    match present {
                        Some(Present::Live) => said += "; live now",
                        Some(Present::Dormant) => said += "; dormant now",
                        Some(Present::Ended(None)) => said += "; ended since",
                        Some(Present::Ended(Some(end))) => {
                            said += &format!("; ended {}", self.ending(end));
                        }
                        None => {}
                    }
                }
                said
            }
        }
    }

    /// Why a command was not taken: `refused: session-1 has ended: 09:08 taken over`.
    pub fn rejection(&self, rejection: &Rejection) -> String {
        let why = match rejection {
            Rejection::SessionOver { session, ending: Some(ending) } => {
                let (user, end) = (self.user(ending.user), self.ending(ending));
                format!("{user}'s {session} ended {end}")
            }
            Rejection::BeforeOpening { first } => {
                format!("licences: they count from {}, and no earlier", (self.time)(*first))
            }
            Rejection::NotInLine(request) => {
                format!("login {} is not in line", super::start(&request.0))
            }
            Rejection::UnknownUser(user) => {
                format!("there is no user {} in this account", self.user(*user))
            }
            Rejection::UnknownSite(site) => {
                format!("there is no site {} in this account", self.site(*site))
            }
            Rejection::UserAlready { user, standing } => {
                format!("{} is {standing} already", self.user(*user))
            }
            other => other.to_string(),
        };
        format!("refused: {why}")
    }

    /// How and when a session ended, for its client that asks: `09:08, released: browser closed`.
    pub fn ending(&self, ending: &Ending) -> String {
        let how = ended(ending.end);
        let quiet = ending.at.since(ending.last_seen) > Micros::ZERO;
        let seen = format!(", last seen {}", (self.time)(ending.last_seen));
        format!("{}, {how}{}", (self.time)(ending.at), if quiet { &seen } else { "" })
    }
}

/// How a session ended: `released: browser closed`.
pub fn ended(end: End) -> String {
    match end {
        End::LoggedOut(EndedBy::User, _) => "logged out".to_owned(),
        End::LoggedOut(EndedBy::Release, reason) => {
            format!("released: {}", reason.map_or("no reason given", |reason| reason.word()))
        }
        End::Expired(cause) => match cause {
            ExpiryCause::Reclaimed => "reclaimed for somebody who needed the seat",
            ExpiryCause::TakenOver => "taken over by the same user's newer login",
            ExpiryCause::LeaseEnded => "lease ended",
            ExpiryCause::Idle => "idle too long",
            ExpiryCause::Goodbye => "browser said goodbye",
            ExpiryCause::MaxSession => "longest session over",
            ExpiryCause::UserSuspended => "user suspended",
            ExpiryCause::AccountClosed => "account closed",
            ExpiryCause::HandedOver => "handed over to somebody who asked for the seat",
        }
        .to_owned(),
    }
}

/// Why a login was refused. `limit`: licences and overdraft then, if known.
pub fn denial(reason: DenialReason, held: u32, dormant: u32, limit: Option<u32>) -> String {
    match reason {
        DenialReason::AllSeatsHeld => {
            let held = match (held, limit) {
                (0, _) => return "there are no licences yet".to_owned(),
                (held, Some(limit)) if held > limit => {
                    format!("{held} seats are held, {limit} bought")
                }
                (1, _) => "the one seat is held".to_owned(),
                (held, _) => format!("all {held} seats are held"),
            };
            match dormant {
                0 => held,
                dormant => format!("{held}, {dormant} dormant"),
            }
        }
        DenialReason::SeatsReserved => "the free seats are reserved for other sites".to_owned(),
        DenialReason::AlreadyLoggedIn => "logged in already".to_owned(),
        DenialReason::NotRegistered => "not a registered user".to_owned(),
        DenialReason::UserSuspended => "the user is suspended".to_owned(),
        DenialReason::AccountSuspended => "the account is suspended".to_owned(),
        DenialReason::AccountClosed => "the account is closed".to_owned(),
    }
}
