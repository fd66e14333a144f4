//! A campaign: one input after the other, until enough were survived or something does not hold.
//!
//! The same target, seed and program give the same inputs, so a broken one is found again with `--inputs`; the
//! input itself is kept in a file as well. How long an input takes is measured by the wall clock, and one that
//! seems slow is tried again twice, because the machine may have been elsewhere.

use crate::Target;
use crate::dice::Dice;
use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The longest that reading an input may take.
pub const INPUT_TIME_MAX: Duration = Duration::from_secs(1);
/// One that takes so long never ends.
const NEVER: Duration = Duration::from_secs(60);
/// The most inputs that are kept to be bent further.
const CORPUS_MAX: usize = 2_000;

/// When a campaign is over.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// After so many seconds.
    pub seconds: Option<u64>,
    /// After so many inputs.
    pub inputs: Option<u64>,
}

/// What a campaign came to.
#[derive(Debug, Default)]
pub struct Survived {
    /// How many inputs were tried.
    pub inputs: u64,
    /// How often each outcome was seen.
    pub outcomes: BTreeMap<String, u64>,
    /// In how many milliseconds.
    pub took_ms: u64,
}

/// Something does not hold.
#[derive(Debug)]
pub struct Broken {
    /// What, in words.
    pub why: String,
    /// The number of the input, from 1.
    pub number: u64,
    /// Where the input was kept.
    pub kept: PathBuf,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "input {}: {}; it is kept in {}", self.number, self.why, self.kept.display())
    }
}

impl fmt::Display for Survived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Survived { inputs, outcomes, took_ms } = self;
        let per_s = inputs * 1_000 / (*took_ms).max(1);
        write!(
            f,
            "{inputs} inputs in {} s, {per_s} inputs/s, {} outcomes",
            took_ms / 1_000,
            outcomes.len()
        )
    }
}

/// Tries inputs until a limit is reached. Without any it tries the corpus only.
///
/// # Errors
/// The first input for which something does not hold.
pub fn run(target: &mut dyn Target, seed: u64, limits: Limits) -> Result<Survived, Box<Broken>> {
    let began = Instant::now();
    let (mut dice, mut survived) = (Dice::new(seed), Survived::default());
    let watched = Arc::new(Mutex::new((0, Vec::new())));
    let (_ends_with_this, ended) = channel();
    watch(format!("{}-{seed}", target.name()), Arc::clone(&watched), ended);

    let mut corpus = target.corpus();
    let mut first = corpus.clone().into_iter();
    loop {
        let number = survived.inputs + 1;
        let next = first.next();
        let is_first = next.is_some();
        let enough = limits.inputs.is_none() && limits.seconds.is_none()
            || limits.inputs.is_some_and(|inputs| survived.inputs >= inputs)
            || limits.seconds.is_some_and(|s| began.elapsed() >= Duration::from_secs(s));
        let input = match next {
            Some(input) => input,
            None if enough => break,
            None => {
                // What was found last is not well explored yet.
                let recent = corpus.len().saturating_sub(16);
                let from = if dice.once_in(3) { corpus.get(recent..) } else { corpus.get(..) };
                let input = dice.pick(from.unwrap_or_default()).cloned().unwrap_or_default();
                target.mutate(&mut dice, &corpus, &input)
            }
        };
        if let Ok(mut watched) = watched.lock() {
            watched.0 = number;
            watched.1.clear();
            watched.1.extend_from_slice(&input);
        }
        survived.inputs = number;
        match attempt(target, &input) {
            Ok(outcome) => {
                let known = survived.outcomes.entry(outcome).or_default();
                *known += 1;
                if *known == 1 && !is_first && corpus.len() < CORPUS_MAX {
                    corpus.push(input);
                }
            }
            Err(why) => {
                let kept = keep(&format!("{}-{seed}-{number}", target.name()), &input);
                return Err(Box::new(Broken { why, number, kept }));
            }
        }
    }
    survived.took_ms = began.elapsed().as_millis() as u64;
    Ok(survived)
}

fn attempt(target: &mut dyn Target, input: &[u8]) -> Result<String, String> {
    let mut quickest = Duration::MAX;
    for _ in 0..3 {
        let began = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| target.attempt(input)));
        quickest = quickest.min(began.elapsed());
        let outcome = outcome.map_err(|_| "it panics".to_owned())??;
        if quickest <= INPUT_TIME_MAX {
            return Ok(outcome);
        }
    }
    Err(format!("it takes {} ms", quickest.as_millis()))
}

/// Ends the process when an input never does.
fn watch(name: String, watched: Arc<Mutex<(u64, Vec<u8>)>>, ended: Receiver<()>) {
    std::thread::spawn(move || {
        let mut before = 0;
        while ended.recv_timeout(NEVER) == Err(RecvTimeoutError::Timeout) {
            let watched = watched.lock().unwrap_or_else(PoisonError::into_inner);
            if watched.0 == before {
                let kept = keep(&format!("{name}-{before}"), &watched.1);
                println!("BROKEN, {name}: input {before} never ends; see {}", kept.display());
                std::process::exit(1);
            }
            before = watched.0;
        }
    });
}

fn keep(name: &str, input: &[u8]) -> PathBuf {
    let path = std::env::temp_dir().join(format!("fuzz-{name}"));
    if let Err(error) = std::fs::write(&path, input) {
        println!("{}: {error}", path.display());
    }
    path
}
