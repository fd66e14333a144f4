//! A service seals the log by itself, and does not go on with a log that contradicts its seals.

use crate::rig::{APP, NINE, login, service, wait};
use admission::{Admission, Error, ManualClock, NewAccount, Options};
use ledger::Ledger;
use ledger::note::{KeyKind, SigningKey};
use seats::{AccountId, Micros};
use std::path::Path;
use std::time::Duration;

fn start(dir: &Path, clock: &ManualClock) -> (Ledger, Admission) {
    let ledger = Ledger::open_or_create(dir, &ledger::Options::default()).unwrap();
    let every = Some(Duration::from_secs(60));
    let options = Options { seal_every: every, ..service() };
    (ledger.clone(), Admission::start(ledger, options, clock.clone()).unwrap())
}

/// Waits until so many seals are kept; the service makes them on another thread.
fn wait_until_sealed(ledger: &Ledger, admission: &Admission, count: usize) {
    while ledger.seals().unwrap().sizes().unwrap().len() < count {
        wait(admission.sweep()).unwrap();
        std::thread::yield_now();
    }
}

#[test]
fn a_service_seals_when_it_starts_and_at_intervals() {
    let home = tempfile::tempdir().unwrap();
    let (dir, clock) = (home.path().join("ledger"), ManualClock::new(NINE));
    let ledger = Ledger::create(&dir, &ledger::Options::default()).unwrap();
    let key = SigningKey::from_seed("example.com/a", KeyKind::Log, &[7; 32]).unwrap();
    ledger.seals().unwrap().keep_key(&key).unwrap();
    drop(ledger);
    let (ledger, admission) = start(&dir, &clock);
    wait_until_sealed(&ledger, &admission, 1);
    let open = NewAccount::new("clinic", "Europe/London", 1);
    wait(admission.open_account(open, APP)).unwrap();
    clock.advance(Micros::from_secs(61));
    wait_until_sealed(&ledger, &admission, 2);
    let sizes = ledger.seals().unwrap().sizes().unwrap();
    assert_eq!(sizes.last(), Some(&ledger.head().size));
    wait(admission.stop()).unwrap();
    drop((ledger, admission));

    // The log was put back, and what was promised was not: the service refuses to go on.
    std::fs::write(dir.join("seals/promised"), format!("999999 {}\n", "0".repeat(64))).unwrap();
    let (_ledger, admission) = start(&dir, &clock);
    let refused = (0..).find_map(|attempt: u32| {
        let asked = login(AccountId(1), "alice", &format!("attempt {attempt}"));
        std::thread::yield_now();
        wait(admission.log_in(asked, APP)).err()
    });
    let refused = refused.unwrap();
    assert!(matches!(refused, Error::Unknown | Error::Stopped), "{refused:?}");
}
