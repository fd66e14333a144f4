//! Closed months, and what comes to be known of them later: laws over histories made at random.
//!
//! A history is what the commits of one account say of licences, plans and closed months, by day and recorded in
//! any order the rules allow: changes are dated back and ahead, prices too. The model that statements are held
//! against knows neither commits nor closings: it bills each month once, by all that ever became known.

use ledger::{Actor, Commit, Role};
use proptest::prelude::*;
use reporting::billing::{Counting, Overdraft, Period, Timeline, charges};
use reporting::calendar::Calendar;
use reporting::civil::{Month, Zone};
use reporting::facts::Facts;
use reporting::plans::Plans;
use reporting::terms::{ClosedMonth, Deriving, Known, Terms};
use seats::closing::Closing;
use seats::{AccountId, Commitment, Digest, Effective, Event, PoolId, RULES_VERSION, Timestamp};
use std::collections::BTreeMap;
use std::sync::LazyLock;

const ACCOUNT: AccountId = AccountId(1);
/// The last is never closed, so that whatever comes to be known is adjusted in one of them.
const MONTHS: [&str; 6] = ["2026-01", "2026-02", "2026-03", "2026-04", "2026-05", "2026-06"];
const ZONES: [&str; 5] =
    ["Europe/London", "Africa/Cairo", "America/Havana", "Asia/Kathmandu", "UTC"];
const DAY: u64 = 86_400_000_000;
const HOUR: u64 = 3_600_000_000;

const PLANS: [&str; 5] = [
    "monthly_fee = \"35.00\"\nsetup_fee = \"150.00\"\n",
    "monthly_fee = \"12.34\"\nsetup_fee = \"9.99\"\nsetup_on = \"every_increase\"\ncooling_off_days = 14\n\
     decrease = \"daily\"\nrounding = \"half_even\"\n",
    "month_basis = \"fixed_30\"\nmin_term_months = 1\ndecrease = \"daily\"\ntier_mode = \"graduated\"\n\
     [[tiers]]\nup_to = 2\nmonthly_fee = \"35.01\"\n[[tiers]]\nmonthly_fee = \"29.99\"\n\
     [vat]\nmode = \"compute\"\ncode = \"T1\"\nrate = \"17.5\"\n",
    "monthly_fee = \"33.33\"\nincluded_licences = 1\nincrease = \"full_month\"\ndecrease = \"daily\"\n\
     [[discounts]]\nname = \"d\"\npercent = \"12.5\"\nuntil = \"2026-03-31\"\n",
    "increase = \"next_month\"\ntier_mode = \"volume\"\n\
     [[tiers]]\nup_to = 3\nmonthly_fee = \"20.00\"\n[[tiers]]\nmonthly_fee = \"17.77\"\n",
];

fn plan_text(number: usize) -> String {
    let usual = "currency = \"GBP\"\neffective_from = \"1990-01-01\"\n";
    format!("plan = \"p{number}\"\n{usual}{}", PLANS[number])
}

fn plan_digest(number: usize) -> Digest {
    Digest(*blake3::hash(plan_text(number).as_bytes()).as_bytes())
}

/// All of them, read once.
static READ: LazyLock<Plans> = LazyLock::new(|| {
    let mut plans = Plans::default();
    for number in 0..PLANS.len() {
        plans.add(plan_digest(number), plan_text(number).as_bytes());
    }
    plans
});

static DIGESTS: LazyLock<Vec<Digest>> =
    LazyLock::new(|| (0..PLANS.len()).map(plan_digest).collect());

/// What is recorded.
#[derive(Clone, Copy, Debug)]
enum What {
    Licences(u32),
    Price(usize),
}

/// Something recorded at an instant that counts from another.
#[derive(Clone, Copy, Debug)]
struct Told {
    at: Timestamp,
    effective: Timestamp,
    what: What,
}

/// A history to be played.
#[derive(Clone, Debug)]
struct Script {
    zone: Zone,
    opened: Timestamp,
    licences: u32,
    price: usize,
    told: Vec<Told>,
    /// How many months are closed, each three days after its end.
    closings: usize,
}

/// The account as it is recorded.
struct History {
    commits: Vec<Commit>,
    terms: Terms,
    closed: Vec<ClosedMonth>,
}

fn calendar(month: &'static str, zone: Zone) -> &'static Calendar {
    static CALENDARS: LazyLock<BTreeMap<(&str, &str), Calendar>> = LazyLock::new(|| {
        let pairs = ZONES.iter().flat_map(|zone| MONTHS.map(|month| (*zone, month)));
        let calendar = |(zone, month)| {
            let (days, zone_read) = (Month::read(month).unwrap(), Zone::parse(zone).unwrap());
            ((zone, month), Calendar::of(days, zone_read).unwrap())
        };
        pairs.map(calendar).collect()
    });
    &CALENDARS[&(zone.name(), month)]
}

impl History {
    fn new() -> History {
        History { commits: Vec::new(), terms: Terms::new(ACCOUNT), closed: Vec::new() }
    }

    /// Records these; positions are versions less one, as in a ledger with one account.
    fn note(&mut self, at: Timestamp, events: Vec<Event>) {
        let commit = Commit {
            account: ACCOUNT,
            version: self.commits.len() as u64 + 1,
            previous: Digest([0; 32]),
            at,
            recorded_at: at,
            actor: Actor { role: Role::Admin, id: 0 },
            rules: RULES_VERSION,
            pool: PoolId::DEFAULT,
            events,
        };
        self.terms.note(self.commits.len() as u64, &commit);
        self.commits.push(commit);
    }

    /// Closes a month as it follows from what is known.
    fn close(&mut self, month: &'static str, zone: Zone) {
        let calendar = calendar(month, zone);
        let until = closed_at(calendar);
        let known = Known { as_of: self.terms.version(), until };
        let facts = self.terms.deriving(zone, &READ).facts(calendar, known, &self.closed, None);
        let facts = facts.unwrap();
        let closing = Closing {
            year: 2026,
            month: month[5..].parse().unwrap(),
            from: calendar.from,
            to: calendar.to,
            as_of: known.as_of,
            until,
            statement: Digest(*blake3::hash(&facts.bytes().unwrap()).as_bytes()),
            plan: Digest::from_hex(facts.plan.as_deref().unwrap()).unwrap(),
            currency: *b"GBP",
            net: facts.net.unwrap(),
            gross: facts.gross.unwrap(),
            due: facts.due.unwrap(),
            carried: facts.carried_out.unwrap(),
            size: 0,
            root: Digest([0; 32]),
            tzdb: facts.tzdb.clone(),
            product: "test".to_owned(),
        };
        self.closed.push(ClosedMonth { facts, position: self.commits.len() as u64 });
        self.note(until, vec![Event::PeriodClosed(Box::new(closing))]);
    }

    fn play(script: &Script) -> History {
        let mut history = History::new();
        let counts = |instant| Effective { instant, date: None };
        let (zone, profile) = (script.zone.name().to_owned(), Commitment([0; 32]));
        let opened = counts(script.opened);
        history.note(
            script.opened,
            vec![
                Event::AccountOpened { zone, profile },
                Event::LicencesChanged { from: 0, to: script.licences, effective: opened },
                Event::PlanAssigned { plan: DIGESTS[script.price], effective: opened },
            ],
        );
        let mut told = script.told.iter().peekable();
        for month in &MONTHS[..script.closings] {
            let closes = closed_at(calendar(month, script.zone));
            while let Some(told) = told.next_if(|told| told.at <= closes) {
                history.tell(told);
            }
            history.close(month, script.zone);
        }
        told.for_each(|told| history.tell(told));
        history
    }

    fn tell(&mut self, told: &Told) {
        let effective = Effective { instant: told.effective, date: None };
        let event = match told.what {
            What::Licences(to) => Event::LicencesChanged { from: 0, to, effective },
            What::Price(plan) => Event::PlanAssigned { plan: DIGESTS[plan], effective },
        };
        self.note(told.at, vec![event]);
    }

    /// All statements: those that are closed as they were closed, the others as they follow from what is known.
    fn statements(&self, deriving: &mut Deriving) -> Vec<Facts> {
        let known = Known { as_of: self.terms.version(), until: Timestamp(u64::MAX / 2) };
        let month = |month: &&str| Month::read(month).unwrap();
        let statement = |month| deriving.statement(month, known, &self.closed).unwrap();
        MONTHS.iter().map(month).map(statement).collect()
    }
}

fn closed_at(calendar: &Calendar) -> Timestamp {
    Timestamp(calendar.to.0 + 3 * DAY)
}

/// What a month comes to by all that ever became known, in minor units, without adjustments.
fn by_the_model(script: &Script, month: &'static str) -> i64 {
    let calendar = calendar(month, script.zone);
    let mut licences = BTreeMap::from([(script.opened, script.licences)]);
    let mut prices = BTreeMap::from([(script.opened, script.price)]);
    for told in &script.told {
        match told.what {
            What::Licences(to) => drop(licences.insert(told.effective, to)),
            What::Price(plan) => drop(prices.insert(told.effective, plan)),
        }
    }
    // The last that counts when the month begins; else the first that counts in it.
    let begun = prices.range(..=calendar.from).next_back();
    let later = || prices.range(calendar.from..calendar.to).next();
    let price = begun.or_else(later);
    let Some((_, price)) = price else { return 0 };
    let plan = READ.get(DIGESTS[*price]).unwrap();
    let changes = licences.into_iter().collect();
    let timeline = Timeline { changes, opened_with: script.licences, closed: None };
    let period = Period::count(&timeline, calendar, script.zone, Counting::of(Some(plan)));
    let lines = charges(plan, calendar.month, &period, &Overdraft::default()).unwrap();
    lines.iter().map(|line| line.net).sum()
}

/// What these statements adjust in a month, in all.
fn adjusted(statements: &[Facts], month: &str) -> i64 {
    let lines = statements.iter().flat_map(|facts| &facts.lines);
    let lines = lines.filter(|line| line.charge == "adjustment");
    lines.filter(|line| line.subject.as_deref() == Some(month)).map(|line| line.net).sum()
}

fn own(facts: &Facts) -> i64 {
    facts.lines.iter().filter(|line| line.charge != "adjustment").map(|line| line.net).sum()
}

fn any_script() -> impl Strategy<Value = Script> {
    // Recorded on a day, for one up to 70 days back or 40 ahead; every sixth is a price.
    let told = (0u64..150 * 24, -70 * 24i64..40 * 24, 0u32..9, 0usize..6 * PLANS.len());
    let told = proptest::collection::vec(told, 0..9);
    (
        prop::sample::select(ZONES.to_vec()),
        1u64..20 * 24,
        0u32..6,
        0..PLANS.len(),
        told,
        0..MONTHS.len(),
    )
        .prop_map(|(zone, opened, licences, price, told, closings)| {
            let zone = Zone::parse(zone).unwrap();
            let first = calendar(MONTHS[0], zone).from.0;
            let opened = Timestamp(first + opened * HOUR);
            let told = told.into_iter().map(|(at, ahead, to, price)| {
                let at = Timestamp(opened.0 + at * HOUR);
                let effective = at.0.saturating_add_signed(ahead * HOUR.cast_signed());
                let what = match price.checked_rem(6) {
                    Some(0) => What::Price(price / 6),
                    _ => What::Licences(to),
                };
                Told { at, effective: Timestamp(effective.max(opened.0)), what }
            });
            let mut told: Vec<Told> = told.collect();
            told.sort_by_key(|told| told.at);
            Script { zone, opened, licences, price, told, closings }
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    /// What was charged for a month, when it was closed and by adjustments since, is what it comes to by all
    /// that is known now; what was to be paid and what is carried are the sum of it; and every closed statement
    /// follows again, byte for byte, from what was known then.
    #[test]
    fn statements_and_adjustments_are_the_months_recomputed(script in any_script()) {
        let history = History::play(&script);
        let mut deriving = history.terms.deriving(script.zone, &READ);
        let statements = history.statements(&mut deriving);
        for (facts, month) in statements.iter().zip(MONTHS) {
            let charged = own(facts) + adjusted(&statements, month);
            prop_assert_eq!(charged, by_the_model(&script, month), "{}", month);
        }
        let until = script.closings + 1;
        let gross: i64 = statements[..until].iter().map(|facts| facts.gross.unwrap()).sum();
        let due: i64 = statements[..until].iter().map(|facts| facts.due.unwrap()).sum();
        prop_assert_eq!(gross, due + statements[until - 1].carried_out.unwrap());
        prop_assert_eq!(deriving.closed().unwrap(), history.closed);
    }

    /// A month of which nothing came to be known has no adjustment, however much is known of others; nor has
    /// one of which only was said again what was known.
    #[test]
    fn a_month_that_did_not_change_is_not_adjusted(mut script in any_script(), again in 0usize..8) {
        let history = History::play(&script);
        let statements = history.statements(&mut history.terms.deriving(script.zone, &READ));
        for closed in &history.closed {
            let since = closed.facts.as_of as usize;
            let late = |event: &Event| match event {
                Event::LicencesChanged { effective, .. } | Event::PlanAssigned { effective, .. } => {
                    effective.instant.0 < closed.facts.to
                }
                _ => false,
            };
            let late = history.commits[since..].iter().any(|commit| commit.events.iter().any(late));
            let lines = statements.iter().flat_map(|facts| &facts.lines);
            let mut adjusts = lines.filter(|line| line.subject.as_deref() == Some(&*closed.facts.month));
            prop_assert!(late || adjusts.all(|line| line.charge != "adjustment"));
            let none = statements.iter().flat_map(|facts| &facts.lines);
            prop_assert!(none.filter(|line| line.charge == "adjustment").all(|line| line.net != 0));
        }
        // Said once more at the very end: not a byte of what is charged is another.
        if let Some(told) = script.told.get(again % script.told.len().max(1)).copied() {
            let last = script.told.iter().rfind(|other| {
                other.effective == told.effective && matches!(
                    (other.what, told.what),
                    (What::Licences(_), What::Licences(_)) | (What::Price(_), What::Price(_))
                )
            });
            script.told.push(Told { at: Timestamp(script.opened.0 + 400 * DAY), ..*last.unwrap() });
            let repeated = History::play(&script);
            let repeated = repeated.statements(&mut repeated.terms.deriving(script.zone, &READ));
            for (one, other) in statements.iter().zip(&repeated) {
                let lines = |facts: &Facts| -> Vec<(String, i64)> {
                    facts.lines.iter().map(|line| (line.charge.clone(), line.net)).collect()
                };
                prop_assert_eq!(lines(one), lines(other));
            }
        }
    }

    /// A change that came to be known late, and later that it never was: the adjustments are each other's
    /// mirror, and all statements together what they would be without either.
    #[test]
    fn back_and_forth_sums_to_zero(
        mut script in any_script(), to in 0u32..9, hour in 0u64..70 * 24,
    ) {
        script.told.retain(|told| matches!(told.what, What::Licences(_)));
        script.closings = MONTHS.len() - 1;
        // Known between the closings of March and April, taken back between those of April and May.
        let (march, april) = (calendar(MONTHS[2], script.zone), calendar(MONTHS[3], script.zone));
        let effective = Timestamp(script.opened.0 + 1 + hour * HOUR % (march.to.0 - script.opened.0 - 1));
        script.told.retain(|told| told.effective != effective && told.at < closed_at(march));
        let before: BTreeMap<Timestamp, u32> = std::iter::once((script.opened, script.licences))
            .chain(script.told.iter().filter_map(|told| match told.what {
                What::Licences(to) => Some((told.effective, to)),
                What::Price(_) => None,
            }))
            .collect();
        let was = *before.range(..effective).next_back().unwrap().1;
        let without = History::play(&script);
        let without = without.statements(&mut without.terms.deriving(script.zone, &READ));
        let late = |at, to| Told { at, effective, what: What::Licences(to) };
        script.told.push(late(Timestamp(closed_at(march).0 + HOUR), to));
        script.told.push(late(Timestamp(closed_at(april).0 + HOUR), was));
        let with = History::play(&script);
        let with = with.statements(&mut with.terms.deriving(script.zone, &READ));
        for month in &MONTHS[..3] {
            let lines = |facts: &Facts| adjusted(std::slice::from_ref(facts), month);
            prop_assert_eq!(lines(&with[3]) - lines(&without[3]), -lines(&with[4]), "{}", month);
        }
        let net = |statements: &[Facts]| -> i64 { statements.iter().map(|f| f.net.unwrap()).sum() };
        prop_assert_eq!(net(&with), net(&without));
    }

    /// What was recorded later changes no byte of what followed from the log before; nor does the order in
    /// which months are asked for.
    #[test]
    fn the_same_log_prefix_gives_the_same_bytes(script in any_script(), cut in 0usize..32) {
        let history = History::play(&script);
        let size = 1 + cut % history.commits.len();
        let mut prefix = Terms::new(ACCOUNT);
        for (position, commit) in (0..).zip(&history.commits[..size]) {
            prefix.note(position, commit);
        }
        let closed = history.closed.iter().filter(|closed| (closed.position as usize) < size);
        let closed: Vec<ClosedMonth> = closed.cloned().collect();
        let known = Known { as_of: size as u64, until: history.commits[size - 1].at };
        let (mut then, mut now) = (prefix.deriving(script.zone, &READ), history.terms.deriving(script.zone, &READ));
        let bytes = |deriving: &mut Deriving, month: &'static str| {
            let facts = deriving.facts(calendar(month, script.zone), known, &closed, None).unwrap();
            facts.bytes().unwrap()
        };
        let mut first: Vec<Vec<u8>> = MONTHS.iter().map(|month| bytes(&mut then, month)).collect();
        let again: Vec<Vec<u8>> = MONTHS.iter().rev().map(|month| bytes(&mut now, month)).collect();
        first.reverse();
        prop_assert_eq!(first, again);
    }
}
