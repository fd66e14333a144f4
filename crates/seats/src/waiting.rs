//! Who has asked and not been answered, and who of them is in line.

use crate::account::Account;
use crate::ids::{DeviceId, RequestId, SeatNo, SiteId, UserId};
use crate::time::Timestamp;
use bincode::{Decode, Encode};

/// A seat kept for somebody in line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Offer {
    /// Which seat.
    pub seat: SeatNo,
    /// Since when.
    pub made: Timestamp,
    /// Until when; our own downtime comes on top.
    pub until: Timestamp,
}

/// A place in line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Waits {
    /// Since when.
    pub since: Timestamp,
    /// The last sign of life that the log knows: the login, or the last offer that was withdrawn.
    pub sign: Timestamp,
    /// The seat that is kept for it.
    pub offer: Option<Offer>,
}

/// A login request not yet answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Pending {
    /// The caller's id.
    pub request: RequestId,
    /// Who asks.
    pub user: UserId,
    /// From which site.
    pub site: Option<SiteId>,
    /// From which device.
    pub device: Option<DeviceId>,
    /// Its place in line; `None`: it is in none (another system's history knows such requests).
    pub waits: Option<Waits>,
}

impl Account {
    /// A request that is not yet answered.
    pub fn asked(&self, request: RequestId) -> Option<&Pending> {
        self.pending.iter().find(|asked| asked.request == request)
    }
    /// The requests in line, the next one first.
    pub fn line(&self) -> impl DoubleEndedIterator<Item = &Pending> {
        self.pending.iter().filter(|asked| asked.waits.is_some())
    }
    /// Whether anybody is in line, or an asking for a seat is still to be closed after its asker left.
    pub fn has_line(&self) -> bool {
        self.line().next().is_some() || !self.hand_overs.is_empty()
    }
    /// A request's place in line, from 1.
    pub fn place(&self, request: RequestId) -> Option<u32> {
        let place = self.line().position(|asked| asked.request == request)?;
        u32::try_from(place).ok()?.checked_add(1)
    }
    /// Seats kept for those in line to whom they are offered, by place in line.
    pub fn offers(&self) -> impl DoubleEndedIterator<Item = (&Pending, Offer)> {
        self.pending.iter().filter_map(|asked| Some((asked, asked.waits?.offer?)))
    }
}
