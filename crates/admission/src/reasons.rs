//! Who must say why.
//!
//! By the account's policy (`reasons`): nobody; whoever wants to see names; or also whoever changes anything by
//! hand. What cannot be undone takes a reason under every policy. What time makes due takes none.

use ledger::{Actor, Role};
use seats::{Command, Policy, Reasons, Rejection};

/// Refuses a command that lacks a reason.
pub(crate) fn for_command(
    policy: &Policy,
    command: &Command,
    given: bool,
    actor: Actor,
) -> Result<(), Rejection> {
    // A note to a release says why, and stands in the same commit.
    let noted = matches!(command, Command::Release { note: Some(_), .. });
    if given || noted || actor.role == Role::Clock {
        return Ok(());
    }
    match policy.reasons {
        _ if command.is_for_good() => {
            Err(Rejection::ReasonNeeded("what is forgotten is gone for good"))
        }
        Reasons::ForAll if command.is_by_hand() => {
            Err(Rejection::ReasonNeeded("the account's policy is reasons for-all"))
        }
        // Evidence with names is a look at them.
        Reasons::ForLooks if matches!(command, Command::TakeEvidence { names: true, .. }) => {
            for_look(policy, false)
        }
        Reasons::ForAll | Reasons::ForLooks | Reasons::Optional => Ok(()),
    }
}

/// Refuses a look that lacks a reason.
pub(crate) fn for_look(policy: &Policy, given: bool) -> Result<(), Rejection> {
    match policy.reasons {
        Reasons::ForLooks if !given => {
            Err(Rejection::ReasonNeeded("the account's policy is reasons for-looks"))
        }
        Reasons::ForAll if !given => {
            Err(Rejection::ReasonNeeded("the account's policy is reasons for-all"))
        }
        _ => Ok(()),
    }
}
