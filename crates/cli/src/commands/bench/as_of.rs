//! What support asks: who held the seats at an instant, and why somebody was refused, as `who --at` and
//! `why --at` answer it. The process has the ledger open already.

use super::Conditions;
use super::ask::Asked;
use super::frame::Measured;
use super::history::USERS;
use crate::args::HistoryArgs;
use crate::failure::Failure;
use reporting::Present;
use seats::UserId;

pub(super) fn run(conditions: &Conditions, history: HistoryArgs) -> Result<Vec<Measured>, Failure> {
    let asked = Asked::open(conditions, history)?;
    let who = asked.measure("who --at, anywhere", "seats_held", 1, |reports, aim| {
        Ok(reports.who(aim.account, aim.at, None)?.seats.len() as u64)
    })?;
    let why = asked.measure("why --at, anywhere", "percent_refused", 2, |reports, aim| {
        let user = UserId(u32::try_from(aim.any % USERS).unwrap_or_default() + 1);
        let present = Present { at: aim.known_until, liveness: None };
        let why = reports.why(aim.account, user, Some(aim.at), present)?;
        Ok(100 * u64::from(why.refusal.is_some()))
    })?;
    Ok(vec![who, why])
}
