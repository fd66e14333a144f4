//! Plays a scenario three times and compares: with what is written, and each way of sweeping with the others.

use crate::script::{Line, Script, Step, read};
use crate::stage::{Stage, Sweeper};
use std::fmt::Write;

/// Plays the scenario in `text`, as it is, with a sweeper every minute, and with a restart after each deed.
///
/// # Errors
/// What differs, told in the notation: the scenario up to the failing line, what was expected, what came.
pub fn check(text: &str) -> Result<(), String> {
    let script = read(text)?;
    let history = play(&script, Sweeper::Lazy)?;
    for sweeper in [Sweeper::EveryMinute, Sweeper::Restarting] {
        let again = play(&script, sweeper).map_err(|why| format!("({sweeper:?}) {why}"))?;
        if again != history {
            let (one, other) = (history.join("\n  "), again.join("\n  "));
            return Err(format!(
                "history depends on the sweeper\nLazy:\n  {one}\n{sweeper:?}:\n  {other}"
            ));
        }
    }
    Ok(())
}

/// Plays a script; gives the history it makes, a line a commit.
fn play(script: &Script, sweeper: Sweeper) -> Result<Vec<String>, String> {
    let mut stage = Stage::open(script.licences, &script.settings, sweeper)?;
    let mut outcome = String::new();
    let mut before = stage.lines().len();
    for line in &script.lines {
        let differs = |expected: &str, actual: &str| Err(told(script, line, expected, actual));
        let recorded = stage.lines().get(before..).unwrap_or_default();
        match &line.step {
            Step::Deed { at, deed, outcome: expected } => {
                before = stage.lines().len();
                let broken = |why: String| told(script, line, "a deed that can be done", &why);
                outcome = stage.act(*at, deed).map_err(broken)?;
                match expected {
                    Some(expected) if *expected != outcome => return differs(expected, &outcome),
                    None if line.text.starts_with("given") && outcome.starts_with("refused") => {
                        return differs("no refusal", &outcome);
                    }
                    _ => {}
                }
            }
            Step::Outcome(expected) if *expected != outcome => return differs(expected, &outcome),
            Step::Outcome(_) => {}
            Step::Board(expected) => {
                let board = stage.board();
                if *expected != board {
                    return differs(expected, &board);
                }
            }
            Step::Recorded(expected) => {
                // When it was written depends on the sweeper; that it was, and how, does not.
                if !stage.lines().contains(expected) {
                    return differs(expected, &listed(stage.lines()));
                }
            }
            Step::NothingRecorded => {
                if !recorded.is_empty() {
                    return differs("nothing is recorded", &listed(recorded));
                }
            }
        }
    }
    Ok(stage.lines().to_vec())
}

fn listed(lines: &[String]) -> String {
    if lines.is_empty() { "nothing is recorded".to_owned() } else { lines.join("\n          ") }
}

/// The scenario up to a line, what was expected there and what came.
fn told(script: &Script, line: &Line, expected: &str, actual: &str) -> String {
    let mut story = format!("line {}\n", line.number);
    let settings: String = script.settings.iter().map(|setting| format!(", {setting}")).collect();
    let licences = script.licences;
    let _ = writeln!(
        story,
        "  given {licences} licence{}{settings}",
        if licences == 1 { "" } else { "s" }
    );
    for told in script.lines.iter().take_while(|told| told.number <= line.number) {
        let _ = writeln!(story, "  {}", told.text);
    }
    let _ = write!(story, "expected: {expected}\n  actual: {actual}");
    story
}
