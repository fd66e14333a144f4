//! Sessions over a range of time: who sat where, from when to when, silent when, and how it ended.

use crate::civil::{Zone, show_utc};
use crate::names::Names;
use crate::provenance::Provenance;
use crate::reports::{ReportError, Reports};
use crate::shown::{At, Report, Side, table};
use crate::trail::actor_in_words;
use projector::SessionView;
use seats::account::End;
use seats::notation::ended;
use seats::{Account, AccountId, EndedBy, ExpiryCause, Liveness, Naming, SessionId, Timestamp};
use serde::Serialize;

/// A time during which a holder was silent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct SilenceRow {
    /// The last sign of life before it.
    pub last_seen: At,
    /// When the session went dormant for it.
    pub since: At,
    /// When the holder was heard of again or the session ended; `null`: not yet.
    pub until: Option<At>,
}

/// One user's holding of one seat.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct SessionRow {
    /// Its number.
    pub session: u64,
    /// On which seat.
    pub seat: u32,
    /// Who, by name, or by number where there is none.
    pub user: String,
    /// Who, by number.
    pub user_id: u32,
    /// From which site, by name.
    pub site: Option<String>,
    /// Granted above the licences bought.
    pub overdraft: bool,
    /// When the seat was granted.
    pub granted: At,
    /// Silences, in order of time.
    pub silences: Vec<SilenceRow>,
    /// The last sign of life that is known.
    pub last_seen: At,
    /// When it ended; `null`: it had not at the end of the range.
    pub ended: Option<At>,
    /// How, for programs: `logged_out`, `released`, `reclaimed`, `taken_over`, ...
    pub how: Option<&'static str>,
    /// How, in words.
    pub ended_in_words: Option<String>,
    /// In which capacity somebody or something ended it.
    pub by: Option<String>,
    /// Whose login it made way for.
    pub made_way_for: Option<String>,
    /// The commit that granted it: its place in the log.
    pub position: u64,
}

/// Sessions over a range of time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Sessions {
    /// The account's name.
    pub account: String,
    /// The first instant that counts.
    pub from: At,
    /// The first instant after it that does not.
    pub to: At,
    /// By seat, then grant.
    pub rows: Vec<SessionRow>,
    /// How many there are; more than rows if these were cut short.
    pub sessions: u64,
    /// Where this comes from.
    pub provenance: Provenance,
    #[serde(skip)]
    zone: Zone,
}

/// How many sessions one report lists; whoever wants more asks for a shorter range.
pub const SESSIONS_MAX: usize = 10_000;

impl Reports<'_> {
    /// Sessions that held a seat at some time in `[from, to)`, by default in the whole history, at most
    /// [`SESSIONS_MAX`]. `liveness`: signs of life saved beside the log; with these a holder who has gone
    /// silent since the last commit is shown as dormant.
    ///
    /// # Errors
    /// When there is no such account, it is hidden, the range is backwards, or the log cannot be read.
    pub fn sessions(
        &self,
        account: AccountId,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
        liveness: Option<&Liveness>,
    ) -> Result<Sessions, ReportError> {
        let (now, zone) = self.whole(account)?;
        let (from, to) = self.range(&now, zone, from, to)?;
        let names = self.names(account);
        let last = Timestamp(to.0.saturating_sub(1));
        let settled = liveness
            .filter(|_| last >= now.account.last_at())
            .map(|liveness| now.settled(liveness, last));
        let (mut rows, mut sessions) = (Vec::new(), 0_u64);
        self.views.sessions(account, from, to, |session| {
            sessions = sessions.saturating_add(1);
            if rows.len() < SESSIONS_MAX {
                rows.push(row(&session, settled.as_ref(), &names));
            }
        })?;
        rows.sort_by_key(|row: &SessionRow| (row.seat, row.granted, row.session));
        let provenance = self
            .provenance("sessions", account, zone)
            .parameter("from", show_utc(from))
            .parameter("to", show_utc(to))
            .parameter("signs_of_life", if liveness.is_some() { "saved" } else { "logged" })
            .rows(rows.len())
            .total("sessions", sessions);
        let account = names.account();
        Ok(Sessions { account, from: At(from), to: At(to), rows, sessions, provenance, zone })
    }
}

fn row(session: &SessionView, settled: Option<&Account>, names: &Names<'_>) -> SessionRow {
    let silence = |silence: &projector::Silence| SilenceRow {
        last_seen: At(silence.last_seen),
        since: At(silence.since),
        until: silence.until.map(At),
    };
    let mut silences: Vec<SilenceRow> = session.silences.iter().map(silence).collect();
    let mut last_seen = session.last_seen;
    let open = silences.last().is_some_and(|silence| silence.until.is_none());
    let held = settled.filter(|_| session.ended.is_none() && !open);
    if let Some(dormant) = held.and_then(|account| account.session(session.session)?.dormant) {
        last_seen = dormant.last_seen;
        let (last_seen, since) = (At(dormant.last_seen), At(dormant.since));
        silences.push(SilenceRow { last_seen, since, until: None });
    }
    let made_way = session.ended.and_then(|ended| ended.made_way_for);
    SessionRow {
        session: session.session.0,
        seat: session.seat.0,
        user: names.shown(session.user),
        user_id: session.user.0,
        site: session.site.map(|site| names.site(site).unwrap_or_else(|| site.to_string())),
        overdraft: session.overdraft,
        granted: At(session.granted.at),
        silences,
        last_seen: At(last_seen),
        ended: session.ended.map(|ended| At(ended.at.at)),
        how: session.ended.map(|ended| word(ended.how)),
        ended_in_words: session.ended.map(|view| ended(view.how)),
        by: session.ended.map(|ended| actor_in_words(ended.actor)),
        made_way_for: made_way.map(|(user, _)| names.shown(user)),
        position: session.granted.position.0,
    }
}

/// How a session ended, as programs read it.
pub fn word(end: End) -> &'static str {
    match end {
        End::LoggedOut(EndedBy::User, _) => "logged_out",
        End::LoggedOut(EndedBy::Release, _) => "released",
        End::Expired(cause) => match cause {
            ExpiryCause::Reclaimed => "reclaimed",
            ExpiryCause::TakenOver => "taken_over",
            ExpiryCause::LeaseEnded => "lease_ended",
            ExpiryCause::Idle => "idle",
            ExpiryCause::Goodbye => "goodbye",
            ExpiryCause::MaxSession => "max_session",
            ExpiryCause::UserSuspended => "user_suspended",
            ExpiryCause::AccountClosed => "account_closed",
            ExpiryCause::HandedOver => "handed_over",
        },
    }
}

impl Report for Sessions {
    fn text(&self) -> String {
        let zone = self.zone;
        let columns = [
            ("Seat", Side::Right),
            ("User", Side::Left),
            ("From", Side::Left),
            ("To", Side::Left),
            ("Last sign of life", Side::Left),
            ("Session", Side::Left),
            ("End", Side::Left),
        ];
        let cells = |row: &SessionRow| {
            let user = match &row.site {
                Some(site) => format!("{} ({site})", row.user),
                None => row.user.clone(),
            };
            let (seat, from, seen) =
                (row.seat.to_string(), zone.show(row.granted.0), zone.show(row.last_seen.0));
            let to = row.ended.map_or("held".to_owned(), |ended| zone.show(ended.0));
            let (session, end) = (
                SessionId(row.session).to_string(),
                row.ended_in_words.clone().unwrap_or_default(),
            );
            vec![seat, user, from, to, seen, session, end]
        };
        let (from, to) = (zone.show(self.from.0), zone.show(self.to.0));
        let header = self.provenance.header();
        let table = table(&columns, self.rows.iter().map(cells).collect());
        format!("{header}\n{} from {from} to {to}\n\n{table}", self.account)
    }
}
