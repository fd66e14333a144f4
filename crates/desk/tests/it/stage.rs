//! A clinic's March and the pages that show it: what the gallery draws and the tests look through.

use crate::clinic::{Clinic, ledger, views};
use desk::{
    AccountsPage, BoardPage, CommercialPage, FailurePage, FinancePage, Frame, Notice, Place,
    ReasonPage, Show, SignInPage, Sort, StatementPage, Tone, TrailPage, UsagePage, VerifyPage,
    WhyPage,
};
use ledger::{Actor, Ledger, Role};
use reporting::civil::{Month, read_date};
use reporting::commercial::{Accounts, Kind, Months, Scope};
use reporting::month_end::MonthState;
use reporting::{At, Present, Reports};
use seats::{CivilDate, Micros, Reclaim, ReleaseReason, Setting, Timestamp};

/// A name that is written from right to left, and one that would be a script if nobody took care.
pub(crate) const FATIMA: &str = "فاطمة الزهراء";
pub(crate) const HOSTILE: &str = "<script>alert('x')</script> \"onload=\"";

const PLAN: &str = include_str!("../../../../fixtures/plans/standard-2026.toml");

pub(crate) struct Stage {
    pub(crate) ledger: Ledger,
    pub(crate) clinic: Clinic,
    others: Vec<Clinic>,
}

/// Numbers that only look random.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

impl Stage {
    /// Riverside Clinic up to the morning of Tuesday 31 March 2026, on which Carol rings.
    pub(crate) fn set() -> Stage {
        let ledger = ledger();
        let settings = [Setting::Reclaim(Reclaim::Never), Setting::Linger(300)];
        let mut clinic = Clinic::open(
            &ledger,
            1,
            "Riverside Clinic",
            "Europe/London",
            "2026-02-27 09:00",
            2,
            &settings,
            Some(PLAN),
        );
        clinic.site("Harley Street");
        clinic.site("Chelsea");
        let mut dice = Dice(7);
        for day in 2..=29 {
            let first = read_date("2026-03-01").unwrap().0;
            let weekday = reporting::hours::weekday(CivilDate(first + day - 1));
            if weekday < 5 {
                working_day(&mut clinic, day, &mut dice);
            }
            if day == 16 {
                clinic.at("2026-03-16 20:30").licences(3);
            }
        }
        clinic.at("2026-03-30 08:40").login_from("Alice Adams", Some("Harley Street"));
        clinic.at("2026-03-30 12:55").logout("Alice Adams");
        clinic.at("2026-03-30 16:10").login("Bob Brown");
        clinic.at("2026-03-30 17:58").vanish("Bob Brown");
        clinic.at("2026-03-31 07:40").login_from(HOSTILE, Some("Chelsea"));
        clinic.at("2026-03-31 08:20").logout(HOSTILE);
        clinic.at("2026-03-31 08:41").login_from("Alice Adams", Some("Harley Street"));
        clinic.at("2026-03-31 08:44").login_from(FATIMA, Some("Chelsea"));
        for time in ["08:58", "08:59", "09:02"] {
            clinic
                .at(&format!("2026-03-31 {time}"))
                .login_from("Carol Carter", Some("Harley Street"));
        }
        clinic.at("2026-03-31 09:05").login("Dan Davies");
        clinic.at("2026-03-31 09:06");
        let others = others(&ledger);
        Stage { ledger, clinic, others }
    }

    pub(crate) fn frame(&self) -> Frame {
        Frame {
            title: "Seatledger".to_owned(),
            signed_in_as: Some("Sam".to_owned()),
            role: "support".to_owned(),
            csrf: "f00d".to_owned(),
            now: self.clinic.now(),
            live: None,
            notice: None,
        }
    }

    pub(crate) fn place(&self) -> Place {
        let clinic = &self.clinic;
        Place { account: clinic.account, name: clinic.name.clone(), zone: clinic.zone }
    }

    /// Every page, by the name of its file.
    pub(crate) fn pages(&self) -> Vec<(String, String)> {
        let frame = self.frame();
        let live = Frame { live: Some("/desk/account-1/events".to_owned()), ..frame.clone() };
        let nobody = Frame {
            signed_in_as: None,
            notice: Some(Notice {
                tone: Tone::Refused,
                text: "This token is not known.".to_owned(),
            }),
            ..frame.clone()
        };
        let done = Notice { tone: Tone::Done, text: "Seat 1 is released.".to_owned() };
        let done = Frame { notice: Some(done), ..live.clone() };
        let mut pages = vec![
            ("sign-in", SignInPage { next: "/desk".to_owned(), elsewhere: None }.page(&nobody)),
            ("accounts", self.accounts("", Sort::Urgent).page(&live)),
            ("board", self.board().page(&done)),
            ("why", self.why(Some("Carol Carter"), "2026-03-31").page(&frame)),
            ("why-other-day", self.why(Some("Carol Carter"), "2026-03-25").page(&frame)),
            ("day", self.why(None, "2026-03-29").page(&frame)),
            ("trail", self.trail().page(&live)),
            ("usage", self.usage(Show::Average).page(&frame)),
            ("usage-refused", self.usage(Show::Refused).page(&frame)),
            ("statement", self.statement().page(&frame)),
            ("verify", self.verify().page(&frame)),
            ("reason", self.reason().page(&frame)),
            ("failure", self.failure().page(&frame)),
        ];
        for kind in Kind::ALL {
            let name: &'static str = kind.word();
            pages.push((name, self.commercial(kind).page(&frame)));
        }
        pages.push(("finance", self.finance(true).page(&frame)));
        pages.push(("finance-reading", self.finance(false).page(&frame)));
        let mut customer = self.board();
        customer.may_release = false;
        pages.push(("board-reading", customer.page(&frame)));
        pages.into_iter().map(|(name, html)| (name.to_owned(), html)).collect()
    }

    pub(crate) fn accounts(&self, search: &str, sort: Sort) -> AccountsPage {
        let views = views(&self.ledger);
        let clinics = || std::iter::once(&self.clinic).chain(&self.others);
        let numbers = clinics().map(|clinic| clinic.account);
        let signs = |account| {
            clinics()
                .find(|clinic| clinic.account == account)
                .map(|clinic| clinic.liveness().clone())
        };
        let now = self.clinic.now();
        let glance = Reports::new(&views, "test").glance(numbers, now, signs).unwrap();
        let search = search.to_owned();
        AccountsPage { glance, is_cut: false, search, with_user: Vec::new(), sort, page: 1 }
    }

    pub(crate) fn board(&self) -> BoardPage {
        let views = views(&self.ledger);
        let clinic = &self.clinic;
        let reports = Reports::new(&views, "test");
        let board = reports.board(clinic.account, clinic.now(), Some(clinic.liveness())).unwrap();
        BoardPage { place: self.place(), board, may_release: true }
    }

    pub(crate) fn why(&self, user: Option<&str>, date: &str) -> WhyPage {
        let views = views(&self.ledger);
        let (clinic, reports) = (&self.clinic, Reports::new(&views, "test"));
        let (now, liveness) = (clinic.now(), Some(clinic.liveness()));
        let date = read_date(date).unwrap();
        let day = reports.day(clinic.account, date, now, liveness).unwrap();
        let present = Present { at: now, liveness };
        let until = day.to.0 - Micros(1);
        let why = user.map(|user| {
            reports.why(clinic.account, clinic.user(user), Some(until.min(now)), present).unwrap()
        });
        WhyPage { place: self.place(), why, day }
    }

    fn trail(&self) -> TrailPage {
        let views = views(&self.ledger);
        let from = "2026-03-16";
        let begin = self.clinic.zone.read_time(from).unwrap();
        let trail = Reports::new(&views, "test")
            .paged_trail(self.clinic.account, None, Some(begin), None, 1)
            .unwrap();
        TrailPage { place: self.place(), trail, from: from.to_owned(), to: String::new() }
    }

    pub(crate) fn usage(&self, show: Show) -> UsagePage {
        let views = views(&self.ledger);
        let (clinic, reports) = (&self.clinic, Reports::new(&views, "test"));
        let (now, liveness) = (clinic.now(), Some(clinic.liveness()));
        let today = clinic.zone.date_of(now);
        let days = (CivilDate(today.0 - 27), today);
        let heat = reports.heat(clinic.account, days, now, liveness).unwrap();
        let (from, to) = (Some(heat.from.0), Some(heat.to.0));
        let usage = reports.usage(clinic.account, from, to, None, liveness).unwrap();
        UsagePage { place: self.place(), usage, heat, weeks: 4, show }
    }

    fn statement(&self) -> StatementPage {
        let views = views(&self.ledger);
        let month = Month::read("2026-03").unwrap();
        let (account, now) = (self.clinic.account, self.clinic.now());
        let statement = Reports::new(&views, "test").statement(account, month, now).unwrap();
        StatementPage { place: self.place(), statement, explained: None }
    }

    /// March as it is closed in April, with an account in each state that there is.
    pub(crate) fn finance(&self, may_close: bool) -> FinancePage {
        let views = views(&self.ledger);
        let (month, now) = (Month::read("2026-03").unwrap(), self.in_april());
        let actor = Actor { role: Role::Finance, id: 3 };
        let accounts = self.ledger.accounts();
        let mut month_end =
            Reports::new(&views, "test").month_end(accounts, month, now, actor).unwrap();
        let sums = month_end.rows.iter().find_map(|row| row.sums.clone());
        let states = [
            MonthState::Closed { at: At(now) },
            MonthState::Ready,
            MonthState::Waits { why: "can be closed from 2026-04-03 on".to_owned() },
            MonthState::NoPlan,
            MonthState::EarlierOpen { earlier: "February 2026".to_owned() },
            MonthState::SecondPerson,
            MonthState::Unable { why: "the plan is missing".to_owned() },
        ];
        for (row, state) in month_end.rows.iter_mut().zip(states) {
            row.sums = sums
                .clone()
                .filter(|_| !matches!(state, MonthState::NoPlan | MonthState::Unable { .. }));
            row.state = state;
        }
        FinancePage { month, month_end, is_cut: false, may_close, may_export: may_close, page: 1 }
    }

    fn in_april(&self) -> Timestamp {
        self.clinic.zone.read_time("2026-04-10 09:00").unwrap()
    }

    fn commercial(&self, kind: Kind) -> CommercialPage {
        let views = views(&self.ledger);
        let months = Months::one(Month::read("2026-03").unwrap());
        let scope = Scope { accounts: Accounts::All, months, now: self.in_april() };
        let report = Reports::new(&views, "test").commercial(kind, &scope, |_| None).unwrap();
        CommercialPage { kind, months, account: String::new(), report }
    }

    fn verify(&self) -> VerifyPage {
        let head = self.ledger.head();
        let origin = "ledger.example.com/seats-b3-v1".to_owned();
        let root = head.root.to_string();
        VerifyPage {
            note: format!(
                "{origin}\n{}\nq83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=\n\n— {origin} Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5\n",
                head.size
            ),
            key: Some(format!("{origin}+b1e2c3d4+AQHnyDcPQ9aWnFhWMSt0bWvT0wUX0c2pQk8bPp1W1Q8F")),
            signed_by: vec![origin.clone(), "witness.example.org".to_owned()],
            commits: head.size + 12,
            size: head.size,
            origin,
            root,
        }
    }

    fn reason(&self) -> ReasonPage {
        ReasonPage { account: self.clinic.name.clone(), next: "/desk/account-1".to_owned() }
    }

    fn failure(&self) -> FailurePage {
        FailurePage {
            status: 404,
            title: "No such user".to_owned(),
            detail: "Riverside Clinic has no user \"Carrol\"; did you mean Carol Carter?"
                .to_owned(),
            code: "unknown_user".to_owned(),
            ways: vec![("Carol Carter".to_owned(), "/desk/account-1/why?user=user-3".to_owned())],
        }
    }
}

/// People come in the morning, leave at noon or in the evening, and sometimes forget to log out.
fn working_day(clinic: &mut Clinic, day: i32, dice: &mut Dice) {
    let staff = ["Alice Adams", "Bob Brown", "Carol Carter", "Dan Davies", FATIMA];
    let mut deeds: Vec<(u64, &str, bool)> = Vec::new();
    for (place, name) in staff.iter().enumerate() {
        let begin = if place % 2 == 0 { 510 } else { 765 };
        let come = begin + dice.below(40);
        let go = come + 180 + dice.below(if place == 0 { 330 } else { 90 });
        deeds.push((come, name, true));
        deeds.push((go, name, false));
        if dice.below(4) == 0 {
            deeds.push((come + 2, name, true));
        }
    }
    deeds.sort_unstable();
    for (minute, name, comes) in deeds {
        clinic.at(&format!("2026-03-{day:02} {:02}:{:02}", minute / 60, minute % 60));
        if comes {
            clinic.login(name);
        } else if dice.below(12) == 0 {
            clinic.vanish(name);
        } else {
            clinic.logout(name);
        }
    }
    clinic.at(&format!("2026-03-{day:02} 19:30"));
    for name in staff {
        if clinic.session(name).is_some() && dice.below(3) > 0 {
            clinic.release(
                name,
                ReleaseReason::BrowserClosed,
                Some("Practice rang; the PC is off."),
            );
        }
    }
}

/// Other customers, so that there is something to sort and to search.
fn others(ledger: &Ledger) -> Vec<Clinic> {
    let accounts: [(&str, &str, u32, u32); 6] = [
        ("St Anne's Physiotherapy", "Europe/London", 5, 2),
        ("Hôpital privé du Lac", "Europe/Zurich", 4, 4),
        (
            "Bayside Dental & Orthodontics of Greater Port Macquarie and Districts",
            "Australia/Sydney",
            12,
            9,
        ),
        ("מרפאת הכרמל", "Asia/Jerusalem", 2, 0),
        ("Northern Lights Imaging", "Europe/Oslo", 8, 8),
        ("<b>Bold</b> & Partners", "Europe/London", 3, 1),
    ];
    let each = (2_u64..).zip(accounts).map(|(number, (name, zone, licences, holders))| {
        let mut clinic =
            Clinic::open(ledger, number, name, zone, "2026-03-01 09:00", licences, &[], None);
        // Nine o'clock in London.
        clinic.at("2026-03-31T07:30:00Z");
        for holder in 1..=holders {
            clinic.login(&format!("User {holder}"));
        }
        if number == 6 {
            clinic.at("2026-03-31T07:50:00Z").vanish("User 3");
            clinic.login("Late User");
        }
        clinic.at("2026-03-31T08:06:00Z");
        clinic
    });
    each.collect()
}
