//! Drafts for tests: a small, seeded history of many accounts.

use ledger::{Actor, Draft, Head, Ledger, Record, Role, Syncer, Writer};
use seats::{AccountId, Event, Micros, PoolId, RequestId, SeatNo, SessionId, Timestamp, UserId};
use std::collections::BTreeMap;

/// A small generator of numbers (splitmix64); the same seed gives the same numbers everywhere.
#[derive(Clone)]
pub(crate) struct Seeded(pub(crate) u64);

impl Seeded {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

/// Makes drafts that follow one another: versions dense, times never back.
#[derive(Clone)]
pub(crate) struct History {
    pub(crate) seeded: Seeded,
    accounts: u64,
    versions: BTreeMap<AccountId, u64>,
    now: u64,
}

impl History {
    pub(crate) fn new(seed: u64, accounts: u64) -> History {
        History {
            seeded: Seeded(seed),
            accounts,
            versions: BTreeMap::new(),
            now: 1_700_000_000_000_000,
        }
    }

    pub(crate) fn draft(&mut self) -> Draft {
        let account = AccountId(1 + self.seeded.below(self.accounts));
        self.now += self.seeded.below(1_000_000);
        let version = self.versions.entry(account).or_default();
        let expected = *version;
        *version += 1;
        let events = if self.seeded.below(3) > 0 {
            let request = RequestId(
                [
                    self.seeded.next().to_le_bytes(),
                    self.seeded.next().to_le_bytes(),
                ]
                .concat()
                .try_into()
                .unwrap(),
            );
            let user = UserId(1 + self.seeded.below(300) as u32);
            vec![
                Event::LoginRequested {
                    request,
                    user,
                    site: None,
                    device: None,
                },
                Event::SeatGranted {
                    request: None,
                    session: SessionId(*version),
                    seat: SeatNo(1),
                    overdraft: false,
                },
            ]
        } else {
            vec![Event::WentDormant {
                session: SessionId(1),
                silent: Micros(self.seeded.below(9_000_000)),
            }]
        };
        Draft {
            account,
            expected,
            at: Timestamp(self.now),
            recorded_at: Timestamp(self.now),
            actor: Actor {
                role: Role::App,
                id: 7,
            },
            rules: 1,
            pool: PoolId::DEFAULT,
            events,
        }
    }

    pub(crate) fn drafts(&mut self, count: u64) -> Vec<Draft> {
        (0..count).map(|_| self.draft()).collect()
    }
}

/// Appends groups of drafts, syncing after each; gives back every draft and the head after each group.
pub(crate) fn fill(
    ledger: &Ledger,
    history: &mut History,
    groups: u64,
    size: u64,
) -> (Vec<Draft>, Vec<Head>) {
    let mut writer = ledger.writer().unwrap();
    let syncer = writer.syncer();
    fill_with(&mut writer, &syncer, history, groups, size)
}

pub(crate) fn fill_with(
    writer: &mut Writer,
    syncer: &Syncer,
    history: &mut History,
    groups: u64,
    size: u64,
) -> (Vec<Draft>, Vec<Head>) {
    let (mut all, mut heads) = (Vec::new(), Vec::new());
    for _ in 0..groups {
        let drafts = history.drafts(size);
        let ticket = writer.append(&drafts).unwrap();
        let head = syncer.sync().unwrap();
        assert!(ticket.is_durable(&head));
        all.extend(drafts);
        heads.push(head);
    }
    (all, heads)
}

pub(crate) fn records(ledger: &Ledger) -> Vec<Record> {
    ledger
        .scan(ledger::Position(0))
        .collect::<Result<_, _>>()
        .unwrap()
}

/// Checks that the ledger holds exactly these drafts, whichever way it is read.
pub(crate) fn check_holds(ledger: &Ledger, drafts: &[Draft]) {
    let records = records(ledger);
    assert_eq!(records.len(), drafts.len());
    assert_eq!(ledger.head().size, drafts.len() as u64);
    let mut latest = BTreeMap::new();
    for (record, draft) in records.iter().zip(drafts) {
        let commit = &record.commit;
        assert_eq!(
            (commit.account, &commit.events),
            (draft.account, &draft.events)
        );
        assert_eq!((commit.at, commit.version), (draft.at, draft.expected + 1));
        assert_eq!(
            record.previous,
            latest.insert(draft.account, record.position)
        );
        assert_eq!(
            ledger.record(record.position).unwrap().as_ref(),
            Some(record)
        );
        for event in &draft.events {
            if let Event::LoginRequested { request, .. } = event {
                assert_eq!(
                    ledger.find_request(draft.account, *request).unwrap(),
                    Some(record.position)
                );
            }
        }
    }
    assert_eq!(
        ledger.accounts(),
        latest.keys().copied().collect::<Vec<_>>()
    );
    for (account, position) in latest {
        let head = ledger.account_head(account).unwrap().unwrap();
        assert_eq!(head.position, position);
        let back: Vec<_> = ledger
            .back(position)
            .map(|record| record.unwrap().commit.version)
            .collect();
        assert_eq!(back, (1..=head.version).rev().collect::<Vec<_>>());
    }
    let mut next = 0;
    let end = ledger.replay(ledger::Position(0), |record| {
        assert_eq!(*record, records[next]);
        next += 1;
        std::ops::ControlFlow::Continue(())
    });
    assert_eq!((end.unwrap().0, next), (drafts.len() as u64, drafts.len()));
}
