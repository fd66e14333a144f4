//! Notes, keys, seals and policies as strangers may write them.

use ledger::Head;
use ledger::note::{KeyKind, Note, NoteError, SigningKey, VerifierKey};
use ledger::seal::{BadSeal, Policy, Seal};
use proptest::prelude::*;
use seats::Digest;

const ORIGIN: &str = "example.com/clinics/seats-b3-v1";

fn key(name: &str, kind: KeyKind) -> SigningKey {
    let seed = *blake3::hash(name.as_bytes()).as_bytes();
    SigningKey::from_seed(name, kind, &seed).unwrap()
}

fn seal() -> Seal {
    Seal { origin: ORIGIN.to_owned(), head: Head { size: 1234, root: Digest([7; 32]) } }
}

#[test]
fn a_seal_says_what_it_was_told_and_who_signed() {
    let (log, witness) = (key(ORIGIN, KeyKind::Log), key("north.example", KeyKind::Witness));
    let mut note = Note::new(seal().text()).unwrap();
    note.sign(&log, 0);
    note.sign(&witness, 1_700_000_000);
    note.sign(&witness, 1_700_000_060); // Again: the later one counts.
    let note = Note::parse(note.to_string().as_bytes()).unwrap();
    let keys = [log.verifier(), witness.verifier()];
    let (found, verified) = Seal::open(&note, &keys).unwrap();
    assert_eq!(found, seal());
    let who: Vec<_> = verified.iter().map(|v| (v.key.name(), v.at)).collect();
    assert_eq!(who, [(ORIGIN, None), ("north.example", Some(1_700_000_060))]);
    for key in &keys {
        assert_eq!(&key.to_string().parse::<VerifierKey>().unwrap(), key);
    }
}

#[test]
fn a_seal_is_believed_only_from_its_own_log() {
    let stranger = key("example.com/others/seats-b3-v1", KeyKind::Log);
    let witness = key(ORIGIN, KeyKind::Witness); // The right name, the wrong kind.
    for signer in [stranger, witness] {
        let mut note = Note::new(seal().text()).unwrap();
        note.sign(&signer, 5);
        let known = [signer.verifier()];
        assert_eq!(Seal::open(&note, &known), Err(BadSeal::Origin { found: ORIGIN.to_owned() }));
        let known = [key(ORIGIN, KeyKind::Log).verifier()];
        let opened = Seal::open(&note, &known);
        assert!(matches!(opened, Err(BadSeal::Note(NoteError::Unknown(_)))), "{opened:?}");
    }
}

#[test]
fn a_text_is_a_seal_in_one_spelling_only() {
    let good = seal().text();
    assert_eq!(Seal::parse(&good), Ok(seal()));
    let changed = |from: &str, to: &str| good.replacen(from, to, 1);
    for bad in [
        changed("1234", "01234"),
        changed("1234", "+1234"),
        changed("1234", "-1"),
        changed("1234", "99999999999999999999"),
        changed("1234", ""),
        changed("=\n", "\n"),
        changed("=\n", "==\n"),
        changed("=\n", "=\nmore\n"),
        changed("=\n", "="),
        changed("Bwc=", "Bwd="), // Stray bits.
        changed("example", "exam ple"),
        changed("example", "exam+ple"),
        changed(ORIGIN, ""),
    ] {
        assert_ne!(bad, good);
        assert!(matches!(Seal::parse(&bad), Err(BadSeal::Malformed(_))), "{bad:?}");
    }
}

/// What a policy says of a seal signed by some of the witnesses a, b and c.
fn check_policy(policy: &str, met: &[&str], not_met: &[&str]) {
    let keys = ["a", "b", "c"].map(|name| key(name, KeyKind::Witness));
    let named = keys.iter().map(|key| format!("witness {} {}\n", key.name(), key.verifier()));
    let log = key(ORIGIN, KeyKind::Log);
    let text = format!("# who\nlog {}\n{}\n{policy}", log.verifier(), named.collect::<String>());
    let policy = Policy::parse(&text).unwrap();
    let check = |signers: &str, wanted: bool| {
        let mut note = Note::new(seal().text()).unwrap();
        note.sign(&log, 0);
        keys.iter().filter(|key| signers.contains(key.name())).for_each(|key| note.sign(key, 9));
        let known = policy.keys();
        let verified = note.verify(&known).unwrap();
        assert_eq!(policy.is_met(&verified), wanted, "{text} signed by {signers:?}");
    };
    met.iter().for_each(|signers| check(signers, true));
    not_met.iter().for_each(|signers| check(signers, false));
}

#[test]
fn a_policy_counts_witnesses() {
    check_policy("quorum none", &["", "abc"], &[]);
    check_policy("quorum b", &["b", "abc"], &["", "ac"]);
    check_policy("group g all a b\nquorum g", &["ab", "abc"], &["", "a", "bc"]);
    check_policy("group g any a b\nquorum g", &["a", "bc"], &["", "c"]);
    check_policy("group g 2 a b c\nquorum g", &["ab", "bc", "abc"], &["", "a"]);
    check_policy("group g any a b\ngroup h all g c\nquorum h", &["ac", "bc"], &["ab", "c"]);
}

#[test]
fn a_policy_that_says_nothing_certain_is_refused() {
    let witness = format!("witness a {}\n", key("a", KeyKind::Witness).verifier());
    let log = format!("log {}\n", key(ORIGIN, KeyKind::Log).verifier());
    let check = |text: String, line: usize| {
        let error = Policy::parse(&text).unwrap_err();
        assert_eq!(error.line, line, "{text}: {error}");
    };
    check(String::new(), 1);
    check(witness.clone(), 1);
    check(format!("{witness}{witness}quorum a"), 2);
    check("quorum a".to_owned(), 1);
    check(format!("{witness}group g all a a\nquorum g"), 2);
    check(format!("{witness}group g 2 a\nquorum g"), 2);
    check(format!("{witness}group g 0 a\nquorum g"), 2);
    check(format!("{witness}group g all a\ngroup h all a\nquorum g"), 3);
    check(format!("{witness}group g all\nquorum g"), 2);
    check(format!("{witness}quorum a\nquorum none"), 3);
    check(format!("{witness}quorm a"), 2);
    check(log.replace("log", "witness x"), 1);
    check(witness.replace("witness a", "log"), 1);
}

proptest! {
    #[test]
    fn any_bytes_are_a_note_or_not(bytes: Vec<u8>, text in "[ -~\n]{0,40}", rest in "(\u{2014} [a-z+ ]{0,9}[A-Za-z0-9+/=]{0,12}\n?){0,3}") {
        let _ = Note::parse(&bytes);
        let spelled = format!("{text}\n\n{rest}");
        if let Ok(note) = Note::parse(spelled.as_bytes()) {
            prop_assert_eq!(note.to_string(), spelled);
        }
        let _ = Policy::parse(&text);
        let _ = text.parse::<VerifierKey>();
        if let Ok(seal) = Seal::parse(&text) {
            prop_assert_eq!(seal.text(), text);
        }
    }
}
