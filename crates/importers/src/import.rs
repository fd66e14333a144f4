//! Writing a plan into a ledger, and finding out what an earlier try has written already.
//!
//! 1. Is there an account of that name with a history? Then its first commit says which import made it:
//!    none or another one is refused; this one and complete is nothing to do; this one and incomplete is
//!    carried on.
//! 2. The names are entered in the directory, those that stand there kept, and the directory is synced.
//! 3. The commits are made again from the beginning. As many as are stored are compared with what is
//!    stored, in everything but the time of recording and the version of the rules; the others are appended
//!    in groups, one sync at the end of each.
//!
//! A crash at any moment leaves a beginning of the plan, and an account that is hidden because its
//! `ImportCompleted` is missing. Running the same import again completes it.

use crate::plan::{Enrolled, Plan};
use crate::progress::Progress;
use crate::rfc3339::show;
use crate::timeline::Peak;
use ledger::book::Entry;
use ledger::{
    Actor, AppendError, BookError, Draft, Kind, Ledger, Position, ReadError, Record, Role, Scan,
    StoreError, Subject, Syncer, Writer, WriterTaken,
};
use seats::{AccountId, Commitment, Digest, Event, PoolId, RULES_VERSION, Timestamp, UserId};
use thiserror::Error;

/// Commits and events at which a group is synced.
const GROUP_COMMITS: usize = 1024;
const GROUP_EVENTS: usize = 64 * 1024;

const IMPORTER: Actor = Actor { role: Role::Importer, id: 0 };

/// What of an import was in the ledger already.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Found {
    /// Nothing; all of it was written now.
    Nothing,
    /// The beginning, left by a try that was interrupted; the rest was written now.
    Part {
        /// Commits that were there.
        commits: u64,
    },
    /// All of it; nothing was written.
    All,
}

/// What an import came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Imported {
    /// The account's number.
    pub account: AccountId,
    /// What was there before.
    pub found: Found,
    /// Rows of the file.
    pub rows: u64,
    /// Sessions of one seat each.
    pub sessions: u64,
    /// Users.
    pub users: u64,
    /// Commits of the whole import, those found included.
    pub commits: u64,
    /// Events in these.
    pub events: u64,
    /// Licences from the first instant.
    pub licences: u32,
    /// The most seats held at once.
    pub peak: Peak,
    /// The first instant.
    pub first: Timestamp,
    /// The last instant.
    pub last: Timestamp,
    /// What makes another import the same one.
    pub source: Digest,
}

/// Why an import was not completed.
///
/// Of the refusals nothing was written. After a failure of the disk the beginning may stand in the ledger,
/// hidden: run the same import again.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum ImportError {
    /// The name is that of an account with a life of its own. Choose another.
    #[error("{name:?} is the name of an account that was not imported; choose another name")]
    NotImported {
        /// The name.
        name: String,
    },
    /// The account holds another import. Choose another name; if it is not complete, it can only be
    /// completed with the file and the parameters it was begun with.
    #[error(
        "{name:?} holds another import, {there}, not {asked} (other content, licences or time zone); \
         choose another name"
    )]
    AnotherImport {
        /// The account's name.
        name: String,
        /// The source of the import that is there.
        there: Digest,
        /// The source of this one.
        asked: Digest,
    },
    /// What an earlier try stored is not what this program would write: another version of it began the
    /// import. Complete it with that version.
    #[error(
        "commit {version} of {name:?} is not the one this program makes of the file; complete the \
         import with the version of seatledger that began it, or choose another name"
    )]
    BegunOtherwise {
        /// The account's name.
        name: String,
        /// The first of its commits that differs.
        version: u64,
    },
    /// Now is before the history's last instant or before the ledger's last commit. Set the clock.
    #[error("now, {}, is before {}, {what}; set the clock", show(*.now), show(*.known))]
    NowTooEarly {
        /// Now, as the caller gave it.
        now: Timestamp,
        /// What it must not be before.
        known: Timestamp,
        /// What happened then.
        what: &'static str,
    },
    /// Somebody else in this process writes. Wait for it, or stop it.
    #[error(transparent)]
    WriterTaken(#[from] WriterTaken),
    /// The directory of names failed. The error says what to do.
    #[error(transparent)]
    Book(#[from] BookError),
    /// Something stored could not be read. The error says what to do.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The ledger refused a commit, or the disk did. The error says what to do.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// The disk did not make the last group durable. Open the ledger again and run the same import again.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Writes a plan into a ledger, or what is missing of it. Every commit is recorded at `now`.
///
/// # Errors
/// [`ImportError`]: the name is taken by something else, now is too early, or the ledger failed.
pub fn import(
    ledger: &Ledger,
    plan: &Plan,
    now: Timestamp,
    progress: &mut dyn FnMut(Progress),
) -> Result<Imported, ImportError> {
    let writer = ledger.writer()?;
    writer.syncer().sync()?; // What somebody appended before is there or not, but never in between.
    let account = place(ledger, plan)?;
    let stored = Stored::of(ledger, account, plan)?;
    let found = match &stored {
        None => Found::Nothing,
        Some(stored) if stored.complete => Found::All,
        Some(stored) => Found::Part { commits: stored.commits },
    };
    if found != Found::All {
        not_before(now, plan.last(), "the history's last instant")?;
        if let Some(last) = ledger.head().size.checked_sub(1) {
            let record = ledger.record(Position(last))?;
            let known = record.map_or(Timestamp::ZERO, |record| record.commit.recorded_at);
            not_before(now, known, "the ledger's last commit")?;
        }
        let enrolled = enrol(ledger, account, plan)?;
        let syncer = writer.syncer();
        let group = Vec::with_capacity(GROUP_COMMITS);
        let (version, events) = (0, 0);
        let mut writing = Writing {
            writer,
            syncer,
            plan,
            account,
            now,
            stored,
            version,
            group,
            events,
            progress,
        };
        plan.each_commit(&enrolled, &mut |at, events| writing.commit(at, events))?;
        writing.close_group()?;
    }
    let history = plan.history();
    Ok(Imported {
        account,
        found,
        rows: history.rows.len() as u64,
        sessions: history.sessions,
        users: history.users.len() as u64,
        commits: plan.commits(),
        events: plan.events(),
        licences: plan.licences(),
        peak: plan.peak(),
        first: plan.first(),
        last: plan.last(),
        source: plan.source(),
    })
}

/// The number of the account that has the name, or the next free one.
fn place(ledger: &Ledger, plan: &Plan) -> Result<AccountId, ImportError> {
    let book = ledger.book();
    if let Some(account) = book.account_named(plan.account())? {
        return Ok(account);
    }
    let entered = book.highest(AccountId::SYSTEM, Kind::Account)?;
    let written = ledger.accounts().last().map_or(0, |account| account.0);
    Ok(AccountId(entered.max(written).saturating_add(1)))
}

/// Enters the account and its users in the directory, durably. Who stands there already is kept, because
/// commits of an earlier try may bind that entry.
fn enrol(ledger: &Ledger, account: AccountId, plan: &Plan) -> Result<Enrolled, ImportError> {
    let book = ledger.book();
    let enter = |subject: Subject, name: &str| -> Result<Commitment, BookError> {
        match book.entry(subject)? {
            Entry::Known(profile) if profile.name() == name => Ok(profile.commitment),
            _ => book.enrol(subject, name),
        }
    };
    let profile = match book.entry(Subject::account(account))? {
        // Found by its name, which may be written in another case.
        Entry::Known(profile) => profile.commitment,
        Entry::Forgotten | Entry::Unknown => {
            book.enrol(Subject::account(account), plan.account())?
        }
    };
    let names = &plan.history().users;
    let mut users = vec![(UserId(0), profile); names.len()];
    for (number, place) in (1..).zip(plan.newcomers()) {
        let place = *place as usize;
        if let (Some(user), Some(name)) = (users.get_mut(place), names.get(place)) {
            *user = (UserId(number), enter(Subject::user(account, UserId(number)), name)?);
        }
    }
    book.sync()?;
    Ok(Enrolled { account: profile, users })
}

fn not_before(now: Timestamp, known: Timestamp, what: &'static str) -> Result<(), ImportError> {
    if now < known { Err(ImportError::NowTooEarly { now, known, what }) } else { Ok(()) }
}

/// What an earlier try left in the ledger.
struct Stored {
    commits: u64,
    complete: bool,
    /// From its first commit on; other accounts' are between them.
    scan: Scan,
}

impl Stored {
    /// What is stored of an account, if it is this import's.
    fn of(ledger: &Ledger, account: AccountId, plan: &Plan) -> Result<Option<Stored>, ImportError> {
        let Some(head) = ledger.account_head(account)? else { return Ok(None) };
        let name = plan.account().to_owned();
        let (mut first, mut started, mut complete) = (head.position, None, false);
        for record in ledger.back(head.position) {
            let record = record?;
            first = record.position;
            for event in &record.commit.events {
                match event {
                    Event::ImportStarted { source } => started = Some(*source),
                    Event::ImportCompleted { .. } => complete = true,
                    _ => {}
                }
            }
        }
        let asked = plan.source();
        match started {
            None => Err(ImportError::NotImported { name }),
            Some(there) if there != asked => Err(ImportError::AnotherImport { name, there, asked }),
            Some(_) => {
                let scan = ledger.scan(first);
                Ok(Some(Stored { commits: head.version, complete, scan }))
            }
        }
    }

    /// The account's next commit.
    fn next(&mut self, account: AccountId) -> Result<Option<Record>, ReadError> {
        self.scan
            .by_ref()
            .find(|record| record.as_ref().map_or(true, |r| r.commit.account == account))
            .transpose()
    }
}

/// An import at work.
struct Writing<'a> {
    writer: Writer,
    syncer: Syncer,
    plan: &'a Plan,
    account: AccountId,
    now: Timestamp,
    stored: Option<Stored>,
    /// Of the last commit made.
    version: u64,
    group: Vec<Draft>,
    events: usize,
    progress: &'a mut dyn FnMut(Progress),
}

impl Writing<'_> {
    fn commit(&mut self, at: Timestamp, events: Vec<Event>) -> Result<(), ImportError> {
        let expected = self.version;
        self.version = expected.saturating_add(1);
        if let Some(stored) = self.stored.as_mut().filter(|stored| expected < stored.commits) {
            let record = stored.next(self.account)?;
            return self.compare(record, at, &events);
        }
        self.events = self.events.saturating_add(events.len());
        self.group.push(Draft {
            account: self.account,
            expected,
            at,
            recorded_at: self.now,
            actor: IMPORTER,
            rules: RULES_VERSION,
            pool: PoolId::DEFAULT,
            events,
        });
        if self.group.len() >= GROUP_COMMITS || self.events >= GROUP_EVENTS {
            self.close_group()?;
        }
        Ok(())
    }

    fn compare(
        &self,
        stored: Option<Record>,
        at: Timestamp,
        events: &[Event],
    ) -> Result<(), ImportError> {
        let same = stored.is_some_and(|Record { commit, .. }| {
            commit.at == at
                && commit.actor == IMPORTER
                && commit.pool == PoolId::DEFAULT
                && commit.events == events
        });
        if same {
            return Ok(());
        }
        let (name, version) = (self.plan.account().to_owned(), self.version);
        Err(ImportError::BegunOtherwise { name, version })
    }

    /// Appends the group and makes it durable.
    fn close_group(&mut self) -> Result<(), ImportError> {
        if !self.group.is_empty() {
            self.writer.append(&self.group)?;
            self.syncer.sync()?;
            self.group.clear();
            self.events = 0;
        }
        (self.progress)(Progress::Writing { commits: self.version, of: self.plan.commits() });
        Ok(())
    }
}
