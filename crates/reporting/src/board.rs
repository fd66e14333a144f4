//! An account's board: every seat with its holder, what the next login would meet, and who was refused
//! lately. What support looks at first.

use crate::denials::Denials;
use crate::names::Names;
use crate::reports::{ReportError, Reports};
use crate::shown::{At, Report, counted};
use crate::who::Who;
use seats::account::Waits;
use seats::room::{Room, Seeker, reclaimable, room};
use seats::{
    Account, AccountId, HandOver, Liveness, Micros, Naming, Reasons, Reclaim, Standing, Timestamp,
    UserId, WhenFull,
};
use serde::Serialize;

/// What somebody who logs in next would meet.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outlook {
    /// A free seat.
    Free,
    /// No free seat, but one that is taken from a silent holder.
    Reclaimable,
    /// Free seats, but for other sites only.
    Reserved,
    /// No seat, but a place in line.
    Line,
    /// No seat.
    Full,
    /// An account that admits nobody new.
    Barred,
}

/// Somebody in line.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct InLine {
    /// Who, by name, or by number where there is none.
    pub user: String,
    /// Who, by number.
    pub user_id: u32,
    /// Since when.
    pub since: At,
    /// Which seat is offered, if one is.
    pub offered: Option<u32>,
    /// Until when it is.
    pub until: Option<At>,
}

/// Somebody has asked for a seat, and its holder has not answered.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct AskedFor {
    /// The number of the asking.
    pub handover: u32,
    /// Which seat.
    pub seat: u32,
    /// Who asks, by name, or by number where there is none.
    pub by: String,
    /// Who asks, by number.
    pub by_id: u32,
    /// Until when the holder may answer; then silence is consent.
    pub until: At,
}

/// Seats reserved for a site.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ReservedRow {
    /// Which site, by name, or by number where there is none.
    pub site: String,
    /// Seats that only logins from there get.
    pub seats: u32,
    /// Sessions from there.
    pub sessions: u64,
}

/// An account's board.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Board {
    /// Who holds each seat.
    pub who: Who,
    /// The account's number.
    pub account_id: u64,
    /// Numbers of the seats that nobody holds, up to licences and overdraft.
    pub free: Vec<u32>,
    /// What somebody who logs in next would meet.
    pub outlook: Outlook,
    /// The same in a sentence.
    pub outlook_in_words: String,
    /// Seats reserved for sites, by site.
    pub reserved: Vec<ReservedRow>,
    /// Who is in line for a seat, the next one first.
    pub line: Vec<InLine>,
    /// Which seats are asked for.
    pub asked_for: Vec<AskedFor>,
    /// Seconds from its grant during which a session is released only if forced.
    pub release_floor_s: u32,
    /// Whether whoever releases a seat must write a note.
    pub note_needed: bool,
    /// Who was refused in the last seven days.
    pub denials: Denials,
}

/// How far back the board looks for refusals.
const LATELY: Micros = Micros::from_secs(7 * 86_400);

/// How many free seats are listed one by one.
const FREE_MAX: usize = 1_000;

impl Reports<'_> {
    /// An account's board at `now`, which is not before its last commit.
    ///
    /// # Errors
    /// When there is no such account, it is hidden, or the log cannot be read.
    pub fn board(
        &self,
        account: AccountId,
        now: Timestamp,
        liveness: Option<&Liveness>,
    ) -> Result<Board, ReportError> {
        let (occupancy, _) = self.whole(account)?;
        let settled = liveness.map(|liveness| occupancy.settled(liveness, now));
        let state = settled.as_ref().unwrap_or(&occupancy.account);
        let who = self.who(account, now, liveness)?;
        let taken: Vec<u32> = who.seats.iter().map(|row| row.seat).collect();
        let free = (1..=state.limit(now)).filter(|seat| taken.binary_search(seat).is_err());
        let (outlook, outlook_in_words) = outlook(state, now);
        let end = Timestamp(now.0.saturating_add(1));
        Ok(Board {
            account_id: account.0,
            free: free.take(FREE_MAX).collect(),
            outlook,
            outlook_in_words,
            reserved: reserved(state, &self.names(account)),
            line: in_line(state, &self.names(account)),
            asked_for: asked_for(state, &self.names(account)),
            release_floor_s: state.policy().release_floor_s,
            note_needed: state.policy().reasons == Reasons::ForAll,
            denials: self.denials(account, Some(now - LATELY), Some(end), now)?,
            who,
        })
    }
}

fn reserved(account: &Account, names: &Names<'_>) -> Vec<ReservedRow> {
    let rows = account.policy().reserved.iter().map(|(site, seats)| ReservedRow {
        site: names.site(*site).unwrap_or_else(|| site.to_string()),
        seats: *seats,
        sessions: account.sessions().filter(|session| session.site == Some(*site)).count() as u64,
    });
    rows.collect()
}

fn in_line(account: &Account, names: &Names<'_>) -> Vec<InLine> {
    let line = account.line().filter_map(|asked| Some((asked.user, asked.waits?)));
    let row = |(user, waits): (UserId, Waits)| InLine {
        user: names.shown(user),
        user_id: user.0,
        since: At(waits.since),
        offered: waits.offer.map(|offer| offer.seat.0),
        until: waits.offer.map(|offer| At(offer.until)),
    };
    line.map(row).collect()
}

fn asked_for(account: &Account, names: &Names<'_>) -> Vec<AskedFor> {
    let row = |asked: &HandOver| AskedFor {
        handover: asked.id.0,
        seat: asked.seat.0,
        by: names.shown(asked.asker),
        by_id: asked.asker.0,
        until: At(asked.until),
    };
    account.hand_overs().iter().map(row).collect()
}

/// What somebody who is not logged in and comes from no site in particular would meet.
fn outlook(account: &Account, at: Timestamp) -> (Outlook, String) {
    let seeker = Seeker { user: account.next_user(), site: None, at };
    let (limit, taken) = (account.limit(at), account.taken(at));
    let free = u64::from(limit.saturating_sub(taken));
    match account.standing() {
        Standing::Open => {}
        Standing::Suspended => {
            let said = "The account is suspended: nobody new gets in until it is reinstated.";
            return (Outlook::Barred, said.to_owned());
        }
        Standing::Closed | Standing::Unopened => {
            return (Outlook::Barred, "The account is closed: nobody gets in.".to_owned());
        }
    }
    let here = room(account, &seeker, limit, &[]);
    if here == Room::Free {
        let verb = if free == 1 { "is" } else { "are" };
        let said = format!("{} {verb} free: the next login gets one.", counted(free, "seat"));
        return (Outlook::Free, said);
    }
    let reclaims = account.policy().reclaim != Reclaim::Never;
    if reclaims && reclaimable(account, &seeker, limit).is_some() {
        let said =
            "No seat is free, but the next login gets the seat of the longest silent holder.";
        return (Outlook::Reclaimable, said.to_owned());
    }
    if account.policy().when_full == WhenFull::Queue {
        let place = account.line().count().saturating_add(1);
        let said =
            format!("No seat is free for it: the next login is put in line, at place {place}.");
        return (Outlook::Line, said);
    }
    if here == Room::Reserved {
        let said = "The free seats are reserved: only logins from their sites get in.";
        return (Outlook::Reserved, said.to_owned());
    }
    let dormant = account.dormant_seats().len();
    let said = match dormant {
        0 => "No seat is free: the next login is refused.".to_owned(),
        _ if !reclaims => "No seat is free, and the policy says reclaim never: the next login is refused."
            .to_owned(),
        _ => "No seat is free, and taking the silent holders' seats would not help: the next login is refused."
            .to_owned(),
    };
    (Outlook::Full, said)
}

impl Report for Board {
    fn text(&self) -> String {
        let who = self.who.text();
        format!("{who}\n{}\n\n{}", self.outlook_in_words, self.denials.text())
    }
}
