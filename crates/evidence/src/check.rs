//! The check of a pack, in the order of the table of verdicts in `docs/evidence.md`.

use crate::members;
use crate::pack::{Inclusion, Named, Pack};
use crate::verdict::{Bad, Code, Summary, Verdict};
use ledger::Commit;
use ledger::Head;
use ledger::commit::{NO_PREVIOUS, leaf_hash};
use ledger::merkle::{Blake3, verify_growth, verify_inclusion};
use ledger::note::{Note, VerifierKey};
use ledger::seal::{Policy, Seal};
use reporting::calendar::{MONTHS_MAX, months_within};
use reporting::civil::Zone;
use reporting::plans::Plans;
use reporting::terms::{Known, Terms};
use seats::{AccountId, Commitment, Digest, Event, Laws, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read, Seek};

/// Checks a pack against the keys that the auditor has of the ledger (old ones too, if they changed), and
/// against a policy of witnesses, if there is one.
///
/// # Errors
/// When the operating system refuses to read it. Whatever is in it is answered by a verdict.
pub fn check(
    from: impl Read + Seek,
    keys: &[VerifierKey],
    policy: Option<&Policy>,
) -> io::Result<Verdict> {
    let members = members::read(from)?;
    Ok(match members.and_then(|members| checked(members, keys, policy)) {
        Ok(summary) => Verdict::Good(Box::new(summary)),
        Err(bad) => Verdict::Bad(bad),
    })
}

fn checked(
    members: BTreeMap<String, Vec<u8>>,
    keys: &[VerifierKey],
    policy: Option<&Policy>,
) -> Result<Summary, Bad> {
    let pack = Pack::read(members)?;
    let commits = pack.commits()?;
    members::check_manifest(&pack.members)?;
    let known = known(keys, policy);
    let (first, _) = seal(&pack, "first.txt", keys, &known)?;
    let (last, note) = seal(&pack, "last.txt", keys, &known)?;
    witnesses(&note, &known, policy, Timestamp::ZERO)?;
    grown(&pack, first, last)?;
    let history = History::read(&pack, &commits, last)?;
    included(&pack, &history, first, last)?;
    period(&pack, &history)?;
    let witnesses = witnesses(&note, &known, policy, history.closed)?;
    let months = statements(&pack, &history)?;
    let names = directory(&pack, &history)?;
    Ok(Summary {
        origin: pack.about.origin.clone(),
        account: pack.about.account,
        from: Timestamp(pack.about.from),
        to: Timestamp(pack.about.to),
        commits: pack.about.commits,
        first,
        last,
        witnesses,
        months,
        names,
    })
}

/// All keys that signatures are looked up in, each once.
fn known(keys: &[VerifierKey], policy: Option<&Policy>) -> Vec<VerifierKey> {
    let mut known: Vec<VerifierKey> = Vec::new();
    for key in keys.iter().cloned().chain(policy.map(Policy::keys).unwrap_or_default()) {
        if !known.contains(&key) {
            known.push(key);
        }
    }
    known
}

fn seal(
    pack: &Pack,
    name: &str,
    keys: &[VerifierKey],
    known: &[VerifierKey],
) -> Result<(Head, Note), Bad> {
    let wrong = |why: String| Bad::new(Code::Seal, format!("{name}: {why}"));
    let note = Note::parse(pack.member(name)).map_err(|error| wrong(error.to_string()))?;
    let (seal, verified) = Seal::open(&note, known).map_err(|error| wrong(error.to_string()))?;
    if seal.origin != pack.about.origin {
        return Err(wrong(format!("it is of {}, not of {}", seal.origin, pack.about.origin)));
    }
    // A log that only the policy names does not make it a seal.
    if !verified.iter().any(|by| keys.contains(by.key) && by.key.name() == seal.origin) {
        return Err(wrong("it is not signed by a key that was given".to_owned()));
    }
    Ok((seal.head, note))
}

/// How much earlier than the commit that closes the period a witness may say it signed, in seconds.
///
/// As much as the clocks of two honest machines may differ: a service whose own clock steps by more than these
/// five minutes stops and asks an administrator.
const SKEW_S: u64 = 300;

/// The witnesses that cosigned what was recorded at `closed`, if they meet the policy.
///
/// Whoever signed earlier has not seen it: the ledger's clock was ahead, by mistake or to close a period before
/// it ended.
fn witnesses(
    note: &Note,
    known: &[VerifierKey],
    policy: Option<&Policy>,
    closed: Timestamp,
) -> Result<Vec<(String, u64)>, Bad> {
    let mut verified = note.verify(known).map_err(|e| Bad::new(Code::Seal, e.to_string()))?;
    let all = verified.len();
    verified.retain(|by| by.at.is_none_or(|at| micros(at.saturating_add(SKEW_S)) >= closed));
    if let Some(policy) = policy {
        let wrong = |why: &str| Err(Bad::new(Code::Witness, why));
        let signed = |log: &VerifierKey| verified.iter().any(|verified| verified.key == log);
        if !policy.logs().is_empty() && !policy.logs().iter().any(signed) {
            return wrong("no log that the policy names has signed the last seal");
        }
        if !policy.is_met(&verified) {
            return wrong(match verified.len() == all {
                true => "the last seal has not the cosignatures that the policy asks for",
                false => {
                    "witnesses that the policy asks for say that they signed more than five minutes \
                     before the commit that closes the period was recorded"
                }
            });
        }
    }
    let cosigned = verified.iter().filter_map(|v| Some((v.key.name().to_owned(), v.at?)));
    Ok(cosigned.collect())
}

/// The instant so many seconds after 1970.
fn micros(seconds: u64) -> Timestamp {
    Timestamp(seconds.saturating_mul(1_000_000))
}

fn grown(pack: &Pack, first: Head, last: Head) -> Result<(), Bad> {
    let wrong = |why: String| Bad::new(Code::Consistency, why);
    if last.size < first.size {
        return Err(wrong(format!(
            "the last seal is of {} commits, the first of {}",
            last.size, first.size
        )));
    }
    let path = &pack.proofs.consistency.0;
    verify_growth::<Blake3>((first.size, &first.root), (last.size, &last.root), path)
        .map_err(|error| wrong(error.to_string()))
}

/// The account's commits, checked one after the other.
struct History {
    /// Position, leaf hash and time of each.
    commits: Vec<(u64, Digest, Timestamp)>,
    /// When the last of them was recorded.
    closed: Timestamp,
    terms: Terms,
    /// The last commit closes a month: its first instant, and that of the next.
    closes: Option<(Timestamp, Timestamp)>,
    /// What binds each name: kind and number.
    bound: BTreeMap<(&'static str, u64), Commitment>,
}

impl History {
    fn read(pack: &Pack, commits: &[(u64, &[u8])], last: Head) -> Result<History, Bad> {
        let account = AccountId(pack.about.account);
        let mut history = History {
            commits: Vec::new(),
            closed: Timestamp::ZERO,
            terms: Terms::new(account),
            closes: None,
            bound: BTreeMap::new(),
        };
        let mut laws = Laws::new(account);
        let mut before: Option<Commit> = None;
        for (number, (position, bytes)) in commits.iter().enumerate() {
            let wrong = |code, why: String| Bad::at(code, *position, why);
            let previous = history.commits.last();
            if previous.is_some_and(|(before, ..)| before >= position) || *position >= last.size {
                let why =
                    "its position is not between that of the one before it and the seal's size";
                return Err(wrong(Code::Order, why.to_owned()));
            }
            let commit = Commit::decode_canonical(bytes)
                .map_err(|error| wrong(Code::Bytes, error.to_string()))?;
            if commit.account != account {
                return Err(wrong(Code::Account, format!("it belongs to {}", commit.account)));
            }
            let version = number as u64 + 1;
            if commit.version != version {
                let why = format!("it is version {} where {version} was expected", commit.version);
                return Err(wrong(Code::Gap, why));
            }
            if commit.previous != previous.map_or(NO_PREVIOUS, |(_, leaf, _)| *leaf) {
                let why = "its previous hash is not that of the commit before it".to_owned();
                return Err(wrong(Code::Chain, why));
            }
            let back =
                |before: &Commit| commit.at < before.at || commit.recorded_at < before.recorded_at;
            if before.as_ref().is_some_and(back) {
                return Err(wrong(Code::Time, "its time goes back".to_owned()));
            }
            laws.check(commit.at, &commit.events)
                .map_err(|breach| wrong(Code::Law, breach.to_string()))?;
            history.note(*position, bytes, &commit);
            before = Some(commit);
        }
        Ok(history)
    }

    fn note(&mut self, position: u64, bytes: &[u8], commit: &Commit) {
        self.commits.push((position, leaf_hash(bytes), commit.at));
        self.closed = commit.recorded_at;
        self.terms.note(position, commit);
        self.closes = commit.events.iter().find_map(|event| match event {
            Event::PeriodClosed(closing) => Some((closing.from, closing.to)),
            _ => None,
        });
        for event in &commit.events {
            let bound = match event {
                Event::AccountOpened { profile, .. } => ("account", commit.account.0, profile),
                Event::SiteAdded { site, profile } => ("site", u64::from(site.0), profile),
                Event::UserAdded { user, profile } => ("user", u64::from(user.0), profile),
                Event::DeviceAdded { device, profile } => ("device", u64::from(device.0), profile),
                _ => continue,
            };
            self.bound.insert((bound.0, bound.1), *bound.2);
        }
    }

    fn leaf(&self, position: u64) -> Option<&Digest> {
        let place = self.commits.binary_search_by_key(&position, |(position, ..)| *position);
        self.commits.get(place.ok()?).map(|(_, leaf, _)| leaf)
    }
}

fn included(pack: &Pack, history: &History, first: Head, last: Head) -> Result<(), Bad> {
    let mut proven = BTreeSet::new();
    for inclusion in &pack.proofs.inclusion {
        if proven.last().is_some_and(|before| *before >= inclusion.position) {
            let why = "the paths are not in order of position";
            return Err(Bad::at(Code::Inclusion, inclusion.position, why));
        }
        stands(inclusion, history, last)?;
        proven.insert(inclusion.position);
    }
    let ends = [history.commits.first(), history.commits.last()].into_iter().flatten();
    let lines = pack.statements.iter().flat_map(|facts| &facts.lines);
    let named = lines.flat_map(|line| line.commits.iter().copied());
    let wanted: BTreeSet<u64> = ends.map(|(position, ..)| *position).chain(named).collect();
    if let Some(position) = wanted.difference(&proven).next() {
        return Err(Bad::at(Code::Inclusion, *position, "it has no path to the last seal"));
    }
    let early = history.commits.iter().rev().find(|(position, ..)| *position < first.size);
    match (&pack.proofs.first_inclusion, early) {
        (None, None) => Ok(()),
        (Some(inclusion), Some((position, ..))) if inclusion.position == *position => {
            stands(inclusion, history, first)
        }
        (Some(inclusion), None) => {
            let why = "it is not in the first seal";
            Err(Bad::at(Code::Inclusion, inclusion.position, why))
        }
        (_, Some((position, ..))) => {
            Err(Bad::at(Code::Inclusion, *position, "it has no path to the first seal"))
        }
    }
}

/// Whether a commit of the pack stands in the tree of a seal.
fn stands(inclusion: &Inclusion, history: &History, head: Head) -> Result<(), Bad> {
    let wrong = |why: String| Bad::at(Code::Inclusion, inclusion.position, why);
    let leaf = history.leaf(inclusion.position);
    let leaf = leaf.ok_or_else(|| wrong("a path is of a commit that is not here".into()))?;
    verify_inclusion::<Blake3>(leaf, inclusion.position, head.size, &inclusion.path.0, &head.root)
        .map_err(|error| wrong(error.to_string()))
}

/// The year 9999, in microseconds since 1970: no month after it can be said.
const LATEST: u64 = 253_370_764_800_000_000;

fn period(pack: &Pack, history: &History) -> Result<(), Bad> {
    let wrong = |why: &str| Err(Bad::new(Code::Period, why));
    let about = &pack.about;
    if about.from >= about.to {
        return wrong("the period ends before it begins");
    }
    let at_or_after = |(_, _, at): &&(u64, Digest, Timestamp)| at.0 >= about.to;
    if about.to > LATEST {
        return wrong("the period ends after the year 9998");
    }
    match history.commits.split_last() {
        Some((closing, before)) if at_or_after(&closing) => {
            let closes = history.closes;
            let closes = closes.is_some_and(|(from, to)| about.from <= from.0 && to.0 <= about.to);
            if !closes && before.last().is_some_and(|last| at_or_after(&last)) {
                return wrong("commits follow the one that closes the period");
            }
        }
        _ => return wrong("no commit closes the period: later ones may have been left out"),
    }
    if about.commits != history.commits.len() as u64 {
        return wrong("the number of commits is not the one that pack.json says");
    }
    if about.zone != history.terms.zone {
        return wrong("the zone is not the one in which the account was opened");
    }
    let Ok(zone) = Zone::parse(&about.zone) else {
        return wrong("the zone is not known to this program's zone rules");
    };
    let months = months_within(zone, Timestamp(about.from), Timestamp(about.to));
    if months.len() > MONTHS_MAX {
        return wrong("more than 1,200 months lie within the period");
    }
    if about.months != months.iter().map(ToString::to_string).collect::<Vec<_>>() {
        return wrong("the months are not those that lie within the period");
    }
    Ok(())
}

/// What each month comes to: its net in minor units of a currency.
type Month = (String, Option<(i64, String)>);

fn statements(pack: &Pack, history: &History) -> Result<Vec<Month>, Bad> {
    let zone = Zone::parse(&pack.about.zone).map_err(|e| Bad::new(Code::Period, e.to_string()))?;
    let (about, terms) = (&pack.about, &history.terms);
    let months = months_within(zone, Timestamp(about.from), Timestamp(about.to));
    let mut plans = Plans::default();
    for (digest, file) in &pack.plans {
        plans.add(*digest, file);
    }
    let mut deriving = terms.deriving(zone, &plans);
    let closed = deriving.closed().map_err(|why| Bad::new(Code::Statement, why))?;
    let until = history.commits.last().map_or(Timestamp::ZERO, |(_, _, at)| *at);
    let known = Known { as_of: terms.version(), until };
    let mut nets = Vec::new();
    for (month, said) in months.into_iter().zip(&pack.statements) {
        let wrong = |why: String| Bad::new(Code::Statement, format!("{month}: {why}"));
        let mut facts = deriving.statement(month, known, &closed).map_err(wrong)?;
        if closed.iter().any(|closed| closed.facts.month == facts.month) {
            let kept = facts.bytes().unwrap_or_default();
            if pack.member(&format!("statement-{month}.json")) != kept {
                let why = "it is not the statement that the month was closed with";
                return Err(wrong(why.into()));
            }
        } else {
            // Which rules gave these days is not the question; that they are these days is.
            facts.tzdb.clone_from(&said.tzdb);
        }
        if facts != *said {
            return Err(wrong("the facts are not those that follow from the commits".into()));
        }
        nets.push((facts.month, facts.net.zip(facts.currency)));
    }
    Ok(nets)
}

fn directory(pack: &Pack, history: &History) -> Result<usize, Bad> {
    let Some(directory) = &pack.directory else { return Ok(0) };
    let bound: &BTreeMap<(&str, u64), Commitment> = &history.bound;
    for Named { kind, number, salt, text } in &directory.entries {
        let wrong = |why: &str| Err(Bad::new(Code::Directory, format!("{kind} {number}: {why}")));
        let Some(bound) = bound.get(&(kind.as_str(), *number)) else {
            return wrong("no commit made it known");
        };
        let Some(salt) = Digest::from_hex(salt) else { return wrong("its salt is not 64 digits") };
        let mut hasher = blake3::Hasher::new();
        hasher.update(&salt.0).update(text.as_bytes());
        if hasher.finalize().as_bytes() != &bound.0 {
            return wrong("salt and text do not give the commitment in its commit");
        }
    }
    Ok(directory.entries.len())
}
