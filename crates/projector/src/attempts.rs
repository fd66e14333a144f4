//! Refused logins one by one, those put in line among them, where an episode would say too little: to count them, and to mark each in a
//! picture of the day.

use crate::asked::Asked;
use crate::denials::Denial;
use crate::evidence::Evidence;
use crate::views::{AsOf, Views};
use ledger::ReadError;
use seats::{AccountId, Event, Timestamp};

impl Views {
    /// Calls `each` for every refused login in `[from, to)`, in order.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn denials(
        &self,
        account: AccountId,
        from: Timestamp,
        to: Timestamp,
        mut each: impl FnMut(Denial),
    ) -> Result<(), ReadError> {
        let before = self.as_of(account, AsOf::Before(from))?;
        let mut asked = Asked::left_by(&before.account);
        for record in self.commits_after(&before)? {
            let record = record?;
            if record.commit.at >= to {
                break;
            }
            for event in &record.commit.events {
                match event {
                    Event::LoginRequested { request, user, site, device } => {
                        asked.ask(&record, *request, *user, *site, *device);
                    }
                    Event::SeatGranted { request, .. } => {
                        asked.answer(*request);
                    }
                    Event::SeatDenied { request, reason, held, dormant } => {
                        if let Some(asked) = asked.answer(*request) {
                            let at = Evidence::of(&record);
                            let (user, site, request) = (asked.user, asked.site, asked.request);
                            let (reason, held, dormant) = (*reason, *held, *dormant);
                            let queued = false;
                            each(Denial { at, user, site, request, reason, held, dormant, queued });
                        }
                    }
                    Event::Queued { reason, held, dormant } => {
                        if let Some(asked) = asked.last() {
                            let at = Evidence::of(&record);
                            let (user, site, request) = (asked.user, asked.site, asked.request);
                            let (reason, held, dormant) = (*reason, *held, *dormant);
                            let queued = true;
                            each(Denial { at, user, site, request, reason, held, dormant, queued });
                        }
                    }
                    Event::OfferLapsed { request } | Event::LeftQueue { request, .. } => {
                        asked.answer(Some(*request));
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }
}
