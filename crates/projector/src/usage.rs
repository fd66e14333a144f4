//! Usage of one account over a range of time.
//!
//! Between two events the state stands still, so every sum is exact: length of time in whole microseconds
//! times what was held. Only two things change without an event, and are looked for in between: a lingering
//! seat becomes free, and an announced change of licences takes effect.
//!
//! Peaks are counted at each grant, in the order of the log, which is the tie rule: of two events at one
//! instant the one recorded first counts first. A session holds its seat from its grant to before its end, so
//! one that ends at the very beginning of the range is not in it.

use ledger::Record;
use seats::{
    Account, DenialReason, EndedBy, Event, ExpiryCause, HandOverEnd, Liveness, Micros, Timestamp,
    UserId, settle,
};
use std::collections::{BTreeMap, BTreeSet};

/// The most that was held at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Peak {
    /// How many.
    pub count: u64,
    /// The first instant of the range at which it was so many; `None` if the count is 0.
    pub at: Option<Timestamp>,
}

impl Peak {
    fn see(&mut self, count: u64, at: Timestamp) {
        if count > self.count {
            *self = Peak { count, at: Some(at) };
        }
    }
}

/// What was used of what was bought, in `[from, to)`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Usage {
    /// The first instant that counts.
    pub from: Timestamp,
    /// The first instant after it that does not.
    pub to: Timestamp,
    /// Sessions that held a seat at some time in the range.
    pub sessions: u64,
    /// Different users among them.
    pub users: u64,
    /// Logins: requests for a seat, however answered.
    pub logins: u64,
    /// Logins that got a seat.
    pub grants: u64,
    /// Refused logins, by reason.
    pub denials: BTreeMap<DenialReason, u64>,
    /// Logins that were put in line because there was no seat.
    pub queued: u64,
    /// Logins that left the line without a seat.
    pub left_line: u64,
    /// Denial episodes whose first refusal lies in the range.
    pub denial_episodes: u64,
    /// Requests that stood unanswered at the end of the range, in line or not.
    pub pending: u64,
    /// Dormant sessions that were ended because somebody needed the seat.
    pub reclaimed: u64,
    /// Sessions released by hand.
    pub released: u64,
    /// Seats handed over to somebody who asked for them.
    pub handed_over: u64,
    /// The most sessions at once.
    pub peak_sessions: Peak,
    /// The most seats held at once; a shared seat counts once.
    pub peak_seats: Peak,
    /// Time held, summed over sessions, in microseconds.
    pub session_micros: u128,
    /// Time held, summed over seats, in microseconds.
    pub seat_micros: u128,
    /// Of the latter, time during which every session on the seat was dormant.
    pub dormant_seat_micros: u128,
    /// Time during which no further seat was left under the licences.
    pub at_capacity: Micros,
    /// Licences in force at the end of the range, as known then.
    pub licences: u32,
    /// Sessions that still held a seat at the end of the range.
    pub open: u64,
}

impl Usage {
    /// Refused logins, for whatever reason.
    pub fn denied(&self) -> u64 {
        self.denials.values().sum()
    }
}

/// The fold. The state is a summary of events, and so is this: give it every commit of the account with
/// `at` in the range, in order.
#[derive(Clone, Debug)]
pub struct Meter {
    account: Account,
    /// Everything before this instant has been summed up.
    summed: Timestamp,
    users: BTreeSet<UserId>,
    usage: Usage,
}

impl Meter {
    /// Begins at `from` with an account as its commits before `from` left it.
    pub fn new(account: Account, from: Timestamp, to: Timestamp) -> Meter {
        let (usage, users) = (Usage { from, to, ..Usage::default() }, BTreeSet::new());
        Meter { account, summed: from, users, usage }
    }

    /// Takes up the account's next commit. One outside the range changes nothing.
    pub fn apply(&mut self, record: &Record) {
        self.take(record.commit.at, &record.commit.events);
    }

    /// Takes up what time alone has made due since the account's last commit, as if it were recorded.
    pub fn settle(&mut self, liveness: &Liveness) {
        let last = Timestamp(self.usage.to.0.saturating_sub(1));
        for due in settle(&self.account, liveness, last) {
            self.take(due.at, &due.events);
        }
    }

    fn take(&mut self, at: Timestamp, events: &[Event]) {
        if at < self.usage.from || at >= self.usage.to {
            return;
        }
        self.sum_up(at);
        for event in events {
            self.count(event);
            // One at a time, so that a peak between two events of a commit is seen. The version that this
            // makes too high is not used.
            self.account.apply(at, std::slice::from_ref(event));
            if matches!(event, Event::SeatGranted { .. }) {
                self.see_peaks(at);
            }
        }
    }

    /// Sums up to the end of the range.
    pub fn finish(mut self) -> Usage {
        self.sum_up(self.usage.to);
        self.usage.users = count(self.users.len());
        self.usage.open = count(self.account.sessions().len());
        self.usage.pending = count(self.account.pending().len());
        let last = Timestamp(self.usage.to.0.saturating_sub(1));
        self.usage.licences = self.account.licences().at(last);
        self.usage
    }

    fn count(&mut self, event: &Event) {
        let usage = &mut self.usage;
        let counter = match event {
            Event::LoginRequested { .. } => &mut usage.logins,
            Event::SeatGranted { request, .. } => {
                let pending = self.account.pending();
                let asked = match request {
                    None => pending.last(),
                    Some(request) => pending.iter().find(|asked| asked.request == *request),
                };
                self.users.extend(asked.map(|asked| asked.user));
                usage.sessions = usage.sessions.saturating_add(1);
                &mut usage.grants
            }
            Event::SeatDenied { reason, .. } => usage.denials.entry(*reason).or_insert(0),
            Event::Queued { .. } => &mut usage.queued,
            Event::OfferLapsed { .. } | Event::LeftQueue { .. } => &mut usage.left_line,
            Event::Expired { cause: ExpiryCause::Reclaimed, .. } => &mut usage.reclaimed,
            Event::LoggedOut { by: EndedBy::Release, .. } => &mut usage.released,
            Event::HandOverEnded { how: HandOverEnd::Consented | HandOverEnd::Silent, .. } => {
                &mut usage.handed_over
            }
            _ => return,
        };
        *counter = counter.saturating_add(1);
    }

    /// Takes in those who sat there already, once what happened at the very beginning is known.
    fn take_in(&mut self) {
        let from = self.usage.from;
        let before = self.account.sessions().filter(|session| session.since < from);
        let users: Vec<UserId> = before.map(|session| session.user).collect();
        self.usage.sessions = self.usage.sessions.saturating_add(count(users.len()));
        self.users.extend(users);
        self.see_peaks(from);
    }

    fn see_peaks(&mut self, at: Timestamp) {
        self.usage.peak_sessions.see(count(self.account.sessions().len()), at);
        self.usage.peak_seats.see(u64::from(self.account.held()), at);
    }

    /// Adds what is held from `summed` to `until`.
    fn sum_up(&mut self, until: Timestamp) {
        let length = u128::from(until.since(self.summed).0);
        if length == 0 {
            return;
        }
        if self.summed == self.usage.from {
            self.take_in();
        }
        let add = |sum: &mut u128, held: usize| {
            let held = u128::try_from(held).unwrap_or(u128::MAX);
            *sum = sum.saturating_add(length.saturating_mul(held));
        };
        let account = &self.account;
        add(&mut self.usage.session_micros, account.sessions().len());
        add(&mut self.usage.seat_micros, usize::try_from(account.held()).unwrap_or(usize::MAX));
        add(&mut self.usage.dormant_seat_micros, account.dormant_seats().len());
        let mut begin = self.summed;
        while begin < until {
            let end = next_change(account, begin).min(until);
            let licences = account.licences().at(begin);
            if licences > 0 && account.taken(begin) >= licences {
                let so_far = self.usage.at_capacity.0;
                self.usage.at_capacity = Micros(so_far.saturating_add(end.since(begin).0));
            }
            begin = end;
        }
        self.summed = until;
    }
}

/// The next instant after `at` at which seats taken or licences change by time alone.
fn next_change(account: &Account, at: Timestamp) -> Timestamp {
    let freed = account.lingering(at).map(|linger| linger.until).min();
    let changes = account.licences().changes();
    let announced = changes.partition_point(|(from, _)| *from <= at);
    let announced = changes.get(announced).map(|(from, _)| *from);
    freed.into_iter().chain(announced).min().unwrap_or(Timestamp::MAX)
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
