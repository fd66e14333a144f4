//! The law of closed months.

use crate::PROFILE;
use seats::closing::Closing;
use seats::{AccountId, Breach, Digest, Event, Laws, Timestamp};

/// Months are closed in order, each once, when they are over, by what was known.
#[test]
fn months_are_closed_in_order() {
    let at = |days: u64| Timestamp(days * 86_400_000_000);
    let closed = |from: u64, to: u64, until: u64, as_of: u64| {
        Event::PeriodClosed(Box::new(Closing {
            year: 1970,
            month: 1,
            from: at(from),
            to: at(to),
            as_of,
            until: at(until),
            statement: Digest([1; 32]),
            plan: Digest([2; 32]),
            currency: *b"GBP",
            net: 0,
            gross: 0,
            due: 0,
            carried: 0,
            size: 0,
            root: Digest([3; 32]),
            tzdb: String::new(),
            product: String::new(),
        }))
    };
    // The account is opened by the first commit, January closed by the second, and then, on day 62:
    let second = |event: Event| {
        let mut laws = Laws::new(AccountId(1));
        let opened = Event::AccountOpened { zone: "UTC".to_owned(), profile: PROFILE };
        laws.check(at(0), &[opened]).unwrap();
        laws.check(at(33), &[closed(0, 31, 33, 1)]).unwrap();
        laws.check(at(62), &[event])
    };
    assert_eq!(second(closed(31, 59, 61, 2)), Ok(()));
    let wrong = [
        closed(0, 31, 33, 2),  // twice
        closed(59, 61, 61, 2), // a month left out
        closed(31, 63, 63, 2), // not over
        closed(31, 59, 58, 2), // known until before it was over
        closed(31, 59, 63, 2), // known until later than now
        closed(31, 59, 61, 3), // by what was not known
        closed(31, 59, 61, 1), // by less than the month before was closed by
        closed(31, 31, 61, 2), // of no days
    ];
    for event in wrong {
        assert_eq!(second(event.clone()), Err(Breach::Period("1970-01".to_owned())), "{event:?}");
    }
}
