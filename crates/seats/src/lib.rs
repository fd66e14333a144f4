//! The rules of concurrent licences, and nothing else.
//!
//! ```text
//!  Command --decide--> Vec<Event> --evolve--> Account
//!              ^                                 |
//!           settle (events due by time alone) <--'
//! ```
//!
//! This crate knows no disk, no network, no clock, no async and no JSON.
//! Time is an argument ([`Timestamp`]); names are numbers (see [`ids`]); an answer is data.
//! Everything that happened is an [`Event`]; an [`Account`] is a summary of its events and nothing more;
//! a refused login is an event ([`Event::SeatDenied`]), not an error.
//!
//! Read in this order: [`event`] (what can happen), [`command`] (what can be asked), [`policy`] (what the
//! vendor may choose), [`account`] (the state), [`settle`](mod@settle) (what time does by itself),
//! [`decide`](mod@decide) (the rules), [`hand_over`] (asking a holder for a seat), [`forget`] (what the log says of it), [`cut`] (what one commit holds), [`live`] (all of it together), [`laws`] (what must hold of any log),
//! [`notation`] (how all of it is read aloud).

pub mod account;
mod admit;
pub mod answer;
mod board;
mod by_user;
mod cause;
pub mod closing;
pub mod command;
pub mod cut;
pub mod decide;
pub mod event;
mod evolve;
mod exported;
pub mod forget;
pub mod hand_over;
pub mod ids;
pub mod laws;
pub mod licences;
mod line;
pub mod live;
pub mod liveness;
pub mod notation;
mod offline;
pub mod policy;
mod rejection;
pub mod room;
mod setting;
pub mod settle;
pub mod time;
mod waiting;
pub mod words;

pub use account::{Account, Ending, Offer, Session, Standing, UserStanding};
pub use answer::{Answer, AskedFor, FirstAnswer, Outcome};
pub use by_user::ByUser;
pub use command::{Command, LogIn};
pub use decide::{Rejection, decide};
pub use event::{
    Capacity, DenialReason, Effective, EndedBy, Event, ExpiryCause, ExportKind, Exported,
    HandOverEnd, Leaving, Look, ReleaseReason,
};
pub use hand_over::HandOver;
pub use ids::{
    AccountId, Commitment, DeviceId, Digest, HandOverId, PoolId, RequestId, SeatNo, SessionId,
    SiteId, UserId,
};
pub use laws::{Breach, Laws};
pub use licences::Licences;
pub use live::{Live, Taken};
pub use liveness::{Heard, Liveness, Outage, Signs};
pub use notation::{Nameless, Naming, Notation};
pub use policy::{Names, Policy, Reasons, Reclaim, SameUser, Setting, UserPolicy, WhenFull};
pub use settle::{Due, settle};
pub use time::{CivilDate, Micros, Timestamp};
pub use words::SettingError;

/// The version of these rules, written into every commit they make.
///
/// `verify` checks the laws, not yesterday's decisions, so a mended rule never makes an old log wrong;
/// the number says which rules answered.
pub const RULES_VERSION: u16 = 1;
