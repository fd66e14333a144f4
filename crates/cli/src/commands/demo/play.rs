//! Plays the month against the real admission: people log in, their browsers send heartbeats, they leave,
//! with or without logging out, and those who are refused try again.
//!
//! Only the clock is played: it stands at the instant of whatever happens next.

use super::ADMIN;
use super::month::{PEOPLE, Step, script};
use crate::failure::Failure;
use admission::{Admission, LoginRequest, ManualClock, Release};
use ledger::{Actor, Role};
use seats::{AccountId, Answer, Command, Micros, Outcome, Reclaim, ReleaseReason, RequestId};
use seats::{SessionId, Setting, Timestamp};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// The vendor's application.
const APP: Actor = Actor { role: Role::App, id: 0 };
/// A support agent.
const SUPPORT: Actor = Actor { role: Role::Support, id: 0 };
/// How often a browser says that its user is there: twice within the lease of two minutes.
const HEARTBEAT: Micros = Micros::from_secs(60);
/// When somebody who was refused tries again: twice soon, then now and then while at work.
const TRIES: [Micros; 3] =
    [Micros::from_secs(2 * 60), Micros::from_secs(2 * 60), Micros::from_secs(30 * 60)];

/// What is going to happen at an instant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Act {
    Scripted(Step),
    Try { person: usize, leaves: Timestamp, forgets: bool, tries: usize },
    Heartbeat { person: usize, session: SessionId, leaves: Timestamp },
    LogOut { session: SessionId },
}

/// What was played.
#[derive(Clone, Copy, Default)]
pub(super) struct Played {
    pub(super) logins: u64,
    pub(super) denials: u64,
    pub(super) heartbeats: u64,
}

/// A month in play.
pub(super) struct Play<'a> {
    pub(super) admission: &'a Admission,
    pub(super) clock: &'a ManualClock,
    pub(super) account: AccountId,
    queue: BinaryHeap<Reverse<(Timestamp, Act)>>,
    sessions: BTreeMap<usize, SessionId>,
    refused: BTreeMap<usize, (Timestamp, bool)>,
    requests: u64,
    played: Played,
}

impl<'a> Play<'a> {
    pub(super) fn new(
        admission: &'a Admission,
        clock: &'a ManualClock,
        account: AccountId,
        seed: u64,
    ) -> Play<'a> {
        let acts = script(seed).into_iter().map(|(at, step)| Reverse((at, Act::Scripted(step))));
        Play {
            admission,
            clock,
            account,
            queue: acts.collect(),
            sessions: BTreeMap::new(),
            refused: BTreeMap::new(),
            requests: seed << 32,
            played: Played::default(),
        }
    }

    /// Plays to the end; `progress` hears the instant reached.
    pub(super) async fn play(
        mut self,
        mut progress: impl FnMut(Timestamp),
    ) -> Result<Played, Failure> {
        while let Some(Reverse((at, act))) = self.queue.pop() {
            self.clock.advance_to(at);
            progress(at);
            self.act(at, act).await?;
        }
        Ok(self.played)
    }

    fn then(&mut self, at: Timestamp, act: Act) {
        self.queue.push(Reverse((at, act)));
    }

    async fn act(&mut self, at: Timestamp, act: Act) -> Result<(), Failure> {
        match act {
            Act::Scripted(Step::Arrive { person, leaves, forgets }) => {
                self.log_in(at, person, leaves, forgets, 0).await
            }
            Act::Try { person, leaves, forgets, tries } => {
                if self.refused.remove(&person).is_none() {
                    return Ok(()); // In already.
                }
                self.log_in(at, person, leaves, forgets, tries).await
            }
            Act::Heartbeat { person, session, leaves } => {
                let command = Command::Heartbeat { session, active: true };
                self.admission.submit(self.account, command, APP).await?;
                self.played.heartbeats += 1;
                let next = at + HEARTBEAT;
                if next < leaves {
                    self.then(next, Act::Heartbeat { person, session, leaves });
                }
                Ok(())
            }
            Act::LogOut { session } => {
                self.admission.submit(self.account, Command::LogOut { session }, APP).await?;
                Ok(())
            }
            Act::Scripted(Step::Release { person }) => self.release(at, person).await,
            Act::Scripted(Step::ReclaimOnDemand) => {
                let settings = vec![Setting::Reclaim(Reclaim::OnDemand)];
                let command = Command::ChangePolicy { settings };
                self.admission.submit(self.account, command, ADMIN).await?;
                Ok(())
            }
            Act::Scripted(Step::BuyFourth) => {
                let effective = super::from_day(22);
                self.admission.set_licences(self.account, 4, Some(effective), ADMIN).await?;
                Ok(())
            }
        }
    }

    async fn log_in(
        &mut self,
        at: Timestamp,
        person: usize,
        leaves: Timestamp,
        forgets: bool,
        tries: usize,
    ) -> Result<(), Failure> {
        let Some(who) = PEOPLE.get(person) else { return Ok(()) };
        if at >= leaves {
            return Ok(());
        }
        self.requests += 1;
        let request = RequestId(u128::from(self.requests).to_be_bytes());
        let login = LoginRequest {
            account: self.account,
            user: who.name.into(),
            site: None,
            device: None,
            request,
        };
        self.played.logins += 1;
        let answer = self.admission.log_in(login, APP).await?.answer;
        let Answer::Login { outcome, .. } = answer else { return Ok(()) };
        match outcome {
            Outcome::Granted { session, .. } => {
                self.sessions.insert(person, session);
                self.then(at + HEARTBEAT, Act::Heartbeat { person, session, leaves });
                if !forgets {
                    self.then(leaves, Act::LogOut { session });
                }
            }
            Outcome::Denied { .. }
            | Outcome::Waiting { .. }
            | Outcome::Lapsed
            | Outcome::Left(_) => {
                self.played.denials += 1;
                self.refused.insert(person, (leaves, forgets));
                let wait = TRIES.get(tries).or(TRIES.last()).copied().unwrap_or(HEARTBEAT);
                let tries = tries + 1;
                self.then(at + wait, Act::Try { person, leaves, forgets, tries });
            }
        }
        Ok(())
    }

    /// Support ends the ghost's session and tells those who wait to try again.
    async fn release(&mut self, at: Timestamp, person: usize) -> Result<(), Failure> {
        let Some(session) = self.sessions.get(&person).copied() else { return Ok(()) };
        let release = Release {
            account: self.account,
            session,
            reason: ReleaseReason::BrowserClosed,
            note: Some(String::from("Carol rang at nine; Bob is off today and closed his browser")),
            forced: false,
        };
        self.admission.release(release, SUPPORT).await?;
        for (person, (leaves, forgets)) in self.refused.clone() {
            let at = at + HEARTBEAT;
            self.then(at, Act::Try { person, leaves, forgets, tries: 0 });
        }
        Ok(())
    }
}
