//! Policies of witnesses. Anything may be asked of one that was read, and a quorum is met by all of its
//! witnesses.

use super::{fixture, key};
use crate::{SetupError, Target};
use ledger::note::{KeyKind, Note, SigningKey, VerifierKey};
use ledger::seal::Policy;
use std::fmt::Write as _;

pub(super) struct Policies {
    corpus: Vec<Vec<u8>>,
    /// Signed by every witness that the corpus names.
    note: Note,
    known: Vec<VerifierKey>,
}

/// Words of which each stands in one kind of refusal.
const REFUSALS: [&str; 17] = [
    "is none of:",
    "is a quorum already",
    "is no line",
    "at most",
    "stands twice",
    "holds a control character",
    "is not defined",
    "in another group",
    "not all, any",
    "cannot be asked",
    "is taken",
    "is not a key",
    "has type",
    "does not fit",
    "a log's key, not",
    "a witness's key, not",
    "cannot be a key's name",
];

impl Policies {
    pub(super) fn new() -> Result<Policies, SetupError> {
        let log = key("example.com/clinics/seats-b3-v1", KeyKind::Log)?;
        let witnesses = (0..12)
            .map(|number| key(&format!("w{number}.example"), KeyKind::Witness))
            .collect::<Result<Vec<SigningKey>, _>>()?;
        let mut note = Note::new("a\n")?;
        witnesses.iter().for_each(|key| note.sign(key, 1));
        let mut text = format!("# All there is.\nlog {} https://log.example/\n", log.verifier());
        for (number, witness) in witnesses.iter().enumerate() {
            writeln!(text, "witness w{number} {} https://w.example/", witness.verifier())?;
        }
        text +=
            "group a all w0 w1\ngroup b any w2 w3\ngroup c 2 a b w4\ngroup d 1 c w5\nquorum d\n";
        let mut chain = String::new();
        for (number, witness) in witnesses.iter().enumerate() {
            writeln!(chain, "witness v{number} {}", witness.verifier())?;
            let below =
                number.checked_sub(1).map_or_else(String::new, |below| format!(" g{below}"));
            writeln!(chain, "group g{number} all v{number}{below}")?;
        }
        chain += "quorum g11\n";
        let kept = std::fs::read(fixture("evidence/policy.txt"))?;
        let corpus = vec![text.into_bytes(), chain.into_bytes(), kept, b"quorum none\n".to_vec()];
        let known = witnesses.iter().map(SigningKey::verifier).collect();
        Ok(Policies { corpus, note, known })
    }
}

impl Target for Policies {
    fn name(&self) -> &'static str {
        "policy"
    }

    fn corpus(&self) -> Vec<Vec<u8>> {
        self.corpus.clone()
    }

    fn attempt(&mut self, input: &[u8]) -> Result<String, String> {
        let Ok(text) = std::str::from_utf8(input) else { return Ok("not UTF-8".to_owned()) };
        let policy = match Policy::parse(text) {
            Ok(policy) => policy,
            Err(error) => {
                let lines = text.lines().count().max(1);
                if !(1..=lines).contains(&error.line) {
                    return Err(format!("the fault is in line {} of {lines}", error.line));
                }
                let known = REFUSALS.iter().find(|words| error.reason.contains(*words));
                return Ok((*known.ok_or_else(|| format!("unknown: {}", error.reason))?).to_owned());
            }
        };
        let (witnesses, logs) = (policy.witnesses().count(), policy.logs().len());
        if policy.keys().len() != witnesses + logs {
            return Err("its keys are not those of its logs and witnesses".to_owned());
        }
        let verified = self.note.verify(&self.known).map_err(|error| error.to_string())?;
        let (by_all, by_none) = (policy.is_met(&verified), policy.is_met(&[]));
        let all_known = policy.witnesses().all(|(_, key, _)| self.known.contains(key));
        if all_known && !by_all {
            return Err("not even all of its witnesses are enough".to_owned());
        }
        if by_none && !by_all {
            return Err("nobody is enough, and all are not".to_owned());
        }
        let (witnesses, logs) = (witnesses.min(13), logs.min(3));
        Ok(format!("ok: {logs} logs, {witnesses} witnesses, {all_known} {by_all} {by_none}"))
    }
}
