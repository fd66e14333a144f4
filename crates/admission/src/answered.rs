//! What a caller is told: the answer, where it is recorded, and who sat where.

use crate::sync_times::SyncTimes;
use ledger::Position;
use seats::account::Pending;
use seats::hand_over::{Decline, HandOver};
use seats::{
    Account, AccountId, Answer, DeviceId, Live, Liveness, Offer, Outcome, Policy, RequestId,
    SeatNo, Session, SessionId, SiteId, Standing, Timestamp, UserId,
};
use std::sync::Arc;

/// An answer that is on disk.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answered {
    /// The account asked of. New for [`Admission::open_account`](crate::Admission::open_account).
    pub account: AccountId,
    /// What was answered.
    pub answer: Answer,
    /// The user it is about: who logs in, was added, or holds the session.
    pub user: Option<UserId>,
    /// The site that was added or logged in from.
    pub site: Option<SiteId>,
    /// The commit that holds it; for a repeated login the commit of the first answer. `None`: nothing was
    /// to be recorded.
    pub position: Option<Position>,
    /// For a denial, and for a login that was put in line: who held the seats when that was decided, by seat.
    /// `None` for anything else, and for a denial asked again: then the account's history up to `position` tells.
    pub holders: Option<Arc<[Holder]>>,
    /// For what was forgotten: what went from the directory. `None` for anything else.
    pub erased: Option<Erased>,
}

/// What was erased from the directory, durably.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Erased {
    /// Names with their salts: of the user, or of devices.
    pub entries: usize,
    /// Notes and reasons about the user.
    pub notes: usize,
    /// The directory's files were rewritten, so that they do not hold any of it either. If not (a full disk,
    /// say), that is done at the next start.
    pub rewritten: bool,
}

impl Answered {
    /// That something was done to an account, or recorded of it.
    pub(crate) fn done(account: AccountId) -> Answered {
        let (user, site, position, holders, erased) = (None, None, None, None, None);
        Answered { account, answer: Answer::Done, user, site, position, holders, erased }
    }

    /// The session and seat, if this is a granted login.
    pub fn granted(&self) -> Option<(SessionId, SeatNo)> {
        match self.answer {
            Answer::Login { outcome: Outcome::Granted { session, seat, .. }, .. } => {
                Some((session, seat))
            }
            _ => None,
        }
    }
}

/// Who sits on a seat.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Holder {
    /// Which seat.
    pub seat: SeatNo,
    /// By which session.
    pub session: SessionId,
    /// Who.
    pub user: UserId,
    /// From which site.
    pub site: Option<SiteId>,
    /// From which device.
    pub device: Option<DeviceId>,
    /// Since when.
    pub since: Timestamp,
    /// The last sign of life.
    pub last_seen: Timestamp,
    /// Since when its holder has been dormant; `None`: live.
    pub dormant: Option<Timestamp>,
    /// Granted above the licences bought.
    pub overdraft: bool,
}

/// Who sits where in an account at an instant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Occupancy {
    /// Which account.
    pub account: AccountId,
    /// The instant for which this is said.
    pub at: Timestamp,
    /// Whether the account admits logins.
    pub standing: Standing,
    /// Licences in force.
    pub licences: u32,
    /// Seats allowed above them.
    pub overdraft: u32,
    /// Seats taken: held (a shared one once), lingering after a log-out, or offered to somebody in line.
    pub taken: u32,
    /// Who sits where, by seat and session.
    pub holders: Vec<Holder>,
    /// Who is in line, the next one first.
    pub line: Vec<Waiter>,
    /// Which holders are asked for their seat and have not answered, by number.
    pub hand_overs: Vec<HandOver>,
    /// Who declined within the last hour, oldest first.
    pub declines: Vec<Decline>,
    /// What the vendor has chosen for the account.
    pub policy: Policy,
    /// IANA name of the zone its civil days are counted in.
    pub zone: String,
    /// The signs of life of its sessions.
    pub liveness: Liveness,
}

/// Somebody in line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Waiter {
    /// Whose login.
    pub request: RequestId,
    /// Who.
    pub user: UserId,
    /// From which site.
    pub site: Option<SiteId>,
    /// Since when.
    pub since: Timestamp,
    /// The seat that is kept for this login.
    pub offer: Option<Offer>,
}

/// How busy admission is, for those who watch. Counted since the start.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Counts {
    /// Requests accepted and not yet answered, now.
    pub waiting: usize,
    /// Commits appended.
    pub commits: u64,
    /// Groups of commits, each of which left in one append.
    pub groups: u64,
    /// Syncs, each of which made one or more groups durable.
    pub syncs: u64,
    /// How long they took.
    pub sync_times: SyncTimes,
}

/// Who holds the seats, by seat and session.
pub(crate) fn holders(account: &Account, liveness: &Liveness) -> Vec<Holder> {
    let mut holders: Vec<Holder> = account.sessions().map(|s| holder(s, liveness)).collect();
    holders.sort_unstable_by_key(|holder| (holder.seat, holder.session));
    holders
}

/// The occupancy at `at`, with what is due by then counted as having happened.
pub(crate) fn occupancy(live: &Live, at: Timestamp) -> Occupancy {
    let at = at.max(live.account().last_at());
    if at < live.next_due() {
        return occupancy_settled(live, at);
    }
    let mut settled = live.clone();
    settled.settle(at);
    occupancy_settled(&settled, at)
}

fn occupancy_settled(live: &Live, at: Timestamp) -> Occupancy {
    let account = live.account();
    Occupancy {
        account: account.id(),
        at,
        standing: account.standing(),
        licences: account.licences().at(at),
        overdraft: account.policy().overdraft,
        taken: account.taken(at),
        holders: holders(account, live.liveness()),
        line: account.line().filter_map(waiter).collect(),
        hand_overs: account.hand_overs().to_vec(),
        declines: account.declines().to_vec(),
        policy: account.policy().clone(),
        zone: account.zone().to_owned(),
        liveness: live.liveness().clone(),
    }
}

fn waiter(asked: &Pending) -> Option<Waiter> {
    let waits = asked.waits?;
    let (request, user, site) = (asked.request, asked.user, asked.site);
    Some(Waiter { request, user, site, since: waits.since, offer: waits.offer })
}

fn holder(session: &Session, liveness: &Liveness) -> Holder {
    Holder {
        seat: session.seat,
        session: session.id,
        user: session.user,
        site: session.site,
        device: session.device,
        since: session.since,
        last_seen: liveness.last_seen(session),
        dormant: session.dormant.map(|dormant| dormant.since),
        overdraft: session.overdraft,
    }
}
