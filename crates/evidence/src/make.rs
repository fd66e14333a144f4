//! Making a pack.

use crate::members;
use crate::pack::{
    About, COMMITS, COMMITS_MAX, DIRECTORY, Directory, FORMAT, Hashes, Inclusion, Named, Proofs,
};
use ledger::book::{Kind, Subject};
use ledger::note::Note;
use ledger::seal::{Seal, SealError, Seals};
use ledger::{BookError, Head, Ledger, Position, ProveError, ReadError};
use projector::{AsOf, Views};
use reporting::calendar::{MONTHS_MAX, months_within};
use reporting::civil::{CivilError, TZDB_VERSION, Zone, show_utc};
use reporting::plans::Plans;
use reporting::provenance::PRODUCT;
use reporting::terms::{Known, Terms};
use seats::{AccountId, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Seek, Write};

const VERIFIER: &[u8] = include_bytes!("../../../docs/verify.py");
const README: &str = include_str!("readme.txt");

/// What a pack is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wanted {
    /// Of which account.
    pub account: AccountId,
    /// The first instant of the period.
    pub from: Timestamp,
    /// The first instant after it; some commit of the account has happened at or after it.
    pub to: Timestamp,
    /// Whether names go into it.
    pub names: bool,
}

/// What went into a pack.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Made {
    /// How many commits.
    pub commits: u64,
    /// How many months have a statement.
    pub months: usize,
    /// How many paths to the last seal.
    pub paths: usize,
    /// How many names.
    pub names: usize,
    /// What the first seal says.
    pub first: Head,
    /// What the last seal says.
    pub last: Head,
}

/// Why there is no pack.
#[derive(Debug, thiserror::Error)]
pub enum MakeError {
    /// Nothing is recorded of such an account. Whoever asked names another.
    #[error("nothing is recorded of {0}")]
    NoAccount(AccountId),
    /// Nothing that has happened closes the period. Whoever asked ends it earlier, or records something first.
    #[error("nothing was recorded at or after the period's end, {0}: end it earlier")]
    Open(String),
    /// The account has more commits than a pack may hold. Take the whole log as evidence instead.
    #[error("the account has more than {COMMITS_MAX} commits; verify the ledger itself instead")]
    TooMany,
    /// The period holds more months than a pack may have statements. Whoever asked makes several packs.
    #[error("more than {MONTHS_MAX} months lie within the period; make a pack for each part of it")]
    TooLong,
    /// A statement cannot be derived.
    #[error("no statement can be derived: {0}")]
    Statement(String),
    /// There is no seal, or it cannot be read.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// A proof cannot be made.
    #[error(transparent)]
    Prove(#[from] ProveError),
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The directory or a plan cannot be read.
    #[error(transparent)]
    Book(#[from] BookError),
    /// The zone in the log is not known to this program's zone rules. Use a newer program.
    #[error(transparent)]
    Civil(#[from] CivilError),
    /// The pack cannot be written.
    #[error("the pack cannot be written: {0}")]
    Io(#[from] io::Error),
}

/// Writes a pack up to the last seal that is kept, which covers the commit that closes the period.
///
/// # Errors
/// When it cannot be made; what was written by then is no pack.
pub fn make(
    views: &Views,
    seals: &Seals,
    wanted: &Wanted,
    to: impl Write + Seek,
) -> Result<Made, MakeError> {
    let ledger = views.ledger();
    let history = History::read(views, wanted)?;
    let zone = Zone::parse(&history.terms.zone)?;
    let [first, last] = both_seals(seals, &history)?;
    let (first_head, last_head) = (first.seal.head, last.seal.head);
    let mut members = BTreeMap::new();
    let mut add = |name: String, content: Vec<u8>| drop(members.insert(name, content));

    let (mut plans, mut files) = (Plans::default(), BTreeMap::new());
    for digest in history.terms.plans() {
        if let Some(file) = ledger.book().plan(digest)? {
            plans.add(digest, &file);
            files.insert(digest, file);
        }
    }
    let months = months_within(zone, wanted.from, wanted.to);
    if months.len() > MONTHS_MAX {
        return Err(MakeError::TooLong);
    }
    let mut named = BTreeSet::new();
    let cannot = |why: String| MakeError::Statement(why);
    let mut deriving = history.terms.deriving(zone, &plans);
    let closed = deriving.closed().map_err(cannot)?;
    let known = Known { as_of: history.terms.version(), until: history.ends };
    for month in &months {
        let facts = deriving.statement(*month, known, &closed);
        let facts = facts.map_err(|why| cannot(format!("{month}: {why}")))?;
        named.extend(facts.lines.iter().flat_map(|line| line.commits.iter().copied()));
        add(format!("statement-{month}.json"), facts.bytes().map_err(io::Error::other)?);
    }
    // Also those that were assigned and could not be used: that they could not is part of the derivation.
    for (digest, file) in files {
        add(format!("plan-{digest}.toml"), file);
    }
    let proofs = proofs(ledger, &history, &named, first_head, last_head)?;
    let paths = proofs.inclusion.len();
    add("proofs.json".to_owned(), json(&proofs)?);
    let about = About {
        format: FORMAT.to_owned(),
        origin: last.seal.origin.clone(),
        account: wanted.account.0,
        zone: history.terms.zone.clone(),
        from: wanted.from.0,
        to: wanted.to.0,
        commits: history.positions.len() as u64,
        months: months.iter().map(ToString::to_string).collect(),
        product: PRODUCT.to_owned(),
        tzdb: TZDB_VERSION.to_owned(),
    };
    let names = if wanted.names { Some(directory(ledger, wanted.account)?) } else { None };
    if let Some(directory) = &names {
        add(DIRECTORY.to_owned(), json(directory)?);
    }
    add("README.txt".to_owned(), readme(&about).into_bytes());
    add("pack.json".to_owned(), json(&about)?);
    add("first.txt".to_owned(), first.note.to_string().into_bytes());
    add("last.txt".to_owned(), last.note.to_string().into_bytes());
    add("verify.py".to_owned(), VERIFIER.to_vec());
    add(COMMITS.to_owned(), history.bytes);
    members::write(to, members)?;
    Ok(Made {
        commits: about.commits,
        months: months.len(),
        paths,
        names: names.map_or(0, |directory| directory.entries.len()),
        first: first_head,
        last: last_head,
    })
}

/// The account's commits up to the one that closes the period.
struct History {
    positions: Vec<u64>,
    /// As they go into the pack.
    bytes: Vec<u8>,
    terms: Terms,
    /// Where the first commit of the period stands.
    begins: u64,
    /// When the last commit happened.
    ends: Timestamp,
}

impl History {
    fn read(views: &Views, wanted: &Wanted) -> Result<History, MakeError> {
        let ledger = views.ledger();
        let mut history = History {
            positions: Vec::new(),
            bytes: Vec::new(),
            terms: Terms::new(wanted.account),
            begins: u64::MAX,
            ends: Timestamp::ZERO,
        };
        let last = last_closing(views, wanted)?;
        for record in views.history(wanted.account, Timestamp::ZERO, Timestamp(u64::MAX))? {
            let record = record?;
            let position = record.position.0;
            let bytes = ledger.bytes(record.position)?.unwrap_or_default();
            history.bytes.extend_from_slice(&position.to_be_bytes());
            history.bytes.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
            history.bytes.extend_from_slice(&bytes);
            history.positions.push(position);
            history.terms.note(position, &record.commit);
            history.ends = record.commit.at;
            if record.commit.at >= wanted.from {
                history.begins = history.begins.min(position);
            }
            if record.commit.at >= wanted.to && last.is_none_or(|last| last <= record.position) {
                return Ok(history);
            }
            if history.positions.len() >= COMMITS_MAX {
                return Err(MakeError::TooMany);
            }
        }
        match history.positions.is_empty() {
            true => Err(MakeError::NoAccount(wanted.account)),
            false => Err(MakeError::Open(show_utc(wanted.to))),
        }
    }
}

/// The commit that closed the last month within the period, if any was closed.
fn last_closing(views: &Views, wanted: &Wanted) -> Result<Option<Position>, MakeError> {
    let now = views.as_of(wanted.account, AsOf::Now)?;
    let within = now
        .notes
        .periods()
        .iter()
        .rev()
        .find(|note| wanted.from <= note.closing.from && note.closing.to <= wanted.to);
    Ok(within.map(|note| note.recorded.position))
}

/// A seal that is kept.
struct Kept {
    note: Note,
    seal: Seal,
}

/// The first and the last seal of the pack: the latest that is older than the period, or else the oldest that
/// is kept; and the latest.
fn both_seals(seals: &Seals, history: &History) -> Result<[Kept; 2], MakeError> {
    let sizes = seals.sizes()?;
    let closing = history.positions.last().copied().unwrap_or_default();
    let last = sizes.last().copied().filter(|size| *size > closing);
    let last = last.ok_or(SealError::NotKept(closing.saturating_add(1)))?;
    let before = sizes.iter().rev().find(|size| **size <= history.begins);
    let first = before.or(sizes.first()).copied().unwrap_or(last);
    let read = |size| -> Result<Kept, MakeError> {
        let note = seals.kept(size)?.ok_or(SealError::NotKept(size))?;
        let seal = Seal::parse(note.text()).map_err(|_| SealError::NotKept(size))?;
        Ok(Kept { note, seal })
    };
    Ok([read(first)?, read(last)?])
}

fn proofs(
    ledger: &Ledger,
    history: &History,
    named: &BTreeSet<u64>,
    first: Head,
    last: Head,
) -> Result<Proofs, MakeError> {
    let inclusion = |position: u64, size: u64| -> Result<Inclusion, MakeError> {
        let path = ledger.prove_inclusion(Position(position), size)?;
        Ok(Inclusion { position, path: Hashes(path) })
    };
    let ends = [history.positions.first(), history.positions.last()].into_iter().flatten();
    let wanted: BTreeSet<u64> = ends.chain(named).copied().collect();
    let early = history.positions.iter().rev().find(|position| **position < first.size);
    let consistency = ledger.prove_consistency(first.size, last.size)?;
    Ok(Proofs {
        inclusion: wanted
            .into_iter()
            .map(|position| inclusion(position, last.size))
            .collect::<Result<_, _>>()?,
        first_inclusion: early.map(|position| inclusion(*position, first.size)).transpose()?,
        consistency: Hashes(consistency),
    })
}

/// The names of an account, with what binds them to its commits.
fn directory(ledger: &Ledger, account: AccountId) -> Result<Directory, BookError> {
    let book = ledger.book();
    let mut entries = Vec::new();
    let mut add = |kind: &str, subject: Subject| -> Result<(), BookError> {
        let salted = book.salted(subject)?;
        entries.extend(salted.map(|(salt, text)| Named {
            kind: kind.to_owned(),
            number: subject.number,
            salt: salt.iter().map(|byte| format!("{byte:02x}")).collect(),
            text,
        }));
        Ok(())
    };
    add("account", Subject::account(account))?;
    for (word, kind) in [("site", Kind::Site), ("user", Kind::User), ("device", Kind::Device)] {
        for number in 1..=book.highest(account, kind)? {
            add(word, Subject { scope: account, kind, number })?;
        }
    }
    Ok(Directory { entries })
}

fn readme(about: &About) -> String {
    README
        .replace("{account}", &about.account.to_string())
        .replace("{origin}", &about.origin)
        .replace("{from}", &show_utc(Timestamp(about.from)))
        .replace("{to}", &show_utc(Timestamp(about.to)))
}

fn json(value: &impl serde::Serialize) -> io::Result<Vec<u8>> {
    let mut json = serde_json::to_vec_pretty(value).map_err(io::Error::other)?;
    json.push(b'\n');
    Ok(json)
}
