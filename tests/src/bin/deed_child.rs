//! The victim of the power cuts over what is done to a ledger by hand: seals it, or forgets people.
//!
//! `deed_child DIR SEED seal|forget` opens or makes the ledger in DIR, with tiny volumes, prints `ready`, and
//! goes on until it is killed:
//!
//! ```text
//! ack <position> <account> <request id, hexadecimal>    a login was answered
//! seal <size> <root>                                    a seal was given away
//! known <account> <user> <name>                         a user's first login was answered
//! forgot <account> <user> <name>                        the receipt of a forgetting was given away
//! ```

#![expect(
    clippy::expect_used,
    reason = "the victim of a test may die of anything it does not expect"
)]

use admission::{Admission, LoginRequest, NewAccount, Options, SystemClock};
use ledger::Ledger;
use ledger::commit::{Actor, Role};
use scenarios::victim;
use seats::{AccountId, RequestId, SameUser, Setting, UserId};
use std::io::Write;
use std::path::Path;

const APP: Actor = Actor { role: Role::App, id: 0 };
const ADMIN: Actor = Actor { role: Role::Admin, id: 0 };
const CLINIC: AccountId = AccountId(1);

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, dir, seed, deed] = arguments.as_slice() else {
        eprintln!("usage: deed_child DIR SEED seal|forget");
        std::process::exit(2);
    };
    let seed: u64 = seed.parse().expect("a whole number");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(run(Path::new(dir), seed, deed == "seal"));
}

async fn run(dir: &Path, seed: u64, seals: bool) {
    let ledger = Ledger::open_or_create(dir, &victim::small()).expect("the ledger opens");
    let admission = Admission::start(ledger, Options::default(), SystemClock).expect("it starts");
    let mut account = NewAccount::new("clinic".to_owned(), "Europe/London", 5);
    account.settings = vec![Setting::SameUser(SameUser::Separate), Setting::Lease(None)];
    let _there = admission.open_account(account, APP).await;
    if seals {
        let seals = admission.ledger().seals().expect("a ledger on disk keeps seals");
        if seals.key().expect("a key reads").is_none() {
            seals.keep_key(&victim::key()).expect("the key is kept");
        }
    }
    say("ready");
    let mut dice = victim::dice(seed);
    let mut known: Vec<(UserId, String)> = Vec::new();
    for number in 0_u64.. {
        let (high, low) = (seed.to_be_bytes(), number.to_be_bytes());
        let mut id = [0; 16];
        id.iter_mut().zip(high.iter().chain(&low)).for_each(|(to, from)| *to = *from);
        // A name that stands nowhere by chance.
        let name = format!("patient-{seed:016x}-{number:08x}");
        let user = if seals { format!("user {}", dice(8)) } else { name.clone() };
        let (request, account) = (RequestId(id), CLINIC);
        let login =
            LoginRequest { account, user: user.as_str().into(), site: None, device: None, request };
        let answered = admission.log_in(login, APP).await.expect("the login is answered");
        say(&format!("ack {} {CLINIC_NUMBER} {request}", answered.position.expect("recorded").0));
        if seals && dice(4) == 0 {
            let seals = admission.ledger().seals().expect("a ledger on disk keeps seals");
            let note = seals.seal(admission.ledger(), &[]).expect("it is sealed");
            let mut lines = note.text().lines().skip(1);
            let mut line = || lines.next().expect("a seal has a size and a root").to_owned();
            say(&format!("seal {} {}", line(), line()));
        }
        if seals {
            continue;
        }
        let user = number_of(&admission, &name);
        say(&format!("known {CLINIC_NUMBER} {} {name}", user.0));
        known.push((user, name));
        if dice(2) == 0 {
            let (user, name) = known.remove(dice(known.len() as u64) as usize);
            let forgotten = admission.forget_user(CLINIC, user, "asked for it", ADMIN).await;
            let erased = forgotten.expect("the user is forgotten").erased.expect("erased");
            assert!(erased.rewritten, "the files are rewritten");
            say(&format!("forgot {CLINIC_NUMBER} {} {name}", user.0));
        }
    }
}

const CLINIC_NUMBER: u64 = CLINIC.0;

fn number_of(admission: &Admission, name: &str) -> UserId {
    let book = admission.ledger().book();
    let number = book.number_of(CLINIC, ledger::Kind::User, name).expect("the directory reads");
    let number = number.and_then(|number| u32::try_from(number).ok());
    UserId(number.expect("whoever logged in is in the directory"))
}

/// One write, so that a line is either there or not.
fn say(line: &str) {
    let mut out = std::io::stdout();
    let line = format!("{line}\n");
    if out.write_all(line.as_bytes()).and_then(|()| out.flush()).is_err() {
        std::process::exit(0); // The parent has heard enough.
    }
}
