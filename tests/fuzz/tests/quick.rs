//! Every target for a moment, and that a campaign notices what does not hold.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on panics")]

use fuzz::{Broken, Dice, Limits, Survived, Target, bend, run, targets};
use std::collections::BTreeSet;

const QUICK: Limits = Limits { seconds: None, inputs: Some(2_000) };

/// Runs a target for a moment, in which it reaches at least so many outcomes, this one among them.
fn check(name: &str, outcomes: usize, reached: &str) {
    let mut target = targets::named(name).unwrap();
    let survived = run(target.as_mut(), 1, QUICK).unwrap_or_else(|broken| panic!("{broken}"));
    let Survived { inputs, outcomes: seen, .. } = survived;
    assert_eq!(inputs, 2_000);
    assert!(seen.len() >= outcomes, "{seen:#?}");
    assert!(seen.keys().any(|outcome| outcome.contains(reached)), "{reached:?} of {seen:#?}");
}

#[test]
fn notes() {
    check("note", 20, "signed by 3 of 3, seal true true");
}

#[test]
fn proofs() {
    check("proof", 30, "Consistency holds, ");
}

#[test]
fn packs() {
    check("pack", 30, "forged, law");
}

#[test]
fn commits() {
    check("commit", 40, "ok: EvidenceTaken");
}

#[test]
fn policies() {
    check("policy", 10, "ok: 1 logs, 12 witnesses, true true false");
}

#[test]
fn witnesses() {
    check("witness", 8, "signed, of one history");
}

#[test]
fn there_is_no_other_target() {
    assert!(targets::named("tea").is_err());
}

#[test]
fn the_same_seed_bends_the_same_way() {
    let input = b"a line\nand 12 more\n".to_vec();
    let bent = |seed| bend(&mut Dice::new(seed), std::slice::from_ref(&input), &input, 100);
    assert!((0..500).all(|seed| bent(seed) == bent(seed)));
    let different: BTreeSet<Vec<u8>> = (0..500).map(bent).collect();
    assert!(different.len() > 300, "{}", different.len());
}

/// Reads words that begin with a letter; in what way it fails, depends on how.
struct Faulty {
    objects: bool,
}

impl Target for Faulty {
    fn name(&self) -> &'static str {
        "faulty"
    }

    fn corpus(&self) -> Vec<Vec<u8>> {
        vec![b"word".to_vec()]
    }

    fn attempt(&mut self, input: &[u8]) -> Result<String, String> {
        let first = input.first().copied();
        match first.is_some_and(|byte| byte.is_ascii_lowercase()) {
            true => Ok("a word".to_owned()),
            false if self.objects => Err("no word".to_owned()),
            false => panic!("no word"),
        }
    }
}

#[test]
fn a_panic_and_an_objection_end_a_campaign_and_keep_the_input() {
    for (objects, said) in [(true, "no word"), (false, "panics")] {
        let broken: Box<Broken> = run(&mut Faulty { objects }, 2, QUICK).unwrap_err();
        assert!(broken.why.contains(said), "{broken}");
        let kept = std::fs::read(&broken.kept).unwrap();
        assert!(!kept.first().is_some_and(u8::is_ascii_lowercase), "{kept:?}");
        std::fs::remove_file(&broken.kept).unwrap();
    }
}
