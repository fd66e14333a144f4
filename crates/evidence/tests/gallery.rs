//! What forgers try: every pack of `fixtures/tampered` gets the verdict that stands beside it, and the good one
//! is good. `tests/evidence` made them; `docs/verify.py` is held to the same table.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on panics"
)]

use evidence::{Verdict, check};
use ledger::note::VerifierKey;
use ledger::seal::Policy;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

fn key() -> VerifierKey {
    let keys = fs::read_to_string(fixtures().join("evidence/keys.txt")).unwrap();
    keys.trim().parse().unwrap()
}

fn policy() -> Policy {
    Policy::parse(&fs::read_to_string(fixtures().join("evidence/policy.txt")).unwrap()).unwrap()
}

/// `ok -`, `law 17`.
fn verdict(pack: &Path, policy: Option<&Policy>) -> (String, String) {
    match check(File::open(pack).unwrap(), &[key()], policy).unwrap() {
        Verdict::Good(_) => ("ok".to_owned(), "-".to_owned()),
        Verdict::Bad(bad) => {
            let position = bad.position.map(|position| position.to_string());
            (bad.code.word().to_owned(), position.unwrap_or("-".to_owned()))
        }
    }
}

#[test]
fn the_good_pack_is_good() {
    let good = fixtures().join("evidence/good.zip");
    let Verdict::Good(summary) =
        check(File::open(&good).unwrap(), &[key()], Some(&policy())).unwrap()
    else {
        panic!("{:?}", verdict(&good, None));
    };
    assert!(!summary.witnesses.is_empty());
    assert_eq!(summary.months.len(), 2);
    assert_eq!(verdict(&good, None).0, "ok");
}

#[test]
fn every_forgery_gets_its_verdict() {
    let table = fs::read_to_string(fixtures().join("tampered/expected.tsv")).unwrap();
    let (policy, mut wrong, mut packs) = (policy(), Vec::new(), 0);
    for line in table.lines().skip(1) {
        let [name, needs, code, position] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{line:?}");
        };
        let pack = fixtures().join("tampered").join(format!("{name}.zip"));
        let found = verdict(&pack, (needs == "yes").then_some(&policy));
        if (found.0.as_str(), found.1.as_str()) != (code, position) {
            wrong.push(format!("{name}: {found:?} instead of {code} {position}"));
        }
        packs += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(packs > 100, "{packs}");
}
