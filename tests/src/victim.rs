//! What the victim of a crash says, and what the tests that kill it hold it to.

use ledger::note::{KeyKind, SigningKey};
use ledger::{Ledger, Options, Position, verify};
use seats::{AccountId, Event};

/// A login that was acknowledged.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Acknowledged {
    /// Position of its commit.
    pub position: u64,
    /// Number of its account.
    pub account: u64,
    /// Its request id, in hexadecimal.
    pub request: String,
}

/// Reads `ack <position> <account> <request>`. `None`: it says something else, or was cut short by the kill
/// and never received whole, so nobody was told.
pub fn parse(line: &str) -> Option<Acknowledged> {
    let mut words = line.strip_prefix("ack ")?.split(' ');
    let position = words.next()?.parse().ok()?;
    let account = words.next()?.parse().ok()?;
    let request = words.next()?.to_owned();
    (request.len() == 32).then_some(Acknowledged { position, account, request })
}

/// Sizes so small that a short life sees volumes filled and finished, and the journal's files used in turn.
pub fn small() -> Options {
    Options {
        volume_commits: 700,
        volume_bytes: 1 << 20,
        journal_bytes: 128 << 10,
        block_bytes: 4 << 10,
        ..Options::default()
    }
}

/// The key that a victim seals with.
///
/// # Panics
/// Never: the name is one.
#[expect(clippy::expect_used, reason = "the name is one that a key may have")]
pub fn key() -> SigningKey {
    let made = SigningKey::from_seed("victim.example/seats-b3-v1", KeyKind::Log, &[7; 32]);
    made.expect("a name that a key may have")
}

/// A number that whoever runs a test may set.
pub fn from_environment(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|n| n.parse().ok())
}

/// Throws that a seed decides: each gives a number below the one given.
pub fn dice(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = seed;
    move |below| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below.max(1)
    }
}

/// Checks that the ledger holds what was acknowledged. `what` names the crash.
///
/// # Panics
/// When it does not.
#[expect(clippy::panic, reason = "a test that cannot go on panics")]
pub fn check_held(ledger: &Ledger, acks: &[Acknowledged], what: &str) {
    for Acknowledged { position, account, request } in acks {
        let commit = match ledger.record(Position(*position)) {
            Ok(Some(record)) => record.commit,
            Ok(None) => panic!("{position} is lost: {what}"),
            Err(error) => panic!("{position} cannot be read: {error}: {what}"),
        };
        assert_eq!(commit.account, AccountId(*account), "{position} is another's: {what}");
        let asks = |event: &Event| matches!(event, Event::LoginRequested { request: other, .. } if other.to_string() == *request);
        assert!(commit.events.iter().any(asks), "{position} does not hold the request: {what}");
    }
}

/// Checks every byte and rule of the ledger. `what` names the crash.
///
/// # Panics
/// When something is wrong.
pub fn check_whole(ledger: &Ledger, what: &str) {
    let report = verify::ledger(ledger, |_, _| {});
    assert!(report.ok, "{:?}: {what}", report.first_bad);
}
