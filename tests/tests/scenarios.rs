//! Plays every scenario of `fixtures/scenarios`.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its fixtures fails")]

use std::fs;
use std::path::PathBuf;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures/scenarios")
}

/// Every scenario, by file name.
fn scenarios() -> Vec<(String, String)> {
    let mut found: Vec<_> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "txt"))
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, fs::read_to_string(&path).unwrap())
        })
        .collect();
    found.sort();
    found
}

#[test]
fn every_scenario_plays_as_written() {
    let scenarios = scenarios();
    assert!(scenarios.len() >= 30, "only {} scenarios", scenarios.len());
    let failed: Vec<String> = scenarios
        .iter()
        .filter_map(|(name, text)| {
            let why = scenarios::drama::check(text).err()?;
            Some(format!("fixtures/scenarios/{name}: {why}"))
        })
        .collect();
    assert!(failed.is_empty(), "\n{}\n", failed.join("\n\n"));
}

#[test]
fn every_scenario_stands_in_the_rules() {
    let rules = fs::read_to_string(folder().join("../../docs/rules.md")).unwrap();
    let names = scenarios().into_iter().map(|(name, _)| name);
    let missing: Vec<_> = names.filter(|name| !rules.contains(&format!("/{name})"))).collect();
    assert!(missing.is_empty(), "docs/rules.md does not name {missing:?}");
}
