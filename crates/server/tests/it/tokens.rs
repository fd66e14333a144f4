//! Access tokens on record: that they were made and revoked stands in the log, and nothing of their secrets.

use crate::harness::{House, MORNING};
use ledger::{Actor, Position, Role};
use seats::{AccountId, Capacity, Event, Timestamp};
use server::access::{Access, NewToken, TokenRole};

/// What the log says of tokens, and who did it.
fn told(house: &House) -> Vec<(Event, Actor)> {
    let ledger = house.service.admission().ledger();
    let commits = ledger.scan(Position(0)).map(|record| record.unwrap().commit);
    let of_service = commits.filter(|commit| commit.account == AccountId::SYSTEM);
    let told = of_service.flat_map(|commit| {
        let actor = commit.actor;
        commit.events.into_iter().map(move |event| (event, actor))
    });
    let is_of_token =
        |event: &Event| matches!(event, Event::TokenMade { .. } | Event::TokenRevoked { .. });
    told.filter(|(event, _)| is_of_token(event)).collect()
}

fn record(house: &House) -> usize {
    house.block_on(house.service.record_tokens()).unwrap()
}

#[test]
fn what_was_done_to_tokens_is_recorded_once_with_who_did_it() {
    let house = House::clinic(1);
    assert_eq!(record(&house), TokenRole::ALL.len());
    assert_eq!(record(&house), 0);
    // Another process, as the command line is.
    let theirs = Access::open(&house.access_dir()).unwrap();
    let (admin, expires) = (Actor { role: Role::Admin, id: 5 }, Timestamp(MORNING.0 + 1));
    let new = NewToken {
        role: TokenRole::Customer,
        accounts: Some(vec!["clinic".to_owned(), "not yet".to_owned()]),
        label: "Ana Gómez".to_owned(),
        expires_at: Some(expires),
    };
    let (made, text) = theirs.make_by(new, admin, MORNING).unwrap();
    theirs.revoke_by(made.number, admin, MORNING).unwrap();
    theirs.revoke_by(made.number, Actor { role: Role::Admin, id: 6 }, MORNING).unwrap();
    assert_eq!(record(&house), 2);
    assert_eq!(record(&house), 0);
    let told = told(&house);
    let clinic = AccountId(1);
    let [.., made_event, revoked_event] = told.as_slice() else { panic!("{told:?}") };
    let (token, capacity) = (made.number, Capacity::Customer);
    let (accounts, expires) = (Some(vec![clinic]), Some(expires));
    assert_eq!(*made_event, (Event::TokenMade { token, capacity, accounts, expires }, admin));
    assert_eq!(*revoked_event, (Event::TokenRevoked { token }, admin));
    let ledger = house.service.admission().ledger();
    let secret = text.rsplit('_').next().unwrap();
    for position in 0..ledger.head().size {
        let bytes = ledger.bytes(Position(position)).unwrap().unwrap();
        let has = |text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
        assert!(!has(secret) && !has("Ana"), "nothing of it is in the log");
    }
    assert!(ledger::verify::ledger(ledger, |_, _| ()).ok);
}

#[test]
fn two_processes_that_change_the_file_at_once_lose_nothing() {
    let house = House::new();
    let number = 20;
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let access = Access::open(&house.access_dir()).unwrap();
                for _ in 0..number {
                    let (role, label) = (TokenRole::App, String::new());
                    let new = NewToken { role, accounts: None, label, expires_at: None };
                    let (made, _) = access.make(new, MORNING).unwrap();
                    access.revoke(made.number, MORNING).unwrap();
                }
            });
        }
        record(&house);
    });
    let tokens = house.service.access().tokens();
    assert_eq!(tokens.len(), TokenRole::ALL.len() + 2 * number);
    assert_eq!(tokens.iter().filter(|token| token.revoked_at.is_some()).count(), 2 * number);
    record(&house);
    assert_eq!(told(&house).len(), TokenRole::ALL.len() + 4 * number);
}
