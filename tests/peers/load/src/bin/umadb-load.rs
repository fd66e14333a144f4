//! The load on UmaDB through its own client: every grant and log-out is an event appended on the condition
//! that no event of that account has come after the last one known.
//!
//! The decider is as strong as an application's can be: it keeps every account's state in memory, so it
//! never reads before it appends, and lets one append per account be in flight, so its conditions never
//! fail. `--together N`: up to N requests that wait for an account are decided and appended together.
//! `--work history` instead fills a store with `--events` events and reads them in order.

use peers_load::{Arguments, HELD, LICENCES, Outcome, People, REQUEST_BYTES, Request, Tally};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use umadb_client::{AsyncUmaDbClient, UmaDbClient};
use umadb_dcb::{DcbAppendCondition, DcbEvent, DcbEventStoreAsync, DcbQuery, DcbQueryItem};

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments = Arguments::read()?;
    match arguments.text("work")?.as_str() {
        "admit" => admit(&arguments).await,
        "history" => history(&arguments).await,
        other => Err(format!("--work {other}: admit or history").into()),
    }
}

async fn connect(arguments: &Arguments) -> Result<AsyncUmaDbClient, Failure> {
    Ok(UmaDbClient::new(arguments.text("url")?).batch_size(4096).connect_async().await?)
}

/// One account as the decider knows it.
#[derive(Default)]
struct Account {
    used: usize,
    /// Where its newest event stands.
    after: Option<u64>,
    sessions: i64,
    waiting: VecDeque<(Request, oneshot::Sender<Outcome>)>,
    /// Somebody is appending for this account.
    busy: bool,
}

struct Desk {
    accounts: Vec<Mutex<Account>>,
    together: usize,
}

impl Desk {
    /// Decides and appends; whoever finds the account idle starts the appends for all who come meanwhile.
    async fn ask(
        self: &Arc<Desk>,
        db: &Arc<AsyncUmaDbClient>,
        request: Request,
    ) -> Result<Outcome, Failure> {
        let (Request::LogIn { account: number, .. } | Request::LogOut { account: number, .. }) =
            request;
        let (answer, answered) = oneshot::channel();
        let appends = {
            let mut account = self.lock(number);
            account.waiting.push_back((request, answer));
            !std::mem::replace(&mut account.busy, true)
        };
        if appends {
            let (desk, db) = (self.clone(), db.clone());
            tokio::spawn(async move {
                loop {
                    match desk.append(&db, number).await {
                        Ok(true) => {}
                        Ok(false) => break,
                        Err(error) => {
                            eprintln!("umadb-load: account {number}: {error}");
                            std::process::exit(1);
                        }
                    }
                }
            });
        }
        Ok(answered.await?)
    }

    /// Decides the next requests of an account and appends their events; false if none waited.
    async fn append(&self, db: &AsyncUmaDbClient, number: usize) -> Result<bool, Failure> {
        let tag = tag(number);
        let (mut events, mut answers) = (Vec::new(), Vec::new());
        let after = {
            let mut account = self.lock(number);
            while answers.len() < self.together {
                let Some((request, answer)) = account.waiting.pop_front() else { break };
                let outcome = decide(&mut account, request);
                if outcome != Outcome::Denied {
                    events.push(event(&tag, outcome));
                }
                answers.push((outcome, answer));
            }
            if answers.is_empty() {
                account.busy = false;
                return Ok(false);
            }
            account.after
        };
        if !events.is_empty() {
            let mine = DcbQuery::new().item(DcbQueryItem::new().tags([tag.as_str()]));
            let condition = DcbAppendCondition::new(mine).after(after);
            let position = db.append(events, Some(condition), None).await?;
            self.lock(number).after = Some(position);
        }
        for (outcome, answer) in answers {
            // Who has stopped waiting needs no answer.
            let _ = answer.send(outcome);
        }
        Ok(true)
    }

    fn lock(&self, number: usize) -> std::sync::MutexGuard<'_, Account> {
        self.accounts[number].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn decide(account: &mut Account, request: Request) -> Outcome {
    match request {
        Request::LogIn { .. } if account.used >= LICENCES => Outcome::Denied,
        Request::LogIn { .. } => {
            account.used += 1;
            account.sessions += 1;
            Outcome::Granted(account.sessions)
        }
        Request::LogOut { .. } => {
            account.used -= 1;
            Outcome::LoggedOut
        }
    }
}

fn tag(account: usize) -> String {
    format!("account:{account}")
}

fn event(tag: &str, outcome: Outcome) -> DcbEvent {
    let name = if outcome == Outcome::LoggedOut { "LoggedOut" } else { "SeatGranted" };
    DcbEvent::default().event_type(name).tags([tag]).data([0xab_u8; REQUEST_BYTES])
}

async fn admit(arguments: &Arguments) -> Result<(), Failure> {
    let accounts = arguments.number("accounts")?;
    let clients = arguments.number("clients")?;
    let seconds = Duration::from_secs(arguments.number("seconds")? as u64);
    let mut connections = Vec::new();
    for _ in 0..arguments.number("connections")?.min(clients) {
        connections.push(Arc::new(connect(arguments).await?));
    }
    let mut people = People::new(accounts, 1);
    let mut states = Vec::new();
    for number in 0..accounts {
        let mut account = Account::default();
        let mut events = Vec::new();
        for _ in 0..HELD {
            let outcome = decide(&mut account, Request::LogIn { account: number, user: 1 });
            events.push(event(&tag(number), outcome));
            people.granted(number, account.sessions);
        }
        account.after = Some(connections[0].append(events, None, None).await?);
        states.push(Mutex::new(account));
    }
    let desk = Arc::new(Desk { accounts: states, together: arguments.number("together")? });
    let people = Arc::new(Mutex::new(people));
    let begun = Instant::now();
    let tasks: Vec<_> = (0..clients)
        .map(|client| {
            let db = connections[client % connections.len()].clone();
            let (desk, people) = (desk.clone(), people.clone());
            tokio::spawn(async move {
                let mut tally = Tally::default();
                while begun.elapsed() < seconds {
                    let request = people.lock().unwrap_or_else(PoisonError::into_inner).wish();
                    let asked = Instant::now();
                    let outcome = desk.ask(&db, request).await?;
                    tally.add(outcome, asked.elapsed());
                    if let (Outcome::Granted(id), Request::LogIn { account, .. }) =
                        (outcome, request)
                    {
                        let mut people = people.lock().unwrap_or_else(PoisonError::into_inner);
                        people.granted(account, id);
                    }
                }
                Ok::<Tally, Failure>(tally)
            })
        })
        .collect();
    let mut tally = Tally::default();
    for task in tasks {
        tally.join(task.await??);
    }
    println!("{}", tally.json(begun));
    Ok(())
}

async fn history(arguments: &Arguments) -> Result<(), Failure> {
    let db = connect(arguments).await?;
    let accounts = arguments.number("accounts")?;
    let events = arguments.number("events")?;
    let bytes = arguments.number("bytes")?;
    let all: Vec<usize> = (0..events).collect();
    for some in all.chunks(2_000) {
        let drafts = some.iter().map(|pos| {
            let name = if pos / accounts % 2 == 0 { "SeatGranted" } else { "LoggedOut" };
            DcbEvent::default()
                .event_type(name)
                .tags([tag(pos % accounts)])
                .data(vec![0xab_u8; bytes])
        });
        db.append(drafts.collect(), None, None).await?;
    }
    let begun = Instant::now();
    let mut all = db.read(None, None, false, None).await?;
    let (mut read, mut folded) = (0_usize, 0_u64);
    loop {
        let batch = all.next_batch().await?;
        if batch.is_empty() {
            break;
        }
        for event in &batch {
            folded ^= event.position + event.event.data.len() as u64;
        }
        read += batch.len();
    }
    let took = begun.elapsed().as_secs_f64();
    std::hint::black_box(folded);
    if read != events {
        return Err(format!("{read} events read of {events} written").into());
    }
    println!("{{\"rows\": {read}, \"rows_per_s\": {:.0}}}", read as f64 / took);
    Ok(())
}
