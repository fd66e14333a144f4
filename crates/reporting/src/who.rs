//! Who holds, or held, each seat.

use crate::civil::Zone;
use crate::provenance::Provenance;
use crate::reports::{ReportError, Reports};
use crate::shown::{At, Report, Side, counted, length, table};
use projector::AsOf;
use seats::account::Session;
use seats::{Account, AccountId, Liveness, Naming, SeatNo, SessionId, Standing, Timestamp};
use serde::Serialize;

/// How a seat is taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SeatState {
    /// Its holder is heard of, or is not expected to be.
    Live,
    /// Its holder has gone silent.
    Dormant,
    /// Its holder has logged out, and it is kept for a while.
    Lingering,
    /// It is kept for a while for somebody in line, to whom it is offered.
    Offered,
}

impl SeatState {
    pub(crate) fn word(self) -> &'static str {
        match self {
            SeatState::Live => "live",
            SeatState::Dormant => "dormant",
            SeatState::Lingering => "lingering",
            SeatState::Offered => "offered",
        }
    }
}

/// A session on a seat, or a seat kept for somebody.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct SeatRow {
    /// Which seat.
    pub seat: u32,
    /// Who, by name, or by number where there is none.
    pub user: String,
    /// The session's number; `null` for a seat that lingers or is offered.
    pub session: Option<u64>,
    /// When it was granted; `null` for a seat that lingers or is offered.
    pub since: Option<At>,
    /// The last sign of life; `null` where it is not recorded (that of a live session at a past instant
    /// stands nowhere) and for a seat that lingers or is offered.
    pub last_seen: Option<At>,
    /// Live, dormant, lingering or offered.
    pub state: SeatState,
    /// When it went dormant, or until when it lingers or is offered.
    pub state_since_or_until: Option<At>,
    /// From which site, by name.
    pub site: Option<String>,
    /// Granted above the licences bought.
    pub overdraft: bool,
    /// Who, by number.
    pub user_id: u32,
}

/// Who holds, or held, each seat.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Who {
    /// The account's name.
    pub account: String,
    /// The instant that is looked at.
    pub at: At,
    /// Licences in force then, as known then.
    pub licences: u32,
    /// Seats allowed above them.
    pub overdraft: u32,
    /// Seats taken: held or lingering.
    pub taken: u32,
    /// Whether the account admits logins: `open`, `suspended`, `closed` or `not opened`.
    pub standing: &'static str,
    /// By seat, then session.
    pub seats: Vec<SeatRow>,
    /// Where this comes from.
    pub provenance: Provenance,
    #[serde(skip)]
    zone: Zone,
}

impl Reports<'_> {
    /// Who holds, or held, each seat of an account at an instant.
    ///
    /// After the account's last commit, time alone may have changed what the log says; with the signs of
    /// life saved beside the log that is shown as it is. Without them, and for instants before the last
    /// commit, the log alone speaks.
    ///
    /// # Errors
    /// When there is no such account, it is hidden, or the log cannot be read.
    pub fn who(
        &self,
        account: AccountId,
        at: Timestamp,
        liveness: Option<&Liveness>,
    ) -> Result<Who, ReportError> {
        let (now, zone) = self.whole(account)?;
        let then = self.views.as_of(account, AsOf::Instant(at))?;
        let liveness = liveness.filter(|_| then.last == now.last);
        let state = match liveness {
            Some(liveness) => then.settled(liveness, at),
            None => then.account,
        };
        let names = self.names(account);
        let seats = seats(&state, liveness, &names, at);
        let (licences, taken) = (state.licences().at(at), state.taken(at));
        let provenance = self
            .provenance("who", account, zone)
            .parameter("at", crate::civil::show_utc(at))
            .parameter("signs_of_life", if liveness.is_some() { "saved" } else { "logged" })
            .rows(seats.len())
            .total("licences", licences)
            .total("taken", taken);
        Ok(Who {
            account: names.account(),
            at: At(at),
            licences,
            overdraft: state.policy().overdraft,
            taken,
            standing: standing(state.standing()),
            seats,
            provenance,
            zone,
        })
    }
}

/// The rows of an account as it is at `at`, by seat, then session. `liveness`: signs of life up to `at`, if
/// they are known.
pub fn seats(
    account: &Account,
    liveness: Option<&Liveness>,
    names: &dyn Naming,
    at: Timestamp,
) -> Vec<SeatRow> {
    let name = |user: seats::UserId| names.user(user).unwrap_or_else(|| user.to_string());
    let held = account.sessions().map(|session| SeatRow {
        seat: session.seat.0,
        user: name(session.user),
        session: Some(session.id.0),
        since: Some(At(session.since)),
        last_seen: last_seen(session, liveness, at).map(At),
        state: session.dormant.map_or(SeatState::Live, |_| SeatState::Dormant),
        state_since_or_until: session.dormant.map(|dormant| At(dormant.since)),
        site: session.site.map(|site| names.site(site).unwrap_or_else(|| site.to_string())),
        overdraft: session.overdraft,
        user_id: session.user.0,
    });
    let kept = |seat: SeatNo, user: seats::UserId, state: SeatState, until: Timestamp| SeatRow {
        seat: seat.0,
        user: name(user),
        session: None,
        since: None,
        last_seen: None,
        state,
        state_since_or_until: Some(At(until)),
        site: None,
        overdraft: false,
        user_id: user.0,
    };
    let lingering = account.lingering(at);
    let lingering = lingering.map(|l| kept(l.seat, l.user, SeatState::Lingering, l.until));
    let offered = account.offers();
    let offered =
        offered.map(|(to, offer)| kept(offer.seat, to.user, SeatState::Offered, offer.until));
    let mut rows: Vec<SeatRow> = held.chain(lingering).chain(offered).collect();
    rows.sort_by_key(|row| (row.seat, row.session));
    rows
}

/// The last sign of life before or at `at`, where it is recorded or saved.
fn last_seen(session: &Session, liveness: Option<&Liveness>, at: Timestamp) -> Option<Timestamp> {
    match session.dormant {
        Some(dormant) => Some(dormant.last_seen),
        None => liveness.map(|liveness| liveness.last_seen(session)).filter(|seen| *seen <= at),
    }
}

pub(crate) fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Unopened => "not opened",
        Standing::Open => "open",
        Standing::Suspended => "suspended",
        Standing::Closed => "closed",
    }
}

impl Report for Who {
    fn text(&self) -> String {
        let (zone, at) = (self.zone, self.at.0);
        let day = zone.date_of(at);
        let mut text = self.provenance.header();
        text += &format!("\n{} at {}\n", self.account, zone.show(at));
        let licences = counted(self.licences.into(), "licence");
        text += &match self.licences.checked_sub(self.taken) {
            Some(free) => format!("{} of {licences} taken, {free} free", self.taken),
            None => {
                format!("{} taken, more than the {licences}", counted(self.taken.into(), "seat"))
            }
        };
        if self.overdraft > 0 {
            text += &format!(", {} more allowed as overdraft", self.overdraft);
        }
        if self.standing != "open" {
            text += &format!("; the account is {}", self.standing);
        }
        text += "\n";
        if self.seats.is_empty() {
            return text;
        }
        let rows = self.seats.iter().map(|row| row.cells(zone, at, day)).collect();
        let columns = [
            ("Seat", Side::Right),
            ("User", Side::Left),
            ("Since", Side::Left),
            ("Last sign of life", Side::Left),
            ("State", Side::Left),
            ("Session", Side::Left),
        ];
        text + "\n" + &table(&columns, rows)
    }
}

impl SeatRow {
    fn cells(&self, zone: Zone, at: Timestamp, day: seats::CivilDate) -> Vec<String> {
        let shown =
            |instant: Option<At>| instant.map_or_else(String::new, |at| zone.show_on(at.0, day));
        let changed = self.state_since_or_until.map(|changed| changed.0);
        let mut state = match (self.state, changed) {
            (SeatState::Live, _) => "live".to_owned(),
            (SeatState::Dormant, Some(since)) => format!("dormant for {}", length(at.since(since))),
            (SeatState::Lingering, Some(until)) => {
                format!("kept until {}", zone.show_on(until, day))
            }
            (SeatState::Offered, Some(until)) => {
                format!("offered until {}", zone.show_on(until, day))
            }
            (other, None) => other.word().to_owned(),
        };
        if self.overdraft {
            state += ", overdraft";
        }
        let user = match &self.site {
            Some(site) => format!("{} ({site})", self.user),
            None => self.user.clone(),
        };
        // As it is written where a session is asked for.
        let session = self.session.map_or_else(String::new, |number| SessionId(number).to_string());
        let seen = match (self.session, self.last_seen) {
            (Some(_), None) => "not recorded".to_owned(),
            (_, seen) => shown(seen),
        };
        vec![self.seat.to_string(), user, shown(self.since), seen, state, session]
    }
}
