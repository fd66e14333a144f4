//! What depends on who works when, one step at a time.

use crate::rig::{ADMIN, APP, NINE, service};
use admission::stepped::Stepped;
use admission::{Clock, Error, FromLog, ManualClock, NewAccount, Request};
use ledger::Ledger;
use ledger::memory::{Fault, MemoryStore};
use seats::Micros;
use std::sync::Arc;

fn start(store: &Arc<MemoryStore>, clock: &ManualClock) -> Stepped {
    let ledger = Ledger::in_memory(Arc::clone(store)).unwrap();
    let source = FromLog::new(ledger.clone());
    Stepped::start(&ledger, service(), clock.clone(), source).unwrap()
}

fn open(name: &str) -> Request {
    Request::Open(NewAccount::new(name, "UTC", 1))
}

#[test]
fn whoever_arrives_as_the_record_fails_is_told_at_once() {
    let store = MemoryStore::new();
    let mut admission = start(&store, &ManualClock::new(NINE));
    admission.ask(open("one"), APP);
    admission.decide();
    admission.gather();
    store.inject(Fault::Sync { blocks: 0, row: false });
    // Accepted before the failure, looked at after it.
    let late = admission.ask(open("two"), APP);
    admission.sync();
    assert!(!admission.decide());
    assert!(admission.answers().contains(&(late, Err(Error::Unknown))));
}

#[test]
fn facts_of_the_service_may_overtake_one_another_on_their_way() {
    let (store, clock) = (MemoryStore::new(), ManualClock::new(NINE));
    let mut admission = start(&store, &clock);
    let step = |admission: &mut Stepped| {
        clock.step(clock.wall() + Micros::from_secs(3_600));
        admission.confirm_clock(ADMIN);
        admission.decide();
    };
    admission.decide();
    admission.gather();
    step(&mut admission); // Waits for the first to be synced.
    admission.sync();
    step(&mut admission); // And so does this one; the first comes back in the same turn.
    admission.gather();
    admission.sync();
    admission.decide();
    assert_eq!(admission.failure(), None);
    drop(admission);
    let ledger = Ledger::in_memory(store).unwrap();
    assert!(ledger::verify::ledger(&ledger, |_, _| ()).ok);
    assert_eq!(ledger.head().size, 3);
}
