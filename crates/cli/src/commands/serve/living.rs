//! A clinic that lives: eight people, three licences, and all that happens between them.
//!
//! Every few seconds somebody does something: logs in, logs out, or closes the browser and says nothing. Whoever
//! sits there and has not gone shows signs of life. It is played through admission like anything else.

use super::super::demo::ACCOUNT;
use admission::{Admission, LoginRequest, NewAccount, request_id};
use ledger::{Actor, Role};
use seats::{AccountId, SessionId, Setting};
use std::time::Duration;

const APP: Actor = Actor { role: Role::App, id: 0 };
const PEOPLE: [&str; 8] = ["alice", "bob", "carol", "dan", "erin", "frank", "grace", "heidi"];
const STEP: Duration = Duration::from_secs(3);
/// Short enough that a visitor sees a holder fall silent.
const LEASE_S: u32 = 45;

/// Somebody who works there.
#[derive(Clone, Copy, Default)]
struct Person {
    session: Option<SessionId>,
    /// The browser was closed without logging out.
    gone: bool,
}

/// Plays until it is aborted, or the server stops.
pub(super) async fn run(admission: Admission) {
    let Some(account) = account(&admission).await else { return };
    let mut people = [Person::default(); PEOPLE.len()];
    let mut turn: u64 = 0;
    loop {
        turn = turn.wrapping_add(1);
        for person in people.iter_mut().filter(|person| !person.gone) {
            if let Some(session) = person.session
                && admission.heartbeat(account, session, true, APP).await.is_err()
            {
                person.session = None; // Somebody released the seat.
            }
        }
        let draw = draw(turn);
        let chosen = usize::try_from(draw % PEOPLE.len() as u64).unwrap_or(0);
        if let (Some(person), Some(name)) = (people.get_mut(chosen), PEOPLE.get(chosen)) {
            act(&admission, account, person, name, draw >> 8).await;
        }
        tokio::time::sleep(STEP).await;
    }
}

async fn act(
    admission: &Admission,
    account: AccountId,
    person: &mut Person,
    name: &str,
    draw: u64,
) {
    match person.session {
        Some(session) if !person.gone && draw.is_multiple_of(4) => {
            let _ = admission.log_out(account, session, APP).await;
            *person = Person::default();
        }
        Some(_) if !person.gone && draw % 4 == 1 => person.gone = true,
        Some(_) if !person.gone => {}
        _ => {
            let id = uuid::Uuid::new_v4().to_string();
            let Ok(request) = request_id(&id) else { return };
            let (user, site, device) = (name.into(), None, None);
            let login = LoginRequest { account, user, site, device, request };
            let answered = admission.log_in(login, APP).await.ok();
            let session = answered.and_then(|answered| answered.granted());
            *person = Person { session: session.map(|(session, _)| session), gone: false };
        }
    }
}

/// The clinic, with a lease that is short enough to watch.
async fn account(admission: &Admission) -> Option<AccountId> {
    let found = reporting::names::find_account(admission.ledger().book(), ACCOUNT);
    let account = match found {
        Ok(account) => account,
        Err(_) => {
            let new = NewAccount::new(ACCOUNT, "Europe/London", 3);
            admission.open_account(new, APP).await.ok()?.account
        }
    };
    let settings = vec![Setting::Lease(Some(LEASE_S))];
    let admin = Actor { role: Role::Admin, id: 0 };
    admission.change_policy(account, settings, admin).await.ok()?;
    Some(account)
}

/// Numbers that look thrown (splitmix64); the same in every demo.
fn draw(turn: u64) -> u64 {
    let mixed = turn.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
