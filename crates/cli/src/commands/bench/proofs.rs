//! What an auditor gets: proofs from the stored nodes of the tree, seals, and a pack of one account.
//!
//! Seals and their key are kept beside the history, in the directory of the run, and go away with it. Each
//! seal is made of a log that has grown since the last one, so the history is a few commits longer afterwards.

use super::Conditions;
use super::ask::Asked;
use super::frame::{Measured, Round, Times};
use super::history::History;
use super::machine::{Dice, memory_kib, ticks};
use super::yardstick;
use crate::args::HistoryArgs;
use crate::failure::Failure;
use evidence::Wanted;
use ledger::note::{KeyKind, SigningKey};
use ledger::seal::Seals;
use ledger::{Actor, Draft, Ledger, Position, ProveError, Role, Syncer, Writer};
use projector::AsOf;
use seats::{AccountId, Digest, Event, PoolId, Timestamp};
use std::io::Cursor;

/// Who seals.
const ORIGIN: &str = "bench.example/seats-b3-v1";
/// What a hash takes in a path.
const HASH_BYTES: u64 = 32;
/// A pack is of a year, and of everything of the account before it.
const YEAR_US: u64 = 365 * 86_400_000_000;

pub(super) fn run(conditions: &Conditions, history: HistoryArgs) -> Result<Vec<Measured>, Failure> {
    let nodes = catch_up(conditions, &History::take(conditions, history)?)?;
    let asked = Asked::open(conditions, history)?;
    let inclusion = prove(conditions, &asked, "inclusion, anywhere", |ledger, any, size| {
        ledger.prove_inclusion(Position(any), size)
    })?;
    let consistency =
        prove(conditions, &asked, "consistency, from anywhere", |ledger, any, size| {
            ledger.prove_consistency(any, size)
        })?;
    let seals = Seals::new(conditions.home.join("seals"));
    let key = SigningKey::generate(ORIGIN, KeyKind::Log).map_err(Failure::unexpected)?;
    seals.keep_key(&key.map_err(Failure::unexpected)?)?;
    let pack = pack(conditions, &asked, &seals, history.accounts)?;
    let seal = seal(conditions, &asked, &seals)?;
    Ok(vec![nodes, inclusion, consistency, pack, seal])
}

/// The stored nodes, made from nothing: every commit is read and hashed, and all nodes above.
fn catch_up(conditions: &Conditions, made: &History) -> Result<Measured, Failure> {
    let what = "stored nodes, from nothing".to_owned();
    let rounds = Measured::rounds(conditions, &what, |_| {
        forget_nodes(made)?;
        let ledger = made.open()?;
        let commits = ledger.head().size;
        let begun = ticks();
        // The head before the last commit cannot be told without the nodes.
        ledger.head_at(commits.saturating_sub(1)).map_err(Failure::unexpected)?;
        let took = ticks().saturating_sub(begun);
        let mut times = Times::default();
        times.add(took);
        // A leaf and a node for each commit.
        let yardsticks = vec![yardstick::raw_nodes(2, conditions.until())];
        let facts = vec![("commits", commits), ("peak_memory_mib", memory_kib().1 / 1024)];
        Ok(Round { count: commits, took, times, yardsticks, facts })
    })?;
    let sync = "none: nodes are not synced, they can be made again".to_owned();
    let (counted, unit) = ("commits", "all nodes of the history");
    Ok(Measured { what, counted, unit, disk: None, sync, rounds })
}

/// Stored nodes may be deleted at any time.
fn forget_nodes(made: &History) -> Result<(), Failure> {
    let index = made.ledger.join("index");
    let unusable = |error| Failure::unexpected(format!("{}: {error}", index.display()));
    for file in std::fs::read_dir(&index).map_err(unusable)? {
        let file = file.map_err(unusable)?;
        if file.file_name().to_string_lossy().starts_with("tiles-") {
            std::fs::remove_file(file.path()).map_err(unusable)?;
        }
    }
    Ok(())
}

/// Proofs at random places, up to the head.
fn prove(
    conditions: &Conditions,
    asked: &Asked,
    what: &str,
    prove: impl Fn(&Ledger, u64, u64) -> Result<Vec<Digest>, ProveError>,
) -> Result<Measured, Failure> {
    let ledger = asked.views().ledger();
    let size = ledger.head().size;
    let mut dice = Dice(conditions.seed);
    let rounds = Measured::rounds(conditions, what, |_| {
        let (mut times, mut count, mut hashes) = (Times::default(), 0_u64, 0_u64);
        let (begun, until) = (ticks(), conditions.until());
        let mut now = begun;
        while now < until || count == 0 {
            let path = prove(ledger, dice.below(size), size).map_err(Failure::unexpected)?;
            hashes += path.len() as u64;
            count += 1;
            let then = ticks();
            times.add(then.saturating_sub(now));
            now = then;
        }
        let took = now.saturating_sub(begun);
        let hashes = hashes / count;
        let yardsticks = vec![yardstick::raw_nodes(hashes.max(1), conditions.until())];
        let facts = vec![
            ("commits", size),
            ("path_hashes", hashes),
            ("path_bytes", hashes * HASH_BYTES),
            ("peak_memory_mib", memory_kib().1 / 1024),
        ];
        Ok(Round { count, took, times, yardsticks, facts })
    })?;
    let sync = "none: nothing is written".to_owned();
    let (what, counted, unit) = (what.to_owned(), "proofs", "one proof, checked");
    Ok(Measured { what, counted, unit, disk: None, sync, rounds })
}

/// A pack of a random account's last year, into memory.
fn pack(
    conditions: &Conditions,
    asked: &Asked,
    seals: &Seals,
    accounts: u64,
) -> Result<Measured, Failure> {
    let views = asked.views();
    let ledger = views.ledger();
    seals.seal(ledger, &[])?;
    let sample = yardstick::sample(ledger)?;
    let mut dice = Dice(conditions.seed);
    let what = "evidence pack of an account's last year".to_owned();
    let rounds = Measured::rounds(conditions, &what, |_| {
        let (mut times, mut took, mut packs) = (Times::default(), 0, 0);
        let (mut commits, mut months, mut paths, mut bytes) = (0, 0, 0, 0);
        let until = conditions.until();
        while ticks() < until || packs == 0 {
            let account = AccountId(1 + dice.below(accounts));
            let known = views.as_of(account, AsOf::Now).map_err(Failure::unexpected)?.account;
            let to = known.last_at();
            let from = Timestamp(to.0.saturating_sub(YEAR_US));
            let mut pack = Cursor::new(Vec::new());
            let begun = ticks();
            let wanted = Wanted { account, from, to, names: false };
            let made = evidence::make(views, seals, &wanted, &mut pack)?;
            let micros = ticks().saturating_sub(begun);
            times.add(micros);
            took += micros;
            packs += 1;
            commits += made.commits;
            months += made.months as u64;
            paths += made.paths as u64;
            bytes += pack.into_inner().len() as u64;
        }
        let yardsticks = vec![yardstick::raw_hash(&sample, 1)];
        let facts = vec![
            ("commits", commits / packs),
            ("months", months / packs),
            ("paths", paths / packs),
            ("pack_bytes", bytes / packs),
            ("peak_memory_mib", memory_kib().1 / 1024),
        ];
        Ok(Round { count: commits, took, times, yardsticks, facts })
    })?;
    let sync = "none: packs are made in memory".to_owned();
    let (counted, unit) = ("commits", "one pack");
    Ok(Measured { what, counted, unit, disk: None, sync, rounds })
}

/// Seals, each of a log that has one more commit than the last one sealed.
fn seal(conditions: &Conditions, asked: &Asked, seals: &Seals) -> Result<Measured, Failure> {
    let ledger = asked.views().ledger();
    let sample = yardstick::sample(ledger)?;
    let mut writer = ledger.writer().map_err(Failure::unexpected)?;
    let syncer = writer.syncer();
    let what = "seal of a log that has grown".to_owned();
    let rounds = Measured::rounds(conditions, &what, |_| {
        let (mut times, mut took, mut count, mut bytes) = (Times::default(), 0, 0, 0);
        let until = conditions.until();
        while ticks() < until || count == 0 {
            grow(ledger, &mut writer, &syncer)?;
            let begun = ticks();
            let note = seals.seal(ledger, &[])?;
            let micros = ticks().saturating_sub(begun);
            times.add(micros);
            took += micros;
            count += 1;
            bytes = note.to_string().len() as u64;
        }
        let raw = conditions.home.join("raw");
        let until = conditions.until();
        let yardsticks = vec![yardstick::raw_append("one at a time", &raw, &sample, 1, until)?];
        let facts = vec![("commits", ledger.head().size), ("seal_bytes", bytes)];
        Ok(Round { count, took, times, yardsticks, facts })
    })?;
    let sync = "four syncs each: promise and seal, and the directory after both".to_owned();
    let disk = Some((asked.made().bytes, asked.made().events));
    let (counted, unit) = ("seals", "one seal, given away when it is on disk");
    Ok(Measured { what, counted, unit, disk, sync, rounds })
}

/// Appends one commit of the service itself.
fn grow(ledger: &Ledger, writer: &mut Writer, syncer: &Syncer) -> Result<(), Failure> {
    let account = AccountId::SYSTEM;
    let last = Position(ledger.head().size.saturating_sub(1));
    let now = ledger.record(last)?.map_or(Timestamp::ZERO, |last| last.commit.recorded_at);
    let expected = writer.account_head(account)?.map_or(0, |head| head.version);
    let draft = Draft {
        account,
        expected,
        at: now,
        recorded_at: now,
        actor: Actor { role: Role::Service, id: 0 },
        rules: seats::RULES_VERSION,
        pool: PoolId::DEFAULT,
        events: vec![Event::ServiceStarted { last_alive: None }],
    };
    writer.append(&[draft]).map_err(Failure::unexpected)?;
    syncer.sync().map_err(Failure::unexpected)?;
    Ok(())
}
