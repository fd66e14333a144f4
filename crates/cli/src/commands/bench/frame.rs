//! Measure, compare, print: what every piece of work has in common.
//!
//! A piece of work is measured in rounds, each with its yardsticks taken right after it. Rates and ratios
//! are medians over the rounds, so that a disk that stalls once does not decide; waiting times are pooled.

use super::Conditions;
use crate::args::Format;
use crate::failure::Failure;
use crate::output::{self, Output};
use serde_json::{Map, Value, json};

/// Times in microseconds, every one kept.
#[derive(Default)]
pub(super) struct Times(Vec<u32>);

impl Times {
    pub(super) fn add(&mut self, micros: u64) {
        self.0.push(u32::try_from(micros).unwrap_or(u32::MAX));
    }

    /// The time within which so many of a thousand were done, in microseconds.
    pub(super) fn per_mille(&mut self, of_thousand: usize) -> u64 {
        self.0.sort_unstable();
        let last = self.0.len().saturating_sub(1);
        let place = (self.0.len() * of_thousand / 1000).min(last);
        self.0.get(place).copied().map(u64::from).unwrap_or_default()
    }
}

/// What the machine does at best, taken in the same round.
pub(super) struct Yardstick {
    pub(super) what: String,
    /// In the same unit as the work's own rate.
    pub(super) per_s: u64,
    pub(super) times: Times,
}

/// One round of a piece of work.
pub(super) struct Round {
    /// How many were done.
    pub(super) count: u64,
    /// In how many microseconds.
    pub(super) took: u64,
    pub(super) times: Times,
    /// The same ones in every round, in the same order.
    pub(super) yardsticks: Vec<Yardstick>,
    /// Further figures; medians are told.
    pub(super) facts: Vec<(&'static str, u64)>,
}

/// A piece of work, measured.
pub(super) struct Measured {
    pub(super) what: String,
    /// What the rate counts.
    pub(super) counted: &'static str,
    /// What the times are about.
    pub(super) unit: &'static str,
    /// Bytes on disk, everything included, and events in them.
    pub(super) disk: Option<(u64, u64)>,
    /// How and when it was made durable, as far as that was looked at.
    pub(super) sync: String,
    pub(super) rounds: Vec<Round>,
}

impl Measured {
    /// Measures so many rounds.
    pub(super) fn rounds(
        conditions: &Conditions,
        what: &str,
        mut round: impl FnMut(u64) -> Result<Round, Failure>,
    ) -> Result<Vec<Round>, Failure> {
        let one = |number| {
            output::talk(&format!("{what}: round {} of {}", number + 1, conditions.rounds));
            round(number)
        };
        (0..conditions.rounds).map(one).collect()
    }

    /// The median over the rounds of a further figure.
    pub(super) fn fact(&self, name: &str) -> u64 {
        let of =
            |round: &Round| round.facts.iter().find(|(fact, _)| *fact == name).map(|(_, n)| *n);
        median(self.rounds.iter().filter_map(of).collect())
    }

    fn into_row(self) -> Value {
        let per_s = median(self.rounds.iter().map(Round::per_s).collect());
        let names: Vec<&str> = self
            .rounds
            .iter()
            .take(1)
            .flat_map(|r| r.facts.iter().map(|(name, _)| *name))
            .collect();
        let facts: Map<String, Value> =
            names.iter().map(|name| ((*name).to_owned(), json!(self.fact(name)))).collect();
        let yardsticks = (0..self.rounds.first().map_or(0, |round| round.yardsticks.len()))
            .map(|place| self.yardstick(place))
            .collect::<Vec<Value>>();
        let all = |round: &Round| round.times.0.clone();
        let mut times = Times(self.rounds.iter().flat_map(all).collect());
        json!({
            "what": self.what,
            "per_s": per_s,
            "counted": self.counted,
            "unit": self.unit,
            "p50_us": times.per_mille(500),
            "p99_us": times.per_mille(990),
            "p999_us": times.per_mille(999),
            "bytes_per_event": self.disk.map(|(bytes, events)| decimal(bytes, events)),
            "sync": self.sync,
            "yardsticks": yardsticks,
            "facts": facts,
        })
    }

    fn yardstick(&self, place: usize) -> Value {
        let at = |round: &Round| -> Option<(u64, u64, String)> {
            let yardstick = round.yardsticks.get(place)?;
            let share = u128::from(round.per_s()) * 10_000 / u128::from(yardstick.per_s.max(1));
            let share = u64::try_from(share).unwrap_or(u64::MAX);
            Some((share, yardstick.per_s, yardstick.what.clone()))
        };
        let rounds: Vec<_> = self.rounds.iter().filter_map(at).collect();
        let times = self.rounds.iter().filter_map(|round| round.yardsticks.get(place));
        let mut times = Times(times.flat_map(|yardstick| yardstick.times.0.clone()).collect());
        json!({
            "what": rounds.first().map(|(_, _, what)| what),
            "per_s": median(rounds.iter().map(|(_, per_s, _)| *per_s).collect()),
            "p50_us": Some(times.per_mille(500)).filter(|_| !times.0.is_empty()),
            "ratio": decimal(median(rounds.iter().map(|(share, _, _)| *share).collect()), 10_000),
        })
    }
}

impl Round {
    fn per_s(&self) -> u64 {
        per_second(self.count, self.took)
    }
}

/// Prints what was measured.
pub(super) fn print(
    bench: &str,
    conditions: &Conditions,
    measured: Vec<Measured>,
    output: Output,
) -> Result<(), Failure> {
    let rows: Vec<Value> = measured.into_iter().map(Measured::into_row).collect();
    if output.format == Format::Json {
        let Conditions { seed, seconds, rounds, .. } = conditions;
        return output.json(&json!({
            "bench": bench, "seed": seed, "seconds": seconds, "rounds": rounds, "results": rows,
        }));
    }
    let columns =
        ["what", "per_s", "counted", "p50_us", "p99_us", "p999_us", "bytes_per_event", "ratio"];
    let mut lines = Vec::new();
    let mut notes = format!("seed {}, {} rounds\n", conditions.seed, conditions.rounds);
    for row in &rows {
        lines.push(row.clone());
        for yardstick in row["yardsticks"].as_array().into_iter().flatten() {
            let mut line = yardstick.clone();
            if let Some(what) = line.get_mut("what") {
                *what = json!(format!("  beside {}", text(what)));
            }
            lines.push(line);
        }
        let facts = row["facts"].as_object().into_iter().flatten();
        let facts: Vec<String> =
            facts.map(|(name, value)| format!("{} {value}", name.replace('_', " "))).collect();
        notes += &format!("\n{}\n  times are of: {}\n", text(&row["what"]), text(&row["unit"]));
        notes += &format!("  sync: {}\n", text(&row["sync"]));
        if !facts.is_empty() {
            notes += &format!("  {}\n", facts.join(", "));
        }
    }
    output.table(output::table(&columns, &lines))?;
    output.text(&format!("\n{notes}"))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// How many a second, if `count` took `micros`.
pub(super) fn per_second(count: u64, micros: u64) -> u64 {
    let rate = u128::from(count) * 1_000_000 / u128::from(micros.max(1));
    u64::try_from(rate).unwrap_or(u64::MAX)
}

/// The middle one.
pub(super) fn median(mut values: Vec<u64>) -> u64 {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// `part` of `whole` as a decimal number of four places.
fn decimal(part: u64, whole: u64) -> Value {
    let share = u128::from(part) * 10_000 / u128::from(whole.max(1));
    let written = format!("{}.{:04}", share / 10_000, share % 10_000);
    written.parse::<f64>().map_or(Value::Null, |number| json!(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(count: u64, took: u64, yardstick: u64, times: &[u64]) -> Round {
        let times_of = |times: &[u64]| Times(times.iter().map(|time| *time as u32).collect());
        let what = "raw".to_owned();
        let beside = Yardstick { what, per_s: yardstick, times: times_of(&[]) };
        let facts = vec![("syncs", count)];
        Round { count, took, times: times_of(times), yardsticks: vec![beside], facts }
    }

    #[test]
    fn rates_and_ratios_are_medians_of_rounds_and_times_are_pooled() {
        let rounds = vec![
            round(100, 1_000_000, 200, &[1, 2, 3]),
            round(900, 1_000_000, 1_000, &[4, 5, 1_000]),
            round(300, 1_000_000, 1_000, &[6, 7, 8]),
        ];
        let (what, sync) = ("work".to_owned(), "none".to_owned());
        let disk = Some((625, 10));
        let row = Measured { what, counted: "x", unit: "x", disk, sync, rounds }.into_row();
        assert_eq!(row["per_s"], 300);
        assert_eq!((&row["p50_us"], &row["p999_us"]), (&json!(5), &json!(1_000)));
        assert_eq!(row["bytes_per_event"], 62.5);
        assert_eq!(row["facts"]["syncs"], 300);
        let beside = &row["yardsticks"][0];
        // The median of 0.5, 0.9 and 0.3, not 300 of 1,000.
        assert_eq!((&beside["ratio"], &beside["per_s"]), (&json!(0.5), &json!(1_000)));
        assert_eq!(beside["p50_us"], Value::Null);
    }
}
