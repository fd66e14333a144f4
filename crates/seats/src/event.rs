//! What can happen, in the past tense.
//!
//! Events are the product: they are stored for ever, so a variant is never changed, only added after the
//! last. The order of the variants is their encoding (see `docs/format.md`). No event holds a name, an
//! address or free text; those stand in the directory, bound by a [`Commitment`].
//!
//! Events of one commit happened at the commit's `at`, in the order in which they stand.

pub use crate::cause::{
    DenialReason, EndedBy, ExpiryCause, HandOverEnd, Leaving, Look, ReleaseReason,
};
use crate::closing::Closing;
pub use crate::exported::{ExportKind, Exported};
use crate::ids::{
    AccountId, Commitment, DeviceId, Digest, HandOverId, RequestId, SeatNo, SessionId, SiteId,
    UserId,
};
pub use crate::offline::Capacity;
use crate::policy::Setting;
use crate::time::{CivilDate, Micros, Timestamp};
use bincode::{Decode, Encode};

/// When a commercial change counts from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Effective {
    /// The instant, resolved when the command was taken.
    pub instant: Timestamp,
    /// The civil day the customer named, where one was named.
    pub date: Option<CivilDate>,
}

/// What happened to an account.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub enum Event {
    /// The account came into being.
    AccountOpened {
        /// IANA name of the zone its civil days are counted in, such as `Europe/London`.
        zone: String,
        /// Its name, in the directory.
        profile: Commitment,
    },
    /// Some settings were chosen.
    PolicyChanged {
        /// The settings that changed, in the order given.
        settings: Vec<Setting>,
    },
    /// Licences were bought or given back.
    LicencesChanged {
        /// Licences in force just before the effective instant, as known when this was recorded.
        from: u32,
        /// Licences in force from the effective instant.
        to: u32,
        /// When it counts from. In the past it changes the fee, never an answer already given.
        effective: Effective,
    },
    /// A price plan was assigned.
    PlanAssigned {
        /// BLAKE3 of the plan file, which stands in the directory.
        plan: Digest,
        /// When it counts from.
        effective: Effective,
    },
    /// A site became known.
    SiteAdded {
        /// Its number.
        site: SiteId,
        /// Its name, in the directory.
        profile: Commitment,
    },
    /// A user became known.
    UserAdded {
        /// Its number.
        user: UserId,
        /// Name and e-mail, in the directory.
        profile: Commitment,
    },
    /// A user may no longer log in.
    UserSuspended {
        /// Who.
        user: UserId,
    },
    /// A suspended user may log in again.
    UserReinstated {
        /// Who.
        user: UserId,
    },
    /// A user's directory entry was erased; the number remains.
    UserForgotten {
        /// Who.
        user: UserId,
    },
    /// A device became known.
    DeviceAdded {
        /// Its number.
        device: DeviceId,
        /// What is known of it, in the directory.
        profile: Commitment,
    },
    /// A user asked for a seat. It stays pending until granted or denied, or until it leaves the line.
    LoginRequested {
        /// The caller's id of this attempt.
        request: RequestId,
        /// Who asks.
        user: UserId,
        /// From which site, where told.
        site: Option<SiteId>,
        /// From which device, where told.
        device: Option<DeviceId>,
    },
    /// A pending request was granted.
    SeatGranted {
        /// Which request; `None`: the last [`Event::LoginRequested`] before it in the same commit.
        request: Option<RequestId>,
        /// The session that begins.
        session: SessionId,
        /// The seat it holds.
        seat: SeatNo,
        /// Granted above the licences bought. Only such seats are ever billed as overdraft.
        overdraft: bool,
    },
    /// A pending request was refused. Who held the seats follows from the account's history.
    SeatDenied {
        /// Which request; `None`: the last [`Event::LoginRequested`] before it in the same commit.
        request: Option<RequestId>,
        /// Why.
        reason: DenialReason,
        /// Seats taken at that instant, lingering and offered ones included.
        held: u32,
        /// Of these, seats whose holder had gone silent.
        dormant: u32,
    },
    /// A session went silent: no heartbeat, no activity or a goodbye. It keeps its seat.
    WentDormant {
        /// Which.
        session: SessionId,
        /// How long before the commit's `at` the last sign of life was.
        silent: Micros,
    },
    /// A dormant session gave a sign of life.
    Resumed {
        /// Which.
        session: SessionId,
    },
    /// A session was ended by hand.
    LoggedOut {
        /// Which.
        session: SessionId,
        /// By its user or by release.
        by: EndedBy,
        /// Why, for a release.
        reason: Option<ReleaseReason>,
        /// The agent's words, in the directory.
        note: Option<Commitment>,
        /// How long before the commit's `at` the last sign of life was.
        silent: Micros,
    },
    /// A session ended by rule.
    Expired {
        /// Which.
        session: SessionId,
        /// By which rule.
        cause: ExpiryCause,
        /// How long before the commit's `at` the last sign of life was.
        silent: Micros,
    },
    /// No new logins are admitted until reinstated; those logged in stay.
    AccountSuspended,
    /// Logins are admitted again.
    AccountReinstated,
    /// The account is over; its sessions have ended, in this commit or, if they were many, just before it.
    AccountClosed,
    /// An import began; the account is hidden until it completes.
    ImportStarted {
        /// BLAKE3 of the file's content and the import's parameters.
        source: Digest,
    },
    /// The import is whole.
    ImportCompleted {
        /// As in [`Event::ImportStarted`].
        source: Digest,
    },
    /// The service began to listen. In the system account.
    ServiceStarted {
        /// The last instant at which it is known to have listened before; `None` at the first start.
        /// The time between is credited to every lease.
        last_alive: Option<Timestamp>,
    },
    /// The service stopped in good order. In the system account.
    ServiceStopped,
    /// The wall clock was moved against the monotonic clock. In the system account.
    ClockStepped {
        /// Where the clock stood, by the monotonic clock.
        from: Timestamp,
        /// What it said instead.
        to: Timestamp,
    },
    /// Seals are signed with another key from here on. In the system account.
    SealingKeyChanged {
        /// The new public key, Ed25519.
        key: Digest,
        /// The one before; `None` for the first.
        previous: Option<Digest>,
    },
    /// A device's directory entry was erased; the number remains.
    DeviceForgotten {
        /// Which.
        device: DeviceId,
    },
    /// Somebody gave a reason for what the rest of the commit says.
    ReasonGiven {
        /// The words, in the directory.
        note: Commitment,
    },
    /// Somebody was shown whose names stand for the numbers. In the system account.
    IdentityShown {
        /// Of which account.
        account: AccountId,
        /// In which report.
        look: Look,
        /// Of one user only.
        user: Option<UserId>,
    },
    /// Evidence of the account's history was handed out. Whatever happened before has a lower version.
    EvidenceTaken {
        /// From when on.
        from: Timestamp,
        /// Up to when.
        to: Timestamp,
        /// Whether names were among it.
        names: bool,
    },
    /// A login that could not be granted waits in line: the last [`Event::LoginRequested`] before it in the
    /// same commit. Its place follows from the account's history.
    Queued {
        /// Why there was no seat: [`DenialReason::AllSeatsHeld`] or [`DenialReason::SeatsReserved`].
        reason: DenialReason,
        /// Seats taken at that instant, lingering and offered ones included.
        held: u32,
        /// Of these, seats whose holder had gone silent.
        dormant: u32,
    },
    /// A seat is kept for somebody in line, and for nobody else.
    SeatOffered {
        /// Which request.
        request: RequestId,
        /// Which seat.
        seat: SeatNo,
        /// Until when; our own downtime comes on top.
        until: Timestamp,
    },
    /// An offer was not taken in time; with it the request leaves the line.
    OfferLapsed {
        /// Which request.
        request: RequestId,
    },
    /// An offer was taken back, because licences became fewer or the account was suspended. The request
    /// keeps its place in line.
    OfferWithdrawn {
        /// Which request.
        request: RequestId,
    },
    /// A request left the line without a seat.
    LeftQueue {
        /// Which.
        request: RequestId,
        /// Why.
        how: Leaving,
    },
    /// Somebody in line has asked the holder of a seat for it. Who asks is the user of the request; who is
    /// asked is whoever holds the seat.
    HandOverAsked {
        /// Its number: the one after the last.
        handover: HandOverId,
        /// The asker's login, in line.
        request: RequestId,
        /// The seat that is asked for.
        seat: SeatNo,
        /// Until when there is time to answer, after which silence is consent; our own downtime comes on top.
        until: Timestamp,
    },
    /// An asking is over. If it was consented to, or not answered, the sessions on the seat end in this
    /// commit ([`ExpiryCause::HandedOver`]) and the asker is granted it.
    HandOverEnded {
        /// Which.
        handover: HandOverId,
        /// How.
        how: HandOverEnd,
    },
    /// Somebody was given a way to call the service. In the system account; whose it is stands beside the
    /// token, not here, and nothing of its secret does.
    TokenMade {
        /// Its number, which stands in the commits that come of its calls.
        token: u32,
        /// What it is for.
        capacity: Capacity,
        /// The accounts it is good for; `None`: all.
        accounts: Option<Vec<AccountId>>,
        /// From when on it is no longer good.
        expires: Option<Timestamp>,
    },
    /// That way was closed, for good. In the system account.
    TokenRevoked {
        /// Its number.
        token: u32,
    },
    /// The vendor's application let somebody in while it could not reach the service, and said so afterwards.
    /// It held no seat of ours, and breaks no law; it is a fact, not a grant.
    SeatTakenOffline {
        /// The application's id of it: told twice, it is recorded once.
        request: RequestId,
        /// Who.
        user: UserId,
        /// From when on, by the service's clock and how long ago the application said it was.
        from: Timestamp,
        /// Until when.
        to: Timestamp,
    },
    /// A month's statement is final. Boxed, because it is large and rare.
    PeriodClosed(Box<Closing>),
    /// Statements were handed out as files: for the books, for a payment run, for paper. In the system account.
    StatementsExported(Box<Exported>),
}
