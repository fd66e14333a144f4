//! `account set-licences`: and what it comes to, now and later.
//!
//! At an instant the change with the latest effective instant counts. So a change from a day's first instant
//! may lie before one that was made later that day, or before one that is announced; what is printed says
//! until when the change counts, and what is in force now.

use super::{change, effective};
use crate::args::Format;
use crate::caller::Caller;
use crate::failure::Failure;
use crate::output::{self, Output};
use crate::place;
use admission::Request;
use projector::{AsOf, Views};
use reporting::At;
use reporting::civil::{Month, Zone, show_date};
use seats::{Account, Effective, Timestamp};
use serde_json::json;
use std::path::Path;

pub(super) fn set(
    data: &Path,
    name: &str,
    licences: u32,
    from: Option<&str>,
    caller: &Caller,
    output: Output,
) -> Result<(), Failure> {
    let ledger = place::open(data)?;
    let account = place::account(&ledger, name)?;
    let effective = from.map(|from| effective(&ledger, account, from)).transpose()?;
    let before = Views::without_snapshots(&ledger).as_of(account, AsOf::Now)?.account;
    let zone = place::zone(before.zone())?;
    if let Some(effective) = effective {
        check_counts(&before, effective, licences, zone)?;
    }
    let request = Request::SetLicences { account, to: licences, effective };
    let after = change(ledger, account, request, caller)?;
    let now = place::now().max(after.last_at());
    let from = effective.map_or(after.last_at(), |effective| effective.instant);
    let then = next_change(&after, from).filter(|(_, then)| *then != licences);
    let in_force = after.licences().at(now);
    let adjusted = reporting::adjusted_in(&after, from, zone);
    remark_on_reservations(&after);
    match output.format {
        Format::Json => output.json(&json!({
            "account": name, "licences": licences, "from": At(from), "in_force_now": in_force,
            "until": then.map(|(until, _)| At(until)), "then": then.map(|(_, then)| then),
            "adjustment_in": adjusted.map(|month| month.to_string()),
        })),
        Format::Table => {
            let from = match effective {
                None => "now".to_owned(),
                Some(Effective { instant, .. }) => zone.show(instant),
            };
            let until = then.map(|(until, then)| {
                format!(" until {}, when another change makes them {then}", zone.show(until))
            });
            output.text(&format!(
                "{name}: licences {licences} from {from}{}; in force now: {in_force}{}",
                until.unwrap_or_default(),
                adjusted.map(adjustment).unwrap_or_default()
            ))
        }
    }
}

/// That closed months do not change.
pub(crate) fn adjustment(month: Month) -> String {
    let month = month.in_words();
    format!("; closed months stay as they are, so it becomes an adjustment in {month}")
}

/// Says if more seats are reserved for sites than there are licences: then nobody else gets one.
pub(super) fn remark_on_reservations(account: &Account) {
    let reserved = account.policy().reserved.iter();
    let reserved = reserved.fold(0_u32, |sum, (_, seats)| sum.saturating_add(*seats));
    let licences = account.licences().at(place::now().max(account.last_at()));
    if reserved > 0 && reserved >= licences {
        output::talk(&format!(
            "note: {reserved} seats are reserved for sites, and {licences} licences are in force; a login \
             from anywhere else gets a seat only as overdraft, if at all"
        ));
    }
}

/// Refuses a change that another one, made later on the same day, would undo before the day is over.
fn check_counts(
    account: &Account,
    effective: Effective,
    licences: u32,
    zone: Zone,
) -> Result<(), Failure> {
    let Some((later, stays)) = next_change(account, effective.instant) else { return Ok(()) };
    let day = zone.date_of(effective.instant);
    if zone.date_of(later) != day || stays == licences {
        return Ok(());
    }
    Err(Failure::refused(format!(
        "nothing would come of it: on {} the licences were set to {stays} at {}, which is later than {} and \
         goes on counting; leave out --from to set them from now on",
        show_date(day),
        zone.show_on(later, day),
        zone.show_on(effective.instant, day),
    )))
}

/// The first change that counts from after an instant.
fn next_change(account: &Account, from: Timestamp) -> Option<(Timestamp, u32)> {
    account.licences().changes().iter().copied().find(|(instant, _)| *instant > from)
}
