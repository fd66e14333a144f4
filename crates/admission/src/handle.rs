//! The handle: what an embedding program calls.

use crate::answered::{Answered, Counts, Occupancy};
use crate::batch::Batch;
use crate::error::{Error, Failure};
use crate::inbox::{Ask, Inbox, Order, Question};
use crate::names::check_reason;
use crate::reply::{Reply, lock};
use crate::request::{LoginRequest, NewAccount, Release, Request};
use crate::time_watch::Step;
use ledger::Ledger;
use ledger::commit::Actor;
use seats::{AccountId, Command, Effective, SessionId, Setting, UserId};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use tokio::sync::{oneshot, watch};

/// Takes commands from any number of threads and tasks, and answers them once they are on disk.
///
/// Cheap to clone. The methods are `async` and work in any runtime, or none; they do nothing but wait.
/// A future that is dropped leaves its command on the way. When the last clone is dropped, what was
/// accepted is finished in the background; [`Admission::stop`] waits for that and says how it went.
#[derive(Clone)]
pub struct Admission {
    shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) ledger: Ledger,
    pub(crate) threads: Mutex<Vec<JoinHandle<()>>>,
    /// Turns true when the threads have ended.
    pub(crate) ended: watch::Receiver<bool>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.inbox.close();
    }
}

impl Admission {
    pub(crate) fn new(shared: Shared) -> Admission {
        Admission { shared: Arc::new(shared) }
    }

    /// Opens an account. [`Answered::account`] is its number.
    ///
    /// # Errors
    /// Any [`Error`]; [`seats::Rejection::AlreadyOpen`] if the name is taken.
    pub async fn open_account(&self, new: NewAccount, actor: Actor) -> Result<Answered, Error> {
        self.ask(Request::Open(new), actor).await
    }

    /// Asks for a seat. A refusal is an answer: [`seats::Outcome::Denied`], with who holds the seats. So is a
    /// place in line, [`seats::Outcome::Waiting`]: ask again with the same request id, which keeps the place
    /// and takes the seat once one is offered.
    ///
    /// # Errors
    /// Any [`Error`]; [`seats::Rejection::RequestReused`] if the request id was used for another login.
    pub async fn log_in(&self, login: LoginRequest, actor: Actor) -> Result<Answered, Error> {
        self.ask(Request::LogIn(login), actor).await
    }

    /// Gives a seat back.
    ///
    /// # Errors
    /// Any [`Error`]; [`seats::Rejection::SessionOver`] if the session has ended already.
    pub async fn log_out(
        &self,
        account: AccountId,
        session: SessionId,
        actor: Actor,
    ) -> Result<Answered, Error> {
        self.submit(account, Command::LogOut { session }, actor).await
    }

    /// A sign of life; `active` if the user did something since the last one. Noted in memory; recorded
    /// only if it wakes a dormant session.
    ///
    /// # Errors
    /// Any [`Error`]; [`seats::Rejection::SessionOver`] tells a session that lost its seat why.
    pub async fn heartbeat(
        &self,
        account: AccountId,
        session: SessionId,
        active: bool,
        actor: Actor,
    ) -> Result<Answered, Error> {
        self.submit(account, Command::Heartbeat { session, active }, actor).await
    }

    /// The browser is going away, perhaps only to reload: the session stays live for the account's grace.
    ///
    /// # Errors
    /// Any [`Error`].
    pub async fn goodbye(
        &self,
        account: AccountId,
        session: SessionId,
        actor: Actor,
    ) -> Result<Answered, Error> {
        self.submit(account, Command::Goodbye { session }, actor).await
    }

    /// Ends somebody's session, with a reason.
    ///
    /// # Errors
    /// Any [`Error`]; [`seats::Rejection::TooYoung`] within the account's release floor unless forced.
    pub async fn release(&self, release: Release, actor: Actor) -> Result<Answered, Error> {
        self.ask(Request::Release(release), actor).await
    }

    /// Sets how many licences there are, from `effective` on; `None`: from now.
    ///
    /// # Errors
    /// Any [`Error`].
    pub async fn set_licences(
        &self,
        account: AccountId,
        to: u32,
        effective: Option<Effective>,
        actor: Actor,
    ) -> Result<Answered, Error> {
        self.ask(Request::SetLicences { account, to, effective }, actor).await
    }

    /// Chooses settings of the policy.
    ///
    /// # Errors
    /// Any [`Error`].
    pub async fn change_policy(
        &self,
        account: AccountId,
        settings: Vec<Setting>,
        actor: Actor,
    ) -> Result<Answered, Error> {
        self.submit(account, Command::ChangePolicy { settings }, actor).await
    }

    /// Assigns a price plan, given as its text, from `effective` on; `None`: from now.
    ///
    /// # Errors
    /// Any [`Error`].
    pub async fn assign_plan(
        &self,
        account: AccountId,
        plan: String,
        effective: Option<Effective>,
        actor: Actor,
    ) -> Result<Answered, Error> {
        self.ask(Request::AssignPlan { account, plan, effective }, actor).await
    }

    /// Registers a user. [`Answered::user`] is the number.
    ///
    /// # Errors
    /// Any [`Error`]; [`seats::Rejection::UserAlready`] if the account knows the user.
    pub async fn add_user(
        &self,
        account: AccountId,
        name: impl Into<String>,
        actor: Actor,
    ) -> Result<Answered, Error> {
        self.ask(Request::AddUser { account, name: name.into() }, actor).await
    }

    /// Makes a site known. [`Answered::site`] is the number.
    ///
    /// # Errors
    /// Any [`Error`]; [`seats::Rejection::NumberTaken`] if the account has a site of that name.
    pub async fn add_site(
        &self,
        account: AccountId,
        name: impl Into<String>,
        actor: Actor,
    ) -> Result<Answered, Error> {
        self.ask(Request::AddSite { account, name: name.into() }, actor).await
    }

    /// Keeps a user from logging in and ends the user's sessions.
    ///
    /// # Errors
    /// Any [`Error`].
    pub async fn suspend_user(
        &self,
        account: AccountId,
        user: UserId,
        actor: Actor,
    ) -> Result<Answered, Error> {
        self.submit(account, Command::SuspendUser { user }, actor).await
    }

    /// Lets a suspended user log in again.
    ///
    /// # Errors
    /// Any [`Error`].
    pub async fn reinstate_user(
        &self,
        account: AccountId,
        user: UserId,
        actor: Actor,
    ) -> Result<Answered, Error> {
        self.submit(account, Command::ReinstateUser { user }, actor).await
    }

    /// Admits nobody new; those logged in stay.
    ///
    /// # Errors
    /// Any [`Error`].
    pub async fn suspend_account(
        &self,
        account: AccountId,
        actor: Actor,
    ) -> Result<Answered, Error> {
        self.submit(account, Command::Suspend, actor).await
    }

    /// Admits again.
    ///
    /// # Errors
    /// Any [`Error`].
    pub async fn reinstate_account(
        &self,
        account: AccountId,
        actor: Actor,
    ) -> Result<Answered, Error> {
        self.submit(account, Command::Reinstate, actor).await
    }

    /// Ends the account and all its sessions, for good.
    ///
    /// # Errors
    /// Any [`Error`].
    pub async fn close_account(&self, account: AccountId, actor: Actor) -> Result<Answered, Error> {
        self.submit(account, Command::Close, actor).await
    }

    /// Submits a command of the rules as it is.
    ///
    /// # Errors
    /// Any [`Error`].
    pub async fn submit(
        &self,
        account: AccountId,
        command: Command,
        actor: Actor,
    ) -> Result<Answered, Error> {
        self.ask(Request::Command { account, command }, actor).await
    }

    /// Submits any request.
    ///
    /// # Errors
    /// Any [`Error`].
    pub async fn ask(&self, request: Request, actor: Actor) -> Result<Answered, Error> {
        request.check()?;
        self.question(Question::Request(request, actor)).await
    }

    pub(crate) async fn question(&self, question: Question) -> Result<Answered, Error> {
        let (to, answer) = oneshot::channel();
        self.push(Ask { question, to: Reply::One(to) })?;
        answer.await.unwrap_or(Err(Error::Unknown))
    }

    /// Submits many requests at once and waits for all answers, in the order of the requests. Those for
    /// which there is no room are answered [`Error::Busy`].
    pub async fn submit_many(
        &self,
        requests: impl IntoIterator<Item = (Request, Actor)>,
    ) -> Vec<Result<Answered, Error>> {
        let mut batch = self.batch();
        for (request, actor) in requests {
            batch.push(request, actor);
        }
        let mut answers = Vec::with_capacity(batch.open());
        while batch.open() > 0 {
            answers.append(&mut batch.answers().await);
        }
        answers.sort_unstable_by_key(|(tag, _)| *tag);
        answers.into_iter().map(|(_, answer)| answer).collect()
    }

    /// Begins a batch: many requests in flight for one waiter, answers as they come.
    pub fn batch(&self) -> Batch {
        Batch::new(self.clone())
    }

    /// Who sits where in an account now, as far as it is on disk, with what is due by time counted as
    /// having happened.
    ///
    /// # Errors
    /// [`Error::UnknownAccount`], and what can befall any command.
    pub async fn occupancy(&self, account: AccountId) -> Result<Occupancy, Error> {
        let (to, answer) = oneshot::channel();
        self.push(Ask { question: Question::Occupancy(account), to: Reply::Occupancy(to) })?;
        answer.await.unwrap_or(Err(Error::Unknown))
    }

    /// Records now what is due by time alone in the accounts in memory, and returns when that is on disk. An
    /// account whose last commits are on their way to the disk is left for the next sweep, after they have
    /// arrived. A service sweeps by itself; answers never depend on it.
    ///
    /// # Errors
    /// [`Error::Unknown`] if the record failed, [`Error::Stopped`].
    pub async fn sweep(&self) -> Result<(), Error> {
        let (to, done) = oneshot::channel();
        self.shared.inbox.order(Order::Sweep(to));
        done.await.unwrap_or(Err(self.ended_error()))
    }

    /// Accepts the wall clock as it stands after it was stepped; the step is recorded. `None`: it was not.
    ///
    /// # Errors
    /// [`Error::Unknown`] if the record failed, [`Error::Stopped`].
    pub async fn confirm_clock(&self, actor: Actor) -> Result<Option<Step>, Error> {
        self.confirm_clock_because(None, actor).await
    }

    /// As [`Admission::confirm_clock`], with why.
    ///
    /// # Errors
    /// As there, and [`Error::BadText`].
    pub async fn confirm_clock_because(
        &self,
        reason: Option<String>,
        actor: Actor,
    ) -> Result<Option<Step>, Error> {
        reason.as_deref().map_or(Ok(()), check_reason)?;
        let (to, done) = oneshot::channel();
        self.shared.inbox.order(Order::ConfirmClock(actor, reason, to));
        done.await.unwrap_or(Err(self.ended_error()))
    }

    /// How busy it is, for those who watch.
    pub fn counts(&self) -> Counts {
        self.shared.inbox.counts()
    }

    /// Why admission has stopped by itself: what the record said when it failed. `None` while it works, and
    /// after [`Admission::stop`].
    pub fn stopped(&self) -> Option<Failure> {
        self.shared.inbox.failure()
    }

    /// The record, for reading. Its head is what is on disk.
    pub fn ledger(&self) -> &Ledger {
        &self.shared.ledger
    }

    /// Accepts nothing more, finishes what was accepted, saves the signs of life and ends the threads. When
    /// it returns the ledger's directory can be opened again.
    ///
    /// # Errors
    /// Why the record failed, if it did before or meanwhile.
    pub async fn stop(&self) -> Result<(), Failure> {
        self.shared.inbox.close();
        let mut ended = self.shared.ended.clone();
        let _ = ended.wait_for(|ended| *ended).await; // An error means that they ended in a panic.
        for thread in lock(&self.shared.threads).drain(..) {
            let _ = thread.join();
        }
        self.stopped().map_or(Ok(()), Err)
    }

    fn push(&self, ask: Ask) -> Result<(), Error> {
        self.shared.inbox.push(ask)
    }

    pub(crate) fn push_all(&self, asks: &mut Vec<Ask>) -> Result<(), Error> {
        self.shared.inbox.push_all(asks)
    }

    pub(crate) fn order(&self, order: Order) {
        self.shared.inbox.order(order);
    }

    pub(crate) fn ended_error(&self) -> Error {
        match self.stopped() {
            Some(_) => Error::Unknown,
            None => Error::Stopped,
        }
    }
}
