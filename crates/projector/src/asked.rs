//! Which answer belongs to which question.
//!
//! A grant or denial names its request, or names none and then answers the last one asked before it in the
//! same commit. A request that waits in line stays unanswered until it is granted, or leaves the line. Every view that needs to know who was answered, and since when they had been asking, keeps
//! an [`Asked`].

use crate::Evidence;
use ledger::Record;
use seats::{Account, DeviceId, RequestId, SiteId, UserId};

/// A login request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Request {
    /// The caller's id of this attempt.
    pub request: RequestId,
    /// Who asks.
    pub user: UserId,
    /// From which site.
    pub site: Option<SiteId>,
    /// From which device.
    pub device: Option<DeviceId>,
    /// When it was asked; `None` if that was before the part of the history that was read.
    pub asked: Option<Evidence>,
}

/// Requests not yet answered, oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    open: Vec<Request>,
}

impl Asked {
    /// The requests an account was left with before the part of its history that will be read.
    pub(crate) fn left_by(account: &Account) -> Asked {
        let request = |pending: &seats::account::Pending| Request {
            request: pending.request,
            user: pending.user,
            site: pending.site,
            device: pending.device,
            asked: None,
        };
        Asked { open: account.pending().iter().map(request).collect() }
    }

    pub(crate) fn ask(
        &mut self,
        record: &Record,
        request: RequestId,
        user: UserId,
        site: Option<SiteId>,
        device: Option<DeviceId>,
    ) {
        let asked = Some(Evidence::of(record));
        self.open.push(Request { request, user, site, device, asked });
    }

    /// Takes off the request that a grant or denial answers; `None` if it answers none that is open.
    pub(crate) fn answer(&mut self, request: Option<RequestId>) -> Option<Request> {
        match request {
            None => self.open.pop(),
            Some(request) => {
                let place = self.open.iter().position(|asked| asked.request == request)?;
                Some(self.open.remove(place))
            }
        }
    }

    /// The request that was asked last.
    pub(crate) fn last(&self) -> Option<Request> {
        self.open.last().copied()
    }

    pub(crate) fn open(&self) -> &[Request] {
        &self.open
    }
}
