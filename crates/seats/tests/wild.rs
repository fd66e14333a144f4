//! Auditors fold, check and read aloud what others have written: no history, however wrong, may panic.
//!
//! Events follow each other without any sense, with small numbers (so that they meet) and extreme ones.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use seats::{
    Account, AccountId, Command, Commitment, DenialReason, DeviceId, Digest, Effective, EndedBy,
    Event, ExpiryCause, ExportKind, Exported, HandOverEnd, HandOverId, Laws, Leaving, Live,
    Liveness, LogIn, Micros, Nameless, Notation, Reclaim, ReleaseReason, RequestId, SameUser,
    SeatNo, SessionId, Setting, SiteId, Timestamp, UserId, WhenFull, settle,
};

const PROFILE: Commitment = Commitment([0; 32]);

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![20 => 0..5_u64, 1 => Just(u64::MAX), 1 => any::<u64>()]
}

fn small() -> impl Strategy<Value = u32> {
    prop_oneof![20 => 0..5_u32, 1 => Just(u32::MAX)]
}

fn setting() -> impl Strategy<Value = Setting> {
    prop_oneof![
        option::of(small()).prop_map(Setting::Lease),
        option::of(small()).prop_map(Setting::IdleAfter),
        option::of(small()).prop_map(Setting::MaxSession),
        small().prop_map(Setting::GoodbyeGrace),
        small().prop_map(Setting::Linger),
        small().prop_map(Setting::Overdraft),
        (0..4_u16, small()).prop_map(|(site, seats)| Setting::Reserved(SiteId(site), seats)),
        prop_oneof![Just(SameUser::Share), Just(SameUser::Separate), Just(SameUser::Deny)]
            .prop_map(Setting::SameUser),
        prop_oneof![Just(Reclaim::Never), Just(Reclaim::AtOnce)].prop_map(Setting::Reclaim),
        prop_oneof![Just(WhenFull::Deny), Just(WhenFull::Queue)].prop_map(Setting::WhenFull),
        small().prop_map(Setting::Offer),
        small().prop_map(Setting::WaitLease),
        option::of(small()).prop_map(Setting::HandOver),
    ]
}

fn of_the_account() -> impl Strategy<Value = Event> {
    let profile = PROFILE;
    let user = || small().prop_map(UserId);
    let effective =
        || number().prop_map(|instant| Effective { instant: Timestamp(instant), date: None });
    prop_oneof![
        Just(Event::AccountOpened { zone: String::new(), profile }),
        vec(setting(), 0..4).prop_map(|settings| Event::PolicyChanged { settings }),
        (small(), small(), effective()).prop_map(|(from, to, effective)| Event::LicencesChanged {
            from,
            to,
            effective
        }),
        effective().prop_map(|effective| Event::PlanAssigned { plan: Digest([1; 32]), effective }),
        (0..4_u16).prop_map(move |site| Event::SiteAdded { site: SiteId(site), profile }),
        small().prop_map(move |device| Event::DeviceAdded { device: DeviceId(device), profile }),
        user().prop_map(move |user| Event::UserAdded { user, profile }),
        user().prop_map(|user| Event::UserSuspended { user }),
        user().prop_map(|user| Event::UserReinstated { user }),
        user().prop_map(|user| Event::UserForgotten { user }),
        Just(Event::AccountSuspended),
        Just(Event::AccountReinstated),
        Just(Event::AccountClosed),
        Just(Event::ImportStarted { source: Digest([1; 32]) }),
        Just(Event::ImportCompleted { source: Digest([1; 32]) }),
        number().prop_map(|at| Event::ServiceStarted { last_alive: Some(Timestamp(at)) }),
        (number(), number())
            .prop_map(|(a, b)| Event::ClockStepped { from: Timestamp(a), to: Timestamp(b) }),
        small().prop_map(|device| Event::DeviceForgotten { device: DeviceId(device) }),
        Just(Event::ReasonGiven { note: profile }),
        (number(), number()).prop_map(|(from, to)| {
            Event::PeriodClosed(Box::new(seats::closing::Closing {
                year: 2026,
                month: 5,
                from: Timestamp(from),
                to: Timestamp(to),
                as_of: 0,
                until: Timestamp(to),
                statement: Digest([1; 32]),
                plan: Digest([2; 32]),
                currency: *b"GBP",
                net: -1,
                gross: -1,
                due: 0,
                carried: -1,
                size: 0,
                root: Digest([3; 32]),
                tzdb: String::new(),
                product: String::new(),
            }))
        }),
        small().prop_map(|token| Event::TokenRevoked { token }),
        (number(), small()).prop_map(|(account, month)| {
            Event::StatementsExported(Box::new(Exported {
                kind: ExportKind::Xero,
                year: month as u16,
                month: month as u8,
                accounts: Some(vec![AccountId(account)]),
                statements: month,
                digest: Digest([5; 32]),
                draft: true,
            }))
        }),
        (small(), small(), number(), number()).prop_map(|(id, user, from, to)| {
            let request = RequestId([id as u8; 16]);
            let (from, to) = (Timestamp(from), Timestamp(to));
            Event::SeatTakenOffline { request, user: UserId(user), from, to }
        }),
        (number(), number()).prop_map(|(a, b)| Event::EvidenceTaken {
            from: Timestamp(a),
            to: Timestamp(b),
            names: a < b
        }),
    ]
}

fn of_a_session() -> impl Strategy<Value = Event> {
    let request = || (0..3_u8).prop_map(|id| RequestId([id; 16]));
    let session = || number().prop_map(SessionId);
    let silent = || number().prop_map(Micros);
    let cause = prop_oneof![
        Just(ExpiryCause::Reclaimed),
        Just(ExpiryCause::TakenOver),
        Just(ExpiryCause::MaxSession),
        Just(ExpiryCause::HandedOver)
    ];
    let answer = prop_oneof![
        Just(HandOverEnd::Consented),
        Just(HandOverEnd::Declined),
        Just(HandOverEnd::Silent),
        Just(HandOverEnd::Withdrawn)
    ];
    let leaving = prop_oneof![Just(Leaving::GaveUp), Just(Leaving::AskedAnew)];
    prop_oneof![
        (request(), small(), option::of(0..4_u16), option::of(small())).prop_map(
            |(request, user, site, device)| Event::LoginRequested {
                request,
                user: UserId(user),
                site: site.map(SiteId),
                device: device.map(DeviceId),
            }
        ),
        (option::of(request()), session(), small(), any::<bool>()).prop_map(
            |(request, session, seat, overdraft)| Event::SeatGranted {
                request,
                session,
                seat: SeatNo(seat),
                overdraft,
            }
        ),
        (option::of(request()), small(), small()).prop_map(|(request, held, dormant)| {
            Event::SeatDenied { request, reason: DenialReason::AllSeatsHeld, held, dormant }
        }),
        (small(), small()).prop_map(|(held, dormant)| {
            Event::Queued { reason: DenialReason::SeatsReserved, held, dormant }
        }),
        (request(), small(), number()).prop_map(|(request, seat, until)| {
            Event::SeatOffered { request, seat: SeatNo(seat), until: Timestamp(until) }
        }),
        request().prop_map(|request| Event::OfferLapsed { request }),
        request().prop_map(|request| Event::OfferWithdrawn { request }),
        (request(), leaving).prop_map(|(request, how)| Event::LeftQueue { request, how }),
        (small(), request(), small(), number()).prop_map(|(id, request, seat, until)| {
            let (handover, seat, until) = (HandOverId(id), SeatNo(seat), Timestamp(until));
            Event::HandOverAsked { handover, request, seat, until }
        }),
        (small(), answer)
            .prop_map(|(id, how)| { Event::HandOverEnded { handover: HandOverId(id), how } }),
        (session(), silent()).prop_map(|(session, silent)| Event::WentDormant { session, silent }),
        session().prop_map(|session| Event::Resumed { session }),
        (session(), any::<bool>(), silent()).prop_map(|(session, user, silent)| {
            let by = if user { EndedBy::User } else { EndedBy::Release };
            let reason = user.then_some(ReleaseReason::Other);
            Event::LoggedOut { session, by, reason, note: None, silent }
        }),
        (session(), cause, silent()).prop_map(|(session, cause, silent)| Event::Expired {
            session,
            cause,
            silent
        }),
    ]
}

fn login(user: u32) -> Command {
    Command::LogIn(LogIn {
        request: RequestId([9; 16]),
        user: UserId(user),
        newcomer: Some(PROFILE),
        site: Some(SiteId(1)),
        device: None,
        new_device: None,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics_whatever_was_written(
        commits in vec(
            (number(), vec(prop_oneof![1 => of_the_account(), 3 => of_a_session()], 0..6)),
            0..40,
        ),
        then in number(),
        user in small(),
    ) {
        let time = |at: Timestamp| at.0.to_string();
        let notation = Notation { names: &Nameless, time: &time };
        let mut account = Account::new(AccountId(1));
        let mut laws = Laws::new(AccountId(1));
        for (at, events) in &commits {
            let at = Timestamp(*at);
            let line = notation.commit(at, events, Some(&account));
            prop_assert!(line.starts_with(&time(at)));
            // A breach ends an audit; but even who goes on must not fall.
            let _ = laws.check(at, events);
            account.apply(at, events);
        }
        let then = Timestamp(then);
        let due = settle(&account, &Liveness::default(), then);
        prop_assert!(due.is_sorted_by_key(|due| due.at));
        prop_assert!(account.free_seat(then) >= SeatNo(1));
        // Whoever takes up such an account gets an answer, and every answer counts as a version.
        let before = account.version();
        let mut live = Live::new(account, Liveness::default());
        let taken = live.take(&login(user), None, then);
        let made = taken.due.len() + taken.ahead.len() + usize::from(!taken.events.is_empty());
        prop_assert_eq!(live.account().version(), before + u64::try_from(made).unwrap());
    }
}
