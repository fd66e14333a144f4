//! `key`: the key that seals are signed with.

use crate::args::{Format, Key};
use crate::failure::{Failure, Kind};
use crate::output::Output;
use crate::place;
use admission::{SystemClock, time_on};
use ledger::note::{KeyError, KeyKind, SigningKey};
use ledger::seal::{ORIGIN_SUFFIX, SealError, Seals};
use ledger::{Actor, Draft, Ledger, Role};
use seats::{AccountId, Digest, Event, PoolId};
use serde_json::json;
use std::path::Path;

const ADMIN: Actor = Actor { role: Role::Admin, id: 0 };

pub(crate) fn run(data: &Path, key: &Key, output: Output) -> Result<(), Failure> {
    let (ledger, made) = match key {
        Key::New { origin } => {
            let ledger = place::open_or_create(data)?;
            let key = new(origin_of(origin)?)?;
            let seals = seals(&ledger)?;
            if let Some(there) = seals.key()? {
                return Err(SealError::KeyThere(there.verifier().to_string()).into());
            }
            record(&ledger, &key, None)?;
            seals.keep_key(&key)?;
            (ledger, true)
        }
        Key::Show => (place::open(data)?, false),
        Key::Rotate => {
            let ledger = place::open(data)?;
            let seals = seals(&ledger)?;
            let old = seals.key()?.ok_or(SealError::NoKey)?;
            let key = new(old.name().to_owned())?;
            record(&ledger, &key, Some(&old))?;
            seals.change_key(&key)?;
            seals.seal(&ledger, &[old])?;
            (ledger, true)
        }
    };
    let key = seals(&ledger)?.key()?.ok_or(SealError::NoKey)?.verifier();
    match output.format {
        Format::Json => output.json(&json!({ "key": key.to_string(), "origin": key.name() })),
        Format::Table => output.text(&key.to_string()),
    }?;
    if made && output.format == Format::Table {
        crate::output::talk(
            "Give this line to your auditors and customers. The secret half is in seals/key: keep a copy in \
             a safe place, and let nobody else have it.",
        );
    }
    Ok(())
}

/// The seals of a ledger on disk.
pub(crate) fn seals(ledger: &Ledger) -> Result<&Seals, Failure> {
    ledger.seals().ok_or_else(|| Failure::unexpected("a ledger in memory keeps no seals"))
}

fn origin_of(given: &str) -> Result<String, Failure> {
    let given = given.trim_end_matches('/');
    if given.contains("://") {
        return Err(Failure::usage(format!("origin: {given:?} has a scheme; leave it out")));
    }
    Ok(match given.ends_with(ORIGIN_SUFFIX) {
        true => given.to_owned(),
        false => format!("{given}{ORIGIN_SUFFIX}"),
    })
}

fn new(origin: String) -> Result<SigningKey, Failure> {
    let key = SigningKey::generate(&origin, KeyKind::Log);
    key.map_err(Failure::unexpected)?.map_err(|error: KeyError| Failure::usage(error))
}

/// Records in the log that seals are signed with this key from here on, before any is.
fn record(ledger: &Ledger, key: &SigningKey, old: Option<&SigningKey>) -> Result<(), Failure> {
    let now = time_on(ledger, SystemClock)?;
    let digest = |key: &SigningKey| Digest(*key.verifier().bytes());
    let head = ledger.account_head(AccountId::SYSTEM)?;
    let at = head.map_or(now, |head| head.at.max(now));
    let draft = Draft {
        account: AccountId::SYSTEM,
        expected: head.map_or(0, |head| head.version),
        at,
        recorded_at: at,
        actor: ADMIN,
        rules: seats::RULES_VERSION,
        pool: PoolId::DEFAULT,
        events: vec![Event::SealingKeyChanged { key: digest(key), previous: old.map(digest) }],
    };
    let mut writer = ledger.writer().map_err(Failure::unexpected)?;
    writer.append(&[draft]).map_err(Failure::unexpected)?;
    writer.syncer().sync().map_err(Failure::unexpected)?;
    Ok(())
}

impl From<SealError> for Failure {
    fn from(error: SealError) -> Failure {
        let kind = match &error {
            SealError::NoKey | SealError::KeyThere(_) | SealError::NotKept(_) => Kind::Refused,
            SealError::Io { .. } => Kind::Unexpected,
            _ => Kind::Damaged,
        };
        Failure::new(kind, error)
    }
}
