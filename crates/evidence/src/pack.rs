//! What stands in a pack, as it is written and read.

use crate::verdict::{Bad, Code};
use reporting::facts::Facts;
use reporting::object::{self, Object};
use seats::Digest;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The most members a pack may have.
pub const MEMBERS_MAX: usize = 4_096;
/// The most bytes they may unpack to, together.
pub const BYTES_MAX: u64 = 1 << 30;
/// The most bytes they may unpack to without the commits.
pub const OTHER_BYTES_MAX: u64 = 64 << 20;
/// The most commits it may hold.
pub const COMMITS_MAX: usize = 4_000_000;

/// The most hashes that a path may have: the height of a tree of 2^64 commits.
const PATH_LENGTH_MAX: usize = 64;

/// The words that a pack of this format begins with.
pub(crate) const FORMAT: &str = "seatledger evidence 1";

/// What a pack is about.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// Always the same words.
    pub format: String,
    /// Which ledger.
    pub origin: String,
    /// Number of the account.
    pub account: u64,
    /// IANA name of its zone.
    pub zone: String,
    /// The first instant of the period, in microseconds since 1970.
    pub from: u64,
    /// The first instant after it.
    pub to: u64,
    /// How many commits there are.
    pub commits: u64,
    /// The calendar months within the period, as `2026-05`.
    pub months: Vec<String>,
    /// The program that made it.
    pub product: String,
    /// Version of the zone rules.
    pub tzdb: String,
}

/// That a commit stands in a tree.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Inclusion {
    pub(crate) position: u64,
    pub(crate) path: Hashes,
}

/// A path: hashes in hexadecimal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub(crate) struct Hashes(pub(crate) Vec<Digest>);

impl TryFrom<Vec<String>> for Hashes {
    type Error = String;

    fn try_from(digits: Vec<String>) -> Result<Hashes, String> {
        if digits.len() > PATH_LENGTH_MAX {
            return Err(format!("a path has more than {PATH_LENGTH_MAX} hashes"));
        }
        let hashes: Option<_> = digits.iter().map(|hash| Digest::from_hex(hash)).collect();
        hashes.map(Hashes).ok_or_else(|| "a path holds something else than hashes".to_owned())
    }
}

impl From<Hashes> for Vec<String> {
    fn from(hashes: Hashes) -> Vec<String> {
        hashes.0.iter().map(ToString::to_string).collect()
    }
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Proofs {
    #[serde(deserialize_with = "object::list")]
    pub(crate) inclusion: Vec<Inclusion>,
    #[serde(deserialize_with = "object::or_null")]
    pub(crate) first_inclusion: Option<Inclusion>,
    pub(crate) consistency: Hashes,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Named {
    pub(crate) kind: String,
    pub(crate) number: u64,
    pub(crate) salt: String,
    pub(crate) text: String,
}

#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Directory {
    #[serde(deserialize_with = "object::list")]
    pub(crate) entries: Vec<Named>,
}

/// A pack whose members could all be read.
#[derive(Debug)]
pub(crate) struct Pack {
    pub(crate) members: BTreeMap<String, Vec<u8>>,
    pub(crate) about: About,
    pub(crate) proofs: Proofs,
    pub(crate) statements: Vec<Facts>,
    pub(crate) plans: BTreeMap<Digest, Vec<u8>>,
    pub(crate) directory: Option<Directory>,
}

impl Pack {
    /// Makes sense of a pack's members.
    pub(crate) fn read(members: BTreeMap<String, Vec<u8>>) -> Result<Pack, Bad> {
        for name in members.keys() {
            if !is_member(name) {
                return Err(bad(format!("a pack has no member {name:?}")));
            }
        }
        for name in FIXED {
            if !members.contains_key(name) && name != DIRECTORY {
                return Err(bad(format!("{name} is missing")));
            }
        }
        let about: About = json(&members, "pack.json")?;
        if about.format != FORMAT {
            return Err(bad(format!("its format is {:?}, not {FORMAT:?}", about.format)));
        }
        let proofs: Proofs = json(&members, "proofs.json")?;
        let months: BTreeSet<&String> = about.months.iter().collect();
        if months.len() < about.months.len() {
            return Err(bad("pack.json lists a month twice".to_owned()));
        }
        let statement = |month: &String| json(&members, &format!("statement-{month}.json"));
        let statements = about.months.iter().map(statement).collect::<Result<Vec<Facts>, _>>()?;
        let odd = |facts: &Facts| {
            let digest = facts.plan.as_deref().is_none_or(|plan| Digest::from_hex(plan).is_some());
            !digest || !is_month(&facts.month)
        };
        if statements.iter().any(odd) {
            return Err(bad("a statement's month or plan is none".to_owned()));
        }
        let listed = |name: &str| {
            let month = name.strip_prefix("statement-").and_then(|name| name.strip_suffix(".json"));
            month.is_none_or(|month| months.iter().any(|listed| *listed == month))
        };
        if let Some(name) = members.keys().find(|name| !listed(name)) {
            return Err(bad(format!("{name} is of a month that pack.json does not list")));
        }
        let mut plans = BTreeMap::new();
        for (name, file) in members.iter().filter(|(name, _)| name.starts_with("plan-")) {
            let digest = Digest(*blake3::hash(file).as_bytes());
            if *name != format!("plan-{digest}.toml") {
                return Err(bad(format!("{name} is not the file that its name says")));
            }
            plans.insert(digest, file.clone());
        }
        let directory: Option<Directory> =
            members.contains_key(DIRECTORY).then(|| json(&members, DIRECTORY)).transpose()?;
        let mut entries = directory.iter().flat_map(|directory| &directory.entries);
        if entries.any(|named| Digest::from_hex(&named.salt).is_none()) {
            return Err(bad(format!("{DIRECTORY}: a salt is not 64 digits")));
        }
        Ok(Pack { about, proofs, statements, plans, directory, members })
    }

    pub(crate) fn member(&self, name: &str) -> &[u8] {
        self.members.get(name).map_or(&[], Vec::as_slice)
    }

    /// The commits: position, and bytes as hashed.
    pub(crate) fn commits(&self) -> Result<Vec<(u64, &[u8])>, Bad> {
        let mut rest = self.member(COMMITS);
        let mut commits = Vec::new();
        while !rest.is_empty() {
            let cut = || bad(format!("{COMMITS} is cut short"));
            let (position, after) = rest.split_first_chunk().ok_or_else(cut)?;
            let (length, after) = after.split_first_chunk().ok_or_else(cut)?;
            let length = u32::from_be_bytes(*length) as usize;
            let (bytes, after) = after.split_at_checked(length).ok_or_else(cut)?;
            commits.push((u64::from_be_bytes(*position), bytes));
            rest = after;
            if commits.len() > COMMITS_MAX {
                return Err(bad(format!("it holds more than {COMMITS_MAX} commits")));
            }
        }
        Ok(commits)
    }
}

pub(crate) const COMMITS: &str = "commits.bin";
pub(crate) const DIRECTORY: &str = "directory.json";
pub(crate) const MANIFEST: &str = "manifest.txt";

/// The members that a pack has whatever it is about; the directory only if names are in it.
const FIXED: [&str; 9] = [
    "README.txt",
    MANIFEST,
    "pack.json",
    COMMITS,
    "proofs.json",
    "first.txt",
    "last.txt",
    DIRECTORY,
    "verify.py",
];

fn is_member(name: &str) -> bool {
    let between = |start, end| name.strip_prefix(start).and_then(|n: &str| n.strip_suffix(end));
    FIXED.contains(&name)
        || between("statement-", ".json").is_some_and(is_month)
        || between("plan-", ".toml").is_some_and(|digest| Digest::from_hex(digest).is_some())
}

/// Whether it is written as `2026-05`.
fn is_month(month: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|c| c.is_ascii_digit());
    matches!(month.split_once('-'), Some((year, month))
        if year.len() == 4 && month.len() == 2 && digits(year) && digits(month)
            && ("01"..="12").contains(&month))
}

fn json<T: DeserializeOwned>(members: &BTreeMap<String, Vec<u8>>, name: &str) -> Result<T, Bad> {
    let bytes = members.get(name).ok_or_else(|| bad(format!("{name} is missing")))?;
    let Object(value): Object<T> =
        serde_json::from_slice(bytes).map_err(|error| bad(format!("{name}: {error}")))?;
    Ok(value)
}

pub(crate) fn bad(why: String) -> Bad {
    Bad::new(Code::Pack, why)
}
