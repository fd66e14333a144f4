//! What can be asked of an account.

use crate::closing::Closing;
use crate::event::{Effective, ReleaseReason};
use crate::ids::{
    Commitment, DeviceId, Digest, HandOverId, RequestId, SeatNo, SessionId, SiteId, UserId,
};
use crate::policy::Setting;
use crate::time::Timestamp;

/// A user asks for a seat.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogIn {
    /// The caller's id of this attempt; asking again with it gives the first answer.
    pub request: RequestId,
    /// Who asks.
    pub user: UserId,
    /// The directory entry of a user the account has not met.
    pub newcomer: Option<Commitment>,
    /// From which site.
    pub site: Option<SiteId>,
    /// From which device.
    pub device: Option<DeviceId>,
    /// The directory entry of a device the account has not met.
    pub new_device: Option<Commitment>,
}

/// What can be asked. Each command becomes one commit (several at one instant if it ends more than a thousand
/// sessions, see [`cut`](mod@crate::cut)), or is rejected, or changes nothing in the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Command {
    /// Open the account.
    Open {
        /// IANA time zone, checked by the caller.
        zone: String,
        /// The account's name, in the directory.
        profile: Commitment,
        /// Licences bought, 1 or more.
        licences: u32,
        /// Where the policy differs from the default.
        settings: Vec<Setting>,
        /// The price plan, if one is assigned from the start.
        plan: Option<Digest>,
        /// The civil day of opening in the account's zone.
        effective: Effective,
    },
    /// Buy licences or give some back.
    SetLicences {
        /// How many there are to be, 1 or more.
        to: u32,
        /// From when.
        effective: Effective,
    },
    /// Choose settings.
    ChangePolicy {
        /// Which.
        settings: Vec<Setting>,
    },
    /// Assign a price plan.
    AssignPlan {
        /// BLAKE3 of the plan file.
        plan: Digest,
        /// From when.
        effective: Effective,
    },
    /// Make a site known.
    AddSite {
        /// Its number, the next free one.
        site: SiteId,
        /// Its name, in the directory.
        profile: Commitment,
    },
    /// Register a user.
    AddUser {
        /// The number, the next free one or that of a denied stranger.
        user: UserId,
        /// The directory entry.
        profile: Commitment,
    },
    /// Keep a user from logging in; ends the user's sessions.
    SuspendUser {
        /// Who.
        user: UserId,
    },
    /// Let a suspended user log in again.
    ReinstateUser {
        /// Who.
        user: UserId,
    },
    /// Erase who a user is, for good; ends the user's sessions. The directory entry is erased by the caller
    /// once this is recorded.
    ForgetUser {
        /// Who.
        user: UserId,
        /// The directory entry of a user who has asked and was never added.
        stranger: Option<Commitment>,
    },
    /// Erase what devices are, for good; the directory entries are erased by the caller once this is
    /// recorded.
    ForgetDevices {
        /// Which; each once.
        devices: Vec<DeviceId>,
    },
    /// Ask for a seat.
    LogIn(LogIn),
    /// Take the seat that is offered to a login in line; without an offer, a sign of life.
    TakeOffer {
        /// Of which login.
        request: RequestId,
    },
    /// Give up waiting in line.
    LeaveQueue {
        /// Which login.
        request: RequestId,
    },
    /// Ask the holder of a seat for it. The login of the asker is put in line if it is not there yet, whatever
    /// the policy says of lines; if a seat is free it is granted, as by [`Command::LogIn`].
    AskHandOver {
        /// The asker's login: a new one, or one in line.
        login: LogIn,
        /// Which seat; `None`: that of the holder who did nothing for longest.
        seat: Option<SeatNo>,
    },
    /// Answer somebody who asks for the seat: give it away, or keep it.
    AnswerHandOver {
        /// A session on the seat.
        session: SessionId,
        /// What is answered.
        handover: HandOverId,
        /// Whether the seat is given away.
        consent: bool,
    },
    /// Give a seat back.
    LogOut {
        /// Which session.
        session: SessionId,
    },
    /// A sign of life.
    Heartbeat {
        /// Which session.
        session: SessionId,
        /// Whether the user did something since the last one.
        active: bool,
    },
    /// The browser is going away, perhaps only to reload.
    Goodbye {
        /// Which session.
        session: SessionId,
    },
    /// End somebody's session.
    Release {
        /// Which.
        session: SessionId,
        /// Why.
        reason: ReleaseReason,
        /// The agent's words, in the directory.
        note: Option<Commitment>,
        /// Even within the release floor.
        forced: bool,
    },
    /// Note that evidence of the history is being handed out.
    TakeEvidence {
        /// From when on.
        from: Timestamp,
        /// Up to when.
        to: Timestamp,
        /// Whether names are among it.
        names: bool,
    },
    /// Note that the application let a user in while it could not ask.
    NoteOffline {
        /// The application's id of it.
        request: RequestId,
        /// Who.
        user: UserId,
        /// From when on.
        from: Timestamp,
        /// Until when.
        to: Timestamp,
    },
    /// Make a month's statement final. The statement is derived, and kept, by the caller.
    ClosePeriod(Box<Closing>),
    /// Admit nobody new.
    Suspend,
    /// Admit again.
    Reinstate,
    /// End the account and all its sessions.
    Close,
}

impl Command {
    /// The login that is asked for.
    pub fn login(&self) -> Option<&LogIn> {
        match self {
            Command::LogIn(login) | Command::AskHandOver { login, .. } => Some(login),
            _ => None,
        }
    }

    /// Whether somebody changes an account with it, rather than use a seat or open the account.
    pub fn is_by_hand(&self) -> bool {
        !matches!(
            self,
            Command::Open { .. }
                | Command::LogIn(_)
                | Command::TakeOffer { .. }
                | Command::LeaveQueue { .. }
                | Command::AskHandOver { .. }
                | Command::AnswerHandOver { .. }
                | Command::LogOut { .. }
                | Command::Heartbeat { .. }
                | Command::Goodbye { .. }
                | Command::NoteOffline { .. }
        )
    }

    /// Whether what it does can never be undone.
    pub fn is_for_good(&self) -> bool {
        matches!(self, Command::ForgetUser { .. } | Command::ForgetDevices { .. })
    }
}
