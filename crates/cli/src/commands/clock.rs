//! `clock`: how the machine's clock stands against the ledger, and its confirmation.

use crate::args::{Clock, Format};
use crate::caller::Caller;
use crate::failure::Failure;
use crate::output::Output;
use crate::place;
use admission::{Admission, SystemClock};
use ledger::Role;
use reporting::civil::show_utc;
use seats::Timestamp;
use serde_json::json;
use std::path::Path;

pub(crate) fn run(
    data: &Path,
    clock: Clock,
    caller: &Caller,
    output: Output,
) -> Result<(), Failure> {
    match clock {
        Clock::Show => show(data, output),
        Clock::Confirm => confirm(data, caller, output),
    }
}

fn show(data: &Path, output: Output) -> Result<(), Failure> {
    let ledger = place::open(data)?;
    let recorded = Some(place::recorded_at(&ledger)?).filter(|at| *at > Timestamp::ZERO);
    let believed = match admission::time_on(&ledger, SystemClock) {
        Ok(_) => true,
        Err(admission::Error::ClockStepped { .. }) => false,
        Err(other) => return Err(other.into()),
    };
    let (now, recorded) = (show_utc(place::now()), recorded.map(show_utc));
    match output.format {
        Format::Json => output.json(&json!({
            "clock": now, "last_recorded": recorded, "believed": believed,
        })),
        Format::Table => {
            let verdict = match believed {
                true => "the clock is believed",
                false => {
                    "the clock is not believed: set it right; if it is right, `seatledger clock confirm`"
                }
            };
            let recorded = recorded.unwrap_or_else(|| "nothing yet".to_owned());
            output.text(&format!("clock          {now}\nlast recorded  {recorded}\n{verdict}"))
        }
    }
}

fn confirm(data: &Path, caller: &Caller, output: Output) -> Result<(), Failure> {
    let ledger = place::open(data)?;
    let (reason, actor) = (caller.reason.clone(), caller.actor(Role::Admin));
    let confirm =
        async |admission: &Admission| admission.confirm_clock_because(reason, actor).await;
    let step = place::admit(ledger, None, confirm)?;
    let Some(step) = step else {
        return output.done("there is nothing to confirm: the clock agrees with the ledger");
    };
    let (from, to) = (show_utc(step.from), show_utc(step.to));
    match output.format {
        Format::Json => output.json(&json!({ "confirmed": to, "instead_of": from })),
        Format::Table => output.text(&format!(
            "the clock is right: it is {to}, not {from}\n\
             accounts that were written to at a later time stand still until then"
        )),
    }
}
