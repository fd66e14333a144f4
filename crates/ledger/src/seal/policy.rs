//! Which witnesses must have signed a seal (C2SP tlog-policy).
//!
//! ```text
//!  # comment
//!  log example.com/clinics/seats-b3-v1+c74f20a3+AR...
//!  witness north north.example+0a1b2c3d+BA... https://north.example/
//!  witness south south.example+9f8e7d6c+BA...
//!  group both all north south
//!  quorum both                                        or: none
//! ```
//!
//! The auditor brings it; it is no part of what is audited.

use crate::note::{KeyError, KeyKind, Verified, VerifierKey};
use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// The most lines that a policy may have.
const LINES_MAX: usize = 10_000;

/// Why a file is not a policy. Whoever wrote it mends it at the line named.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("policy, line {line}: {reason}")]
pub struct PolicyError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub reason: String,
}

/// Who must have signed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Policy {
    logs: Vec<VerifierKey>,
    witnesses: Vec<(String, VerifierKey, Option<String>)>,
    groups: BTreeMap<String, (usize, Vec<String>)>,
    quorum: Option<String>,
}

impl Policy {
    /// Reads a policy.
    ///
    /// # Errors
    /// The first line that is wrong.
    pub fn parse(text: &str) -> Result<Policy, PolicyError> {
        let mut policy = Policy::default();
        let mut said = false;
        for (number, line) in text.split('\n').enumerate() {
            let at = |reason: String| PolicyError { line: number + 1, reason };
            if line.chars().any(|c| c.is_ascii_control() && c != '\t') {
                return Err(at("it holds a control character".to_owned()));
            }
            if number > LINES_MAX {
                let reason = format!("a policy has at most {LINES_MAX} lines");
                return Err(PolicyError { line: LINES_MAX + 1, reason });
            }
            let words = line.split([' ', '\t']).filter(|word| !word.is_empty());
            let words: Vec<&str> = words.collect();
            match words.as_slice() {
                [] => {}
                [comment, ..] if comment.starts_with('#') => {}
                ["log", key] | ["log", key, _] => {
                    policy.logs.push(of_kind(key, KeyKind::Log).map_err(at)?);
                }
                ["witness", name, key, url @ ..] if url.len() <= 1 => {
                    policy.check_new(name).map_err(at)?;
                    let key = of_kind(key, KeyKind::Witness).map_err(at)?;
                    let url = url.first().map(|url| (*url).to_owned());
                    policy.witnesses.push(((*name).to_owned(), key, url));
                }
                ["group", name, threshold, members @ ..] if !members.is_empty() => {
                    policy.check_new(name).map_err(at)?;
                    let group = policy.group(threshold, members).map_err(at)?;
                    policy.groups.insert((*name).to_owned(), group);
                }
                ["quorum", _] if said => return Err(at("there is a quorum already".to_owned())),
                ["quorum", "none"] => said = true,
                ["quorum", name] => {
                    policy.check_known(name).map_err(at)?;
                    (policy.quorum, said) = (Some((*name).to_owned()), true);
                }
                _ => {
                    let known = "log KEY, witness NAME KEY, group NAME all|any|N MEMBER..., quorum NAME|none";
                    return Err(at(format!("{line:?} is none of: {known}")));
                }
            }
        }
        let keys = policy.keys();
        let different: BTreeSet<&[u8; 32]> = keys.iter().map(VerifierKey::bytes).collect();
        if different.len() < keys.len() {
            // Under two names it would count as two witnesses.
            let reason = "a key stands twice in it".to_owned();
            return Err(PolicyError { line: text.lines().count().max(1), reason });
        }
        if !said {
            let reason = "there is no line `quorum NAME` or `quorum none`".to_owned();
            return Err(PolicyError { line: text.lines().count().max(1), reason });
        }
        Ok(policy)
    }

    /// The keys of the logs it is about.
    pub fn logs(&self) -> &[VerifierKey] {
        &self.logs
    }

    /// The witnesses: name, key and where they are asked, if the policy says.
    pub fn witnesses(&self) -> impl Iterator<Item = (&str, &VerifierKey, Option<&str>)> {
        self.witnesses.iter().map(|(name, key, url)| (name.as_str(), key, url.as_deref()))
    }

    /// All keys it names.
    pub fn keys(&self) -> Vec<VerifierKey> {
        let witnesses = self.witnesses.iter().map(|(_, key, _)| key);
        self.logs.iter().chain(witnesses).cloned().collect()
    }

    /// Whether enough witnesses are among those whose signatures hold.
    pub fn is_met(&self, verified: &[Verified<'_>]) -> bool {
        // Groups are made of what stands before them, so one pass in the order of definition would do; asking
        // from the quorum down needs none.
        self.quorum.as_deref().is_none_or(|quorum| self.holds(quorum, verified))
    }

    fn holds(&self, name: &str, verified: &[Verified<'_>]) -> bool {
        if let Some((threshold, members)) = self.groups.get(name) {
            let met = members.iter().filter(|member| self.holds(member, verified));
            return met.take(*threshold).count() == *threshold;
        }
        let witness = self.witnesses.iter().find(|(other, _, _)| other == name);
        witness.is_some_and(|(_, key, _)| verified.iter().any(|verified| verified.key == key))
    }

    fn group(&self, threshold: &str, members: &[&str]) -> Result<(usize, Vec<String>), String> {
        let different: BTreeSet<&&str> = members.iter().collect();
        if different.len() < members.len() {
            return Err("a member stands twice in the group".to_owned());
        }
        for member in members {
            self.check_known(member)?;
            if self.groups.values().any(|(_, taken)| taken.iter().any(|other| other == member)) {
                return Err(format!("{member} is in another group already"));
            }
        }
        let threshold = match threshold {
            "all" => members.len(),
            "any" => 1,
            number if number.starts_with(['0', '+']) => {
                return Err(format!("{number:?} is not all, any or a number"));
            }
            number => {
                number.parse().map_err(|_| format!("{number:?} is not all, any or a number"))?
            }
        };
        if !(1..=members.len()).contains(&threshold) {
            let most = members.len();
            return Err(format!("{threshold} of {most} members cannot be asked for"));
        }
        Ok((threshold, members.iter().map(|member| (*member).to_owned()).collect()))
    }

    fn is_known(&self, name: &str) -> bool {
        self.groups.contains_key(name) || self.witnesses.iter().any(|(other, _, _)| other == name)
    }

    fn check_known(&self, name: &str) -> Result<(), String> {
        if self.is_known(name) {
            return Ok(());
        }
        Err(format!("{name} is not defined before this line"))
    }

    fn check_new(&self, name: &str) -> Result<(), String> {
        if name == "none" || self.is_known(name) {
            return Err(format!("the name {name} is taken"));
        }
        Ok(())
    }
}

fn of_kind(line: &str, kind: KeyKind) -> Result<VerifierKey, String> {
    let key: VerifierKey = line.parse().map_err(|error: KeyError| error.to_string())?;
    match (key.kind() == kind, kind) {
        (true, _) => Ok(key),
        (false, KeyKind::Log) => Err(format!("{} is a witness's key, not a log's", key.name())),
        (false, KeyKind::Witness) => Err(format!("{} is a log's key, not a witness's", key.name())),
    }
}
