//! What the vendor has chosen, in the naive model.

use seats::{Reclaim, SameUser, Setting, UserPolicy, WhenFull};
use std::collections::BTreeMap;

/// What the vendor has chosen.
#[derive(Debug)]
pub(crate) struct Chosen {
    pub(crate) users: UserPolicy,
    pub(crate) lease: Option<u32>,
    pub(crate) idle: Option<u32>,
    pub(crate) grace: u32,
    pub(crate) reclaim: Reclaim,
    pub(crate) longest: Option<u32>,
    pub(crate) same_user: SameUser,
    pub(crate) overdraft: u32,
    pub(crate) linger: u32,
    pub(crate) reserved: BTreeMap<u16, u32>,
    pub(crate) floor: u32,
    pub(crate) when_full: WhenFull,
    pub(crate) offer: u32,
    pub(crate) wait_lease: u32,
    pub(crate) hand_over: Option<u32>,
}

impl Default for Chosen {
    fn default() -> Chosen {
        Chosen {
            users: UserPolicy::Open,
            lease: Some(120),
            idle: None,
            grace: 60,
            reclaim: Reclaim::OnDemand,
            longest: None,
            same_user: SameUser::TakeOver,
            overdraft: 0,
            linger: 0,
            reserved: BTreeMap::new(),
            floor: 120,
            when_full: WhenFull::Deny,
            offer: 60,
            wait_lease: 120,
            hand_over: None,
        }
    }
}

impl Chosen {
    pub(crate) fn choose(&mut self, setting: Setting) {
        match setting {
            Setting::Users(users) => self.users = users,
            Setting::Lease(lease) => self.lease = lease,
            Setting::IdleAfter(idle) => self.idle = idle,
            Setting::GoodbyeGrace(grace) => self.grace = grace,
            Setting::Reclaim(reclaim) => self.reclaim = reclaim,
            Setting::MaxSession(longest) => self.longest = longest,
            Setting::SameUser(same_user) => self.same_user = same_user,
            Setting::Overdraft(seats) => self.overdraft = seats,
            Setting::Linger(linger) => self.linger = linger,
            Setting::Reserved(site, seats) => {
                self.reserved.insert(site.0, seats);
            }
            Setting::ReleaseFloor(floor) => self.floor = floor,
            Setting::WhenFull(when_full) => self.when_full = when_full,
            Setting::Offer(offer) => self.offer = offer,
            Setting::WaitLease(lease) => self.wait_lease = lease,
            Setting::HandOver(time) => self.hand_over = time,
            Setting::Names(_) | Setting::KeepDevices(_) | Setting::Reasons(_) => {}
        }
    }
}
