//! Requests to a witness, from a ledger and from one that its owner wrote anew with the same key. The heads that
//! the witness signs are all of one history, they only grow, and what it signs is what it was shown.
//!
//! It remembers, so an input means something only after those before it: a broken one is found again with the
//! same seed and `--inputs`.

use super::key;
use crate::tree::Tree;
use crate::{Dice, SetupError, Target, bend};
use ::witness::{Request, Witness};
use ledger::Head;
use ledger::merkle::{Blake3, leaf};
use ledger::note::{KeyKind, Note, SigningKey, VerifierKey};
use ledger::seal::Seal;
use tempfile::TempDir;

const ORIGINS: [&str; 2] = ["example.com/clinics/seats-b3-v1", "other.example/seats-b3-v1"];
const LEAVES: u64 = 200;
/// Up to here the history that was written anew is the true one.
const FORK: u64 = 40;
const NOW: u64 = 1_700_000_000;
/// After so many inputs it is another witness, that has seen nothing yet.
const LIFE: u64 = 400;

pub(super) struct Witnesses {
    histories: [Tree; 2],
    logs: Vec<SigningKey>,
    key: SigningKey,
    dir: TempDir,
    witness: Witness,
    asked: u64,
    /// What was signed of each ledger, in order.
    signed: [Vec<Head>; 2],
}

impl Witnesses {
    pub(super) fn new() -> Result<Witnesses, SetupError> {
        let history = |name: &str| {
            let name = |index| if index < FORK { "true" } else { name };
            let leaves = (0..LEAVES).map(|index| format!("{} {index}", name(index)));
            Tree(leaves.map(|text| leaf::<Blake3>(text.as_bytes())).collect())
        };
        let logs = ORIGINS.map(|origin| key(origin, KeyKind::Log));
        let logs = logs.into_iter().collect::<Result<Vec<_>, _>>()?;
        let key = key("north.example", KeyKind::Witness)?;
        let dir = tempfile::tempdir()?;
        let witness = open(&key, &logs, &dir)?;
        let histories = [history("true"), history("anew")];
        Ok(Witnesses { histories, logs, key, dir, witness, asked: 0, signed: Default::default() })
    }

    fn request(&mut self, history: usize, ledger: usize, old: u64, size: u64) -> Option<Request> {
        let tree = self.histories.get_mut(history)?;
        let log = self.logs.get(ledger)?;
        let seal = Seal { origin: log.name().to_owned(), head: tree.head(size) };
        let mut note = Note::new(seal.text()).ok()?;
        note.sign(log, 0);
        let path = if old <= size { tree.consistency(old, size) } else { Vec::new() };
        Some(Request { old, path, note })
    }

    /// Objects if what is signed now does not fit what was signed before.
    fn check_signed(&mut self, input: &[u8], said: &str) -> Result<String, String> {
        let request = Request::parse(input).map_err(|why| format!("it signs nonsense: {why}"))?;
        let signed = format!("{}{said}", request.note);
        let note = Note::parse(signed.as_bytes()).map_err(|error| error.to_string())?;
        let origin = note.text().lines().next().unwrap_or_default();
        let ledger = ORIGINS.iter().position(|known| *known == origin);
        let ledger = ledger.ok_or("it signs for a ledger that it does not watch")?;
        // What others signed beside them is theirs to check.
        let log = self.logs.get(ledger).map(SigningKey::verifier);
        let keys: Vec<VerifierKey> = log.into_iter().chain([self.key.verifier()]).collect();
        let (seal, verified) = Seal::open(&note, &keys).map_err(|error| error.to_string())?;
        let own = verified.iter().find(|signer| *signer.key == self.key.verifier());
        if own.and_then(|signer| signer.at) != Some(NOW) {
            return Err("its signature does not hold".to_owned());
        }
        let heads = self.signed.get_mut(ledger).ok_or("no such ledger")?;
        let head = seal.head;
        if heads.last().is_some_and(|last| last.size > head.size) {
            return Err(format!("it signs {head:?} after {:?}", heads.last()));
        }
        heads.push(head);
        let in_one = |tree: &Tree| heads.iter().all(|head| tree.head(head.size) == *head);
        if !self.histories.iter().any(in_one) {
            return Err(format!("no history has all the heads that it signed: {heads:?}"));
        }
        Ok(format!("signed, of {}", if head.size > FORK { "one history" } else { "both" }))
    }
}

impl Target for Witnesses {
    fn name(&self) -> &'static str {
        "witness"
    }

    /// Made by hand once; the requests that matter depend on what was signed, and are made as it goes.
    fn corpus(&self) -> Vec<Vec<u8>> {
        let mut tree = self.histories.first().cloned().unwrap_or(Tree(Vec::new()));
        let Some(log) = self.logs.first() else { return Vec::new() };
        let sizes = [(0, 0), (0, 1), (1, 2), (2, FORK), (FORK, FORK + 1)];
        let body = |(old, size)| {
            let seal = Seal { origin: log.name().to_owned(), head: tree.head(size) };
            let mut note = Note::new(seal.text()).ok()?;
            note.sign(log, 0);
            let path = tree.consistency(old, size);
            Some(Request { old, path, note }.to_string().into_bytes())
        };
        sizes.into_iter().filter_map(body).collect()
    }

    fn mutate(&mut self, dice: &mut Dice, corpus: &[Vec<u8>], input: &[u8]) -> Vec<u8> {
        if dice.once_in(4) {
            return bend(dice, corpus, input, self.bytes_max());
        }
        let (history, ledger) = (dice.below(2), dice.below(ORIGINS.len()));
        let last = self.signed.get(ledger).and_then(|heads| heads.last());
        let last = last.map_or(0, |head| head.size);
        let old = if dice.once_in(5) { dice.below(LEAVES as usize) as u64 } else { last };
        let step =
            if dice.once_in(8) { dice.below(LEAVES as usize) as u64 } else { dice.below(4) as u64 };
        let size = if dice.once_in(6) { step } else { (last + step).min(LEAVES) };
        let request = self.request(history, ledger, old, size);
        let Some(mut request) = request else { return input.to_vec() };
        match dice.below(8) {
            0 => {
                // The path of the other history, or between other sizes.
                let (from, to) = (old.min(size), dice.below(LEAVES as usize) as u64);
                let other = self.request(dice.below(2), ledger, from, to.max(from));
                request.path = other.map_or_else(Vec::new, |other| other.path);
            }
            1 => request.old = dice.edge(),
            2 => {
                let other = self.logs.get(1 - ledger);
                other.into_iter().for_each(|other| request.note.sign(other, 0));
            }
            _ => {}
        }
        let body = request.to_string().into_bytes();
        if dice.once_in(4) { bend(dice, corpus, &body, self.bytes_max()) } else { body }
    }

    fn attempt(&mut self, input: &[u8]) -> Result<String, String> {
        self.asked += 1;
        if self.asked.is_multiple_of(LIFE) {
            self.dir = tempfile::tempdir().map_err(|error| error.to_string())?;
            self.signed = Default::default();
        }
        if self.asked.is_multiple_of(10) {
            // It is started again, and knows what was on its disk.
            self.witness =
                open(&self.key, &self.logs, &self.dir).map_err(|error| error.to_string())?;
        }
        let answer = self.witness.add_checkpoint(input, NOW);
        match answer.status {
            200 => self.check_signed(input, &answer.text),
            500 => Err(format!("it cannot remember: {}", answer.text)),
            409 => {
                let seen = answer.text.trim_end().parse::<u64>();
                let known = self
                    .signed
                    .iter()
                    .any(|heads| Ok(heads.last().map_or(0, |head| head.size)) == seen);
                if known { Ok("409".to_owned()) } else { Err(format!("it has seen {seen:?}")) }
            }
            status => Ok(format!("{status} {}", first_words(&answer.text))),
        }
    }
}

fn open(
    key: &SigningKey,
    logs: &[SigningKey],
    dir: &TempDir,
) -> Result<Witness, ::witness::MemoryError> {
    Witness::new(key.clone(), logs.iter().map(SigningKey::verifier).collect(), dir.path())
}

/// The beginning of an answer, in which nothing of the request stands.
fn first_words(text: &str) -> String {
    let words = text.split(' ').filter(|word| word.chars().all(|c| c.is_ascii_lowercase()));
    words.take(3).collect::<Vec<_>>().join(" ")
}
