//! What the holder of a ledger's key could do to a pack: write commits anew, chain them, and seal the log that
//! they now stand in. So bent commits get past chains and signatures, to the laws and the statements.
//!
//! The other accounts' commits are stood for by leaves that nobody has the commits of.

use crate::tree::Tree;
use ledger::commit::{NO_PREVIOUS, leaf_hash};
use ledger::merkle::{Blake3, leaf};
use ledger::note::{Note, SigningKey};
use ledger::seal::Seal;
use ledger::{Commit, Head};
use seats::{Digest, Event};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The members of a pack by name.
pub(super) type Members = BTreeMap<String, Vec<u8>>;

/// The longest log that is made up.
const LOG_MAX: u64 = 2_000;

/// A commit and where it stands.
pub(super) type Frame = (u64, Vec<u8>);

/// The commits of `commits.bin`, as far as they are whole.
pub(super) fn frames(mut bytes: &[u8]) -> Vec<Frame> {
    let mut frames = Vec::new();
    while let Some((position, after)) = bytes.split_first_chunk()
        && let Some((length, after)) = after.split_first_chunk()
        && let Some((commit, after)) = after.split_at_checked(u32::from_be_bytes(*length) as usize)
    {
        frames.push((u64::from_be_bytes(*position), commit.to_vec()));
        bytes = after;
    }
    frames
}

/// The bytes of `commits.bin`.
pub(super) fn framed(frames: &[Frame]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (position, commit) in frames {
        bytes.extend_from_slice(&position.to_be_bytes());
        bytes.extend_from_slice(&(commit.len() as u32).to_be_bytes());
        bytes.extend_from_slice(commit);
    }
    bytes
}

/// Chains the commits again, names the plan that is there in them, and seals them with `key`, whose name is the
/// pack's origin. `None` if too little of the pack is left to do so.
pub(super) fn reseal(members: &mut Members, key: &SigningKey) -> Option<()> {
    let mut frames = frames(members.get("commits.bin")?);
    chain(&mut frames, plan(members));
    let sizes = ["first.txt", "last.txt"].map(|name| size(members, name));
    let [Some(first), Some(last)] = sizes else { return None };
    let mut tree = tree(&frames, last)?;
    let heads = [tree.head(first), tree.head(last)];
    for (name, head) in ["first.txt", "last.txt"].into_iter().zip(heads) {
        members.insert(name.to_owned(), sealed(head, key)?);
    }
    let about: Value = serde_json::from_slice(members.get("pack.json")?).ok()?;
    let mut about = about.as_object()?.clone();
    about.insert("commits".to_owned(), json!(frames.len()));
    members.insert("pack.json".to_owned(), serde_json::to_vec(&about).ok()?);
    let proofs: Value = serde_json::from_slice(members.get("proofs.json")?).ok()?;
    let proofs = proven(&frames, &proofs, &mut tree, first.min(last), last);
    members.insert("proofs.json".to_owned(), serde_json::to_vec(&proofs).ok()?);
    members.insert("commits.bin".to_owned(), framed(&frames));
    Some(())
}

/// Versions and chain of commits that can be read; the others stay as they are.
fn chain(frames: &mut [Frame], plan: Option<Digest>) {
    let mut previous = NO_PREVIOUS;
    for (number, (_, bytes)) in frames.iter_mut().enumerate() {
        if let Ok(mut commit) = Commit::decode(bytes) {
            (commit.version, commit.previous) = (number as u64 + 1, previous);
            for event in &mut commit.events {
                if let (Event::PlanAssigned { plan: named, .. }, Some(plan)) = (event, plan) {
                    *named = plan;
                }
            }
            *bytes = commit.encode().unwrap_or_else(|_| bytes.clone());
        }
        previous = leaf_hash(bytes);
    }
}

/// The hash of the plan, if there is just one.
fn plan(members: &Members) -> Option<Digest> {
    let mut plans = members.keys().filter_map(|name| name.strip_prefix("plan-"));
    let plan = plans.next()?.strip_suffix(".toml")?;
    plans.next().is_none().then(|| Digest::from_hex(plan)).flatten()
}

fn size(members: &Members, name: &str) -> Option<u64> {
    let text = std::str::from_utf8(members.get(name)?).ok()?;
    text.lines().nth(1)?.parse().ok().filter(|size| *size <= LOG_MAX)
}

/// A log in which the commits stand at their positions, if these are in it.
fn tree(frames: &[Frame], size: u64) -> Option<Tree> {
    let mut tree = Tree((0..size).map(|n| leaf::<Blake3>(&n.to_le_bytes())).collect());
    for (position, bytes) in frames {
        *tree.0.get_mut(usize::try_from(*position).ok()?)? = leaf_hash(bytes);
    }
    Some(tree)
}

fn sealed(head: Head, key: &SigningKey) -> Option<Vec<u8>> {
    let mut note = Note::new(Seal { origin: key.name().to_owned(), head }.text()).ok()?;
    note.sign(key, 0);
    Some(note.to_string().into_bytes())
}

/// The paths of the same commits as before, and of the first and the last.
fn proven(frames: &[Frame], before: &Value, tree: &mut Tree, first: u64, last: u64) -> Value {
    let here: BTreeSet<u64> = frames.iter().map(|(position, _)| *position).collect();
    let named = before.get("inclusion").and_then(Value::as_array).into_iter().flatten();
    let named = named.filter_map(|inclusion| inclusion.get("position")?.as_u64());
    let ends = [here.first(), here.last()].into_iter().flatten().copied();
    let wanted: BTreeSet<u64> =
        named.filter(|position| here.contains(position)).chain(ends).collect();
    let words = |path: Vec<Digest>| path.iter().map(Digest::to_string).collect::<Vec<_>>();
    let mut inclusion = |position: u64, size: u64| -> Value {
        json!({ "position": position, "path": words(tree.inclusion(position, size)) })
    };
    let paths: Vec<Value> = wanted.into_iter().map(|position| inclusion(position, last)).collect();
    let early = here.range(..first).next_back();
    let early = early.map_or(Value::Null, |position| inclusion(*position, first));
    let consistency = words(tree.consistency(first, last));
    json!({ "inclusion": paths, "first_inclusion": early, "consistency": consistency })
}
