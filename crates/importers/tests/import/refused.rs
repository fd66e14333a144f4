//! Imports that are refused without a trace, and the numbers that accounts get.

use super::*;

/// Runs an import that is refused and checks that nothing was written.
pub(crate) fn refused(ledger: &Ledger, plan: &Plan, now: Timestamp) -> String {
    let count = |ledger: &Ledger| {
        let accounts = ledger.book().entries(AccountId::SYSTEM, Kind::Account).expect("the book");
        let users =
            |number| ledger.book().highest(AccountId(number), Kind::User).expect("the book");
        (ledger.head(), accounts, users(1), users(2))
    };
    sync(ledger);
    let before = count(ledger);
    let Err(error) = run(ledger, plan, now) else { panic!("it was imported") };
    assert_eq!(count(ledger), before, "{error}");
    error.to_string()
}

#[test]
fn an_account_that_holds_something_else_is_left_alone() {
    let store = MemoryStore::new();
    let ledger = open(&store);
    open_by_hand(&ledger, 1, "Clinic", NOW);
    let told = run(&ledger, &plan(), LATER).expect_err("appended, if not durable yet").to_string();
    assert!(told.starts_with("\"clinic\" is the name of an account"), "{told}");
    assert_eq!(
        refused(&ledger, &plan(), LATER),
        "\"clinic\" is the name of an account that was not imported; choose another name"
    );

    let ledger = open(&MemoryStore::new());
    run(&ledger, &plan(), NOW).unwrap();
    for other in
        [plan_of(2, "clinic", Licences::Auto), plan_of(1, "clinic", Licences::Exactly(500))]
    {
        let told = refused(&ledger, &other, LATER);
        assert!(told.starts_with("\"clinic\" holds another import, "), "{told}");
        assert!(told.contains(&plan().source().to_string()), "{told}");
        assert!(told.contains(&other.source().to_string()), "{told}");
    }

    // Nor can another file complete what this one began.
    let store = MemoryStore::new();
    let ledger = open(&store);
    let mut stop = None;
    import(&ledger, &plan(), NOW, &mut |_| {
        stop.get_or_insert_with(|| store.crash(0, false));
    })
    .unwrap();
    let ledger = open(&stop.unwrap());
    let told = refused(&ledger, &plan_of(2, "clinic", Licences::Auto), LATER);
    assert!(told.starts_with("\"clinic\" holds another import, "), "{told}");
}

#[test]
fn a_number_that_stands_anywhere_is_not_given_again() {
    let ledger = open(&MemoryStore::new());
    ledger.book().enrol(Subject::account(AccountId(1)), "entered only").unwrap();
    assert_eq!(run(&ledger, &plan(), NOW).unwrap().account, AccountId(2));
    open_by_hand(&ledger, 3, "to be lost", NOW);
    ledger.book().forget(Subject::account(AccountId(3))).unwrap();
    let second = plan_of(1, "surgery", Licences::Auto);
    assert_eq!(run(&ledger, &second, NOW).unwrap().account, AccountId(4));

    // As if the book had been lost with its names.
    let ledger = open(&MemoryStore::new());
    let profile = seats::Commitment([1; 32]);
    let opened = Event::AccountOpened { zone: String::from("UTC"), profile };
    append(&ledger, AccountId(1), 0, NOW, IMPORTER, vec![opened]);
    assert_eq!(run(&ledger, &plan(), NOW).unwrap().account, AccountId(2));
}

#[test]
fn nothing_is_recorded_before_it_happened_nor_before_what_is_recorded() {
    let ledger = open(&MemoryStore::new());
    let plan = plan();
    let told = refused(&ledger, &plan, Timestamp(plan.last().0 - 1));
    assert!(told.ends_with("the history's last instant; set the clock"), "{told}");
    open_by_hand(&ledger, 1, "surgery", NOW);
    let told = refused(&ledger, &plan, Timestamp(NOW.0 - 1));
    assert!(told.ends_with("the ledger's last commit; set the clock"), "{told}");
    assert_eq!(run(&ledger, &plan, NOW).unwrap().account, AccountId(2));
    let taken = ledger.writer().unwrap();
    let told = run(&ledger, &plan_of(1, "hospital", Licences::Auto), NOW).unwrap_err().to_string();
    assert!(told.starts_with("the ledger's writer is taken"), "{told}");
    drop(taken);
}
