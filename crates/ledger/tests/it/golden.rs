//! The bytes of one commit for each kind of event, kept for ever in `fixtures/golden/`.
//!
//! A difference here means that old logs would be read wrong. The files are never changed, only added to:
//! a new kind of event gets a new entry at the end. `GOLDEN=write cargo test -p ledger golden` writes them.

use bincode::config::standard;
use ledger::block::Block;
use ledger::commit::{NO_PREVIOUS, leaf_hash};
use ledger::memory::MemoryStore;
use ledger::store::LogStore;
use ledger::{Actor, Commit, Draft, Ledger, Position, Role};
use seats::closing::Closing;
use seats::{
    AccountId, Capacity, CivilDate, Commitment, DenialReason, DeviceId, Digest, Effective, EndedBy,
    Event, ExpiryCause, ExportKind, Exported, HandOverEnd, HandOverId, Leaving, Look, Micros,
    Names, PoolId, Reasons, Reclaim, ReleaseReason, RequestId, SameUser, SeatNo, SessionId,
    Setting, SiteId, Timestamp, UserId, UserPolicy, WhenFull,
};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

/// One of each kind, in the order of their tags, with small and large numbers, absent and present options.
fn every_kind() -> Vec<Event> {
    let profile = Commitment([0xC0; 32]);
    let request = RequestId(*b"0123456789abcdef");
    let session = SessionId(300);
    let effective =
        Effective { instant: Timestamp(1_700_000_000_000_000), date: Some(CivilDate(19_675)) };
    let settings = vec![
        Setting::Users(UserPolicy::Registered),
        Setting::Lease(Some(120)),
        Setting::IdleAfter(None),
        Setting::GoodbyeGrace(60),
        Setting::Reclaim(Reclaim::AtOnce),
        Setting::MaxSession(Some(86_400)),
        Setting::SameUser(SameUser::Deny),
        Setting::Overdraft(2),
        Setting::Linger(250),
        Setting::Reserved(SiteId(3), 251),
        Setting::ReleaseFloor(70_000),
        Setting::Names(Names::None),
    ];
    vec![
        Event::AccountOpened { zone: "Europe/London".to_owned(), profile },
        Event::PolicyChanged { settings },
        Event::LicencesChanged { from: 5, to: 300, effective },
        Event::PlanAssigned {
            plan: Digest([0xAB; 32]),
            effective: Effective { date: Some(CivilDate(-1)), ..effective },
        },
        Event::SiteAdded { site: SiteId(1), profile },
        Event::UserAdded { user: UserId(251), profile },
        Event::UserSuspended { user: UserId(65_536) },
        Event::UserReinstated { user: UserId(1) },
        Event::UserForgotten { user: UserId(u32::MAX) },
        Event::DeviceAdded { device: DeviceId(9), profile },
        Event::LoginRequested {
            request,
            user: UserId(7),
            site: Some(SiteId(1)),
            device: Some(DeviceId(2)),
        },
        Event::SeatGranted { request: None, session, seat: SeatNo(2), overdraft: true },
        Event::SeatDenied {
            request: Some(request),
            reason: DenialReason::AccountClosed,
            held: 5,
            dormant: 1,
        },
        Event::WentDormant { session, silent: Micros(120_000_000) },
        Event::Resumed { session },
        Event::LoggedOut {
            session,
            by: EndedBy::Release,
            reason: Some(ReleaseReason::BrowserClosed),
            note: Some(profile),
            silent: Micros::ZERO,
        },
        Event::Expired { session, cause: ExpiryCause::AccountClosed, silent: Micros(1 << 40) },
        Event::AccountSuspended,
        Event::AccountReinstated,
        Event::AccountClosed,
        Event::ImportStarted { source: Digest([0xDD; 32]) },
        Event::ImportCompleted { source: Digest([0xDD; 32]) },
        Event::ServiceStarted { last_alive: Some(Timestamp(250)) },
        Event::ServiceStopped,
        Event::ClockStepped { from: Timestamp(u64::MAX), to: Timestamp(0) },
        Event::SealingKeyChanged { key: Digest([0x5E; 32]), previous: Some(Digest([0x5D; 32])) },
        Event::DeviceForgotten { device: DeviceId(9) },
        Event::ReasonGiven { note: profile },
        Event::IdentityShown {
            account: AccountId(251),
            look: Look::SubjectAccess,
            user: Some(UserId(7)),
        },
        Event::EvidenceTaken { from: Timestamp(250), to: Timestamp(u64::MAX), names: true },
    ]
}

/// Settings that came after the first entry of their event had been kept.
fn later_settings() -> Vec<Event> {
    let settings = vec![Setting::KeepDevices(Some(90)), Setting::Reasons(Reasons::ForAll)];
    vec![Event::PolicyChanged { settings }]
}

/// Kinds of events that came after these.
fn later_kinds() -> Vec<Event> {
    let request = RequestId([0x11; 16]);
    vec![
        Event::Queued { reason: DenialReason::SeatsReserved, held: 251, dormant: 1 },
        Event::SeatOffered { request, seat: SeatNo(3), until: Timestamp(1_700_000_060_000_000) },
        Event::OfferLapsed { request },
        Event::OfferWithdrawn { request },
        Event::LeftQueue { request, how: Leaving::AskedAnew },
    ]
}

/// The settings that came with them.
fn settings_of_the_line() -> Vec<Event> {
    let settings =
        vec![Setting::WhenFull(WhenFull::Queue), Setting::Offer(60), Setting::WaitLease(300)];
    vec![Event::PolicyChanged { settings }]
}

/// A closed month: numbers of every length, below nothing and above.
fn a_closed_month() -> Vec<Event> {
    vec![Event::PeriodClosed(Box::new(Closing {
        year: 2026,
        month: 12,
        from: Timestamp(1_796_083_200_000_000),
        to: Timestamp(1_798_761_600_000_000),
        as_of: 251,
        until: Timestamp(1_798_934_400_000_000),
        statement: Digest([0x57; 32]),
        plan: Digest([0x50; 32]),
        currency: *b"GBP",
        net: -1_167,
        gross: -1_400,
        due: 0,
        carried: i64::MIN,
        size: u64::MAX,
        root: Digest([0x52; 32]),
        tzdb: "2025b".to_owned(),
        product: "seatledger 0.1.0".to_owned(),
    }))]
}

/// Asking a holder for the seat: the events, the cause, the setting.
fn hand_overs() -> Vec<Event> {
    let (handover, request) = (HandOverId(251), RequestId([0x11; 16]));
    let until = Timestamp(1_700_000_060_000_000);
    vec![
        Event::HandOverAsked { handover, request, seat: SeatNo(3), until },
        Event::HandOverEnded { handover, how: HandOverEnd::Withdrawn },
    ]
}

fn cause_and_setting_of_hand_overs() -> Vec<Event> {
    let (cause, silent) = (ExpiryCause::HandedOver, Micros(250));
    vec![
        Event::Expired { session: SessionId(300), cause, silent },
        Event::PolicyChanged {
            settings: vec![Setting::HandOver(Some(120)), Setting::HandOver(None)],
        },
    ]
}

/// What came then: facts of what happened beside the log.
fn beside_the_log() -> Vec<Event> {
    let (accounts, expires) = (Some(vec![AccountId(1), AccountId(251)]), Some(Timestamp(70_000)));
    let (request, user) = (RequestId([0x12; 16]), UserId(251));
    vec![
        Event::TokenMade { token: 3, capacity: Capacity::Customer, accounts, expires },
        Event::TokenMade { token: 251, capacity: Capacity::App, accounts: None, expires: None },
        Event::TokenRevoked { token: 3 },
        Event::SeatTakenOffline { request, user, from: Timestamp(250), to: Timestamp(u64::MAX) },
    ]
}

/// What came last: files handed out.
fn exports() -> Vec<Event> {
    let exported = Exported {
        kind: ExportKind::Charges,
        year: 2026,
        month: 5,
        accounts: None,
        statements: 251,
        digest: Digest([0x13; 32]),
        draft: false,
    };
    let (kind, accounts) = (ExportKind::Html, Some(vec![AccountId(3), AccountId(300)]));
    let drafts = Exported { kind, accounts, draft: true, ..exported.clone() };
    [exported, drafts].map(|exported| Event::StatementsExported(Box::new(exported))).to_vec()
}

/// One event of every kind, and every setting, in the order in which their entries were kept.
fn all() -> impl Iterator<Item = Event> {
    let first = every_kind().into_iter().chain(later_settings());
    let line = first.chain(later_kinds()).chain(settings_of_the_line());
    let hand_overs = hand_overs().into_iter().chain(cause_and_setting_of_hand_overs());
    line.chain(hand_overs).chain(beside_the_log()).chain(a_closed_month()).chain(exports())
}

fn commit(number: usize, event: Event) -> Commit {
    let roles = [
        Role::Clock,
        Role::App,
        Role::Support,
        Role::Finance,
        Role::Auditor,
        Role::Admin,
        Role::Customer,
        Role::Importer,
        Role::Service,
    ];
    let at = Timestamp(1_700_000_000_000_000 + number as u64);
    Commit {
        account: AccountId(number as u64 * 100),
        version: 1 + number as u64,
        previous: if number == 0 { NO_PREVIOUS } else { Digest([number as u8; 32]) },
        at,
        recorded_at: Timestamp(at.0 + [0, 250, 251, 65_536][number % 4]),
        actor: Actor { role: roles[number % roles.len()], id: number as u32 },
        rules: 1,
        pool: PoolId::DEFAULT,
        events: vec![event],
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|n| u8::from_str_radix(&text[2 * n..2 * n + 2], 16).unwrap()).collect()
}

fn check_file(name: &str, expected: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/golden").join(name);
    if std::env::var_os("GOLDEN").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, expected).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap();
    for (line, (kept, expected)) in kept.lines().zip(expected.lines()).enumerate() {
        assert_eq!(kept, expected, "{name} line {}", line + 1);
    }
    assert_eq!(kept, expected, "{name}");
}

#[test]
fn the_bytes_of_every_kind_of_event_are_what_they_always_were() {
    let mut text = String::from(
        "One commit of format 1 for each kind of event: what it says, its bytes, its leaf hash.\n\
         Never changed, only added to. See docs/format.md.\n",
    );
    for (number, event) in all().enumerate() {
        let commit = commit(number, event);
        let bytes = commit.encode().unwrap();
        assert_eq!(Commit::decode_canonical(&bytes).unwrap(), commit);
        write!(text, "\n{commit:?}\n{}\n{}\n", hex(&bytes), leaf_hash(&bytes)).unwrap();
    }
    check_file("commits-1.txt", &text);
}

#[test]
fn the_kept_bytes_are_read_as_they_always_were() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/golden/commits-1.txt");
    let text = fs::read_to_string(path).unwrap();
    let lines: Vec<_> = text.lines().collect();
    let mut tags = BTreeSet::new();
    for entry in lines.split(|line| line.is_empty()).skip(1) {
        let [says, bytes, leaf] = entry else { panic!("{entry:?}") };
        let bytes = unhex(bytes);
        let commit = Commit::decode_canonical(&bytes).unwrap();
        assert_eq!(format!("{commit:?}"), *says);
        assert_eq!(leaf_hash(&bytes).to_string(), *leaf);
        tags.insert(bincode::encode_to_vec(&commit.events[0], standard()).unwrap()[0]);
    }
    // One more tag would be one more kind of event, for which there is no entry yet.
    let kinds = tags.len() as u8;
    assert_eq!(tags, (0..kinds).collect());
    assert!(bincode::decode_from_slice::<Event, _>(&[kinds; 200], standard()).is_err());
}

#[test]
fn the_bytes_of_a_block_are_what_they_always_were() {
    let store = MemoryStore::new();
    let ledger = Ledger::in_memory(store.clone()).unwrap();
    let mut writer = ledger.writer().unwrap();
    let syncer = writer.syncer();
    for (number, (account, expected)) in [(1, 0), (2, 0), (1, 1)].into_iter().enumerate() {
        let Commit { at, recorded_at, actor, rules, pool, events, .. } =
            commit(number, every_kind().swap_remove(17));
        let account = AccountId(account);
        let draft = Draft { account, expected, at, recorded_at, actor, rules, pool, events };
        writer.append(&[draft]).unwrap();
        syncer.sync().unwrap();
    }
    let mut text = String::from(
        "Blocks of format 1: three commits (account 1, account 2, account 1), each its own block, and\n\
         the root after each. See docs/format.md.\n",
    );
    for (position, row) in store.heads().iter().skip(1).step_by(2).enumerate() {
        let block: Block = store.read(Position(position as u64)).unwrap().unwrap();
        write!(text, "\n{}\n{} {}\n", hex(block.bytes()), row.head.size, row.head.root).unwrap();
    }
    check_file("blocks-1.txt", &text);
}

#[test]
fn the_document_names_every_kind_of_event_with_its_tag() {
    let document = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/format.md");
    let document = fs::read_to_string(document).unwrap();
    for (tag, event) in every_kind().iter().chain(&later_kinds()).chain(&hand_overs()).enumerate() {
        let says = format!("{event:?}");
        let name = says.split([' ', '{']).next().unwrap();
        assert!(document.contains(&format!("\n| {tag} | {name} |")), "{tag} {name}");
    }
}
