//! The victim of the crash tests: admits logins as fast as it can and says what was acknowledged.
//!
//! `crash_child DIR SEED IN_FLIGHT [small]` opens or makes the ledger in DIR (with tiny volumes, if small),
//! prints `ready`, then one line for each answer that left admission:
//!
//! ```text
//! ack <position> <account> <request id, hexadecimal>
//! ```
//! It is killed, or ends by itself after `LIMIT` answers. Whatever was printed must be in the ledger for ever.

#![expect(
    clippy::expect_used,
    reason = "the victim of a test may die of anything it does not expect"
)]

use admission::{Admission, LoginRequest, NewAccount, Options, Request, SystemClock};
use ledger::Ledger;
use ledger::commit::{Actor, Role};
use seats::{AccountId, Command, RequestId, SameUser, SessionId, Setting};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

const ACCOUNTS: u64 = 20;
const USERS: u64 = 8;
const LIMIT: u64 = 200_000;
const APP: Actor = Actor { role: Role::App, id: 0 };

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let (dir, seed, in_flight, options) = match arguments.as_slice() {
        [_, dir, seed, in_flight] => (dir, seed, in_flight, ledger::Options::default()),
        [_, dir, seed, in_flight, small] if small == "small" => {
            (dir, seed, in_flight, scenarios::victim::small())
        }
        _ => {
            eprintln!("usage: crash_child DIR SEED IN_FLIGHT [small]");
            std::process::exit(2);
        }
    };
    let number = |text: &str| text.parse::<u64>().expect("a whole number");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(run(Path::new(dir), number(seed), number(in_flight), &options));
}

async fn run(dir: &Path, seed: u64, in_flight: u64, options: &ledger::Options) {
    let ledger = Ledger::open_or_create(dir, options).expect("the ledger opens");
    let admission = Admission::start(ledger, Options::default(), SystemClock).expect("it starts");
    for number in admission.ledger().accounts().len() as u64..ACCOUNTS + 1 {
        let mut account = NewAccount::new(format!("clinic {number}"), "Europe/London", 5);
        account.settings = vec![Setting::SameUser(SameUser::Separate), Setting::Lease(None)];
        // Some exist already, if the last child was killed while it made them.
        let _taken = admission.open_account(account, APP).await;
    }
    say("ready\n");

    let mut dice = seed;
    let mut sessions: BTreeMap<u64, Vec<SessionId>> = BTreeMap::new();
    let mut asked: BTreeMap<u64, (u64, RequestId)> = BTreeMap::new();
    let mut batch = admission.batch();
    let mut made = 0_u64;
    while made < LIMIT {
        while (batch.open() as u64) < in_flight {
            dice = dice
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let account = 1 + (dice >> 33) % ACCOUNTS;
            let held = sessions.entry(account).or_default();
            if held.len() >= 4 && !held.is_empty() {
                let session = held.remove(0);
                let command = Command::LogOut { session };
                batch.push(Request::Command { account: AccountId(account), command }, APP);
                continue;
            }
            made += 1;
            let mut id = [0; 16];
            let (high, low) = id.split_at_mut(8);
            high.copy_from_slice(&seed.to_be_bytes());
            low.copy_from_slice(&made.to_be_bytes());
            let request = RequestId(id);
            let user = format!("user {}", (dice >> 20) % USERS);
            let account = AccountId(account);
            let login = LoginRequest {
                account,
                user: user.as_str().into(),
                site: None,
                device: None,
                request,
            };
            asked.insert(batch.push(Request::LogIn(login), APP), (account.0, request));
        }
        for (tag, answer) in batch.answers().await {
            let Some((account, request)) = asked.remove(&tag) else { continue };
            let answered = answer.expect("the login is answered");
            let position = answered.position.expect("a login is recorded");
            if let Some((session, _)) = answered.granted() {
                sessions.entry(account).or_default().push(session);
            }
            say(&format!("ack {} {account} {request}\n", position.0));
        }
    }
    admission.stop().await.expect("it stops in good order");
}

/// One write, so that a line is either there or not.
fn say(line: &str) {
    let mut out = std::io::stdout();
    if out.write_all(line.as_bytes()).and_then(|()| out.flush()).is_err() {
        std::process::exit(0); // The parent has heard enough.
    }
}
