//! The state of one account: a summary of its events.
//!
//! What the state *means*: `seats` and `sessions` say who sits where after the last commit; `licences` says
//! how many may sit, now and from instants already announced; `users` says who is known; `pending` says who
//! has asked and not been answered, and who of them is in line; `hand_overs` says whom they ask for a seat;
//! `endings` remembers the last few sessions that ended, so that a client
//! whose seat is gone can be told why at once. Whatever time alone has changed since the last commit is not
//! in here: [`settle`](crate::settle()) says it.
//!
//! An account is changed by [`Account::apply`] and by nothing else, so that the state folded from the log
//! and the live state cannot differ.

use crate::board::Board;
use crate::by_user::ByUser;
use crate::event::{EndedBy, ExpiryCause, ReleaseReason};
use crate::hand_over::{Decline, HandOver};
use crate::ids::{
    AccountId, Commitment, DeviceId, Digest, HandOverId, SeatNo, SessionId, SiteId, UserId,
};
use crate::licences::Licences;
use crate::policy::Policy;
use crate::time::Timestamp;
pub use crate::waiting::{Offer, Pending, Waits};
use bincode::{Decode, Encode};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// How many ended sessions an account remembers; older ones are looked up in the log.
pub const ENDINGS_REMEMBERED: usize = 16;

/// Whether an account admits logins.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub enum Standing {
    /// Nothing has happened to it yet.
    Unopened,
    /// It admits logins.
    Open,
    /// It admits nobody new until reinstated.
    Suspended,
    /// It is over.
    Closed,
}

/// Whether a user may log in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub enum UserStanding {
    /// Has asked, but was never added: a stranger to a `registered` account.
    Stranger,
    /// May log in.
    Active,
    /// May not.
    Suspended,
    /// The directory entry is erased; the number may not log in again.
    Forgotten,
}

/// A user as the rules see one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub struct User {
    /// Whether the user may log in.
    pub standing: UserStanding,
    /// How many sessions the user has.
    pub sessions: u32,
    /// The session granted to the user last, which is mostly the only one; 0 before the first.
    pub newest: SessionId,
}

/// Since when a session has been dormant.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Dormant {
    /// When it became dormant.
    pub since: Timestamp,
    /// The last sign of life before.
    pub last_seen: Timestamp,
}

/// One user's holding of one seat.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Session {
    /// Its number, which is also the seat's epoch.
    pub id: SessionId,
    /// Who holds it.
    pub user: UserId,
    /// Which seat.
    pub seat: SeatNo,
    /// From which site.
    pub site: Option<SiteId>,
    /// From which device.
    pub device: Option<DeviceId>,
    /// When it was granted.
    pub since: Timestamp,
    /// The last sign of life that the log knows: the grant or the last resumption.
    pub sign: Timestamp,
    /// Whether its holder has gone silent.
    pub dormant: Option<Dormant>,
    /// Granted above the licences bought.
    pub overdraft: bool,
}

/// A seat kept for its last user after a log-out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Linger {
    /// Which seat.
    pub seat: SeatNo,
    /// For whom.
    pub user: UserId,
    /// Until when; at that instant it is free.
    pub until: Timestamp,
}

/// How a session ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub enum End {
    /// Logged out by its user, or released for a reason.
    LoggedOut(EndedBy, Option<ReleaseReason>),
    /// By rule.
    Expired(ExpiryCause),
}

/// What is left of an ended session: the answer to "why was I thrown out?".
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Ending {
    /// Which session.
    pub session: SessionId,
    /// Whose.
    pub user: UserId,
    /// When it ended.
    pub at: Timestamp,
    /// Its last sign of life.
    pub last_seen: Timestamp,
    /// How.
    pub end: End,
}

/// The state of one account after some commit.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Account {
    /// Which account.
    pub(crate) id: AccountId,
    pub(crate) standing: Standing,
    pub(crate) zone: String,
    pub(crate) profile: Option<Commitment>,
    pub(crate) plan: Option<Digest>,
    pub(crate) policy: Policy,
    pub(crate) licences: Licences,
    pub(crate) version: u64,
    pub(crate) last_at: Timestamp,
    pub(crate) importing: Option<Digest>,
    pub(crate) imported: Option<Digest>,
    pub(crate) users: ByUser<User>,
    pub(crate) sites: u16,
    pub(crate) devices: u32,
    pub(crate) forgotten_devices: BTreeSet<DeviceId>,
    pub(crate) sessions: BTreeMap<SessionId, Session>,
    pub(crate) board: Board,
    /// How many sessions are dormant.
    pub(crate) dormant: u32,
    pub(crate) lingers: Vec<Linger>,
    pub(crate) pending: Vec<Pending>,
    pub(crate) last_session: SessionId,
    pub(crate) endings: VecDeque<Ending>,
    pub(crate) hand_overs: Vec<HandOver>,
    pub(crate) declines: Vec<Decline>,
    pub(crate) last_hand_over: HandOverId,
}

impl Account {
    /// An account to which nothing has happened.
    pub fn new(id: AccountId) -> Account {
        Account {
            id,
            standing: Standing::Unopened,
            zone: String::new(),
            profile: None,
            plan: None,
            policy: Policy::default(),
            licences: Licences::default(),
            version: 0,
            last_at: Timestamp::ZERO,
            importing: None,
            imported: None,
            users: ByUser::default(),
            sites: 0,
            devices: 0,
            forgotten_devices: BTreeSet::new(),
            sessions: BTreeMap::new(),
            board: Board::default(),
            dormant: 0,
            lingers: Vec::new(),
            pending: Vec::new(),
            last_session: SessionId(0),
            endings: VecDeque::new(),
            hand_overs: Vec::new(),
            declines: Vec::new(),
            last_hand_over: HandOverId(0),
        }
    }

    /// The system account after so many commits, the last of them at `last_at`: what the service says of
    /// itself changes nothing else in it.
    pub fn system(version: u64, last_at: Timestamp) -> Account {
        Account { version, last_at, ..Account::new(AccountId::SYSTEM) }
    }

    /// Which account this is.
    pub fn id(&self) -> AccountId {
        self.id
    }
    /// Whether it admits logins.
    pub fn standing(&self) -> Standing {
        self.standing
    }
    /// IANA name of its time zone; empty before it is opened.
    pub fn zone(&self) -> &str {
        &self.zone
    }
    /// The commitment to its name.
    pub fn profile(&self) -> Option<Commitment> {
        self.profile
    }
    /// The plan assigned last.
    pub fn plan(&self) -> Option<Digest> {
        self.plan
    }
    /// What the vendor has chosen.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }
    /// Licences, now and announced.
    pub fn licences(&self) -> &Licences {
        &self.licences
    }
    /// Seats that may be held at `at`: licences in force and overdraft.
    pub fn limit(&self, at: Timestamp) -> u32 {
        self.licences.at(at).saturating_add(self.policy.overdraft)
    }
    /// How many commits have been applied; the version of the last one.
    pub fn version(&self) -> u64 {
        self.version
    }
    /// `at` of the last commit.
    pub fn last_at(&self) -> Timestamp {
        self.last_at
    }
    /// An import has begun and not completed; the account is hidden.
    pub fn is_importing(&self) -> bool {
        self.importing.is_some()
    }
    /// The import that made this account, if one did.
    pub fn import_source(&self) -> Option<Digest> {
        self.importing.or(self.imported)
    }
    /// Everybody who was ever seen, by number.
    pub fn users(&self) -> impl Iterator<Item = (UserId, &User)> {
        self.users.iter()
    }
    /// One user; `None` if never seen.
    pub fn user(&self, user: UserId) -> Option<&User> {
        self.users.get(user)
    }
    /// The number the next new user gets.
    pub fn next_user(&self) -> UserId {
        UserId(self.users.iter().next_back().map_or(1, |(last, _)| last.0.saturating_add(1)))
    }
    /// The number the next new site gets.
    pub fn next_site(&self) -> SiteId {
        SiteId(self.sites.saturating_add(1))
    }
    /// The number the next new device gets.
    pub fn next_device(&self) -> DeviceId {
        DeviceId(self.devices.saturating_add(1))
    }
    /// Whether a site has been added.
    pub fn has_site(&self, site: SiteId) -> bool {
        site.0 >= 1 && site.0 <= self.sites
    }
    /// Whether a device has been added.
    pub fn has_device(&self, device: DeviceId) -> bool {
        device.0 >= 1 && device.0 <= self.devices
    }
    /// Whether a device's entry in the directory was erased.
    pub fn has_forgotten(&self, device: DeviceId) -> bool {
        self.forgotten_devices.contains(&device)
    }
    /// Sessions that hold seats, by number.
    pub fn sessions(&self) -> impl DoubleEndedIterator<Item = &Session> + ExactSizeIterator {
        self.sessions.values()
    }
    /// A session that holds a seat.
    pub fn session(&self, session: SessionId) -> Option<&Session> {
        self.sessions.get(&session)
    }
    /// The number of the last session granted; 0 if none was.
    pub fn last_session(&self) -> SessionId {
        self.last_session
    }
    /// Sessions of one user, by number.
    pub fn sessions_of(&self, user: UserId) -> impl Iterator<Item = &Session> {
        let known = self.users.get(user);
        // Mostly it is one, and the newest: then nothing is searched.
        let only = known.filter(|known| known.sessions == 1);
        let only = only.and_then(|known| self.sessions.get(&known.newest));
        let several = if only.is_some() { 0 } else { known.map_or(0, |known| known.sessions) };
        let several = usize::try_from(several).unwrap_or(usize::MAX);
        let theirs = self.sessions.values().filter(move |session| session.user == user);
        only.into_iter().chain(theirs.take(several))
    }
    /// Sessions on one seat, by number.
    pub fn sessions_on(&self, seat: SeatNo) -> impl Iterator<Item = &Session> {
        let theirs = self.board.holder(seat).into_iter().flat_map(|user| self.sessions_of(user));
        theirs.filter(move |session| session.seat == seat)
    }
    /// Seats held by sessions (a shared seat once).
    pub fn held(&self) -> u32 {
        self.board.len()
    }
    /// Seats kept for their last user after a log-out, at `at`.
    pub fn lingering(&self, at: Timestamp) -> impl Iterator<Item = &Linger> {
        self.lingers.iter().filter(move |linger| linger.until > at)
    }
    /// Seats taken at `at`: held, lingering or offered.
    pub fn taken(&self, at: Timestamp) -> u32 {
        let kept = self.lingering(at).count().saturating_add(self.offers().count());
        self.held().saturating_add(u32::try_from(kept).unwrap_or(u32::MAX))
    }
    /// Seats all of whose sessions are dormant, longest dormant first, with the instant since when.
    pub fn dormant_seats(&self) -> Vec<(Timestamp, SeatNo)> {
        if self.dormant == 0 {
            return Vec::new();
        }
        // How many of a seat's sessions are dormant, and since when the last of them.
        let mut silent: BTreeMap<SeatNo, (u32, Timestamp)> = BTreeMap::new();
        for session in self.sessions.values() {
            if let Some(dormant) = session.dormant {
                let (sessions, since) = silent.entry(session.seat).or_default();
                (*sessions, *since) = (sessions.saturating_add(1), dormant.since.max(*since));
            }
        }
        let silent = silent.into_iter();
        let silent = silent.filter(|(seat, (dormant, _))| self.board.sessions(*seat) == *dormant);
        let mut seats: Vec<_> = silent.map(|(seat, (_, since))| (since, seat)).collect();
        seats.sort_unstable();
        seats
    }
    /// The lowest seat number free at `at`.
    pub fn free_seat(&self, at: Timestamp) -> SeatNo {
        let mut seat = self.board.lowest_free();
        let kept = |seat: SeatNo| {
            let lingers = self.lingering(at).any(|linger| linger.seat == seat);
            lingers || self.offers().any(|(_, offer)| offer.seat == seat)
        };
        while self.board.sessions(seat) > 0 || kept(seat) {
            seat = SeatNo(seat.0.saturating_add(1));
        }
        seat
    }
    /// Requests not yet answered, in line or not.
    pub fn pending(&self) -> &[Pending] {
        &self.pending
    }
    /// How a session ended, if it is among the last few that did.
    pub fn ending(&self, session: SessionId) -> Option<&Ending> {
        self.endings.iter().rev().find(|ending| ending.session == session)
    }
}
