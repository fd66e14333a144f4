//! Any commit survives its encoding, and no bytes make decoding panic.

use bincode::config::standard;
use ledger::{Actor, Commit, DecodeError, Role};
use proptest::prelude::*;
use seats::{
    AccountId, Commitment, DenialReason, DeviceId, Digest, EndedBy, Event, ExpiryCause, Micros,
    PoolId, ReleaseReason, RequestId, SeatNo, SessionId, SiteId, Timestamp, UserId,
};

fn number() -> impl Strategy<Value = u64> {
    (any::<u64>(), 0u32..64).prop_map(|(number, shift)| number >> shift)
}

fn event() -> impl Strategy<Value = Event> {
    let digest = any::<[u8; 32]>();
    prop_oneof![
        (".{0,40}", digest).prop_map(|(zone, profile)| Event::AccountOpened {
            zone,
            profile: Commitment(profile)
        }),
        (any::<[u8; 16]>(), any::<u32>(), any::<Option<u16>>(), any::<Option<u32>>()).prop_map(
            |(request, user, site, device)| Event::LoginRequested {
                request: RequestId(request),
                user: UserId(user),
                site: site.map(SiteId),
                device: device.map(DeviceId),
            }
        ),
        (any::<Option<[u8; 16]>>(), number(), any::<u32>(), any::<bool>()).prop_map(
            |(request, session, seat, overdraft)| Event::SeatGranted {
                request: request.map(RequestId),
                session: SessionId(session),
                seat: SeatNo(seat),
                overdraft,
            }
        ),
        (number(), any::<Option<[u8; 32]>>(), number()).prop_map(|(session, note, silent)| {
            Event::LoggedOut {
                session: SessionId(session),
                by: EndedBy::User,
                reason: None,
                note: note.map(Commitment),
                silent: Micros(silent),
            }
        }),
        (any::<u32>(), digest).prop_map(|(user, profile)| Event::UserAdded {
            user: UserId(user),
            profile: Commitment(profile)
        }),
        (any::<Option<[u8; 16]>>(), denial(), any::<u32>(), any::<u32>()).prop_map(
            |(request, reason, held, dormant)| Event::SeatDenied {
                request: request.map(RequestId),
                reason,
                held,
                dormant,
            }
        ),
        (number(), number()).prop_map(|(session, silent)| Event::WentDormant {
            session: SessionId(session),
            silent: Micros(silent)
        }),
        number().prop_map(|session| Event::Resumed { session: SessionId(session) }),
        (number(), release(), number()).prop_map(|(session, reason, silent)| Event::LoggedOut {
            session: SessionId(session),
            by: EndedBy::Release,
            reason: Some(reason),
            note: None,
            silent: Micros(silent),
        }),
        (number(), cause(), number()).prop_map(|(session, cause, silent)| Event::Expired {
            session: SessionId(session),
            cause,
            silent: Micros(silent),
        }),
        Just(Event::AccountClosed),
        number().prop_map(|at| Event::ServiceStarted { last_alive: Some(Timestamp(at)) }),
    ]
}

fn denial() -> impl Strategy<Value = DenialReason> {
    prop::sample::select(vec![
        DenialReason::AllSeatsHeld,
        DenialReason::SeatsReserved,
        DenialReason::AlreadyLoggedIn,
        DenialReason::NotRegistered,
        DenialReason::UserSuspended,
        DenialReason::AccountSuspended,
        DenialReason::AccountClosed,
    ])
}

fn release() -> impl Strategy<Value = ReleaseReason> {
    prop::sample::select(vec![
        ReleaseReason::BrowserClosed,
        ReleaseReason::HolderAway,
        ReleaseReason::HolderAsked,
        ReleaseReason::NeededElsewhere,
        ReleaseReason::Unauthorised,
        ReleaseReason::Other,
    ])
}

fn cause() -> impl Strategy<Value = ExpiryCause> {
    prop::sample::select(vec![
        ExpiryCause::Reclaimed,
        ExpiryCause::TakenOver,
        ExpiryCause::LeaseEnded,
        ExpiryCause::Idle,
        ExpiryCause::Goodbye,
        ExpiryCause::MaxSession,
        ExpiryCause::UserSuspended,
        ExpiryCause::AccountClosed,
    ])
}

fn role() -> impl Strategy<Value = Role> {
    prop::sample::select(vec![
        Role::Clock,
        Role::App,
        Role::Support,
        Role::Finance,
        Role::Auditor,
        Role::Admin,
        Role::Customer,
        Role::Importer,
        Role::Service,
    ])
}

fn commit() -> impl Strategy<Value = Commit> {
    let head = (number(), number(), any::<[u8; 32]>(), number(), number());
    let events = proptest::collection::vec(event(), 1..20);
    (head, role(), any::<(u32, u16, u16)>(), events).prop_map(
        |((account, version, previous, at, delay), role, (id, rules, pool), events)| Commit {
            account: AccountId(account),
            version,
            previous: Digest(previous),
            at: Timestamp(at),
            recorded_at: Timestamp(at.saturating_add(delay)),
            actor: Actor { role, id },
            rules,
            pool: PoolId(pool),
            events,
        },
    )
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded(commit in commit()) {
        let bytes = commit.encode().unwrap();
        prop_assert_eq!(&Commit::decode(&bytes).unwrap(), &commit);
        prop_assert_eq!(&Commit::decode_canonical(&bytes).unwrap(), &commit);
    }

    #[test]
    fn a_commit_decoded_into_leaves_nothing_of_the_one_before(first in commit(), second in commit()) {
        let mut reused = first;
        reused.decode_into(&second.encode().unwrap()).unwrap();
        prop_assert_eq!(reused, second);
    }

    #[test]
    fn bytes_cut_or_added_are_refused(commit in commit(), cut in any::<prop::sample::Index>(), more in 1usize..9) {
        let bytes = commit.encode().unwrap();
        let cut = &bytes[..cut.index(bytes.len())];
        prop_assert!(Commit::decode(cut).is_err());
        let longer = [bytes.clone(), vec![0; more]].concat();
        prop_assert_eq!(Commit::decode(&longer), Err(DecodeError::TrailingBytes(more)));
    }

    #[test]
    fn changed_bytes_never_pass_for_the_same_commit(commit in commit(), at in any::<prop::sample::Index>(), to in any::<u8>()) {
        let bytes = commit.encode().unwrap();
        let mut changed = bytes.clone();
        changed[at.index(bytes.len())] = to;
        if changed != bytes {
            prop_assert_ne!(Commit::decode_canonical(&changed), Ok(commit));
        }
        // Whatever else it is now, it is what its bytes say.
        if let Ok(other) = Commit::decode_canonical(&changed) {
            prop_assert_eq!(other.encode().unwrap(), changed);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused_without_harm(mut bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Some(first) = bytes.first_mut() {
            *first = 1;
        }
        if let Ok(commit) = Commit::decode_canonical(&bytes) {
            prop_assert_eq!(commit.encode().unwrap(), bytes);
        }
    }
}

fn sample() -> (Commit, Vec<u8>) {
    let commit = Commit {
        account: AccountId(5),
        version: 1,
        previous: Digest([0; 32]),
        at: Timestamp(9),
        recorded_at: Timestamp(9),
        actor: Actor { role: Role::App, id: 1 },
        rules: 1,
        pool: PoolId(0),
        events: vec![Event::AccountClosed],
    };
    let bytes = commit.encode().unwrap();
    (commit, bytes)
}

#[test]
fn another_format_is_named() {
    let (_, mut bytes) = sample();
    bytes[0] = 2;
    assert_eq!(Commit::decode(&bytes), Err(DecodeError::Format(2)));
    assert!(Commit::decode(&[]).is_err());
}

#[test]
fn a_longer_spelling_of_a_number_is_read_but_not_canonical() {
    let (commit, bytes) = sample();
    // The account, 5, spelled with three bytes.
    let long = [&[1, 251, 5, 0][..], &bytes[2..]].concat();
    assert_eq!(Commit::decode(&long).unwrap(), commit);
    assert_eq!(Commit::decode_canonical(&long), Err(DecodeError::NotCanonical));
}

#[test]
fn a_commit_without_events_or_beyond_time_is_refused() {
    let (commit, bytes) = sample();
    let without = [&bytes[..bytes.len() - 2], &[0]].concat();
    assert_eq!(Commit::decode(&without), Err(DecodeError::Empty));
    let late = Commit { at: Timestamp(u64::MAX), recorded_at: Timestamp(u64::MAX), ..commit };
    let mut bytes = late.encode().unwrap();
    // Account, version, previous and nine bytes of `at` stand before the delay.
    bytes[1 + 1 + 1 + 32 + 9] = 1;
    assert_eq!(Commit::decode(&bytes), Err(DecodeError::TimeOverflow));
}

#[test]
fn an_announced_length_allocates_nothing_it_cannot_fill() {
    let (_, bytes) = sample();
    let head = &bytes[..bytes.len() - 2];
    let huge = bincode::encode_to_vec(u64::MAX, standard()).unwrap();
    let events = [head, &huge].concat();
    let zone = [head, &[1, 0], &huge].concat();
    let settings = [head, &[1, 1], &huge].concat();
    for bytes in [events, zone, settings] {
        assert!(matches!(Commit::decode(&bytes), Err(DecodeError::Malformed(_))));
    }
}

#[test]
fn the_longest_commit_reads_back_and_one_more_byte_does_not_encode() {
    let (mut commit, bytes) = sample();
    let zone = |length: usize| Event::AccountOpened {
        zone: "z".repeat(length),
        profile: Commitment([0; 32]),
    };
    // One byte less for the event it replaces; tag, three bytes of length, profile.
    let room = 24 * 1024 - (bytes.len() - 1) - 36;
    commit.events = vec![zone(room)];
    let longest = commit.encode().unwrap();
    assert_eq!(longest.len(), 24 * 1024);
    assert_eq!(Commit::decode_canonical(&longest).unwrap(), commit);
    commit.events = vec![zone(room + 1)];
    assert!(commit.encode().is_err());
    // The most memory for the bytes: settings of two bytes each.
    let settings =
        vec![seats::Setting::Users(seats::UserPolicy::Open); (24 * 1024 - bytes.len() - 5) / 2];
    commit.events = vec![Event::PolicyChanged { settings }];
    let dense = commit.encode().unwrap();
    assert_eq!(Commit::decode_canonical(&dense).unwrap(), commit);
}
