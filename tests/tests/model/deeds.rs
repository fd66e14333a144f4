//! Random deeds: what people might ask of an account, in any order and at any time.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use seats::{Reclaim, SameUser, Setting, SiteId, UserPolicy, WhenFull};

/// A login attempt; its request id is a number.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Login {
    pub(crate) request: u32,
    pub(crate) user: u32,
    pub(crate) site: Option<u16>,
    pub(crate) device: Option<u32>,
}

/// What is asked. Times are in seconds.
#[derive(Clone, Debug)]
pub(crate) enum Deed {
    LogIn(Login),
    TakeOffer { request: u32 },
    LeaveQueue { request: u32 },
    AskHandOver { login: Login, seat: Option<u32> },
    AnswerHandOver { session: u64, handover: u32, consent: bool },
    Heartbeat { session: u64, active: bool },
    Goodbye { session: u64 },
    LogOut { session: u64 },
    Release { session: u64, forced: bool },
    SetLicences { to: u32, from: u64 },
    Choose(Setting),
    AddSite,
    AddUser { user: u32 },
    SuspendUser { user: u32 },
    ReinstateUser { user: u32 },
    Suspend,
    Reinstate,
    Close,
}

/// What somebody wishes, before it is known who is there.
#[derive(Clone, Debug)]
pub(crate) enum Wish {
    /// A new attempt. `device`: 0 is none, else one known or the next.
    LogIn {
        user: u32,
        site: Option<u16>,
        device: u32,
    },
    /// An attempt made before, asked again; perhaps with another question.
    Again {
        which: usize,
        other: bool,
    },
    /// About an attempt, counted back from the last one: take the offer, or leave the line.
    TakeOffer {
        back: usize,
    },
    LeaveQueue {
        back: usize,
    },
    /// To ask for a seat, 0 being any: with a new attempt, or with one made before, counted back from the last.
    Ask {
        user: u32,
        site: Option<u16>,
        seat: u32,
        back: Option<usize>,
    },
    /// To answer the last asking, or one before, with a session counted back or one on the seat.
    Answer {
        back: u64,
        before: u32,
        consent: bool,
    },
    /// About a session, counted back from the last one granted; `back` 9 is one never granted.
    Heartbeat {
        back: u64,
        active: bool,
    },
    Goodbye {
        back: u64,
    },
    LogOut {
        back: u64,
    },
    Release {
        back: u64,
        forced: bool,
    },
    /// From so many seconds before or after now.
    SetLicences {
        to: u32,
        offset: i64,
    },
    /// What needs to know nobody.
    Plain(Deed),
}

/// What happens next.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// So many seconds later somebody asks.
    Ask { after: u64, wish: Wish },
    /// The clock is so many seconds back when somebody asks.
    AskBack { before: u64, wish: Wish },
    /// So many seconds later the service is down for so many seconds.
    Outage { after: u64, down: u64 },
    /// The state is rebuilt from the history and the saved signs of life.
    Restart,
}

/// Two sites, some settings, and then anything.
pub(crate) fn steps() -> impl Strategy<Value = Vec<Step>> {
    (vec(setting(), 0..6), vec(step(), 1..100)).prop_map(|(settings, steps)| {
        let chosen = settings.into_iter().map(Deed::Choose);
        let first = [Deed::AddSite, Deed::AddSite].into_iter().chain(chosen);
        let first = first.map(|deed| Step::Ask { after: 0, wish: Wish::Plain(deed) });
        first.chain(steps).collect()
    })
}

fn step() -> impl Strategy<Value = Step> {
    let after = prop_oneof![3 => 0..5_u64, 5 => 0..40_u64, 1 => 0..250_u64];
    prop_oneof![
        30 => (after.clone(), wish()).prop_map(|(after, wish)| Step::Ask { after, wish }),
        1 => (0..60_u64, wish()).prop_map(|(before, wish)| Step::AskBack { before, wish }),
        1 => (after, 0..100_u64).prop_map(|(after, down)| Step::Outage { after, down }),
        1 => Just(Step::Restart),
    ]
}

fn wish() -> impl Strategy<Value = Wish> {
    let back = || prop_oneof![20 => 0..5_u64, 1 => 5..30_u64, 1 => Just(9_999)];
    let site = || option::of(prop_oneof![30 => 1..=2_u16, 1 => Just(4)]);
    let user = || 1..=5_u32;
    prop_oneof![
        40 => (user(), site(), 0..4_u32)
            .prop_map(|(user, site, device)| Wish::LogIn { user, site, device }),
        10 => (any::<usize>(), proptest::bool::weighted(0.2))
            .prop_map(|(which, other)| Wish::Again { which, other }),
        10 => (0..6_usize).prop_map(|back| Wish::TakeOffer { back }),
        2 => (0..6_usize).prop_map(|back| Wish::LeaveQueue { back }),
        12 => (user(), site(), prop_oneof![2 => Just(0), 1 => 1..=4_u32], option::of(0..6_usize))
            .prop_map(|(user, site, seat, back)| Wish::Ask { user, site, seat, back }),
        8 => (back(), prop_oneof![5 => Just(0), 1 => 0..3_u32], any::<bool>())
            .prop_map(|(back, before, consent)| Wish::Answer { back, before, consent }),
        20 => (back(), any::<bool>())
            .prop_map(|(back, active)| Wish::Heartbeat { back, active }),
        8 => back().prop_map(|back| Wish::Goodbye { back }),
        10 => back().prop_map(|back| Wish::LogOut { back }),
        5 => (back(), any::<bool>())
            .prop_map(|(back, forced)| Wish::Release { back, forced }),
        6 => (0..=5_u32, -100..100_i64)
            .prop_map(|(to, offset)| Wish::SetLicences { to, offset: if offset % 3 == 0 { offset } else { 0 } }),
        8 => setting().prop_map(|setting| Wish::Plain(Deed::Choose(setting))),
        1 => Just(Wish::Plain(Deed::AddSite)),
        2 => user().prop_map(|user| Wish::Plain(Deed::AddUser { user })),
        1 => user().prop_map(|user| Wish::Plain(Deed::SuspendUser { user })),
        3 => user().prop_map(|user| Wish::Plain(Deed::ReinstateUser { user })),
        1 => Just(Wish::Plain(Deed::Suspend)),
        5 => Just(Wish::Plain(Deed::Reinstate)),
        1 => proptest::bool::weighted(0.1)
            .prop_map(|close| Wish::Plain(if close { Deed::Close } else { Deed::AddSite })),
    ]
}

fn setting() -> impl Strategy<Value = Setting> {
    let length = |longest: u32| option::of(1..=longest);
    prop_oneof![
        1 => prop_oneof![Just(UserPolicy::Open), Just(UserPolicy::Registered)]
            .prop_map(Setting::Users),
        3 => length(60).prop_map(Setting::Lease),
        2 => length(80).prop_map(Setting::IdleAfter),
        2 => (0..20_u32).prop_map(Setting::GoodbyeGrace),
        4 => prop_oneof![
            Just(Reclaim::Never),
            Just(Reclaim::OnDemand),
            Just(Reclaim::AtOnce)
        ].prop_map(Setting::Reclaim),
        2 => length(150).prop_map(Setting::MaxSession),
        4 => prop_oneof![
            Just(SameUser::TakeOver),
            Just(SameUser::Share),
            Just(SameUser::Separate),
            Just(SameUser::Deny)
        ].prop_map(Setting::SameUser),
        3 => (0..=2_u32).prop_map(Setting::Overdraft),
        3 => (0..=60_u32).prop_map(Setting::Linger),
        3 => (1..=2_u16, 0..=2_u32).prop_map(|(site, seats)| Setting::Reserved(SiteId(site), seats)),
        1 => (0..60_u32).prop_map(Setting::ReleaseFloor),
        6 => prop_oneof![1 => Just(WhenFull::Deny), 3 => Just(WhenFull::Queue)]
            .prop_map(Setting::WhenFull),
        2 => (1..=60_u32).prop_map(Setting::Offer),
        2 => (1..=120_u32).prop_map(Setting::WaitLease),
        5 => option::weighted(0.8, 10..=60_u32).prop_map(Setting::HandOver),
    ]
}
