//! A ledger in a directory of its own, and the binary that works on it.

use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Output};

/// One ledger in a directory of its own.
pub(crate) struct Place {
    pub(crate) home: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new() -> Place {
        Place { home: tempfile::tempdir().unwrap() }
    }

    /// With an account `clinic` of two licences.
    pub(crate) fn clinic() -> Place {
        let place = Place::new();
        place.ok("account open clinic --licences 2 --time-zone Europe/London");
        place
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.home.path().join("ledger")
    }

    pub(crate) fn run(&self, line: &str) -> Output {
        self.run_words(&line.split(' ').collect::<Vec<_>>())
    }

    /// With words that hold blanks.
    pub(crate) fn run_words(&self, words: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_seatledger"))
            .arg("--data")
            .arg(self.data())
            .args(words)
            .current_dir(self.home.path())
            .output()
            .unwrap()
    }

    /// Runs a command that must succeed, and gives back what it printed.
    pub(crate) fn ok(&self, line: &str) -> String {
        let output = self.run(line);
        assert!(output.status.success(), "{line}: {}", talk(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    pub(crate) fn json(&self, line: &str) -> Value {
        serde_json::from_str(&self.ok(&format!("{line} --format json"))).unwrap()
    }

    /// Runs a command that must end with this code and say all of this.
    pub(crate) fn fails(&self, line: &str, code: i32, says: &[&str]) {
        let output = self.run(line);
        let said = talk(&output);
        assert_eq!(output.status.code(), Some(code), "{line}: {said}");
        for part in says {
            assert!(said.contains(part), "{line}: {part:?} is not in {said:?}");
        }
    }
}

pub(crate) fn talk(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}
