//! Forgetting: what is erased when the log says so, and that it is erased in the end.
//!
//! ```text
//!  commit (UserForgotten, ReasonGiven) --on disk--> clerk: erase entry and notes, sync, rewrite --> answer
//! ```
//!
//! The log is the promise, the erasure follows it. The directory is marked with the position up to which
//! everything that the log forgets is erased. Whoever starts on the ledger reads on from there: so a crash
//! between the commit and the erasure, or a directory restored from a backup in which the name still stood,
//! is made good before anybody is shown anything.
//!
//! With a user go the notes to the releases of the user's sessions, the reasons that were given for what was
//! done to the user or for a look at the user, and every other note of the account that names the user as a
//! whole. What somebody wrote about a user without the name, elsewhere, nobody can find.

use crate::answered::{Answered, Erased};
use crate::error::Error;
use crate::handle::Admission;
use crate::reply::{Parcel, Reply};
use crate::request::Request;
use ledger::book::Entry;
use ledger::{Actor, BookError, Kind, Ledger, Position, ReadError, Subject};
use seats::forget::{day_of, devices_due};
use seats::{
    Account, AccountId, Commitment, DeviceId, Event, RequestId, SessionId, Timestamp, UserId,
};
use std::collections::BTreeSet;
use std::ops::ControlFlow;

/// The most devices that one command forgets.
pub const DEVICES_MAX: usize = 500;

/// After how many commits it is noted up to where everything is erased that the log forgets, by whoever would
/// write nothing else.
pub(crate) const MARK_EVERY: u64 = 1_024;

/// Something to be erased once the commit that forgets it is on disk, and who waits for that.
pub(crate) struct Erasure {
    /// Who or what is forgotten.
    pub(crate) whom: Vec<Subject>,
    /// Which draft of its group says so.
    pub(crate) draft: usize,
    pub(crate) to: Reply,
    pub(crate) answered: Box<Answered>,
}

impl Erasure {
    /// The answer to whoever waits.
    pub(crate) fn parcel(self, erased: Option<Erased>) -> Parcel {
        let answered = Answered { erased, ..*self.answered };
        Parcel::Answer { to: self.to, answer: Ok(answered), draft: None }
    }
}

impl Admission {
    /// Erases who a user is, for good: ends the user's sessions, records it, and when that is on disk erases
    /// name, salt and notes from the directory and rewrites its files. [`Answered::erased`] says what went.
    /// The reason stays, and must not name the user.
    ///
    /// # Errors
    /// Any [`Error`]; [`seats::Rejection::UserAlready`] if the user was forgotten before.
    pub async fn forget_user(
        &self,
        account: AccountId,
        user: UserId,
        reason: impl Into<String>,
        actor: Actor,
    ) -> Result<Answered, Error> {
        self.ask(Request::ForgetUser { account, user }.because(reason), actor).await
    }

    /// Erases what devices are, for good; as [`Admission::forget_user`], but sessions stay.
    ///
    /// # Errors
    /// Any [`Error`]; [`seats::Rejection::DeviceForgotten`] if one was forgotten before.
    pub async fn forget_devices(
        &self,
        account: AccountId,
        devices: Vec<DeviceId>,
        reason: impl Into<String>,
        actor: Actor,
    ) -> Result<Answered, Error> {
        self.ask(Request::ForgetDevices { account, devices }.because(reason), actor).await
    }
}

/// Erases what the log forgets and the directory still knows. Returns how many entries that were; mostly
/// none, and then little is read.
///
/// # Errors
/// [`Error::Unreadable`]: the log or the directory cannot be read.
pub fn finish_forgetting(ledger: &Ledger) -> Result<usize, Error> {
    catch_up(ledger)
}

/// As [`finish_forgetting`].
pub(crate) fn catch_up<E>(ledger: &Ledger) -> Result<usize, E>
where
    E: From<ReadError> + From<BookError>,
{
    let (book, size) = (ledger.book(), ledger.head().size);
    let marked = book.forgotten_up_to()?;
    // A mark beyond the log was made with another one.
    let from = marked.filter(|marked| *marked <= size).unwrap_or(0);
    let mut forgotten = Vec::new();
    ledger.replay(Position(from), |record| {
        let account = record.commit.account;
        forgotten.extend(record.commit.events.iter().filter_map(|event| match event {
            Event::UserForgotten { user } => Some(Subject::user(account, *user)),
            Event::DeviceForgotten { device } => Some(Subject::device(account, *device)),
            _ => None,
        }));
        ControlFlow::Continue(())
    })?;
    let mut erased = 0_usize;
    for whom in forgotten {
        if matches!(book.entry(whom)?, Entry::Known(_)) {
            erased = erased.saturating_add(book.erase(&traces::<E>(ledger, whom)?)?);
        }
    }
    if book.is_rewrite_due()? {
        book.rewrite()?;
    }
    let far = marked.unwrap_or(0).abs_diff(size) >= MARK_EVERY;
    if erased > 0 || far || marked.is_some_and(|marked| marked > size) {
        book.mark_forgotten_up_to(size)?;
    }
    Ok(erased)
}

/// What the directory holds of somebody: the entry first, then the notes.
pub(crate) fn traces<E>(ledger: &Ledger, whom: Subject) -> Result<Vec<Subject>, E>
where
    E: From<ReadError> + From<BookError>,
{
    let mut found = vec![whom];
    let Some(user) = u32::try_from(whom.number).ok().filter(|_| whom.kind == Kind::User) else {
        return Ok(found);
    };
    let (user, account, book) = (UserId(user), whom.scope, ledger.book());
    let mut bound = notes_in_account(ledger, account, user)?;
    let mut named = Vec::new();
    let profile = match book.entry(whom)? {
        Entry::Known(profile) => profile.text,
        Entry::Forgotten | Entry::Unknown => String::new(),
    };
    for (number, entry) in book.entries(account, Kind::Note)? {
        if matches!(entry, Entry::Known(note) if names(&note.text, &profile)) {
            named.push(Subject::note(account, number));
        }
    }
    bound.append(&mut reasons_of_looks::<E>(ledger, account, user, &profile)?);
    for note in bound {
        found.extend(book.check(note)?.map(|(subject, _)| subject));
    }
    found.extend(named);
    let mut seen = BTreeSet::new();
    found.retain(|subject| seen.insert(*subject));
    Ok(found)
}

/// Whether a text names somebody: a line of the profile stands in it, as a whole, in whatever case.
pub(crate) fn names(text: &str, profile: &str) -> bool {
    let text = text.to_lowercase();
    let inside = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    profile.lines().map(|line| line.trim().to_lowercase()).filter(|line| line.len() > 1).any(
        |line| {
            text.match_indices(&line).any(|(at, _)| {
                let (before, rest) = text.split_at(at);
                let after = rest.get(line.len()..).unwrap_or_default();
                !inside(before.chars().next_back()) && !inside(after.chars().next())
            })
        },
    )
}

/// Notes to releases of a user's sessions, and reasons for what was done to the user by hand; not the reason
/// for forgetting.
fn notes_in_account(
    ledger: &Ledger,
    account: AccountId,
    user: UserId,
) -> Result<Vec<Commitment>, ReadError> {
    let Some(head) = ledger.account_head(account)? else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    // Newest first: a session's release comes before its grant, and that before the login's request.
    let mut released: Vec<(SessionId, Vec<Commitment>)> = Vec::new();
    let mut granted: Vec<(Option<RequestId>, Vec<Commitment>)> = Vec::new();
    for record in ledger.back(head.position) {
        let events = record?.commit.events;
        let reasons: Vec<Commitment> = events.iter().filter_map(reason).collect();
        for event in events.iter().rev() {
            match event {
                Event::LoggedOut { session, note, .. } => {
                    let notes = note.iter().chain(&reasons).copied().collect();
                    released.push((*session, notes));
                }
                Event::SeatGranted { session, request, .. } => {
                    let theirs = released.extract_if(.., |(other, _)| other == session);
                    granted.extend(theirs.map(|(_, notes)| (*request, notes)));
                }
                Event::LoginRequested { request, user: asker, .. } => {
                    let theirs = granted
                        .extract_if(.., |(asked, _)| asked.is_none_or(|asked| asked == *request));
                    let notes: Vec<Commitment> = theirs.flat_map(|(_, notes)| notes).collect();
                    found.extend(notes.into_iter().filter(|_| *asker == user));
                }
                Event::UserAdded { user: other, .. }
                | Event::UserSuspended { user: other }
                | Event::UserReinstated { user: other }
                    if *other == user =>
                {
                    found.extend(&reasons);
                }
                _ => {}
            }
        }
    }
    Ok(found)
}

/// Reasons given for looks at a user, and for other looks at the account if they name the user.
fn reasons_of_looks<E>(
    ledger: &Ledger,
    account: AccountId,
    user: UserId,
    profile: &str,
) -> Result<Vec<Commitment>, E>
where
    E: From<ReadError> + From<BookError>,
{
    let Some(head) = ledger.account_head(AccountId::SYSTEM)? else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for record in ledger.back(head.position) {
        let events = record?.commit.events;
        let mut looks = events.iter().filter_map(|event| match event {
            Event::IdentityShown { account: at, user, .. } if *at == account => Some(*user),
            _ => None,
        });
        let Some(shown) = looks.next() else { continue };
        for note in events.iter().filter_map(reason) {
            let about = shown == Some(user);
            let kept = if about { None } else { ledger.book().check(note)? };
            if about || kept.is_some_and(|(_, note)| names(&note.text, profile)) {
                found.push(note);
            }
        }
    }
    Ok(found)
}

fn reason(event: &Event) -> Option<Commitment> {
    match event {
        Event::ReasonGiven { note } => Some(*note),
        _ => None,
    }
}

/// The devices of an account that are due to be forgotten at `now`, by the account's policy. A device whose
/// last use is not known counts as used today, and is marked so.
///
/// # Errors
/// [`Error::Unreadable`]: the directory cannot be read.
pub fn due_devices(
    ledger: &Ledger,
    account: &Account,
    now: Timestamp,
) -> Result<Vec<DeviceId>, Error> {
    let (book, today) = (ledger.book(), day_of(now));
    let known = book.devices_used(account.id())?.into_iter();
    let mut used = Vec::new();
    for (device, day) in known.filter(|(device, _)| account.has_device(*device)) {
        match day {
            Some(day) => used.push((device, day)),
            None => book.mark_used(account.id(), device, today)?,
        }
    }
    Ok(devices_due(used, account.policy().keep_devices_d, today))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_names_somebody_as_a_whole() {
        let check = |text: &str, named: bool| {
            assert_eq!(names(text, "Ann Dé\nann@example.org"), named, "{text:?}");
        };
        check("gone home: ann dé.", true);
        check("ANN DÉ", true);
        check("write to <ann@example.org>", true);
        check("joann dé", false);
        check("Ann Désirée", false);
        check("Ann", false);
        check("", false);
        assert!(!names("a note", "a"), "one letter is no name");
        assert!(!names("a note", ""));
    }
}
