//! Files in `fixtures/imports`, and what becomes of them: `X.txt` stands beside `X.csv` and holds the
//! commits in notation, or the refusal. It is read by people, so a change of it is a change to look at.

#![expect(clippy::expect_used, reason = "a test that finds something else fails, as it should")]

use flate2::{Compression, write::GzEncoder};
use importers::{Enrolled, Licences, Parameters, Plan, csv};
use seats::notation::{Naming, Notation};
use seats::{Account, AccountId, Commitment, DeviceId, Event, SiteId, Timestamp, UserId};
use std::convert::Infallible;
use std::fs;
use std::io::Write;
use std::path::PathBuf;

/// 2026-06-01T00:00:00Z.
const NOW: Timestamp = Timestamp::from_secs(1_780_272_000);

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/imports")
}

struct Names(Vec<String>);

impl Naming for Names {
    fn user(&self, user: UserId) -> Option<String> {
        self.0.get((user.0 as usize).checked_sub(1)?).cloned()
    }
    fn site(&self, _: SiteId) -> Option<String> {
        None
    }
    fn device(&self, _: DeviceId) -> Option<String> {
        None
    }
}

/// What becomes of a file: an event a line, a blank line between commits; or the refusal.
fn told(file: &[u8]) -> String {
    let history = match csv::read(file, NOW, &mut |_| {}) {
        Ok(history) => history,
        Err(refusal) => return format!("{refusal}\n"),
    };
    let (account, zone) = (String::from("clinic"), String::from("Europe/London"));
    let parameters = Parameters { account, zone, licences: Licences::Auto };
    let plan = Plan::new(history, csv::FORMAT, &parameters, &mut |_| {}).expect("a plan");
    let names = plan.newcomers().iter().map(|place| plan.history().users.get(*place as usize));
    let names = Names(names.flatten().cloned().collect());
    let blank = Commitment([0; 32]);
    let number = |name: &String| (1..).zip(&names.0).find(|(_, known)| *known == name);
    let users = plan.history().users.iter().filter_map(number);
    let users = users.map(|(number, _)| (UserId(number), blank)).collect();
    let clock = |at: Timestamp| {
        let minute = at.0 / 60_000_000;
        format!("{:02}:{:02}Z", minute / 60 % 24, minute % 60)
    };
    let notation = Notation { names: &names, time: &clock };
    let mut before = Account::new(AccountId(1));
    let mut told = String::new();
    let take = &mut |at: Timestamp, events: Vec<Event>| -> Result<(), Infallible> {
        for event in &events {
            told.push_str(&notation.line(at, event, Some(&before)));
            told.push('\n');
        }
        told.push('\n');
        before.apply(at, &events);
        Ok(())
    };
    let Ok(()) = plan.each_commit(&Enrolled { account: blank, users }, take);
    told
}

#[test]
fn every_file_becomes_what_stands_beside_it() {
    let mut files = 0;
    for entry in fs::read_dir(folder()).expect("the folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|ending| ending != "csv") {
            continue;
        }
        files += 1;
        let file = fs::read(&path).expect("the file");
        let beside = path.with_extension("txt");
        let expected = fs::read_to_string(&beside).unwrap_or_default();
        assert_eq!(told(&file), expected, "{} tells another story", beside.display());

        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(&file).expect("memory");
        assert_eq!(told(&gzip.finish().expect("memory")), expected, "gzip of {}", path.display());
    }
    assert!(files >= 2, "the folder holds {files} files");
}
