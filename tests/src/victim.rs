//! What the victim of a crash says, and what the tests that kill it make of it.

use ledger::Options;

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
