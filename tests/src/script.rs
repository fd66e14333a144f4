//! Reads a scenario: a title, then `given`, `when` and `then`, one line each.
//!
//! ```text
//! title        the first lines, up to the first empty one: the rule, as a sentence
//! given        1 licence[, SETTING ...]         the account, opened at 00:00 of the first day; comes first
//! given        TIME DEED [-> OUTCOME]           what happened before; the outcome is compared if written
//! when         TIME DEED                        what is asked; at least one `then` follows
//! then         OUTCOME                          what came of it, in the notation
//! then         TIME LINE                        a line of the history so far
//! then         board: SEATS                     who sits where afterwards
//! then         nothing is recorded              it added no line of history
//! ```
//! A line that begins with `#` is a remark. The deeds are those of [`crate::stage`].

use crate::cast::read_clock;
use seats::Timestamp;

/// A scenario, read.
#[derive(Clone, Debug)]
pub struct Script {
    /// The rule it shows.
    pub title: String,
    /// Licences the account opens with.
    pub licences: u32,
    /// Settings the account opens with, in words.
    pub settings: Vec<String>,
    /// What happens, in order.
    pub lines: Vec<Line>,
}

/// A line of a script.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its number in the file, from 1.
    pub number: usize,
    /// As it was written.
    pub text: String,
    /// What it means.
    pub step: Step,
}

/// What a line means.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// Something is done; with what is expected of it, if that is written on the line.
    Deed {
        /// When.
        at: Timestamp,
        /// What, in words.
        deed: String,
        /// What is to come of it.
        outcome: Option<String>,
    },
    /// What came of the last deed.
    Outcome(String),
    /// A line of the history so far.
    Recorded(String),
    /// Who sits where after the last deed.
    Board(String),
    /// The last deed added no line of history.
    NothingRecorded,
}

/// Reads a script.
///
/// # Errors
/// The number of the line that cannot be read, and why.
pub fn read(text: &str) -> Result<Script, String> {
    let mut title = String::new();
    let mut opening: Option<(u32, Vec<String>)> = None;
    let mut lines: Vec<Line> = Vec::new();
    let mut wants_then = false;
    for (number, text) in (1..).zip(text.lines()) {
        let text = text.trim_end();
        let wrong = |why: &str| Err(format!("line {number}: {why}: {text:?}"));
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        let rest = rest.trim_start();
        let step = match word {
            "given" if opening.is_none() => {
                let Some(account) = account(rest) else {
                    return wrong("the first `given` says how many licences");
                };
                opening = Some(account);
                continue;
            }
            _ if opening.is_none() => {
                title = format!("{title} {text}").trim().to_owned();
                continue;
            }
            "given" | "when" if wants_then => return wrong("a `when` without a `then` before it"),
            "given" | "when" => {
                let Some((at, deed)) = read_clock(rest) else {
                    return wrong("no time of day");
                };
                let (deed, outcome) = match deed.split_once(" -> ") {
                    Some((deed, outcome)) => (deed, Some(outcome.to_owned())),
                    None => (deed, None),
                };
                wants_then = word == "when";
                Step::Deed { at, deed: deed.to_owned(), outcome }
            }
            "then" => {
                wants_then = false;
                then(rest)
            }
            _ => return wrong("neither given nor when nor then"),
        };
        lines.push(Line { number, text: text.to_owned(), step });
    }
    let (licences, settings) = opening.ok_or("no `given` line says how many licences")?;
    if title.is_empty() {
        return Err("no title: say the rule in the first line".into());
    }
    if wants_then || !lines.iter().any(|line| !matches!(line.step, Step::Deed { .. })) {
        return Err("the last `when` has no `then`".into());
    }
    Ok(Script { title, licences, settings, lines })
}

fn account(text: &str) -> Option<(u32, Vec<String>)> {
    let mut parts = text.split(", ");
    let (number, word) = parts.next()?.split_once(' ')?;
    let licences = number.parse().ok()?;
    let fits = if licences == 1 { word == "licence" } else { word == "licences" };
    fits.then(|| (licences, parts.map(str::to_owned).collect()))
}

fn then(text: &str) -> Step {
    if let Some(board) = text.strip_prefix("board: ") {
        return Step::Board(board.to_owned());
    }
    if text == "nothing is recorded" {
        return Step::NothingRecorded;
    }
    match read_clock(text) {
        Some(_) => Step::Recorded(text.to_owned()),
        None => Step::Outcome(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is wrong with a script that has these lines after a title.
    fn check(lines: &str, why: &str) {
        let error = read(&format!("A rule.\n\n{lines}")).unwrap_err();
        assert!(error.contains(why), "{error}");
    }

    #[test]
    fn a_script_that_shows_nothing_is_refused() {
        check("", "how many licences");
        check("given 2 licence", "how many licences");
        check("given 1 licence\ngiven login alice", "no time of day");
        check("given 1 licence\nwhen 09:00 login alice", "has no `then`");
        check("given 1 licence\ngiven 09:00 login alice -> seat 1", "has no `then`");
        check("given 1 licence\nwhen 09:00 x\nwhen 09:01 x\nthen y", "without a `then`");
        check("given 1 licence\nexpect 09:00 x", "neither given");
    }

    #[test]
    fn lines_mean_what_they_say() {
        let text = "A rule.\n\ngiven 2 licences, lease 2 min, reclaim never\n\
                    given 09:00 login alice -> seat 1\n# A remark.\nwhen 09:01 time passes\n\
                    then board: seat 1 alice\nthen nothing is recorded\nthen 09:00 a line\nthen seat 2";
        let script = read(text).unwrap();
        assert_eq!((script.licences, script.title.as_str()), (2, "A rule."));
        assert_eq!(script.settings, ["lease 2 min", "reclaim never"]);
        let steps: Vec<_> = script.lines.into_iter().map(|line| line.step).collect();
        let said = |words: &str| words.to_owned();
        assert!(matches!(&steps[0], Step::Deed { outcome: Some(o), .. } if o == "seat 1"));
        assert!(matches!(&steps[1], Step::Deed { outcome: None, .. }));
        assert_eq!(
            steps[2..],
            [
                Step::Board(said("seat 1 alice")),
                Step::NothingRecorded,
                Step::Recorded(said("09:00 a line")),
                Step::Outcome(said("seat 2")),
            ]
        );
    }
}
