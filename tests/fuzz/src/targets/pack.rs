//! Evidence packs: bent as files, and member by member with the manifest redone, so that the check reads on;
//! some resealed with a key of ours ([`forge`](super::forge)), so that it reads on to the end.
//!
//! A pack that is good under the ledger's own key holds nothing that the original does not hold: its commits
//! are the first ones of the original's, its statements and names are among the original's. Positions are those
//! of the original where there is a path; of the other commits a pack proves the order only.

use super::fixture;
use super::forge::{Frame, Members, framed, frames, reseal};
use crate::{Dice, SetupError, Target, bend};
use evidence::{Summary, Verdict, check};
use ledger::note::{KeyKind, SigningKey, VerifierKey};
use ledger::seal::Policy;
use ledger::{Commit, Head};
use seats::Event;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::fs;
use std::io::{Cursor, Read, Write};
use std::slice;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// Larger packs of the gallery are left out.
const PACK_BYTES_MAX: usize = 64 << 10;

/// Packs of the gallery that are not bent. Bombs are slow, and a file that holds a second pack need only be cut to
/// be a good one: of another history, which the ledger and its witnesses have sealed there.
const LEFT_OUT: [&str; 2] = ["bomb", "a-second-"];

pub(super) struct Packs {
    corpus: Vec<Vec<u8>>,
    original: Members,
    summary: Summary,
    /// First seals that its ledger made: any of them may stand in a good pack.
    firsts: Vec<Head>,
    /// Who cosigned its last seal, and when: any of them may stand in a good pack.
    witnesses: Vec<(String, u64)>,
    key: VerifierKey,
    policy: Policy,
    /// Has the name of the ledger's key.
    forger: SigningKey,
    forged: VerifierKey,
    /// Events of all kinds, to put into commits.
    events: Vec<Event>,
}

impl Packs {
    pub(super) fn new() -> Result<Packs, SetupError> {
        let text = |name: &str| fs::read_to_string(fixture("evidence").join(name));
        let key: VerifierKey = text("keys.txt")?.trim().parse()?;
        let policy = Policy::parse(&text("policy.txt")?)?;
        let good = fs::read(fixture("evidence/good.zip"))?;
        let Verdict::Good(summary) =
            check(Cursor::new(&good), slice::from_ref(&key), Some(&policy))?
        else {
            return Err("the good pack is not good".into());
        };
        let original = unzip(&good).ok_or("the good pack cannot be read")?;
        let (mut firsts, mut witnesses) = (vec![summary.first], summary.witnesses.clone());
        let forger = SigningKey::from_seed(key.name(), KeyKind::Log, &[7; 32])?;
        let mut resealed = original.clone();
        reseal(&mut resealed, &forger).ok_or("the good pack cannot be sealed again")?;
        let mut corpus = vec![good, zip(&original)?, zip_with_manifest(resealed)?];
        let mut names: Vec<_> = fs::read_dir(fixture("tampered"))?.flatten().collect();
        names.sort_by_key(fs::DirEntry::file_name);
        for file in names {
            let is_zip = file.path().extension().is_some_and(|ending| ending == "zip");
            let name = file.file_name();
            let left_out = LEFT_OUT.iter().any(|part| name.to_string_lossy().contains(part));
            if is_zip && !left_out && file.metadata()?.len() <= PACK_BYTES_MAX as u64 {
                let pack = fs::read(file.path())?;
                // Some are good: their ledger sealed at other sizes as well, their witnesses signed at other times.
                let verdict = check(Cursor::new(&pack), slice::from_ref(&key), Some(&policy))?;
                if let Verdict::Good(summary) = verdict {
                    firsts.push(summary.first);
                    witnesses.extend(summary.witnesses);
                }
                corpus.push(pack);
            }
        }
        let golden = fs::read_to_string(fixture("golden/commits-1.txt"))?;
        let commits = golden.lines().filter_map(super::commit::unhex);
        let events = commits.filter_map(|bytes| Commit::decode(&bytes).ok());
        let events = events.flat_map(|commit| commit.events).collect();
        let (forged, summary) = (forger.verifier(), *summary);
        Ok(Packs {
            corpus,
            original,
            summary,
            firsts,
            witnesses,
            key,
            policy,
            forger,
            forged,
            events,
        })
    }

    /// Bends one member.
    fn bend_member(&self, dice: &mut Dice, corpus: &[Vec<u8>], members: &mut Members) {
        let names: Vec<String> = members.keys().cloned().collect();
        let telling = ["commits.bin", "pack.json", "proofs.json", "last.txt", "first.txt"];
        let name = match dice.below(3) {
            0 => dice.pick(&names).map_or("commits.bin", String::as_str),
            1 => "commits.bin",
            _ => dice.pick(&telling).copied().unwrap_or_default(),
        };
        if dice.once_in(40) {
            members.remove(name);
            return;
        }
        let content = members.remove(name).unwrap_or_default();
        let bent = if name == "commits.bin" && !dice.once_in(8) {
            self.bend_commits(dice, &content)
        } else {
            let lent = dice.pick(corpus).and_then(|pack| unzip(pack)?.remove(name));
            bend(dice, &[lent.unwrap_or_default()], &content, PACK_BYTES_MAX)
        };
        let name = match name.starts_with("plan-") && !dice.once_in(8) {
            true => format!("plan-{}.toml", blake3::hash(&bent).to_hex()),
            false => name.to_owned(),
        };
        members.insert(name, bent);
    }

    fn bend_commits(&self, dice: &mut Dice, content: &[u8]) -> Vec<u8> {
        let mut frames = frames(content);
        let others: Vec<Vec<u8>> = frames.iter().map(|(_, bytes)| bytes.clone()).collect();
        let (place, to) = (dice.below(frames.len()), dice.below(frames.len()));
        let Some((position, bytes)) = frames.get_mut(place) else { return content.to_vec() };
        match dice.below(8) {
            0 => drop(frames.remove(place)),
            1 => {
                let frame = frames.remove(place);
                frames.insert(to.min(frames.len()), frame);
            }
            2 => *position = dice.edge(),
            3 | 4 => {
                if let (Ok(mut commit), Some(event)) =
                    (Commit::decode(bytes), dice.pick(&self.events))
                {
                    let to = dice.below(commit.events.len() + 1);
                    commit.events.insert(to, event.clone());
                    *bytes = commit.encode().unwrap_or_default();
                }
            }
            _ => *bytes = bend(dice, &others, bytes, PACK_BYTES_MAX / 2),
        }
        framed(&frames)
    }

    /// Objects to a good pack that says something that the original does not.
    fn check_good(&self, input: &[u8], summary: &Summary) -> Result<(), String> {
        let members = unzip(input).ok_or("it is good and cannot be read")?;
        let objection = |what: &str| Err(format!("it is good, with other {what}: {summary}"));
        let member = |members: &Members, name: &str| members.get(name).cloned().unwrap_or_default();
        let (ours, theirs) = (&self.summary, summary);
        if (&ours.origin, ours.account, ours.last) != (&theirs.origin, theirs.account, theirs.last)
            || !self.firsts.contains(&theirs.first)
            || !theirs.witnesses.iter().all(|witness| self.witnesses.contains(witness))
        {
            return objection("seals");
        }
        let commits = frames(&member(&members, "commits.bin"));
        let originals = frames(&member(&self.original, "commits.bin"));
        let same = |(ours, theirs): (&Frame, &Frame)| ours.1 == theirs.1;
        if commits.len() > originals.len() || !originals.iter().zip(&commits).all(same) {
            return objection("commits");
        }
        // A path proves a position; of the others only their order is known.
        let proofs: Value =
            serde_json::from_slice(&member(&members, "proofs.json")).unwrap_or_default();
        let paths = proofs.get("inclusion").and_then(Value::as_array).into_iter().flatten();
        for position in paths.filter_map(|path| path.get("position")?.as_u64()) {
            let place = |frames: &[Frame]| frames.iter().position(|(at, _)| *at == position);
            if place(&commits) != place(&originals) {
                return objection("positions that are proven");
            }
        }
        if summary.commits != commits.len() as u64 {
            return objection("number of commits");
        }
        if !theirs.months.iter().all(|month| ours.months.contains(month)) {
            return objection("amounts");
        }
        let value = |members: &Members, name: &str| -> Value {
            serde_json::from_slice(&member(members, name)).unwrap_or_default()
        };
        for name in members.keys().filter(|name| name.starts_with("statement-")) {
            if value(&members, name) != value(&self.original, name) {
                return objection("statements");
            }
        }
        let entries = |members: &Members| -> Vec<Value> {
            let directory = value(members, "directory.json");
            directory.get("entries").and_then(Value::as_array).cloned().unwrap_or_default()
        };
        let known = entries(&self.original);
        if !entries(&members).iter().all(|entry| known.contains(entry)) {
            return objection("names");
        }
        Ok(())
    }
}

impl Target for Packs {
    fn name(&self) -> &'static str {
        "pack"
    }

    fn corpus(&self) -> Vec<Vec<u8>> {
        self.corpus.clone()
    }

    fn bytes_max(&self) -> usize {
        PACK_BYTES_MAX
    }

    fn mutate(&mut self, dice: &mut Dice, corpus: &[Vec<u8>], input: &[u8]) -> Vec<u8> {
        let read = unzip(input).filter(|_| !dice.once_in(8));
        let Some(mut members) = read else {
            return bend(dice, corpus, input, PACK_BYTES_MAX);
        };
        for _ in 0..=dice.below(2) {
            self.bend_member(dice, corpus, &mut members);
        }
        if dice.once_in(2) {
            // What cannot be sealed again stays as it is.
            let _ = reseal(&mut members, &self.forger);
        }
        let packed = if dice.once_in(16) { zip(&members) } else { zip_with_manifest(members) };
        packed
            .ok()
            .filter(|pack| pack.len() <= 2 * PACK_BYTES_MAX)
            .unwrap_or_else(|| input.to_vec())
    }

    fn attempt(&mut self, input: &[u8]) -> Result<String, String> {
        let read = |key: &VerifierKey, policy: Option<&Policy>| {
            check(Cursor::new(input), slice::from_ref(key), policy)
                .map_err(|error| format!("no verdict: {error}"))
        };
        let verdict = read(&self.key, Some(&self.policy))?;
        let bad = match verdict {
            Verdict::Good(summary) => {
                self.check_good(input, &summary)?;
                return Ok("good".to_owned());
            }
            Verdict::Bad(bad) => bad,
        };
        match read(&self.forged, None)? {
            Verdict::Good(summary) => {
                let nets = summary.months.iter().map(|(_, net)| net.is_some());
                Ok(format!("forged, good, {:?}", nets.take(3).collect::<Vec<_>>()))
            }
            Verdict::Bad(forged) if forged.code != bad.code => {
                Ok(format!("forged, {}: {}", forged.code.word(), what(&forged.why)))
            }
            Verdict::Bad(_) => Ok(format!("{}: {}", bad.code.word(), what(&bad.why))),
        }
    }
}

/// The kind of a reason: its last words without numbers, which stand after whatever the input put into it.
fn what(why: &str) -> String {
    let why = super::without_numbers(why);
    let words: Vec<&str> = why
        .split(' ')
        .filter(|word| word.len() > 1 && word.chars().all(|c| c.is_ascii_lowercase()))
        .collect();
    words.get(words.len().saturating_sub(4)..).unwrap_or_default().join(" ")
}

fn unzip(bytes: &[u8]) -> Option<Members> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).ok()?;
    let mut members = Members::new();
    for index in 0..archive.len().min(64) {
        let member = archive.by_index(index).ok()?;
        let name = member.name().ok()?.into_owned();
        let mut content = Vec::new();
        member.take(4 * PACK_BYTES_MAX as u64).read_to_end(&mut content).ok()?;
        members.insert(name, content);
    }
    Some(members)
}

fn zip_with_manifest(mut members: Members) -> std::io::Result<Vec<u8>> {
    members.remove("manifest.txt");
    let hash = |content: &[u8]| -> String {
        Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let lines = members.iter().map(|(name, content)| format!("{}  {name}\n", hash(content)));
    let manifest: String = lines.collect();
    members.insert("manifest.txt".to_owned(), manifest.into_bytes());
    zip(&members)
}

fn zip(members: &Members) -> std::io::Result<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, content) in members {
        zip.start_file(name.as_str(), options).map_err(std::io::Error::other)?;
        zip.write_all(content)?;
    }
    Ok(zip.finish().map_err(std::io::Error::other)?.into_inner())
}
