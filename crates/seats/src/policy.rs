//! What a vendor may choose per account.
//!
//! A [`Policy`] is the sum of all [`Setting`]s recorded so far over the defaults. The log records the
//! settings that changed, never the whole policy, so a new kind of setting never changes an old record.

use crate::ids::SiteId;
use bincode::{Decode, Encode};

/// Who may log in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub enum UserPolicy {
    /// A stranger becomes a user at first login. Users are free and unlimited. The default.
    Open,
    /// Only users added beforehand; a stranger is denied.
    Registered,
}

/// What happens to a seat whose holder has gone silent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub enum Reclaim {
    /// Nothing: it is held until logged out or released.
    Never,
    /// It is taken when somebody needs it, longest silent first. The default.
    OnDemand,
    /// It is freed the moment its holder goes dormant.
    AtOnce,
}

/// What happens when a user who holds a seat logs in again.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub enum SameUser {
    /// The newer login moves onto the same seat and the older session ends. The default.
    TakeOver,
    /// Several sessions on one seat; the last to log out frees it.
    Share,
    /// Every login needs a seat of its own.
    Separate,
    /// Refused while another session of the user is live; a dormant one is taken over.
    Deny,
}

/// What a refused user may see of those who hold the seats.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub enum Names {
    /// The holders' names. The default.
    Full,
    /// Their initials.
    Initials,
    /// Nothing but seat numbers and times.
    None,
}

/// Who must say why.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub enum Reasons {
    /// Nobody must. The default.
    Optional,
    /// Whoever wants to see names.
    ForLooks,
    /// Whoever wants to see names, and whoever changes anything by hand.
    ForAll,
}

/// What happens to a login for which there is no seat.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub enum WhenFull {
    /// It is denied. The default.
    Deny,
    /// It waits in line; the first in line who fits is offered the next seat.
    Queue,
}

/// Everything the vendor has chosen for one account.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Policy {
    /// Who may log in.
    pub users: UserPolicy,
    /// Seconds without a heartbeat after which a session is dormant; `None`: heartbeats are not expected.
    pub lease_s: Option<u32>,
    /// Seconds without user activity after which a session is dormant; `None`: idleness is not watched.
    pub idle_after_s: Option<u32>,
    /// Seconds a session stays live after its browser said goodbye (so that a reload keeps the seat).
    pub goodbye_grace_s: u32,
    /// What happens to a dormant session.
    pub reclaim: Reclaim,
    /// Seconds after which a session ends whatever its holder does; `None`: no limit.
    pub max_session_s: Option<u32>,
    /// What a second login of the same user does.
    pub same_user: SameUser,
    /// Seats that may be held above the licences bought.
    pub overdraft: u32,
    /// Seconds a seat stays taken for the same user after a log-out.
    pub linger_s: u32,
    /// Seats kept for logins from a site, ordered by site, at most one entry a site, none of them 0.
    pub reserved: Vec<(SiteId, u32)>,
    /// Seconds from its grant during which a session is not released unless forced.
    pub release_floor_s: u32,
    /// What a refused user may see of the holders.
    pub names: Names,
    /// Days after its last login that a device's entry in the directory is kept; `None`: for ever.
    pub keep_devices_d: Option<u32>,
    /// Who must give a reason.
    pub reasons: Reasons,
    /// What happens to a login for which there is no seat.
    pub when_full: WhenFull,
    /// Seconds for which a seat is kept for somebody in line to whom it is offered.
    pub offer_s: u32,
    /// Seconds without a sign of life after which somebody leaves the line.
    pub wait_lease_s: u32,
    /// Seconds in which a holder who is asked for the seat answers, after which silence is consent; `None`:
    /// nobody is asked.
    pub hand_over_s: Option<u32>,
}

/// One choice, as it is recorded.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub enum Setting {
    /// See [`Policy::users`].
    Users(UserPolicy),
    /// See [`Policy::lease_s`]; 1 s or more.
    Lease(Option<u32>),
    /// See [`Policy::idle_after_s`]; 1 s or more.
    IdleAfter(Option<u32>),
    /// See [`Policy::goodbye_grace_s`].
    GoodbyeGrace(u32),
    /// See [`Policy::reclaim`].
    Reclaim(Reclaim),
    /// See [`Policy::max_session_s`]; 1 s or more.
    MaxSession(Option<u32>),
    /// See [`Policy::same_user`].
    SameUser(SameUser),
    /// See [`Policy::overdraft`].
    Overdraft(u32),
    /// See [`Policy::linger_s`].
    Linger(u32),
    /// See [`Policy::reserved`]; 0 seats ends the reservation.
    Reserved(SiteId, u32),
    /// See [`Policy::release_floor_s`].
    ReleaseFloor(u32),
    /// See [`Policy::names`].
    Names(Names),
    /// See [`Policy::keep_devices_d`]; 1 day or more.
    KeepDevices(Option<u32>),
    /// See [`Policy::reasons`].
    Reasons(Reasons),
    /// See [`Policy::when_full`].
    WhenFull(WhenFull),
    /// See [`Policy::offer_s`]; 1 s or more.
    Offer(u32),
    /// See [`Policy::wait_lease_s`]; 1 s or more.
    WaitLease(u32),
    /// See [`Policy::hand_over_s`]; [`HAND_OVER_S`](crate::hand_over::HAND_OVER_S).
    HandOver(Option<u32>),
}

impl Default for Policy {
    /// Heartbeats within two minutes, reclaim on demand, take-over: nobody is thrown out for nothing,
    /// nobody waits for a ghost; devices are forgotten after 90 days.
    fn default() -> Policy {
        Policy {
            users: UserPolicy::Open,
            lease_s: Some(120),
            idle_after_s: None,
            goodbye_grace_s: 60,
            reclaim: Reclaim::OnDemand,
            max_session_s: None,
            same_user: SameUser::TakeOver,
            overdraft: 0,
            linger_s: 0,
            reserved: Vec::new(),
            release_floor_s: 120,
            names: Names::Full,
            keep_devices_d: Some(90),
            reasons: Reasons::Optional,
            when_full: WhenFull::Deny,
            offer_s: 60,
            wait_lease_s: 120,
            hand_over_s: None,
        }
    }
}

impl Policy {
    /// Applies one recorded setting.
    pub fn set(&mut self, setting: Setting) {
        match setting {
            Setting::Users(users) => self.users = users,
            Setting::Lease(lease) => self.lease_s = lease,
            Setting::IdleAfter(idle) => self.idle_after_s = idle,
            Setting::GoodbyeGrace(grace) => self.goodbye_grace_s = grace,
            Setting::Reclaim(reclaim) => self.reclaim = reclaim,
            Setting::MaxSession(max) => self.max_session_s = max,
            Setting::SameUser(same_user) => self.same_user = same_user,
            Setting::Overdraft(seats) => self.overdraft = seats,
            Setting::Linger(linger) => self.linger_s = linger,
            Setting::Reserved(site, seats) => self.reserve(site, seats),
            Setting::ReleaseFloor(floor) => self.release_floor_s = floor,
            Setting::Names(names) => self.names = names,
            Setting::KeepDevices(days) => self.keep_devices_d = days,
            Setting::Reasons(reasons) => self.reasons = reasons,
            Setting::WhenFull(when_full) => self.when_full = when_full,
            Setting::Offer(offer) => self.offer_s = offer,
            Setting::WaitLease(lease) => self.wait_lease_s = lease,
            Setting::HandOver(time) => self.hand_over_s = time,
        }
    }

    fn reserve(&mut self, site: SiteId, seats: u32) {
        self.reserved.retain(|(other, _)| *other != site);
        if seats > 0 {
            self.reserved.push((site, seats));
            self.reserved.sort_unstable();
        }
    }
}
