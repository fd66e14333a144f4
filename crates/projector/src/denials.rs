//! Denials, and the episodes they make.
//!
//! An episode is one user's run of refusals: each follows the one before by less than the gap, and no grant
//! lies between them. A login that was put in line is a refusal that lasts until the line is left. The episode
//! ends with a grant to that user within the gap of the last refusal (*granted*), or when the gap has passed
//! (*abandoned*); until then it is *open*.

use crate::Evidence;
use crate::asked::Asked;
use ledger::Record;
use seats::{
    Account, DenialReason, Event, Micros, RequestId, SessionId, SiteId, Timestamp, UserId,
};
use std::collections::BTreeMap;

/// The usual gap: refusals five minutes apart are two episodes.
pub const GAP: Micros = Micros::from_secs(5 * 60);

/// A refused login.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Denial {
    /// When, and where that is recorded.
    pub at: Evidence,
    /// Who was refused.
    pub user: UserId,
    /// From which site.
    pub site: Option<SiteId>,
    /// The caller's id of the attempt.
    pub request: RequestId,
    /// Why.
    pub reason: DenialReason,
    /// Seats taken at that instant.
    pub held: u32,
    /// Of these, seats whose holder had gone silent.
    pub dormant: u32,
    /// The login was not turned away but put in line.
    pub queued: bool,
}

/// What an episode came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// The user got a seat.
    Granted {
        /// Which session.
        session: SessionId,
        /// When.
        at: Evidence,
    },
    /// The user gave up.
    Abandoned,
    /// Less than the gap has passed since the last refusal.
    Open,
}

/// One user's run of refusals.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Episode {
    /// Whose.
    pub user: UserId,
    /// The first refusal.
    pub first: Denial,
    /// The last refusal.
    pub last: Denial,
    /// How many refusals.
    pub attempts: u64,
    /// How many for each reason.
    pub reasons: BTreeMap<DenialReason, u64>,
    /// When the user was last known to want a seat: at the last refusal, or on leaving the line.
    pub until: Timestamp,
    /// What it came to.
    pub outcome: Outcome,
}

impl Episode {
    /// From the first refusal to the seat; or to the last refusal, or to leaving the line, if none was granted.
    pub fn wait(&self) -> Micros {
        let until = match self.outcome {
            Outcome::Granted { at, .. } => at.at,
            Outcome::Abandoned | Outcome::Open => self.until,
        };
        until.since(self.first.at.at)
    }
}

/// The fold. Episodes come out when they end, which is in order of their ends.
#[derive(Clone, Debug)]
pub struct Episodes {
    gap: Micros,
    open: BTreeMap<UserId, Episode>,
    /// No open episode has been silent for the gap before this instant.
    next_end: Timestamp,
    asked: Asked,
    /// Who is in line, and with which login.
    line: BTreeMap<UserId, RequestId>,
    /// Who was in line when the fold began, and until when they were known to want a seat: what they do next
    /// belongs to an episode that began before, and is told by nobody here.
    begun_before: BTreeMap<UserId, Timestamp>,
}

impl Episodes {
    /// Begins with the history of an account whose state is `before`; refusals less than `gap` apart
    /// belong together.
    pub fn after(before: &Account, gap: Micros) -> Episodes {
        let (open, next_end) = (BTreeMap::new(), Timestamp::MAX);
        let line: BTreeMap<UserId, RequestId> =
            before.line().map(|asked| (asked.user, asked.request)).collect();
        let begun_before = line.keys().map(|user| (*user, Timestamp::ZERO)).collect();
        Episodes { gap, open, next_end, asked: Asked::left_by(before), line, begun_before }
    }

    /// Takes every refusal from here on for one of an episode that begins here.
    pub(crate) fn begun_here(mut self) -> Episodes {
        self.begun_before.clear();
        self
    }

    /// Takes up the account's next commit; calls `ended` for each episode that is over.
    pub fn apply(&mut self, record: &Record, mut ended: impl FnMut(Episode)) {
        self.pass(record.commit.at, &mut ended);
        for event in &record.commit.events {
            match event {
                Event::LoginRequested { request, user, site, device } => {
                    self.asked.ask(record, *request, *user, *site, *device);
                }
                Event::SeatGranted { request, session, .. } => {
                    let asked = self.asked.answer(*request);
                    if let Some(asked) = asked {
                        self.leaves_line(asked.request, record.commit.at);
                    }
                    let user = asked.map(|asked| asked.user);
                    if let Some(user) = user {
                        self.begun_before.remove(&user);
                    }
                    if let Some(mut episode) = user.and_then(|user| self.open.remove(&user)) {
                        let (session, at) = (*session, Evidence::of(record));
                        episode.outcome = Outcome::Granted { session, at };
                        ended(episode);
                    }
                }
                Event::SeatDenied { request, reason, held, dormant } => {
                    if let Some(asked) = self.asked.answer(*request) {
                        let at = Evidence::of(record);
                        let (user, site, request) = (asked.user, asked.site, asked.request);
                        let (reason, held, dormant) = (*reason, *held, *dormant);
                        self.leaves_line(request, at.at);
                        let queued = false;
                        let denial =
                            Denial { at, user, site, request, reason, held, dormant, queued };
                        self.denied(denial);
                    }
                }
                Event::Queued { reason, held, dormant } => {
                    if let Some(asked) = self.asked.last() {
                        let at = Evidence::of(record);
                        let (user, site, request) = (asked.user, asked.site, asked.request);
                        let (reason, held, dormant) = (*reason, *held, *dormant);
                        let queued = true;
                        let denial =
                            Denial { at, user, site, request, reason, held, dormant, queued };
                        self.denied(denial);
                        self.line.insert(user, request);
                    }
                }
                Event::OfferLapsed { request } | Event::LeftQueue { request, .. } => {
                    self.asked.answer(Some(*request));
                    self.leaves_line(*request, record.commit.at);
                }
                _ => {}
            }
        }
    }

    /// Lets time pass to `now`: episodes whose last refusal lies the gap or more before it are over.
    pub fn pass(&mut self, now: Timestamp, ended: &mut impl FnMut(Episode)) {
        if now < self.next_end {
            return;
        }
        let (gap, line) = (self.gap, &self.line);
        let is_over = |episode: &&Episode| {
            !line.contains_key(&episode.user) && now.since(episode.until) >= gap
        };
        let users: Vec<UserId> = self.open.values().filter(is_over).map(|e| e.user).collect();
        let finished = users.iter().filter_map(|user| self.open.remove(user));
        let mut finished: Vec<Episode> = finished.collect();
        finished.sort_by_key(|episode| episode.last.at.position);
        for mut episode in finished {
            episode.outcome = Outcome::Abandoned;
            ended(episode);
        }
        let going_on = self.open.values().filter(|open| !self.line.contains_key(&open.user));
        let ends = going_on.map(|episode| episode.until + gap);
        self.next_end = ends.min().unwrap_or(Timestamp::MAX);
    }

    /// Episodes that may still go on, by user.
    pub fn open(&self) -> impl Iterator<Item = &Episode> {
        self.open.values()
    }

    /// A login is in line no more; a newer one of the same user may have its place.
    fn leaves_line(&mut self, request: RequestId, at: Timestamp) {
        let user = self.line.iter().find(|(_, waits)| **waits == request).map(|(user, _)| *user);
        let Some(user) = user else { return };
        self.line.remove(&user);
        if let Some(until) = self.begun_before.get_mut(&user) {
            *until = at;
        }
        if let Some(episode) = self.open.get_mut(&user) {
            episode.until = at.max(episode.until);
            self.next_end = self.next_end.min(episode.until + self.gap);
        }
    }

    fn denied(&mut self, denial: Denial) {
        if let Some(until) = self.begun_before.get_mut(&denial.user) {
            if self.line.contains_key(&denial.user) || denial.at.at.since(*until) < self.gap {
                *until = denial.at.at;
                return;
            }
            self.begun_before.remove(&denial.user);
        }
        self.next_end = self.next_end.min(denial.at.at + self.gap);
        let episode = self.open.entry(denial.user).or_insert_with(|| Episode {
            user: denial.user,
            first: denial,
            last: denial,
            attempts: 0,
            reasons: BTreeMap::new(),
            until: denial.at.at,
            outcome: Outcome::Open,
        });
        (episode.last, episode.until) = (denial, denial.at.at);
        episode.attempts = episode.attempts.saturating_add(1);
        let count = episode.reasons.entry(denial.reason).or_insert(0);
        *count = count.saturating_add(1);
    }
}
