//! The tree enforces itself: direction of the crates, size and opening of files, banned words, and that
//! the documents name only what exists.

#![expect(clippy::unwrap_used, reason = "a test that cannot read the tree fails")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const LINES_MAX: usize = 400;

/// Which of our crates each crate may use; the order of the data flow.
const MAY_USE: &[(&str, &[&str])] = &[
    ("seats", &[]),
    ("ledger", &["seats"]),
    ("projector", &["seats", "ledger"]),
    ("admission", &["seats", "ledger", "projector"]),
    ("reporting", &["seats", "ledger", "projector"]),
    ("importers", &["seats", "ledger"]),
    ("evidence", &["seats", "ledger", "projector", "reporting"]),
    ("witness", &["seats", "ledger"]),
    (
        "server",
        &["seats", "ledger", "projector", "admission", "reporting", "evidence", "exports", "desk"],
    ),
    ("desk", &["seats", "reporting"]),
    ("exports", &["seats", "reporting"]),
    ("client", &[]),
    (
        "cli",
        &[
            "seats",
            "ledger",
            "projector",
            "admission",
            "reporting",
            "server",
            "importers",
            "evidence",
            "exports",
            "witness",
        ],
    ),
];

/// Words that the product does not use, and what to say instead.
const BANNED: &[(&str, &str)] = &[
    ("TODO", "finish it, or say in an issue that it is missing"),
    ("FIXME", "finish it, or say in an issue that it is missing"),
    ("XXX", "finish it, or say in an issue that it is missing"),
    (" license ", "the noun is licence"),
    (" licenses ", "the noun is licence"),
    ("checkout of a seat", "a seat is granted"),
];

/// File names that are drawers.
const DRAWERS: &[&str] = &["util", "utils", "common", "helpers", "misc", "types", "core"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && name != "node_modules" && !name.starts_with('.') {
            walk(&path, found);
        } else if path.is_file() {
            found.push(path);
        }
    }
}

fn files(ending: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for folder in ["crates", "tests", "docs", "fixtures"] {
        walk(&root().join(folder), &mut found);
    }
    found.push(root().join("README.md"));
    found.sort();
    found
        .into_iter()
        .filter(|path| path.extension().is_some_and(|e| e == ending))
        .map(|path| {
            let name = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
            (name, fs::read_to_string(&path).unwrap())
        })
        .collect()
}

#[test]
fn source_files_open_with_the_idea_and_stay_readable() {
    let sources = files("rs");
    assert!(sources.len() > 30, "the walk finds the sources");
    let mut wrong = Vec::new();
    for (name, text) in &sources {
        if !text.starts_with("//!") {
            wrong.push(format!("{name}: open the file with `//!` and its idea"));
        }
        let lines = text.lines().count();
        if lines > LINES_MAX {
            wrong.push(format!("{name}: {lines} lines; split it by what it holds ({LINES_MAX})"));
        }
        let stem = Path::new(name).file_stem().unwrap().to_string_lossy().into_owned();
        if DRAWERS.contains(&stem.as_str()) {
            wrong.push(format!("{name}: a file is named for what it holds"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn words_are_the_glossarys() {
    let mut wrong = Vec::new();
    for (name, text) in files("rs").into_iter().chain(files("md")) {
        if name.ends_with("tests/tidy.rs") || name.ends_with("glossary.md") {
            continue; // These two name the words they ban.
        }
        for (number, line) in text.lines().enumerate() {
            for (word, instead) in BANNED {
                if line.contains(word) {
                    wrong.push(format!("{name}:{}: {word:?}: {instead}", number + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn crates_depend_in_the_direction_of_the_flow() {
    let allowed: BTreeMap<_, _> = MAY_USE.iter().copied().collect();
    let mut wrong = Vec::new();
    for folder in fs::read_dir(root().join("crates")).unwrap() {
        let folder = folder.unwrap().path();
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let Some(may) = allowed.get(name.as_str()) else {
            wrong.push(format!("crates/{name}: not in the list of this test"));
            continue;
        };
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        let (_, after) = manifest.split_once("[dependencies]").unwrap();
        let dependencies = after.split("\n[").next().unwrap();
        for ours in allowed.keys() {
            let uses =
                dependencies.lines().any(|line| line.split(['.', ' ', '=']).next() == Some(*ours));
            if uses && !may.contains(ours) {
                wrong.push(format!("crates/{name} may not use crates/{ours}"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_rules_know_no_disk_no_clock_no_network_no_json() {
    let pure = ["seats", "projector", "reporting", "desk", "exports"];
    let clock = ["SystemTime", "Instant::now", "Utc::now", "Local::now"];
    let mut readers = Vec::new();
    let mut wrong = Vec::new();
    for (name, text) in files("rs") {
        let reads = clock.iter().any(|word| text.contains(word));
        let elsewhere = ["/tests/", "/examples/"].iter().any(|part| name.contains(part));
        if reads && !elsewhere && !name.starts_with("tests/") {
            readers.push(name.clone());
        }
        if reads && pure.iter().any(|pure| name.starts_with(&format!("crates/{pure}/"))) {
            wrong.push(format!("{name}: reads a clock; take the time as an argument"));
        }
        if name.starts_with("crates/seats/src") {
            for word in ["std::fs", "std::net", "serde", "tokio", "chrono"] {
                if text.contains(word) {
                    wrong.push(format!("{name}: {word}: the rules are pure"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert_eq!(readers, ["crates/admission/src/clock.rs"], "one file reads the clock");
}

#[test]
fn documents_name_what_exists() {
    let mut wrong = Vec::new();
    let mut checked = 0;
    for (name, text) in files("md") {
        for piece in text.split('`').skip(1).step_by(2) {
            let ours =
                ["crates/", "docs/", "fixtures/", "tests/"].iter().any(|p| piece.starts_with(p));
            let a_path = ours && !piece.contains([' ', '*', '<', '{', '…']);
            if a_path {
                checked += 1;
                let path = piece.split("::").next().unwrap().trim_end_matches(['.', ':']);
                if !root().join(path).exists() {
                    wrong.push(format!("{name}: `{piece}` does not exist"));
                }
            }
        }
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let local = !target.starts_with("http") && !target.starts_with('#');
            if local {
                checked += 1;
                let path = target.split('#').next().unwrap();
                let folder = root().join(&name);
                if !folder.parent().unwrap().join(path).exists() {
                    wrong.push(format!("{name}: link to {target} leads nowhere"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(checked > 10, "the documents name paths ({checked})");
}

/// Files in `tests/tests` are picked up by Cargo by themselves; one in a folder would be forgotten.
#[test]
fn no_test_file_is_forgotten() {
    let mut found = Vec::new();
    walk(&root().join("tests/tests"), &mut found);
    for path in found {
        let parent = path.parent().unwrap();
        let top = parent == root().join("tests/tests");
        let module = parent.join("main.rs").exists();
        assert!(top || module, "{} is in no test binary", path.display());
    }
}
