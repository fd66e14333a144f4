//! What an account of the naive model has chosen, and what a plan chooses.

use crate::dice::Dice;
use seats::{Micros, Reclaim, SameUser, Setting, SiteId, UserPolicy, WhenFull};

/// The settings that matter to the model.
#[derive(Debug)]
pub(crate) struct Chosen {
    /// Who may log in.
    pub(crate) users: UserPolicy,
    /// What happens to the dormant.
    pub(crate) reclaim: Reclaim,
    /// What a second login does.
    pub(crate) same_user: SameUser,
    /// Seats above the licences.
    pub(crate) overdraft: u32,
    /// How long a seat lingers.
    pub(crate) linger: Micros,
    /// The longest session.
    pub(crate) longest: Option<Micros>,
    /// Seats kept for sites.
    pub(crate) reserved: Vec<(SiteId, u32)>,
    /// What happens to a login without a seat.
    pub(crate) when_full: WhenFull,
    /// How long a seat is offered.
    pub(crate) offer: Micros,
    /// How long nothing is heard of somebody in line.
    pub(crate) wait_lease: Micros,
    /// How long a holder has to answer who is asked for the seat.
    pub(crate) hand_over: Option<Micros>,
    /// How long nobody is asked who has just sat down.
    pub(crate) floor: Micros,
    lease: Option<u32>,
    idle: Option<u32>,
}

impl Default for Chosen {
    fn default() -> Chosen {
        Chosen {
            users: UserPolicy::Open,
            reclaim: Reclaim::OnDemand,
            same_user: SameUser::TakeOver,
            overdraft: 0,
            linger: Micros::ZERO,
            longest: None,
            reserved: Vec::new(),
            when_full: WhenFull::Deny,
            offer: Micros::from_secs(60),
            wait_lease: Micros::from_secs(120),
            hand_over: None,
            floor: Micros::from_secs(120),
            lease: Some(120),
            idle: None,
        }
    }
}

impl Chosen {
    /// Takes up a setting.
    pub(crate) fn choose(&mut self, setting: Setting) {
        match setting {
            Setting::Users(users) => self.users = users,
            Setting::Lease(lease) => self.lease = lease,
            Setting::IdleAfter(idle) => self.idle = idle,
            Setting::Reclaim(reclaim) => self.reclaim = reclaim,
            Setting::MaxSession(longest) => self.longest = longest.map(Micros::from_secs),
            Setting::SameUser(same_user) => self.same_user = same_user,
            Setting::Overdraft(seats) => self.overdraft = seats,
            Setting::Linger(linger) => self.linger = Micros::from_secs(linger),
            Setting::Reserved(site, seats) => {
                self.reserved.retain(|(other, _)| *other != site);
                if seats > 0 {
                    self.reserved.push((site, seats));
                }
            }
            Setting::WhenFull(when_full) => self.when_full = when_full,
            Setting::Offer(offer) => self.offer = Micros::from_secs(offer),
            Setting::WaitLease(lease) => self.wait_lease = Micros::from_secs(lease),
            Setting::ReleaseFloor(floor) => self.floor = Micros::from_secs(floor),
            Setting::HandOver(time) => self.hand_over = time.map(Micros::from_secs),
            Setting::GoodbyeGrace(_)
            | Setting::Names(_)
            | Setting::KeepDevices(_)
            | Setting::Reasons(_) => {}
        }
    }

    /// Nobody who has not said goodbye falls silent sooner than this after the last sign of life; `None`: for
    /// idleness, at any time.
    pub(crate) fn silence_min(&self) -> Option<Micros> {
        let lease = self.lease.map_or(Micros(u64::MAX), Micros::from_secs);
        self.idle.is_none().then_some(lease)
    }
}

/// A setting by chance; `sites` are known.
pub(crate) fn setting(dice: &mut Dice, sites: u16) -> Setting {
    match dice.below(17) {
        0 => Setting::Lease(dice.of_these(&[None, Some(1), Some(5), Some(30), Some(300)])),
        1 => Setting::IdleAfter(dice.of_these(&[None, None, Some(2), Some(60)])),
        2 => Setting::GoodbyeGrace(dice.of_these(&[0, 1, 20])),
        3 | 4 => Setting::Reclaim(dice.of_these(&[
            Reclaim::Never,
            Reclaim::OnDemand,
            Reclaim::OnDemand,
            Reclaim::AtOnce,
        ])),
        5 => Setting::MaxSession(dice.of_these(&[None, None, Some(10), Some(900)])),
        6 => Setting::SameUser(dice.of_these(&[
            SameUser::TakeOver,
            SameUser::Share,
            SameUser::Separate,
            SameUser::Deny,
        ])),
        7 => Setting::Overdraft(dice.of_these(&[0, 0, 1, 2])),
        8 => Setting::Linger(dice.of_these(&[0, 0, 1, 30])),
        9 if sites > 0 => {
            Setting::Reserved(SiteId(1 + dice.below(u64::from(sites)) as u16), dice.below(3) as u32)
        }
        11 | 12 => Setting::WhenFull(dice.of_these(&[
            WhenFull::Deny,
            WhenFull::Queue,
            WhenFull::Queue,
            WhenFull::Queue,
        ])),
        13 => Setting::Offer(dice.of_these(&[1, 10, 60])),
        14 => Setting::WaitLease(dice.of_these(&[2, 30, 120, 600])),
        15 | 16 => Setting::HandOver(dice.of_these(&[None, Some(10), Some(30), Some(120)])),
        9 => Setting::ReleaseFloor(dice.of_these(&[0, 5, 120])),
        _ => Setting::Users(dice.of_these(&[
            UserPolicy::Open,
            UserPolicy::Open,
            UserPolicy::Registered,
        ])),
    }
}
