//! What an account used of what it bought.

use crate::civil::{Zone, show_utc};
use crate::provenance::Provenance;
use crate::reports::{ReportError, Reports};
use crate::shown::{At, Report, Side, counted, hours, table};
use projector::{GAP, Peak, Usage};
use seats::{AccountId, DenialReason, Liveness, Micros, Timestamp};
use serde::Serialize;

/// How many logins were refused for one reason.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Denied {
    /// Why.
    pub reason: &'static str,
    /// How many.
    pub denials: u64,
}

/// Usage over a range of time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct UsageReport {
    /// The account's name.
    pub account: String,
    /// The first instant that counts.
    pub from: At,
    /// The first instant after it that does not.
    pub to: At,
    /// Licences in force at the end, as known then.
    pub licences: u32,
    /// Sessions that held a seat at some time in the range.
    pub sessions: u64,
    /// Different users among them.
    pub users: u64,
    /// Logins, however answered.
    pub logins: u64,
    /// Logins that got a seat.
    pub grants: u64,
    /// Refused logins.
    pub denials: u64,
    /// Refused logins by reason.
    pub denials_by_reason: Vec<Denied>,
    /// Runs of refusals of one user.
    pub denial_episodes: u64,
    /// Logins that stood unanswered at the end, in line or not.
    pub pending: u64,
    /// Logins that were put in line.
    pub queued: u64,
    /// Logins that left the line without a seat.
    pub left_line: u64,
    /// The most sessions at once.
    pub peak_sessions: u64,
    /// When they were first so many.
    pub peak_at: Option<At>,
    /// The most seats held at once.
    pub peak_seats: u64,
    /// When they were first so many.
    pub peak_seats_at: Option<At>,
    /// Sessions that still held a seat at the end; their time is counted up to then.
    pub open_sessions: u64,
    /// Time held, summed over sessions, in whole seconds.
    pub session_seconds: u64,
    /// Time held, summed over seats, in whole seconds.
    pub seat_seconds: u64,
    /// Of the latter, time with the holder silent.
    pub dormant_seat_seconds: u64,
    /// Time during which no further seat was left under the licences.
    pub at_capacity_seconds: u64,
    /// Dormant sessions ended because somebody needed the seat.
    pub reclaimed: u64,
    /// Sessions released by hand.
    pub released: u64,
    /// Seats handed over to somebody who asked for them.
    pub handed_over: u64,
    /// Where this comes from.
    pub provenance: Provenance,
    #[serde(skip)]
    zone: Zone,
}

impl Reports<'_> {
    /// Usage of an account in `[from, to)`; by default over its whole history. Refusals of one user less
    /// than `gap` apart (by default five minutes) make one episode.
    ///
    /// Sessions that are still open count up to `to`. If that is after the account's last commit, give the
    /// signs of life saved beside the log: then what time alone has made due by `to` is counted too.
    ///
    /// # Errors
    /// When there is no such account, it is hidden, the range is backwards, or the log cannot be read.
    pub fn usage(
        &self,
        account: AccountId,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
        gap: Option<Micros>,
        liveness: Option<&Liveness>,
    ) -> Result<UsageReport, ReportError> {
        let (now, zone) = self.whole(account)?;
        let (from, to) = self.range(&now, zone, from, to)?;
        let gap = gap.unwrap_or(GAP);
        let usage = match liveness {
            Some(liveness) => self.views.usage_settled(account, from, to, gap, liveness)?,
            None => self.views.usage(account, from, to, gap)?,
        };
        let provenance = self
            .provenance("usage", account, zone)
            .parameter("from", show_utc(from))
            .parameter("to", show_utc(to))
            .parameter("episode_gap_seconds", gap.secs())
            .total("sessions", usage.sessions)
            .total("logins", usage.logins)
            .total("grants", usage.grants)
            .total("denials", usage.denied())
            .total("pending", usage.pending);
        let provenance = match (usage.queued, usage.left_line) {
            (0, 0) => provenance,
            (queued, left) => provenance.total("queued", queued).total("left_line", left),
        };
        Ok(UsageReport::new(self.names(account).account(), usage, provenance, zone))
    }
}

impl UsageReport {
    fn new(account: String, usage: Usage, provenance: Provenance, zone: Zone) -> UsageReport {
        let at = |peak: Peak| peak.at.map(At);
        let denied = |(reason, denials): (&DenialReason, &u64)| Denied {
            reason: word(*reason),
            denials: *denials,
        };
        UsageReport {
            account,
            from: At(usage.from),
            to: At(usage.to),
            licences: usage.licences,
            sessions: usage.sessions,
            users: usage.users,
            logins: usage.logins,
            grants: usage.grants,
            denials: usage.denied(),
            denials_by_reason: usage.denials.iter().map(denied).collect(),
            denial_episodes: usage.denial_episodes,
            pending: usage.pending,
            queued: usage.queued,
            left_line: usage.left_line,
            peak_sessions: usage.peak_sessions.count,
            peak_at: at(usage.peak_sessions),
            peak_seats: usage.peak_seats.count,
            peak_seats_at: at(usage.peak_seats),
            open_sessions: usage.open,
            session_seconds: seconds(usage.session_micros),
            seat_seconds: seconds(usage.seat_micros),
            dormant_seat_seconds: seconds(usage.dormant_seat_micros),
            at_capacity_seconds: usage.at_capacity.secs(),
            reclaimed: usage.reclaimed,
            released: usage.released,
            handed_over: usage.handed_over,
            provenance,
            zone,
        }
    }
}

impl Report for UsageReport {
    fn text(&self) -> String {
        let zone = self.zone;
        let mut rows: Vec<Vec<String>> = Vec::new();
        let mut add = |what: &str, value: String, remark: String| {
            rows.push(vec![what.to_owned(), value, remark])
        };
        let when = |at: Option<At>| {
            at.map_or_else(String::new, |at| format!("first at {}", zone.show(at.0)))
        };
        let held = |seconds: u64| format!("{seconds} s");
        add("Licences", self.licences.to_string(), "at the end".to_owned());
        add("Peak of seats", self.peak_seats.to_string(), when(self.peak_seats_at));
        add("Peak of sessions", self.peak_sessions.to_string(), when(self.peak_at));
        add("At capacity", hours(self.at_capacity_seconds), "hours with no seat left".to_owned());
        add("Sessions", self.sessions.to_string(), format!("of {}", counted(self.users, "user")));
        add("  still open", self.open_sessions.to_string(), "counted up to the end".to_owned());
        add("Time held", hours(self.session_seconds), held(self.session_seconds));
        add("  on seats", hours(self.seat_seconds), held(self.seat_seconds));
        add("  holder silent", hours(self.dormant_seat_seconds), held(self.dormant_seat_seconds));
        add("Logins", self.logins.to_string(), String::new());
        add("  granted", self.grants.to_string(), String::new());
        let episodes = format!("in {}", counted(self.denial_episodes, "episode"));
        add("  refused", self.denials.to_string(), episodes);
        for denied in &self.denials_by_reason {
            add(
                &format!("    {}", denied.reason.replace('_', " ")),
                denied.denials.to_string(),
                String::new(),
            );
        }
        if self.queued > 0 || self.left_line > 0 {
            add("  put in line", self.queued.to_string(), String::new());
            add("  left the line", self.left_line.to_string(), "without a seat".to_owned());
        }
        add("  unanswered", self.pending.to_string(), String::new());
        add("Reclaimed", self.reclaimed.to_string(), "from silent holders".to_owned());
        add("Released", self.released.to_string(), "by hand".to_owned());
        if self.handed_over > 0 {
            let to = "to somebody who asked for the seat".to_owned();
            add("Handed over", self.handed_over.to_string(), to);
        }
        let columns = [("What", Side::Left), ("How much", Side::Right), ("", Side::Left)];
        let (from, to) = (zone.show(self.from.0), zone.show(self.to.0));
        let header = self.provenance.header();
        format!("{header}\n{} from {from} to {to}\n\n{}", self.account, table(&columns, rows))
    }
}

/// The reason as programs read it.
pub fn word(reason: DenialReason) -> &'static str {
    match reason {
        DenialReason::AllSeatsHeld => "all_seats_held",
        DenialReason::SeatsReserved => "seats_reserved",
        DenialReason::AlreadyLoggedIn => "already_logged_in",
        DenialReason::NotRegistered => "not_registered",
        DenialReason::UserSuspended => "user_suspended",
        DenialReason::AccountSuspended => "account_suspended",
        DenialReason::AccountClosed => "account_closed",
    }
}

fn seconds(micros: u128) -> u64 {
    u64::try_from(micros / 1_000_000).unwrap_or(u64::MAX)
}
