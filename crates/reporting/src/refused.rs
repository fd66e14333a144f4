//! The reasons of a refusal in words: what stood in the way, who held the seats, and why no silent holder's
//! seat could be taken.

use crate::civil::Zone;
use crate::names::Names;
use crate::shown::counted;
use crate::who::{SeatRow, SeatState, seats};
use projector::Denial;
use seats::{Account, DenialReason, Naming, Reclaim, SiteId, Timestamp, UserStanding};

/// Why a login was refused, as the second half of a sentence. `account`: as it was just before.
pub(crate) fn reason_in_words(
    denial: &Denial,
    account: &Account,
    name: &str,
    names: &Names<'_>,
    zone: Zone,
) -> String {
    let at = denial.at.at;
    match denial.reason {
        DenialReason::AllSeatsHeld => all_held(denial, account),
        DenialReason::SeatsReserved => {
            format!(
                "the seats that were free are reserved for {}",
                reserved(account, denial.site, names, at)
            )
        }
        DenialReason::AlreadyLoggedIn => {
            let own = account.sessions_of(denial.user).next();
            let day = zone.date_of(at);
            let own = own.map_or_else(String::new, |own| {
                format!(", on {} since {}", own.seat, zone.say(own.since, day))
            });
            format!(
                "{name} was logged in already{own}, and the policy allows a user one session (same-user deny)"
            )
        }
        DenialReason::NotRegistered => match account.user(denial.user).map(|user| user.standing) {
            Some(UserStanding::Forgotten) => {
                "the user's entry was erased, and its number may not log in again".to_owned()
            }
            _ => format!("the account admits registered users only, and {name} was not one"),
        },
        DenialReason::UserSuspended => format!("{name} was suspended"),
        DenialReason::AccountSuspended => "the account was suspended".to_owned(),
        DenialReason::AccountClosed => "the account was closed".to_owned(),
    }
}

fn all_held(denial: &Denial, account: &Account) -> String {
    let licences = account.licences().at(denial.at.at);
    let overdraft = account.policy().overdraft;
    let limit = account.limit(denial.at.at);
    let mut said = match denial.held {
        0 => return "no licences were in force".to_owned(),
        held if held > limit => {
            format!("{} held, more than the {limit} that may be", were(held))
        }
        1 => "the only seat was held".to_owned(),
        2 => "both seats were held".to_owned(),
        held => format!("all {held} seats were held"),
    };
    if overdraft > 0 {
        said += &format!(" ({} and {overdraft} of overdraft)", counted(licences.into(), "licence"));
    }
    said
}

/// One line for each seat that was taken, where that is why.
pub(crate) fn holders_in_words(
    denial: &Denial,
    account: &Account,
    names: &Names<'_>,
    zone: Zone,
) -> Vec<String> {
    match denial.reason {
        DenialReason::AllSeatsHeld | DenialReason::SeatsReserved => {}
        _ => return Vec::new(),
    }
    let watched = account.policy().lease_s.or(account.policy().idle_after_s).is_some();
    let rows = seats(account, None, names, denial.at.at);
    let day = zone.date_of(denial.at.at);
    rows.iter().map(|row| holder(row, watched, zone, day)).collect()
}

fn holder(row: &SeatRow, watched: bool, zone: Zone, day: seats::CivilDate) -> String {
    let shown = |at: Option<crate::At>| at.map_or_else(String::new, |at| zone.say(at.0, day));
    let mut user = row.user.clone();
    if let Some(site) = &row.site {
        user += &format!(" ({site})");
    }
    let (seat, since, seen) = (row.seat, shown(row.since), shown(row.last_seen));
    match row.state {
        SeatState::Live if watched => format!("  seat {seat}: {user}, since {since}, active"),
        SeatState::Live => {
            format!(
                "  seat {seat}: {user}, since {since}; nothing tells whether still there (lease none)"
            )
        }
        SeatState::Dormant => format!("  seat {seat}: {user}, since {since}, silent since {seen}"),
        SeatState::Lingering => {
            let until = shown(row.state_since_or_until);
            format!("  seat {seat}: kept for {user} after log-out, until {until}")
        }
        SeatState::Offered => {
            let until = shown(row.state_since_or_until);
            format!("  seat {seat}: offered to {user}, who was in line, until {until}")
        }
    }
}

/// Why the seats of silent holders could not be taken, if there were any.
pub(crate) fn grounds(denial: &Denial, account: &Account, names: &Names<'_>) -> Option<String> {
    let seats_matter =
        matches!(denial.reason, DenialReason::AllSeatsHeld | DenialReason::SeatsReserved);
    if !seats_matter || denial.dormant == 0 {
        return None;
    }
    let policy = account.policy();
    let limit = account.limit(denial.at.at);
    let left = denial.held.saturating_sub(denial.dormant);
    Some(if policy.reclaim == Reclaim::Never {
        "No seat is taken from a silent holder here: the policy says reclaim never.".to_owned()
    } else if left >= limit {
        format!(
            "Taking the silent holders' seats would not have helped: without them {} still held, and only \
             {limit} may be.",
            were(left)
        )
    } else {
        let sites = reserved(account, denial.site, names, denial.at.at);
        format!("Taking a silent holder's seat would not have helped: it is reserved for {sites}.")
    })
}

/// `North (2 seats) and South (1 seat)`: reservations for other sites, as far as there are seats for them.
pub(crate) fn reserved(
    account: &Account,
    own: Option<SiteId>,
    names: &Names<'_>,
    at: Timestamp,
) -> String {
    let limit = account.limit(at);
    let others = account.policy().reserved.iter().filter(|(site, _)| Some(*site) != own);
    let named: Vec<String> = others
        .map(|(site, seats)| {
            let site = names.site(*site).unwrap_or_else(|| site.to_string());
            match *seats {
                seats if seats < limit => format!("{site} ({})", counted(seats.into(), "seat")),
                _ if limit == 1 => format!("{site} (the only seat)"),
                _ => format!("{site} (all {limit} seats)"),
            }
        })
        .collect();
    if named.is_empty() { "other sites".to_owned() } else { named.join(" and ") }
}

/// `1 seat was`, `3 seats were`.
fn were(count: u32) -> String {
    if count == 1 { "1 seat was".to_owned() } else { format!("{count} seats were") }
}
