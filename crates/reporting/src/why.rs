//! Why a user was refused, in words that a support agent can read out.
//!
//! Finds the user's last refusal at or before an instant and tells when it was, for which reason, who held
//! each seat, why no silent holder's seat could be taken, what became of the user, and what can be done now.
//! A user who was never refused gets an answer too.
//!
//! The policy setting `names` is for the refused user; whoever asks here is support and sees the names.

use crate::advice::advice;
use crate::civil::{Zone, show_utc};
use crate::names::Names;
use crate::provenance::Provenance;
use crate::refused::{grounds, holders_in_words, reason_in_words};
use crate::reports::{ReportError, Reports};
use crate::shown::{At, Report, counted, length};
use crate::usage::word;
use crate::who::{SeatRow, seats};
use projector::{AsOf, GAP, Occupancy, Outcome, Refusal};
use seats::{Account, AccountId, Liveness, Timestamp, UserId, UserStanding};
use serde::Serialize;

/// A refusal, told.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct RefusalTold {
    /// When.
    pub at: At,
    /// The reason, for programs.
    pub reason: &'static str,
    /// Refusals in a row, of which this is one.
    pub attempts: u64,
    /// The first of them.
    pub first: At,
    /// The last of them.
    pub last: At,
    /// Seats taken then.
    pub held: u32,
    /// Of these, seats whose holder had gone silent.
    pub dormant: u32,
    /// Licences in force then.
    pub licences: u32,
    /// Who held each seat then.
    pub holders: Vec<SeatRow>,
    /// When the user next got a seat.
    pub granted: Option<At>,
    /// The commit that records it: its place in the log.
    pub position: u64,
    /// Its place in the account's history.
    pub version: u64,
}

/// Why a user was refused.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Why {
    /// The account's name.
    pub account: String,
    /// The user's name.
    pub user: String,
    /// The user's number.
    pub user_id: u32,
    /// Up to which instant a refusal was looked for.
    pub at: At,
    /// The refusal; `null` if there was none.
    pub refusal: Option<RefusalTold>,
    /// What happened, sentence by sentence.
    pub explanation: Vec<String>,
    /// Whether the user is logged in now.
    pub logged_in: bool,
    /// What can be done now, the best first.
    pub advice: Vec<String>,
    /// The instant that *now* means.
    pub now: At,
    /// Where this comes from.
    pub provenance: Provenance,
}

/// The state at the end of the log, as a person asking sees it.
#[derive(Clone, Copy, Debug)]
pub struct Present<'a> {
    /// What *now* means.
    pub at: Timestamp,
    /// Signs of life saved beside the log, if there are any.
    pub liveness: Option<&'a Liveness>,
}

impl Reports<'_> {
    /// Why a user was refused, at or before `at` (the last refusal, if `None`).
    ///
    /// # Errors
    /// When there is no such account, it is hidden, or the log cannot be read.
    pub fn why(
        &self,
        account: AccountId,
        user: UserId,
        at: Option<Timestamp>,
        present: Present<'_>,
    ) -> Result<Why, ReportError> {
        let (occupancy, zone) = self.whole(account)?;
        let names = self.names(account);
        let until = at.map_or(AsOf::Now, AsOf::Instant);
        let refusal = self.views.refusal(account, user, until, GAP, present.at)?;
        let state = match present.liveness {
            Some(liveness) => occupancy.settled(liveness, present.at),
            None => occupancy.account.clone(),
        };
        let teller = Teller { names, zone, user, name: names.shown(user) };
        let mut explanation = Vec::new();
        match &refusal {
            Some(refusal) => {
                teller.tell(refusal, &mut explanation);
                explanation.push(self.afterwards(account, &teller, refusal, &state)?);
            }
            None => explanation.push(teller.never(&state, at, present.at)),
        }
        let site = refusal.as_ref().and_then(|refusal| refusal.denial.site);
        let advice = advice(&state, user, site, &names, zone, present.at);
        let provenance = self
            .provenance("why", account, zone)
            .parameter("user", user)
            .parameter("at", at.map_or("latest".to_owned(), show_utc))
            .parameter("now", show_utc(present.at))
            .rows(refusal.iter().count());
        Ok(Why {
            account: names.account(),
            user: teller.name.clone(),
            user_id: user.0,
            at: At(at.unwrap_or(present.at)),
            refusal: refusal.map(|refusal| told(&refusal, &names)),
            explanation,
            logged_in: state.sessions_of(user).next().is_some(),
            advice,
            now: At(present.at),
            provenance,
        })
    }

    /// What became of the user after a refusal. `state`: the account now.
    fn afterwards(
        &self,
        account: AccountId,
        teller: &Teller<'_>,
        refusal: &Refusal,
        state: &Account,
    ) -> Result<String, ReportError> {
        let name = &teller.name;
        if let Some(place) = state.place(refusal.denial.request) {
            let asks = state.asking(teller.user).map_or_else(String::new, |asking| {
                let (holder, day) =
                    (teller.names.shown(asking.holder), teller.zone.date_of(asking.asked));
                let (seat, until) = (asking.seat, teller.zone.say(asking.until, day));
                format!(" {holder} is asked for {seat} and has until {until} to answer.")
            });
            return Ok(format!("{name} is still in line, place {place}.{asks}"));
        }
        let Some((session, granted)) = refusal.next_grant else {
            return Ok(match refusal.episode.outcome {
                Outcome::Open => {
                    format!("{name} may still be trying: less than five minutes have passed.")
                }
                _ => format!(
                    "{name} gave up after {} and has not logged in since.",
                    counted(refusal.episode.attempts, "attempt")
                ),
            });
        };
        let then: Occupancy = self.views.as_of(account, AsOf::Position(granted.position))?;
        let seat = then
            .account
            .session(session)
            .map_or_else(String::new, |held| format!(" {}", held.seat));
        let day = teller.zone.date_of(refusal.denial.at.at);
        let when = teller.zone.say(granted.at, day);
        let waited = length(granted.at.since(refusal.episode.first.at.at));
        Ok(match refusal.episode.outcome {
            Outcome::Granted { .. } => {
                format!("{name} got{seat} at {when}, {waited} after the first attempt.")
            }
            _ => format!(
                "{name} gave up after {}, and got{seat} at {when}, {waited} after the first attempt.",
                counted(refusal.episode.attempts, "attempt")
            ),
        })
    }
}

/// Tells one user's story.
struct Teller<'a> {
    names: Names<'a>,
    zone: Zone,
    user: UserId,
    name: String,
}

impl Teller<'_> {
    fn tell(&self, refusal: &Refusal, said: &mut Vec<String>) {
        let (denial, account) = (&refusal.denial, &refusal.before.account);
        let (zone, at) = (self.zone, denial.at.at);
        let day = zone.date_of(at);
        let reason = reason_in_words(denial, account, &self.name, &self.names, zone);
        let what = if denial.queued { "had to wait in line from" } else { "was refused on" };
        said.push(format!("{} {what} {}: {reason}.", self.name, zone.say_in_full(at)));
        let episode = &refusal.episode;
        if episode.attempts > 1 {
            let (first, last) =
                (zone.say(episode.first.at.at, day), zone.say(episode.last.at.at, day));
            said.push(format!(
                "{} tried {} times, from {first} to {last}.",
                self.name, episode.attempts
            ));
        }
        said.extend(holders_in_words(denial, account, &self.names, zone));
        said.extend(grounds(denial, account, &self.names));
    }

    /// The answer for a user who was not refused.
    fn never(&self, state: &Account, at: Option<Timestamp>, now: Timestamp) -> String {
        let (name, zone) = (&self.name, self.zone);
        let today = zone.date_of(now);
        let until = at.map_or_else(String::new, |at| format!(" up to {}", zone.say_in_full(at)));
        let mut said = format!("{name} was never refused{until}.");
        if let Some(session) = state.sessions_of(self.user).next() {
            said += &format!(
                " {name} is logged in, on {} since {}.",
                session.seat,
                zone.say(session.since, today)
            );
        } else if state.user(self.user).is_some_and(|user| user.standing == UserStanding::Suspended)
        {
            said += &format!(" But {name} is suspended, and would be refused now.");
        } else {
            said += &format!(" {name} is not logged in.");
        }
        said
    }
}

fn told(refusal: &Refusal, names: &Names<'_>) -> RefusalTold {
    let (denial, account) = (&refusal.denial, &refusal.before.account);
    let at = denial.at.at;
    RefusalTold {
        at: At(at),
        reason: word(denial.reason),
        attempts: refusal.episode.attempts,
        first: At(refusal.episode.first.at.at),
        last: At(refusal.episode.last.at.at),
        held: denial.held,
        dormant: denial.dormant,
        licences: account.licences().at(at),
        holders: seats(account, None, names, at),
        granted: refusal.next_grant.map(|(_, granted)| At(granted.at)),
        position: denial.at.position.0,
        version: denial.at.version,
    }
}

impl Report for Why {
    fn text(&self) -> String {
        let mut text = self.provenance.header();
        text += &format!("\n{} at {}\n\n", self.user, self.account);
        for sentence in &self.explanation {
            text += &format!("{sentence}\n");
        }
        if !self.advice.is_empty() {
            text += "\nWhat can be done now:\n";
            for advice in &self.advice {
                text += &format!("  - {advice}\n");
            }
        }
        if let Some(refusal) = &self.refusal {
            text += &format!(
                "\nEvidence: commit {} of the account, position {} of the log.\n",
                refusal.version, refusal.position
            );
        }
        text
    }
}
