//! Vectors that others published: proofs in Merkle trees (with SHA-256), signed notes, BLAKE3.
//!
//! The data is no part of the product: `SEATLEDGER_SHARED` names the folder, and without it these tests fail.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics"
)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ledger::merkle::{Hash, is_subtree, verify_consistency, verify_inclusion, verify_subtree};
use ledger::note::{Note, NoteError, SigningKey, VerifierKey};
use ledger::seal::Seal;
use seats::Digest;
use serde_json::Value;
use sha2::Digest as _;
use std::path::{Path, PathBuf};

fn data() -> PathBuf {
    let shared = std::env::var_os("SEATLEDGER_SHARED")
        .expect("SEATLEDGER_SHARED names the folder that holds data/merkle_sha256 and data/notes");
    Path::new(&shared).join("data")
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

enum Sha256 {}

impl Hash for Sha256 {
    fn hash(parts: &[&[u8]]) -> [u8; 32] {
        let mut hasher = sha2::Sha256::new();
        parts.iter().for_each(|part| hasher.update(part));
        hasher.finalize().into()
    }
}

/// 32 bytes in base64; `None` if it is anything else, which no proof can hold.
fn digest(value: &Value) -> Option<Digest> {
    let bytes = STANDARD.decode(value.as_str().unwrap_or_default()).ok()?;
    Some(Digest(bytes.try_into().ok()?))
}

/// A root. Some cases have words in place of roots, to be compared only: their hash stands for them.
fn root(value: &Value) -> Digest {
    let bytes = STANDARD.decode(value.as_str().unwrap_or_default()).unwrap();
    digest(value).unwrap_or_else(|| Digest(Sha256::hash(&[b"words", &bytes])))
}

/// Whether the proof of a case is accepted.
fn is_accepted(kind: &str, case: &Value) -> bool {
    let number = |name: &str| case[name].as_u64().expect(name);
    let path: Option<Vec<Digest>> = match &case["proof"] {
        Value::Null => Some(Vec::new()),
        path => path.as_array().unwrap().iter().map(digest).collect(),
    };
    let Some(path) = path else { return false };
    match kind {
        "inclusion" | "subtreeinclusion" => {
            let (Some(leaf), Some(root)) = (digest(&case["leafHash"]), digest(&case["root"]))
            else {
                return false;
            };
            let (start, end) = match kind {
                "inclusion" => (0, number("treeSize")),
                _ => (number("start"), number("end")),
            };
            let Some(index) = number("leafIdx").checked_sub(start) else { return false };
            (kind == "inclusion" || is_subtree(start, end))
                && verify_inclusion::<Sha256>(&leaf, index, end - start, &path, &root).is_ok()
        }
        _ => {
            let (first, second) = (root(&case["root1"]), root(&case["root2"]));
            if kind == "consistency" {
                let sizes = (number("size1"), number("size2"));
                let (first, second) = ((sizes.0, &first), (sizes.1, &second));
                return verify_consistency::<Sha256>(first, second, &path).is_ok();
            }
            let subtree = (number("start"), number("end"), &first);
            verify_subtree::<Sha256>(subtree, (number("size"), &second), &path).is_ok()
        }
    }
}

fn cases(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { cases(&path, found) } else { found.push(path) }
    }
}

#[test]
fn the_tree_agrees_with_all_518_cases_of_transparency_dev() {
    let (mut accepted, mut rejected) = (0, 0);
    for kind in ["inclusion", "consistency", "subtreeinclusion", "subtreeconsistency"] {
        let mut paths = Vec::new();
        cases(&data().join("merkle_sha256").join(kind), &mut paths);
        for path in paths {
            let case = read(&path);
            let wanted = !case["wantErr"].as_bool().unwrap();
            assert_eq!(is_accepted(kind, &case), wanted, "{}", path.display());
            if wanted { accepted += 1 } else { rejected += 1 }
        }
    }
    assert_eq!((accepted, rejected), (36, 482));
}

#[test]
fn notes_are_opened_as_go_opens_them() {
    let vectors = read(&data().join("notes/signed_note_vectors.json"));
    let key = |name: &str| -> VerifierKey {
        vectors["verifier_keys"][name].as_str().unwrap().parse().unwrap()
    };
    let text = vectors["text"].as_str().unwrap();
    let line = |name: &str| vectors["sig_lines"][name].as_str().unwrap().to_owned();
    for open in vectors["open"].as_array().unwrap() {
        let said = open["msg"].as_str().unwrap();
        let mut note = format!("{text}\n");
        for part in said.split(" with ").next().unwrap().split('+').skip(2) {
            let mut line = line(part);
            if said.contains("ABCD") {
                line.insert_str(60, "ABCD");
            }
            note += &format!("{line}\n");
        }
        let names = |list: &Value| -> Vec<String> {
            list.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
        };
        let known: Vec<VerifierKey> = names(&open["known"]).iter().map(|name| key(name)).collect();
        let opened = Note::parse(note.as_bytes())
            .and_then(|note| Ok(note.verify(&known)?.iter().map(|v| v.key.clone()).collect()));
        match open["error"].as_str() {
            None => {
                let wanted: Vec<VerifierKey> =
                    names(&open["verified"]).iter().map(|name| key(name)).collect();
                assert_eq!(opened, Ok(wanted), "{open}");
            }
            Some("no verifiable signatures") => {
                assert!(matches!(opened, Err(NoteError::Unknown(_))), "{open}: {opened:?}");
            }
            Some("ambiguous key") => {
                assert!(matches!(opened, Err(NoteError::Ambiguous(_))), "{open}: {opened:?}");
            }
            Some("invalid signature") => {
                assert!(matches!(opened, Err(NoteError::Fails(_))), "{open}: {opened:?}");
            }
            Some(other) => panic!("what is {other}?"),
        }
    }
}

#[test]
fn malformed_notes_and_keys_are_refused() {
    let vectors = read(&data().join("notes/signed_note_vectors.json"));
    for malformed in vectors["malformed"].as_array().unwrap() {
        let note = match malformed["note"].as_str() {
            Some(note) => note.as_bytes().to_vec(),
            None => STANDARD.decode(malformed["note_base64"].as_str().unwrap()).unwrap(),
        };
        let read = Note::parse(&note);
        assert!(matches!(read, Err(NoteError::Malformed(_))), "{}: {read:?}", malformed["why"]);
    }
    let good = vectors["verifier_keys"]["peter"].as_str().unwrap();
    let mut bad: Vec<String> = vec![
        vectors["bad_verifier_keys"][0].as_str().unwrap().to_owned(),
        vectors["bad_verifier_keys"][1].as_str().unwrap().to_owned(),
    ];
    for end in 0..good.len() {
        bad.extend([good[..end].to_owned(), good[end + 1..].to_owned()]);
        let mut changed = good.as_bytes().to_vec();
        changed[end] += 1;
        bad.push(String::from_utf8(changed).unwrap());
    }
    for key in bad {
        assert!(key.parse::<VerifierKey>().is_err(), "{key}");
    }
}

#[test]
fn the_published_key_signs_as_published() {
    let vectors = read(&data().join("notes/signed_note_vectors.json"));
    let secret = vectors["published_test_signing_key"].as_str().unwrap();
    let key = SigningKey::parse(secret).unwrap();
    assert_eq!(key.secret(), secret);
    assert_eq!(key.verifier().to_string(), vectors["verifier_keys"]["peter"].as_str().unwrap());
    let signed = key.sign(vectors["text"].as_str().unwrap(), 0);
    assert_eq!(signed.to_string(), vectors["sig_lines"]["peter"].as_str().unwrap());
}

#[test]
fn a_real_checkpoint_of_sum_golang_org_is_read() {
    let real = read(&data().join("notes/real_checkpoint_sumdb.json"));
    let key: VerifierKey = real["vkey"].as_str().unwrap().parse().unwrap();
    let note = real["checkpoint"].as_str().unwrap();
    let read = Note::parse(note.as_bytes()).unwrap();
    assert_eq!(read.verify(std::slice::from_ref(&key)).unwrap()[0].key, &key);
    assert_eq!(read.to_string(), note);
    // Its origin has spaces, which C2SP allowed to this log only: a note, but no seal of ours.
    assert!(Seal::parse(read.text()).is_err());
    let changed = note.replace("63096908", "63096909");
    let changed = Note::parse(changed.as_bytes()).unwrap();
    assert!(matches!(changed.verify(&[key]), Err(NoteError::Fails(_))));
}

#[test]
fn blake3_is_blake3() {
    let vectors = read(&data().join("hash/blake3_test_vectors.json"));
    let cases = vectors["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 35);
    for case in cases {
        let length = case["input_len"].as_u64().unwrap();
        let input: Vec<u8> = (0..length).map(|n| (n % 251) as u8).collect();
        let hash = Digest(ledger::merkle::Blake3::hash(&[&input])).to_string();
        assert_eq!(hash, case["hash"].as_str().unwrap()[..64], "{length} bytes");
    }
}
