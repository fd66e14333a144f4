//! Admission: joins rules and record. Takes commands from many sides at once, decides them, makes them
//! durable together, and answers.
//!
//! ```
//! use admission::{Admission, LoginRequest, NewAccount, Options, SystemClock, request_id};
//! use ledger::{Actor, Ledger, Role};
//! use seats::{Answer, Outcome};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let dir = tempfile::tempdir()?;
//! # let dir = dir.path().join("ledger");
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! let ledger = Ledger::open_or_create(&dir, &ledger::Options::default())?;
//! let admission = Admission::start(ledger, Options::default(), SystemClock)?;
//! let app = Actor { role: Role::App, id: 0 };
//!
//! // One licence: one user at a time.
//! let clinic = admission.open_account(NewAccount::new("clinic", "Europe/London", 1), app).await?.account;
//! let login = |user: &str, request: &str| LoginRequest {
//!     account: clinic,
//!     user: user.into(),
//!     site: None,
//!     device: None,
//!     request: request_id(request).unwrap(), // A UUID of your own, one for each attempt.
//! };
//! let alice = admission.log_in(login("alice", "0e6a1c3e-7c5b-4b0f-9a55-6d2f0c6f5a01"), app).await?;
//! let (session, seat) = alice.granted().expect("the seat is free");
//! println!("alice sits on {seat}");
//!
//! // Bob is refused, and told who sits there. What you are told is on disk.
//! let bob = admission.log_in(login("bob", "0e6a1c3e-7c5b-4b0f-9a55-6d2f0c6f5a02"), app).await?;
//! assert!(matches!(bob.answer, Answer::Login { outcome: Outcome::Denied { .. }, .. }));
//! for holder in bob.holders.iter().flat_map(|holders| holders.iter()) {
//!     println!("{} is held by {}, last heard of at {:?}", holder.seat, holder.user, holder.last_seen);
//! }
//!
//! // Alice's browser shows signs of life, until she leaves. Then there is room for Bob.
//! admission.heartbeat(clinic, session, true, app).await?;
//! admission.log_out(clinic, session, app).await?;
//! let bob = admission.log_in(login("bob", "0e6a1c3e-7c5b-4b0f-9a55-6d2f0c6f5a03"), app).await?;
//! assert!(bob.granted().is_some());
//!
//! admission.stop().await?;
//! # Ok(())
//! # })
//! # }
//! ```
//!
//! # How
//!
//! One thread decides (`decider`), one appends (`outbox`), one waits for the disk (`syncer`), one reads
//! histories and saves signs of life (`clerk`). An account has one append in flight at most; whatever waits for it then is
//! decided together and joins the next one. All accounts' commits that wait when the disk becomes free go
//! there in one sync. No lock is held across a sync, and every queue has a bound ([`Error::Busy`]).
//!
//! # What holds
//!
//! - No answer leaves before everything it depends on is synced; not a denial, not a rejection.
//! - A login is asked with a request id; asked again, even after years, it gets its first answer.
//! - After a failed append or sync nothing more is recorded. What waits for the record is answered
//!   [`Error::Unknown`], what is asked then [`Error::Stopped`]; an answer whose commits were on disk before
//!   is still delivered. An append that certainly stored nothing is answered [`Error::NotRecorded`], and the
//!   others go on.
//! - Time goes back in no account, whatever the clock does (`time_watch`); a restart expires nobody
//!   (`service`).
//! - This crate knows no HTTP. Only [`clock`] reads a clock.

mod acts;
mod answered;
mod batch;
mod civil;
mod clerk;
pub mod clock;
mod decider;
mod desk;
mod erasing;
mod error;
mod forgetting;
mod group;
mod handle;
mod inbox;
mod looks;
mod names;
mod options;
mod outbox;
mod past;
mod people;
mod reasons;
mod reply;
mod request;
mod service;
mod signs;
mod slot;
mod source;
mod start;
pub mod stepped;
mod sync_times;
mod syncer;
mod time_watch;
mod usable;
mod waiting;

pub use answered::{Answered, Counts, Erased, Holder, Occupancy, Waiter};
pub use batch::Batch;
pub use clock::{Clock, ManualClock, SystemClock};
pub use error::{Error, Failure, StartError};
pub use forgetting::{DEVICES_MAX, due_devices, finish_forgetting};
pub use handle::Admission;
pub use looks::Seen;
pub use names::{
    BadText, NAME_BYTES_MAX, NOTE_BYTES_MAX, REQUEST_BYTES_MAX, check_name, request_id,
};
pub use options::Options;
pub use request::{By, LoginRequest, NewAccount, Release, Request, SETTINGS_MAX};
pub use service::time_on;
pub use signs::saved_signs;
pub use source::{AccountSource, FromLog, FromViews};
pub use sync_times::{SYNC_CLASSES_US, SyncTimes};
pub use time_watch::{STEP_MAX, Step};
