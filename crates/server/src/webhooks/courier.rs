//! The thread of one subscription: reads the log from its cursor and sends one letter after the other.
//!
//! A letter is sent when the one before it was accepted or given up, so a receiver is told in the order of the
//! log. The cursor moves on when a letter was accepted, and is written a moment later: after a crash a few
//! letters are sent twice, with the same ids, and none is missing.
//!
//! Threads share nothing but the right to read: one of them reads the log at a time, so that all of them
//! together take no more from logins than one. What is sent is sent by a thread of its own, which may hang for
//! as long as the receiver does, and holds nothing but the letter.

use super::kept::{Dead, Failing, Kept, Progress, Subscription};
use super::letter::{next_attempt, signature};
use super::{Shared, Tally};
use crate::api::events::body;
use crate::outgoing::Outgoing;
use ledger::{Position, Record};
use reporting::names::Names;
use seats::AccountId;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;
use std::time::Duration;

/// How long the thread waits before it looks whether it is to stop, or something is due.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Letters held at a time.
const LETTERS_MAX: usize = 16;
/// Commits looked at before another subscription may read.
const READ_MAX: u64 = 4_096;
/// Letters accepted before the cursor is written at the latest; it is also written whenever there is no more.
const UNSAVED_MAX: u32 = 64;
/// Bytes of an answer that are read, so that the connection can be used again.
const ANSWER_BYTES_MAX: u64 = 16 << 10;
/// Characters of what went wrong that are kept.
const WHY_MAX: usize = 200;

/// A subscription and how far it is.
pub(super) struct Line {
    pub(super) subscription: Subscription,
    pub(super) progress: Mutex<Progress>,
    pub(super) is_gone: AtomicBool,
}

impl Line {
    pub(super) fn new(subscription: Subscription, progress: Progress) -> Arc<Line> {
        let (progress, is_gone) = (Mutex::new(progress), AtomicBool::new(false));
        Arc::new(Line { subscription, progress, is_gone })
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is sent about a commit.
struct Letter {
    position: u64,
    recorded_at: u64,
    body: String,
}

/// What came of an attempt.
enum Sent {
    Accepted,
    Refused(String),
    /// The server stops, or the subscription is gone: nobody waits for an answer any more.
    Broken,
}

pub(super) struct Courier {
    pub(super) shared: Arc<Shared>,
    pub(super) line: Arc<Line>,
}

impl Courier {
    /// Runs until the server stops or the subscription is gone.
    pub(super) fn run(self) {
        let mut unsaved = 0;
        while !self.is_over() {
            if let Some(position) = self.asked_again() {
                self.send_again(position);
                continue;
            }
            if self.is_resting() {
                std::thread::sleep(LOOK_EVERY);
                continue;
            }
            let cursor = self.line.lock().cursor;
            let (letters, next) = match self.read(cursor) {
                Ok(read) => read,
                Err(error) => {
                    let number = self.line.subscription.number;
                    tracing::error!(%error, number, "a webhook cannot read the log, and ends");
                    return;
                }
            };
            let is_all = letters.iter().all(|letter| self.send(letter, &mut unsaved));
            if is_all && next > cursor {
                self.line.lock().cursor = next;
                unsaved += 1;
            } else if is_all {
                self.save_if(&mut unsaved, 1);
                self.shared.ledger.wait_beyond(cursor, LOOK_EVERY);
            }
        }
        self.save_if(&mut unsaved, 1);
    }

    fn is_over(&self) -> bool {
        self.shared.stopping.load(Ordering::Relaxed) || self.line.is_gone.load(Ordering::Relaxed)
    }

    fn now(&self) -> u64 {
        self.shared.clock.wall().0
    }

    /// Whether a refused letter is not due yet.
    fn is_resting(&self) -> bool {
        let now = self.now();
        self.line.lock().failing.as_ref().is_some_and(|failing| now < failing.next_at)
    }

    /// The letters about the next commits, and the position after the last commit that was looked at.
    fn read(&self, cursor: u64) -> Result<(Vec<Letter>, u64), ledger::ReadError> {
        let _alone = self.shared.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let mut letters = Vec::new();
        let next = self.shared.ledger.replay(Position(cursor), |record| {
            letters.extend(self.letter(record, false));
            let looked_at = record.position.0.saturating_sub(cursor);
            if letters.len() >= LETTERS_MAX || looked_at >= READ_MAX {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })?;
        Ok((letters, next.0))
    }

    /// The letter about a commit, if it is wanted.
    fn letter(&self, record: &Record, always: bool) -> Option<Letter> {
        let account = record.commit.account;
        if account == AccountId::SYSTEM {
            return None;
        }
        let name = Names::new(self.shared.ledger.book(), account).account();
        let told = body(&name, record);
        let events = told.get("events").and_then(|events| events.as_array());
        let kinds = events.into_iter().flatten().filter_map(|event| event.get("event")?.as_str());
        let is_wanted = always || self.line.subscription.wants(account, kinds);
        let (position, recorded_at) = (record.position.0, record.commit.recorded_at.0);
        is_wanted.then(|| Letter { position, recorded_at, body: told.to_string() })
    }

    /// Sends the letter at the cursor or after it. Whether the next one may be sent.
    fn send(&self, letter: &Letter, unsaved: &mut u32) -> bool {
        let why = match self.attempt(letter) {
            Sent::Accepted => {
                let mut progress = self.line.lock();
                progress.cursor = letter.position.saturating_add(1);
                (progress.failing, progress.refusing_since) = (None, None);
                drop(progress);
                *unsaved += 1;
                self.save_if(unsaved, UNSAVED_MAX);
                return !self.is_over();
            }
            Sent::Refused(why) => why,
            Sent::Broken => return false,
        };
        let (id, now) = (self.line.subscription.id(letter.position), self.now());
        let mut progress = self.line.lock();
        let attempts = progress.failing.take().map_or(1, |before| before.attempts + 1);
        let began = *progress.refusing_since.get_or_insert(now);
        progress.cursor = letter.position;
        match next_attempt(&id, attempts, began.max(letter.recorded_at), now) {
            Some(next_at) => progress.failing = Some(Failing { attempts, next_at, why }),
            None => {
                let (position, at) = (letter.position, now);
                progress.bury(Dead { position, at, attempts, why, again: false });
                progress.cursor = letter.position.saturating_add(1);
                Tally::count(&self.shared.tally.dead);
                let number = self.line.subscription.number;
                tracing::warn!(number, position, attempts, "a webhook's letter is dead");
            }
        }
        drop(progress);
        *unsaved += 1;
        self.save_if(unsaved, 1);
        false
    }

    /// The dead letter that is to be sent once more.
    fn asked_again(&self) -> Option<u64> {
        self.line.lock().dead.iter().find(|dead| dead.again).map(|dead| dead.position)
    }

    fn send_again(&self, position: u64) {
        let record = self.shared.ledger.record(Position(position));
        let letter = record.ok().flatten().and_then(|record| self.letter(&record, true));
        let sent = match letter {
            Some(letter) => self.attempt(&letter),
            None => Sent::Refused("the commit cannot be read".to_owned()),
        };
        let now = self.now();
        let mut progress = self.line.lock();
        match sent {
            Sent::Accepted => progress.dead.retain(|dead| dead.position != position),
            Sent::Refused(why) => {
                let found = progress.dead.iter_mut().find(|dead| dead.position == position);
                if let Some(dead) = found {
                    let attempts = dead.attempts.saturating_add(1);
                    *dead = Dead { position, at: now, attempts, why, again: false };
                }
            }
            Sent::Broken => return,
        }
        drop(progress);
        self.save_if(&mut 1, 1);
    }

    /// Sends a letter once.
    fn attempt(&self, letter: &Letter) -> Sent {
        let subscription = &self.line.subscription;
        let (id, time) = (subscription.id(letter.position), self.now() / 1_000_000);
        let signed = signature(&subscription.secret, &id, time, &letter.body);
        let (outgoing, url) = (self.shared.outgoing.clone(), subscription.url.clone());
        let body = letter.body.clone();
        let (tell, told) = channel();
        let post = move || {
            // Nobody may wait any more; then it was sent all the same, and is sent again.
            let _ = tell.send(posted(&outgoing, &url, [&id, &time.to_string(), &signed], &body));
        };
        if let Err(error) = Builder::new().name("webhook".to_owned()).spawn(post) {
            return Sent::Refused(format!("no thread can be started: {error}"));
        }
        let answer = loop {
            match told.recv_timeout(LOOK_EVERY) {
                Ok(answer) => break answer,
                Err(RecvTimeoutError::Timeout) if !self.is_over() => {}
                Err(_) => return Sent::Broken,
            }
        };
        match answer {
            Ok(()) => {
                Tally::count(&self.shared.tally.accepted);
                Sent::Accepted
            }
            Err(why) => {
                Tally::count(&self.shared.tally.refused);
                Sent::Refused(why.chars().take(WHY_MAX).collect())
            }
        }
    }

    /// Writes how far it is, if so many changes were not written.
    fn save_if(&self, unsaved: &mut u32, at_least: u32) {
        if *unsaved < at_least {
            return;
        }
        let number = self.line.subscription.number;
        let progress = self.line.lock().clone();
        match save(&self.shared.kept, &self.line, number, &progress) {
            Ok(()) => *unsaved = 0,
            // It is tried again with the next change; until then a crash sends some letters twice.
            Err(error) => tracing::error!(%error, number, "how far a webhook is cannot be kept"),
        }
    }
}

fn save(kept: &Kept, line: &Line, number: u32, progress: &Progress) -> std::io::Result<()> {
    if line.is_gone.load(Ordering::Relaxed) {
        return Ok(());
    }
    kept.keep_progress(number, progress)
}

fn posted(
    outgoing: &Outgoing,
    url: &str,
    [id, time, signed]: [&str; 3],
    body: &str,
) -> Result<(), String> {
    let headers = [
        ("content-type", "application/json"),
        ("webhook-id", id),
        ("webhook-timestamp", time),
        ("webhook-signature", signed),
    ];
    let answer = outgoing.post(url, &headers, body, ANSWER_BYTES_MAX)?;
    match answer.status {
        200..300 => Ok(()),
        300..400 => Err(format!("it answers {}; redirects are not followed", answer.status)),
        status => Err(format!("it answers {status}")),
    }
}
