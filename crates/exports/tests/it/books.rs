//! A vendor's ledger with a few small accounts, whose months are closed and stated as they are in the product.

use exports::ExportSettings;
use ledger::memory::MemoryStore;
use ledger::{Actor, Draft, Ledger, Role, Subject};
use projector::Views;
use reporting::civil::{Month, Zone, read_date};
use reporting::{Closable, Reports, Statement};
use seats::{
    Account, AccountId, Command, Effective, Event, Live, Liveness, LogIn, PoolId, RULES_VERSION,
    RequestId, Setting, Timestamp, UserId,
};
use std::collections::BTreeMap;

/// A plan of which VAT is worked out, whose overdraft costs something.
pub(crate) const STANDARD: &str = r#"
plan = "standard-2026"
currency = "GBP"
effective_from = "2026-01-01"
monthly_fee = "35.00"
setup_fee = "150.00"
[overdraft]
mode = "per_seat_day"
day_rate = "2.50"
[vat]
mode = "compute"
code = "20% (VAT on Income)"
rate = "20"
"#;

/// A plan without VAT, with a discount, of which fewer licences cost less from the next day on.
pub(crate) const NET: &str = r#"
plan = "net-2026"
currency = "GBP"
effective_from = "2026-01-01"
monthly_fee = "35.00"
decrease = "daily"
[[discounts]]
name = "=first year"
percent = "12.5"
until = "2026-12-31"
"#;

/// A plan by which three licences cost nothing.
pub(crate) const FREE: &str = r#"
plan = "free-2026"
currency = "GBP"
effective_from = "2026-01-01"
monthly_fee = "35.00"
included_licences = 3
"#;

/// Settings that all files can be made with.
pub(crate) const SETTINGS: &str = r##"
due_days = 14

[xero]
account_codes = { default = "200", setup = "201" }
no_vat = "No VAT"

[sage]
nominal_codes = { default = "4000", setup = "4001", adjustment = "4009" }
department = "007"
tax_codes = { "20% (VAT on Income)" = "T1" }
no_vat = "T9"

[gocardless]
unit = "pounds"
match_by = "mandate.id"

[notices]
service_user = "Example Software Ltd"
contact = "01234 567890"

[branding]
name = "Example Software Ltd"
address = ["1 High Street", "Anytown AB1 2CD"]
contact = "accounts@example.com"
colour = "#1f4e5f"
payment = "We collect it by Direct Debit on or after that day; you will have had notice."
footer = "Example Software Ltd, registered in England and Wales, 01234567."

[[customers]]
account = 1
contact = "Riverside Clinic Ltd"
reference = "RIVER"
gocardless = "MD0001"

[[customers]]
account = "Hillside Surgery"
reference = "HILL"
gocardless = "MD0004"
"##;

/// An account called so that a spreadsheet might run it.
pub(crate) const EVIL: &str = "=HYPERLINK(\"http://example.com\") & Sons, \"Ynys M\u{f4}n\"";

/// The settings of [`SETTINGS`].
pub(crate) fn settings() -> ExportSettings {
    ExportSettings::read(SETTINGS).expect("the settings are good")
}

/// A ledger with accounts.
pub(crate) struct Vendor {
    ledger: Ledger,
    accounts: BTreeMap<u64, Live>,
    now: Timestamp,
    requests: u64,
}

const ZONE: &str = "Europe/London";

fn zone() -> Zone {
    Zone::parse(ZONE).expect("a zone")
}

/// An instant by a local time.
pub(crate) fn at(text: &str) -> Timestamp {
    zone().read_time(text).expect("a time")
}

impl Vendor {
    /// A ledger without accounts.
    pub(crate) fn new() -> Vendor {
        let ledger = Ledger::in_memory(MemoryStore::new()).expect("a ledger");
        Vendor { ledger, accounts: BTreeMap::new(), now: Timestamp(0), requests: 0 }
    }

    /// Opens an account now, with licences and a plan.
    pub(crate) fn open(
        &mut self,
        number: u64,
        name: &str,
        licences: u32,
        overdraft: u32,
        plan: &str,
    ) {
        let id = AccountId(number);
        let profile = self.ledger.book().enrol(Subject::account(id), name).expect("a profile");
        let plan = Some(self.ledger.book().keep_plan(plan.as_bytes()).expect("a plan"));
        let settings = vec![Setting::Lease(None), Setting::Overdraft(overdraft)];
        let effective = Effective { instant: self.now, date: None };
        self.accounts.insert(number, Live::new(Account::new(id), Liveness::default()));
        let zone = ZONE.to_owned();
        self.take(number, &Command::Open { zone, profile, licences, settings, plan, effective });
    }

    /// Lets time pass to a local time.
    pub(crate) fn at(&mut self, time: &str) -> &mut Vendor {
        self.now = at(time);
        self
    }

    /// Changes licences from a date on.
    pub(crate) fn licences(&mut self, number: u64, to: u32, date: &str) {
        let effective = zone().effective(read_date(date).expect("a date")).expect("a day");
        self.take(number, &Command::SetLicences { to, effective });
    }

    /// Logs a user in for the first time.
    pub(crate) fn login(&mut self, number: u64, user: u32, name: &str) {
        self.requests += 1;
        let mut request = [0; 16];
        request[..8].copy_from_slice(&self.requests.to_be_bytes());
        let (user, request) = (UserId(user), RequestId(request));
        let subject = Subject::user(AccountId(number), user);
        let newcomer = Some(self.ledger.book().enrol(subject, name).expect("a profile"));
        let login = LogIn { request, user, newcomer, site: None, device: None, new_device: None };
        self.take(number, &Command::LogIn(login));
    }

    /// Logs a user out.
    pub(crate) fn logout(&mut self, number: u64, user: u32) {
        let account = self.accounts[&number].account();
        let session = account.sessions_of(UserId(user)).next().expect("a session").id;
        self.take(number, &Command::LogOut { session });
    }

    /// Closes a month.
    pub(crate) fn close(&mut self, number: u64, month: &str) {
        let views = Views::without_snapshots(&self.ledger);
        let reports = Reports::new(&views, "example.com/seats");
        let (month, actor) = (Month::read(month).expect("a month"), finance());
        let closable = reports.closable(AccountId(number), month, self.now, actor);
        let Closable::Now(proposed) = closable.expect("closable") else { panic!("closed before") };
        self.ledger.book().keep_statement(&proposed.statement).expect("kept");
        self.take(number, &Command::ClosePeriod(Box::new(proposed.closing)));
    }

    /// What an account owes for a month.
    pub(crate) fn statement(&self, number: u64, month: &str) -> Statement {
        let views = Views::without_snapshots(&self.ledger);
        let reports = Reports::new(&views, "example.com/seats");
        let month = Month::read(month).expect("a month");
        reports.statement(AccountId(number), month, self.now).expect("a statement")
    }

    fn take(&mut self, number: u64, command: &Command) {
        let live = self.accounts.get_mut(&number).expect("an account");
        let taken = live.take(command, None, self.now);
        taken.answer.expect("taken");
        for due in taken.due {
            self.record(number, Actor { role: Role::Clock, id: 0 }, due.at, due.events);
        }
        let actor = match command {
            Command::ClosePeriod(_) => finance(),
            _ => Actor { role: Role::Admin, id: 1 },
        };
        if !taken.events.is_empty() {
            self.record(number, actor, taken.at, taken.events);
        }
    }

    fn record(&mut self, number: u64, actor: Actor, at: Timestamp, events: Vec<Event>) {
        let account = AccountId(number);
        let mut writer = self.ledger.writer().expect("the writer");
        let head = writer.account_head(account).expect("a head");
        let draft = Draft {
            account,
            expected: head.map_or(0, |head| head.version),
            at,
            recorded_at: self.now,
            actor,
            rules: RULES_VERSION,
            pool: PoolId::DEFAULT,
            events,
        };
        writer.append(&[draft]).expect("appended");
        writer.syncer().sync().expect("synced");
    }
}

/// Whoever closes months; somebody else assigns plans.
fn finance() -> Actor {
    Actor { role: Role::Finance, id: 7 }
}

/// Four accounts, of which May and June 2026 are closed and July is not:
///
/// 1. Riverside Clinic: 2 licences, 5 from 10 June on; a seat above them on 3 days of June. VAT is worked out.
/// 2. [`EVIL`]: 3 licences all the time, a discount, no VAT.
/// 3. Zero Practice: 3 licences, which its plan includes.
/// 4. Hillside Surgery: 10 licences; in June it becomes known that it was 1 from 2 May on. June is below zero, and
///    July not wide enough above it.
pub(crate) fn sample() -> Vendor {
    let mut vendor = Vendor::new();
    vendor.at("2026-05-01 00:00");
    vendor.open(1, "Riverside Clinic", 2, 2, STANDARD);
    vendor.open(2, EVIL, 3, 0, NET);
    vendor.open(3, "Zero Practice", 3, 0, FREE);
    vendor.open(4, "Hillside Surgery", 10, 0, NET);
    vendor.at("2026-05-04 09:00").login(1, 1, "Alice");
    vendor.at("2026-06-03 09:00");
    (1..=4).for_each(|account| vendor.close(account, "2026-05"));
    vendor.at("2026-06-04 09:00").login(1, 2, "Bob");
    vendor.at("2026-06-04 09:30").login(1, 3, "Carol");
    vendor.at("2026-06-06 12:00").logout(1, 3);
    vendor.at("2026-06-08 12:00").licences(4, 1, "2026-05-02");
    vendor.at("2026-06-09 15:00").licences(1, 5, "2026-06-10");
    vendor.at("2026-07-03 09:00");
    (1..=4).for_each(|account| vendor.close(account, "2026-06"));
    vendor.at("2026-08-01 09:00");
    vendor
}

/// The statements of all four accounts for a month.
pub(crate) fn statements(vendor: &Vendor, month: &str) -> Vec<Statement> {
    (1..=4).map(|account| vendor.statement(account, month)).collect()
}
