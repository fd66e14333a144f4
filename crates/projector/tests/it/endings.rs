//! How sessions ended that nobody remembers: found through snapshots as by reading everything.

use crate::log::{Log, run, steps_in_line};
use crate::saved::{Saved, save};
use ledger::{Position, Record};
use projector::{Spacing, Views, ends_session};
use proptest::prelude::*;
use seats::Event;

fn check(log: &Log) {
    let ledger = log.ledger();
    let records: Vec<Record> = ledger.scan(Position(0)).map(Result::unwrap).collect();
    let spacing = Spacing { commits: 5, span: 40, bytes_per_commit: 9999, unpacked: 9 };
    let Saved { projector, directory: _directory } = save(&ledger, spacing, &[u64::MAX]);
    for record in &records {
        let account = record.commit.account;
        for event in &record.commit.events {
            let Event::SeatGranted { session, .. } = event else { continue };
            let later = records.iter().filter(|later| later.position >= record.position);
            let mut later = later.filter(|later| later.commit.account == account);
            let expected = later.find(|later| ends_session(later, *session));
            for views in [projector.views(), Views::without_snapshots(&ledger)] {
                let found = views.end_of_session(account, *session, record.position).unwrap();
                assert_eq!(found.as_ref(), expected, "{session} of {account}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn every_end_is_found(steps in steps_in_line(150)) {
        check(&run(&steps));
    }
}
