//! Views of one account over a range of time: usage, sessions, denial episodes.

use crate::asked::Request;
use crate::denials::{Episode, Episodes};
use crate::occupancy::Occupancy;
use crate::sessions::{SessionView, Sessions};
use crate::usage::{Meter, Usage};
use crate::views::{AsOf, Views};
use ledger::{Position, ReadError};
use seats::{AccountId, Event, Liveness, Micros, RequestId, Timestamp};

impl Views {
    /// Usage in `[from, to)`. Refusals less than `gap` apart make one episode.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn usage(
        &self,
        account: AccountId,
        from: Timestamp,
        to: Timestamp,
        gap: Micros,
    ) -> Result<Usage, ReadError> {
        self.metered(account, from, to, gap, None)
    }

    /// The same; and if the range goes beyond the account's last commit, what is due by time alone until
    /// its end counts as having happened, by the signs of life saved beside the log.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn usage_settled(
        &self,
        account: AccountId,
        from: Timestamp,
        to: Timestamp,
        gap: Micros,
        liveness: &Liveness,
    ) -> Result<Usage, ReadError> {
        self.metered(account, from, to, gap, Some(liveness))
    }

    fn metered(
        &self,
        account: AccountId,
        from: Timestamp,
        to: Timestamp,
        gap: Micros,
        liveness: Option<&Liveness>,
    ) -> Result<Usage, ReadError> {
        let mut liveness = liveness;
        // A refusal soon after the beginning may belong to an episode that began before it.
        let mut before = self.as_of(account, AsOf::Before(from - gap))?;
        let mut episodes = Episodes::after(&before.account, gap);
        let mut begun: u64 = 0;
        let mut count = |episode: &Episode| begun += u64::from(episode.first.at.at >= from);
        let mut meter: Option<Meter> = None;
        for record in self.commits_after(&before)? {
            let record = record?;
            let at = record.commit.at;
            if at >= to {
                liveness = None; // What happened next is known.
                break;
            }
            episodes.apply(&record, |episode| count(&episode));
            if at < from {
                before.apply(&record);
            } else {
                meter
                    .get_or_insert_with(|| Meter::new(before.account.clone(), from, to))
                    .apply(&record);
            }
        }
        episodes.open().for_each(count);
        let mut meter = meter.unwrap_or_else(|| {
            let due = Timestamp(from.0.saturating_sub(1));
            let account = liveness.map(|liveness| before.settled(liveness, due));
            Meter::new(account.unwrap_or(before.account), from, to)
        });
        if let Some(liveness) = liveness {
            meter.settle(liveness);
        }
        Ok(Usage { denial_episodes: begun, ..meter.finish() })
    }

    /// Calls `each` for every session that held a seat at some time in `[from, to)`: first those that ended
    /// in it, in order of their ends, then the others by number, as they were at `to`. Gives back the
    /// requests that stood unanswered at `to`.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn sessions(
        &self,
        account: AccountId,
        from: Timestamp,
        to: Timestamp,
        mut each: impl FnMut(SessionView),
    ) -> Result<Vec<Request>, ReadError> {
        let begin = self.begin_of_sessions(account, from)?;
        let mut sessions = Sessions::after(&begin.account);
        for record in self.commits_after(&begin)? {
            let record = record?;
            if record.commit.at >= to {
                break;
            }
            sessions.apply(&record, |session| {
                if session.overlaps(from, to) {
                    each(session);
                }
            });
        }
        let pending = sessions.pending().to_vec();
        sessions.into_held().filter(|session| session.overlaps(from, to)).for_each(each);
        Ok(pending)
    }

    /// Episodes of refusals less than `gap` apart whose first refusal lies in `[from, to)`, by first
    /// refusal. What they came to is told as far as the log is known, which is until `known_until`.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn episodes(
        &self,
        account: AccountId,
        from: Timestamp,
        to: Timestamp,
        gap: Micros,
        known_until: Timestamp,
    ) -> Result<Vec<Episode>, ReadError> {
        let before = self.as_of(account, AsOf::Before(from - gap))?;
        let mut episodes = Episodes::after(&before.account, gap);
        let mut found: Vec<Episode> = Vec::new();
        let wanted = |episode: &Episode| (from..to).contains(&episode.first.at.at);
        let mut keep = |episode: Episode| found.extend(Some(episode).filter(wanted));
        for record in self.commits_after(&before)? {
            let record = record?;
            if record.commit.at >= to {
                episodes.pass(record.commit.at, &mut keep);
                if !episodes.open().any(wanted) {
                    break;
                }
            }
            episodes.apply(&record, &mut keep);
        }
        episodes.pass(known_until, &mut keep);
        found.extend(episodes.open().filter(|episode| wanted(episode)).cloned());
        found.sort_by_key(|episode| episode.first.at.position);
        Ok(found)
    }

    /// The account as it was before everything that a session held at `from`, or granted later, came from.
    fn begin_of_sessions(
        &self,
        account: AccountId,
        from: Timestamp,
    ) -> Result<Occupancy, ReadError> {
        let before = self.as_of(account, AsOf::Before(from))?;
        let Some(last) = before.last else { return Ok(before) };
        let mut first = last.position;
        let mut requests: Vec<RequestId> =
            before.account.pending().iter().map(|asked| asked.request).collect();
        for held in before.account.sessions() {
            let instant = Timestamp(held.since.0.saturating_add(1));
            for record in self.history(account, held.since, instant)? {
                let record = record?;
                let grants = record.commit.events.iter().find_map(|event| match event {
                    Event::SeatGranted { request, session, .. } if *session == held.id => {
                        Some(request)
                    }
                    _ => None,
                });
                if let Some(request) = grants {
                    first = first.min(record.position);
                    requests.extend(request);
                }
            }
        }
        for request in requests {
            first = self.ledger().find_request(account, request)?.map_or(first, |at| first.min(at));
        }
        match first.0.checked_sub(1) {
            Some(before) => self.as_of(account, AsOf::Position(Position(before))),
            None => Ok(Occupancy::empty(account)),
        }
    }
}
