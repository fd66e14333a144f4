//! The rules: what a command comes to.
//!
//! [`decide`] is pure and changes nothing. It takes an account on which [`settle`](crate::settle()) has been
//! run and applied, and says what happened, or why the command cannot be taken. Logins are decided in
//! `admit`.

use crate::account::{Account, Pending, Session, Standing, UserStanding};
use crate::admit;
use crate::command::Command;
use crate::event::{EndedBy, Event, ExpiryCause, Leaving};
use crate::forget;
use crate::hand_over;
use crate::ids::{RequestId, SessionId, UserId};
use crate::liveness::Liveness;
use crate::offline;
use crate::policy::WhenFull;
pub use crate::rejection::Rejection;
use crate::setting::checked;
use crate::time::{Micros, Timestamp};

/// More licences than this are a slip of the keyboard.
pub const LICENCES_MAX: u32 = 1_000_000;

/// What a command comes to at `at`. An empty list: nothing to record (a heartbeat of a live session).
///
/// # Errors
/// A [`Rejection`] when the command makes no sense in the account's state.
pub fn decide(
    account: &Account,
    liveness: &Liveness,
    command: &Command,
    at: Timestamp,
) -> Result<Vec<Event>, Rejection> {
    match account.standing() {
        Standing::Unopened if !matches!(command, Command::Open { .. }) => {
            return Err(Rejection::UnknownAccount);
        }
        _ if account.is_importing() => return Err(Rejection::Importing),
        _ => {}
    }
    match command {
        Command::LogIn(login) => {
            let waits = account.policy().when_full == WhenFull::Queue;
            admit::log_in(account, liveness, login, waits, at)
        }
        Command::AskHandOver { login, seat } => hand_over::ask(account, liveness, login, *seat, at),
        Command::AnswerHandOver { session, handover, consent } => {
            let session = held(account, *session)?;
            hand_over::answer(account, liveness, session, *handover, *consent, at)
        }
        Command::TakeOffer { request } => {
            let asked = in_line(account, *request)?;
            Ok(admit::take_offer(account, liveness, asked, at))
        }
        Command::LeaveQueue { request } => {
            let (request, how) = (in_line(account, *request)?.request, Leaving::GaveUp);
            Ok(vec![Event::LeftQueue { request, how }])
        }
        Command::Heartbeat { session, active } => {
            let session = held(account, *session)?;
            let heard = liveness.after_heartbeat(session, *active, at);
            // A heartbeat without activity does not wake an idle session.
            let wakes = session.dormant.is_some()
                && liveness.lapse_after(account, &heard).is_none_or(|lapse| lapse.due > at);
            let session = session.id;
            Ok(if wakes { vec![Event::Resumed { session }] } else { Vec::new() })
        }
        Command::Goodbye { session } => held(account, *session).map(|_| Vec::new()),
        Command::LogOut { session } => {
            let session = held(account, *session)?.id;
            let (by, silent) = (EndedBy::User, Micros::ZERO); // Logging out is a sign of life.
            Ok(vec![Event::LoggedOut { session, by, reason: None, note: None, silent }])
        }
        Command::Release { session, reason, note, forced } => {
            let session = held(account, *session)?;
            let age = at.since(session.since);
            let floor_s = account.policy().release_floor_s;
            if !forced && age < Micros::from_secs(floor_s) {
                let (session, age_s) = (session.id, age.secs());
                return Err(Rejection::TooYoung { session, age_s, floor_s });
            }
            let silent = liveness.silence(session, at);
            let (session, by, reason, note) = (session.id, EndedBy::Release, Some(*reason), *note);
            Ok(vec![Event::LoggedOut { session, by, reason, note, silent }])
        }
        // Also of an account that is closed: its history stays.
        Command::TakeEvidence { from, to, names } => {
            Ok(vec![Event::EvidenceTaken { from: *from, to: *to, names: *names }])
        }
        // Also that: whoever was let in was let in.
        Command::NoteOffline { request, user, from, to } => {
            offline::taken(account, (*request, *user), (*from, *to), at)
        }
        // Also of an account that is closed: its last month is billed.
        Command::ClosePeriod(closing) => closing.close(account, at),
        _ => commercial(account, liveness, command, at),
    }
}

/// The commands that shape the account rather than use it.
fn commercial(
    account: &Account,
    liveness: &Liveness,
    command: &Command,
    at: Timestamp,
) -> Result<Vec<Event>, Rejection> {
    if account.standing() == Standing::Closed && !command.is_for_good() {
        return Err(Rejection::AccountClosed);
    }
    match command {
        Command::Open { zone, profile, licences, settings, plan, effective } => {
            if account.standing() != Standing::Unopened {
                return Err(Rejection::AlreadyOpen);
            }
            let (to, effective) = (count(*licences)?, *effective);
            let mut events = vec![Event::AccountOpened { zone: zone.clone(), profile: *profile }];
            if !settings.is_empty() {
                // Reservations name sites, and a new account has none.
                events.push(Event::PolicyChanged { settings: checked(settings, account)? });
            }
            events.push(Event::LicencesChanged { from: 0, to, effective });
            events.extend(plan.map(|plan| Event::PlanAssigned { plan, effective }));
            Ok(events)
        }
        Command::SetLicences { to, effective } => {
            let (to, effective) = (count(*to)?, *effective);
            // Licences count from the opening, or from the day that was named then. What is dated back lies
            // before now, so a change of licences that are yet to count may still come into force at once.
            let first = account.licences().changes().first().map_or(at, |(first, _)| *first);
            if effective.instant < first.min(at) {
                return Err(Rejection::BeforeOpening { first });
            }
            let from = account.licences().at(effective.instant);
            if from == to {
                return Err(Rejection::SameLicences { to });
            }
            Ok(vec![Event::LicencesChanged { from, to, effective }])
        }
        Command::ChangePolicy { settings } => {
            if settings.is_empty() {
                return Err(Rejection::NoSetting);
            }
            Ok(vec![Event::PolicyChanged { settings: checked(settings, account)? }])
        }
        Command::AssignPlan { plan, effective } => {
            Ok(vec![Event::PlanAssigned { plan: *plan, effective: *effective }])
        }
        Command::AddSite { site, profile } => {
            if *site != account.next_site() {
                return Err(Rejection::NumberTaken("the site's number"));
            }
            Ok(vec![Event::SiteAdded { site: *site, profile: *profile }])
        }
        Command::AddUser { user, profile } => match account.user(*user).map(|u| u.standing) {
            None | Some(UserStanding::Stranger) if user.0 > 0 => {
                Ok(vec![Event::UserAdded { user: *user, profile: *profile }])
            }
            None => Err(Rejection::UnknownUser(*user)),
            Some(standing) => Err(already(*user, standing)),
        },
        Command::SuspendUser { user } => {
            let standing = added(account, *user)?;
            if standing != UserStanding::Active {
                return Err(already(*user, standing));
            }
            let theirs = account.sessions_of(*user);
            let ended = ends(liveness, theirs, ExpiryCause::UserSuspended, at);
            Ok(ended.chain([Event::UserSuspended { user: *user }]).collect())
        }
        Command::ReinstateUser { user } => {
            let standing = added(account, *user)?;
            if standing != UserStanding::Suspended {
                return Err(already(*user, standing));
            }
            Ok(vec![Event::UserReinstated { user: *user }])
        }
        Command::ForgetUser { user, stranger } => {
            forget::user(account, liveness, *user, *stranger, at)
        }
        Command::ForgetDevices { devices } => forget::devices(account, devices),
        Command::Suspend if account.standing() == Standing::Suspended => {
            Err(Rejection::AlreadySo("suspended"))
        }
        Command::Suspend => Ok(vec![Event::AccountSuspended]),
        Command::Reinstate if account.standing() == Standing::Open => {
            Err(Rejection::AlreadySo("open"))
        }
        Command::Reinstate => Ok(vec![Event::AccountReinstated]),
        Command::Close => {
            let all = account.sessions();
            let ended = ends(liveness, all, ExpiryCause::AccountClosed, at);
            Ok(ended.chain([Event::AccountClosed]).collect())
        }
        Command::LogIn(_)
        | Command::TakeOffer { .. }
        | Command::LeaveQueue { .. }
        | Command::AskHandOver { .. }
        | Command::AnswerHandOver { .. }
        | Command::Heartbeat { .. }
        | Command::Goodbye { .. }
        | Command::LogOut { .. }
        | Command::TakeEvidence { .. }
        | Command::NoteOffline { .. }
        | Command::ClosePeriod(_)
        | Command::Release { .. } => Ok(Vec::new()), // Decided above.
    }
}

/// The end of every given session at `at`.
pub(crate) fn ends<'a>(
    liveness: &'a Liveness,
    sessions: impl Iterator<Item = &'a Session>,
    cause: ExpiryCause,
    at: Timestamp,
) -> impl Iterator<Item = Event> {
    sessions.map(move |session| Event::Expired {
        session: session.id,
        cause,
        silent: liveness.silence(session, at),
    })
}

fn in_line(account: &Account, request: RequestId) -> Result<&Pending, Rejection> {
    let asked = account.asked(request).filter(|asked| asked.waits.is_some());
    asked.ok_or(Rejection::NotInLine(request))
}

fn held(account: &Account, session: SessionId) -> Result<&Session, Rejection> {
    account.session(session).ok_or_else(|| {
        if session.0 == 0 || session > account.last_session() {
            return Rejection::UnknownSession(session);
        }
        Rejection::SessionOver { session, ending: account.ending(session).copied() }
    })
}

/// The standing of a user who was added; strangers are unknown.
fn added(account: &Account, user: UserId) -> Result<UserStanding, Rejection> {
    let standing = account.user(user).map(|user| user.standing);
    standing.filter(|s| *s != UserStanding::Stranger).ok_or(Rejection::UnknownUser(user))
}

fn count(licences: u32) -> Result<u32, Rejection> {
    if (1..=LICENCES_MAX).contains(&licences) {
        Ok(licences)
    } else {
        Err(Rejection::BadLicences { to: licences })
    }
}

pub(crate) fn already(user: UserId, standing: UserStanding) -> Rejection {
    let standing = match standing {
        UserStanding::Stranger => "a stranger",
        UserStanding::Active => "active",
        UserStanding::Suspended => "suspended",
        UserStanding::Forgotten => "forgotten",
    };
    Rejection::UserAlready { user, standing }
}
