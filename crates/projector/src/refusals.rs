//! One refusal, and what it led to: what is needed to explain it.
//!
//! Nothing here reads the whole history: the account's notes name the last refusal of each user, the run it
//! belongs to lies around it, and the next grant, however much later, is found by halving over the
//! snapshots, each of which knows the user's last grant before it.

use crate::denials::{Denial, Episode, Episodes};
use crate::evidence::Evidence;
use crate::occupancy::Occupancy;
use crate::views::{AsOf, Views};
use ledger::{Position, ReadError, Record};
use seats::{AccountId, Event, Micros, RequestId, SessionId, Timestamp, UserId};

/// A refusal, and what it led to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// The refusal.
    pub denial: Denial,
    /// The account just before it.
    pub before: Occupancy,
    /// The run of refusals it belongs to.
    pub episode: Episode,
    /// The user's first grant after it, however much later.
    pub next_grant: Option<(SessionId, Evidence)>,
}

impl Views {
    /// The user's last refusal within `until`, and what it led to; `None` if there is none.
    ///
    /// Refusals less than `gap` apart belong together; what they came to is told as far as the log is known,
    /// which is until `known_until`.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn refusal(
        &self,
        account: AccountId,
        user: UserId,
        until: AsOf,
        gap: Micros,
        known_until: Timestamp,
    ) -> Result<Option<Refusal>, ReadError> {
        let now = self.as_of(account, AsOf::Now)?;
        let marks = match until {
            AsOf::Now => now.notes.user(user),
            until => self.as_of(account, until)?.notes.user(user),
        };
        let Some(refused) = marks.refused else { return Ok(None) };
        let Some(record) = self.ledger().record(refused)? else { return Ok(None) };
        let before = self.before(account, refused)?;
        let mut alone = Episodes::after(&before.account, gap).begun_here();
        alone.apply(&record, |_| {});
        let Some(denial) = alone.open().find(|run| run.user == user).map(|run| run.last) else {
            return Ok(None);
        };
        let Some(episode) = self.episode_of(&before, &denial, gap, known_until)? else {
            return Ok(None);
        };
        let next_grant = self.next_grant(&now, user, refused)?;
        Ok(Some(Refusal { denial, before, episode, next_grant }))
    }

    /// The run of refusals that a refusal belongs to; `before` is the account just before it.
    fn episode_of(
        &self,
        before: &Occupancy,
        denial: &Denial,
        gap: Micros,
        known_until: Timestamp,
    ) -> Result<Option<Episode>, ReadError> {
        let account = before.account.id();
        let first = self.begin_of_episode(before, denial, gap)?;
        let earlier =
            (first < denial.at.position).then(|| self.before(account, first)).transpose()?;
        let before = earlier.as_ref().unwrap_or(before);
        let mut episodes = Episodes::after(&before.account, gap);
        let mut found: Option<Episode> = None;
        let mut keep = |episode: Episode| {
            if episode.user == denial.user && found.is_none() {
                found = Some(episode);
            }
        };
        for record in self.commits_after(before)? {
            let record = record?;
            episodes.apply(&record, &mut keep);
            if !episodes.open().any(|run| run.user == denial.user) {
                return Ok(found);
            }
        }
        episodes.pass(known_until, &mut keep);
        Ok(found.or_else(|| episodes.open().find(|run| run.user == denial.user).cloned()))
    }

    /// Where the first refusal of the run stands that ends with, or goes through, this one; `before` is the
    /// account just before it.
    fn begin_of_episode(
        &self,
        before: &Occupancy,
        denial: &Denial,
        gap: Micros,
    ) -> Result<Position, ReadError> {
        let account = before.account.id();
        let mut first = (denial.at.at, denial.at.position);
        // Whoever is in line is refused all the while; since when is further back.
        let mut in_line = before.account.line().any(|asked| asked.user == denial.user);
        for record in self.ledger().back(denial.at.position).skip(1) {
            let record = record?;
            if !in_line && first.0.since(record.commit.at) >= gap {
                break;
            }
            let told = self.answer_to(account, denial.user, &record)?;
            match told.answer {
                Some(Answer::Granted(_)) => break,
                Some(Answer::Refused) => first = (record.commit.at, record.position),
                Some(Answer::Queued) => {
                    (first, in_line) = ((record.commit.at, record.position), false);
                }
                None => {}
            }
            in_line |= told.left_line;
        }
        Ok(first.1)
    }

    /// The user's first grant after a position; `now` is the account now.
    fn next_grant(
        &self,
        now: &Occupancy,
        user: UserId,
        after: Position,
    ) -> Result<Option<(SessionId, Evidence)>, ReadError> {
        let account = now.account.id();
        let granted = |occupancy: &Occupancy| {
            occupancy.notes.user(user).granted.is_some_and(|granted| granted > after)
        };
        let Some(end) = now.last.filter(|_| granted(now)).map(|last| last.position) else {
            return Ok(None);
        };
        let begin = self.snapshot_at(account, after)?;
        let begin = begin.unwrap_or_else(|| Occupancy::empty(account));
        let begin = self.last_before(account, (begin, after), end, granted)?;
        for record in self.commits_after(&begin)? {
            let record = record?;
            if record.position <= after {
                continue;
            }
            if let Some(Answer::Granted(session)) = self.answer_to(account, user, &record)?.answer {
                return Ok(Some((session, Evidence::of(&record))));
            }
        }
        Ok(None)
    }

    /// The account as it was before the commit at a position.
    fn before(&self, account: AccountId, position: Position) -> Result<Occupancy, ReadError> {
        match position.0.checked_sub(1) {
            Some(before) => self.as_of(account, AsOf::Position(Position(before))),
            None => Ok(Occupancy::empty(account)),
        }
    }

    /// What a commit answers to a user, if it does (the last answer, if there are several), and whether the
    /// user leaves the line in it.
    fn answer_to(
        &self,
        account: AccountId,
        user: UserId,
        record: &Record,
    ) -> Result<Told, ReadError> {
        let events = &record.commit.events;
        let mut asked: Option<UserId> = None;
        let mut told = Told { answer: None, left_line: false };
        for event in events {
            let (request, given) = match event {
                Event::LoginRequested { user, .. } => {
                    asked = Some(*user);
                    continue;
                }
                Event::SeatGranted { request, session, .. } => {
                    (*request, Some(Answer::Granted(*session)))
                }
                Event::SeatDenied { request, .. } => (*request, Some(Answer::Refused)),
                Event::Queued { .. } => (None, Some(Answer::Queued)),
                Event::OfferLapsed { request } | Event::LeftQueue { request, .. } => {
                    (Some(*request), None)
                }
                _ => continue,
            };
            let (asker, in_line) = match request {
                None => (asked, false),
                Some(request) => self.asker(account, request)?,
            };
            if asker == Some(user) {
                told.answer = given.or(told.answer);
                told.left_line |= in_line;
            }
        }
        Ok(told)
    }

    /// Who made a request, and whether it was put in line.
    fn asker(
        &self,
        account: AccountId,
        request: RequestId,
    ) -> Result<(Option<UserId>, bool), ReadError> {
        let position = self.ledger().find_request(account, request)?;
        let record = position.map(|position| self.ledger().record(position)).transpose()?;
        let events = record.flatten().map(|record| record.commit.events).unwrap_or_default();
        let asker = events.iter().find_map(|event| match event {
            Event::LoginRequested { request: made, user, .. } if *made == request => Some(*user),
            _ => None,
        });
        Ok((asker, events.iter().any(|event| matches!(event, Event::Queued { .. }))))
    }
}

/// What a commit says to a user.
struct Told {
    answer: Option<Answer>,
    left_line: bool,
}

#[derive(Clone, Copy)]
enum Answer {
    Granted(SessionId),
    Refused,
    Queued,
}
