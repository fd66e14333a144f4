//! Drafts for tests: a small, seeded, lawful history of many accounts.

use ledger::{Actor, Draft, Head, Ledger, Position, Record, Role, Syncer, Writer};
use seats::{
    AccountId, Commitment, DenialReason, Effective, EndedBy, Event, Micros, PoolId, RequestId,
    SeatNo, SessionId, Timestamp, UserId,
};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

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

const LICENCES: u32 = 4;

#[derive(Clone, Default)]
struct Desk {
    version: u64,
    users: u32,
    sessions: u64,
    held: BTreeMap<u32, u64>,
}

/// Makes drafts that follow one another and keep the laws.
#[derive(Clone)]
pub(crate) struct History {
    pub(crate) seeded: Seeded,
    accounts: u64,
    desks: BTreeMap<AccountId, Desk>,
    now: u64,
}

impl History {
    pub(crate) fn new(seed: u64, accounts: u64) -> History {
        let now = 1_700_000_000_000_000;
        History { seeded: Seeded(seed), accounts, desks: BTreeMap::new(), now }
    }

    pub(crate) fn draft(&mut self) -> Draft {
        let account = AccountId(1 + self.seeded.below(self.accounts));
        self.now += self.seeded.below(1_000_000);
        let mut desk = self.desks.remove(&account).unwrap_or_default();
        let expected = desk.version;
        desk.version += 1;
        let events = match self.seeded.below(3) {
            _ if expected == 0 => self.opening(),
            0 if !desk.held.is_empty() => {
                let seat = self.seeded.below(desk.held.len() as u64) as usize;
                let seat = *desk.held.keys().nth(seat).unwrap();
                let session = SessionId(desk.held.remove(&seat).unwrap());
                let (by, silent) = (EndedBy::User, Micros::ZERO);
                vec![Event::LoggedOut { session, by, reason: None, note: None, silent }]
            }
            _ => self.login(&mut desk),
        };
        self.desks.insert(account, desk);
        Draft {
            account,
            expected,
            at: Timestamp(self.now),
            recorded_at: Timestamp(self.now + 3),
            actor: Actor { role: Role::App, id: 7 },
            rules: 1,
            pool: PoolId::DEFAULT,
            events,
        }
    }

    pub(crate) fn drafts(&mut self, count: u64) -> Vec<Draft> {
        (0..count).map(|_| self.draft()).collect()
    }

    fn opening(&mut self) -> Vec<Event> {
        let effective = Effective { instant: Timestamp(self.now), date: None };
        let profile = Commitment([9; 32]);
        vec![
            Event::AccountOpened { zone: "Europe/London".to_owned(), profile },
            Event::LicencesChanged { from: 0, to: LICENCES, effective },
        ]
    }

    /// Every login is a new user's: nobody has two seats.
    fn login(&mut self, desk: &mut Desk) -> Vec<Event> {
        let mut request = [0; 16];
        request[..8].copy_from_slice(&self.seeded.next().to_le_bytes());
        request[8..].copy_from_slice(&self.seeded.next().to_le_bytes());
        desk.users += 1;
        let user = UserId(desk.users);
        let profile = Commitment([user.0 as u8; 32]);
        let request = RequestId(request);
        let asked = Event::LoginRequested { request, user, site: None, device: None };
        let free = (1..=LICENCES).find(|seat| !desk.held.contains_key(seat));
        let answer = match free {
            Some(seat) => {
                desk.sessions += 1;
                desk.held.insert(seat, desk.sessions);
                let session = SessionId(desk.sessions);
                Event::SeatGranted { request: None, session, seat: SeatNo(seat), overdraft: false }
            }
            None => {
                let reason = DenialReason::AllSeatsHeld;
                Event::SeatDenied { request: None, reason, held: LICENCES, dormant: 0 }
            }
        };
        vec![Event::UserAdded { user, profile }, asked, answer]
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
    ledger.scan(Position(0)).collect::<Result<_, _>>().unwrap()
}

/// Checks that the ledger holds exactly these drafts, whichever way it is read, and that it verifies.
pub(crate) fn check_holds(ledger: &Ledger, drafts: &[Draft]) {
    let records = records(ledger);
    assert_eq!(records.len(), drafts.len());
    assert_eq!(ledger.head().size, drafts.len() as u64);
    let mut latest = BTreeMap::new();
    for (record, draft) in records.iter().zip(drafts) {
        let commit = &record.commit;
        assert_eq!((commit.account, &commit.events), (draft.account, &draft.events));
        assert_eq!((commit.at, commit.recorded_at), (draft.at, draft.recorded_at));
        assert_eq!(commit.version, draft.expected + 1);
        assert_eq!(record.previous, latest.insert(draft.account, record.position));
        assert_eq!(ledger.record(record.position).unwrap().as_ref(), Some(record));
        assert_eq!(ledger.bytes(record.position).unwrap(), Some(commit.encode().unwrap()));
        for event in &draft.events {
            if let Event::LoginRequested { request, .. } = event {
                let found = ledger.find_request(draft.account, *request).unwrap();
                assert_eq!(found, Some(record.position));
                let elsewhere = ledger.find_request(AccountId(draft.account.0 + 1), *request);
                assert_eq!(elsewhere.unwrap(), None);
            }
        }
    }
    assert_eq!(ledger.accounts(), latest.keys().copied().collect::<Vec<_>>());
    for (account, position) in latest {
        let head = ledger.account_head(account).unwrap().unwrap();
        assert_eq!(head.position, position);
        let back: Vec<_> =
            ledger.back(position).map(|record| record.unwrap().commit.version).collect();
        assert_eq!(back, (1..=head.version).rev().collect::<Vec<_>>());
    }
    assert_eq!(ledger.account_head(AccountId(u64::MAX)).unwrap(), None);
    for from in [0, records.len() / 2] {
        let mut next = from;
        let end = ledger.replay(Position(from as u64), |record| {
            assert_eq!(*record, records[next]);
            next += 1;
            ControlFlow::Continue(())
        });
        assert_eq!((end.unwrap().0, next), (drafts.len() as u64, drafts.len()));
    }
    let report = ledger::verify::ledger(ledger, |_, _| ());
    let events = drafts.iter().map(|draft| draft.events.len() as u64).sum::<u64>();
    assert_eq!(report.first_bad, None);
    assert_eq!((report.ok, report.commits, report.events), (true, drafts.len() as u64, events));
    assert_eq!((report.size, report.root), (ledger.head().size, ledger.head().root));
}
